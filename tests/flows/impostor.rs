//! What somebody writes at the broker in a device's name, who has its certificate and not its key.

use vedette_tests::device::code;
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

#[test]
fn what_a_device_has_not_signed_is_refused_with_an_alarm() {
    let mut post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    let shown = || post.hq.run(&["devices", "--json"]).expect_code(0).json()[0].clone();
    let says = || (shown()["said"]["journal"].as_u64() > Some(0)).then(shown);
    let before = wait_until("the device says how it is", says, || post.hq.log());
    assert_eq!((before["online"].as_bool(), before["held"][0]["edition"].as_u64()), (Some(true), Some(1)));

    let mut impostor = Intruder::connect(post.broker.port(), &Identity::of_device(&device)).unwrap();
    impostor.publish("vedette/v1/device/post-7/status", b"edition 9999, all is well", false).unwrap();
    impostor.publish("vedette/v1/device/post-7/encounter", &[2; 300], false).unwrap();
    let refused = || {
        let devices = shown();
        let count = devices["refusals"].as_array().map_or(0, Vec::len);
        (count == 2).then_some(devices)
    };
    let after = wait_until("both are refused", refused, || post.hq.log());
    assert_eq!(after["held"][0]["edition"].as_u64(), Some(1));
    assert_eq!(after["contradictions"].as_array().map(Vec::len), Some(0));
    let alarm = || post.hq.run(&["devices"]).err.contains("messages in devices' names").then_some(());
    wait_until("there is an alarm", alarm, || post.hq.log());
    post.wait_for_encounters(&device, 1);
}
