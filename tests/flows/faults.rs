//! A disk that refuses, or a process that is killed, at any call: `strace` makes the nth call of each kind fail in the real program,
//! its SQLite included. After each fault the same device, without one, must be as if it had not happened or had been whole.
//!
//! `FAULT_STEP=1` tries every call (a quarter of an hour); by default every thirteenth, another one in each way to fail.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{self, copy_folder};
use vedette_tests::sample::{SPECIMEN, number, passport};

/// Calls that change what is on disk; a full disk refuses them.
const WRITING: &str = "pwrite64,ftruncate,fsync,fdatasync,rename,copy_file_range,unlink,mkdir";
/// And that read it.
const TOUCHING: &str =
    "openat,pread64,pwrite64,ftruncate,fsync,fdatasync,rename,copy_file_range,unlink,mkdir";
/// A program under `strace` that does not end is stuck.
const PATIENCE_S: &str = "60";

/// How a call fails.
#[derive(Clone, Copy)]
enum Way {
    Unreadable,
    Full,
    Killed,
}

impl Way {
    fn expression(self, n: usize) -> String {
        match self {
            Way::Unreadable => format!("inject={TOUCHING}:error=EIO:when={n}"),
            Way::Full => format!("inject={WRITING}:error=ENOSPC:when={n}+"),
            Way::Killed => format!("inject={TOUCHING}:signal=SIGKILL:when={n}"),
        }
    }
}

/// What a program under a fault did.
struct Faulted {
    code: i32,
    out: String,
    err: String,
    /// Whether it met the fault at all.
    met: bool,
}

fn step() -> usize {
    std::env::var("FAULT_STEP").ok().and_then(|text| text.parse().ok()).unwrap_or(13)
}

/// Runs a command of the device whose nth call fails.
fn run(device: &Device, way: Way, n: usize, arguments: &[&str]) -> Faulted {
    let log = device.folder().with_extension("strace");
    let program = program::command("vedette");
    let mut command = Command::new("timeout");
    command.args([PATIENCE_S, "strace", "-f", "-qq", "-o"]).arg(&log);
    command.args(["-e", &format!("trace={TOUCHING}"), "-e", &way.expression(n)]);
    command.arg(program.get_program()).args(arguments).arg("--config").arg(device.config());
    let output = command.output().expect("timeout is there");
    let code = output.status.code().unwrap_or(-1);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(code, 124, "call {n} of {arguments:?} leaves it stuck: {err}");
    let calls = fs::read_to_string(&log)
        .unwrap_or_else(|error| panic!("{error}: {err}\nhint: apt-get install strace"));
    let met = calls.contains("(INJECTED)") || calls.contains("killed by SIGKILL");
    Faulted { code, out: String::from_utf8_lossy(&output.stdout).into_owned(), err, met }
}

/// Does `work` for the nth call of every way to fail, until a call number is met by nobody; how many faults were met. `work` gets a
/// fresh copy of the device each time.
fn at_every_call(device: &Device, mut work: impl FnMut(&Device, Way, usize) -> bool) -> usize {
    let mut faults = 0;
    for (first, way) in [Way::Unreadable, Way::Full, Way::Killed].into_iter().enumerate() {
        let mut n = 1 + first * step() / 3;
        loop {
            let fresh = copy_folder(device.folder(), &device.folder().with_extension("faulted"));
            if !work(&Device::at(device.id(), fresh), way, n) {
                break;
            }
            (faults, n) = (faults + 1, n + step());
        }
    }
    faults
}

/// A device with an edition of 500 documents in use, and a stick with the next one, which the device merges. No agent runs.
pub(super) fn device_and_stick() -> (Post, Device, PathBuf) {
    let post = Post::new();
    let device = post.enrol("post-7");
    let stick = post.folder().join("stick");
    let listed = || (0..500).map(number).chain([SPECIMEN.into()]);
    post.hq.publish_bundle(LIST, listed(), &stick);
    device.run("import", &[stick.to_str().unwrap()]).expect_code(0);
    post.hq.publish_bundle(LIST, listed().chain(["Z0000001".into()]), &stick);
    (post, device, stick)
}

