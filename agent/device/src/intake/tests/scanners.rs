//! What a device is told of a scanner: which pins it keeps, and that none keeps a later one out.

use super::*;
use vedette_common::scanner_papers::ScannerPapers;
use vedette_shim::scanner::MESSAGE_BYTES_MAX;
use vedette_shim::trust::{EnrolledPair, Envelope, Pin, PinnedRole, ScannerEnrolment, Signature};

fn scanner() -> DeviceId {
    "lane-1".parse().unwrap()
}

/// Papers of the one enrolment that there is, signed by the world's root key.
fn papers(world: &World, pins: &[&[u8]]) -> Update {
    let pair = EnrolledPair { scanner_key: [1; 32], host_key: [2; 32], number: 1, revoked: false };
    let enrolment = ScannerEnrolment {
        pair,
        expires: world.now + 100,
        scanner: scanner(),
        device: world.device.clone(),
        lists: [world.list.clone()].into_iter().collect(),
    };
    let enrolment = sign_statement(SignedKind::Enrolment, &enrolment, &[&world.root_key]);
    Update::Scanner(scanner(), ScannerPapers { enrolment: &enrolment, pins: pins.to_vec() }.encode())
}

fn pin(version: u32, of: PinnedRole, by: &[&SigningKey]) -> Vec<u8> {
    sign_statement(SignedKind::Pin, &Pin { version, of, role: role(by[by.len() - 1]) }, by)
}

/// The pins in effect.
fn kept(device: &Intake) -> Vec<Vec<u8>> {
    device.shared().load().scanners[&scanner()].pins.to_vec()
}

fn a_key() -> SigningKey {
    SigningKey::from_seed(&crypto::random())
}

#[test]
fn a_forged_pin_far_ahead_keeps_none_out_that_headquarters_signed() {
    for (of, restarts) in [(PinnedRole::Root, false), (PinnedRole::Orders, false), (PinnedRole::Orders, true)]
    {
        let world = World::new();
        let mut device = world.device();
        let genuine = pin(2, PinnedRole::Orders, &[&world.root_key]);
        device.apply(papers(&world, &[&pin(u32::MAX, of, &[&a_key()])])).unwrap();
        if restarts {
            drop(device);
            device = world.device();
        }
        assert_eq!(device.apply(papers(&world, &[&genuine])).unwrap(), UpdateOutcome::Applied);
        assert_eq!(kept(&device), std::slice::from_ref(&genuine));
        assert_eq!(device.apply(papers(&world, &[&genuine])).unwrap(), UpdateOutcome::Duplicate);
    }
}

#[test]
fn what_a_scanner_could_not_take_as_a_pin_is_left_out() {
    let world = World::new();
    let genuine = pin(2, PinnedRole::Orders, &[&world.root_key]);
    let body = Envelope::read(&genuine, SignedKind::Pin).unwrap().body;
    let with_signature = |bytes: usize| {
        let bytes = vec![0; bytes];
        let signature = Signature { key: [0; 8], bytes: &bytes };
        postcard::to_allocvec(&Envelope::new(SignedKind::Pin, body, [signature].into_iter().collect()))
            .unwrap()
    };
    let around = with_signature(MESSAGE_BYTES_MAX).len() - MESSAGE_BYTES_MAX;
    let [longest, too_long] =
        [MESSAGE_BYTES_MAX - 2, MESSAGE_BYTES_MAX - 1].map(|bytes| with_signature(bytes - around));
    assert_eq!((longest.len(), too_long.len()), (MESSAGE_BYTES_MAX - 2, MESSAGE_BYTES_MAX - 1));
    let no_pin = sign_statement(SignedKind::Order, &world.order(1), &[&world.root_key]);
    let mut device = world.device();
    device.apply(papers(&world, &[&too_long, &longest, &[], b"pin", &no_pin, &genuine])).unwrap();
    assert_eq!(kept(&device), [longest.clone(), genuine.clone()]);
    drop(device);
    assert_eq!(kept(&world.device()), [longest, genuine], "also as they are stored");
}

#[test]
fn older_papers_take_no_later_pin_away_whatever_is_put_beside_them() {
    let world = World::new();
    let mut device = world.device();
    let [before, newest] = [2, 3].map(|version| pin(version, PinnedRole::Orders, &[&world.root_key]));
    device.apply(papers(&world, &[&newest])).unwrap();
    let forged = pin(u32::MAX, PinnedRole::Heartbeat, &[&a_key()]);
    let older: [&[&[u8]]; 4] = [&[&before], &[], &[&before, &forged], &[&forged]];
    for older in older {
        assert!(device.apply(papers(&world, older)).is_err());
        assert_eq!(kept(&device), std::slice::from_ref(&newest));
    }
}

#[test]
fn pins_by_a_root_s_new_keys_that_come_before_that_root_count_once_it_is_here() {
    let world = World::new();
    let mut device = world.device();
    let before = pin(2, PinnedRole::Orders, &[&world.root_key]);
    device.apply(papers(&world, &[&before])).unwrap();
    let next_key = a_key();
    let next =
        [pin(3, PinnedRole::Root, &[&world.root_key, &next_key]), pin(3, PinnedRole::Orders, &[&next_key])];
    let next_papers = papers(&world, &[&next[0], &next[1]]);
    assert!(device.apply(next_papers.clone()).is_err(), "a broker could take the others away by it");
    let roots = [2, 3].map(|version| {
        let root = role(if version == 3 { &next_key } else { &world.root_key });
        let root = Root { version, root, ..world.root.clone() };
        let by: &[&SigningKey] =
            if version == 3 { &[&world.root_key, &next_key] } else { &[&world.root_key] };
        Update::Root(version, sign_statement(SignedKind::Root, &root, by))
    });
    for root in roots {
        assert_eq!(device.apply(root).unwrap(), UpdateOutcome::Applied);
    }
    assert_eq!(kept(&device), next);
    assert!(device.apply(papers(&world, &[&before])).is_err());
    assert_eq!(device.apply(next_papers).unwrap(), UpdateOutcome::Duplicate);
}
