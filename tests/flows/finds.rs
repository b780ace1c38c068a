//! A search without a zone: by number, name or another identifier, through the agent and without it.

use serde_json::{Value, json};
use vedette_tests::device::{Device, code};
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};

const WANTED: &str = r#"{"id":"uto-2026-0001","names":[{"surname":"VELDRIN","given":"ORSOLA MAE"}],"birth_dates":["1984-06-02"],"nationalities":["UTO"],"sex":"female","kind":"red","action":"arrest","documents":[{"type":"passport","number":"V4410027","country":"UTO"}],"reference":"UTO-W-2026-118"}"#;

fn post_with_both_kinds() -> (Post, Device) {
    let post = Post::new();
    post.hq.run(&["list", "create", "uto/wanted", "--kind", "persons"]).expect_code(0);
    let device = post.enrol("post-7");
    let file = post.folder().join("persons.jsonl");
    std::fs::write(&file, WANTED).unwrap();
    post.hq.run(&["import", "uto/wanted", file.to_str().unwrap()]).expect_code(0);
    let stick = post.folder().join("stick");
    let stick = stick.to_str().unwrap();
    post.hq
        .import(LIST, &vedette_tests::sample::csv([SPECIMEN.to_string(), number(1), number(2)]))
        .expect_code(0);
    for list in [LIST, "uto/wanted"] {
        post.hq.run(&["publish", list, "--bundle", stick]).expect_code(0);
    }
    device.run("import", &[stick]).expect_code(0);
    (post, device)
}

fn find(device: &Device, words: &[&str]) -> vedette_tests::program::Ended {
    device.run("find", &[words, &["--json"]].concat())
}

/// The lists asked, and the codes of the first alert's reasons.
fn gist(answer: &Value) -> (Vec<&str>, Vec<&str>) {
    let asked = answer["checked"].as_array().unwrap().iter().map(|list| list["list"].as_str().unwrap());
    let reasons = answer["alerts"][0]["reasons"].as_array().into_iter().flatten();
    (asked.collect(), reasons.map(|reason| reason["code"].as_str().unwrap()).collect())
}

#[test]
fn what_is_typed_is_answered_by_the_rules_of_a_scan() {
    let (_post, mut device) = post_with_both_kinds();
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    let whole = ["number", SPECIMEN, "--state", "UTO", "--type", "P"];
    for (words, verdict, reasons) in [
        (&whole[..], code::HIT, &["reason.number_equal"][..]),
        (
            &["number", "l898902c3"],
            code::POSSIBLE,
            &["reason.number_equal", "reason.state_not_typed", "reason.type_not_typed"],
        ),
        (
            &["number", "L8989?2C*", "--state", "UTO"],
            code::POSSIBLE,
            &["reason.number_other", "reason.type_not_typed"],
        ),
        (&["number", "L898902C4", "--state", "UTO", "--type", "P"], code::CLEAR, &[]),
        (&["number", "V4410027", "--state", "UTO"], code::HIT, &["reason.document_named"]),
        (&["number", "V441?027"], code::POSSIBLE, &["reason.document_named"]),
        (&["identifier", "UTO-W-2026-118"], code::POSSIBLE, &["reason.reference"]),
        (&["identifier", "uto-2026-0001"], code::POSSIBLE, &["reason.alert_id"]),
    ] {
        let answer = find(&device, words).expect_code(verdict);
        let json = answer.json();
        assert_eq!(gist(&json), (vec![LIST, "uto/wanted"], reasons.to_vec()), "{words:?} {answer}");
        assert_eq!(json["document"]["format"], "typed");
    }
    let answer = find(&device, &["name", "Veldrin", "--given", "Orsola Mae", "--born", "1984-06-02"])
        .expect_code(code::HIT);
    assert_eq!(gist(&answer.json()).0, ["uto/wanted"], "a list of documents cannot be asked for a name");
    find(&device, &["name", "Veldrin", "--given", "Orsola Mae", "--born", "1980..1990"])
        .expect_code(code::POSSIBLE);
    find(&device, &["name", "Nobody", "--given", "Atall", "--born", "1984"]).expect_code(code::CLEAR);

    let journal = device.run("journal", &["show", "--json"]).expect_code(0).out;
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let typed = lines.iter().filter(|line| line["line"]["typed"] == true).count();
    assert_eq!(typed, 11, "every search has its line: {journal}");
}

