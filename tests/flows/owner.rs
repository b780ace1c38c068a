//! The owner's side of a hit: the confirmation clock and its answer; a document listed after it was scanned; and the
//! drill that holds the link back.

use serde_json::Value;
use vedette_tests::device::Device;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, csv, number, passport};

const CLOCKED: &str = "uto/clocked";

fn asked(device: &Device, path: &str) -> Value {
    let socket = device.folder().join("vedette.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime
        .block_on(vedette::desk::client::get(&socket, path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn scan(device: &Device, of: &str) -> Value {
    let scanned = device.run("scan", &["--json", &passport(of)]);
    serde_json::from_str(&scanned.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", scanned.out, scanned.err))
}

#[test]
fn an_alert_must_be_confirmed_in_time_and_its_owner_s_answer_reaches_the_officer() {
    let post = Post::serving();
    let create = ["list", "create", CLOCKED, "--kind", "documents", "--lease", "48h", "--confirm", "2s"];
    post.hq.run(&create).expect_code(0);
    post.hq.import(CLOCKED, &csv([SPECIMEN])).expect_code(0);
    let device = post.start_device("post-7");
    post.hq.run(&["publish", CLOCKED, "--broker"]).expect_code(0);
    device.wait_for_edition(CLOCKED, 1);

    let answer = scan(&device, SPECIMEN);
    let alert = &answer["alerts"][0];
    assert!(alert["confirm_by"].is_string(), "{answer}");
    let encounter = alert["encounter_id"].as_str().unwrap().to_string();
    post.wait_for_encounters(&device, 1);
    // Nobody answers in time: headquarters hears of it, though the encounter itself was home long since.
    let overdue = || post.hq.encounters()[0]["overdue_since"].as_u64();
    wait_until("headquarters knows that the answer is overdue", overdue, || device.log());
    assert_eq!(device.status().unwrap()["confirmations"]["overdue"], 1);
    let told = device.run("owners", &[]).expect_code(0).out;
    assert!(told.contains("OVERDUE: uto") && told.contains("Headquarters was notified"), "{told}");

    post.hq.run(&["answer", &"0".repeat(32), "confirmed"]).expect_code(1);
    post.hq.run(&["answer", &encounter, "not_the_person", "--text", "another number"]).expect_code(0);
    let answered = || {
        let clocks = asked(&device, "/v1/confirmations");
        clocks[0]["answer"].is_object().then(|| clocks[0].clone())
    };
    let clock = wait_until("the owner's answer is here", answered, || device.log());
    assert_eq!(clock["encounter_id"], encounter.as_str());
    assert_eq!(
        (&clock["answer"]["word"], &clock["answer"]["text"]),
        (&"not_the_person".into(), &"another number".into())
    );
    assert_eq!(device.status().unwrap()["confirmations"]["answered"], 1);
    assert_eq!(post.hq.encounters()[0]["answer"], "not_the_person");
    let told = device.run("owners", &[]).expect_code(0).out;
    for part in [SPECIMEN, CLOCKED, "NOT THE PERSON, says", "\"another number\"", "Do not act on it any more"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }

    assert_eq!(clock["reported"], false);
    let program = device.run("token", &["new", "border-app"]).expect_code(0).out;
    let program = vedette_tests::http::Http::at(&device.listen()).with_token(&program);
    let given = serde_json::json!({"outcome": "released"});
    program.post(&format!("/v1/encounters/{encounter}/outcome"), &given).expect(200);
    assert_eq!(asked(&device, "/v1/confirmations")[0]["reported"], true);

    // The last answer counts.
    post.hq.run(&["answer", &encounter, "confirmed", "--even-so", "seen again"]).expect_code(0);
    let confirmed =
        || (asked(&device, "/v1/confirmations")[0]["answer"]["word"] == "confirmed").then_some(());
    wait_until("the later answer is here", confirmed, || device.log());
}

#[test]
fn an_answer_reaches_the_officer_by_a_publication_too_while_nothing_serves() {
    let mut post = Post::serving();
    post.hq.run(&["list", "create", CLOCKED, "--kind", "documents", "--confirm", "1h"]).expect_code(0);
    let mut device = post.start_device("post-7");
    post.hq.publish(CLOCKED, [SPECIMEN]);
    device.wait_for_edition(CLOCKED, 1);
    let encounter = scan(&device, SPECIMEN)["alerts"][0]["encounter_id"].as_str().unwrap().to_string();
    post.wait_for_encounters(&device, 1);
    assert_eq!(post.hq.stop_serve(), 0);
    // The answer comes together with the root that names the key it is signed with.
    assert_eq!(device.stop(), 0);
    post.hq.run(&["replace-key", "collector"]).expect_code(0);
    post.hq.run(&["answer", &encounter, "confirmed"]).expect_code(0);
    post.hq.run(&["publish", CLOCKED, "--broker"]).expect_code(0);
    device.start();
    wait_until("the agent is there again", || device.status(), || device.log());
    let confirmed =
        || (asked(&device, "/v1/confirmations")[0]["answer"]["word"] == "confirmed").then_some(());
    wait_until("the owner's answer is here", confirmed, || device.log());
}

#[test]
fn a_document_listed_after_it_was_scanned_raises_a_late_encounter() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    device.configure("[retro]\nkeep_h = 2");
    device.start();
    post.hq.publish(LIST, [number(1)]);
    device.wait_for_edition(LIST, 1);
    assert!(device.run("owners", &[]).expect_code(0).out.contains("Nothing waits"));
    let clear = scan(&device, SPECIMEN);
    assert_eq!(clear["verdict"], "clear");
    scan(&device, &number(2));

    post.hq.publish(LIST, [number(1), SPECIMEN.to_string()]);
    device.wait_for_edition(LIST, 2);
    post.wait_for_encounters(&device, 1);
    let encounter = post.hq.encounters()[0].clone();
    assert_eq!((&encounter["late"], &encounter["scan"]), (&true.into(), &clear["scan_id"]));
    assert_eq!(
        (&encounter["document"]["number"], &encounter["document"]["surname"]),
        (&SPECIMEN.into(), &"".into())
    );
    let told = device.run("owners", &[]).expect_code(0).out;
    assert!(told.contains("Listed after their scan") && told.contains(SPECIMEN), "{told}");
    let late = asked(&device, "/v1/late");
    assert_eq!((&late[0]["scan_id"], late.as_array().unwrap().len()), (&clear["scan_id"], 1));
    assert_eq!(device.status().unwrap()["late"], 1);
    // It was taken out: listing it again, or anything else, raises nothing more.
    post.hq.publish(LIST, [number(1), number(3), SPECIMEN.to_string()]);
    device.wait_for_edition(LIST, 3);
    device.wait_for_receipts();
    assert_eq!(post.hq.encounters().len(), 1);
}

#[test]
fn a_discreet_alert_of_the_bearer_does_not_keep_a_document_from_being_found_late() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    device.configure("[retro]\nkeep_h = 2");
    device.start();
    let watched = r#"{"id": "D-1", "names": [{"surname": "Eriksson", "given": "Anna Maria"}], "birth_dates": ["1974-08-12"],
        "nationalities": ["UTO"], "kind": "sis_check", "action": "discreet_check"}"#;
    let file = post.folder().join("persons.jsonl");
    std::fs::write(&file, watched.replace('\n', " ")).unwrap();
    post.hq.run(&["list", "create", "uto/watched", "--kind", "persons"]).expect_code(0);
    post.hq.run(&["import", "uto/watched", file.to_str().unwrap()]).expect_code(0);
    post.hq.run(&["publish", "uto/watched", "--broker"]).expect_code(0);
    post.hq.publish(LIST, [number(1)]);
    for list in ["uto/watched", LIST] {
        device.wait_for_edition(list, 1);
    }
    assert_eq!(scan(&device, SPECIMEN)["verdict"], "clear");
    post.wait_for_encounters(&device, 1);
    post.hq.publish(LIST, [number(1), SPECIMEN.to_string()]);
    device.wait_for_edition(LIST, 2);
    post.wait_for_encounters(&device, 2);
    assert!(post.hq.encounters().iter().any(|encounter| encounter["late"] == true));
}

#[test]
fn of_a_valid_document_the_bearer_is_held_and_the_document_is_not_taken() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    device.configure("[retro]\nkeep_h = 2");
    device.start();
    let create = ["list", "create", CLOCKED, "--kind", "documents", "--handling", "H2"];
    post.hq.run(&create).expect_code(0);
    let publish = |numbers: &[&str]| {
        post.hq
            .import(CLOCKED, &csv(numbers.iter().copied()).replace("stolen", "valid_bearer_sought"))
            .expect_code(0);
        post.hq.run(&["publish", CLOCKED, "--broker"]).expect_code(0);
    };
    publish(&[&number(1)]);
    device.wait_for_edition(CLOCKED, 1);
    post.hq.publish(LIST, [number(9)]);
    device.wait_for_edition(LIST, 1);
    let alert = scan(&device, &number(1))["alerts"][0].clone();
    assert_eq!(
        (&alert["action"], &alert["status"]),
        (&"bearer_sought".into(), &"".into()),
        "withheld, but what to do"
    );
    let lines = passport(&number(1));
    let told = device.run("scan", &lines.lines().collect::<Vec<_>>()).expect_code(10).out;
    assert!(told.contains("its bearer is sought. Keep the person here"), "{told}");

    assert_eq!(scan(&device, SPECIMEN)["verdict"], "clear");
    publish(&[&number(1), SPECIMEN]);
    device.wait_for_edition(CLOCKED, 2);
    post.wait_for_encounters(&device, 3);
    assert_eq!(asked(&device, "/v1/late")[0]["action"], "bearer_sought");
    let told = device.run("owners", &[]).expect_code(0).out;
    assert!(told.contains("the document is valid") && !told.contains("take the document"), "{told}");
}

#[test]
fn a_drill_holds_the_link_back_and_tells_how_ready_the_post_is() {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let online = |wanted: bool| {
        let status = device.status()?;
        (status["online"] == wanted).then_some(())
    };
    wait_until("the link is up", || online(true), || device.log());

    device.run("drill", &["show"]).expect_code(1);
    device.run("drill", &["start", "--minutes", "0"]).expect_code(1);
    device.run("drill", &["start", "--minutes", "30", "--who", "chief"]).expect_code(0);
    wait_until("the link is held back", || online(false), || device.log());
    device.run("drill", &["start"]).expect_code(1);
    assert!(device.status().unwrap()["drill_until"].is_string());
    assert_eq!(scan(&device, SPECIMEN)["verdict"], "hit");
    assert_eq!(scan(&device, &number(1))["verdict"], "clear");
    assert_eq!((device.spool(), post.hq.encounters().len()), (Some(1), 0));

    device.run("drill", &["stop", "--who", "deputy 2"]).expect_code(0);
    post.wait_for_encounters(&device, 1);
    let ready = || {
        let drill = asked(&device, "/v1/drill");
        drill["report"]["home_after_s"].is_u64().then_some(drill)
    };
    let drill = wait_until("the drill's encounters are home", ready, || device.log());
    let report = &drill["report"];
    assert_eq!((&report["checks"], &report["hits"], &report["clear"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(report["shortcomings"], serde_json::json!([]), "{drill}");
    let journal = device.run("journal", &["show", "--json"]).expect_code(0).out;
    let drills = journal.lines().filter(|line| line.contains("\"drill\"")).collect::<Vec<_>>();
    assert!(drills.len() == 2 && drills[0].contains("chief") && drills[1].contains("deputy 2"), "{journal}");
}
