//! Scanners at serial ports, over pseudo terminals: readers of lines, and scanners with the shim.

use vedette_shim::frame::{CRC_BYTES, Decoder};
use vedette_shim::scanner::{MESSAGE_BYTES_MAX, line};
use vedette_shim::verdict::Verdict;
use vedette_tests::cable::Cable;
use vedette_tests::device::{Device, code};
use vedette_tests::handheld::{Handheld, Shown, Tape};
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};
use vedette_tests::vectors::framed;

/// A post whose device holds SPECIMEN and enough others that a scanner needs many pieces; and a port for a scanner.
fn post_with_scanner(kind: &str) -> (Post, Device, Cable) {
    plugged_in(Post::serving(), kind, LIST)
}

fn plugged_in(post: Post, kind: &str, list: &str) -> (Post, Device, Cable) {
    // A scanner is enrolled for, and made with, lists that the root names.
    post.hq.publish(list, others().chain([SPECIMEN.to_string()]));
    let device = post.enrol("post-7");
    let cable = Cable::plugged_in(&post.folder().join("scanner"));
    device
        .configure(&format!("[[scanner]]\nport = {:?}\nkind = \"{kind}\"\nname = \"lane 1\"", cable.port()));
    post.hq.enrol_scanner("handheld-3", "post-7", &Handheld::public_key());
    (post, device, cable)
}

fn others() -> impl Iterator<Item = String> {
    (0..20_000).map(|n| number(n * 7_919 % 90_000_000))
}

/// Searches that the journal tells of.
fn searches(device: &Device) -> usize {
    let verified = device.run("journal", &["verify"]).expect_code(0).out;
    verified.split(' ').next().and_then(|lines| lines.parse().ok()).expect("it says how many lines")
}

#[track_caller]
fn wait_for_shown(handheld: &Handheld, device: &Device, scan: u32) -> Shown {
    let shown = || handheld.inside().shown.iter().find(|shown| shown.scan == scan).cloned();
    wait_until(format!("scan {scan} is answered"), shown, || device.log())
}

#[track_caller]
fn wait_for_installed(handheld: &Handheld, device: &Device, edition: u64) {
    let installed = || (handheld.inside().edition() == edition).then_some(());
    wait_until(format!("the scanner has edition {edition}"), installed, || device.log());
}

#[test]
fn a_reader_of_lines_brings_a_hit_home_and_comes_back_after_its_plug_was_pulled() {
    let (post, mut device, cable) = post_with_scanner("lines");
    device.start();
    device.wait_for_edition(LIST, 1);
    let zone = passport(SPECIMEN).replace('\n', "\r\n");
    cable.send(format!("{zone}\r\n").as_bytes());
    post.wait_for_encounters(&device, 1);
    assert_eq!(searches(&device), 1);
    let journal = device.run("journal", &["show"]).expect_code(0).out;
    assert!(journal.contains("  lane 1  check \"border check\": hit"), "{journal}");

    cable.unplug();
    let gone = || device.whole_log().contains("waiting for the scanner").then_some(());
    wait_until("the agent sees that the reader is gone", gone, || device.log());
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    cable.plug();
    let back = || (device.whole_log().matches("port is open").count() == 2).then_some(());
    wait_until("the agent opens the reader again", back, || device.log());
    // A zone in two parts, the second without an end; one that is none; and a good one.
    let (first, rest) = zone.split_at(30);
    cable.send(first.as_bytes());
    cable.send(rest.as_bytes());
    post.wait_for_encounters(&device, 3);
    let mut events = Http::at(&device.listen()).as_page().listen();
    cable.send(b"noise\r\n");
    let refused = events.next_named("refused");
    assert_eq!((&refused["reader"], &refused["read"]), (&"lane 1".into(), &false.into()));
    assert_eq!(refused["why"]["code"], "refused.why.unreadable", "{refused}");
    let unreadable = || device.whole_log().contains("unreadable MRZ").then_some(());
    wait_until("the agent says that it was no zone", unreadable, || device.log());
    cable.send(format!("{zone}\r\n").as_bytes());
    post.wait_for_encounters(&device, 4);
}

