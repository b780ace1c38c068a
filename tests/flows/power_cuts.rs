//! The power fails under the agent, an import or a salvage, after any change to the disk: what was said before the cut is still so
//! when the program is started again, and no verdict is wrong.
//!
//! Every flow is recorded once (`vedette_tests::power_cut`) and then cut. `CUTS=2000 cargo nextest run -p vedette-tests -E
//! 'test(power_cuts)'` tries so many states of each; `SEED=n` makes another choice.

use super::faults::device_and_stick;
use rusqlite::{Connection, OpenFlags};
use std::collections::{BTreeMap, BTreeSet};
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::power_cut::Recording;
use vedette_tests::power_cut::states::{self, Loss};
use vedette_tests::program::{Ended, wait_until};
use vedette_tests::sample::{SPECIMEN, passport};
use vedette_tests::simulation::random::Random;

/// States of the disk that a short run tries of each flow.
const CUTS: usize = 24;
/// Of the states tried, every so many are kept to see more of them; at most so many.
const KEPT_EVERY: usize = 6;
const KEPT_MAX: usize = 4;
/// Listed since the second edition.
const NEW: &str = "Z0000001";
/// Never listed.
const UNLISTED: &str = "L000000X7";

/// What was so before a cut and must be so after it.
#[derive(Debug, Clone, Default)]
struct Said {
    /// The edition in use; and the newest that may be by now.
    edition: u64,
    published: u64,
    /// Encounters that answers named.
    answered: BTreeSet<String>,
    /// An order to erase may have come; it was carried out.
    is_ordered: bool,
    is_erased: bool,
}

/// A recorded flow: from which position in the recording on what was so.
struct Flow {
    recording: Recording,
    said: BTreeMap<u64, Said>,
    now: Said,
}

impl Flow {
    fn of(recording: Recording, now: Said) -> Flow {
        Flow { recording, said: BTreeMap::from([(0, now.clone())]), now }
    }

    /// Something is so from now on.
    fn say(&mut self, change: impl FnOnce(&mut Said)) {
        change(&mut self.now);
        self.said.insert(self.recording.position(), self.now.clone());
    }

    /// An officer's scan of a document that is listed.
    fn scan(&mut self, device: &Device, document: &str) {
        let id = encounter(&device.scan(&passport(document)).expect_code(code::HIT));
        self.say(|said| said.answered.extend([id]));
    }
}

fn encounter(scanned: &Ended) -> String {
    scanned.json()["alerts"][0]["encounter_id"].as_str().expect("a hit is spooled").into()
}

fn from_environment(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Encounters in the spool, and those that were receipted lately.
fn kept(device: &Device) -> Vec<String> {
    let path = device.folder().join("state/state.db");
    if !path.exists() {
        return Vec::new();
    }
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut rows = db.prepare("SELECT hex(id) FROM spool UNION ALL SELECT hex(id) FROM receipted").unwrap();
    let ids = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| id.unwrap().to_lowercase()).collect()
}

/// What a device after a cut answers, and has.
fn check(device: &Device, said: &Said, context: &str) {
    // The first that has the store to itself: whatever must be repaired is.
    device.run("lists", &["--standalone"]).expect_code(0);
    let journal = device.run("journal", &["verify"]);
    assert_eq!(journal.code, 0, "{context}: {journal}");
    let scan = |document: &str| {
        let scanned = device.scan_standalone(&passport(document));
        (scanned.code, scanned.to_string())
    };
    let kept_now = kept(device);
    let once: BTreeSet<&String> = kept_now.iter().collect();
    assert_eq!(once.len(), kept_now.len(), "{context}: an encounter is there twice");
    let lost: Vec<_> = said.answered.iter().filter(|id| !once.contains(id)).collect();
    assert!(lost.is_empty(), "{context}: lost {lost:?}");
    let may_be_unchecked = said.edition == 0 || said.is_ordered;
    for (document, may_hit, must_hit) in [
        (SPECIMEN, said.published >= 1, said.edition >= 1),
        (NEW, said.published >= 2, said.edition >= 2),
        (UNLISTED, false, false),
    ] {
        let (code, text) = scan(document);
        let is_right = match code {
            code::HIT => may_hit && !said.is_erased,
            code::CLEAR => !must_hit && document != SPECIMEN && !said.is_erased,
            code::NOT_CHECKED => may_be_unchecked,
            _ => false,
        };
        assert!(is_right, "{context}: {document}: {text}");
    }
}

