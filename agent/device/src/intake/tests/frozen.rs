//! What is withheld, played again, changed on the way or signed twice changes nothing, and shows.

use super::*;
use vedette_common::mqtt::topics::Retained;
use vedette_shim::trust::{DeviceState, Freshness};

const LISTED: &str = "L898902C3";
const UNLISTED: &str = "L898902C4";

/// A genuine envelope as somebody on the way could write it: with one more signature, with a longer varint, and with the other
/// number that stands for the same in its signature.
fn changed_on_the_way(envelope: &[u8]) -> [Vec<u8>; 3] {
    let stranger = SigningKey::from_seed(&crypto::random());
    let body = Envelope::read(envelope, SignedKind::Manifest).unwrap().body.to_vec();
    let manifest: Manifest = decode_body(SignedKind::Manifest, &body).unwrap();
    let more = sign_statement(SignedKind::Manifest, &manifest, &[&stranger]);
    let more = Envelope::read(&more, SignedKind::Manifest).unwrap().signatures[0].clone();
    let mut surplus = Envelope::read(envelope, SignedKind::Manifest).unwrap();
    surplus.signatures.push(more).unwrap();
    surplus.signatures.sort_unstable_by_key(|signature| signature.key);
    // The second byte is the kind, 1; written in two bytes it reads the same.
    let long = [&envelope[..1], &[0x81, 0x00], &envelope[2..]].concat();
    // It ends with the one signature.
    let (before, signature) = envelope.split_last_chunk::<64>().unwrap();
    let twin = [before, &crypto::testing::twin_of(signature)].concat();
    [postcard::to_allocvec(&surplus).unwrap(), long, twin]
}

#[test]
fn a_manifest_that_was_changed_on_the_way_is_refused_and_the_genuine_one_taken() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let (_, more) = world.segment(&[UNLISTED], &[]);
    let genuine = world.sign(&world.manifest(2, &[info, more]));
    for changed in changed_on_the_way(&genuine) {
        let refused = device.apply(Update::Manifest(world.list.clone(), changed));
        assert!(matches!(refused.unwrap_err().reason(), "surplus_signatures" | "malformed" | "signatures"));
    }
    device.apply(Update::Manifest(world.list.clone(), genuine.clone())).unwrap();
    world.fetch(&mut device);
    device.apply(world.heartbeat(world.now, 2, &genuine)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::Hit);
    assert_eq!(device.shared().load().lists[0].freshness(world.now).1, Freshness::Fresh);
}

#[test]
fn of_two_heartbeats_of_one_second_the_one_that_names_more_stays() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let (_, more) = world.segment(&[UNLISTED], &[]);
    let first = world.sign(&world.manifest(1, std::slice::from_ref(&info)));
    let next = world.sign(&world.manifest(2, &[info, more]));
    let second = world.now + 1;
    let (before, after) = (world.heartbeat(second, 1, &first), world.heartbeat(second, 2, &next));
    device.apply(after.clone()).unwrap();
    let refused = device.apply(before).map_err(|error| error.reason());
    assert_eq!(refused, Err("rollback"), "published within the second, and the two came the other way round");
    assert!(device.behind().contains(&Retained::Manifests), "the edition is still known to lack");
    assert_eq!(device.apply(after).unwrap(), UpdateOutcome::Duplicate);
}

/// Another content of the edition in use, rightly signed.
fn other_content(world: &World, device: &Intake) -> Vec<u8> {
    let active = device.entries[&world.list].active.clone().unwrap();
    world.sign(&Manifest { lease_s: LEASE + 1, ..active.manifest })
}

fn fork_by_manifest(world: &World, device: &mut Intake) {
    let forked = device.apply(Update::Manifest(world.list.clone(), other_content(world, device)));
    assert_eq!(forked.map_err(|error| error.reason()), Err("forked"));
}

fn fork_by_heartbeat(world: &World, device: &mut Intake) {
    let named = other_content(world, device);
    device.apply(world.heartbeat(world.now, 1, &named)).unwrap();
}

#[test]
fn of_two_contents_of_one_edition_neither_is_believed_until_a_higher_one_comes() {
    for fork in [fork_by_manifest, fork_by_heartbeat] {
        let world = World::new();
        let (mut device, info) = world.device_with(&[LISTED]);
        assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
        fork(&world, &mut device);
        assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked);
        drop(device);
        let mut device = world.device();
        assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked, "after a restart too");
        let next = world.sign(&world.manifest(2, &[info]));
        device.apply(Update::Manifest(world.list.clone(), next)).unwrap();
        world.fetch(&mut device);
        assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
    }
}

#[test]
fn an_order_to_erase_erases_and_is_not_carried_out_twice() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (_, info) = world.segment(&["L898902C3"], &[]);
    device.apply(Update::Manifest(world.list.clone(), world.sign(&world.manifest(1, &[info])))).unwrap();
    world.fetch(&mut device);
    let order = |device: &DeviceId, key: &SigningKey| {
        let order = Order { device: device.clone(), ..world.order(1) };
        Update::Order(sign_statement(SignedKind::Order, &order, &[key]))
    };
    assert!(device.apply(order(&"post-8".parse().unwrap(), &world.root_key)).is_err());
    assert!(device.apply(order(&world.device, &world.issuer)).is_err());
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
    assert_eq!(device.apply(order(&world.device, &world.root_key)).unwrap(), UpdateOutcome::Applied);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::NotChecked);
    assert_eq!(std::fs::read_dir(device.store.folder()).unwrap().count(), 0, "no segment is left");
    assert_eq!(device.apply(order(&world.device, &world.root_key)).unwrap(), UpdateOutcome::Duplicate);
}