#[test]
fn a_port_that_brings_scans_without_end_fills_neither_journal_nor_spool() {
    let (post, mut device, cable) = post_with_scanner("lines");
    let config = std::fs::read_to_string(device.config()).unwrap();
    let paced = config.replace("[limits]", "[limits]\nscans_per_minute_max = 3");
    std::fs::write(device.config(), paced).unwrap();
    device.start();
    device.wait_for_edition(LIST, 1);
    let zone = passport(SPECIMEN).replace('\n', "\r\n");
    (0..50).for_each(|_| cable.send(format!("{zone}\r\n").as_bytes()));
    let waits = || device.whole_log().contains("they wait").then_some(());
    wait_until("the agent says that scans wait", waits, || device.log());
    assert_eq!(searches(&device), 3);
    // Whoever stands at the desk does not wait for them.
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 4);
}

#[test]
fn a_scanner_installs_asks_and_follows_a_delta() {
    let (post, mut device, cable) = post_with_scanner("frames");
    let handheld = Handheld::start("handheld-3", LIST, &device, cable);
    device.start();
    wait_for_installed(&handheld, &device, 1);
    let pieces = handheld.inside().pieces;
    assert!(pieces > 10, "it came in {pieces} pieces");

    handheld.scan(1, &passport(SPECIMEN));
    let hit = wait_for_shown(&handheld, &device, 1);
    assert_eq!((hit.verdict, hit.lists), (Verdict::Hit, vec![(LIST.to_string(), 1)]));
    assert!(hit.alerts[0].contains("stolen"), "{:?}", hit.alerts);
    handheld.scan(2, &passport("NOTHERE12"));
    assert_eq!(wait_for_shown(&handheld, &device, 2).verdict, Verdict::Clear);
    handheld.scan(3, "no zone");
    assert_eq!(wait_for_shown(&handheld, &device, 3).verdict, Verdict::NotChecked);
    // The answer got lost: the same scan again is answered again, and makes no second encounter.
    for times in 1..=2 {
        handheld.scan(4, &passport(SPECIMEN));
        let shown =
            || (handheld.inside().shown.iter().filter(|s| s.scan == 4).count() == times).then_some(());
        wait_until(format!("scan 4 is answered {times} times"), shown, || device.log());
    }
    post.wait_for_encounters(&device, 2);

    post.hq.publish(LIST, others());
    wait_for_installed(&handheld, &device, 2);
    let delta = handheld.inside().pieces - pieces;
    assert!(delta < pieces / 2, "only what is new is sent: {delta} pieces after {pieces}");
    device.kill();
    assert_eq!(handheld.inside().check_alone(1, &passport(SPECIMEN)).verdict, Verdict::Clear);
}

#[test]
fn an_installation_goes_on_where_it_stood_after_lost_messages_a_pulled_plug_and_a_loss_of_power() {
    let (_post, mut device, cable) = post_with_scanner("frames");
    let handheld = Handheld::start("handheld-3", LIST, &device, cable);
    handheld.inside().lose = 1;
    device.start();
    let some = |least: usize| {
        let came = || (handheld.inside().pieces >= least).then_some(());
        wait_until(format!("{least} pieces came"), came, || device.log());
    };
    some(10);
    handheld.cable().unplug();
    handheld.inside().lose = 2;
    handheld.cable().plug();
    some(20);
    handheld.restart();
    wait_for_installed(&handheld, &device, 1);
}

#[test]
fn encounters_made_while_the_host_was_away_come_home_once_each() {
    let (post, mut device, cable) = post_with_scanner("frames");
    let handheld = Handheld::start("handheld-3", LIST, &device, cable);
    device.start();
    wait_for_installed(&handheld, &device, 1);
    let told = || (handheld.inside().hello().time > 0).then_some(());
    wait_until("it is told the time", told, || device.log());
    device.kill();
    for id in 1..=3 {
        assert_eq!(handheld.inside().check_alone(id, &passport(SPECIMEN)).verdict, Verdict::Hit);
    }
    assert_eq!(handheld.inside().check_alone(9, &passport("NOTHERE12")).verdict, Verdict::Clear);

    // It loses power; the first two answers after that get lost as well.
    handheld.restart();
    assert_eq!(handheld.inside().hello().encounters, 3);
    handheld.inside().lose = 2;
    device.start();
    let drained = || (handheld.inside().hello().encounters == 0).then_some(());
    wait_until("the host has all of them", drained, || device.log());
    post.wait_for_encounters(&device, 3);
    device.wait_for_receipts();
    assert_eq!(searches(&device), 3);
    let encounters = post.hq.encounters();
    assert!(encounters.iter().all(|met| met.to_string().contains(SPECIMEN)), "{encounters:?}");

    // What was taken could not be noted, its ring being full, and the power went; or the host's *taken* never arrived.
    // The receipts are back already: each is taken again, and made once.
    for id in [1, 3] {
        assert_eq!(handheld.inside().check_alone(id, &passport(SPECIMEN)).verdict, Verdict::Hit);
    }
    handheld.restart();
    wait_until("it is taken again", drained, || device.log());
    assert_eq!((searches(&device), device.spool()), (3, Some(0)));
    assert_eq!(post.hq.encounters().len(), 3);
}

