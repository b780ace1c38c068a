//! The local API on loopback, as a program, the console's page and a stranger call it.

use serde_json::json;
use vedette_tests::device::Device;
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::sample::{SPECIMEN, number, passport};

/// A device that lists the specimen passport, and its desk as a program with a token calls it.
fn post_with_desk() -> (Post, Device, Http) {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let token = device.run("token", &["new", "border-app"]).expect_code(0).out;
    let http = Http::at(&device.listen()).with_token(&token);
    (post, device, http)
}

#[test]
fn a_program_with_a_token_scans_and_asks_again_and_the_encounter_has_its_name_at_headquarters() {
    let (post, device, program) = post_with_desk();
    let scan = |zone: &str| program.post("/v1/scans", &json!({"mrz": zone, "who": "12", "why": "entry"}));
    let hit = scan(&passport(SPECIMEN)).expect(200).json();
    assert_eq!(hit["verdict"], "hit");
    let again = program.get(&format!("/v1/scans/{}", hit["scan_id"].as_str().unwrap())).expect(200);
    assert_eq!(again.json(), hit);
    post.wait_for_encounters(&device, 1);
    assert_eq!(post.hq.encounters()[0]["id"], hit["alerts"][0]["encounter_id"]);

    assert_eq!(scan(&passport(&number(9))).expect(200).json()["verdict"], "clear");
    assert!(scan("P<UTO").expect(422).json()["error"].as_str().unwrap().contains("MRZ"));
    program.get("/v1/scans/00000000000000000000000000000000").expect(404);
    assert_eq!(program.get("/v1/lists").expect(200).json()[0]["edition"], 1);
    assert_eq!(program.get("/v1/status").expect(200).json()["sign_in"], "none");
}

#[test]
fn who_shows_no_token_or_comes_from_a_foreign_page_is_turned_away() {
    let (_post, device, program) = post_with_desk();
    let nobody = Http::at(&device.listen());
    let scan = json!({"mrz": passport(SPECIMEN)});
    for (caller, status) in [
        (nobody.clone(), 401),
        (nobody.with_token("vdt_0000"), 401),
        (nobody.with("Authorization", "Basic dXNlcjp4"), 401),
        (program.with("Host", "rebound.example:8470"), 403),
        (program.with("Origin", "http://rebound.example"), 403),
        (nobody.with("Sec-Fetch-Site", "cross-site"), 403),
        (nobody.as_page().with("Origin", "http://127.0.0.1:1"), 403),
    ] {
        let refused = caller.post("/v1/scans", &scan).expect(status).json();
        assert!(refused["error"].is_string() && refused["hint"] != "", "{refused}");
        caller.get("/v1/status").expect(status);
    }
    // A page can send a form unasked, but not say that it is JSON.
    let page = nobody.as_page();
    page.with("Content-Type", "text/plain").post_text("/v1/scans", &scan.to_string()).expect(415);
    page.post("/v1/scans", &scan).expect(200);
    let journal = device.run("journal", &["show"]).expect_code(0).out;
    assert!(journal.contains("  console  check \"border check\": hit"), "{journal}");
    page.post("/v1/imports", &json!({"path": "/"})).expect(403);
    let head = page.get("/v1/status").expect(200).head;
    // What tells nothing of anybody is open.
    assert_eq!(nobody.get("/v1/openapi.json").expect(200).json()["openapi"], "3.1.0");
    for header in ["content-security-policy", "x-content-type-options", "cache-control: no-store"] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
}

#[test]
fn every_mistake_is_said_in_json_with_its_status() {
    let (_post, _device, program) = post_with_desk();
    let typed = program.with("Content-Type", "application/json");
    for (reply, status) in [
        (typed.post_text("/v1/scans", "{"), 400),
        (program.post("/v1/scans", &json!({"mrz": "x", "whom": "y"})), 400),
        (program.post("/v1/scans", &json!({"mrz": "A".repeat(70_000)})), 413),
        (program.get("/v1/scans"), 405),
        (program.get("/v1/scans/%ff"), 400),
        (program.delete("/v1/drill?why=now"), 400),
        (program.get("/v1/nothing"), 404),
        (program.post("/v1/imports", &json!({"path": "/nowhere"})), 422),
    ] {
        let problem = reply.expect(status).json();
        assert!(problem["error"].as_str().is_some_and(|error| !error.is_empty()), "{problem}");
    }
}

