//! Several addresses of the broker, and brokers that are of no use.

use std::fs;
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};
use vedette_tests::useless_broker::{Fault, UselessBroker};

/// Has the device try these addresses.
fn set_brokers(device: &Device, ports: &[u16]) {
    let text = fs::read_to_string(device.config()).unwrap();
    let hosts: Vec<_> = ports.iter().map(|port| format!("\"localhost:{port}\"")).collect();
    let text = text.replace("host = \"localhost\"", &format!("host = [{}]", hosts.join(", ")));
    assert!(text.contains("host = ["), "{text}");
    fs::write(device.config(), text).unwrap();
}

#[track_caller]
fn wait_online(device: &Device, online: bool) {
    let is = || (device.status()?["online"] == online).then_some(());
    wait_until(format!("{} is online: {online}", device.id()), is, || device.log());
}

#[test]
fn a_device_leaves_a_broker_that_refuses_its_subscriptions_for_the_next_address() {
    let mut post = Post::serving();
    let refusing = UselessBroker::start(post.hq.home(), Fault::Refuses);
    let mut device = post.enrol("post-7");
    let genuine = post.broker.port();
    set_brokers(&device, &[refusing.port(), genuine]);
    device.start();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    assert!(refusing.failed() > 0 && device.whole_log().contains("the broker refuses the subscription to"));

    let address = format!("localhost:{genuine}");
    wait_online(&device, true);
    assert_eq!(device.status().unwrap()["broker"], address);
    let said = device.run("status", &[]).expect_code(0).out;
    assert!(said.contains(&format!("online, broker {address}")), "{said}");

    // While it is away the other is tried again and again; the agent goes on, and nothing is lost.
    post.broker.stop().unwrap();
    wait_online(&device, false);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    let before = refusing.failed();
    let tried = || (refusing.failed() >= before + 2).then_some(());
    wait_until("the other address is tried", tried, || device.log());
    post.broker.restart().unwrap();
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    assert_eq!(device.stop(), 0);
}

#[test]
fn headquarters_leaves_a_broker_that_refuses_its_subscriptions_or_closes_for_the_next_address() {
    let mut post = Post::new();
    let refusing = UselessBroker::start(post.hq.home(), Fault::Refuses);
    let at = |port: u16| format!("localhost:{port}");
    post.hq.serve_with(&["--broker", &at(refusing.port())]);
    let refused = || (refusing.failed() >= 2).then_some(());
    wait_until("serve tries again", refused, || post.hq.log());
    let said = post.hq.run(&["devices"]).expect_code(0);
    assert!(said.to_string().contains("refuses"), "an alarm: {said}");
    assert_eq!(post.hq.stop_serve(), 0);

    let closing = UselessBroker::start(post.hq.home(), Fault::Closes);
    let brokers = [refusing.port(), closing.port(), post.broker.port()].map(at);
    post.hq.serve_with(&brokers.each_ref().map(|broker| ["--broker", broker.as_str()]).concat());
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
}
