//! What devices send home: who has a device's certificate and not its key writes nothing in its name, and whoever reads FORMAT.md
//! can read it.

use std::fs;
use std::process::Command;
use std::time::Duration;
use vedette_common::crypto::{BoxKey, random_secret, sign_statement};
use vedette_common::{device_key, encounter};
use vedette_shim::ids::Hex;
use vedette_shim::trust::{HeldList, SignedKind, Status, key_id};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{
    Encounter, EncounterOutcome, FormEntry, FormField, Outcome, Report, ScannedDocument,
};
use vedette_tests::device::code;
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::line::Line;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

#[test]
fn what_a_device_has_not_signed_is_refused_with_an_alarm() {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    let shown = || post.hq.run(&["devices", "--json"]).expect_code(0).json()[0].clone();
    let says = || (shown()["said"]["journal"].as_u64() > Some(0)).then(shown);
    let before = wait_until("the device says how it is", says, || post.hq.log());
    assert_eq!((before["online"].as_bool(), before["held"][0]["edition"].as_u64()), (Some(true), Some(1)));

    let mut impostor = Intruder::connect(post.broker.port(), &Identity::of_device(&device)).unwrap();
    impostor.publish("vedette/v1/device/post-7/status", b"edition 9999, all is well", false).unwrap();
    // An id, a name of a list, two sealed bytes and two bytes of signature.
    impostor.publish("vedette/v1/device/post-7/encounter", &[2; 31], false).unwrap();
    let refused = || {
        let devices = shown();
        let count = devices["refusals"].as_array().map_or(0, Vec::len);
        (count == 2).then_some(devices)
    };
    let after = wait_until("both are refused", refused, || post.hq.log());
    assert_eq!(after["held"][0]["edition"].as_u64(), Some(1));
    assert_eq!(after["contradictions"].as_array().map(Vec::len), Some(0));
    let alarm = || post.hq.run(&["devices"]).err.contains("messages in devices' names").then_some(());
    wait_until("there is an alarm", alarm, || post.hq.log());
    post.wait_for_encounters(&device, 1);
}

/// What `tests/reader/home.py`, which shares no code with this, reads; or why it does not.
fn read(arguments: &[&str]) -> Result<serde_json::Value, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/reader/home.py");
    let read = Command::new("python3").arg(script).args(arguments).output().expect("python3 runs");
    match read.status.success() {
        true => Ok(serde_json::from_slice(&read.stdout).expect("it prints JSON")),
        false => Err(String::from_utf8_lossy(&read.stderr).into()),
    }
}

#[test]
fn an_independent_reader_opens_encounters_and_their_outcomes() {
    let folder = tempfile::tempdir().unwrap();
    let (device_key, owner_key) = (random_secret(), random_secret());
    let (device, owner) = (BoxKey::from_private(device_key.clone()), BoxKey::from_private(owner_key.clone()));
    let met = Encounter {
        id: [1; 16],
        scan: [2; 16],
        device: "post-7".parse().unwrap(),
        post: "North gate".try_into().unwrap(),
        made_at: 1_795_867_200,
        list: LIST.parse().unwrap(),
        edition: 300,
        alert: "UTO-P-L898902C3".try_into().unwrap(),
        verdict: Verdict::Possible,
        score: 812,
        document: ScannedDocument { number: "L898902C3".try_into().unwrap(), ..Default::default() },
        late: true,
    };
    let entry = FormEntry { field: FormField::Route, text: "Kehl".try_into().unwrap() };
    let outcome = EncounterOutcome {
        id: [3; 16],
        encounter: [1; 16],
        device: "post-7".parse().unwrap(),
        list: LIST.parse().unwrap(),
        at: 1_795_867_300,
        who: "12".try_into().unwrap(),
        outcome: Outcome::Seized,
        note: "n".repeat(200).as_str().try_into().unwrap(),
        form: [entry].into_iter().collect(),
    };
    let seal = |report| encounter::seal(&report, &device, &owner.public()).unwrap();
    let messages = [seal(Report::Encounter(met)), seal(Report::Outcome(outcome))];
    let file = folder.path().join("messages");
    let read_file = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let keys = [Hex(&*device_key).to_string(), Hex(&*owner_key).to_string()];
        read(&["encounter", "post-7", &keys[0], &keys[1], LIST, file.to_str().unwrap()])
    };
    let found = read_file(&encounter::batches(messages.iter().cloned())[0]).unwrap();
    let met = &found[0];
    assert_eq!((&met["is"], &met["alert"]), (&"encounter".into(), &"UTO-P-L898902C3".into()));
    assert_eq!((&met["edition"], &met["score"], &met["late"]), (&300.into(), &812.into(), &true.into()));
    assert_eq!((&met["verdict"], &met["bytes"]), (&"possible".into(), &300.into()));
    assert_eq!(met["document"]["number"], "L898902C3");
    let said = &found[1];
    assert_eq!((&said["outcome"], &said["form"][0][1]), (&"seized".into(), &"Kehl".into()));
    assert_eq!(said["bytes"], messages[1].len());
    let mut changed = messages[0].clone();
    changed[20] ^= 1;
    assert!(read_file(&changed).unwrap_err().contains("InvalidSignature"));
}

