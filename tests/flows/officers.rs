//! Officers: the roster goes out like a list, they sign in offline, and the journal tells what they did.

use serde_json::{Value, json};
use vedette_tests::device::Device;
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{run, wait_until};
use vedette_tests::sample::{SPECIMEN, number, passport};

const PIN: &str = "274916";

/// A device that lists the specimen passport and has two officers, and the page of its console.
fn post_with_officers() -> (Post, Device, Http) {
    let post = Post::serving();
    post.hq.add_officer("anna", PIN, &["--name", "Anna Berg", "--discreet"]);
    post.hq.add_officer("boris", "580133", &["--name", "Boris", "--role", "supervisor", "--language", "fr"]);
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    wait_until("the roster is there", || roster(&device), || device.log());
    let page = Http::at(&device.listen()).as_page();
    (post, device, page)
}

/// The number of the roster that a device holds.
fn roster(device: &Device) -> Option<u64> {
    device.status()?["roster"]["number"].as_u64()
}

fn scan(page: &Http) -> vedette_tests::http::Reply {
    page.post("/v1/scans", &json!({"mrz": passport(SPECIMEN), "who": "somebody else", "why": "entry"}))
}

/// The journal's lines, each with its event.
fn journal(device: &Device) -> Vec<Value> {
    device.run("journal", &["verify"]).expect_code(0);
    let shown = device.run("journal", &["show", "--json"]).expect_code(0).out;
    shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].clone()).collect()
}

#[test]
fn an_officer_signs_in_offline_and_the_journal_tells_who_searched() {
    let (mut post, device, page) = post_with_officers();
    post.broker.stop().unwrap();
    scan(&page).expect(401);
    page.get("/v1/status").expect(401);
    let looked = page.get("/v1/session").expect(200).json();
    assert_eq!((&looked["sign_in"], &looked["officer"]), (&"required".into(), &Value::Null));
    page.post("/v1/session", &json!({"badge": "anna"})).expect(428);
    page.post("/v1/session", &json!({"badge": "anna", "pin": "274917"})).expect(401);
    page.post("/v1/session", &json!({"badge": "nobody", "pin": PIN})).expect(401);

    let signed = page.post("/v1/session", &json!({"badge": "anna", "pin": PIN})).expect(200);
    assert!(signed.head.contains("httponly") && signed.head.contains("samesite=strict"), "{}", signed.head);
    let officer = signed.json();
    assert_eq!((&officer["name"], &officer["role"]), (&"Anna Berg".into(), &"officer".into()));
    assert_eq!((&officer["discreet"], &officer["idle_s"]), (&true.into(), &300.into()));
    let anna = page.with_session_of(&signed);
    assert_eq!(scan(&anna).expect(200).json()["verdict"], "hit");
    anna.post("/v1/imports", &json!({"path": "/nowhere"})).expect(403);

    // A page of another port of this machine gets the cookie, and can set another: neither is enough.
    anna.with("vedette-page", "").get("/v1/status").expect(401);
    let mallory = page.sign_in("boris", "580133");
    anna.with_cookie_of(&mallory).get("/v1/status").expect(401);
    assert_eq!(anna.get("/v1/session").expect(200).json()["officer"]["badge"], "anna");
    mallory.delete("/v1/session").expect(204);

    // A shift change: Boris gives his PIN once, then each takes over from the other by badge.
    let boris = anna.sign_in("boris", "580133");
    scan(&anna).expect(401);
    let taken_over = boris.post("/v1/session", &json!({"badge": "anna"})).expect(200);
    let anna = page.with_session_of(&taken_over);
    scan(&anna).expect(200);
    assert_eq!(anna.get("/v1/session").expect(200).json()["officer"]["badge"], "anna");
    anna.delete("/v1/session").expect(204);
    scan(&anna).expect(401);
    page.post("/v1/session", &json!({"badge": "anna"})).expect(428);

    let lines = journal(&device);
    let told: Vec<_> = lines.iter().map(|line| format!("{} {}", line["event"], line["who"])).collect();
    let told: Vec<_> = told.iter().map(|line| line.replace('"', "")).collect();
    let day = [
        "wrong_pin anna",
        "wrong_pin ",
        "sign_in anna",
        "check anna",
        "sign_in boris",
        "sign_out boris",
        "sign_out anna",
        "sign_in boris",
        "sign_out boris",
        "sign_in anna",
        "check anna",
        "sign_out anna",
    ];
    assert_eq!(told, day);
    let shown = device.run("journal", &["show", "--who", "boris"]).expect_code(0).out;
    assert_eq!(shown.lines().count(), 4, "{shown}");
    assert!(!shown.contains("580133"));
}

