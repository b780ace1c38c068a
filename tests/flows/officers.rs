//! Officers: the roster goes out like a list, they sign in offline, and the journal tells what they did.

use serde_json::{Value, json};
use vedette_tests::device::Device;
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{run, wait_until};
use vedette_tests::sample::{SPECIMEN, passport};

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
        "sign_in anna",
        "check anna",
        "sign_out anna",
        "sign_in boris",
        "sign_out boris",
        "sign_in anna",
        "check anna",
        "sign_out anna",
    ];
    assert_eq!(told, day);
    let shown = device.run("journal", &["show", "--who", "boris"]).expect_code(0).out;
    assert_eq!(shown.lines().count(), 2, "{shown}");
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
    assert!(journal(&device).iter().any(|line| line["event"] == "locked_out" && line["who"] == "anna"));

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
