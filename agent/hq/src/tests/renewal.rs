//! Devices' certificates, renewed over the link.

use super::replace_ca::tell;
use super::{device_id, new_home_and_time};
use crate::authority::home::Home;
use crate::authority::renew::renew;
use crate::authority::services::{self, FOR_DEVICES};
use crate::authority::signing_time::confirm_clock;
use crate::collector::alarms::Alarms;
use crate::collector::renewals::Renewals;
use crate::db::devices;
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use std::path::Path;
use vedette_common::mqtt::tls::Identity;
use vedette_common::renewal::{RenewalAnswer, RenewalRequest, signed};
use vedette_shim::ids::DeviceId;
use vedette_shim::wire;

pub(super) const DAY_S: u64 = 86_400;

pub(super) fn enrolled(home: &Home, device: &DeviceId, out: &Path) -> Identity {
    enrol(home, device, &EnrolOptions::into(out)).unwrap();
    let read = |name| std::fs::read(out.join(name)).unwrap();
    Identity::from_pem(&read("device.pem"), &read("device.key")).unwrap()
}

/// A request for `new`, shown with the certificate of `shown` and signed by the key of `signer`.
pub(super) fn request(new: &KeyPair, shown: &Identity, signer: &Identity) -> Vec<u8> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, signer.key(), &random).unwrap();
    let csr = CertificateParams::default().serialize_request(new).unwrap();
    let signature = key.sign(&random, &signed(csr.der())).unwrap();
    let request = RenewalRequest {
        request: csr.der(),
        certificate: shown.certificate(),
        signature: signature.as_ref(),
    };
    wire::encode(&request, &mut [0; 8192]).unwrap().to_vec()
}

/// What a device of this name is given, by headquarters as it is after a restart.
pub(super) fn given(home: &Home, device: &DeviceId, payload: &[u8]) -> Option<Vec<u8>> {
    given_by(&mut Renewals::default(), home, device, payload)
}

fn given_by(renewals: &mut Renewals, home: &Home, device: &DeviceId, payload: &[u8]) -> Option<Vec<u8>> {
    let (mut db, mut alarms) = (home.database().unwrap(), Alarms::default());
    renewals.take(home, &mut db, &mut alarms, device.clone(), payload, home.now());
    let answer = renewals.next()?;
    assert_eq!(answer.topic, format!("vedette/v1/device/{device}/certificate"));
    Some(wire::decode::<RenewalAnswer>(&answer.payload).unwrap().certificate.to_vec())
}

#[test]
fn a_device_gets_a_certificate_for_its_new_key_from_the_middle_of_the_old_one_s_life_on() {
    let (dir, home, time) = new_home_and_time();
    let device = device_id();
    let present = enrolled(&home, &device, &dir.path().join("d"));
    let new = KeyPair::generate().unwrap();
    let asked = request(&new, &present, &present);
    time.pass(44 * DAY_S);
    confirm_clock(&home).unwrap();
    assert_eq!(given(&home, &device, &asked), None, "too early");
    time.pass(DAY_S);
    let certificate = given(&home, &device, &asked).unwrap();
    let next = Identity::from_der(&certificate, &new.serialize_der());
    next.check(&device).unwrap();
    next.check_issuer(&std::fs::read(dir.path().join("d/ca.pem")).unwrap()).unwrap();
    let term = next.term().unwrap();
    assert_eq!(term.ends, home.now() + 90 * DAY_S, "it lives as long as the one before");
    let db = home.database().unwrap();
    assert_eq!(devices::certificate_ends(db.read(), &device).unwrap(), Some(term.ends));

    // The one before counts until it ends: the new one may not have arrived.
    assert!(given(&home, &device, &asked).is_some());
    // Both end with the device.
    revoke(&home, &device).unwrap();
    assert_eq!(given(&home, &device, &asked), None);
    assert_eq!(devices::revoked(db.read(), home.now()).unwrap().len(), 3);
}

