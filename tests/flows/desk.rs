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
    page.post("/v1/imports", &json!({"path": "/"})).expect(403);
    let head = page.get("/v1/status").expect(200).head;
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
