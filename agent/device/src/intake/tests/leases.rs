//! The end of a lease, by signed time and by a clock that may be wrong.

use super::*;
use crate::intake::leases::{GRANT_GRACE_S, SYSTEM_CLOCK_GRACE_S};

const LISTED: &str = "L898902C3";

fn has_keys(device: &Intake) -> bool {
    !editions::grants(&device.db).unwrap().is_empty()
}

/// Files of segments that are stored.
fn segments(device: &Intake) -> usize {
    std::fs::read_dir(device.store.folder()).unwrap().count()
}

#[test]
fn past_its_lease_a_list_is_not_checked_and_its_key_is_gone_until_it_is_confirmed() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let later = world.now + u64::from(LEASE) + 1;
    world.clock.raise(later);
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
    assert!(!has_keys(&device));
    drop(device);
    let mut device = world.device();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked, "a restart brings nothing back");

    device.apply(world.grant()).unwrap();
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked, "the key alone confirms nothing");
    device.apply(world.heartbeat(later, 1, &manifest)).unwrap();
    device.tick().unwrap();
    assert_eq!(world.fetch(&mut device), 1);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn segments_are_deleted_with_their_keys() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let path = device.store.path(&info.digest);
    let bytes = std::fs::read(&path).unwrap();
    // A chunk of the next edition, too.
    let partial = world.folder.path().join("device/partial").join("next.part");
    std::fs::write(&partial, b"begun").unwrap();
    world.clock.raise(world.now + u64::from(LEASE));
    device.tick().unwrap();
    assert_eq!((segments(&device), partial.exists(), has_keys(&device)), (0, false, false));

    // Cut off between the two, or deleted by nobody as the power went: the next start does it.
    drop(device);
    std::fs::write(&path, &bytes).unwrap();
    let mut device = world.device();
    assert_eq!(segments(&device), 0);

    // A file system that refuses: the keys are gone all the same, and the next tick tries again.
    world.clock.raise(world.now + 2 * u64::from(LEASE));
    std::fs::create_dir(device.store.folder().join("stubborn")).unwrap();
    device.unswept = true;
    device.tick().unwrap();
    assert!(device.unswept);
    std::fs::remove_dir(device.store.folder().join("stubborn")).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    device.tick().unwrap();
    assert_eq!((segments(&device), device.unswept), (0, false));
}

#[test]
fn keys_that_could_not_be_erased_yet_keep_no_segment_for_long() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    world.clock.raise(world.now + u64::from(LEASE));
    device.db.refuse_writes(true);
    assert!(device.tick().is_err());
    device.db.refuse_writes(false);
    device.tick().unwrap();
    assert_eq!((segments(&device), has_keys(&device)), (0, false));
}

#[test]
fn a_lease_ends_at_the_second_it_says() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let signed = |seconds| world.clock.raise(world.now + seconds);
    signed(u64::from(LEASE) - 1);
    device.tick().unwrap();
    assert_eq!((world.verdict(&device, LISTED), has_keys(&device)), (Verdict::Hit, true));
    signed(u64::from(LEASE));
    device.tick().unwrap();
    assert_eq!((world.verdict(&device, LISTED), has_keys(&device)), (Verdict::NotChecked, false));
}

#[test]
fn a_system_clock_that_is_ahead_erases_keys_only_when_it_stays_so() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let ahead = || world.time.set_system(world.now + u64::from(LEASE) + 1);
    ahead();
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked, "answers say so at once");
    world.time.pass(SYSTEM_CLOCK_GRACE_S - 1);
    device.tick().unwrap();
    assert!(has_keys(&device));
    world.time.set_system(world.now + SYSTEM_CLOCK_GRACE_S);
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit, "it was put right: nothing is lost");
    ahead();
    device.tick().unwrap();
    world.time.pass(SYSTEM_CLOCK_GRACE_S - 1);
    device.tick().unwrap();
    assert!(has_keys(&device), "the time before does not count");
    world.time.pass(1);
    device.tick().unwrap();
    assert!(!has_keys(&device));
}

#[test]
fn keys_wait_a_little_for_the_heartbeat_that_confirms_their_list() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    world.clock.raise(world.now + u64::from(LEASE));
    device.tick().unwrap();
    device.apply(world.grant()).unwrap();
    world.time.pass(GRANT_GRACE_S - 1);
    device.tick().unwrap();
    assert!(has_keys(&device));
    world.time.pass(1);
    device.tick().unwrap();
    assert!(!has_keys(&device));
}

#[test]
fn an_issuer_whose_clock_is_ahead_does_not_lengthen_the_lease() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (_, info) = world.segment(&[LISTED], &[]);
    let issued = world.now + 10 * u64::from(LEASE);
    let manifest = Manifest { issued, expires: issued + 86_400, ..world.manifest(1, &[info]) };
    device.apply(Update::Manifest(world.list.clone(), world.sign(&manifest))).unwrap();
    world.fetch(&mut device);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    world.time.pass(u64::from(LEASE));
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
}

#[test]
fn an_edition_that_is_fetched_keeps_the_keys_for_as_long_as_heartbeats_name_it() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let lease = u64::from(LEASE);
    // Published long ago, while this device was off.
    let back = world.now + 10 * lease;
    world.clock.raise(back);
    device.tick().unwrap();
    assert!(!has_keys(&device));
    let (_, info) = world.segment(&[LISTED], &[]);
    let newer = world.sign(&Manifest { expires: back + 86_400, ..world.manifest(2, &[info]) });
    device.apply(world.grant()).unwrap();
    device.apply(Update::Manifest(world.list.clone(), newer.clone())).unwrap();
    device.apply(world.heartbeat(back, 2, &newer)).unwrap();
    world.time.pass(lease - 1);
    device.tick().unwrap();
    assert!(has_keys(&device), "it is fetched over a slow link");
    // From here on only manifests come through, the newest of them issued now.
    let (_, next) = world.segment(&[LISTED, "L898902C4"], &[]);
    let issued = world.clock.now();
    let withheld = Manifest { issued, expires: issued + 86_400, ..world.manifest(3, &[next]) };
    device.apply(Update::Manifest(world.list.clone(), world.sign(&withheld))).unwrap();
    world.clock.raise(back + lease);
    device.tick().unwrap();
    assert!(!has_keys(&device));
}

#[test]
fn a_grant_ends_when_it_says_whatever_is_fetched() {
    let mut world = World::new();
    world.root.expires = world.now + 2 * GRANT_LIFE_S;
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let ends = world.now + GRANT_LIFE_S;
    let (_, info) = world.segment(&[LISTED], &[]);
    let manifest =
        world.sign(&Manifest { issued: ends - 9, expires: ends + 9, ..world.manifest(1, &[info]) });
    device.apply(Update::Manifest(world.list.clone(), manifest.clone())).unwrap();
    world.clock.raise(ends - 1);
    device.apply(world.heartbeat(ends - 1, 1, &manifest)).unwrap();
    device.tick().unwrap();
    assert!(has_keys(&device));
    world.clock.raise(ends);
    device.tick().unwrap();
    assert!(!has_keys(&device));
}
