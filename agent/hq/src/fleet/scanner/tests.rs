use super::*;
use crate::authority::keys::OnlineRole;
use crate::authority::replace::replace_key;
use crate::fleet::enrol::{self, EnrolOptions};
use crate::tests::{list_name as list, new_home, new_list};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A home with one list of documents, published.
fn home_with_list() -> (tempfile::TempDir, Home) {
    let (folder, home) = new_home();
    new_list(&home, &list(), Kind::Documents);
    (folder, home)
}

fn name(text: &str) -> DeviceId {
    text.parse().unwrap()
}

fn with_device(folder: &Path, device: &str, home: &Home) {
    let out = folder.join(device);
    enrol::enrol(home, &name(device), &EnrolOptions::into(out)).unwrap();
}

fn stored(home: &Home, scanner: &str) -> ScannerRow {
    scanners::get(home.database().unwrap().read(), &name(scanner)).unwrap().unwrap()
}

/// The enrolment as a device or a scanner accepts it.
fn accepted(home: &Home, bytes: &[u8]) -> ScannerEnrolment {
    let (root, _) = root::newest(home).unwrap();
    ScannerEnrolment::accept(bytes, &root, |_| 0, &RingVerify).unwrap()
}

#[test]
fn a_pair_made_here_leaves_its_private_half_in_the_folder_only() {
    let (folder, home) = home_with_list();
    with_device(folder.path(), "post-7", &home);
    let out = folder.path().join("lane-1");
    let options = ScannerOptions { out: Some(out.clone()), ..ScannerOptions::default() };
    let view = enrol(&home, &name("lane-1"), &name("post-7"), &options).unwrap();
    let private = std::fs::read_to_string(out.join("scanner.key")).unwrap();
    assert_eq!(out.join("scanner.key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let key: [u8; 32] = vedette_shim::ids::from_hex(private.trim()).unwrap();
    assert_eq!(Hex(&BoxKey::from_private(Zeroizing::new(key)).public()).to_string(), view.key);
    let described: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("scanner.json")).unwrap()).unwrap();
    let (root, _) = root::newest(&home).unwrap();
    let issuer = root.issuer(&list()).unwrap();
    assert_eq!(described["orders"]["keys"][0], Hex(&root.orders.keys[0]).to_string());
    assert_eq!(described["lists"][list().as_str()]["keys"][0], Hex(&issuer.role.keys[0]).to_string());
    let enrolment = accepted(&home, &stored(&home, "lane-1").bytes);
    assert_eq!((enrolment.lists.to_vec(), enrolment.pair.revoked), (vec![list()], false));
    for entry in std::fs::read_dir(home.dir()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(32).any(|window| window == key), "{entry:?}");
    }
}

#[test]
fn every_change_has_a_higher_number_and_tells_every_device_it_hung_at() {
    let (folder, home) = home_with_list();
    with_device(folder.path(), "post-7", &home);
    with_device(folder.path(), "post-8", &home);
    let keyed = ScannerOptions { key: Some([7; 32]), ..ScannerOptions::default() };
    enrol(&home, &name("lane-1"), &name("post-7"), &keyed).unwrap();
    let first = stored(&home, "lane-1").enrolment.pair.number;
    enrol(&home, &name("lane-1"), &name("post-8"), &ScannerOptions::default()).unwrap();
    let moved = stored(&home, "lane-1");
    assert!(moved.enrolment.pair.number > first);
    assert_eq!(moved.enrolment.pair.scanner_key, [7; 32], "it keeps its key");
    let db = home.database().unwrap();
    for device in ["post-7", "post-8"] {
        let told = scanners::of_device(db.read(), &name(device)).unwrap();
        assert_eq!(told, std::slice::from_ref(&moved), "{device}");
    }
    revoke(&home, &name("lane-1")).unwrap();
    let revoked = stored(&home, "lane-1").enrolment;
    assert!(revoked.pair.revoked && revoked.pair.number > moved.enrolment.pair.number);
    // Its key may be in other hands: it comes back with another only.
    let again = enrol(&home, &name("lane-1"), &name("post-8"), &ScannerOptions::default());
    assert!(matches!(again, Err(FleetError::NoScannerKey(_))));
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_nothing() {
    let (folder, home) = home_with_list();
    with_device(folder.path(), "post-7", &home);
    let keyed = ScannerOptions { key: Some([7; 32]), ..ScannerOptions::default() };
    let enrol =
        |device: &str, options: &ScannerOptions| super::enrol(&home, &name("lane-1"), &name(device), options);
    assert!(matches!(enrol("post-9", &keyed), Err(FleetError::NoDevice(_))));
    assert!(matches!(enrol("post-7", &ScannerOptions::default()), Err(FleetError::NoScannerKey(_))));
    let unknown = ScannerOptions { lists: vec!["no/such".parse().unwrap()], ..keyed.clone() };
    assert!(matches!(enrol("post-7", &unknown), Err(FleetError::Value { what: "list", .. })));
    assert!(matches!(revoke(&home, &name("lane-1")), Err(FleetError::NoScanner(_))));
    assert_eq!(scanners(&home).unwrap(), []);
}

#[test]
fn a_new_key_of_orders_signs_enrolments_again() {
    let (folder, home) = home_with_list();
    with_device(folder.path(), "post-7", &home);
    let keyed = ScannerOptions { key: Some([7; 32]), ..ScannerOptions::default() };
    enrol(&home, &name("lane-1"), &name("post-7"), &keyed).unwrap();
    let before = stored(&home, "lane-1");
    replace_key(&home, OnlineRole::Orders).unwrap();
    let after = stored(&home, "lane-1");
    assert_ne!(after.bytes, before.bytes);
    assert_eq!(accepted(&home, &after.bytes), before.enrolment);
}
