//! What is the same for every kind: signatures, kinds, versions, bytes.

use super::messages::{answer, grant, order, receipt};
use super::*;
use std::boxed::Box;

type Accept = dyn Fn(&[u8]) -> Result<(), TrustError>;

/// A kind of statement: its body, the keys of the role that signs it, and how it is accepted.
struct Statement {
    kind: SignedKind,
    body: Vec<u8>,
    keys: [u8; 3],
    accept: Box<Accept>,
}

fn statement(
    kind: SignedKind,
    body: &impl Serialize,
    keys: [u8; 3],
    accept: impl Fn(&[u8]) -> Result<(), TrustError> + 'static,
) -> Statement {
    Statement { kind, body: encode(body), keys, accept: Box::new(accept) }
}

/// Every way in that a statement has.
fn statements() -> Vec<Statement> {
    use SignedKind as K;
    let pinned = PinnedIssuer { list: list(), kind: Kind::Documents, role: role(2, &ISSUER) };
    let of_root = root_in_use;
    vec![
        statement(K::Root, &root_in_use(), ROOT, |bytes| Root::pinned(bytes, &Pretend).map(drop)),
        statement(K::Root, &root_with(2, &ROOT), ROOT, move |bytes| {
            of_root().next(bytes, &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            Manifest::accept(bytes, &list(), &of_root(), None, 150, &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            Manifest::verified(bytes, &list(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            pinned.check(bytes, &Pretend)?.accept(None).map(drop)
        }),
        statement(K::Heartbeat, &heartbeat(150), HEARTBEAT, move |bytes| {
            Heartbeat::accept(bytes, &of_root(), 0, 150, &Pretend).map(drop)
        }),
        statement(K::Heartbeat, &heartbeat(150), HEARTBEAT, |bytes| {
            Heartbeat::accept_pinned(bytes, &role(2, &HEARTBEAT), 0, &Pretend, |_| ()).map(drop)
        }),
        statement(K::Grant, &grant(), ISSUER, move |bytes| {
            Grant::accept(bytes, &device(), &of_root(), 150, &Pretend).map(drop)
        }),
        statement(K::Receipt, &receipt(), COLLECTOR, move |bytes| {
            Receipt::accept(bytes, &device(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Answer, &answer(), COLLECTOR, move |bytes| {
            OwnerAnswer::accept(bytes, &device(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Order, &order(3), ORDERS, move |bytes| {
            Order::accept(bytes, &device(), &of_root(), 2, &Pretend).map(drop)
        }),
    ]
}

#[test]
fn two_of_three_keys_are_needed_and_each_counts_once() {
    for Statement { kind, body, keys: [a, b, c], accept } in statements() {
        let signed = |keys: &[u8]| accept(&sign_bytes(kind, &body, keys));
        for enough in [&[a, b][..], &[a, c], &[b, c], &[c, b, a], &[99, a, b]] {
            assert_eq!(signed(enough), Ok(()), "{kind} by {enough:?}");
        }
        let thief_of = |found| Err(TrustError::Signatures { kind, found, needed: 2 });
        for (keys, found) in [
            (&[][..], 0),
            (&[a], 1),
            (&[c], 1),
            (&[a, a], 1),
            (&[b, b, b, b, b, b, b, b], 1),
            (&[a, 98], 1),
            (&[98, 99], 0),
            (&[a, 61], 1),
        ] {
            assert_eq!(signed(keys), thief_of(found), "{kind} by {keys:?}");
        }
    }
}

#[test]
fn a_signature_under_the_id_of_another_key_counts_for_none() {
    for Statement { kind, body, keys: [a, b, _], accept } in statements() {
        let message = message_to_sign(kind, &body);
        let (mine, short) = (signature_of(a, &message), [1; 63]);
        for forged in [&mine[..], &short, &[]] {
            let signatures = [(a, &mine[..]), (b, forged)];
            let signatures = signatures.map(|(key, bytes)| Signature { key: key_id(&[key; 32]), bytes });
            let bytes = encode(&Envelope::new(kind, &body, signatures.into_iter().collect()));
            assert_eq!(accept(&bytes), Err(TrustError::Signatures { kind, found: 1, needed: 2 }));
        }
    }
}

#[test]
fn a_statement_of_another_kind_is_refused_whatever_its_label() {
    use SignedKind as K;
    for Statement { kind, body, keys, accept } in statements() {
        for other in
            [K::Root, K::Manifest, K::Heartbeat, K::Grant, K::Receipt, K::Order, K::Roster, K::Answer]
        {
            if other == kind {
                continue;
            }
            let theirs = sign_bytes(other, &body, &keys);
            assert_eq!(accept(&theirs), Err(TrustError::WrongKind { wanted: kind, found: other }));
            // The number of the kind is the second byte; what was signed is still the other one.
            let mut relabelled = theirs;
            relabelled[1] = sign_bytes(kind, &body, &keys)[1];
            assert_eq!(accept(&relabelled), Err(TrustError::Signatures { kind, found: 0, needed: 2 }));
        }
    }
}

#[test]
fn only_version_one_is_read() {
    for Statement { kind, body, keys, accept } in statements() {
        for version in [0, 2, 0x7f, 0x81] {
            let mut bytes = sign_bytes(kind, &body, &keys);
            bytes[0] = version;
            assert_eq!(accept(&bytes), Err(TrustError::Version(version)), "{kind}");
        }
    }
}

#[test]
fn what_is_cut_anywhere_is_refused() {
    for Statement { kind, body, keys, accept } in statements() {
        let whole = sign_bytes(kind, &body, &keys[..2]);
        for len in 0..whole.len() {
            assert_eq!(accept(&whole[..len]), Err(TrustError::Malformed(kind)), "{kind} cut at {len}");
        }
        // Signed as it is cut: the signatures are good, the content is none.
        for len in 0..body.len() {
            let cut = sign_bytes(kind, &body[..len], &keys);
            assert_eq!(accept(&cut), Err(TrustError::Malformed(kind)), "the {kind}'s body cut at {len}");
        }
    }
}

#[test]
fn nothing_may_follow() {
    for Statement { kind, body, keys, accept } in statements() {
        let behind = [sign_bytes(kind, &body, &keys), vec![0]].concat();
        assert_eq!(accept(&behind), Err(TrustError::Malformed(kind)));
        let within = sign_bytes(kind, &[body, vec![0]].concat(), &keys);
        assert_eq!(accept(&within), Err(TrustError::Malformed(kind)));
    }
}

#[test]
fn every_bit_counts() {
    for Statement { kind, body, keys, accept } in statements() {
        let whole = sign_bytes(kind, &body, &keys[..2]);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert!(accept(&changed).is_err(), "{kind}, bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn endless_data_is_refused_unread() {
    for Statement { kind, accept, .. } in statements() {
        let bytes = vec![1; METADATA_BYTES_MAX + 1];
        assert_eq!(accept(&bytes), Err(TrustError::Oversized { bytes: bytes.len() }), "{kind}");
        assert!(!matches!(accept(&bytes[1..]), Err(TrustError::Oversized { .. })), "{kind}");
    }
}

#[test]
fn a_role_without_a_threshold_believes_nobody() {
    let nobody = role(0, &HEARTBEAT);
    let bytes = sign(SignedKind::Heartbeat, &heartbeat(150), &HEARTBEAT);
    let accepted = Heartbeat::accept_pinned(&bytes, &nobody, 0, &Pretend, |_| ());
    assert_eq!(accepted, Err(TrustError::Signatures { kind: SignedKind::Heartbeat, found: 3, needed: 1 }));
}
