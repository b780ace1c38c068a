//! Certificates of headquarters' own services are revoked, and devices refuse them.

use std::fs;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

#[track_caller]
fn wait_online(device: &Device, online: bool) {
    let is = || (device.status()?["online"] == online).then_some(());
    wait_until(format!("{} is online: {online}", device.id()), is, || device.log());
}

#[test]
fn a_broker_whose_certificate_was_revoked_is_refused_by_devices_that_are_connected_and_by_new_ones() {
    let mut post = Post::serving();
    let mut device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let thief = Identity::of_publisher(&post.hq);

    // The broker goes on with its old certificate, as a thief of its key would.
    let said = post.hq.run(&["renew", "--revoke-old"]).expect_code(0);
    assert!(said.out.contains("3 certificates are revoked"), "{said}");
    let told = || device.whole_log().contains("Revoked").then_some(());
    wait_until("the device refuses the broker", told, || device.log());
    wait_online(&device, false);
    let mut late = post.start_device("post-8");
    let told = || late.whole_log().contains("Revoked").then_some(());
    wait_until("a device enrolled since refuses it, too", told, || late.log());
    // A restart does not forget it, and what was on the device stays.
    device.stop();
    device.start();
    device.scan(&passport(SPECIMEN));
    wait_online(&device, false);

    // With the new certificates everything goes on, and the stolen ones are refused.
    post.hq.kill_serve();
    post.broker.stop().unwrap();
    post.broker.restart().unwrap();
    post.hq.serve();
    wait_online(&device, true);
    late.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    device.wait_for_receipts();
    let refused = Intruder::connect(post.broker.port(), &thief).err().unwrap();
    assert!(refused.contains("evoked"), "{refused}");
    late.stop();
}

#[test]
fn an_older_or_foreign_list_of_revoked_certificates_changes_nothing() {
    let mut post = Post::serving();
    let first = fs::read_to_string(post.hq.home().join("pki/services.crl")).unwrap();
    let device = post.start_device("post-7");
    wait_online(&device, true);
    post.hq.run(&["renew", "--revoke-old"]).expect_code(0);
    wait_online(&device, false);
    post.hq.kill_serve();
    post.broker.stop().unwrap();
    post.broker.restart().unwrap();
    wait_online(&device, true);
    let mut broker = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
    let other = post.folder().join("other");
    fs::create_dir(&other).unwrap();
    let other = vedette_tests::headquarters::Headquarters::init(&other, 1);
    other.run(&["renew"]).expect_code(0);
    let foreign = fs::read_to_string(other.home().join("pki/services.crl")).unwrap();
    for (pem, why) in [(first, "is in effect"), (foreign, "another CA")] {
        let crl = vedette_common::mqtt::crl::Crl::from_pem(pem.as_bytes()).unwrap();
        broker.publish("vedette/v1/revoked", crl.der(), true).unwrap();
        let told = || device.whole_log().contains(why).then_some(());
        wait_until("the list is refused", told, || device.log());
    }
    wait_online(&device, true);
}
