//! A hit comes home: exactly once, whatever dies on the way.

use rusqlite::{Connection, Row, params};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};

/// Scans a listed passport; returns the scan's id.
#[track_caller]
fn hit(device: &Device, number: &str) -> String {
    let hit = device.scan(&passport(number)).expect_code(code::HIT).json();
    hit["scan_id"].as_str().unwrap().into()
}

/// The scans that headquarters has encounters of, each once.
#[track_caller]
fn scans_at_headquarters(post: &Post) -> BTreeSet<String> {
    let encounters = post.hq.encounters();
    let scans: BTreeSet<String> = encounters.iter().map(|e| e["scan"].as_str().unwrap().into()).collect();
    assert_eq!(scans.len(), encounters.len(), "an encounter came twice: {encounters:?}");
    scans
}

/// Receipts are lost on the way from now on, until [`restore_receipts`]: the broker no longer lets them through.
fn lose_receipts(post: &mut Post) {
    let acl = post.broker.acl_path();
    let rights = fs::read_to_string(&acl).unwrap();
    let lossy = rights.replace("topic write vedette/v1/device/+/receipt\n", "");
    assert_ne!(rights, lossy);
    fs::write(&acl, lossy).unwrap();
    post.broker.reload().unwrap();
}

fn restore_receipts(post: &mut Post) {
    let acl = post.broker.acl_path();
    let rights = fs::read_to_string(&acl).unwrap();
    fs::write(&acl, format!("{rights}topic write vedette/v1/device/+/receipt\n")).unwrap();
    post.broker.reload().unwrap();
}

fn post_with_device() -> (Post, Device) {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN, &number(1)]);
    device.wait_for_edition(LIST, 1);
    (post, device)
}

#[test]
fn a_hit_comes_home_with_what_was_read_and_its_receipt_empties_the_spool() {
    let (post, device) = post_with_device();
    let scan = hit(&device, SPECIMEN);
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    let encounter = &post.hq.encounters()[0];
    assert_eq!(encounter["scan"], scan.as_str());
    assert_eq!(encounter["device"], "post-7");
    assert_eq!(encounter["list"], LIST);
    assert_eq!(encounter["edition"], 1);
    assert_eq!(encounter["alert"], "UTO-P-L898902C3");
    assert_eq!(encounter["verdict"], "hit");
    assert_eq!(encounter["document"]["number"], SPECIMEN);
    assert_eq!(encounter["document"]["surname"], "ERIKSSON");
    assert_eq!(encounter["device_revoked"], false);
}

#[test]
fn a_clear_sends_nothing_home() {
    let (post, device) = post_with_device();
    device.scan(&passport(&number(9))).expect_code(code::CLEAR);
    let scan = hit(&device, SPECIMEN);
    post.wait_for_encounters(&device, 1);
    assert_eq!(scans_at_headquarters(&post), BTreeSet::from([scan]));
}

#[test]
fn a_hit_while_offline_is_answered_at_once_and_comes_home_when_the_broker_is_back() {
    let (mut post, device) = post_with_device();
    post.broker.stop().unwrap();
    let offline = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(offline["alerts"][0]["alert_id"], "UTO-P-L898902C3");
    assert_eq!(device.spool(), Some(1));
    assert_eq!(post.hq.encounters().len(), 0);
    post.broker.restart().unwrap();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
}

#[test]
fn a_broker_killed_again_and_again_loses_no_encounter_and_doubles_none() {
    let (mut post, device) = post_with_device();
    let mut scans = BTreeSet::new();
    for _ in 0..4 {
        scans.extend((0..10).map(|_| hit(&device, SPECIMEN)));
        post.broker.kill().unwrap();
        scans.extend((0..5).map(|_| hit(&device, &number(1))));
        post.broker.restart().unwrap();
    }
    assert_eq!(scans.len(), 60);
    post.wait_for_encounters(&device, 60);
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), scans);
}

#[test]
fn an_agent_killed_between_spool_and_receipt_makes_exactly_one_encounter() {
    let (mut post, mut device) = post_with_device();
    lose_receipts(&mut post);
    let scan = hit(&device, SPECIMEN);
    post.wait_for_encounters(&device, 1);
    assert_eq!(device.spool(), Some(1), "the receipt is on its way for ever");
    device.kill();
    restore_receipts(&mut post);
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), BTreeSet::from([scan]));
}

#[test]
fn an_agent_killed_before_anything_was_sent_still_brings_the_encounter_home() {
    let (mut post, mut device) = post_with_device();
    post.broker.kill().unwrap();
    let scan = hit(&device, SPECIMEN);
    device.kill();
    post.broker.restart().unwrap();
    device.start();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), BTreeSet::from([scan]));
}

