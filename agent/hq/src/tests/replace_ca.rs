//! Replacing the CA of the link.

use super::renewal::{enrolled, given, request};
use super::{NOW, box_key, device_id, new_home, signed_status, status_with};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{Ca, read_text};
use crate::authority::replace_ca::{begin, finish, statement};
use crate::authority::replace_root::replace_root_keys;
use crate::authority::{renew::renew, root};
use crate::db::next_ca::{NotOver, Wait};
use crate::fleet::revoke::revoke;
use crate::fleet::{enrol, status};
use rcgen::KeyPair;
use std::fs;
use std::path::Path;
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::ca::has_issued;
use vedette_common::mqtt::crl::Crl;
use vedette_common::mqtt::tls::Identity;
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Authorities, Status};

/// The files that `replace-ca --finish` writes, in its order.
const FINISHED: [&str; 10] = [
    "authorities",
    "ca.pem",
    "broker.key",
    "broker.pem",
    "headquarters.key",
    "headquarters.pem",
    "publisher.key",
    "publisher.pem",
    "crl.pem",
    "services.crl",
];

fn file(home: &Home, name: &str) -> String {
    read_text(home, name).unwrap()
}

/// The number and the CAs that a device is told.
#[track_caller]
fn named(home: &Home) -> (u64, String) {
    let bytes = statement(home).unwrap().unwrap();
    let said = Authorities::accept(&bytes, &root::newest(home).unwrap().0, &RingVerify).unwrap();
    (said.number, said.certificates.to_string())
}

fn broker(home: &Home) -> Identity {
    Identity::from_pem(file(home, "broker.pem").as_bytes(), file(home, "broker.key").as_bytes()).unwrap()
}

/// Every list in the file for the broker is by one of these CAs, and there are as many.
#[track_caller]
fn has_crls_of(home: &Home, cas: &[&str]) {
    let lists = file(home, "crl.pem");
    let lists: Vec<_> = lists.split_inclusive("-----END X509 CRL-----\n").collect();
    assert_eq!(lists.len(), cas.len());
    for (list, ca) in lists.iter().zip(cas) {
        Crl::from_pem(list.as_bytes()).unwrap().verify(ca.as_bytes()).unwrap();
    }
}

/// The old CA has ended, and `next` is in its place.
#[track_caller]
fn is_replaced_by(home: &Home, next: &str) {
    assert_eq!((named(home).1, file(home, "ca.pem")), (next.to_string(), next.to_string()));
    broker(home).check_issuer(next.as_bytes()).unwrap();
    has_crls_of(home, &[next]);
    Crl::from_pem(file(home, "services.crl").as_bytes()).unwrap().verify(next.as_bytes()).unwrap();
    assert!(!home.pki("next-ca.pem").exists() && !home.pki("next-ca.key").exists());
    // Its key fits: what it signs counts.
    renew(home, false).unwrap();
    broker(home).check_issuer(next.as_bytes()).unwrap();
}

/// A device signs, in a session that is up, that this is the certificate that it uses; it was enrolled into `folder`.
#[track_caller]
pub(super) fn tell(home: &Home, device: &DeviceId, folder: &Path, used: &Identity, number: u64) {
    say(home, device, folder, used, Status { number, at: NOW + number, ..status_with(1) });
}

/// The same, in this status.
#[track_caller]
fn say(home: &Home, device: &DeviceId, folder: &Path, used: &Identity, status: Status) {
    let certificate = used.serial().unwrap().into_iter().collect();
    let status = Status { device: device.clone(), certificate, ..status };
    let message = signed_status(status, &box_key(folder));
    let taken = status::take(home.database().unwrap().read(), device, &message, false, NOW).unwrap();
    assert_eq!(taken, status::Stored::New);
}

/// These devices need the old CA still, and `finish` says so unless there are none.
#[track_caller]
fn waits(home: &Home, expected: &[(&DeviceId, Wait)]) {
    let expected: Vec<_> =
        expected.iter().map(|(device, wait)| NotOver { device: (*device).clone(), wait: *wait }).collect();
    assert_eq!(begin(home).unwrap().waiting, expected);
    if !expected.is_empty() {
        let refused = finish(home, false);
        assert!(matches!(refused, Err(AuthorityError::OldCaNeeded(left)) if left == expected));
    }
}