/// Tries some of the states that a cut may leave; returns some that were, each in a folder of its own.
fn cut(flow: &Flow, device: &Device) -> Vec<(Device, Said)> {
    let changes = flow.recording.changes();
    assert!(changes.len() > 20, "{} changes were recorded", changes.len());
    let seed = from_environment("SEED").unwrap_or(1);
    let wanted = from_environment("CUTS").unwrap_or(CUTS).min(changes.len() * Loss::ALL.len());
    let mut dice = Random::of(seed as u64);
    let (mut seen, mut kept) = (BTreeSet::new(), Vec::new());
    for nth in 0..wanted {
        // Spread over the whole, another kind of loss each time.
        let step = changes.len().div_ceil(wanted) as u64;
        let cut = (nth * changes.len() / wanted + dice.below(step) as usize).min(changes.len() - 1) + 1;
        let loss = Loss::ALL[nth % Loss::ALL.len()];
        let next = changes.get(cut).map_or(u64::MAX, |change| change.position);
        let (since, said) = flow.said.range(..next).next_back().expect("something is so from the start");
        let disk = states::after(&changes[..cut], flow.recording.before(), loss, &mut dice);
        if !seen.insert((disk.clone(), *since)) {
            continue; // as another cut left it
        }
        let fresh = device.folder().with_extension(format!("cut-{}", kept.len()));
        let fresh = Device::at(device.id(), disk.make(flow.recording.before(), &fresh));
        check(&fresh, said, &format!("SEED={seed}: cut after change {cut} of {}, {loss:?}", changes.len()));
        if seen.len() % KEPT_EVERY == 0 && kept.len() < KEPT_MAX {
            kept.push((fresh, said.clone()));
        }
    }
    println!("{} states after {} changes: 0 lost, 0 doubled, 0 wrong", seen.len(), changes.len());
    kept
}

#[test]
fn the_power_may_fail_under_the_agent_and_what_was_answered_comes_home_once() {
    let mut post = Post::serving();
    let device = post.enrol("post-7");
    let mut flow = Flow::of(Recording::start(&device, &["run"]), Said::default());
    flow.say(|said| said.published = 1);
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    flow.say(|said| said.edition = 1);
    (0..2).for_each(|_| flow.scan(&device, SPECIMEN));
    device.wait_for_receipts();
    flow.say(|said| said.published = 2);
    post.hq.publish(LIST, [SPECIMEN, NEW]);
    device.wait_for_edition(LIST, 2);
    flow.say(|said| said.edition = 2);
    flow.scan(&device, NEW);
    device.scan(&passport(UNLISTED)).expect_code(code::CLEAR);
    post.broker.kill().expect("it runs");
    (0..3).for_each(|_| flow.scan(&device, SPECIMEN));
    post.broker.restart().expect("it starts again");
    device.wait_for_receipts();
    flow.recording.stop();
    let kept = cut(&flow, &device);
    assert!(!kept.is_empty());
    let mut answered = BTreeSet::new();
    for (mut device, said) in kept {
        device.start();
        device.wait_for_receipts();
        device.kill();
        answered.extend(said.answered);
    }
    let stored: Vec<String> =
        post.hq.encounters().iter().map(|row| row["id"].as_str().expect("an id").into()).collect();
    let once: BTreeSet<String> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "an encounter came home twice");
    assert!(answered.is_subset(&once), "answered and not at home: {:?}", answered.difference(&once));
}

#[test]
fn the_power_may_fail_while_the_lists_are_erased() {
    let (mut post, device, _) = device_and_stick();
    post.hq.serve();
    let said = Said { edition: 1, published: 1, ..Said::default() };
    let mut flow = Flow::of(Recording::start(&device, &["run"]), said);
    device.wait_for_edition(LIST, 1);
    flow.scan(&device, SPECIMEN);
    // What the stick brought meanwhile is published over the link, too.
    flow.say(|said| said.published = 2);
    device.wait_for_edition(LIST, 2);
    flow.say(|said| said.edition = 2);
    flow.say(|said| said.is_ordered = true);
    post.hq.run(&["revoke", device.id()]).expect_code(0);
    let erased = || (device.scan(&passport(SPECIMEN)).code == code::NOT_CHECKED).then_some(());
    wait_until("the lists are erased", erased, || device.log());
    flow.say(|said| said.is_erased = true);
    flow.recording.stop();
    cut(&flow, &device);
}

#[test]
fn the_power_may_fail_under_an_import() {
    let (_post, device, stick) = device_and_stick();
    let said = Said { edition: 1, published: 2, ..Said::default() };
    let stick = stick.to_str().expect("a temporary path is text");
    let mut flow = Flow::of(Recording::start(&device, &["import", stick]), said);
    assert_eq!(flow.recording.wait(), 0);
    flow.say(|said| said.edition = 2);
    for (device, _) in cut(&flow, &device) {
        device.run("import", &[stick]).expect_code(0);
        device.scan_standalone(&passport(NEW)).expect_code(code::HIT);
    }
}

#[test]
fn the_power_may_fail_under_a_salvage() {
    let (_post, device, _) = device_and_stick();
    let scan = |_| encounter(&device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT));
    let answered: BTreeSet<String> = (0..3).map(scan).collect();
    // Found damaged in the last run: everything in it can still be read, so everything must come over.
    std::fs::write(device.folder().join("state/damaged"), b"").expect("a temporary file can be written");
    let said = Said { edition: 1, published: 1, answered, ..Said::default() };
    let mut flow = Flow::of(Recording::start(&device, &["lists", "--standalone"]), said);
    assert_eq!(flow.recording.wait(), 0);
    flow.say(|_| {});
    cut(&flow, &device);
}
