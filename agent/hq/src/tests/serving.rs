//! `serve` goes on with everything that it can do: what it cannot do is an alarm, and nothing is receipted without a row.

use super::{
    NOW, box_key, device_id, encounter_of, list_name, new_home_and_time, new_list, signed_status, status_with,
};
use crate::authority::home::Home;
use crate::authority::keys::{Key, OnlineRole};
use crate::authority::replace::replace_key;
use crate::authority::root;
use crate::authority::signing_time::AHEAD_S_MAX;
use crate::collector::alarms::{Alarms, alarms};
use crate::collector::encounters;
use crate::collector::homecoming::Homecoming;
use crate::collector::watch::Watch;
use crate::db::{Db, statements};
use crate::fleet::devices;
use crate::fleet::enrol::{EnrolOptions, enrol};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::{BoxKey, RingVerify, random_secret, secret_line};
use vedette_common::encounter;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::Receipt;
use vedette_shim::wire::Report;

/// A home with two lists and a device, and what `serve` works with.
struct Bench {
    dir: TempDir,
    home: Home,
    time: Arc<ManualTime>,
}

/// What `serve` has in hand.
struct Serving<'a> {
    home: &'a Home,
    db: Db,
    watch: Watch<'a>,
    homecoming: Homecoming<'a>,
    alarms: Alarms,
}

fn other_list() -> ListName {
    "uto/other".parse().unwrap()
}

fn bench() -> Bench {
    let (dir, home, time) = new_home_and_time();
    for list in [list_name(), other_list()] {
        new_list(&home, &list, Kind::Documents);
    }
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    Bench { dir, home, time }
}

impl Bench {
    fn serving(&self) -> Serving<'_> {
        let mut serving = Serving {
            home: &self.home,
            db: self.home.database().unwrap(),
            watch: Watch::over(&self.home, Duration::ZERO),
            homecoming: Homecoming::to(&self.home),
            alarms: Alarms::default(),
        };
        serving.look();
        assert_eq!(serving.alarms.subjects(), Vec::<&str>::new());
        serving
    }

    fn key(&self) -> BoxKey {
        box_key(&self.dir.path().join("post-7"))
    }

    fn message(&self, id: u8, list: &ListName) -> Vec<u8> {
        let owner = root::newest(&self.home).unwrap().0.issuer(list).unwrap().owner_key;
        encounter::seal(&Report::Encounter(encounter_of([id; 16], list)), &self.key(), &owner).unwrap()
    }

    fn damage(&self, file: &str) -> Vec<u8> {
        let path = self.home.keys().join(file);
        let right = fs::read(&path).unwrap();
        fs::write(&path, "what a disk left of it").unwrap();
        right
    }
}

impl Serving<'_> {
    fn look(&mut self) {
        self.watch.look(&mut self.db, &mut self.alarms);
        self.alarms.store(self.home, &mut self.db);
    }

    /// The ids that receipts name after this message.
    fn receipted(&mut self, message: &[u8]) -> Vec<u8> {
        self.answered(message).0
    }

    /// The ids that receipts name after this message, and whether they refuse it.
    fn answered(&mut self, message: &[u8]) -> (Vec<u8>, bool) {
        self.homecoming.encounter(device_id(), message.to_vec().into());
        self.homecoming.store(&mut self.db, &self.watch, &mut self.alarms);
        let root = root::newest(self.home).unwrap().0;
        let (mut ids, mut refused) = (Vec::new(), false);
        while let Some(publish) = self.homecoming.next_receipt() {
            let receipt = Receipt::accept(&publish.payload, &device_id(), &root, &RingVerify).unwrap();
            ids.extend(receipt.entries.iter().map(|entry| entry.id[0]));
            refused |= receipt.refused.contains(&encounters::half_digest(message));
        }
        (ids, refused)
    }

    fn stored(&self) -> usize {
        encounters::pages(self.home, "test").unwrap().map(|page| page.unwrap().len()).sum()
    }

    fn heartbeat(&self) -> u64 {
        statements::heartbeat(self.db.read()).unwrap().unwrap().0
    }
}

