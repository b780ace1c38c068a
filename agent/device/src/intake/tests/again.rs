//! What a passing error kept out comes in once the error has passed; what is signed and not here is named.

use super::*;
use std::collections::BTreeSet;
use vedette_common::mqtt::topics::Retained;

const LISTED: &str = "L898902C3";
const NEW: &str = "L898902C4";

/// The disk is full, for the database, while `work` runs.
fn on_a_full_disk<T>(device: &mut Intake, work: impl FnOnce(&mut Intake) -> T) -> T {
    device.db.refuse_writes(true);
    let done = work(device);
    device.db.refuse_writes(false);
    done
}

#[test]
fn an_edition_that_the_store_refused_is_taken_once_there_is_room() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let (_, more) = world.segment(&[NEW], &[]);
    let second = world.sign(&world.manifest(2, &[info, more]));
    let refused = on_a_full_disk(&mut device, |device| {
        let refused = device.apply(Update::Manifest(world.list.clone(), second));
        world.time.pass(10);
        device.apply_again();
        refused
    });
    assert_eq!(refused.map_err(|error| error.reason()), Err("database"));
    assert_eq!(world.verdict(&device, NEW), Verdict::Clear, "edition 1 is in use");
    world.time.pass(10);
    device.tick().unwrap();
    world.fetch(&mut device);
    assert_eq!(world.verdict(&device, NEW), Verdict::Hit);
}

#[test]
fn an_edition_that_could_not_be_put_in_use_is_once_there_is_room() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let (_, more) = world.segment(&[NEW], &[]);
    let second = world.sign(&world.manifest(2, &[info, more]));
    device.apply(Update::Manifest(world.list.clone(), second)).unwrap();
    on_a_full_disk(&mut device, |device| world.fetch(device));
    world.time.pass(10);
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, NEW), Verdict::Hit);
}

#[test]
fn an_order_to_erase_counts_at_once_and_is_stored_before_anything_else() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let second = world.sign(&world.manifest(2, &[info]));
    on_a_full_disk(&mut device, |device| {
        device.apply(Update::Manifest(world.list.clone(), second)).unwrap_err();
        device.apply(world.sign_order(&world.order(1))).unwrap_err();
        assert!(device.entries[&world.list].keys.is_empty());
    });
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
    world.time.pass(10);
    device.tick().unwrap();
    assert!(editions::grants(&device.db).unwrap().is_empty());
    assert_eq!(device.order_floor, 1);
    drop(device);
    assert_eq!(world.verdict(&world.device(), LISTED), Verdict::NotChecked);
}

#[test]
fn what_waits_for_the_store_gives_way_to_what_came_later() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let second = world.sign(&world.manifest(2, &[info]));
    let third = world.sign(&world.manifest(3, &[info]));
    on_a_full_disk(&mut device, |device| {
        device.apply(Update::Manifest(world.list.clone(), second)).unwrap_err();
    });
    device.apply(Update::Manifest(world.list.clone(), third)).unwrap();
    world.time.pass(10);
    device.tick().unwrap();
    assert_eq!(device.shared().load().lists[0].edition, 3);
}

#[test]
fn what_the_heartbeat_names_and_is_not_here_is_asked_for() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    assert_eq!(device.needs().unwrap(), Needs::default());
    let second = world.sign(&world.manifest(2, &[info]));
    let ordered = vedette_shim::trust::DeviceState { enrolment: device.us.key, order: 1, answer: 0 };
    let newer = Heartbeat {
        root_version: 2,
        roster: Some(vedette_shim::trust::NewestRoster { number: 3, roster: [1; 32] }),
        devices: [ordered].into_iter().collect(),
        ..world.heartbeat_body(world.now, &[world.state(2, &second)])
    };
    device.apply(world.sign_heartbeat(&newer)).unwrap();
    let all = [Retained::Roots, Retained::Order, Retained::Roster, Retained::Manifests];
    assert_eq!(device.behind(), BTreeSet::from(all));
    assert!(device.shared().load().roster_behind);
}