#[test]
fn an_independent_reader_verifies_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let device_key = random_secret();
    let device = BoxKey::from_private(device_key.clone());
    let held = HeldList { list: LIST.parse().unwrap(), edition: 300, manifest: [5; 32], age_s: 70 };
    let status = Status {
        device: "post-7".parse().unwrap(),
        enrolment: key_id(&device.public()),
        number: 1_000,
        session: 999,
        online: true,
        at: 1_795_867_200,
        version: "0.1.0".try_into().unwrap(),
        certificate: [0x40, 0xff, 7].into_iter().collect(),
        heartbeat: 1_795_867_100,
        time_lost: false,
        root: 3,
        roster: 4,
        order: 5,
        journal: 600,
        journal_hash: [6; 32],
        store_fault: "the disk is full".try_into().unwrap(),
        spool: 7,
        refused: 8,
        lists: [held].into_iter().collect(),
        overdue: [[9; 16]].into_iter().collect(),
    };
    let signed = sign_statement(SignedKind::Status, &status, &[&device_key::signing(&device)]);
    let file = folder.path().join("status");
    let read_file = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        read(&["status", "post-7", &Hex(&*device_key).to_string(), file.to_str().unwrap()])
    };
    let found = read_file(&signed).unwrap()[0].clone();
    assert_eq!(
        (&found["number"], &found["session"], &found["journal"]),
        (&1_000.into(), &999.into(), &600.into())
    );
    assert_eq!(
        (&found["lists"][0]["edition"], &found["store_fault"]),
        (&300.into(), &"the disk is full".into())
    );
    assert_eq!(found["certificate"], "40ff07");
    assert_eq!(found["overdue"][0], "09".repeat(16));
    let mut changed = signed;
    changed[15] ^= 1;
    assert!(read_file(&changed).is_err());
}

#[test]
fn encounters_on_the_wire_cost_what_was_promised() {
    let post = Post::serving();
    let line = Line::to(post.broker.port());
    let mut device = post.enrol("post-7");
    let config = fs::read_to_string(device.config()).unwrap();
    let config =
        config.replace(&format!("port = {}", post.broker.port()), &format!("port = {}", line.port()));
    // Neither repeats nor statuses beside the one of each session.
    let config = config
        .replace("receipt_wait_s = 1", "receipt_wait_s = 300")
        .replace("status_every_s = 1", "status_every_s = 3600");
    fs::write(device.config(), config).unwrap();
    device.start();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let session = |count: usize| {
        line.cut();
        (0..count).for_each(|_| drop(device.scan(&passport(SPECIMEN)).expect_code(code::HIT)));
        let before = line.carried();
        line.repair();
        wait_until("the session is there", || (line.carried() > before).then_some(()), || device.log());
        device.wait_for_receipts();
        let is_quiet = || {
            let carried = line.carried();
            std::thread::sleep(Duration::from_secs(2));
            (line.carried() == carried).then_some(carried - before)
        };
        wait_until("the line is quiet", is_quiet, || device.log())
    };
    let (alone, count) = (session(0), 200);
    let with = session(count);
    let each = (with - alone) / count as u64;
    println!("a session {alone} bytes, one with {count} encounters {with}: {each} bytes each");
    post.wait_for_encounters(&device, count);
    assert!(each <= 350, "{each} bytes an encounter");
}
