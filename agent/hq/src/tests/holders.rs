//! `holders` against a simulated truth: devices take, skip, lose and erase editions, are revoked and enrolled again, and their
//! statuses are lost and late. Who truly holds an alert is never left out; who is said to hold it has signed that.

use super::{list_name, new_home_and_time, signed_status, status_with};
use crate::authority::home::Home;
use crate::authority::signing_time::confirm_clock;
use crate::db::presence::{self, Known, Transition};
use crate::db::{editions, grants, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::fleet::status::{Stored, take};
use crate::inventory::devices as flagged;
use crate::inventory::flags::Flag;
use crate::inventory::holders::{CopyView, Question, Standing, holders};
use crate::publishing::change::{ChangeOptions, Changes, change};
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::BoxKey;
use vedette_shim::ids::DeviceId;
use vedette_shim::list::Kind;
use vedette_shim::trust::{HeldList, SignedKind, Status, identity};

const ALERTS: u8 = 5;
const DEVICES: usize = 3;
/// The list's lease, seconds.
const LEASE_S: u64 = 48 * 3600;

fn alert(number: u8) -> String {
    format!("UTO-P-L0000{number}")
}

/// One enrolment of a device, wherever its copy is.
#[derive(Clone)]
struct Unit {
    device: DeviceId,
    key: Arc<BoxKey>,
    /// The edition that it can answer from.
    holds: Option<u64>,
    /// It names an edition whose keys are erased.
    names: Option<u64>,
    floor: u64,
    confirmed_at: u64,
    number: u64,
    order: u64,
    /// The highest key that it has.
    last_key: u32,
    revoked: bool,
    /// The edition that its last accepted word names.
    said: Option<u64>,
}

struct World {
    dir: TempDir,
    home: Home,
    time: Arc<ManualTime>,
    content: BTreeMap<u64, BTreeSet<u8>>,
    now: BTreeSet<u8>,
    /// Of each device, its enrolments, the newest last.
    units: Vec<Vec<Unit>>,
    /// Statuses on their way.
    late: Vec<(usize, Status, Vec<u8>)>,
    folders: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Publish {
        toggled: u8,
        whole: bool,
    },
    Change {
        toggled: u8,
    },
    Take {
        unit: usize,
    },
    Speak {
        unit: usize,
        lost: bool,
        late: bool,
    },
    Arrive {
        unit: usize,
    },
    Lapse {
        unit: usize,
    },
    Revoke {
        unit: usize,
    },
    CarryOut {
        unit: usize,
    },
    EnrolAgain {
        unit: usize,
    },
    Pass {
        seconds: u64,
    },
    /// An older state of the store is put back, and it speaks.
    PutBack {
        unit: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let unit = 0..DEVICES;
    let step = prop_oneof![
        3 => (0u8..32, prop::bool::weighted(0.2)).prop_map(|(toggled, whole)| Step::Publish { toggled, whole }),
        2 => (1u8..32).prop_map(|toggled| Step::Change { toggled }),
        4 => unit.clone().prop_map(|unit| Step::Take { unit }),
        5 => (unit.clone(), prop::bool::weighted(0.3), prop::bool::weighted(0.3))
            .prop_map(|(unit, lost, late)| Step::Speak { unit, lost, late }),
        1 => unit.clone().prop_map(|unit| Step::Arrive { unit }),
        1 => unit.clone().prop_map(|unit| Step::Lapse { unit }),
        1 => unit.clone().prop_map(|unit| Step::Revoke { unit }),
        1 => unit.clone().prop_map(|unit| Step::CarryOut { unit }),
        1 => unit.clone().prop_map(|unit| Step::EnrolAgain { unit }),
        2 => prop_oneof![Just(60), Just(1200), Just(LEASE_S + 600)].prop_map(|seconds| Step::Pass { seconds }),
        1 => unit.prop_map(|unit| Step::PutBack { unit }),
    ];
    prop::collection::vec(step, 1..22)
}

impl World {
    fn new() -> World {
        let (dir, home, time) = new_home_and_time();
        create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
        let (content, now, late) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        let mut world = World { dir, home, time, content, now, units: Vec::new(), late, folders: 0 };
        for number in 0..DEVICES {
            let device = format!("post-{number}").parse().unwrap();
            let unit = world.enrol(device);
            world.units.push(vec![unit]);
        }
        world
    }

    fn enrol(&mut self, device: DeviceId) -> Unit {
        self.folders += 1;
        let folder = self.dir.path().join(format!("device-{}", self.folders));
        enrol(&self.home, &device, &EnrolOptions::into(folder.clone())).unwrap();
        Unit {
            device,
            key: Arc::new(super::box_key(&folder)),
            holds: None,
            names: None,
            floor: 0,
            confirmed_at: 0,
            number: 0,
            order: 0,
            last_key: 0,
            revoked: false,
            said: None,
        }
    }

    fn publish(&mut self, toggled: u8, whole: bool) {
        for number in (0..ALERTS).filter(|number| toggled & (1 << number) != 0) {
            if !self.now.remove(&number) {
                self.now.insert(number);
            }
        }
        let rows: String = self.now.iter().map(|number| format!("UTO,P,L0000{number},stolen\n")).collect();
        let file = self.dir.path().join("list.csv");
        fs::write(&file, format!("issuing_state,document_type,document_number,status\n{rows}")).unwrap();
        let options = ImportOptions { allow_empty: true, ..ImportOptions::default() };
        import(&self.home, &list_name(), &file, options).unwrap();
        let options = PublishOptions { whole, withdraw_many: true };
        let edition = publish(&self.home, &list_name(), &options).unwrap().edition;
        self.content.insert(edition, self.now.clone());
    }

    fn change(&mut self, toggled: u8) {
        if self.content.is_empty() {
            return;
        }
        let mut lines = String::new();
        for number in (0..ALERTS).filter(|number| toggled & (1 << number) != 0) {
            lines += &match self.now.remove(&number) {
                true => format!("{{\"withdraw\": \"{}\"}}\n", alert(number)),
                false => {
                    self.now.insert(number);
                    let put = r#""issuing_state": "UTO", "document_type": "P", "status": "stolen""#;
                    format!("{{\"put\": {{{put}, \"document_number\": \"L0000{number}\"}}}}\n")
                }
            };
        }
        let file = self.dir.path().join("changes.jsonl");
        fs::write(&file, lines).unwrap();
        let options = ChangeOptions { withdraw_many: true, ..ChangeOptions::default() };
        let changed = change(&self.home, &list_name(), &Changes::File(file), options).unwrap();
        self.content.insert(changed.published.edition, self.now.clone());
    }

    /// The newest edition, the highest key that it needs, and whether it is there.
    fn take(&mut self, device: usize, enrolment: usize) {
        let db = self.home.database().unwrap();
        let now = self.home.now();
        let Some(newest) = editions::newest(db.read(), &list_name()).unwrap() else { return };
        let unit = &mut self.units[device][enrolment];
        if !unit.revoked {
            let keys = grants::of_device(db.read(), &unit.device).unwrap();
            assert_eq!(keys.len(), 1, "the device is enrolled");
            unit.last_key = newest.segments.iter().map(|segment| segment.key).max().unwrap();
        } else if unit.order > 0 {
            return; // its grants are void
        }
        let opens = newest.segments.iter().all(|segment| segment.key <= unit.last_key);
        if opens && newest.edition >= unit.floor {
            (unit.holds, unit.names) = (Some(newest.edition), Some(newest.edition));
            (unit.floor, unit.confirmed_at) = (newest.edition, now);
        }
    }

    /// The status of an enrolment as it is now.
    fn status(&mut self, device: usize, enrolment: usize) -> (Status, Vec<u8>) {
        let db = self.home.database().unwrap();
        let now = self.home.now();
        let unit = &mut self.units[device][enrolment];
        unit.number += 1;
        let held = unit.names.map(|edition| HeldList {
            list: list_name(),
            edition,
            manifest: identity(
                &editions::manifest(db.read(), &list_name(), edition).unwrap().unwrap(),
                SignedKind::Manifest,
            )
            .unwrap(),
            age_s: now.saturating_sub(unit.confirmed_at),
        });
        let status = Status {
            device: unit.device.clone(),
            at: now,
            journal: unit.number,
            order: unit.order,
            lists: held.into_iter().collect(),
            number: unit.number,
            ..status_with(1)
        };
        let bytes = signed_status(status.clone(), &unit.key);
        (status, bytes)
    }

    fn arrive(&mut self, device: usize, status: &Status, bytes: &[u8]) {
        let id = self.units[device][0].device.clone();
        let db = self.home.database().unwrap();
        if take(db.read(), &id, bytes, false, self.home.now()).unwrap() == Stored::New {
            let newest = self.units[device].last_mut().unwrap();
            newest.said = status.lists.first().map(|held| held.edition);
        }
    }

    fn run(&mut self, step: &Step) {
        let newest = |world: &World, unit: usize| world.units[unit].len() - 1;
        match *step {
            Step::Publish { toggled, whole } => self.publish(toggled, whole),
            Step::Change { toggled } => self.change(toggled),
            Step::Take { unit } => {
                (0..self.units[unit].len()).for_each(|enrolment| self.take(unit, enrolment))
            }
            Step::Speak { unit, lost, late } => {
                let (status, bytes) = self.status(unit, newest(self, unit));
                match (lost, late) {
                    (true, _) => {}
                    (false, true) => self.late.push((unit, status, bytes)),
                    (false, false) => self.arrive(unit, &status, &bytes),
                }
            }
            Step::Arrive { unit } => {
                if let Some(at) = self.late.iter().position(|(of, ..)| *of == unit) {
                    let (_, status, bytes) = self.late.remove(at);
                    self.arrive(unit, &status, &bytes);
                }
            }
            Step::Lapse { unit } => self.units[unit].last_mut().unwrap().holds = None,
            Step::Revoke { unit } => {
                self.units[unit].last_mut().unwrap().revoked = true;
                revoke(&self.home, &self.units[unit][0].device.clone()).unwrap();
            }
            Step::CarryOut { unit } => {
                let db = self.home.database().unwrap();
                let last = self.units[unit].last_mut().unwrap();
                if last.revoked {
                    last.order = statements::last_order_number(db.read(), &last.device).unwrap();
                    (last.holds, last.names) = (None, None);
                }
            }
            Step::EnrolAgain { unit } => {
                if self.units[unit].last().unwrap().revoked {
                    let again = self.enrol(self.units[unit][0].device.clone());
                    self.units[unit].push(again);
                }
            }
            Step::Pass { seconds } => {
                self.time.pass(seconds);
                confirm_clock(&self.home).unwrap();
            }
            Step::PutBack { unit } => self.put_back(unit),
        }
    }

    /// Only while it is enrolled: an order that was carried out is not in the older store.
    fn put_back(&mut self, unit: usize) {
        let enrolment = self.units[unit].len() - 1;
        let last = &mut self.units[unit][enrolment];
        let older = self.content.keys().copied().rfind(|edition| *edition < last.floor);
        if last.revoked || last.number < 3 || older.is_none() {
            return;
        }
        (last.holds, last.names, last.floor) = (older, older, older.unwrap_or(0));
        last.number = 0;
        self.time.pass(1);
        let (status, bytes) = self.status(unit, enrolment);
        self.arrive(unit, &status, &bytes);
    }

    /// Compares what is answered with the truth.
    fn check(&self) {
        if self.content.is_empty() {
            return;
        }
        for number in 0..ALERTS {
            let question = Question { alert: Some(alert(number)), edition: None };
            self.compare(&question, &|edition| self.content[&edition].contains(&number));
        }
        for &edition in self.content.keys() {
            let question = Question { alert: None, edition: Some(edition) };
            self.compare(&question, &|held| held == edition);
        }
        self.compare(&Question::default(), &|_| true);
    }

    fn compare(&self, question: &Question, is_asked: &dyn Fn(u64) -> bool) {
        let found = holders(&self.home, &list_name(), question).unwrap();
        assert_eq!(found.undetermined_before, None);
        let asked: Vec<u64> = self.content.keys().copied().filter(|edition| is_asked(*edition)).collect();
        let named =
            |edition: &u64| found.editions.iter().any(|(first, last)| (first..=last).contains(&edition));
        assert!(asked.iter().all(named), "{question:?}: {asked:?} are not in {:?}", found.editions);
        let mut by_device: BTreeMap<&str, Vec<&CopyView>> = BTreeMap::new();
        for copy in &found.copies {
            by_device.entry(&copy.device).or_default().push(copy);
        }
        for units in &self.units {
            let copies = &by_device[units[0].device.as_str()];
            assert_eq!(copies.len(), units.len());
            for (unit, copy) in units.iter().zip(copies) {
                let holds = unit.holds.is_some_and(is_asked);
                let is_listed = matches!(copy.standing, Standing::Holds | Standing::MayHold);
                assert!(is_listed || !holds, "{question:?}: it holds {:?}, and is {copy:?}", unit.holds);
                let said = unit.said.is_some_and(is_asked);
                assert!(
                    copy.standing != Standing::Holds || said,
                    "{question:?}: it said {:?}, and is {copy:?}",
                    unit.said
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

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
    assert_eq!(flagged(&world, Flag::Silent), ["post-1", "post-2"]);
    world.run(&Step::Pass { seconds: 1200 });
    assert_eq!(flagged(&world, Flag::Lag), ["post-0"]);
    assert_eq!(flagged(&world, Flag::Silent), ["post-0", "post-1", "post-2"]);
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
    assert_eq!(flagged(&world, Flag::Certificate), ["post-0", "post-1", "post-2"]);
}
