//! Keys and certificates are replaced while the devices go on: a role's key after a theft, a device's certificate before
//! its end.

use std::fs;
use std::time::Duration;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

#[track_caller]
fn hit(device: &Device) {
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
}

#[test]
fn a_device_goes_on_after_the_keys_of_collector_and_heartbeat_were_replaced() {
    let mut post = Post::new();
    post.hq.serve_with(&["--heartbeat", "1s"]);
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    for role in ["collector", "heartbeat"] {
        let said = post.hq.run(&["replace-key", role]).expect_code(0);
        assert!(said.out.contains("new key"), "{said}");
    }
    let refused = post.hq.run(&["replace-key", "root"]);
    assert!(refused.code == 64 && refused.err.contains("collector"), "{refused}");
    // Root 1, the list's, and these two.
    let has_root = || (device.status()?["root"] == 4).then_some(());
    wait_until("the device has the root", has_root, || device.log());

    hit(&device);
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    // Whatever confirmed the list before is older than this; only heartbeats of the new key make it young again.
    std::thread::sleep(Duration::from_secs(5));
    let is_young = || (device.status()?["lists"][0]["age_s"].as_u64()? <= 2).then_some(());
    wait_until("a heartbeat of the new key is taken", is_young, || device.log());
}

#[test]
fn a_connected_device_goes_on_after_the_root_keys_were_replaced() {
    let mut post = Post::new();
    post.hq.serve_with(&["--heartbeat", "1s"]);
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let said = post.hq.run(&["replace-root-keys"]).expect_code(0);
    assert!(said.out.contains("three new root keys"), "{said}");
    // What only a root of the new keys can name.
    post.hq.run(&["replace-key", "heartbeat"]).expect_code(0);
    // Root 1, the list's, and these two.
    let has_root = || (device.status()?["root"] == 4).then_some(());
    wait_until("the device has the root", has_root, || device.log());
    let late = post.start_device("post-8");
    post.hq.publish(LIST, [SPECIMEN, "Z0000001"]);
    for device in [&device, &late] {
        device.wait_for_edition(LIST, 2);
        hit(device);
        device.wait_for_receipts();
    }
}

/// Makes a new certificate for the device and copies it over its own; returns the folder with the new one.
fn renew(post: &Post, device: &Device, days: &str, folder: &str) {
    let out = post.folder().join(folder);
    let renew = ["enrol", device.id(), "--renew", "--cert-days", days, "--out", out.to_str().unwrap()];
    post.hq.run(&renew).expect_code(0);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "a certificate, a key and nothing else");
    for file in ["device.pem", "device.key"] {
        fs::copy(out.join(file), device.folder().join(file)).unwrap();
    }
}

#[test]
fn a_device_whose_certificate_ends_says_so_and_a_renewed_one_keeps_all_it_has() {
    let mut post = Post::new();
    let mut device = post.enrol("post-7");
    let first = Identity::of_device(&device);
    renew(&post, &device, "20", "second");
    post.hq.serve();
    device.start();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let said = device.run("status", &[]).expect_code(0).out;
    assert!(said.contains("certificate: ENDS") && said.contains("enrol post-7 --renew"), "{said}");
    assert!(device.whole_log().contains("our certificate ends"), "{}", device.log());
    let told = || post.hq.log().contains("the certificate of post-7 ends at").then_some(());
    wait_until("headquarters warns", told, || post.hq.log());
    assert!(post.hq.run(&["devices"]).out.contains("CERTIFICATE: its certificate ends"));
    let second = Identity::of_device(&device);

    // It holds a hit when the new certificate comes, and the agent goes on running.
    post.broker.stop().unwrap();
    hit(&device);
    renew(&post, &device, "90", "third");
    post.broker.restart().unwrap();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    let said = device.run("status", &[]).expect_code(0).out;
    assert!(said.contains("certificate: until") && !said.contains("ENDS"), "{said}");
    assert!(!post.hq.run(&["devices"]).out.contains("CERTIFICATE:"));
    let segment_key = post.hq.home().join("keys/list-interpol.sltd-2");
    assert!(!segment_key.exists(), "a renewal rotates no list's key");

    // All three end with the device.
    let port = post.broker.port();
    let third = Identity::of_device(&device);
    device.kill();
    for identity in [&first, &second, &third] {
        assert!(Intruder::connect(port, identity).is_ok());
    }
    let said = post.hq.run(&["revoke", "post-7"]).expect_code(0);
    assert!(said.out.contains("1 list(s) get a new key"), "{said}");
    post.broker.reload().unwrap();
    for identity in [first, second, third] {
        let refused = Intruder::connect(port, &identity).err().unwrap();
        assert!(refused.contains("evoked"), "{refused}");
    }
    let out = post.folder().join("fourth");
    let late = post.hq.run(&["enrol", "post-7", "--renew", "--out", out.to_str().unwrap()]).expect_code(1);
    assert!(late.err.contains("revoked") && !out.exists(), "{late}");
}