#[test]
fn a_certificate_that_never_arrived_puts_off_no_warning() {
    let (dir, home, time) = new_home_and_time();
    let (device, folder) = (device_id(), dir.path().join("d"));
    let old = enrolled(&home, &device, &folder);
    time.pass(70 * DAY_S);
    confirm_clock(&home).unwrap();
    let new = KeyPair::generate().unwrap();
    let given = given(&home, &device, &request(&new, &old, &old)).unwrap();
    let new = Identity::from_der(&given, &new.serialize_der());
    let db = home.database().unwrap();
    for (number, used, warned) in [(2, &old, 1), (3, &new, 0)] {
        tell(&home, &device, &folder, used, number);
        let ends = used.term().unwrap().ends;
        assert_eq!(devices::page(db.read(), "", 1).unwrap()[0].certificate_expires_at, ends);
        let (ending, count) = devices::ending_before(db.read(), home.now() + 30 * DAY_S, 9).unwrap();
        assert_eq!((ending.len(), count), (warned, warned));
    }
}

#[test]
fn a_certificate_is_given_only_to_whom_has_the_keys_and_the_name() {
    let (dir, home, time) = new_home_and_time();
    let (device, other) = (device_id(), "post-8".parse().unwrap());
    let present = enrolled(&home, &device, &dir.path().join("d"));
    let others = enrolled(&home, &other, &dir.path().join("o"));
    let (_foreign_dir, foreign_home, _) = new_home_and_time();
    let foreign = enrolled(&foreign_home, &device, &dir.path().join("f"));
    time.pass(50 * DAY_S);
    confirm_clock(&home).unwrap();
    let new = KeyPair::generate().unwrap();
    let mut unsigned = request(&new, &present, &present);
    let last = unsigned.len() - 1;
    unsigned[last] ^= 1;
    for (what, payload) in [
        ("another's certificate", request(&new, &others, &others)),
        ("another's signature", request(&new, &present, &others)),
        ("another CA's certificate", request(&new, &foreign, &foreign)),
        ("a changed signature", unsigned),
        ("nothing", Vec::new()),
        ("noise", vec![1; 300]),
    ] {
        assert_eq!(given(&home, &device, &payload), None, "{what}");
    }
    assert!(given(&home, &device, &request(&new, &present, &present)).is_some());
    time.pass(41 * DAY_S);
    confirm_clock(&home).unwrap();
    assert_eq!(given(&home, &device, &request(&new, &present, &present)), None, "an ended certificate");
}

#[test]
fn a_device_gets_one_certificate_an_hour_and_the_same_again_for_the_same_key() {
    let (dir, home, time) = new_home_and_time();
    let device = device_id();
    let present = enrolled(&home, &device, &dir.path().join("d"));
    time.pass(50 * DAY_S);
    confirm_clock(&home).unwrap();
    let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut renewals = Renewals::default();
    let mut ask = |key| given_by(&mut renewals, &home, &device, &request(key, &present, &present));
    let first = ask(&one);
    assert!(first.is_some());
    assert_eq!(ask(&one), first, "its answer may have been lost");
    assert_eq!(ask(&two), None);
}

#[test]
fn without_the_ca_s_key_nothing_is_given_and_nothing_changed() {
    let (dir, home, time) = new_home_and_time();
    let device = device_id();
    let present = enrolled(&home, &device, &dir.path().join("d"));
    time.pass(50 * DAY_S);
    confirm_clock(&home).unwrap();
    let db = home.database().unwrap();
    let before = devices::serial_in_force(db.read(), &device).unwrap();
    std::fs::remove_file(home.pki("ca.key")).unwrap();
    let new = KeyPair::generate().unwrap();
    assert_eq!(given(&home, &device, &request(&new, &present, &present)), None);
    assert_eq!(devices::serial_in_force(db.read(), &device).unwrap(), before);
}

#[test]
fn a_device_that_is_revoked_changes_the_broker_s_list_and_not_the_devices_one() {
    let (dir, home, _time) = new_home_and_time();
    let device = device_id();
    enrolled(&home, &device, &dir.path().join("d"));
    assert_eq!(renew(&home, true).unwrap().revoked, 3);
    let lists = || [FOR_DEVICES, "crl.pem"].map(|name| std::fs::read(home.pki(name)).unwrap());
    let before = lists();
    assert_eq!(services::for_devices(&home).unwrap().serials().len(), 3);
    revoke(&home, &device).unwrap();
    let after = lists();
    assert_eq!(before[0], after[0], "it would end the session of every other device");
    assert_ne!(before[1], after[1]);
}