#[test]
fn a_list_whose_keys_went_with_a_wrong_clock_asks_for_its_grant_and_answers_again() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    world.time.set_system(world.now + 3 * 86_400);
    device.tick().unwrap();
    world.time.pass(130);
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
    world.time.set_system(world.now + 130);
    assert_eq!(device.behind(), BTreeSet::from([Retained::Grants]));
    device.apply(world.grant()).unwrap();
    assert!(device.behind().is_empty());
    assert_eq!(world.fetch(&mut device), 1, "the segment went with its key");
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn a_list_past_its_lease_asks_for_its_grant_only_once_a_heartbeat_confirms_it() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let manifest = world.sign(&world.manifest(1, &[info]));
    let later = world.now + u64::from(LEASE) + 1;
    world.clock.raise(later);
    device.tick().unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
    assert!(device.behind().is_empty(), "keys that came now would be erased again");
    device.apply(world.heartbeat(later, 1, &manifest)).unwrap();
    assert_eq!(device.behind(), BTreeSet::from([Retained::Grants]));
}

#[test]
fn a_list_past_its_lease_asks_for_its_grant_when_a_newer_edition_came() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let later = world.now + u64::from(LEASE) + 1;
    world.clock.raise(later);
    device.tick().unwrap();
    let newer = Manifest { issued: later, ..world.manifest(2, &[info]) };
    device.apply(Update::Manifest(world.list.clone(), world.sign(&newer))).unwrap();
    assert_eq!(device.behind(), BTreeSet::from([Retained::Grants]));
}

#[test]
fn an_erased_list_asks_for_nothing() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    device.apply(world.sign_order(&world.order(1))).unwrap();
    assert!(device.behind().is_empty());
}

#[test]
fn roots_are_asked_for_while_one_is_missing_in_between() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let root = |version| {
        sign_statement(SignedKind::Root, &Root { version, ..world.root.clone() }, &[&world.root_key])
    };
    assert_eq!(device.apply(Update::Root(3, root(3))).unwrap(), UpdateOutcome::Waiting);
    assert_eq!(device.behind(), BTreeSet::from([Retained::Roots]), "root 2 was lost on its way");
    device.apply(Update::Root(2, root(2))).unwrap();
    assert!(device.behind().is_empty());
}

#[test]
fn roots_are_asked_for_when_a_heartbeat_is_signed_by_nobody_known_until_the_broker_has_none() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let manifest = world.sign(&world.manifest(1, &[info]));
    let root = Root { version: 2, heartbeat: role(&world.issuer), ..world.root.clone() };
    let body = world.heartbeat_body(world.now + 1, &[world.state(1, &manifest)]);
    let heartbeat = |key| Update::Heartbeat(sign_statement(SignedKind::Heartbeat, &body, &[key]));
    assert!(device.apply(heartbeat(&world.issuer)).is_err());
    assert_eq!(device.behind(), BTreeSet::from([Retained::Roots]));
    assert_eq!(device.apply(Update::Root(1, world.anchor())).unwrap(), UpdateOutcome::Duplicate);
    assert!(device.behind().is_empty(), "the broker has no newer one");
    let next = sign_statement(SignedKind::Root, &root, &[&world.root_key]);
    device.apply(Update::Root(2, next)).unwrap();
    assert!(device.apply(heartbeat(&world.root_key)).is_err(), "the key that was replaced");
    assert_eq!(device.behind(), BTreeSet::from([Retained::Roots]));
}

#[test]
fn an_order_that_came_before_its_root_is_carried_out_with_it() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let order = sign_statement(SignedKind::Order, &world.order(1), &[&world.issuer]);
    assert!(device.apply(Update::Order(order)).is_err(), "a key that nobody knows");
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    let root = Root { version: 2, orders: role(&world.issuer), ..world.root.clone() };
    let root = sign_statement(SignedKind::Root, &root, &[&world.root_key]);
    device.apply(Update::Root(2, root)).unwrap();
    assert_eq!((device.order_floor, world.verdict(&device, LISTED)), (1, Verdict::NotChecked));
}
