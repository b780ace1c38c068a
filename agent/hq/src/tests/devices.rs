//! Devices come and go: what a device can verify and open with what it was given, and no longer after.

use super::{NOW, box_key, clock, device_id, list_name, new_home, new_list};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::init::{InitOptions, init};
use crate::authority::root;
use crate::db::{grants, statements};
use crate::fleet::FleetError;
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::publishing::PublishingError;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::crl::Crl;
use vedette_common::mqtt::tls::{Identity, client_config};
use vedette_shim::ids::{DeviceId, ListName, from_hex};
use vedette_shim::list::Kind;
use vedette_shim::trust::{
    Enrolment, Grant, Heartbeat, LISTS_MAX, Order, OrderKind, Root, SEALED_KEY_BYTES, TrustError, key_id,
};
use x509_parser::prelude::FromDer;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The list keys that a device can open from a grant: (number, key).
fn open_grant(bytes: &[u8], folder: &Path, anchor: &Root) -> Vec<(u32, Vec<u8>)> {
    let (device, list) = (device_id(), list_name());
    let us = Enrolment { device: device.clone(), key: key_id(&box_key(folder).public()) };
    let grant = Grant::accept(bytes, &us, anchor, |_| 0, NOW, &RingVerify).unwrap();
    let open = |key: &vedette_shim::trust::GrantedKey| {
        assert_eq!(key.sealed.len(), SEALED_KEY_BYTES);
        let about = postcard::to_allocvec(&(&device, &list, key.number)).unwrap();
        let plain = box_key(folder).open(b"vedette/v1/grant", &about, key.sealed).unwrap();
        (key.number, plain.to_vec())
    };
    grant.keys.iter().map(open).collect()
}

#[test]
fn a_home_is_private_and_made_once() {
    let (dir, home) = new_home();
    assert_eq!(mode(home.dir()), 0o700);
    for secret in ["keys/root-1", "keys/heartbeat", "pki/ca.key", "pki/headquarters.key", "pki/publisher.key"]
    {
        assert_eq!(mode(&home.dir().join(secret)), 0o600, "{secret}");
    }
    let again = init(home.dir(), &InitOptions::default(), clock());
    assert!(matches!(again, Err(AuthorityError::Exists(_))), "{again:?}");
    assert!(matches!(Home::open(dir.path(), clock()), Err(AuthorityError::NoHome(_))));
    // Nothing temporary is left beside it.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn an_enrolled_device_has_all_it_needs_to_connect_and_to_believe() {
    let (dir, home) = new_home();
    new_list(&home, &list_name(), Kind::Documents);
    let folder = dir.path().join("post-7");
    let options = EnrolOptions { post: Some("Pont de \"Kehl\"".into()), ..EnrolOptions::into(&folder) };
    let enrolled = enrol(&home, &device_id(), &options).unwrap();
    assert_eq!(enrolled.lists, [list_name()]);

    assert_eq!(mode(&folder), 0o700);
    for secret in ["device.key", "box.key"] {
        assert_eq!(mode(&folder.join(secret)), 0o600, "{secret}");
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let identity = Identity::from_pem(&read("device.pem"), &read("device.key")).unwrap();
    let crl = Crl::from_pem(&read("crl.pem")).unwrap();
    client_config(&read("ca.pem"), &identity, Some(&crl), Default::default()).unwrap();
    let toml: toml::Table = fs::read_to_string(&enrolled.agent_toml).unwrap().parse().unwrap();
    assert_eq!(toml["device"]["id"].as_str(), Some("post-7"));
    assert_eq!(toml["device"]["post"].as_str(), Some("Pont de \"Kehl\""));
    assert_eq!(toml["link"]["host"].as_str(), Some("mqtt.example"));
    assert_eq!(toml["link"]["port"].as_integer(), Some(8883));

    let anchor = Root::pinned(&read("root.anchor"), &RingVerify).unwrap();
    assert_eq!(anchor.issuer(&list_name()).unwrap().kind, Kind::Documents);
    let keys = open_grant(&read("grants/interpol/sltd"), &folder, &anchor);
    assert_eq!(keys.iter().map(|key| key.0).collect::<Vec<_>>(), [1]);
    let home_key = fs::read_to_string(home.keys().join("list-interpol.sltd-1")).unwrap();
    assert_eq!(keys[0].1, from_hex::<32>(home_key.trim()).unwrap());
}

#[test]
fn a_name_is_enrolled_once_and_some_never() {
    let (dir, home) = new_home();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("a"))).unwrap();
    let again = enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("b")));
    assert!(matches!(again, Err(FleetError::DeviceExists(_))), "{again:?}");
    assert!(!dir.path().join("b").exists());
    // At the broker such a device would be headquarters.
    let usurper = enrol(&home, &"headquarters".parse().unwrap(), &EnrolOptions::into(dir.path().join("b")));
    assert!(matches!(usurper, Err(FleetError::Value { .. })), "{usurper:?}");
    let occupied = enrol(&home, &"post-8".parse().unwrap(), &EnrolOptions::into(dir.path().join("a")));
    assert!(matches!(occupied, Err(FleetError::Authority(AuthorityError::Exists(_)))), "{occupied:?}");
}

