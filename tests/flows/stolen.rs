//! A list's keys are replaced after a theft: its issuer's, while a device is connected; its owner's, while a device is away
//! with a hit.

use std::fs;
use vedette_shim::trust::Manifest;
use vedette_tests::device::{Device, code};
use vedette_tests::http::Http;
use vedette_tests::intruder::{Identity, Intruder, read_manifest, sign_manifest};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};

#[track_caller]
fn hit(device: &Device) {
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
}

/// The newest edition as headquarters has signed it.
fn published(post: &Post) -> Manifest {
    let bundle = post.folder().join("bundle");
    post.hq.run(&["publish", LIST, "--bundle", bundle.to_str().unwrap()]).expect_code(0);
    read_manifest(&fs::read(bundle.join("list").join(LIST).join("manifest")).unwrap())
}

#[test]
fn after_its_issuer_s_key_is_replaced_a_connected_device_goes_on_below_the_thief_s_last_edition() {
    let mut post = Post::new();
    post.hq.serve_with(&["--heartbeat", "1s"]);
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    hit(&device);

    let thief = post.hq.stolen_key("issuer-interpol.sltd");
    let topic = format!("vedette/v1/list/{LIST}/manifest/all");
    // `publish --broker` ends the session of its name.
    let say = |manifest: &[u8]| {
        let mut thief = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
        thief.publish(&topic, manifest, true).unwrap();
    };
    let first = published(&post);
    let last = sign_manifest(&Manifest { edition: u64::MAX, ..first.clone() }, &thief);
    say(&last);
    device.wait_for_edition(LIST, u64::MAX);
    post.hq.publish(LIST, [SPECIMEN, &number(1)]);

    let said = post.hq.run(&["replace-key", "issuer", LIST]).expect_code(0).out;
    assert!(said.contains("issuer-interpol.sltd: new key"), "{said}");
    device.wait_for_edition(LIST, 3);
    let open = Http::at(&device.listen()).as_page().get("/v1/open").expect(200).json();
    assert_eq!(open.as_array().unwrap().len(), 1, "what was met before still awaits its outcome: {open}");
    hit(&device);
    device.scan(&passport(&number(1))).expect_code(code::HIT);
    let newer = sign_manifest(&Manifest { edition: 9, ..first }, &thief);
    // One after the other: of two manifests of a list that come at once the device looks at the later.
    for (nth, forged) in [&last, &newer].into_iter().enumerate() {
        say(forged);
        let refused = || device.whole_log().matches("reason=signatures").nth(nth).map(drop);
        wait_until("it is refused", refused, || device.log());
    }
    assert_eq!(device.edition(LIST), Some(3));
    post.hq.publish(LIST, [SPECIMEN, &number(2)]);
    device.wait_for_edition(LIST, 4);
    device.scan(&passport(&number(1))).expect_code(code::CLEAR);
    device.wait_for_receipts();
}

#[test]
fn a_hit_sealed_to_the_owner_s_old_key_comes_home_once_after_that_was_replaced() {
    let mut post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    post.broker.stop().unwrap();
    let met = device.run("scan", &["--json", &passport(SPECIMEN)]).json();
    let encounter = met["alerts"][0]["encounter_id"].as_str().unwrap();
    assert_eq!(device.spool(), Some(1));

    let old = fs::read_to_string(post.hq.home().join("keys/owner-interpol.sltd")).unwrap();
    let said = post.hq.run(&["replace-key", "owner", LIST]).expect_code(0).out;
    assert!(said.contains("owner-interpol.sltd: new key") && said.contains("30 days"), "{said}");
    let early = post.hq.run(&["erase-old-keys", LIST]).expect_code(1).err;
    assert!(early.contains("may come home until") && early.contains("--anyway"), "{early}");
    post.broker.restart().unwrap();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();

    // From the root on everything is sealed to the new key: the old one opens nothing more.
    let has_root = || (device.status()?["root"] == 3).then_some(());
    wait_until("the device has the root", has_root, || device.log());
    post.hq.run(&["erase-old-keys", LIST, "--anyway"]).expect_code(0);
    for file in fs::read_dir(post.hq.home().join("keys")).unwrap() {
        assert_ne!(fs::read_to_string(file.unwrap().path()).unwrap(), old);
    }
    hit(&device);
    post.wait_for_encounters(&device, 2);
    // What came of the first one, too.
    let program = device.run("token", &["new", "border-app"]).expect_code(0).out;
    let program = Http::at(&device.listen()).with_token(&program);
    let given = serde_json::json!({"outcome": "seized"});
    program.post(&format!("/v1/encounters/{encounter}/outcome"), &given).expect(200);
    device.wait_for_receipts();
    let first = post.hq.encounters().into_iter().find(|stored| stored["id"] == encounter).unwrap();
    assert_eq!(first["outcomes"][0]["outcome"], "seized");
    assert_eq!(post.hq.stop_serve(), 0);
    assert!(post.hq.log().contains("3 encounters stored, 0 known already, 0 refused"), "{}", post.hq.log());
}

#[test]
fn a_key_of_a_list_needs_the_list_and_others_none() {
    let post = Post::new();
    for role in ["issuer", "owner"] {
        post.hq.run(&["replace-key", role]).expect_code(64);
        let unknown = post.hq.run(&["replace-key", role, "uto/none"]).expect_code(1);
        assert!(unknown.err.contains("no list uto/none"), "{unknown}");
    }
    post.hq.run(&["replace-key", "heartbeat", LIST]).expect_code(1);
}
