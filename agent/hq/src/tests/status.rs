//! Statuses: only what a device signed is believed, only forwards, and what contradicts itself is an alarm.

use super::{NOW, box_key, device_id, list_name, new_home, signed_status, status_with};
use crate::authority::home::Home;
use crate::collector::alarms::Alarms;
use crate::collector::homecoming::Homecoming;
use crate::collector::watch::Watch;
use crate::db::contradictions::What;
use crate::db::devices::{self, DeviceView};
use crate::db::{Db, editions};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::fleet::status::{FORMER, NOT_SIGNED, PLAYED_AGAIN, Stored, take};
use crate::publishing::list::{CreateOptions, create};
use std::time::Duration;
use tempfile::TempDir;
use vedette_common::crypto::{BoxKey, random_secret};
use vedette_shim::list::Kind;
use vedette_shim::trust::{HeldList, Manifest, SegmentRef, Status};
use vedette_shim::wire;

struct Bench {
    dir: TempDir,
    home: Home,
    db: Db,
    key: BoxKey,
}

fn bench() -> Bench {
    let (dir, home) = new_home();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    let (db, key) = (home.database().unwrap(), box_key(&dir.path().join("post-7")));
    Bench { dir, home, db, key }
}

/// The status of this number, made `at` seconds after the start, in the session of number 1.
fn status(number: u64, at: u64) -> Status {
    Status { number, at: NOW + at, journal: number, ..status_with(number) }
}

impl Bench {
    fn take(&self, status: Status) -> Stored {
        self.take_bytes(&signed_status(status, &self.key))
    }

    fn take_bytes(&self, message: &[u8]) -> Stored {
        take(self.db.read(), &device_id(), message, false, NOW + 1000).unwrap()
    }

    fn view(&self) -> DeviceView {
        devices::page(self.db.read(), "", 1).unwrap().remove(0)
    }

    fn number(&self) -> Option<u64> {
        self.view().said.map(|said| said.number)
    }

    /// What contradicts itself, in words.
    fn contradictions(&self) -> Vec<String> {
        self.view().contradictions.into_iter().map(|found| found.what).collect()
    }

    /// The subjects of the alarms that `serve` raises.
    fn alarms(&self) -> Vec<String> {
        let mut db = self.home.database().unwrap();
        let (watch, mut alarms) = (Watch::over(&self.home, Duration::ZERO), Alarms::default());
        Homecoming::to(&self.home).store(&mut db, &watch, &mut alarms);
        alarms.subjects().into_iter().map(String::from).collect()
    }
}

#[test]
fn a_forged_status_changes_nothing_and_is_an_alarm() {
    let bench = bench();
    assert_eq!(bench.take(status(2, 0)), Stored::New);
    let stranger = BoxKey::from_private(random_secret());
    let mut unsigned = [0; 512];
    let unsigned = wire::encode(&status(9999, 50), &mut unsigned).unwrap();
    let of_other = Status { device: "post-8".parse().unwrap(), ..status(9999, 50) };
    let mut changed = signed_status(status(3, 50), &bench.key);
    changed[30] ^= 1;
    let forged = [
        signed_status(status(9999, 50), &stranger),
        unsigned.to_vec(),
        signed_status(of_other, &bench.key),
        changed,
        Vec::new(),
    ];
    for message in forged {
        assert_eq!(bench.take_bytes(&message), Stored::Refused(NOT_SIGNED));
    }
    let view = bench.view();
    assert_eq!((view.said.unwrap().number, view.held[0].edition), (2, 2));
    assert_eq!((view.refusals[0].why.as_str(), view.refusals[0].count), (NOT_SIGNED, 5));
    let stranger_s = take(bench.db.read(), &"post-9".parse().unwrap(), unsigned, false, NOW).unwrap();
    assert_eq!(stranger_s, Stored::UnknownDevice);
    assert_eq!(bench.alarms(), ["a fork", "messages in devices' names"], "the edition was not published");
}

#[test]
fn a_status_played_again_changes_nothing() {
    let bench = bench();
    let (second, third) = (signed_status(status(2, 0), &bench.key), signed_status(status(3, 60), &bench.key));
    assert_eq!(bench.take_bytes(&second), Stored::New);
    assert_eq!(bench.take_bytes(&third), Stored::New);
    assert_eq!(bench.take_bytes(&third), Stored::Known, "the broker keeps it");
    assert_eq!(bench.take_bytes(&second), Stored::Refused(PLAYED_AGAIN));
    assert_eq!((bench.number(), bench.view().held[0].edition), (Some(3), 3));
    assert_eq!(bench.contradictions(), Vec::<String>::new());
}

#[test]
fn a_store_that_went_back_and_one_that_is_there_twice_are_alarms() {
    let bench = bench();
    assert_eq!(bench.take(status(8, 0)), Stored::New);
    // Two copies of the device go on from one state.
    let copy = Status { spool: 7, ..status(8, 0) };
    assert_eq!(bench.take(copy), Stored::Refused(PLAYED_AGAIN));
    assert_eq!(bench.contradictions(), [What::OneNumber.text()]);
    let copy = Status { spool: 7, journal: 8, journal_hash: [2; 32], ..status(9, 10) };
    assert_eq!(bench.take(copy), Stored::New);
    assert_eq!(bench.contradictions(), [What::Journal.text(), What::OneNumber.text()], "another journal");
    // An older state of the store was put back.
    assert_eq!(bench.take(Status { journal: 9, ..status(5, 20) }), Stored::New);
    assert_eq!(bench.number(), Some(5), "it is how the device is now");
    assert!(bench.contradictions().contains(&What::NumberBack.text().to_string()));
    assert_eq!(bench.alarms(), ["a fork", "devices that contradict themselves"]);
}

