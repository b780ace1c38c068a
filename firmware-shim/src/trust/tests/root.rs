//! Roots.

use super::*;

fn next(root: &Root, signers: &[u8]) -> Result<u32, TrustError> {
    root_in_use()
        .next(&sign_bytes(SignedKind::Root, &encode(root), signers), &Pretend)
        .map(|root| root.version)
}

fn signatures<T>(found: u8) -> Result<T, TrustError> {
    Err(TrustError::Signatures { kind: SignedKind::Root, found, needed: 2 })
}

#[test]
fn new_keys_need_the_thresholds_of_the_old_and_of_the_new() {
    let replaced = root_with(2, &[7, 8, 9]);
    assert_eq!(next(&replaced, &[1, 3, 7, 9]), Ok(2));
    assert_eq!(next(&replaced, &[7, 8, 9]), signatures(0), "the new keys alone: a thief's own root");
    assert_eq!(next(&replaced, &[1, 7, 8, 9]), signatures(1), "one of the old keys: a thief of one");
    assert_eq!(next(&replaced, &[1, 2, 3]), signatures(0), "the old keys alone: nobody has the new ones");
    assert_eq!(next(&replaced, &[1, 2, 3, 8]), signatures(1), "one of the new keys");
    let one_replaced = root_with(2, &[1, 2, 9]);
    assert_eq!(next(&one_replaced, &[1, 2]), Ok(2), "two keys that are old and new");
    assert_eq!(next(&one_replaced, &[2, 3]), signatures(1), "one of them is new no more");
    assert_eq!(next(&one_replaced, &[2, 9]), signatures(1), "one of them was not old");
    let surplus = || Err(TrustError::Surplus(SignedKind::Root));
    assert_eq!(next(&replaced, &[1, 2, 3, 7, 8]), surplus(), "one of the old keys more than is needed");
    assert_eq!(next(&replaced, &[1, 2, 7, 8, 99]), surplus(), "a stranger beside them");
    assert_eq!(next(&one_replaced, &[1, 2, 9]), surplus(), "two of them suffice for both");
}

#[test]
fn each_root_follows_the_one_before() {
    let numbered = |version| next(&root_with(version, &ROOT), &[1, 2]);
    let not_next = |offered| Err(TrustError::NotNext { offered, held: 1 });
    assert_eq!(numbered(2), Ok(2));
    assert_eq!(numbered(1), not_next(1));
    assert_eq!(numbered(3), not_next(3));
    assert_eq!(numbered(u32::MAX), not_next(u32::MAX));
    assert_eq!(numbered(0), Err(TrustError::Rollback { kind: SignedKind::Root, offered: 0, floor: 1 }));
    let last = root_with(u32::MAX, &ROOT);
    let after = last.next(&sign(SignedKind::Root, &root_with(0, &ROOT), &[1, 2]), &Pretend);
    assert!(matches!(after, Err(TrustError::Rollback { .. })), "numbers do not start again");
}

#[test]
fn an_expired_root_leads_to_its_successor_and_to_nothing_else() {
    let root = root_in_use();
    assert_eq!(root.check_current(999), Ok(()));
    for now in [1000, 1001, u64::MAX] {
        let expired = TrustError::Expired { kind: SignedKind::Root, at: 1000 };
        assert_eq!(root.check_current(now), Err(expired));
    }
    // Following takes no time at all.
    assert_eq!(next(&root_with(2, &ROOT), &[1, 2]), Ok(2));
}

/// What no root may be, though all its keys signed it.
#[test]
fn a_root_that_breaks_a_rule_is_refused_as_anchor_and_as_successor() {
    type Break = fn(&mut Root);
    let breaks: [(&str, Break); 11] = [
        ("a root without threshold", |root| root.root.threshold = 0),
        ("a threshold above its keys", |root| root.root.threshold = 4),
        ("a key twice", |root| root.heartbeat.keys[1] = root.heartbeat.keys[0]),
        ("a roster without threshold", |root| root.roster.threshold = 0),
        ("a collector without threshold", |root| root.collector.threshold = 0),
        ("orders without threshold", |root| root.orders.threshold = 0),
        ("a heartbeat without keys", |root| root.heartbeat.keys.clear()),
        ("an issuer without threshold", |root| root.issuers[0].role.threshold = 0),
        ("a list twice", |root| root.issuers.push(root.issuers[0].clone()).unwrap()),
        ("it expires when it is issued", |root| root.expires = root.issued),
        ("it expires before it is issued", |root| root.expires = root.issued - 1),
    ];
    for (what, damage) in breaks {
        let mut root = root_with(2, &ROOT);
        damage(&mut root);
        let bytes = sign_bytes(SignedKind::Root, &encode(&root), &ROOT);
        for read in [Root::pinned(&bytes, &Pretend), root_in_use().next(&bytes, &Pretend)] {
            assert!(matches!(read, Err(TrustError::Rule(SignedKind::Root, _))), "{what}: {read:?}");
        }
    }
    let mut all_must = root_with(2, &ROOT);
    all_must.root.threshold = 3;
    assert_eq!(next(&all_must, &[1, 2, 3]), Ok(2), "as many as there are keys");
}

#[test]
fn only_another_role_replaces_an_issuer() {
    let (before, mut after) = (root_in_use(), root_with(2, &[7, 8, 9]));
    assert!(!after.replaces_issuer(&before, &list()), "the root's own keys are no issuer's");
    after.issuers[0].role.threshold = 1;
    assert!(after.replaces_issuer(&before, &list()));
    let unknown: ListName = "uto/lost".parse().unwrap();
    assert!(!after.replaces_issuer(&before, &unknown));
    assert_eq!(after.issuer(&unknown).map(drop), Err(TrustError::UnknownList(unknown.clone())));
    after.issuers[0].list = unknown.clone();
    assert!(!after.replaces_issuer(&before, &unknown), "a new list replaces nobody");
    assert!(!after.replaces_issuer(&before, &list()), "nor does one that is gone");
}
