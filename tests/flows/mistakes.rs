//! Bad input gets one clear error that names what and where, a non-zero exit, and leaves everything as it was.

use std::fs;
use vedette_shim::ids::Hex;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder, read_manifest};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{Ended, command};
use vedette_tests::sample::{CSV_HEADER, SPECIMEN, csv, number, passport};

/// One line of error that holds all of `words`, a non-zero exit, and no panic.
#[track_caller]
fn is_clear(refused: &Ended, words: &[&str]) {
    assert_ne!(refused.code, 0, "{refused}");
    assert!(refused.err.contains("error"), "{refused}");
    assert!(!refused.err.contains("panicked") && !refused.err.contains("RUST_BACKTRACE"), "{refused}");
    for word in words {
        assert!(refused.err.contains(word), "{word:?} is missing\n{refused}");
    }
}

fn change_config(device: &Device, from: &str, to: &str) {
    let text = fs::read_to_string(device.config()).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(device.config(), text.replace(from, to)).unwrap();
}

#[test]
fn a_broken_configuration_is_named_with_file_and_key() {
    let post = Post::new();
    for (n, (from, to, word)) in [
        ("host =", "hots =", "hots"),
        ("id = \"post", "id = \"post 7", "device.id"),
        ("[limits]", "[limits]\nalerts_max = 0", "limits.alerts_max"),
        ("[desk]", "[dsek]", "dsek"),
        ("port =", "port = \"x\" #", "port"),
    ]
    .into_iter()
    .enumerate()
    {
        let device = post.enrol(&format!("post-{n}"));
        device.run("check-config", &[]).expect_code(0);
        change_config(&device, from, to);
        for command in ["check-config", "run", "status"] {
            is_clear(&device.run(command, &[]), &["agent.toml", word]);
        }
    }
}

#[test]
fn a_log_setting_that_cannot_be_read_is_named_and_stops_nothing() {
    for name in ["vedette", "vedette-hq"] {
        let done =
            command(name).args(["completions", "bash"]).env("VEDETTE_LOG", "vedette=loud").output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success() && said.contains("VEDETTE_LOG") && said.contains("hint:"), "{said}");
    }
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::at("post-7", folder.path().join("nowhere"));
    is_clear(&device.run("run", &[]), &["nowhere/agent.toml"]);
}

#[test]
fn a_bad_row_of_an_import_is_named_with_line_and_column_and_nothing_is_imported() {
    let post = Post::new();
    let good = csv([SPECIMEN]);
    for (row, words) in [
        ("UTO,P,,,stolen,,,,,,,", &["line 3", "document_number"][..]),
        ("UTO,P,X1,,vanished,,,,,,,", &["line 3", "status"]),
        ("UTO,P,X1,,stolen,,,2025-02-30,,,,", &["line 3", "theft_date"]),
        ("ATLANTIS,P,X1,,stolen,,,,,,,", &["line 3", "issuing_state"]),
        ("UTO,P,X200,X100,stolen_blank,,,,,,,", &["line 3", "document_number"]),
        ("UTO,P,X1,,stolen", &["line 3"]),
    ] {
        is_clear(&post.hq.import(LIST, &format!("{good}{row}\n")), words);
    }
    is_clear(&post.hq.import(LIST, &csv([SPECIMEN]).replace("remark", "comment")), &["comment"]);
    is_clear(&post.hq.import(LIST, "issuing_state,document_type\nUTO,P\n"), &["document_number"]);
    is_clear(&post.hq.import("no/such", &format!("{CSV_HEADER}\n")), &["no/such"]);
    is_clear(&post.hq.run(&["publish", LIST, "--broker"]), &[LIST]);
}