#[test]
fn events_tell_the_state_every_answer_and_end_with_the_token() {
    let (mut post, device, program) = post_with_desk();
    let mut events = program.listen();
    assert_eq!(events.next_named("state")["lists"][0]["edition"], 1);
    let scanned = device.scan(&passport(SPECIMEN)).json();
    assert_eq!(events.next_named("answer"), scanned, "also those that others asked for");
    post.broker.stop().unwrap();
    while events.next_named("state")["online"] != false {}
    device.run("token", &["revoke", "border-app"]).expect_code(0);
    device.scan(&passport(SPECIMEN));
    while let Some((name, _)) = events.next_event() {
        assert_ne!(name, "answer", "a revoked token still hears");
    }
    program.get("/v1/status").expect(401);
}

#[test]
fn an_outcome_comes_home_exactly_once_through_an_outage_and_a_restart() {
    let (mut post, mut device, program) = post_with_desk();
    let hit = program.post("/v1/scans", &json!({"mrz": passport(SPECIMEN), "who": "12"})).expect(200).json();
    let encounter = hit["alerts"][0]["encounter_id"].as_str().unwrap().to_string();
    let path = format!("/v1/encounters/{encounter}/outcome");
    post.broker.stop().unwrap();
    let mut events = program.listen();
    let given =
        json!({"outcome": "seized", "note": "held at the desk", "who": "12", "form": {"place": "lane 3"}});
    let taken = program.post(&path, &given).expect(200).json();
    assert_eq!(taken["encounter_id"], encounter.as_str());
    assert_eq!(events.next_named("outcome"), taken);
    drop(events);

    // A mistake is named, and changes nothing.
    program.post(&path, &json!({"outcome": "eaten"})).expect(400);
    program.post(&path, &json!({"outcome": "seized", "note": "x".repeat(1025)})).expect(400);
    program.post(&path, &json!({"outcome": "seized", "form": {"shoe size": "43"}})).expect(400);
    program.post("/v1/encounters/00/outcome", &given).expect(404);

    device.kill();
    device.start();
    post.broker.restart().unwrap();
    // The encounter was made before the restart; its officer thinks again.
    let later = json!({"outcome": "not_the_person", "who": "12"});
    let again = program.moved_to(&device.listen()).post(&path, &later).expect(200).json();
    assert_ne!(again["outcome_id"], taken["outcome_id"]);
    device.wait_for_receipts();
    let encounters = post.hq.encounters();
    assert_eq!(encounters.len(), 1, "an outcome is no encounter");
    let outcomes = encounters[0]["outcomes"].as_array().unwrap();
    let said: Vec<_> = outcomes.iter().map(|o| (o["outcome"].as_str().unwrap(), &o["note"])).collect();
    assert_eq!(said, [("seized", &json!("held at the desk")), ("not_the_person", &json!(""))]);
    assert_eq!(outcomes[0]["who"], "12 (border-app)");
    assert_eq!(outcomes[0]["form"], json!({"place": "lane 3"}));
    let shown = post.hq.run(&["encounters"]).expect_code(0).out;
    assert!(shown.contains("seized, says 12 (border-app): held at the desk"), "{shown}");
}

#[test]
fn metrics_count_checks_and_name_no_traveller() {
    let (_post, device, program) = post_with_desk();
    device.scan(&passport(SPECIMEN));
    device.scan(&passport(&number(9)));
    device.scan("P<UTO");
    let text = program.get("/metrics").expect(200).body;
    for line in [
        "vedette_checks_total{verdict=\"hit\"} 1",
        "vedette_checks_total{verdict=\"clear\"} 1",
        "vedette_unreadable_total 1",
        "vedette_check_seconds_count 2",
        "vedette_check_seconds_bucket{le=\"+Inf\"} 2",
        "vedette_journal_lines_total 2",
        "vedette_list_edition{list=\"interpol/sltd\"} 1",
        "vedette_list_usable{list=\"interpol/sltd\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    for personal in [SPECIMEN, "ERIKSSON", "UTO-P"] {
        assert!(!text.contains(personal), "{personal} is told\n{text}");
    }
    for (name, line) in
        text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some((l.split(['{', ' ']).next()?, l)))
    {
        let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        assert!(value.is_some(), "no value: {line}");
        let family = name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
        assert!(text.contains(&format!("# TYPE {family} ")), "no type: {line}");
    }
}
