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
    let never_came = |list: ListName| ListState { list, edition: 1, manifest: [9; 32] };
    let heartbeat = |lists: &[ListState], issued| world.sign_heartbeat(&world.heartbeat_body(issued, lists));
    let both = [world.state(1, &manifest), never_came(other)];
    device.apply(heartbeat(&both, world.now)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked, "the visas may list it");
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    drop(device);
    let mut device = world.device();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked, "after a restart too");
    // A list that the root does not name is nobody's.
    let foreign = [world.state(1, &manifest), never_came("not/ours".parse().unwrap())];
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
        let body = world.heartbeat_body(issued, &lists);
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
fn a_root_kept_from_us_makes_a_list_stale_and_a_time_that_is_lost_unusable() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let fresh = |device: &Intake| device.shared().load().lists[0].freshness(world.now).1;
    device.apply(world.heartbeat(world.now, 1, &manifest)).unwrap();
    assert_eq!(fresh(&device), Freshness::Fresh);
    let next = Root { version: 2, ..world.root.clone() };
    let next = sign_statement(SignedKind::Root, &next, &[&world.root_key]);
    let newer = Heartbeat {
        root_version: 2,
        root: identity(&next, SignedKind::Root).unwrap(),
        ..world.heartbeat_body(world.now + 1, &[world.state(1, &manifest)])
    };
    device.apply(world.sign_heartbeat(&newer)).unwrap();
    assert_eq!(fresh(&device), Freshness::Stale, "root 2 may say that the issuer is a thief");
    assert_eq!(device.shared().load().lists[0].doubt, Some(Doubt::RootBehind));
    device.apply(Update::Root(2, next)).unwrap();
    assert_eq!(fresh(&device), Freshness::Fresh);
    drop(device);

    let floor = world.now + 2_000;
    let behind = Parts { clock: Arc::new(Clock::of(world.time.clone(), floor)), ..world.parts() };
    let mut device = Intake::open(behind).unwrap();
    assert_eq!(fresh(&device), Freshness::Expired, "off for nobody knows how long");
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked);
    let two = Heartbeat { issued: floor + 10, expires: floor + 86_400, ..newer };
    device.apply(world.sign_heartbeat(&two)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
    assert_eq!(fresh(&device), Freshness::Fresh);
}

#[test]
fn after_missed_heartbeats_a_list_is_stale_and_without_a_link_only_past_half_its_lease() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let fresh_at = |device: &Intake, after| device.shared().load().lists[0].freshness(world.now + after).1;
    assert_eq!(fresh_at(&device, 899), Freshness::Fresh);
    assert_eq!(fresh_at(&device, 900), Freshness::Stale, "somebody keeps the heartbeats away");
    world.time.pass(600);
    device.apply(world.heartbeat(world.now + 600, 1, &manifest)).unwrap();
    assert_eq!(fresh_at(&device, 1_499), Freshness::Fresh);
    drop(device);
    let device = Intake::open(Parts { stale_after_s: None, ..world.parts() }).unwrap();
    assert_eq!(fresh_at(&device, 600 + u64::from(LEASE) / 2 - 1), Freshness::Fresh);
    assert_eq!(fresh_at(&device, 600 + u64::from(LEASE) / 2), Freshness::Stale);
}

#[test]
fn an_older_grant_played_again_takes_no_newer_key_away() {
    let world = World::new();
    let mut device = world.device();
    let grant = |number: u64, numbers: &[u32]| {
        let sealed: Vec<(u32, Vec<u8>)> = numbers
            .iter()
            .map(|&number| {
                let additional = grant_additional_data(&world.device, &world.list, number);
                (number, seal(&world.box_key.public(), GRANT_INFO, &additional, &[number as u8; 32]).unwrap())
            })
            .collect();
        let keys = sealed.iter().map(|(number, sealed)| GrantedKey { number: *number, sealed });
        let enrolment = key_id(&world.box_key.public());
        let (device, list, expires) = (world.device.clone(), world.list.clone(), world.now + GRANT_LIFE_S);
        let grant = Grant { device, enrolment, list, number, expires, keys: keys.collect() };
        Update::Grant(world.list.clone(), sign_statement(SignedKind::Grant, &grant, &[&world.issuer]))
    };
    let (old, new) = (grant(world.now, &[1, 2]), grant(world.now + 1, &[2, 3]));
    assert_eq!(device.apply(old.clone()).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(new.clone()).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(new).unwrap(), UpdateOutcome::Duplicate);
    assert_eq!(device.apply(old).map_err(|error| error.reason()), Err("rollback"));
    assert_eq!(device.entries[&world.list].keys.keys().collect::<Vec<_>>(), [&2, &3]);
}
