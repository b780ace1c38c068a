//! `holders` against a simulated truth: devices take, skip, lose and erase editions, are revoked and enrolled again, and their
//! statuses are lost and late. Who truly holds an alert is never left out; who is said to hold it has signed that.

mod world;

use super::{list_name, signed_status, status_with};
use crate::db::presence::{self, Known, Transition};
use crate::inventory::devices as flagged;
use crate::inventory::flags::Flag;
use crate::inventory::holders::{Question, Standing, holders};
use proptest::prelude::*;
use vedette_shim::trust::{HeldList, Status};
use world::{LEASE_S, Step, World, alert, steps};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn nobody_who_holds_is_left_out_and_who_is_named_has_said_so(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
            world.check();
        }
    }
}

/// A world with an edition that has alert 0, one that has 0 and 1, and one that has 1; `post-0` holds the second and says so.
fn three_editions() -> World {
    let mut world = World::new();
    world.publish(0b01, false);
    world.publish(0b10, false);
    world.run(&Step::Take { unit: 0 });
    world.run(&Step::Speak { unit: 0, lost: false, late: false });
    world.publish(0b01, false);
    world
}

fn standings(world: &World, question: &Question) -> Vec<Standing> {
    let found = holders(&world.home, &list_name(), question).unwrap();
    found.copies.iter().map(|copy| copy.standing).collect()
}

fn of_alert(number: u8) -> Question {
    Question { alert: Some(alert(number)), edition: None }
}

#[test]
fn a_withdrawn_alert_is_asked_for_by_the_editions_that_it_was_in() {
    let mut world = three_editions();
    let found = holders(&world.home, &list_name(), &of_alert(0)).unwrap();
    assert_eq!((found.editions, found.undetermined_before), (vec![(1, 2)], None));
    let copy = &found.copies[0];
    assert_eq!((copy.standing, copy.edition, copy.status), (Standing::Holds, Some(2), Some(1)));
    let now = world.home.now();
    assert_eq!((copy.confirmed_at, copy.lease_ends), (Some(now), Some(now + LEASE_S)));
    assert_eq!(copy.grant_ends, Some(now + 180 * 86_400));
    world.run(&Step::Pass { seconds: 1200 });
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::MayHold, "it is silent");
    world.run(&Step::Take { unit: 0 });
    world.run(&Step::Speak { unit: 0, lost: false, late: false });
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::NoLonger);
    assert_eq!(standings(&world, &of_alert(1))[0], Standing::Holds);
    assert_eq!(standings(&world, &of_alert(4))[0], Standing::NoLonger, "it was never on the list");
}

#[test]
fn a_revoked_device_may_hold_what_it_had_until_it_says_that_it_is_erased() {
    let mut world = three_editions();
    world.run(&Step::Revoke { unit: 0 });
    world.publish(0b100, false);
    assert_eq!(standings(&world, &of_alert(2))[0], Standing::NoLonger, "it never had that edition's key");
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::Holds, "its last word");
    world.run(&Step::EnrolAgain { unit: 0 });
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::MayHold, "nobody has said that it is erased");
    let mut world = three_editions();
    world.run(&Step::Revoke { unit: 0 });
    world.run(&Step::CarryOut { unit: 0 });
    world.run(&Step::Speak { unit: 0, lost: false, late: false });
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::NoLonger);
    world.run(&Step::EnrolAgain { unit: 0 });
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::NoLonger, "it stays so");
}

#[test]
fn what_can_have_been_taken_since_the_last_word_counts() {
    let mut world = three_editions();
    world.publish(0b100, false);
    assert_eq!(standings(&world, &of_alert(2)), [Standing::MayHold, Standing::MayHold]);
    world.run(&Step::Take { unit: 0 });
    assert_eq!(standings(&world, &of_alert(2))[0], Standing::MayHold, "its status was lost");
    world.run(&Step::Speak { unit: 0, lost: false, late: false });
    assert_eq!(standings(&world, &of_alert(2))[0], Standing::Holds);
}

#[test]
fn the_word_of_a_device_that_is_there_twice_ends_nothing() {
    let mut world = three_editions();
    let [take, speak] = [Step::Take { unit: 0 }, Step::Speak { unit: 0, lost: false, late: false }];
    for step in [&take, &speak, &speak, &Step::PutBack { unit: 0 }, &take, &speak] {
        world.run(step);
    }
    assert_eq!(world.units[0][0].said, Some(3));
    assert_eq!(standings(&world, &of_alert(0))[0], Standing::MayHold, "the other copy may have gone back");
}

