//! A device by itself: the daemon and `--standalone` give the same answers and exit codes.

use serde_json::Value;
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{run, wait_until};
use vedette_tests::sample::{SPECIMEN, number, passport};

fn post_with_bundle() -> (Post, Device) {
    let mut post = Post::new();
    let device = post.enrol("post-7");
    let stick = post.folder().join("stick");
    post.hq.publish_bundle(LIST, [SPECIMEN], &stick);
    post.broker.stop().unwrap();
    device.run("import", &[stick.to_str().unwrap()]).expect_code(0);
    (post, device)
}

/// What must not differ between two ways to ask: everything but names of scans and times.
fn comparable(mut answer: Value) -> Value {
    for key in ["scan_id", "elapsed_us"] {
        assert!(answer.as_object_mut().unwrap().remove(key).is_some(), "{key} is missing");
    }
    for list in answer["checked"].as_array_mut().unwrap() {
        assert!(list.as_object_mut().unwrap().remove("age_s").is_some());
    }
    for alert in answer["alerts"].as_array_mut().unwrap() {
        let encounter = alert.as_object_mut().unwrap().remove("encounter_id");
        assert_eq!(encounter.unwrap().as_str().map(str::len), Some(32), "it can be named");
    }
    answer
}

#[test]
fn the_daemon_and_standalone_give_the_same_answers_and_exit_codes() {
    let (_post, mut device) = post_with_bundle();
    let zones = [passport(SPECIMEN), passport(&number(3))];
    let alone: Vec<_> = zones.iter().map(|zone| device.scan_standalone(zone)).collect();
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    for (zone, alone) in zones.iter().zip(alone) {
        let asked = device.scan(zone);
        assert_eq!(asked.code, alone.code, "{asked}{alone}");
        assert_eq!(comparable(asked.json()), comparable(alone.json()));
    }
}

#[test]
fn a_damaged_store_is_set_aside_and_the_post_goes_on_with_its_lists_journal_and_hits() {
    let (_post, mut device) = post_with_bundle();
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
    let file = device.folder().join("state/state.db");
    let mut database = std::fs::read(&file).unwrap();
    // The header: SQLite takes it for no database at all, until it is set aside.
    let damaged = database.len() - 4096..database.len() - 100;
    database[damaged].fill(0xff);
    database[..16].fill(0xff);
    std::fs::write(&file, &database).unwrap();
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    let aside = std::fs::read_dir(device.folder().join("state"))
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("state.db.damaged-"));
    assert!(aside, "{}", device.log());
    let journal = device.run("journal", &["show"]).expect_code(0).out;
    assert!(journal.contains("the store was damaged"), "{journal}");
    device.scan(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED);
    assert_eq!(device.stop(), 0);
}

#[test]
fn every_verdict_and_mistake_has_its_exit_code() {
    let (post, device) = post_with_bundle();
    device.scan_standalone(&passport(&number(3))).expect_code(code::CLEAR);
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
    post.enrol("post-8").scan_standalone(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED);
    device.run("scan", &["--standalone", "--no-such-option"]).expect_code(code::USAGE);
    for unreadable in ["", "hello", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"] {
        let refused = device.scan_standalone(unreadable).expect_code(code::UNREADABLE);
        assert!(refused.err.contains("MRZ"), "{refused}");
    }
}

#[test]
fn what_may_be_misread_never_comes_out_clear() {
    let (_post, device) = post_with_bundle();
    let unlisted = passport(&number(3));
    device.scan_standalone(&unlisted).expect_code(code::CLEAR);
    let mut digit = unlisted.clone();
    digit.replace_range(45..46, "K");
    for misread in [digit, unlisted.replacen("P<UTO", "P<UT0", 1)] {
        let answer = device.scan_standalone(&misread).expect_code(code::NOT_CHECKED);
        assert_eq!(answer.json()["notices"][0]["code"], "notice.misread", "{answer}");
    }
    // As long as a Swiss driving licence, which has no check digit.
    device.scan_standalone(&unlisted[..70]).expect_code(code::UNREADABLE);
}

#[test]
fn a_zone_comes_from_standard_input_as_well() {
    let (_post, device) = post_with_bundle();
    let config = device.config();
    let arguments = ["scan", "--config", config.to_str().unwrap(), "--standalone", "--json"];
    for zone in [passport(SPECIMEN), passport(SPECIMEN).replace('\n', "\r\n").to_lowercase()] {
        let answer = run("vedette", arguments, &zone).expect_code(code::HIT);
        assert_eq!(answer.json()["document"]["number"], SPECIMEN);
    }
}

#[test]
fn a_person_reads_the_verdict_and_its_reason_in_words() {
    let (_post, device) = post_with_bundle();
    let zone = passport(SPECIMEN);
    let arguments: Vec<_> = std::iter::once("--standalone").chain(zone.lines()).collect();
    let answer = device.run("scan", &arguments).expect_code(code::HIT);
    assert!(answer.out.contains("HIT"), "{answer}");
    assert!(answer.out.contains("Take the document") && answer.out.contains(LIST), "{answer}");
}

#[test]
fn a_scan_without_a_daemon_says_so_and_what_to_do() {
    let (_post, device) = post_with_bundle();
    let refused = device.scan(&passport(SPECIMEN));
    assert!(![code::CLEAR, code::HIT, code::POSSIBLE].contains(&refused.code), "{refused}");
    assert!(refused.err.contains("vedette.sock"), "{refused}");
    assert!(refused.err.contains("hint:") && refused.err.contains("--standalone"), "{refused}");
}