#[test]
fn a_clock_that_runs_ahead_signs_nothing_and_collecting_goes_on() {
    let bench = bench();
    let mut serving = bench.serving();
    let message = bench.message(1, &list_name());
    bench.time.pass(100);
    bench.time.set_system(NOW + 3 * 86_400);
    serving.look();
    assert_eq!(serving.receipted(&message), Vec::<u8>::new());
    assert_eq!((serving.stored(), serving.heartbeat()), (1, NOW));
    assert_eq!(serving.alarms.subjects(), ["the clock"]);
    let shown = alarms(&bench.home).unwrap();
    assert!(shown.len() == 1 && shown[0].text.contains("--clock-is-right"), "{shown:?}");
    let row = encounters::pages(&bench.home, "test").unwrap().next().unwrap().unwrap().remove(0);
    assert_eq!(row.received_at, NOW + 100, "what passed since the last signature is known");

    bench.time.set_system(NOW + 200);
    serving.look();
    assert_eq!(serving.receipted(&message), [1]);
    assert_eq!((serving.stored(), serving.heartbeat()), (1, NOW + 200));
    assert_eq!(serving.alarms.subjects(), Vec::<&str>::new());
    assert_eq!(alarms(&bench.home).unwrap(), []);
}

#[test]
fn a_heartbeat_key_that_is_damaged_for_days_stops_heartbeats_and_nothing_else() {
    let bench = bench();
    let mut serving = bench.serving();
    let right = bench.damage("heartbeat");
    bench.time.pass(AHEAD_S_MAX + 10);
    serving.look();
    assert_eq!(serving.receipted(&bench.message(1, &list_name())), [1]);
    assert_eq!(serving.alarms.subjects(), ["the heartbeat"]);
    fs::write(bench.home.keys().join("heartbeat"), right).unwrap();
    serving.look();
    assert_eq!(serving.heartbeat(), NOW + AHEAD_S_MAX + 10);
    assert_eq!(serving.alarms.subjects(), Vec::<&str>::new());
}

#[test]
fn one_owner_s_damaged_key_leaves_the_other_lists_alone() {
    let bench = bench();
    let right = bench.damage("owner-interpol.sltd");
    let mut serving = bench.serving();
    assert_eq!(serving.answered(&bench.message(1, &list_name())), (vec![1], false), "it is stored sealed");
    assert_eq!(serving.alarms.subjects(), ["the owner's key of interpol/sltd"]);
    assert_eq!(serving.stored(), 0);
    assert_eq!(serving.answered(&bench.message(2, &other_list())), (vec![2], false));
    assert_eq!(serving.answered(b"no encounter at all"), (vec![], true));
    // Another message under an id that is taken: it is stored too.
    assert_eq!(serving.answered(&bench.message(2, &other_list())), (vec![2], false));
    let device = devices::pages(&bench.home).unwrap().next().unwrap().unwrap().remove(0);
    let why: Vec<_> = device.refusals.iter().map(|r| (r.why.as_str(), r.count)).collect();
    assert_eq!(why, [("it cannot be read", 1)]);
    fs::write(bench.home.keys().join("owner-interpol.sltd"), right).unwrap();
    bench.time.pass(60);
    assert_eq!(serving.receipted(&bench.message(3, &list_name())), [3]);
    assert_eq!(serving.alarms.subjects(), Vec::<&str>::new());
    assert_eq!(serving.stored(), 4, "what waited for the key is opened");
}

