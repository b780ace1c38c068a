//! Manifests.

use super::*;

fn signed(manifest: &Manifest) -> Vec<u8> {
    sign(SignedKind::Manifest, manifest, &ISSUER)
}

fn accept(bytes: &[u8], floor: Option<Floor>, now: u64) -> Result<u64, TrustError> {
    Manifest::accept(bytes, &list(), &root_in_use(), floor, now, &Pretend)
        .map(|(manifest, _)| manifest.edition)
}

/// As a scanner does it.
fn accept_pinned(bytes: &[u8], floor: Option<Floor>) -> Result<u64, TrustError> {
    let pinned = PinnedIssuer { list: list(), kind: Kind::Documents, role: role(2, &ISSUER) };
    pinned.check(bytes, &Pretend)?.accept(floor).map(|manifest| manifest.edition)
}

#[test]
fn an_edition_never_goes_back_and_never_forks() {
    let fifth = signed(&manifest(5));
    let manifest_of = |bytes: &[u8]| identity(bytes, SignedKind::Manifest).unwrap();
    let floor = Some(Floor { edition: 5, manifest: manifest_of(&fifth) });
    let forked = signed(&Manifest { lease_s: 51, ..manifest(5) });
    let kind = SignedKind::Manifest;
    let cases = [
        (fifth, Ok(5)),
        // Other keys of the role make no other statement of it.
        (sign_bytes(SignedKind::Manifest, &encode(&manifest(5)), &ISSUER[1..]), Ok(5)),
        (signed(&manifest(6)), Ok(6)),
        (signed(&manifest(4)), Err(TrustError::Rollback { kind, offered: 4, floor: 5 })),
        (signed(&manifest(1)), Err(TrustError::Rollback { kind, offered: 1, floor: 5 })),
        (forked, Err(TrustError::Forked { kind, version: 5 })),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(accept(&bytes, floor, 150), wanted);
        assert_eq!(accept_pinned(&bytes, floor), wanted);
    }
    assert_eq!(accept(&signed(&manifest(1)), None, 150), Ok(1), "the first has no floor");
}

#[test]
fn it_expires_at_its_second_and_with_its_root() {
    let accept = |manifest: &Manifest, now| accept(&signed(manifest), None, now);
    let expired = |kind, at| Err(TrustError::Expired { kind, at });
    assert_eq!(accept(&manifest(5), 199), Ok(5), "one second before");
    assert_eq!(accept(&manifest(5), 200), expired(SignedKind::Manifest, 200), "at");
    assert_eq!(accept(&manifest(5), 201), expired(SignedKind::Manifest, 200), "after");
    let long = Manifest { expires: 5000, ..manifest(5) };
    assert_eq!(accept(&long, 999), Ok(5));
    assert_eq!(accept(&long, 1000), expired(SignedKind::Root, 1000));
    // What serves already goes on until its lease ends.
    assert!(Manifest::verified(&signed(&manifest(5)), &list(), &root_in_use(), &Pretend).is_ok());
}

#[test]
fn it_is_of_the_list_and_of_the_kind_of_list_that_its_place_says() {
    let lost: ListName = "uto/lost".parse().unwrap();
    for other in
        [Manifest { list: lost.clone(), ..manifest(5) }, Manifest { kind: Kind::Persons, ..manifest(5) }]
    {
        for read in [accept(&signed(&other), None, 150), accept_pinned(&signed(&other), None)] {
            assert!(matches!(read, Err(TrustError::Rule(SignedKind::Manifest, _))), "{read:?}");
        }
    }
    let nowhere = Manifest::accept(&signed(&manifest(5)), &lost, &root_in_use(), None, 150, &Pretend);
    assert_eq!(nowhere, Err(TrustError::UnknownList(lost)));
    assert_eq!(Manifest::claims_list(&signed(&manifest(5))), Ok(list()));
    let heartbeat = sign(SignedKind::Heartbeat, &heartbeat(150), &HEARTBEAT);
    let found = SignedKind::Heartbeat;
    let wrong = TrustError::WrongKind { wanted: SignedKind::Manifest, found };
    assert_eq!(Manifest::claims_list(&heartbeat), Err(wrong));
}

/// What no manifest may be, and what is just allowed.
#[test]
fn a_manifest_keeps_the_rules() {
    type Change = fn(&mut Manifest);
    let read = |change: Change| {
        let mut manifest = manifest(5);
        change(&mut manifest);
        accept(&signed(&manifest), None, 150)
    };
    let broken: [Change; 16] = [
        |m| m.edition = 0,
        |m| m.segments.clear(),
        |m| m.issued = m.expires,
        |m| m.lease_s = 0,
        |m| m.hit_from = 1001,
        |m| m.possible_from = m.hit_from + 1,
        |m| m.handling = "H2".try_into().unwrap(),
        |m| m.handling = "europol/".try_into().unwrap(),
        |m| m.handling = "/H2".try_into().unwrap(),
        |m| m.handling = "euro pol/H2".try_into().unwrap(),
        |m| m.handling = "europol/H2/3".try_into().unwrap(),
        |m| m.handling = "seventeen12345678/H2".try_into().unwrap(),
        |m| m.merged = 1,
        |m| m.delta = Some(SegmentRef { key: 2, ..m.segments[0].clone() }),
        |m| (m.merged, m.delta) = (9, Some(m.segments[0].clone())),
        |m| (m.merged, m.delta) = (u8::MAX, Some(m.segments[0].clone())),
    ];
    for (n, change) in broken.iter().enumerate() {
        let read = read(*change);
        assert!(matches!(read, Err(TrustError::Rule(SignedKind::Manifest, _))), "{n}: {read:?}");
    }
    let kept: [Change; 7] = [
        |m| m.issued = m.expires - 1,
        |m| m.lease_s = 1,
        |m| (m.possible_from, m.hit_from) = (1000, 1000),
        |m| m.handling = "europol/H2".try_into().unwrap(),
        |m| m.handling = "sixteen123456789/sixteen123456789".try_into().unwrap(),
        |m| m.delta = Some(m.segments[0].clone()),
        |m| (m.merged, m.delta) = (8, Some(SegmentRef { key: 2, ..m.segments[0].clone() })),
    ];
    for (n, change) in kept.iter().enumerate() {
        assert_eq!(read(*change), Ok(5), "{n}");
    }
}

#[test]
fn its_alerts_are_those_of_all_segments() {
    let mut manifest = manifest(5);
    let more = SegmentRef { entries: 41, ..manifest.segments[0].clone() };
    manifest.segments.push(more).unwrap();
    assert_eq!(manifest.entries(), 42);
}

#[test]
fn a_pinned_manifest_is_known_by_its_body() {
    let bytes = signed(&manifest(5));
    let pinned = PinnedIssuer { list: list(), kind: Kind::Documents, role: role(2, &ISSUER) };
    assert_eq!(pinned.check(&bytes, &Pretend).unwrap().identity(), digest(&encode(&manifest(5))));
}