#[test]
fn each_root_follows_the_one_before_and_two_of_three_keys_make_it() {
    let (_dir, home) = new_home();
    for name in ["interpol/sltd", "un/sanctions"] {
        new_list(&home, &name.parse().unwrap(), Kind::Persons);
    }
    let roots = root::all(&home).unwrap();
    assert_eq!(roots.iter().map(|root| root.0).collect::<Vec<_>>(), [1, 2, 3]);
    let mut held = Root::pinned(&roots[0].1, &RingVerify).unwrap();
    for (_, bytes) in &roots[1..] {
        held = held.next(bytes, &RingVerify).unwrap();
    }
    assert_eq!(held.issuers.len(), 2);

    fs::remove_file(home.keys().join("root-1")).unwrap();
    new_list(&home, &"fr/stolen".parse().unwrap(), Kind::Documents);
    fs::remove_file(home.keys().join("root-3")).unwrap();
    let list = list_of_one(&home, "fr/lost");
    let short = publish(&home, &list, &PublishOptions::default());
    assert!(
        matches!(short, Err(PublishingError::Authority(AuthorityError::RootKeys { found: 1, needed: 2 }))),
        "{short:?}"
    );
}

#[test]
fn a_list_is_made_once() {
    let (_dir, home) = new_home();
    let make = |kind| create(&home, &list_name(), &CreateOptions::of(kind));
    assert!(make(Kind::Documents).unwrap());
    assert!(!make(Kind::Documents).unwrap(), "it is there");
    assert!(matches!(make(Kind::Persons), Err(PublishingError::ListExists(_))));
    for n in 1..LISTS_MAX {
        create(&home, &format!("uto/l{n}").parse().unwrap(), &CreateOptions::of(Kind::Documents)).unwrap();
    }
    let surplus = create(&home, &"uto/surplus".parse().unwrap(), &CreateOptions::of(Kind::Documents));
    assert!(matches!(surplus, Err(PublishingError::Authority(AuthorityError::TooManyLists(LISTS_MAX)))));
    assert!(!home.keys().join("issuer-uto.surplus").exists());
}

/// Makes a list of documents of which one alert is imported and nothing published.
fn list_of_one(home: &Home, name: &str) -> ListName {
    let list = name.parse().unwrap();
    create(home, &list, &CreateOptions::of(Kind::Documents)).unwrap();
    let file = home.dir().join("list.csv");
    fs::write(&file, "issuing_state,document_type,document_number,status\nUTO,P,1,lost\n").unwrap();
    import(home, &list, &file, ImportOptions::default()).unwrap();
    list
}

#[test]
fn a_list_touches_no_device_before_its_first_edition() {
    let (dir, home) = new_home();
    let folder = dir.path().join("post-7");
    enrol(&home, &device_id(), &EnrolOptions::into(&folder)).unwrap();
    new_list(&home, &list_name(), Kind::Documents);
    let seen = || {
        let db = home.database().unwrap();
        let granted = grants::of_device(db.read(), &device_id()).unwrap();
        (root::all(&home).unwrap(), statements::heartbeat(db.read()).unwrap(), granted)
    };
    let before = seen();
    let list = list_of_one(&home, "uto/second");
    assert_eq!(seen(), before, "nothing that devices get changes");
    // Nor does a device that comes in between hear of it.
    let early = enrol(&home, &"post-8".parse().unwrap(), &EnrolOptions::into(dir.path().join("post-8")));
    assert_eq!(early.unwrap().lists, [list_name()]);
    revoke(&home, &"post-8".parse().unwrap()).unwrap();

    publish(&home, &list, &PublishOptions::default()).unwrap();
    let (roots, heartbeat, granted) = seen();
    assert_eq!(roots.len(), before.0.len() + 1);
    let root = root::newest(&home).unwrap().0;
    assert_eq!(root.issuer(&list).unwrap().kind, Kind::Documents);
    let heartbeat = Heartbeat::accept(&heartbeat.unwrap().1, &root, 0, home.now(), &RingVerify).unwrap();
    assert_eq!(heartbeat.list(&list).map(|list| list.edition), Some(1));
    assert_eq!(granted.iter().map(|(list, _)| list.clone()).collect::<Vec<_>>(), [list_name(), list]);
}