#[test]
fn both_cas_count_until_every_device_has_a_certificate_by_the_new_one() {
    let (dir, home) = new_home();
    let (device, second): (_, DeviceId) = (device_id(), "post-8".parse().unwrap());
    let folders = ["d", "e"].map(|name| dir.path().join(name));
    let old = enrolled(&home, &device, &folders[0]);
    let old_ca = file(&home, "ca.pem");
    let new = KeyPair::generate().unwrap();
    let asked = request(&new, &old, &old);
    assert_eq!(given(&home, &device, &asked), None, "too early");
    assert!(matches!(finish(&home, false), Err(AuthorityError::NoNextCa)));

    assert!(!begin(&home).unwrap().before);
    let (number, both) = named(&home);
    let next_ca = file(&home, "next-ca.pem");
    assert_eq!((both.as_str(), file(&home, "ca.pem")), ((old_ca.clone() + &next_ca).as_str(), both.clone()));
    broker(&home).check_issuer(old_ca.as_bytes()).unwrap();
    has_crls_of(&home, &[&old_ca, &next_ca]);
    assert!(begin(&home).unwrap().before, "again it changes nothing");
    assert_eq!(named(&home), (number, both));
    replace_root_keys(&home).unwrap();
    assert_eq!(named(&home).0, number, "signed by the new keys, and the same");

    // Who is enrolled now has a certificate by the new one; who was, gets one when he asks, once.
    let of_second = enrolled(&home, &second, &folders[1]);
    of_second.check_issuer(next_ca.as_bytes()).unwrap();
    waits(&home, &[(&device, Wait::Connection), (&second, Wait::Connection)]);
    tell(&home, &second, &folders[1], &of_second, 2);
    tell(&home, &device, &folders[0], &old, 2);
    waits(&home, &[(&device, Wait::Certificate)]);
    let certificate = given(&home, &device, &asked).unwrap();
    assert!(has_issued(next_ca.as_bytes(), &certificate).unwrap());
    let renewed = Identity::from_der(&certificate, &new.serialize_der());
    let early = request(&KeyPair::generate().unwrap(), &renewed, &renewed);
    assert_eq!(given(&home, &device, &early), None, "that is young, and by the new CA");
    // It may never have arrived: only its own word that it uses it counts, and not a will, made before its session was up.
    waits(&home, &[(&device, Wait::Use)]);
    say(
        &home,
        &device,
        &folders[0],
        &renewed,
        Status { number: 3, online: false, at: NOW + 3, ..status_with(1) },
    );
    waits(&home, &[(&device, Wait::Use)]);
    tell(&home, &device, &folders[0], &renewed, 4);
    waits(&home, &[]);
    tell(&home, &device, &folders[0], &old, 5);
    waits(&home, &[(&device, Wait::Use)]);
    tell(&home, &device, &folders[0], &renewed, 6);
    // One that a renewal replaced is by the new CA all the same.
    enrol::renew(&home, &device, &dir.path().join("renewed"), 90).unwrap();
    waits(&home, &[]);
    finish(&home, false).unwrap();
    assert!(named(&home).0 > number);
    is_replaced_by(&home, &next_ca);
    assert_eq!(given(&home, &device, &asked), None, "the old CA's certificates count no more");

    // And another time.
    begin(&home).unwrap();
    waits(&home, &[(&device, Wait::Certificate), (&second, Wait::Certificate)]);
    assert!(matches!(finish(&home, false), Err(AuthorityError::OldCaNeeded(left)) if left.len() == 2));
    for device in [device, second] {
        revoke(&home, &device).unwrap();
    }
    let third = file(&home, "next-ca.pem");
    has_crls_of(&home, &[&next_ca, &third]);
    finish(&home, false).unwrap();
    is_replaced_by(&home, &third);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn cut_off_anywhere_the_same_command_finishes_it() {
    let (dir, home) = new_home();
    enrolled(&home, &device_id(), &dir.path().join("d"));
    let (pki, kept) = (home.dir().join("pki"), dir.path().join("kept"));
    let old_ca = file(&home, "ca.pem");
    copy(&pki, &kept.join("before"));
    begin(&home).unwrap();
    copy(&pki, &kept.join("begun"));
    let next_ca = file(&home, "next-ca.pem");
    // What was written when it was cut off.
    let begins = ["next-ca.pem", "next-ca.key", "authorities", "ca.pem"];
    for written in 1..=begins.len() {
        fs::remove_dir_all(&pki).unwrap();
        copy(&kept.join("before"), &pki);
        for name in &begins[..written] {
            fs::copy(kept.join("begun").join(name), pki.join(name)).unwrap();
        }
        begin(&home).unwrap();
        let next = file(&home, "next-ca.pem");
        // Without its key a certificate is of no use: both are made again.
        assert_eq!(next == next_ca, written > 1, "{written}");
        assert_eq!(named(&home).1, old_ca.clone() + &next);
        has_crls_of(&home, &[&old_ca, &next]);
    }
    fs::remove_dir_all(&pki).unwrap();
    copy(&kept.join("begun"), &pki);
    finish(&home, true).unwrap();
    copy(&pki, &kept.join("finished"));
    for written in 1..=FINISHED.len() + 1 {
        fs::remove_dir_all(&pki).unwrap();
        copy(&kept.join("begun"), &pki);
        for name in FINISHED.iter().chain(&["ca.key"]).take(written) {
            fs::copy(kept.join("finished").join(name), pki.join(name)).unwrap();
        }
        // Meanwhile nothing is signed by a CA with another's key.
        if written > 1 {
            let ca = Ca::open(&home).unwrap();
            let crl = ca.crl(&[], 1, home.now()).unwrap();
            Crl::from_pem(crl.as_bytes()).unwrap().verify(next_ca.as_bytes()).unwrap();
        }
        finish(&home, true).unwrap();
        is_replaced_by(&home, &next_ca);
    }
}

#[test]
fn a_ca_that_no_statement_names_yet_certifies_nobody() {
    let (dir, home) = new_home();
    let device = device_id();
    let old = enrolled(&home, &device, &dir.path().join("d"));
    let (pki, kept) = (home.dir().join("pki"), dir.path().join("kept"));
    let old_ca = file(&home, "ca.pem");
    copy(&pki, &kept.join("before"));
    begin(&home).unwrap();
    copy(&pki, &kept.join("begun"));
    let asked = request(&KeyPair::generate().unwrap(), &old, &old);
    for (written, name) in ["next-ca.pem", "next-ca.key", "authorities"].iter().enumerate() {
        if written == 0 {
            fs::remove_dir_all(&pki).unwrap();
            copy(&kept.join("before"), &pki);
        }
        fs::copy(kept.join("begun").join(name), pki.join(name)).unwrap();
        let new: DeviceId = format!("new-{written}").parse().unwrap();
        enrolled(&home, &new, &dir.path().join(new.as_str())).check_issuer(old_ca.as_bytes()).unwrap();
        assert_eq!(given(&home, &device, &asked), None, "there is no other CA for it yet");
    }
}

#[test]
fn a_replacement_whose_end_was_cut_off_cannot_be_begun_again() {
    let (dir, home) = new_home();
    let (pki, kept) = (home.dir().join("pki"), dir.path().join("kept"));
    begin(&home).unwrap();
    let folder = dir.path().join("d");
    tell(&home, &device_id(), &folder, &enrolled(&home, &device_id(), &folder), 2);
    copy(&pki, &kept);
    let next_ca = file(&home, "next-ca.pem");
    finish(&home, false).unwrap();
    copy(&pki, &kept.join("finished"));
    // From `ca.pem` on, which is the second.
    for written in 2..=FINISHED.len() {
        fs::remove_dir_all(&pki).unwrap();
        copy(&kept, &pki);
        for name in &FINISHED[..written] {
            fs::copy(kept.join("finished").join(name), pki.join(name)).unwrap();
        }
        let refused = begin(&home).unwrap_err();
        assert!(matches!(refused, AuthorityError::CaHasEnded), "{written}: {refused}");
        assert!(refused.hint().unwrap().contains("--finish"));
        finish(&home, false).unwrap();
        is_replaced_by(&home, &next_ca);
    }
}

#[test]
fn a_key_of_another_certificate_signs_nothing() {
    let (_dir, home) = new_home();
    let (_other_dir, other) = new_home();
    fs::copy(other.pki("ca.key"), home.pki("ca.key")).unwrap();
    let refused = renew(&home, false).unwrap_err();
    assert!(matches!(&refused, AuthorityError::Damaged(why) if why.contains("pki/ca.key")), "{refused}");
    begin(&home).unwrap_err();
    assert!(!home.pki("next-ca.pem").exists());
    assert_eq!((statement(&home).unwrap(), root::newest(&home).unwrap().0.version), (None, 1));
}

#[test]
fn without_the_root_keys_nothing_is_made() {
    let (_dir, home) = new_home();
    for n in 1..=2 {
        fs::remove_file(home.keys().join(format!("root-{n}"))).unwrap();
    }
    assert!(matches!(begin(&home), Err(AuthorityError::RootKeys { .. })));
    assert!(!home.pki("next-ca.pem").exists());
    assert_eq!(statement(&home).unwrap(), None);
}