#[test]
fn a_note_for_another_host_is_set_aside_and_the_one_behind_it_comes_home_with_its_owner_s_clock() {
    const CLOCKED: &str = "uto/clocked";
    let post = Post::serving();
    let create = ["list", "create", CLOCKED, "--kind", "documents", "--lease", "48h", "--confirm", "1h"];
    post.hq.run(&create).expect_code(0);
    let (post, mut device, cable) = plugged_in(post, "frames", CLOCKED);
    let handheld = Handheld::start("handheld-3", CLOCKED, &device, cable);
    device.start();
    wait_for_installed(&handheld, &device, 1);
    let told = || (handheld.inside().hello().time > 0).then_some(());
    wait_until("it is told the time", told, || device.log());
    device.kill();
    handheld.inside().serves_another_host();
    assert_eq!(handheld.inside().check_alone(1, &passport(SPECIMEN)).verdict, Verdict::Hit);

    // It says that it has a key for its encounters; it is given this host's nevertheless.
    device.start();
    let drained = || (handheld.inside().hello().encounters == 0).then_some(());
    wait_until("the host has taken it", drained, || device.log());
    device.kill();
    assert_eq!(handheld.inside().check_alone(2, &passport(SPECIMEN)).verdict, Verdict::Hit);
    device.start();
    post.wait_for_encounters(&device, 1);
    assert_eq!(device.status().unwrap()["confirmations"]["waiting"], 1);
    let journal = device.run("journal", &["show", "--json"]).expect_code(0).out;
    let aside: Vec<&str> = journal.lines().filter(|line| line.contains("note_aside")).collect();
    let [aside] = aside[..] else { panic!("{journal}") };
    for part in ["01000000", "handheld-3", "does not open with this host's key", "\"sealed\":\""] {
        assert!(aside.contains(part), "{part}: {aside}");
    }
    let told = device.run("journal", &["show"]).expect_code(0).out;
    assert!(told.contains("of scanner handheld-3 was set aside"), "{told}");
}

/// What the agent writes to its port, so many payloads, while `answer` says what comes back.
fn talk_at(cable: &Cable, payloads: usize, answer: impl Fn() -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + CRC_BYTES]);
    let said = std::cell::RefCell::new(Vec::new());
    let enough = || {
        for byte in cable.receive() {
            let Some(Ok(payload)) = decoder.push(byte) else { continue };
            said.borrow_mut().push(payload.to_vec());
            answer().iter().for_each(|payload| cable.send(&framed(payload)));
        }
        (said.borrow().len() >= payloads).then_some(())
    };
    wait_until(format!("{payloads} payloads came"), enough, String::new);
    said.into_inner()
}

#[test]
fn a_thing_that_says_hello_under_a_name_nobody_enrolled_gets_nothing_and_the_desk_says_so() {
    let (post, mut device, cable) = post_with_scanner("frames");
    device.start();
    device.wait_for_edition(LIST, 1);
    // Its name as the protocol has it, the hello of the protocol before, a scan and a note without a channel.
    let old_hello = [&b"\x01\x00\x01\x0aanything-1\x011\x01\x0d"[..], LIST.as_bytes(), &[0; 45]].concat();
    let scan = [&b"\x02\x02\0\0\0\0\x01\x01\x01\x00"[..], passport(SPECIMEN).as_bytes()].concat();
    let note = [&[2, 2], &[7; 300][..]].concat();
    let answers = || vec![b"\x02\x00anything-1".to_vec(), old_hello.clone(), scan.clone(), note.clone()];
    let said = talk_at(&cable, 3, answers);
    assert!(said.iter().all(|payload| payload[..] == [line::PROTOCOL, 0]), "only calls: {said:?}");
    let status = device.status().unwrap();
    let at = &status["scanners"][0];
    assert_eq!((&at["port"], &at["state"]), (&"lane 1".into(), &"unknown".into()), "{status}");
    assert_eq!(at["name"], "anything-1");
    let told = device.run("status", &[]).out;
    assert!(told.contains("lane 1: anything-1 is not enrolled"), "{told}");
    assert!(told.contains("vedette-hq scanner enrol anything-1 --device post-7"), "{told}");
    assert_eq!((searches(&device), post.hq.encounters().len()), (0, 0));
}

