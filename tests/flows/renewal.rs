//! A device renews its certificate over the link by itself.

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use std::fs;
use std::path::Path;
use time::OffsetDateTime;
use vedette_common::mqtt::tls::Identity as Pair;
use vedette_shim::wire;
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

/// The device's certificate, but so many days old (below 0: not valid yet) and with so many to go: the same name, key and serial number, by the CA in `pki`.
fn aged(device: &Device, pki: &Path, old: i64, to_go: i64) -> String {
    let read =
        |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let key = KeyPair::from_pem(&read(&device.folder().join("device.key"))).unwrap();
    let ca = KeyPair::from_pem(&read(&pki.join("ca.key"))).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read(&pki.join("ca.pem")), ca).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, device.id());
    params.serial_number = Some(SerialNumber::from_slice(&serial(device)));
    params.not_before = OffsetDateTime::now_utc() - time::Duration::days(old);
    params.not_after = OffsetDateTime::now_utc() + time::Duration::days(to_go);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.signed_by(&key, &issuer).unwrap().pem()
}

/// The serial number of the device's certificate in force, as headquarters has it.
fn serial(device: &Device) -> Vec<u8> {
    let pem = fs::read(device.folder().join("device.pem")).unwrap();
    let pair = Pair::from_pem(&pem, &fs::read(device.folder().join("device.key")).unwrap()).unwrap();
    // Behind the outer headers and the version comes the number: 02, its length, its bytes.
    let der = pair.certificate();
    let at = der.windows(2).position(|two| two == [2, 16]).unwrap() + 2;
    der[at..at + 16].to_vec()
}

fn own_pair(device: &Device) -> std::path::PathBuf {
    device.folder().join("state/certificate/own.pair")
}

/// Puts a certificate for the device's key where one lies that came and was not tried yet.
fn put_next(device: &Device, certificate: &str) -> std::path::PathBuf {
    let key = fs::read(device.folder().join("device.key")).unwrap();
    let pair = Pair::from_pem(certificate.as_bytes(), &key).unwrap();
    let mut buffer = [0; 4096];
    let bytes = wire::encode(&(pair.certificate(), pair.key()), &mut buffer).unwrap();
    let next = device.folder().join("state/certificate/next.pair");
    fs::create_dir_all(next.parent().unwrap()).unwrap();
    fs::write(&next, bytes).unwrap();
    next
}

fn wait_renewed(device: &Device) {
    let renewed = || own_pair(device).exists().then_some(());
    wait_until("the certificate is renewed", renewed, || device.log());
    let online = || (device.status()?["online"] == true).then_some(());
    wait_until("it is online with it", online, || device.log());
}

#[test]
fn a_certificate_past_half_of_its_life_is_renewed_and_survives_a_restart() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    let (enrolled, key) = (device.folder().join("device.pem"), device.folder().join("device.key"));
    let old = aged(&device, &post.hq.home().join("pki"), 80, 10);
    fs::write(&enrolled, &old).unwrap();
    device.start();
    wait_renewed(&device);
    let said = device.run("status", &[]).expect_code(0).out;
    assert!(said.contains("certificate: until"), "{said}");
    assert_eq!(fs::read_to_string(&enrolled).unwrap(), old, "the enrolment's files stay");
    let pair = fs::read(own_pair(&device)).unwrap();
    let old_key = Pair::from_pem(old.as_bytes(), &fs::read(&key).unwrap()).unwrap();
    assert!(!pair.windows(old_key.key().len()).any(|part| part == old_key.key()), "a key of its own");

    // Nobody asks for another, and it is what the device goes on with.
    device.stop();
    fs::write(&key, "").unwrap();
    device.start();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    assert_eq!(fs::read(own_pair(&device)).unwrap(), pair);
}

#[test]
fn a_new_certificate_that_does_not_work_leaves_the_old_in_use() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    // One that the broker refuses: it is valid only from tomorrow on.
    let next = put_next(&device, &aged(&device, &post.hq.home().join("pki"), -1, 89));
    device.start();
    let online = || (device.status()?["online"] == true).then_some(());
    wait_until("the old certificate serves", online, || device.log());
    assert!(device.whole_log().contains("the new certificate did not work"), "{}", device.log());
    assert!(!next.exists() && !own_pair(&device).exists());
}

#[test]
fn a_certificate_of_another_ca_is_not_even_tried() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    // A broker that wants a device for itself could make one and take it.
    let other = post.folder().join("other");
    fs::create_dir(&other).unwrap();
    let other = vedette_tests::headquarters::Headquarters::init(&other, 1);
    let next = put_next(&device, &aged(&device, &other.home().join("pki"), 1, 89));
    device.start();
    let online = || (device.status()?["online"] == true).then_some(());
    wait_until("the old certificate serves", online, || device.log());
    assert!(device.whole_log().contains("the new certificate is of no use"), "{}", device.log());
    assert!(!device.whole_log().contains("did not work"), "{}", device.log());
    assert!(!next.exists() && !own_pair(&device).exists());
}

#[test]
fn a_revoked_device_gets_no_certificate_and_its_renewed_one_ends_with_it() {
    let mut post = Post::serving();
    let mut device = post.enrol("post-7");
    let old = aged(&device, &post.hq.home().join("pki"), 80, 10);
    fs::write(device.folder().join("device.pem"), old).unwrap();
    let enrolled = Identity::of_device(&device);
    device.start();
    wait_renewed(&device);
    device.kill();
    post.hq.run(&["revoke", "post-7"]).expect_code(0);
    post.broker.reload().unwrap();
    // What the device would show now, and what it had before.
    let refused = Intruder::connect(post.broker.port(), &enrolled).err().unwrap();
    assert!(refused.contains("evoked"), "{refused}");
    device.start();
    let told = || device.log().contains("evoked").then_some(());
    wait_until("the broker refuses the renewed certificate", told, || device.log());
    assert_eq!(device.status().unwrap()["online"], false);
}
