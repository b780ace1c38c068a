//! What a device cannot know it does not claim: lists it only heard of, times that nobody signed, signers replaced.

use super::*;
use crate::snapshot::Doubt;
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_shim::trust::Freshness;

const LISTED: &str = "L898902C3";
const UNLISTED: &str = "L898902C4";

#[test]
fn a_list_that_is_only_heard_of_is_not_checked() {
    let mut world = World::new();
    let other: ListName = "uto/visas".parse().unwrap();
    let issuer = Issuer { list: other.clone(), ..world.root.issuers[0].clone() };
    world.root.issuers.push(issuer).unwrap();
    let (mut device, _) = world.device_with(&[LISTED]);
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let state =
        |list: &ListName, bytes: &[u8]| ListState { list: list.clone(), edition: 1, manifest: digest(bytes) };
    let heartbeat = |lists: &[ListState], issued: u64| {
        let lists = lists.iter().cloned().collect();
        let heartbeat = Heartbeat { issued, expires: issued + 86_400, root_version: 1, lists };
        Update::Heartbeat(sign_statement(SignedKind::Heartbeat, &heartbeat, &[&world.root_key]))
    };
    let both = [state(&world.list, &manifest), state(&other, b"never came")];
    device.apply(heartbeat(&both, world.now)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked, "the visas may list it");
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    drop(device);
    let mut device = world.device();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked, "after a restart too");
    // A list that the root does not name is nobody's.
    let foreign = [state(&world.list, &manifest), state(&"not/ours".parse().unwrap(), b"x")];
    device.apply(heartbeat(&foreign, world.now + 1)).unwrap();
    assert!(device.shared().load().lists.iter().all(|held| held.list.as_str() != "not/ours"));
}

#[test]
fn a_stolen_heartbeat_key_can_be_replaced_and_all_goes_on() {
    let mut world = World::new();
    let stolen = SigningKey::from_seed(&crypto::random());
    world.root.heartbeat = role(&stolen);
    let (mut device, info) = world.device_with(&[LISTED]);
    let forged = |issued: u64| {
        let lists = [ListState { list: world.list.clone(), edition: 99, manifest: [0; 32] }];
        let body = Heartbeat {
            issued,
            expires: issued + 86_400,
            root_version: 1,
            lists: lists.into_iter().collect(),
        };
        Update::Heartbeat(sign_statement(SignedKind::Heartbeat, &body, &[&stolen]))
    };
    device.apply(forged(world.now + 900_000)).unwrap();
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked, "every lease is over");
    assert!(device.apply(world.grant()).is_ok());

    let next = Root { version: 2, heartbeat: role(&world.root_key), ..world.root.clone() };
    let next = sign_statement(SignedKind::Root, &next, &[&world.root_key]);
    device.apply(Update::Root(2, next)).unwrap();
    assert!(world.clock.now() < world.now + 1_000);
    assert!(trust::clock_floor(&device.db).unwrap() < world.now);
    assert!(device.apply(forged(world.now + 900_001)).is_err(), "the old key says nothing any more");
    device.apply(world.grant()).unwrap();
    let manifest = world.sign(&world.manifest(1, &[info]));
    let _ = device.apply(Update::Manifest(world.list.clone(), manifest.clone()));
    world.fetch(&mut device);
    device.apply(world.heartbeat(world.now, 1, &manifest)).unwrap();
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    assert_eq!(device.shared().load().lists[0].freshness(world.now).1, Freshness::Fresh);
    drop(device);
    assert_eq!(world.verdict(&world.device(), LISTED), Verdict::Hit);
}

#[test]
fn the_time_that_passed_is_stored_and_a_wrong_system_clock_is_not() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    device.tick().unwrap();
    assert_eq!(trust::clock_floor(&device.db).unwrap(), 0, "nobody signed a time yet");
    world.clock.raise(world.now - 1_000);
    device.tick().unwrap();
    let kept = trust::clock_floor(&device.db).unwrap();
    assert!((world.now - 1_000..world.now).contains(&kept), "{kept}, {}", world.now);
    world.clock.raise(world.now - 500);
    device.tick().unwrap();
    assert!(trust::clock_floor(&device.db).unwrap() >= world.now - 500);
}

#[test]
fn a_root_kept_from_us_and_a_time_that_is_lost_make_a_list_stale() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let fresh = |device: &Intake| device.shared().load().lists[0].freshness(world.now).1;
    device.apply(world.heartbeat(world.now, 1, &manifest)).unwrap();
    assert_eq!(fresh(&device), Freshness::Fresh);
    let lists = [ListState { list: world.list.clone(), edition: 1, manifest: digest(&manifest) }];
    let body = Heartbeat {
        issued: world.now + 1,
        expires: world.now + 86_400,
        root_version: 2,
        lists: lists.into_iter().collect(),
    };
    let newer = sign_statement(SignedKind::Heartbeat, &body, &[&world.root_key]);
    device.apply(Update::Heartbeat(newer)).unwrap();
    assert_eq!(fresh(&device), Freshness::Stale, "root 2 may say that the issuer is a thief");
    assert_eq!(device.shared().load().lists[0].doubt, Some(Doubt::RootBehind));
    let next = Root { version: 2, ..world.root.clone() };
    device.apply(Update::Root(2, sign_statement(SignedKind::Root, &next, &[&world.root_key]))).unwrap();
    assert_eq!(fresh(&device), Freshness::Fresh);
    drop(device);

    let floor = world.now + 2_000;
    let behind = Parts { clock: Arc::new(Clock::of(world.time.clone(), floor)), ..world.parts() };
    let mut device = Intake::open(behind).unwrap();
    assert_eq!(fresh(&device), Freshness::Stale, "off for nobody knows how long");
    assert_eq!(device.shared().load().lists[0].doubt, Some(Doubt::TimeLost));
    let two = world.heartbeat(floor + 10, 1, &manifest);
    device.apply(two).unwrap();
    assert_eq!(fresh(&device), Freshness::Fresh);
}

#[test]
fn an_older_grant_played_again_takes_no_newer_key_away() {
    let world = World::new();
    let mut device = world.device();
    let grant = |numbers: &[u32]| {
        let sealed: Vec<(u32, Vec<u8>)> = numbers
            .iter()
            .map(|&number| {
                let additional = grant_additional_data(&world.device, &world.list, number);
                (number, seal(&world.box_key.public(), GRANT_INFO, &additional, &[number as u8; 32]).unwrap())
            })
            .collect();
        let keys = sealed.iter().map(|(number, sealed)| GrantedKey { number: *number, sealed });
        let grant = Grant { device: world.device.clone(), list: world.list.clone(), keys: keys.collect() };
        Update::Grant(world.list.clone(), sign_statement(SignedKind::Grant, &grant, &[&world.issuer]))
    };
    let (old, new) = (grant(&[1, 2]), grant(&[2, 3]));
    assert_eq!(device.apply(old.clone()).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(new).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(old).unwrap(), UpdateOutcome::Duplicate);
    assert_eq!(device.entries[&world.list].keys.keys().collect::<Vec<_>>(), [&2, &3]);
}
