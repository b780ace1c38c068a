//! Keys are replaced while the devices go on: a role's key after a theft.

use std::time::Duration;
use vedette_tests::device::{Device, code};
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
