//! The CA of the link is replaced while devices go on.

use std::fs;
use std::path::PathBuf;
use vedette_common::mqtt::ca;
use vedette_common::mqtt::tls::Identity as Pair;
use vedette_shim::wire;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

/// The files that the broker reads, as an administrator copies them, and a restart.
fn bring_to_broker(post: &mut Post) {
    post.broker.stop().unwrap();
    post.broker.restart().unwrap();
}

/// The certificate that the device got over the link, DER.
fn renewed(device: &Device) -> Option<Vec<u8>> {
    let bytes = fs::read(device.folder().join("state/certificate/own.pair")).ok()?;
    let (certificate, _): (&[u8], &[u8]) = wire::decode(&bytes).ok()?;
    Some(certificate.to_vec())
}

/// Where a device has the statement that counts.
fn stored_statement(device: &Device) -> PathBuf {
    device.folder().join("state/certificate/authorities")
}

fn wait_online(device: &Device) {
    let online = || (device.status()?["online"] == true).then_some(());
    wait_until("it is online", online, || device.log());
}

#[test]
fn devices_go_over_to_another_ca_and_the_old_one_s_certificates_are_refused() {
    let mut post = Post::serving();
    let pki = post.hq.home().join("pki");
    let file = |name: &str| fs::read(pki.join(name)).unwrap();
    let device = post.start_device("post-7");
    let mut away = post.enrol("post-8");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let (old_ca, old_device) = (file("ca.pem"), Identity::of_device(&device));
    let nothing = post.hq.run(&["replace-ca", "--finish"]).expect_code(1);
    assert!(nothing.err.contains("not being replaced") && nothing.err.contains("replace-ca"), "{nothing}");

    post.hq.run(&["replace-ca"]).expect_code(0);
    let again = post.hq.run(&["replace-ca"]).expect_code(0);
    assert!(again.out.contains("already"), "{again}");
    bring_to_broker(&mut post);
    let next_ca = file("next-ca.pem");
    let of_next = || renewed(&device).filter(|der| ca::has_issued(&next_ca, der).unwrap());
    let certificate =
        wait_until("the device has a certificate by the new CA", of_next, || device.log() + &post.hq.log());
    wait_online(&device);
    assert!(!ca::has_issued(&old_ca, &certificate).unwrap());
    // The services still show the old one, to who knows no other.
    let broker = Pair::from_pem(&file("broker.pem"), &file("broker.key")).unwrap();
    broker.check_issuer(&old_ca).unwrap();
    let refused = post.hq.run(&["replace-ca", "--finish"]).expect_code(1);
    assert!(refused.err.contains("post-8 (has not connected"), "{refused}");
    away.start();
    post.hq.finish_replacing_the_ca(|| away.log());
    wait_online(&away);
    assert!(ca::has_issued(&next_ca, &renewed(&away).unwrap()).unwrap());
    assert_eq!(file("ca.pem"), next_ca);
    assert!(!pki.join("next-ca.key").exists());
    post.hq.stop_serve();
    bring_to_broker(&mut post);
    post.hq.serve();
    assert!(Intruder::connect(post.broker.port(), &old_device).is_err(), "the broker has another CA");
    post.hq.publish(LIST, [SPECIMEN, "Z0000001"]);
    for device in [&device, &away] {
        device.wait_for_edition(LIST, 2);
        device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
        device.wait_for_receipts();
    }
    post.wait_for_encounters(&device, 2);

    // What the old CA's thief makes is no broker to them, and newly enrolled devices know the new one only.
    let late = post.start_device("post-9");
    late.wait_for_edition(LIST, 2);
    assert_eq!(fs::read(late.folder().join("ca.pem")).unwrap(), next_ca);
    let believes_next_alone = || {
        let stored = fs::read(stored_statement(&device)).ok()?;
        let names = |pem: &[u8]| stored.windows(pem.len()).any(|part| part == pem);
        (names(&next_ca) && !names(&old_ca)).then_some(())
    };
    wait_until("the device believes the new CA alone", believes_next_alone, || device.log());
}

#[test]
fn a_device_whose_new_certificate_the_broker_refuses_keeps_the_old_ca() {
    let mut post = Post::serving();
    let mut device = post.start_device("post-7");
    wait_online(&device);
    post.hq.run(&["replace-ca"]).expect_code(0);
    // Nobody has brought the broker its new files.
    let tried = || device.whole_log().contains("the new certificate did not work").then_some(());
    wait_until("the new certificate was tried", tried, || device.log() + &post.hq.log());
    wait_online(&device);
    let waits = "post-7 (was given a certificate by the new CA and uses the old one)";
    let refused = post.hq.run(&["replace-ca", "--finish"]).expect_code(1);
    assert!(refused.err.contains(waits) && refused.err.contains("nothing was changed"), "{refused}");
    let listed = post.hq.run(&["replace-ca"]).expect_code(0);
    assert!(listed.out.contains(waits), "{listed}");

    // Started again it asks at once, and `serve` has forgotten what it gave.
    post.hq.stop_serve();
    bring_to_broker(&mut post);
    post.hq.serve();
    device.stop();
    device.start();
    post.hq.finish_replacing_the_ca(|| device.log());
}