#[test]
fn a_damaged_bundle_is_refused_and_the_last_edition_stays_in_use() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let stick = post.folder().join("stick");
    let import = || device.run("import", &[stick.to_str().unwrap()]);
    post.hq.publish_bundle(LIST, [SPECIMEN], &stick);
    import().expect_code(0);
    post.hq.publish_bundle(LIST, [number(1)], &stick);
    // What the device reads of the new edition: its manifest and its delta; the rest it makes itself.
    let manifest_path = stick.join("list").join(LIST).join("manifest");
    let manifest = read_manifest(&fs::read(&manifest_path).unwrap());
    let delta =
        Hex(&manifest.delta.as_ref().expect("a small change is published as a delta").digest).to_string();
    assert!(manifest.merged >= 1, "it was merged into the base");
    let needed = [(manifest_path, "manifest"), (stick.join("segment").join(&delta), &delta)];
    for (path, name) in &needed {
        let bytes = fs::read(path).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            fs::write(path, damaged).unwrap();
            is_clear(&import(), &[name, "hint:"]);
            device.scan_standalone(&passport(SPECIMEN)).expect_code(code::HIT);
        }
        fs::write(path, bytes).unwrap();
    }
    // The merged segment is not needed, so it may be damaged.
    let merged = stick.join("segment").join(Hex(&manifest.segments.last().unwrap().digest).to_string());
    fs::write(merged, "noise").unwrap();
    import().expect_code(0);
    device.scan_standalone(&passport(SPECIMEN)).expect_code(code::CLEAR);
    device.scan_standalone(&passport(&number(1))).expect_code(code::HIT);
}

#[test]
fn an_import_of_what_is_no_bundle_is_refused() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let empty = post.folder().join("empty");
    fs::create_dir(&empty).unwrap();
    is_clear(&device.run("import", &[empty.to_str().unwrap()]), &["empty"]);
    is_clear(&device.run("import", &["/no/such/folder"]), &["/no/such/folder"]);
}

#[test]
fn a_home_that_is_there_is_not_made_again_and_one_that_is_not_is_named() {
    let post = Post::new();
    is_clear(&post.hq.run(&["init"]), &["exists"]);
    let nowhere = post.folder().join("nowhere");
    let home = nowhere.to_str().unwrap();
    let refused = vedette_tests::program::run("vedette-hq", ["--home", home, "lists"], "");
    is_clear(&refused, &["nowhere", "hint:"]);
}

#[test]
fn enrolling_twice_is_refused_and_leaves_the_first_device_alone() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let out = post.folder().join("again");
    is_clear(&post.hq.run(&["enrol", "post-7", "--out", out.to_str().unwrap()]), &["post-7", "revoke"]);
    assert!(!out.exists());
    device.run("check-config", &[]).expect_code(0);
}

/// What a program may find where a message belongs: nothing, noise, a wrong version, a length that promises too much.
fn garbage() -> [Vec<u8>; 5] {
    [vec![], vec![0xff; 4096], vec![2, 0, 0], vec![1], [&[1][..], &[0xff; 9], &[0x7f; 300]].concat()]
}

#[test]
fn garbage_from_a_device_stops_neither_collector_nor_depot() {
    let post = Post::serving();
    let (device, hostile) = (post.start_device("post-7"), post.enrol("post-8"));
    let mut hostile = Intruder::connect(post.broker.port(), &Identity::of_device(&hostile)).unwrap();
    for what in ["encounter", "want", "status"] {
        for bytes in garbage() {
            hostile.publish(&format!("vedette/v1/device/post-8/{what}"), &bytes, false).unwrap();
        }
    }
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
}

#[test]
fn garbage_with_headquarters_rights_stops_no_device() {
    let mut post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    post.hq.stop_serve();
    let mut attacker = Intruder::connect(post.broker.port(), &Identity::of_headquarters(&post.hq)).unwrap();
    let segment = format!("vedette/v1/segment/{}/0", "5a".repeat(32));
    for topic in [
        "vedette/v1/root/3",
        "vedette/v1/heartbeat",
        "vedette/v1/list/interpol/sltd/manifest/all",
        "vedette/v1/list/no/such/manifest/all",
        "vedette/v1/device/post-7/have",
        "vedette/v1/device/post-7/receipt",
        "vedette/v1/device/post-7/order",
        "vedette/v1/device/post-7/grant/interpol/sltd",
        &segment,
    ] {
        for bytes in garbage() {
            attacker.publish(topic, &bytes, false).unwrap();
        }
    }
    drop(attacker);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    assert_eq!(device.spool(), Some(1));
    post.hq.serve();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    post.hq.publish(LIST, [number(1)]);
    device.wait_for_edition(LIST, 2);
    assert!(!device.whole_log().contains("panicked"), "{}", device.log());
}
