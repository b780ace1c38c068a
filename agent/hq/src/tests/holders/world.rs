//! The truth that `holders` is compared with: devices and what each of their copies can answer from.

use super::super::{box_key, list_name, new_home_and_time, signed_status, status_with};
use crate::authority::home::Home;
use crate::authority::signing_time::confirm_clock;
use crate::db::{editions, grants, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::fleet::status::{Stored, take};
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

pub(super) const ALERTS: u8 = 5;
pub(super) const DEVICES: usize = 2;
/// The list's lease, seconds.
pub(super) const LEASE_S: u64 = 48 * 3600;

pub(super) fn alert(number: u8) -> String {
    format!("UTO-P-L0000{number}")
}

/// One enrolment of a device, wherever its copy is.
#[derive(Clone)]
pub(super) struct Unit {
    pub(super) device: DeviceId,
    pub(super) key: Arc<BoxKey>,
    /// The edition that it can answer from.
    pub(super) holds: Option<u64>,
    /// It names an edition whose keys are erased.
    pub(super) names: Option<u64>,
    pub(super) floor: u64,
    pub(super) confirmed_at: u64,
    pub(super) number: u64,
    pub(super) order: u64,
    /// The highest key that it has.
    pub(super) last_key: u32,
    pub(super) revoked: bool,
    /// The edition that its last accepted word names.
    pub(super) said: Option<u64>,
}

pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) home: Home,
    pub(super) time: Arc<ManualTime>,
    pub(super) content: BTreeMap<u64, BTreeSet<u8>>,
    pub(super) now: BTreeSet<u8>,
    /// Of each device, its enrolments, the newest last.
    pub(super) units: Vec<Vec<Unit>>,
    /// Statuses on their way.
    pub(super) late: Vec<(usize, Status, Vec<u8>)>,
    pub(super) folders: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
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

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
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
    prop::collection::vec(step, 10..30)
}

impl World {
    pub(super) fn new() -> World {
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
            key: Arc::new(box_key(&folder)),
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

    pub(super) fn publish(&mut self, toggled: u8, whole: bool) {
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

    pub(super) fn arrive(&mut self, device: usize, status: &Status, bytes: &[u8]) {
        let id = self.units[device][0].device.clone();
        let db = self.home.database().unwrap();
        if take(db.read(), &id, bytes, false, self.home.now()).unwrap() == Stored::New {
            let newest = self.units[device].last_mut().unwrap();
            newest.said = status.lists.first().map(|held| held.edition);
        }
    }

    pub(super) fn run(&mut self, step: &Step) {
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
    pub(super) fn check(&self) {
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
