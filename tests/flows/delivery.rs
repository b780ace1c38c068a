//! Editions reach a device: over MQTT, on a stick, in pieces, after sleep.

use std::fs;
use vedette_tests::device::code;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, csv, number, passport};

#[test]
fn a_delta_by_mqtt_turns_clear_into_hit_and_a_withdrawal_turns_it_back() {
    let post = Post::serving();
    post.hq.publish(LIST, [number(1), number(2)]);
    let device = post.start_device("post-7");
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::CLEAR);

    post.hq.publish(LIST, [&number(1), &number(2), SPECIMEN]);
    device.wait_for_edition(LIST, 2);
    let hit = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(hit["verdict"], "hit");
    assert_eq!(hit["checked"][0]["list"], LIST);
    assert_eq!(hit["checked"][0]["edition"], 2);
    assert_eq!(hit["checked"][0]["freshness"], "fresh");
    assert_eq!(hit["alerts"][0]["alert_id"], "UTO-P-L898902C3");
    assert_eq!(hit["alerts"][0]["status"], "stolen");
    device.scan(&passport(&number(1))).expect_code(code::HIT);

    post.hq.publish(LIST, [number(2)]);
    device.wait_for_edition(LIST, 3);
    let clear = device.scan(&passport(SPECIMEN)).expect_code(code::CLEAR).json();
    assert_eq!(clear["alerts"].as_array().unwrap().len(), 0);
    device.scan(&passport(&number(1))).expect_code(code::CLEAR);
    device.scan(&passport(&number(2))).expect_code(code::HIT);
}

#[test]
fn one_alert_is_put_and_withdrawn_onto_a_large_edition_and_a_device_fetches_hundreds_of_bytes() {
    let post = Post::serving();
    post.hq.publish(LIST, (0..20_000).map(number));
    let device = post.start_device("post-7");
    device.wait_for_edition(LIST, 1);
    let run = |arguments: &[&str]| post.hq.run(arguments).expect_code(0);

    let file = post.folder().join("one.csv");
    fs::write(&file, csv([SPECIMEN])).unwrap();
    run(&["put", LIST, file.to_str().unwrap()]);
    device.wait_for_edition(LIST, 2);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    device.scan(&passport(&number(19_999))).expect_code(code::HIT);

    let said = run(&["withdraw", LIST, "UTO-P-L898902C3"]).out;
    assert!(said.contains("edition 3, 0 put, 1 withdrawn"), "{said}");
    device.wait_for_edition(LIST, 3);
    device.scan(&passport(SPECIMEN)).expect_code(code::CLEAR);
    device.scan(&passport(&number(19_999))).expect_code(code::HIT);
    let bytes =
        said.split(" bytes to fetch").next().and_then(|text| text.rsplit(' ').next()?.parse::<u64>().ok());
    assert!(bytes.is_some_and(|bytes| bytes < 1_000), "{said}");

    let refused = post.hq.run(&["withdraw", LIST, "UTO-P-L898902C3"]).expect_code(1);
    assert!(refused.err.contains("no alert"), "{refused}");
    assert_eq!(device.edition(LIST), Some(3));
}

#[test]
fn a_bundle_from_a_stick_brings_every_edition_to_a_device_without_a_network() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let stick = post.folder().join("stick");
    let stick_text = stick.to_str().unwrap();
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED);

    post.hq.publish_bundle(LIST, [SPECIMEN], &stick);
    device.run("import", &[stick_text]).expect_code(0);
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
    device.scan_standalone(&passport(&number(1))).expect_code(code::CLEAR);

    post.hq.publish_bundle(LIST, [number(1)], &stick);
    device.run("import", &[stick_text]).expect_code(0);
    device.run("import", &[stick_text]).expect_code(0);
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::CLEAR);
    device.scan_standalone(&passport(&number(1))).expect_code(code::HIT);
}

#[test]
fn a_bundle_reaches_a_running_agent() {
    let mut post = Post::new();
    post.broker.stop().unwrap();
    let device = post.start_device("post-7");
    let stick = post.folder().join("stick");
    post.hq.publish_bundle(LIST, [SPECIMEN], &stick);
    wait_until("the agent answers", || device.status(), || device.log());
    device.run("import", &[stick.to_str().unwrap()]).expect_code(0);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
}

#[test]
fn a_device_that_slept_through_editions_and_roots_catches_up() {
    let post = Post::serving();
    let mut device = post.start_device("post-7");
    post.hq.publish(LIST, [number(1)]);
    device.wait_for_edition(LIST, 1);
    assert_eq!(device.stop(), 0);

    for edition in 2..=12 {
        post.hq.publish(LIST, (1..=edition).map(number));
    }
    post.hq.create_list("uto/second", "24h");
    post.hq.create_list("uto/third", "24h");
    post.hq.publish("uto/third", [SPECIMEN]);

    device.start();
    device.wait_for_edition(LIST, 12);
    device.wait_for_edition("uto/third", 1);
    let hit = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(hit["alerts"][0]["list"], "uto/third");
    device.scan(&passport(&number(12))).expect_code(code::HIT);
}

