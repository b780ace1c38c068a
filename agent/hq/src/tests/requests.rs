//! A device is enrolled by the request that it brings: which requests are taken, and what headquarters has afterwards.

use super::{device_id, new_home};
use crate::db::devices;
use crate::fleet::FleetError;
use crate::fleet::enrol::{EnrolOptions, enrol};
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, PublicKeyData};
use std::fs;
use std::path::{Path, PathBuf};
use vedette_common::crypto::{BoxKey, random_secret};
use vedette_common::device_key::{self, EnrolledKeys};
use vedette_common::enrolment_request::EnrolmentRequest;
use vedette_shim::ids::DeviceId;

/// Writes the request of `device` with this key of the link into `folder`.
fn request(folder: &Path, device: &DeviceId, key: &BoxKey, link: &KeyPair) -> PathBuf {
    let csr = CertificateParams::default().serialize_request(link).unwrap();
    let request = EnrolmentRequest::of(device, &EnrolledKeys::of(key), csr.der());
    let file = folder.join("request");
    fs::write(&file, request.sign(&device_key::signing(key))).unwrap();
    file
}

#[test]
fn a_request_is_enrolled_with_its_keys_and_nothing_private_is_made() {
    let (dir, home) = new_home();
    let (key, link) = (BoxKey::from_private(random_secret()), KeyPair::generate().unwrap());
    let file = request(dir.path(), &device_id(), &key, &link);
    let out = dir.path().join("post-7");
    let options = EnrolOptions { request: Some(file), ..EnrolOptions::into(&out) };
    let first = enrol(&home, &device_id(), &options).unwrap();
    let again = enrol(&home, &device_id(), &options).unwrap();
    assert!(!first.before && again.before && first.fingerprint == again.fingerprint);
    assert!(first.fingerprint.is_some_and(|fingerprint| fingerprint.len() == 79));
    assert!(!out.join("box.key").exists() && !out.join("device.key").exists());
    let pem = fs::read(out.join("device.pem")).unwrap();
    let certified = x509_parser::pem::parse_x509_pem(&pem).unwrap().1;
    let certified = certified.parse_x509().unwrap();
    assert_eq!(certified.public_key().subject_public_key.data.as_ref(), link.der_bytes());
    let db = home.database().unwrap();
    assert_eq!(devices::box_in_force(db.read(), &device_id()).unwrap(), Some(key.public()));
}

#[test]
fn a_request_that_is_another_s_changed_or_for_another_kind_of_key_enrols_nobody() {
    let (dir, home) = new_home();
    let (key, link) = (BoxKey::from_private(random_secret()), KeyPair::generate().unwrap());
    let refused = |file: &Path| {
        let options = EnrolOptions { request: Some(file.into()), ..EnrolOptions::into(dir.path().join("x")) };
        let refused = enrol(&home, &device_id(), &options);
        assert!(matches!(refused, Err(FleetError::Value { what: "request", .. })), "{refused:?}");
    };
    refused(&request(dir.path(), &"post-8".parse().unwrap(), &key, &link));
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    refused(&request(dir.path(), &device_id(), &key, &ed25519));
    let file = request(dir.path(), &device_id(), &key, &link);
    let right = fs::read(&file).unwrap();
    for at in [0, 40, 200, right.len() - 4] {
        let mut changed = right.clone();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        fs::write(&file, changed).unwrap();
        refused(&file);
    }
    fs::write(&file, &right[..right.len() / 2]).unwrap();
    refused(&file);
    assert!(!dir.path().join("x").exists());
    assert_eq!(devices::all(home.database().unwrap().read()).unwrap(), []);
}