#[test]
fn an_order_that_is_withheld_shows_and_nothing_is_clear_until_it_comes() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let manifest = device.entries[&world.list].active.clone().unwrap().envelope;
    let mut heartbeat = world.heartbeat_body(world.now, &[world.state(1, &manifest)]);
    let enrolment = key_id(&world.box_key.public());
    heartbeat.devices.push(DeviceState { enrolment: [7; 8], order: 9, answer: 0 }).unwrap();
    device.apply(world.sign_heartbeat(&heartbeat)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear, "another device's order");
    heartbeat.issued += 1;
    heartbeat.devices.push(DeviceState { enrolment, order: 1, answer: 0 }).unwrap();
    device.apply(world.sign_heartbeat(&heartbeat)).unwrap();
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked);
    device.apply(world.sign_order(&world.order(1))).unwrap();
    assert!(device.entries[&world.list].keys.is_empty());
}

#[test]
fn an_old_grant_undoes_no_order_to_erase_and_a_new_one_does() {
    let world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let again = world.sign(&world.manifest(1, &[info]));
    device.apply(world.sign_order(&world.order(1))).unwrap();
    let played = device.apply(world.grant());
    assert_eq!(played.map_err(|error| error.reason()), Err("rollback"));
    drop(device);
    let mut device = world.device();
    assert!(device.apply(world.grant()).is_err(), "after a restart too");
    let pardoned = World { now: world.now + 1, ..world };
    device.apply(pardoned.grant()).unwrap();
    device.apply(Update::Manifest(pardoned.list.clone(), again)).unwrap();
    pardoned.fetch(&mut device);
    assert_eq!(pardoned.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn the_order_to_a_former_enrolment_means_nobody_here() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let former = Order { enrolment: [7; 8], ..world.order(1) };
    let refused = device.apply(world.sign_order(&former));
    assert_eq!(refused.map_err(|error| error.reason()), Err("not_for_us"));
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn after_the_orders_key_is_replaced_orders_and_grants_count_again() {
    let mut world = World::new();
    let stolen = SigningKey::from_seed(&crypto::random());
    world.root.orders = role(&stolen);
    let (mut device, _) = world.device_with(&[LISTED]);
    let last = Order { number: u64::MAX, voids_grants: u64::MAX, ..world.order(1) };
    device.apply(Update::Order(sign_statement(SignedKind::Order, &last, &[&stolen]))).unwrap();
    assert!(device.apply(world.grant()).is_err());
    let next = Root { version: 2, issued: world.now, orders: role(&world.root_key), ..world.root.clone() };
    device.apply(Update::Root(2, sign_statement(SignedKind::Root, &next, &[&world.root_key]))).unwrap();
    assert_eq!(device.apply(world.grant()).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(world.sign_order(&world.order(1))).unwrap(), UpdateOutcome::Applied);
}

#[test]
fn after_the_issuer_s_key_is_replaced_its_thief_s_last_edition_bars_nothing() {
    let mut world = World::new();
    let (mut device, info) = world.device_with(&[LISTED]);
    let stolen = world.sign(&world.manifest(u64::MAX, &[info]));
    device.apply(Update::Manifest(world.list.clone(), stolen.clone())).unwrap();
    assert_eq!(device.shared().load().lists[0].edition, u64::MAX);
    let another = world.sign(&Manifest { lease_s: LEASE + 1, ..world.manifest(u64::MAX, &[info]) });
    assert!(device.apply(Update::Manifest(world.list.clone(), another)).is_err(), "a fork of it");

    let old_grant = world.grant();
    world.issuer = SigningKey::from_seed(&crypto::random());
    let mut next = Root { version: 2, issued: world.now, ..world.root.clone() };
    next.issuers[0].role = role(&world.issuer);
    // What the new key signed comes first, and waits for the root.
    let manifest = world.sign(&world.manifest(2, &[info]));
    assert!(device.apply(Update::Manifest(world.list.clone(), manifest.clone())).is_err());
    device.apply(Update::Root(2, sign_statement(SignedKind::Root, &next, &[&world.root_key]))).unwrap();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked, "no edition of the thief's");
    assert!(device.apply(old_grant).is_err());
    device.apply(world.grant()).unwrap();
    world.fetch(&mut device);
    drop(device);
    let mut device = world.device();
    let lists = &device.shared().load().lists;
    assert_eq!((lists[0].edition, world.verdict(&device, LISTED)), (2, Verdict::Hit));
    let refused = device.apply(Update::Manifest(world.list.clone(), stolen));
    assert_eq!(refused.map_err(|error| error.reason()), Err("signatures"));
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
}

#[test]
fn a_grant_ends() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    world.clock.raise(world.now + GRANT_LIFE_S);
    device.tick().unwrap();
    assert!(device.entries[&world.list].keys.is_empty());
    assert_eq!(device.apply(world.grant()).map_err(|error| error.reason()), Err("expired"));
}