#[test]
fn wrong_pins_lock_a_badge_across_a_restart_and_a_removed_officer_is_out_at_once() {
    let (post, mut device, page) = post_with_officers();
    for status in [401, 401, 401, 401, 429] {
        page.post("/v1/session", &json!({"badge": "anna", "pin": "000000"})).expect(status);
    }
    assert_eq!(device.stop(), 0);
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    let page = Http::at(&device.listen()).as_page();
    let locked = page.post("/v1/session", &json!({"badge": "anna", "pin": PIN})).expect(429);
    assert!(
        locked.json()["retry_after_s"].as_u64().is_some_and(|s| (1..=60).contains(&s)),
        "{}",
        locked.body
    );
    let lines = journal(&device);
    assert!(lines.iter().any(|line| line["event"] == "locked_out" && line["who"] == "anna"));
    assert_eq!(lines.iter().filter(|line| line["event"] == "wrong_pin").count(), 5);
    (0..3)
        .for_each(|_| drop(page.post("/v1/session", &json!({"badge": "83917465", "pin": PIN})).expect(401)));
    let lines = journal(&device);
    assert_eq!(lines.iter().filter(|line| line["event"] == "wrong_pin" && line["who"] == "").count(), 1);
    assert!(!json!(lines).to_string().contains("83917465"), "what is typed as a badge may be a PIN");

    let boris = page.sign_in("boris", "580133");
    let mut events = boris.listen();
    events.next_named("state");
    let before = roster(&device).unwrap();
    post.hq.run(&["officer", "remove", "boris"]).expect_code(0);
    let newer = || roster(&device).filter(|number| *number > before);
    wait_until("the next roster is there", newer, || device.log());
    while events.next_event().is_some() {}
    scan(&boris).expect(401);
    page.post("/v1/session", &json!({"badge": "boris", "pin": "580133"})).expect(401);
}

#[test]
fn a_roster_comes_on_a_stick_and_until_then_the_console_works_without() {
    let post = Post::new();
    let device = post.start_device("post-7");
    let stick = post.folder().join("stick");
    wait_until("the agent answers", || device.status(), || device.log());
    let page = Http::at(&device.listen()).as_page();
    assert_eq!(page.get("/v1/session").expect(200).json()["sign_in"], "none");
    page.post("/v1/session", &json!({"badge": "anna", "pin": PIN})).expect(404);
    let mut events = page.listen();
    post.hq.add_officer("anna", PIN, &["--name", "Anna"]);
    post.hq.publish_bundle(LIST, [SPECIMEN], &stick);
    device.run("import", &[stick.to_str().unwrap()]).expect_code(0);
    scan(&page).expect(401);
    while events.next_event().is_some() {}
    scan(&page.sign_in("anna", PIN)).expect(200);
    // Whoever the socket's rights let in says who asks.
    assert_eq!(device.scan(&passport(SPECIMEN)).json()["verdict"], "hit");
    assert_eq!(journal(&device)[0]["event"], "import");
}

#[test]
fn the_journal_is_exported_trimmed_and_goes_on_as_one_chain() {
    let post = Post::new();
    let device = post.enrol("post-7");
    (0..3).for_each(|_| drop(device.scan_standalone(&passport(SPECIMEN))));
    let file = post.folder().join("journal.jsonl");
    let path = file.to_str().unwrap();
    device.run("journal", &["export", path, "--until", "2020-01-01"]).expect_code(1);
    device.run("journal", &["export", path, "--trim"]).expect_code(0);
    device.run("journal", &["export", path]).expect_code(64);
    device.scan_standalone(&passport(SPECIMEN));
    let lines = journal(&device);
    assert_eq!((&lines[0]["event"], &lines[1]["event"]), (&"exported".into(), &"check".into()));
    device.run("journal", &["verify", "--file", path]).expect_code(0);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("not_checked", "clear", 1)).unwrap();
    let found = device.run("journal", &["verify", "--file", path]).expect_code(1);
    assert!(found.err.contains("line 1"), "{found}");
}

#[test]
fn mistakes_about_officers_are_clear() {
    let post = Post::new();
    let home = post.hq.home().to_str().unwrap();
    let add = |badge: &str, pin: &str, name: &str| {
        run("vedette-hq", ["--home", home, "officer", "add", badge, "--name", name], &format!("{pin}\n"))
    };
    for (ended, word) in [
        (add("anna", "1234", "Anna"), "PIN"),
        (add("anna", "123456", "Anna"), "PIN"),
        (add("an na", PIN, "Anna"), "badge"),
        (add("anna", PIN, ""), "name"),
        (post.hq.run(&["officer", "remove", "anna"]), "anna"),
    ] {
        assert!(ended.code != 0 && ended.err.contains(word), "{ended}");
    }
    assert_eq!(post.hq.run(&["officer", "list", "--json"]).expect_code(0).json(), json!([]));
}

