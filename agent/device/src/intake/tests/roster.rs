//! The roster goes the way of a list: checked, stored with its floor, in use, kept across a restart.

use super::*;
use crate::officers::RosterState;
use vedette_common::roster::testing::{officer, roster as roster_of};
use vedette_common::roster::{Role as OfficerRole, Roster};

fn roster(world: &World, number: u64, badges: &[&str]) -> Roster {
    let officers = badges.iter().map(|badge| officer(badge, OfficerRole::Officer)).collect();
    Roster { issued: world.now, expires: world.now + 100, ..roster_of(number, officers) }
}

fn offer(roster: &Roster, key: &SigningKey) -> Update {
    Update::Roster(sign_statement(SignedKind::Roster, roster, &[key]))
}

/// The number in use, 0 when nobody may sign in; `None` when nobody needs to.
fn in_use(device: &Intake) -> Option<u64> {
    match &device.shared().load().roster_state {
        RosterState::Open => None,
        RosterState::InEffect(roster) => Some(roster.number),
        RosterState::Lost => Some(0),
    }
}

#[test]
fn a_roster_is_used_across_a_restart_and_never_an_older_one() {
    let world = World::new();
    let mut device = world.device();
    assert_eq!(in_use(&device), None);
    let (one, two) = (roster(&world, 1, &["a-1"]), roster(&world, 2, &["a-1", "b-2"]));
    assert!(device.apply(offer(&two, &world.issuer)).is_err(), "a list's issuer makes no officers");
    assert_eq!(in_use(&device), None);
    assert_eq!(device.apply(offer(&two, &world.root_key)).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.apply(offer(&two, &world.root_key)).unwrap(), UpdateOutcome::Duplicate);
    drop(device);
    let mut device = world.device();
    assert_eq!(in_use(&device), Some(2));
    assert!(device.apply(offer(&one, &world.root_key)).is_err());
    world.clock.raise(world.now + 100);
    drop(device);
    assert_eq!(in_use(&world.device()), Some(2), "expired, it goes on serving");
}

#[test]
fn new_signers_start_the_roster_anew_and_until_then_nobody_signs_in() {
    let world = World::new();
    let mut device = world.device();
    device.apply(offer(&roster(&world, u64::MAX, &["a-1"]), &world.root_key)).unwrap();
    let signers = SigningKey::from_seed(&crypto::random());
    let root = Root { version: 2, roster: role(&signers), ..world.root.clone() };
    let signed = sign_statement(SignedKind::Root, &root, &[&world.root_key]);
    assert_eq!(device.apply(Update::Root(2, signed)).unwrap(), UpdateOutcome::Applied);
    assert_eq!(in_use(&device), Some(0), "not open to everybody");
    assert!(device.apply(offer(&roster(&world, 1, &["a-1"]), &world.root_key)).is_err());
    assert_eq!(device.apply(offer(&roster(&world, 1, &["a-1"]), &signers)).unwrap(), UpdateOutcome::Applied);
    assert_eq!(in_use(&device), Some(1));
}

#[test]
fn an_order_to_erase_takes_the_officers_and_keeps_the_floor() {
    let world = World::new();
    let mut device = world.device();
    let (one, two) = (roster(&world, 1, &["a-1"]), roster(&world, 2, &["a-1"]));
    device.apply(offer(&two, &world.root_key)).unwrap();
    device.apply(world.sign_order(&world.order(1))).unwrap();
    assert_eq!(in_use(&device), Some(0));
    drop(device);
    let mut device = world.device();
    assert_eq!(in_use(&device), Some(0));
    assert!(device.apply(offer(&one, &world.root_key)).is_err());
    assert_eq!(
        device.apply(offer(&two, &world.root_key)).unwrap(),
        UpdateOutcome::Applied,
        "a device pardoned"
    );
}