#[test]
fn a_search_needs_no_agent_and_its_encounter_waits_in_the_spool() {
    let (_post, mut device) = post_with_both_kinds();
    let words = ["number", SPECIMEN, "--state", "UTO", "--type", "P", "--standalone"];
    let alone = find(&device, &words).expect_code(code::HIT).json();
    assert_eq!(alone["alerts"][0]["encounter_id"].as_str().map(str::len), Some(32));
    let scanned = device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(alone["alerts"][0]["alert_id"], scanned["alerts"][0]["alert_id"]);
    device.start();
    wait_until("both encounters wait", || device.spool().filter(|waiting| *waiting == 2), || device.log());
}

#[test]
fn a_document_that_a_persons_alert_names_is_a_hit_whoever_bears_it() {
    let (_post, device) = post_with_both_kinds();
    let hit = device.scan_standalone(&passport("V4410027")).expect_code(code::HIT).json();
    let alert = &hit["alerts"][0];
    assert_eq!((&alert["alert_id"], &alert["action"]), (&json!("uto-2026-0001"), &json!("arrest")));
    assert_eq!(alert["reasons"][0]["code"], "reason.document_named", "{hit}");
    device.scan_standalone(&passport("V4410028")).expect_code(code::CLEAR);
}

#[test]
fn a_zone_typed_with_a_slip_is_shown_again_with_its_place() {
    let (_post, device) = post_with_both_kinds();
    let zone = passport(SPECIMEN);
    let typed = zone.replacen("<<ANNA", "<>ANNA", 1);
    let refused = device.scan_standalone(&typed).expect_code(code::UNREADABLE);
    for shown in ["line 1, column 15", typed.lines().next().unwrap(), zone.lines().next().unwrap()] {
        assert!(refused.err.contains(shown), "{shown}: {refused}");
    }
    let doubtful = device.scan_standalone(&zone.replacen("7408122", "7408132", 1)).json();
    let notices: Vec<_> =
        doubtful["notices"].as_array().unwrap().iter().map(|n| n["code"].as_str().unwrap()).collect();
    assert!(notices.contains(&"notice.digit_birth"), "{notices:?}");
}

#[test]
fn what_cannot_be_searched_says_what_and_where() {
    let (_post, device) = post_with_both_kinds();
    for (words, said) in [
        (&["number", "L8*98*2"][..], "column 6: a number has one * at most"),
        (&["number", "L??"], "1 characters of the number can be read, and 3 are needed"),
        (&["number", "X0*", "--state", "UTO"], "2 characters"),
        (&["number", "X00??????"], "at most 1000 are searched"),
        (&["name", "Veldrin", "--born", "2.6.84"], "birth date \"2.6.84\""),
        (&["number", "L898902C3", "--state", "U7O"], "issuing state \"U7O\""),
    ] {
        let refused = find(&device, &[words, &["--standalone"]].concat()).expect_code(code::UNREADABLE);
        assert!(refused.err.contains(said) && refused.err.contains("hint:"), "{words:?}: {refused}");
    }
    let lines = device.run("journal", &["show", "--json"]).expect_code(0).out;
    assert!(!lines.contains("\"typed\""), "nothing was searched: {lines}");
}

#[test]
fn the_api_searches_exactly_one_thing() {
    let (_post, mut device) = post_with_both_kinds();
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    let token = device.run("token", &["new", "border-app"]).expect_code(0).out;
    let program = Http::at(&device.listen()).with_token(&token);
    let post = |body: Value| program.post("/v1/finds", &body);
    let found = post(
        json!({"number": {"number": SPECIMEN, "state": "UTO", "type": "P"}, "who": "b-1", "why": "call"}),
    );
    assert_eq!((found.status, found.json()["verdict"].as_str()), (200, Some("hit")));
    for (body, status) in [
        (json!({"number": {"number": SPECIMEN}, "identifier": SPECIMEN}), 400),
        (json!({}), 400),
        (json!({"number": {"number": "??"}}), 422),
        (json!({"number": {"number": SPECIMEN, "colour": "red"}}), 400),
    ] {
        let refused = post(body);
        assert_eq!(refused.status, status);
        assert!(!refused.json()["error"].as_str().unwrap().is_empty());
    }
}