#[test]
fn a_list_published_later_is_granted_to_devices_that_are_there() {
    let (dir, home) = new_home();
    let folder = dir.path().join("post-7");
    enrol(&home, &device_id(), &EnrolOptions::into(&folder)).unwrap();
    new_list(&home, &list_name(), Kind::Documents);
    let granted = grants::of_device(home.database().unwrap().read(), &device_id()).unwrap();
    let anchor = root::newest(&home).unwrap().0;
    assert_eq!(open_grant(&granted[0].1, &folder, &anchor)[0].0, 1);
}

#[test]
fn a_revoked_device_gets_an_order_and_no_further_key_and_may_come_anew() {
    let (dir, home) = new_home();
    new_list(&home, &list_name(), Kind::Documents);
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("old"))).unwrap();
    let other: DeviceId = "post-8".parse().unwrap();
    enrol(&home, &other, &EnrolOptions::into(dir.path().join("other"))).unwrap();
    assert_eq!(revoke(&home, &device_id()).unwrap().rotated, [list_name()]);

    let db = home.database().unwrap();
    let anchor = root::newest(&home).unwrap().0;
    assert!(grants::of_device(db.read(), &device_id()).unwrap().is_empty());
    let us =
        |folder: &str, device| Enrolment { device, key: key_id(&box_key(&dir.path().join(folder)).public()) };
    let old = us("old", device_id());
    let bytes = statements::order(db.read(), &device_id()).unwrap().unwrap();
    let order = Order::accept(&bytes, &old, &anchor, 0, &RingVerify).unwrap();
    assert_eq!((order.number, order.order), (1, OrderKind::EraseAll));
    let replayed = Order::accept(&bytes, &old, &anchor, 1, &RingVerify);
    assert!(matches!(replayed, Err(TrustError::Rollback { .. })));
    // The other device has the new key too, besides the one of what is published.
    let bytes = grants::of_device(db.read(), &other).unwrap().remove(0).1;
    let grant = Grant::accept(&bytes, &us("other", other), &anchor, |_| 0, NOW, &RingVerify).unwrap();
    assert_eq!(grant.keys.iter().map(|key| key.number).collect::<Vec<_>>(), [1, 2]);

    let crl = fs::read(home.pki("crl.pem")).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&crl).unwrap();
    let (_, crl) = x509_parser::revocation_list::CertificateRevocationList::from_der(&pem.contents).unwrap();
    let old = fs::read(dir.path().join("old/device.pem")).unwrap();
    let (_, old) = x509_parser::pem::parse_x509_pem(&old).unwrap();
    let old = old.parse_x509().unwrap();
    let serials: Vec<_> = crl.iter_revoked_certificates().map(|one| one.raw_serial().to_vec()).collect();
    assert_eq!(serials, [old.raw_serial().to_vec()]);

    assert!(revoke(&home, &device_id()).unwrap().before);
    let unknown = revoke(&home, &"nobody".parse().unwrap());
    assert!(matches!(unknown, Err(FleetError::NoDevice(_))), "{unknown:?}");

    let anew = dir.path().join("anew");
    enrol(&home, &device_id(), &EnrolOptions::into(&anew)).unwrap();
    let granted = grants::of_device(db.read(), &device_id()).unwrap();
    let numbers: Vec<_> = open_grant(&granted[0].1, &anew, &anchor).iter().map(|key| key.0).collect();
    assert_eq!(numbers, [1, 2]);
    let left = statements::order(db.read(), &device_id()).unwrap();
    assert_eq!(left, None, "the order to its predecessor must not erase it");
}
