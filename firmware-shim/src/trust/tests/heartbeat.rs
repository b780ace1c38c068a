//! Heartbeats, and how old they say an edition is.

use super::*;

fn signed(heartbeat: &Heartbeat) -> Vec<u8> {
    sign(SignedKind::Heartbeat, heartbeat, &HEARTBEAT)
}

fn accept(heartbeat: &Heartbeat, floor: u64, now: u64) -> Result<u64, TrustError> {
    Heartbeat::accept(&signed(heartbeat), &root_in_use(), floor, now, &Pretend).map(|read| read.issued)
}

/// As a scanner does it; the lists that were shown.
fn accept_pinned(bytes: &[u8], floor: u64) -> (Result<u64, TrustError>, Vec<ListState>) {
    let mut shown = Vec::new();
    let show = |state: &ListState| shown.push(state.clone());
    (Heartbeat::accept_pinned(bytes, &role(2, &HEARTBEAT), floor, &Pretend, show), shown)
}

#[test]
fn the_time_never_goes_back() {
    let rollback = |floor| Err(TrustError::Rollback { kind: SignedKind::Heartbeat, offered: 150, floor });
    for (floor, wanted) in [(0, Ok(150)), (149, Ok(150)), (150, Ok(150)), (151, rollback(151))] {
        assert_eq!(accept(&heartbeat(150), floor, 150), wanted, "floor {floor}");
        let (read, shown) = accept_pinned(&signed(&heartbeat(150)), floor);
        assert_eq!(read, wanted, "floor {floor}");
        assert_eq!(shown.len(), usize::from(wanted.is_ok()), "a refused one shows nothing");
    }
}

#[test]
fn it_expires_at_its_second_and_with_its_root() {
    let expired = |kind, at| Err(TrustError::Expired { kind, at });
    assert_eq!(accept(&heartbeat(150), 0, 249), Ok(150), "one second before");
    assert_eq!(accept(&heartbeat(150), 0, 250), expired(SignedKind::Heartbeat, 250), "at");
    assert_eq!(accept(&heartbeat(150), 0, 251), expired(SignedKind::Heartbeat, 250), "after");
    assert_eq!(accept(&heartbeat(950), 0, 999), Ok(950));
    assert_eq!(accept(&heartbeat(950), 0, 1000), expired(SignedKind::Root, 1000));
    // A clock that was stopped does not keep an old root alive: the heartbeat's own time counts.
    assert_eq!(accept(&heartbeat(999), 0, 150), Ok(999));
    assert_eq!(accept(&heartbeat(1000), 0, 150), expired(SignedKind::Root, 1000));
    for expires in [150, 149] {
        let never = accept(&Heartbeat { expires, ..heartbeat(150) }, 0, 0);
        assert!(matches!(never, Err(TrustError::Rule(SignedKind::Heartbeat, _))), "{never:?}");
    }
}

#[test]
fn a_scanner_is_shown_every_list_or_none() {
    let named = |n: usize| ListState {
        list: std::format!("uto/list-{n}").parse().unwrap(),
        edition: n as u64,
        manifest: [n as u8; 32],
    };
    let all: Vec<_> = (0..LISTS_MAX).map(named).collect();
    let whole = Heartbeat { lists: all.iter().cloned().collect(), ..heartbeat(150) };
    assert_eq!(accept_pinned(&signed(&whole), 0), (Ok(150), all));

    let malformed = (Err(TrustError::Malformed(SignedKind::Heartbeat)), Vec::new());
    let sign = |body: &[u8]| sign_bytes(SignedKind::Heartbeat, body, &HEARTBEAT[..2]);
    let body = encode(&whole);
    for bytes in [&body[..body.len() - 1], &[&body[..], &[0]].concat()] {
        assert_eq!(accept_pinned(&sign(bytes), 0), malformed);
    }
    // One list more than there may be.
    let none: Option<NewestRoster> = None;
    let head = encode(&(150u64, 250u64, 1u32, [1u8; 32], none, LISTS_MAX as u32 + 1));
    let lists = (0..=LISTS_MAX).flat_map(|n| encode(&named(n)));
    assert_eq!(accept_pinned(&sign(&head.into_iter().chain(lists).collect::<Vec<_>>()), 0), malformed);
}

#[test]
fn what_waits_for_a_device_is_found_by_its_enrolment() {
    let heartbeat = heartbeat(150);
    assert_eq!(heartbeat.device(&us().key).map(|state| (state.order, state.answer)), Some((3, 150)));
    assert_eq!(heartbeat.device(&[78; 8]), None);
}

#[test]
fn a_manifest_beside_it_is_the_one_it_names_or_of_another_edition() {
    let heartbeat = heartbeat(150);
    assert_eq!(heartbeat.check_manifest(&manifest(5), &[7; 32]), Ok(()));
    let mixed = TrustError::NotAsAnnounced { list: list(), edition: 5 };
    assert_eq!(heartbeat.check_manifest(&manifest(5), &[8; 32]), Err(mixed));
    for edition in [4, 6] {
        assert_eq!(heartbeat.check_manifest(&manifest(edition), &[8; 32]), Ok(()));
    }
    let other = Manifest { list: "uto/lost".parse().unwrap(), ..manifest(5) };
    assert_eq!(heartbeat.check_manifest(&other, &[8; 32]), Ok(()));
    assert_eq!(heartbeat.list(&list()).map(|state| state.edition), Some(5));
    assert_eq!(heartbeat.list(&other.list), None);
}

#[test]
fn freshness_changes_at_half_the_lease_and_at_the_lease() {
    use Freshness::{Expired, Fresh, Stale};
    for (now, wanted) in [
        (99, (0, Fresh)),
        (100, (0, Fresh)),
        (124, (24, Fresh)),
        (125, (25, Stale)),
        (149, (49, Stale)),
        (150, (50, Expired)),
        (151, (51, Expired)),
    ] {
        assert_eq!(freshness(100, 50, false, now), wanted);
        let known = if wanted.1 == Fresh { (wanted.0, Stale) } else { wanted };
        assert_eq!(freshness(100, 50, true, now), known, "a newer edition is known");
    }
    assert_eq!(freshness(100, 0, false, 100).1, Expired, "without a lease nothing is in use");
}