#[test]
fn a_collector_killed_between_store_and_receipt_makes_exactly_one_encounter() {
    let (mut post, device) = post_with_device();
    lose_receipts(&mut post);
    let scan = hit(&device, SPECIMEN);
    post.wait_for_encounters(&device, 1);
    post.hq.kill_serve();
    restore_receipts(&mut post);
    assert_eq!(device.spool(), Some(1));
    post.hq.serve();
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), BTreeSet::from([scan]));
}

#[test]
fn encounters_wait_while_no_collector_runs() {
    let (mut post, device) = post_with_device();
    assert_eq!(post.hq.stop_serve(), 0);
    let scans: BTreeSet<_> = (0..20).map(|_| hit(&device, SPECIMEN)).collect();
    assert_eq!(device.spool(), Some(20));
    post.hq.serve();
    post.wait_for_encounters(&device, 20);
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), scans);
}

#[test]
fn a_standalone_hit_comes_home_with_the_next_agent() {
    let (post, mut device) = post_with_device();
    assert_eq!(device.stop(), 0);
    let hit = device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT).json();
    device.start();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    assert_eq!(post.hq.encounters()[0]["scan"], hit["scan_id"]);
}

#[test]
fn a_stick_that_nobody_can_read_to_its_end_stops_neither_updates_nor_the_agents_end() {
    let (post, mut device) = post_with_device();
    // Opening a FIFO waits for a writer, and there is none.
    let bundle = post.folder().join("endless");
    fs::create_dir(&bundle).unwrap();
    assert!(Command::new("mkfifo").arg(bundle.join("heartbeat")).status().unwrap().success());
    let imported = device.run("import", &[bundle.to_str().unwrap()]);
    assert!(imported.err.contains("not a regular file") || imported.out.contains("not a regular file"));
    // More than every queue on the way holds.
    let mut noise = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
    for n in 0..500 {
        noise.publish("vedette/v1/heartbeat", b"x", false).unwrap();
        noise.publish(&format!("vedette/v1/segment/{}/{n}", "0".repeat(64)), b"x", false).unwrap();
    }
    let scan = hit(&device, SPECIMEN);
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), BTreeSet::from([scan]));
    post.hq.publish(LIST, [SPECIMEN, &number(1), &number(2)]);
    device.wait_for_edition(LIST, 2);
    assert_eq!(device.stop(), 0);
}

/// Changes a byte of the first messages in the spool; done again, it is as before.
fn damage_first_in_spool(device: &mut Device, messages: u32) {
    device.kill();
    let db = Connection::open(device.folder().join("state/state.db")).unwrap();
    let sql = "SELECT id, message FROM spool ORDER BY sequence LIMIT ?";
    let mut query = db.prepare(sql).unwrap();
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let rows: Vec<(Vec<u8>, Vec<u8>)> = query.query_map([messages], row).unwrap().flatten().collect();
    assert_eq!(rows.len(), messages as usize);
    for (id, mut message) in rows {
        message[100] ^= 1;
        db.execute("UPDATE spool SET message = ? WHERE id = ?", params![message, id]).unwrap();
    }
    drop(query);
    drop(db);
    device.start();
}

#[test]
fn what_headquarters_refuses_is_set_aside_and_holds_up_nothing() {
    let (mut post, mut device) = post_with_device();
    post.hq.create_list("uto/other", "48h");
    post.hq.publish("uto/other", [&number(2)]);
    device.wait_for_edition("uto/other", 1);
    assert_eq!(post.hq.stop_serve(), 0);
    // More than a window of those that will be refused, then good ones.
    let refused: BTreeSet<_> = (0..66).map(|_| hit(&device, SPECIMEN)).collect();
    let good: BTreeSet<_> = (0..10).map(|_| hit(&device, &number(2))).collect();
    damage_first_in_spool(&mut device, 66);
    post.hq.serve();
    post.wait_for_encounters(&device, 10);
    assert_eq!(scans_at_headquarters(&post), good);
    let is_aside = || {
        let status = device.run("status", &["--json"]).expect_code(0).json();
        (status["refused"] == 66 && status["spool"] == 66).then_some(())
    };
    wait_until("all are set aside", is_aside, || device.log());
    let shown = || {
        let devices = post.hq.run(&["devices"]).expect_code(0);
        let said = devices.out.contains("REFUSED 66") && devices.out.contains("not signed by the device");
        (said && devices.err.contains("ALARM")).then_some(())
    };
    wait_until("headquarters shows it", shown, || post.hq.log());

    damage_first_in_spool(&mut device, 66);
    post.hq.run(&["send-again", "post-7"]).expect_code(0);
    post.wait_for_encounters(&device, 76);
    device.wait_for_receipts();
    assert_eq!(scans_at_headquarters(&post), &refused | &good);
}