#[test]
fn a_number_that_could_not_be_stored_may_come_again() {
    let bench = bench();
    let fault = |status: Status| Status { store_fault: "full".try_into().unwrap(), journal: 0, ..status };
    assert_eq!(bench.take(status(8, 0)), Stored::New);
    assert_eq!(bench.take(fault(status(9, 1))), Stored::New);
    assert_eq!(bench.take(fault(status(10, 2))), Stored::New);
    // Restarted with room on its disk, and then it goes on.
    assert_eq!(bench.take(Status { journal: 8, ..status(9, 3) }), Stored::New);
    assert_eq!(bench.number(), Some(9));
    assert_eq!(bench.contradictions(), Vec::<String>::new());
    assert_eq!(bench.take(status(8, 4)), Stored::New);
    assert!(bench.contradictions().contains(&What::NumberBack.text().to_string()));
}

#[test]
fn a_journal_that_was_cut_or_rewritten_shows() {
    let bench = bench();
    assert_eq!(bench.take(Status { journal: 50, ..status(2, 0) }), Stored::New);
    assert_eq!(bench.take(Status { journal: 0, ..status(3, 1) }), Stored::New, "it could not be read");
    assert_eq!(bench.take(Status { journal: 51, ..status(4, 2) }), Stored::New);
    assert_eq!(bench.contradictions(), Vec::<String>::new());
    let rewritten = Status { journal: 51, journal_hash: [2; 32], ..status(5, 3) };
    assert_eq!(bench.take(rewritten.clone()), Stored::New);
    assert_eq!(bench.take(Status { journal: 40, ..status(6, 4) }), Stored::New);
    let found = bench.view().contradictions.remove(0);
    assert_eq!((found.what.as_str(), found.count), (What::Journal.text(), 2));
}

#[test]
fn a_will_ends_its_own_session_only() {
    let bench = bench();
    let will = |number| Status { online: false, session: number, ..status(number, 0) };
    assert_eq!(bench.take(status(2, 1)), Stored::New);
    assert_eq!(bench.take(will(1)), Stored::New);
    assert!(!bench.view().online);
    assert_eq!(bench.number(), Some(2), "it says nothing else");
    assert_eq!(bench.take(Status { session: 3, ..status(4, 2) }), Stored::New);
    assert_eq!(bench.take(will(1)), Stored::Refused(PLAYED_AGAIN));
    assert!(bench.view().online);
    // One that never said more.
    assert_eq!(bench.take(Status { at: NOW + 3, ..will(5) }), Stored::New);
    assert!(!bench.view().online);
    assert_eq!(bench.contradictions(), Vec::<String>::new());
}

#[test]
fn who_was_enrolled_again_starts_over_and_its_former_self_says_no_more() {
    let mut bench = bench();
    assert_eq!(bench.take(status(8, 0)), Stored::New);
    revoke(&bench.home, &device_id()).unwrap();
    assert_eq!(bench.take(status(9, 1)), Stored::New, "it may say that it has erased itself");
    enrol(&bench.home, &device_id(), &EnrolOptions::into(bench.dir.path().join("anew"))).unwrap();
    assert_eq!(bench.number(), None);
    assert_eq!(bench.take(status(10, 2)), Stored::Refused(FORMER));
    assert_eq!(bench.alarms(), [] as [&str; 0], "the broker retains it: nobody writes in the device's name");
    bench.key = box_key(&bench.dir.path().join("anew"));
    assert_eq!(bench.take(status(2, 3)), Stored::New);
    assert_eq!(bench.number(), Some(2));
}

#[test]
fn another_content_of_a_published_edition_is_an_alarm() {
    let bench = bench();
    let segment = SegmentRef { digest: [1; 32], bytes: 1, entries: 1, withdrawals: 0, key: 1 };
    let manifest = Manifest {
        list: list_name(),
        kind: Kind::Documents,
        edition: 4,
        issued: NOW,
        expires: NOW + 9,
        lease_s: 9,
        possible_from: 700,
        hit_from: 900,
        confirm_s: 0,
        handling: Default::default(),
        segments: [segment].into_iter().collect(),
        delta: None,
        merged: 0,
    };
    let signing = vedette_common::device_key::signing(&bench.key);
    let kind = vedette_shim::trust::SignedKind::Manifest;
    let envelope = vedette_common::crypto::sign_statement(kind, &manifest, &[&signing]);
    editions::insert(bench.db.read(), &manifest, &envelope).unwrap();
    let ours = vedette_shim::trust::identity(&envelope, kind).unwrap();
    let holding = |number, manifest| Status {
        lists: [HeldList { list: list_name(), edition: 4, manifest, age_s: 1 }].into_iter().collect(),
        ..status(number, number)
    };
    assert_eq!(bench.take(holding(2, ours)), Stored::New);
    assert_eq!(bench.contradictions(), Vec::<String>::new());
    assert_eq!(bench.take(holding(3, [9; 32])), Stored::New);
    assert_eq!(bench.contradictions(), [What::Edition.text()]);
}