#[test]
fn a_device_that_was_cut_off_comes_back_with_what_is_made_for_it() {
    let mut post = Post::serving();
    let mut device = post.start_device("post-7");
    wait_online(&device);
    post.hq.run(&["replace-ca"]).expect_code(0);
    let has_heard = || stored_statement(&device).exists().then_some(());
    wait_until("it believes both", has_heard, || device.log());
    device.stop();
    post.hq.stop_serve();
    post.hq.run(&["replace-ca", "--finish", "--anyway"]).expect_code(0);
    bring_to_broker(&mut post);
    post.hq.serve();
    let folder = post.folder().join("renewed");
    let renew = ["enrol", "post-7", "--renew", "--out", folder.to_str().unwrap()];
    post.hq.run(&renew).expect_code(0);
    for name in ["device.pem", "device.key", "state/certificate/authorities"] {
        fs::copy(folder.join(name), device.folder().join(name)).unwrap();
    }
    device.start();
    wait_online(&device);
}

#[test]
fn a_statement_that_overtakes_its_root_counts_as_soon_as_that_is_here() {
    let mut post = Post::serving();
    let device = post.start_device("post-7");
    wait_online(&device);
    post.hq.stop_serve();
    post.hq.run(&["replace-root-keys"]).expect_code(0);
    post.hq.run(&["replace-ca"]).expect_code(0);
    let file = |name: &str| fs::read(post.hq.home().join(name)).unwrap();
    let mut broker = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
    broker.publish("vedette/v1/authorities", &file("pki/authorities"), false).unwrap();
    let refused = || device.log().contains("a statement which CAs count is refused").then_some(());
    wait_until("it is not signed by the root that is here", refused, || device.log());
    let is_root = |version: &u32| post.hq.home().join(format!("root/{version}.root")).exists();
    let newest = (1..).take_while(is_root).last().unwrap();
    let root = file(&format!("root/{newest}.root"));
    broker.publish(&format!("vedette/v1/root/{newest}"), &root, false).unwrap();
    let counts = || (fs::read(stored_statement(&device)).ok()? == file("pki/authorities")).then_some(());
    wait_until("it counts under the next root", counts, || device.log());
}

#[test]
fn a_new_device_takes_no_statement_from_before_its_enrolment() {
    let mut post = Post::serving();
    post.hq.run(&["replace-ca"]).expect_code(0);
    let file = post.hq.home().join("pki/authorities");
    let statement = || fs::read(&file).unwrap();
    let of_both = statement();
    post.hq.run(&["replace-ca", "--finish"]).expect_code(0);
    // What the broker retains is the older one, as its thief would have it.
    post.hq.stop_serve();
    bring_to_broker(&mut post);
    let mut broker = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
    broker.publish("vedette/v1/authorities", &of_both, true).unwrap();
    let device = post.start_device("post-7");
    wait_online(&device);
    let refused = || device.log().contains("a statement which CAs count is refused").then_some(());
    wait_until("it is older than the enrolment", refused, || device.log());
    assert_eq!(fs::read(stored_statement(&device)).unwrap(), statement());
}

#[test]
fn only_the_root_s_keys_name_a_ca() {
    use vedette_common::crypto::sign_statement;
    use vedette_shim::trust::{Authorities, SignedKind};
    let post = Post::serving();
    let device = post.start_device("post-7");
    wait_online(&device);
    let other = post.folder().join("other");
    fs::create_dir(&other).unwrap();
    let other = vedette_tests::headquarters::Headquarters::init(&other, 1);
    let theirs = fs::read_to_string(other.home().join("pki/ca.pem")).unwrap();
    let said = Authorities { number: u64::MAX, certificates: &theirs };
    let mut broker = Intruder::connect(post.broker.port(), &Identity::of_publisher(&post.hq)).unwrap();
    for keys in [&["orders"][..], &["heartbeat", "orders"], &["root-1"], &["root-1", "orders"]] {
        let keys: Vec<_> = keys.iter().map(|key| post.hq.stolen_key(key)).collect();
        let bytes = sign_statement(SignedKind::Authorities, &said, &keys.iter().collect::<Vec<_>>());
        broker.publish("vedette/v1/authorities", &bytes, false).unwrap();
    }
    let refused = || {
        let log = device.whole_log();
        log.matches("a statement which CAs count is refused").nth(3).map(drop)
    };
    wait_until("all are refused", refused, || device.log());
    assert!(!stored_statement(&device).exists());
    assert_eq!(device.status().unwrap()["online"], true);
}