/// Publishes these lines as a list of persons.
fn publish_persons(post: &Post, list: &str, lines: &[Value]) {
    let file = post.folder().join("persons.jsonl");
    std::fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    // One of them is empty on purpose: a list that has nobody answers Clear.
    post.hq.run(&["import", list, file.to_str().unwrap(), "--allow-empty"]).expect_code(0);
    post.hq.run(&["publish", list, "--broker"]).expect_code(0);
}

fn specimen_bearer(id: &str, action: &str) -> Value {
    json!({"id": id, "names": [{"surname": "Eriksson", "given": "Anna Maria"}], "birth_dates": ["1974-08-12"],
        "nationalities": ["UTO"], "kind": "sis_check", "action": action, "warnings": ["armed"],
        "reason": "part of a case", "remark": "source B2"})
}

/// What of an answer, an event or a state differs from one scan to the next anyway.
fn comparable(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| {
                    !["scan_id", "elapsed_us", "age_s", "edition", "issued"].contains(&name.as_str())
                });
                fields.retain(|name, _| !["entries", "newest_known"].contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

#[test]
fn a_discreet_alert_shows_nowhere_but_to_the_entitled_officer_and_comes_home() {
    let (mut post, device, page) = post_with_officers();
    let persons = "uto/persons";
    post.hq.run(&["list", "create", persons, "--kind", "persons"]).expect_code(0);
    publish_persons(&post, persons, &[]);
    device.wait_for_edition(persons, 1);
    let (anna, boris) = (page.sign_in("anna", PIN), page.sign_in("boris", "580133"));
    let zone = passport(&number(5));
    let look = || {
        let asked = anna.post("/v1/scans", &json!({"mrz": zone, "why": "entry"})).expect(200);
        let answer = asked.json();
        let again =
            anna.get(&format!("/v1/scans/{}", answer["scan_id"].as_str().unwrap())).expect(200).json();
        assert_eq!(again, answer);
        let terminal = device.run("scan", &zone.lines().collect::<Vec<_>>());
        let shown: String =
            terminal.out.lines().filter(|line| !line.contains(" ago,") && !line.contains(" us, ")).collect();
        let status = comparable(anna.get("/v1/status").expect(200).json());
        (comparable(answer), asked.head.lines().next().unwrap().to_string(), shown, terminal.code, status)
    };
    let clear = look();
    assert_eq!((&clear.0["verdict"], clear.3), (&"clear".into(), 0));

    publish_persons(&post, persons, &[specimen_bearer("D-1", "discreet_check")]);
    device.wait_for_edition(persons, 2);
    // Nothing goes home now, so that its waiting would show if it did.
    post.hq.kill_serve();
    assert_eq!(look(), clear);
    assert!(!device.whole_log().contains("D-1"));
    let lines = journal(&device);
    assert!(
        lines.iter().filter(|line| line["event"] == "check").all(|line| line["verdict"] == "clear"),
        "{lines:?}"
    );
    assert!(!json!(lines).to_string().contains("D-1"));

    // The deliberate act of the entitled.
    boris.post("/v1/discreet", &json!({"pin": "580133"})).expect(403);
    page.post("/v1/discreet", &json!({"pin": PIN})).expect(401);
    anna.post("/v1/discreet", &json!({"pin": "000000"})).expect(401);
    let revealed = anna.post("/v1/discreet", &json!({"pin": PIN})).expect(200).json();
    let revealed = &revealed["scans"];
    assert_eq!(revealed.as_array().unwrap().len(), 2, "one scan on the page, one on the terminal");
    assert_eq!(revealed[1]["alerts"][0]["alert_id"], "D-1");
    assert_eq!(revealed[1]["document"]["number"], number(5));
    assert_eq!(
        (&revealed[1]["form"]["reason"], &revealed[1]["form"]["place"]),
        (&"entry".into(), &"post-7".into())
    );
    let told = journal(&device);
    assert_eq!(told.last().unwrap()["event"], "revealed");
    assert_eq!(
        (&told.last().unwrap()["who"], &told.last().unwrap()["alerts"][0]),
        (&"anna".into(), &"uto/persons/D-1".into())
    );

    // The report goes home, and its waiting does not show either.
    let encounter = revealed[1]["alerts"][0]["encounter_id"].as_str().unwrap();
    let mut form = revealed[1]["form"].clone();
    form["companions"] = "one child".into();
    let report = json!({"outcome": "confirmed", "form": form});
    anna.post(&format!("/v1/encounters/{encounter}/outcome"), &report).expect(200);
    assert_eq!(anna.get("/v1/status").expect(200).json()["spool"], 0);

    post.hq.serve();
    post.wait_for_encounters(&device, 2);
    let reported = || {
        let encounters = post.hq.encounters();
        let of_scan = encounters.iter().find(|found| found["id"] == encounter)?;
        of_scan["outcomes"].get(0).map(|outcome| outcome["form"]["companions"].clone())
    };
    assert_eq!(wait_until("the report is home", reported, || device.log()), "one child");
    assert!(post.hq.encounters().iter().all(|encounter| encounter["alert"] == "D-1"));
}

#[test]
fn handling_codes_and_restrictions_hide_details_from_officers_and_no_warning() {
    let (post, device, page) = post_with_officers();
    let persons = "uto/persons";
    post.hq.run(&["list", "create", persons, "--kind", "persons", "--handling", "H1"]).expect_code(0);
    let mut closed = specimen_bearer("C-1", "arrest");
    closed["handling"] = json!({"scale": "europol", "code": "H2", "text": "ask UTO first"});
    let mut partly = specimen_bearer("P-1", "arrest");
    partly["restricted"] = json!({"remark": "supervisor", "reason": "administrator"});
    publish_persons(&post, persons, &[closed, partly]);
    device.wait_for_edition(persons, 1);
    let zone = json!({"mrz": passport(&number(5))});
    let alerts = |page: &Http| {
        let answer = page.post("/v1/scans", &zone).expect(200).json();
        let find = |id: &str| {
            answer["alerts"].as_array().unwrap().iter().find(|a| a["alert_id"] == id).unwrap().clone()
        };
        (find("C-1"), find("P-1"))
    };
    let (closed, partly) = alerts(&page.sign_in("anna", PIN));
    assert_eq!((&closed["action"], &closed["warnings"][0]), (&"arrest".into(), &"armed".into()));
    assert_eq!((&closed["handling"]["code"], &closed["details"]), (&"H2".into(), &Value::Null));
    assert!(!closed.to_string().contains("riksson") && !closed.to_string().contains("sis_check"), "{closed}");
    assert_eq!(partly["handling"]["code"], "H1", "the list's own");
    assert!(partly["details"].get("reason").is_none() && partly["details"].get("remark").is_none());
    let shown = device.run("scan", &passport(&number(5)).lines().collect::<Vec<_>>()).expect_code(10).out;
    assert!(shown.contains("H2") && shown.contains("ARMED") && !shown.contains("part of a case"), "{shown}");
    let (closed, partly) = alerts(&page.sign_in("boris", "580133"));
    assert_eq!(closed["details"]["reason"], "part of a case");
    assert_eq!(partly["details"]["remark"], "source B2");
    assert!(partly["details"].get("reason").is_none(), "not even a supervisor");
    assert!(post.hq.run(&["list", "create", "uto/x", "--kind", "documents", "--handling", "H9"]).code != 0);
}

#[test]
fn a_list_s_handling_code_hides_what_it_says_of_documents_from_officers_everywhere() {
    let (post, device, page) = post_with_officers();
    let closed = "uto/closed";
    post.hq.run(&["list", "create", closed, "--kind", "documents", "--handling", "H2"]).expect_code(0);
    post.hq.publish(closed, [number(8)]);
    device.wait_for_edition(closed, 1);
    let zone = json!({"mrz": passport(&number(8))});
    let asked = |page: &Http| page.post("/v1/scans", &zone).expect(200).json()["alerts"][0].clone();
    let anna = page.sign_in("anna", PIN);
    let mut events = anna.listen();
    let seen = asked(&anna);
    assert_eq!((&seen["handling"]["code"], &seen["action"]), (&"H2".into(), &"seize_document".into()));
    assert_eq!((&seen["status"], &seen["details"]), (&"".into(), &Value::Null));
    let told = events.next_named("answer");
    assert!(!told.to_string().contains("2025-03-01"), "{told}");
    let lines = passport(&number(8));
    let shown = device.run("scan", &lines.lines().collect::<Vec<_>>()).expect_code(10).out;
    assert!(
        shown.contains("H2") && shown.contains("ask a supervisor") && !shown.contains("Stolen"),
        "{shown}"
    );
    let full = asked(&page.sign_in("boris", "580133"));
    assert_eq!((&full["status"], &full["details"]["theft_date"]), (&"stolen".into(), &"2025-03-01".into()));
}