/// What is listed in the edition in use is a hit, and nothing else.
#[track_caller]
fn answers_rightly(device: &Device, newest: bool) {
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
    device.scan_standalone(&passport("L000000X7")).expect_code(code::CLEAR);
    let new = device.scan_standalone(&passport("Z0000001"));
    assert!(new.code == code::HIT || (new.code == code::CLEAR && !newest), "{new}");
    device.run("journal", &["verify"]).expect_code(0);
}

#[test]
fn an_import_may_fail_at_any_call() {
    let (_post, device, stick) = device_and_stick();
    let stick = stick.to_str().unwrap();
    let faults = at_every_call(&device, |device, way, n| {
        let faulted = run(device, way, n, &["import", stick]);
        answers_rightly(device, false);
        device.run("import", &[stick]).expect_code(0);
        answers_rightly(device, true);
        faulted.met
    });
    println!("{faults} faults met by an import");
    assert!(faults >= 10);
}

#[test]
fn a_scan_may_fail_at_any_call_and_what_it_answered_comes_home_once() {
    let (mut post, device, _) = device_and_stick();
    let mut home = device;
    let mut answered = BTreeSet::new();
    let zone = passport(SPECIMEN);
    let lines: Vec<&str> = zone.lines().collect();
    let scan = [&["scan", "--json", "--standalone"], lines.as_slice()].concat();
    // Not a fresh copy: every scan is the next one of the same device.
    let (mut faults, mut tried) = (0, 0);
    for (first, way) in [Way::Unreadable, Way::Full, Way::Killed].into_iter().enumerate() {
        let mut n = 1 + first * step() / 3;
        loop {
            let faulted = run(&home, way, n, &scan);
            tried += 1;
            assert!(
                ![code::CLEAR, code::POSSIBLE].contains(&faulted.code),
                "call {n}: {} {}",
                faulted.out,
                faulted.err
            );
            if faulted.code == code::HIT {
                let answer: Value = serde_json::from_str(&faulted.out).unwrap();
                answered.extend(answer["alerts"][0]["encounter_id"].as_str().map(String::from));
            }
            if !faulted.met {
                break;
            }
            (faults, n) = (faults + 1, n + step());
        }
    }
    home.run("journal", &["verify"]).expect_code(0);
    post.hq.serve();
    home.start();
    home.wait_for_receipts();
    let stored: Vec<String> =
        post.hq.encounters().iter().map(|row| row["id"].as_str().unwrap_or_default().to_string()).collect();
    let once: BTreeSet<String> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "none twice");
    assert!(answered.is_subset(&once), "answered and not at home: {:?}", answered.difference(&once));
    assert!(stored.len() <= tried);
    println!("{faults} faults met by {tried} scans, {} answered, {} at home", answered.len(), stored.len());
    assert!(faults >= 10 && !answered.is_empty());
}

#[test]
fn a_salvage_may_fail_at_any_call() {
    let (_post, device, _) = device_and_stick();
    for _ in 0..3 {
        device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
    }
    // Found damaged in the last run: everything in it can still be read, so everything must come over.
    fs::write(device.folder().join("state/damaged"), b"").unwrap();
    let shown = |device: &Device| {
        let lines = device.run("journal", &["show", "--json"]).expect_code(0).out;
        lines.lines().filter(|line| line.contains("\"hit\"")).count()
    };
    let faults = at_every_call(&device, |device, way, n| {
        let faulted = run(device, way, n, &["lists", "--standalone"]);
        device.run("lists", &["--standalone"]).expect_code(0);
        assert_eq!(shown(device), 3, "{}: {} {}", way.expression(n), faulted.code, faulted.err);
        device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
        faulted.met
    });
    println!("{faults} faults met by a salvage");
    assert!(faults >= 10);
}