#[test]
fn an_edition_of_another_home_may_hold_anything() {
    let mut world = three_editions();
    let unit = &world.units[0][0];
    let held = HeldList { list: list_name(), edition: 3, manifest: [9; 32], age_s: 0 };
    let of_other = Status {
        device: unit.device.clone(),
        number: 9,
        journal: 9,
        at: world.home.now(),
        lists: [held].into_iter().collect(),
        ..status_with(1)
    };
    let bytes = signed_status(of_other.clone(), &unit.key);
    world.arrive(0, &of_other, &bytes);
    for question in [of_alert(0), of_alert(4), Question { alert: None, edition: Some(1) }] {
        assert_eq!(standings(&world, &question)[0], Standing::MayHold, "{question:?}");
    }
    let conflicts = flagged::pages(&world.home, Some(Flag::Conflict)).unwrap().next().unwrap().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].device.device, "post-0");
}

#[test]
fn what_was_not_recorded_cannot_be_determined() {
    let world = three_editions();
    let db = world.home.database().unwrap();
    let key_number = presence::known(db.read(), &list_name()).unwrap().unwrap().key_number;
    // As after an edition with more changes than are recorded.
    presence::record(db.read(), &list_name(), &Known { key_number, since: 3, upto: 3 }, &[]).unwrap();
    let found = holders(&world.home, &list_name(), &of_alert(0)).unwrap();
    assert_eq!((found.editions, found.undetermined_before), (vec![], Some(3)));
    assert_eq!(found.copies[0].standing, Standing::MayHold);
    // An edition that was signed without its changes being recorded.
    presence::record(db.read(), &list_name(), &Known { key_number, since: 1, upto: 2 }, &[]).unwrap();
    assert_eq!(holders(&world.home, &list_name(), &of_alert(0)).unwrap().undetermined_before, Some(3));
}

#[test]
fn the_record_is_bounded_and_forgets_the_oldest_editions() {
    let world = three_editions();
    let mut db = world.home.database().unwrap();
    let change = db.change().unwrap();
    let editions = presence::EDITIONS_MAX + 10;
    for edition in 4..4 + editions {
        let known = presence::known(&change, &list_name()).unwrap().unwrap();
        let transition = Transition { alert: [7; 16], came: edition % 2 == 0 };
        presence::record(&change, &list_name(), &Known { upto: edition, ..known }, &[transition]).unwrap();
    }
    change.commit().unwrap();
    let known = presence::known(db.read(), &list_name()).unwrap().unwrap();
    let kept = presence::of_alert(db.read(), &list_name(), &[7; 16]).unwrap();
    assert_eq!(kept.len() as u64, presence::EDITIONS_MAX);
    assert_eq!(known.since + 1, kept[0].0, "of the edition before the first that is kept");
}

#[test]
fn flags_say_what_is_wrong() {
    let mut world = three_editions();
    let flagged = |world: &World, flag| {
        let pages = flagged::pages(&world.home, Some(flag)).unwrap();
        pages.flat_map(Result::unwrap).map(|found| found.device.device).collect::<Vec<_>>()
    };
    assert_eq!(flagged(&world, Flag::Lag), [] as [&str; 0], "the edition is new");
    assert_eq!(flagged(&world, Flag::Silent), ["post-1"]);
    world.run(&Step::Pass { seconds: 1200 });
    assert_eq!(flagged(&world, Flag::Lag), ["post-0"]);
    assert_eq!(flagged(&world, Flag::Silent), ["post-0", "post-1"]);
    let unit = &world.units[0][0];
    let says = |number, at, lost, fault: &str| Status {
        device: unit.device.clone(),
        number,
        journal: number,
        at,
        time_lost: lost,
        store_fault: fault.try_into().unwrap(),
        ..status_with(3)
    };
    let now = world.home.now();
    let statuses = [
        (says(5, now + 4000, false, ""), Flag::Clock),
        (says(6, now + 4001, true, ""), Flag::Clock),
        (says(7, now + 4002, false, "no space left"), Flag::Disk),
        (says(3, now + 4003, false, ""), Flag::Clone),
    ];
    let signed: Vec<_> =
        statuses.map(|(status, flag)| (signed_status(status.clone(), &unit.key), status, flag)).into();
    for (bytes, status, flag) in signed {
        world.arrive(0, &status, &bytes);
        assert_eq!(flagged(&world, flag), ["post-0"], "{flag:?}");
    }
    assert_eq!(flagged(&world, Flag::Certificate), [] as [&str; 0]);
    world.run(&Step::Pass { seconds: 80 * 86_400 });
    assert_eq!(flagged(&world, Flag::Certificate), ["post-0", "post-1"]);
}