#[test]
fn a_damaged_or_strange_collector_key_stores_and_receipts_later() {
    let bench = bench();
    let mut serving = bench.serving();
    bench.damage("collector");
    let message = bench.message(1, &list_name());
    serving.watch.start_over();
    serving.look();
    assert_eq!(serving.receipted(&message), Vec::<u8>::new());
    assert_eq!(serving.alarms.subjects(), ["the collector's key"]);
    fs::write(bench.home.keys().join("collector"), secret_line(&random_secret())).unwrap();
    serving.watch.start_over();
    serving.look();
    assert_eq!(serving.receipted(&message), Vec::<u8>::new());
    assert_eq!(serving.alarms.subjects(), ["receipts"]);
    replace_key(&bench.home, OnlineRole::Collector).unwrap();
    assert!(Key::Collector.is_here(&bench.home));
    serving.look();
    assert_eq!(serving.receipted(&message), [1]);
    assert_eq!((serving.stored(), serving.alarms.subjects()), (1, Vec::new()));
}

#[test]
fn a_full_disk_receipts_nothing_and_is_survived() {
    let bench = bench();
    let mut serving = bench.serving();
    let pages_max = serving.db.fill();
    // Small rows find room in pages that are there; in the end there is none.
    let first_without = (1..=200).find(|id| serving.receipted(&bench.message(*id, &list_name())).is_empty());
    let first_without = first_without.expect("the disk is full");
    let stored = serving.stored();
    assert_eq!(stored, usize::from(first_without) - 1, "a receipt for every row, a row for every receipt");
    assert!(serving.alarms.subjects().contains(&"encounters"), "{:?}", serving.alarms.subjects());
    serving.look();
    serving.db.make_room(pages_max);
    assert_eq!(serving.receipted(&bench.message(first_without, &list_name())), [first_without]);
    serving.look();
    assert!(!serving.alarms.subjects().contains(&"encounters"));
    assert_eq!(serving.stored(), stored + 1);
}

#[test]
fn a_device_that_holds_what_this_home_did_not_publish_is_an_alarm() {
    let bench = bench();
    let mut serving = bench.serving();
    let message = signed_status(status_with(7), &bench.key());
    serving.homecoming.status(device_id(), message.into(), false);
    serving.homecoming.store(&mut serving.db, &serving.watch, &mut serving.alarms);
    serving.look();
    let shown = alarms(&bench.home).unwrap();
    assert!(shown[0].text.contains("interpol/sltd edition 7 (here 1)"), "{shown:?}");
}

/// The acts of alarms in the audit log, with their subjects.
fn alarm_lines(home: &Home) -> Vec<(String, String)> {
    let all = crate::authority::audit::log::pages(home, Default::default()).unwrap();
    let lines = all.flat_map(Result::unwrap).filter(|line| line.act.starts_with("alarm"));
    lines.map(|line| (line.act, line.object)).collect()
}

#[test]
fn an_alarm_and_its_end_are_lines_of_the_audit_log_and_what_flutters_does_not_fill_it() {
    let bench = bench();
    let mut serving = bench.serving();
    let right = bench.damage("heartbeat");
    bench.time.pass(1);
    serving.look();
    serving.look();
    fs::write(bench.home.keys().join("heartbeat"), right).unwrap();
    bench.time.pass(6);
    serving.look();
    let line = |act: &str, what: &str| (act.to_string(), what.to_string());
    let first = [line("alarm", "the heartbeat"), line("alarm-ends", "the heartbeat")];
    assert_eq!(alarm_lines(&bench.home), first);
    for n in 0..200 {
        serving.alarms.raise("a cable", format!("it is out, {n}"), NOW);
        serving.alarms.end("a cable");
        serving.alarms.store(&bench.home, &mut serving.db);
    }
    assert_eq!(alarm_lines(&bench.home).len(), 60);
}

#[test]
fn without_the_audit_key_there_is_an_alarm_and_nothing_that_must_be_recorded_is_done() {
    let bench = bench();
    let mut serving = bench.serving();
    bench.damage("audit");
    serving.alarms.raise("a cable", "it is out".into(), NOW);
    serving.look();
    assert_eq!(serving.alarms.subjects(), ["a cable", "the audit log"]);
    assert_eq!(alarm_lines(&bench.home), []);
    // What devices send is stored and receipted all the same.
    assert_eq!(serving.receipted(&bench.message(3, &list_name())), [3]);
}