#[test]
fn a_large_segment_arrives_whole_though_broker_and_agent_are_killed_on_the_way() {
    let mut post = Post::new();
    // Of many forms, so that no class of numbers packs them away: more than a megabyte, dozens of chunks.
    let documents = 400_000;
    let wild = |n: usize| format!("{:05X}{:04}", n * 7919 % 0xf_ffff, n % 10_000);
    post.hq.publish(LIST, (0..documents).map(wild));
    // Four chunks a second, so that the kills strike in the middle.
    post.hq.serve_with(&["--depot-rate", "262144"]);
    let mut device = post.start_device("post-7");
    let mut downloaded = 0;
    for round in 0..3 {
        let grown = || (device.downloaded_bytes() > downloaded).then(|| device.downloaded_bytes());
        downloaded = wait_until(format!("download {round} goes on"), grown, || device.log());
        post.broker.kill().unwrap();
        device.kill();
        assert!(device.downloaded_bytes() >= downloaded, "what was downloaded stays");
        device.start();
        post.broker.restart().unwrap();
    }
    assert_eq!(post.hq.stop_serve(), 0);
    post.hq.serve();
    device.wait_for_edition(LIST, 1);
    for n in [0, documents / 2, documents - 1] {
        device.scan(&passport(&wild(n))).expect_code(code::HIT);
    }
    device.scan(&passport(SPECIMEN)).expect_code(code::CLEAR);
}

#[test]
fn publishing_nothing_new_says_so_and_makes_no_edition() {
    let post = Post::new();
    post.hq.publish(LIST, [SPECIMEN]);
    post.hq.import(LIST, &vedette_tests::sample::csv([SPECIMEN])).expect_code(0);
    let again = post.hq.run(&["publish", LIST, "--broker"]).expect_code(0);
    assert!(format!("{}{}", again.out, again.err).contains("nothing"), "{again}");
    let lists = post.hq.run(&["lists", "--json"]).expect_code(0).json();
    assert_eq!(lists[0]["edition"], 1, "{lists}");
}

#[test]
fn a_person_is_met_by_name_and_birth_date_and_comes_home_with_the_reasons() {
    let post = Post::serving();
    let persons = "uto/wanted";
    post.hq.run(&["list", "create", persons, "--kind", "persons"]).expect_code(0);
    let file = post.folder().join("persons.jsonl");
    let person = r#"{"id": "U-17", "names": [{"surname": "Eriksson", "given": "Anna Maria"}], "birth_dates": ["1974-08-12"],
        "nationalities": ["UTO"], "kind": "red", "action": "arrest", "warnings": ["armed"]}"#;
    std::fs::write(&file, person.replace('\n', " ") + "\n").unwrap();
    post.hq.run(&["import", persons, file.to_str().unwrap()]).expect_code(0);
    post.hq.run(&["publish", persons]).expect_code(0);
    post.hq.publish(LIST, [number(1)]);
    let device = post.start_device("post-7");
    device.wait_for_edition(persons, 1);
    device.wait_for_edition(LIST, 1);

    // The specimen's document is not listed, its bearer is.
    let hit = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    let alert = &hit["alerts"][0];
    assert_eq!((&alert["list"], &alert["alert_id"]), (&persons.into(), &"U-17".into()));
    assert_eq!((&alert["kind"], &alert["action"]), (&"red".into(), &"arrest".into()));
    assert_eq!(alert["warnings"][0], "armed");
    assert!(
        alert["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["text"].as_str().unwrap().contains("birth date")),
        "{hit}"
    );
    // A listed document comes before a person.
    let both = device.scan(&passport(&number(1))).expect_code(code::HIT).json();
    assert_eq!((&both["alerts"][0]["kind"], &both["alerts"][1]["kind"]), (&"document".into(), &"red".into()));
    post.wait_for_encounters(&device, 3);
    device.wait_for_receipts();
    assert!(post.hq.encounters().iter().any(|e| e["alert"] == "U-17" && e["list"] == persons));
}

#[test]
fn headquarters_says_that_a_segment_is_gone_and_what_it_says_helps() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    let segments = post.hq.home().join("segments");
    for segment in fs::read_dir(segments).unwrap() {
        fs::remove_file(segment.unwrap().path()).unwrap();
    }
    device.start();
    let said = || post.hq.log().contains("post-7 waits for segment").then_some(());
    wait_until("headquarters says so", said, || post.hq.log());
    let log = post.hq.log();
    let cure = ["publish", LIST, "--whole", "--withdraw-many"];
    assert!(log.contains("publish NAME --whole --withdraw-many"), "{log}");
    post.hq.import(LIST, &vedette_tests::sample::csv([SPECIMEN, &number(1)])).expect_code(0);
    post.hq.run(&cure).expect_code(0);
    device.wait_for_edition(LIST, 2);
}
