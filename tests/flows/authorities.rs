//! The CA of the link is replaced while devices go on.

use std::fs;
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
    assert!(refused.err.contains("post-8 without a certificate"), "{refused}");
    away.start();
    let moved = || renewed(&away).filter(|der| ca::has_issued(&next_ca, der).unwrap()).map(drop);
    wait_until("the other device has one too", moved, || away.log());
    wait_online(&away);

    post.hq.run(&["replace-ca", "--finish"]).expect_code(0);
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
        let stored = fs::read(device.folder().join("state/certificate/authorities")).ok()?;
        let names = |pem: &[u8]| stored.windows(pem.len()).any(|part| part == pem);
        (names(&next_ca) && !names(&old_ca)).then_some(())
    };
    wait_until("the device believes the new CA alone", believes_next_alone, || device.log());
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
    assert!(!device.folder().join("state/certificate/authorities").exists());
    assert_eq!(device.status().unwrap()["online"], true);
}