#[test]
fn a_thing_with_an_enrolled_name_and_a_recorded_session_played_again_get_nothing() {
    let (post, mut device, cable) = post_with_scanner("frames");
    device.start();
    device.wait_for_edition(LIST, 1);
    // Without the key the openings are all it gets: they are sealed to the enrolled key.
    let lies = || vec![b"\x02\x00handheld-3".to_vec(), [&[2, 1], &[9; 48][..]].concat(), vec![2, 3, 2]];
    // At the first call the enrolment may not have come yet.
    let said = talk_at(&cable, 8, lies);
    let openings = said.iter().filter(|payload| payload[1] == 1).count();
    assert!(openings > 0 && said.iter().all(|payload| payload[1] < 2), "{said:?}");
    assert_eq!(device.status().unwrap()["scanners"][0]["state"], "unproven");

    // A true scanner's side of a session, recorded, and played to the agent after it.
    let tape = Tape::default();
    let handheld = Handheld::recorded("handheld-3", LIST, &device, cable.clone(), tape.clone());
    wait_for_installed(&handheld, &device, 1);
    handheld.scan(1, &passport(SPECIMEN));
    wait_for_shown(&handheld, &device, 1);
    post.wait_for_encounters(&device, 1);
    drop(handheld);
    cable.unplug();
    cable.plug();
    let tape = std::mem::take(&mut *tape.lock().unwrap());
    let said = talk_at(&cable, 5, || tape.clone());
    assert!(said.iter().all(|payload| payload[1] < 2), "nothing was sealed to it: {said:?}");
    assert_eq!((searches(&device), post.hq.encounters().len()), (1, 1));
}

#[test]
fn a_scanner_follows_every_key_that_headquarters_replaces_and_nobody_visits_it() {
    let (post, mut device, cable) = post_with_scanner("frames");
    let handheld = Handheld::start("handheld-3", LIST, &device, cable);
    device.start();
    wait_for_installed(&handheld, &device, 1);
    let commands: [&[&str]; 5] = [
        &["replace-key", "heartbeat"],
        &["replace-key", "orders"],
        &["replace-root-keys"],
        &["replace-key", "issuer", LIST],
        &["replace-key", "heartbeat"],
    ];
    let mut edition = 1;
    for (n, command) in commands.into_iter().enumerate() {
        if n == 3 {
            // Switched off, it keeps what it was told; the host at which it hangs is away for two replacements.
            device.kill();
            handheld.restart();
        }
        post.hq.run(command).expect_code(0);
        edition += 1;
        match n {
            // It was signed again under the new issuer's key.
            3 => continue,
            4 => device.start(),
            _ => {}
        }
        post.hq.publish(LIST, others().chain([number(90_000_000 + n)]));
        wait_for_installed(&handheld, &device, edition);
        let told = || (handheld.inside().hello().time > 0).then_some(());
        wait_until(format!("it has the time after {command:?}"), told, || device.log());
    }
    handheld.scan(1, &passport(&number(90_000_004)));
    let hit = wait_for_shown(&handheld, &device, 1);
    assert_eq!((hit.verdict, hit.lists), (Verdict::Hit, vec![(LIST.to_string(), edition)]));
    device.kill();
    let alone = handheld.inside().check_alone(1, &passport(&number(90_000_004)));
    assert_eq!(alone.verdict, Verdict::Hit);
}

#[test]
fn a_revoked_scanner_erases_its_lists_and_gets_nothing_more() {
    let (post, mut device, cable) = post_with_scanner("frames");
    let handheld = Handheld::start("handheld-3", LIST, &device, cable);
    device.start();
    wait_for_installed(&handheld, &device, 1);
    post.hq.run(&["scanner", "revoke", "handheld-3"]).expect_code(0);
    post.hq.publish(LIST, others());
    let erased = || (handheld.inside().edition() == 0).then_some(());
    wait_until("the scanner has erased its list", erased, || device.log());
    device.wait_for_edition(LIST, 2);
    let revoked = || (device.status()?["scanners"][0]["state"] == "revoked").then_some(());
    wait_until("the desk says that it is revoked", revoked, || device.log());
    assert_eq!(handheld.inside().edition(), 0, "nor does it get the next");
    let told = device.run("status", &[]).out;
    assert!(told.contains("handheld-3 was revoked"), "{told}");
}
