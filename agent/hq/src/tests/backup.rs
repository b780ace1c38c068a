//! A backup and what is restored of it: nothing that devices took since is signed again under its number.

use super::{NOW, clock_of, device_id, enrolment, list_name, new_home_and_time, status_with};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::root;
use crate::backup::{ROOTS_AHEAD, backup, restore};
use crate::db::{devices, editions, grants, officers, statements, statuses};
use crate::fleet::FleetError;
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::officer::{NewOfficer, add};
use crate::fleet::orders::send_again;
use crate::fleet::revoke::revoke;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create, lists};
use crate::publishing::publish::{PublishOptions, publish};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::RingVerify;
use vedette_common::pin::Pin;
use vedette_common::roster::{PinCost, Role, Roster, RosterFloor};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Floor, Heartbeat, Manifest, Order, OrderKind, Root};
use zeroize::Zeroizing;

fn publish_numbers(home: &Home, count: usize) -> u64 {
    let rows: String = (0..count).map(|n| format!("UTO,P,{n},lost\n")).collect();
    let file = home.dir().join("list.csv");
    fs::write(&file, format!("issuing_state,document_type,document_number,status\n{rows}")).unwrap();
    import(home, &list_name(), &file, ImportOptions::default()).unwrap();
    publish(home, &list_name(), &PublishOptions::default()).unwrap().edition
}

fn add_officer(home: &Home, name: &str) -> u64 {
    let officer = NewOfficer {
        name: name.into(),
        role: Role::Officer,
        discreet: false,
        language: String::new(),
        pin: Pin::chosen(Zeroizing::new("274916".into())).unwrap(),
        cost: PinCost { memory_kib: 1024, passes: 1, lanes: 1 },
    };
    add(home, &"b-1".parse().unwrap(), &officer).unwrap()
}

/// A home with one edition, two devices and an officer, and its backup.
fn backed_up() -> (TempDir, Home, Arc<ManualTime>) {
    let (dir, home, time) = new_home_and_time();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    for device in ["post-7", "post-8"] {
        enrol(&home, &device.parse().unwrap(), &EnrolOptions::into(dir.path().join(device))).unwrap();
    }
    add_officer(&home, "Anna");
    assert_eq!(publish_numbers(&home, 1), 1);
    backup(&home, &dir.path().join("backup")).unwrap();
    (dir, home, time)
}

#[test]
fn a_restored_home_goes_past_everything_that_devices_may_have_taken_since() {
    let (dir, home, time) = backed_up();
    time.pass(60);
    // What the backup does not know of: editions, roots, a roster, orders, and keys after a revocation.
    assert_eq!((publish_numbers(&home, 2), publish_numbers(&home, 3)), (2, 3));
    create(&home, &"uto/new".parse().unwrap(), &CreateOptions::of(Kind::Documents)).unwrap();
    add_officer(&home, "Berta");
    send_again(&home, &[]).unwrap();
    revoke(&home, &"post-8".parse().unwrap()).unwrap();
    publish_numbers(&home, 4);
    let lost = home.database().unwrap();
    let root_held = root::newest(&home).unwrap().0;
    let us = enrolment(&home);
    let held = editions::newest(lost.read(), &list_name()).unwrap().unwrap();
    let order_held = statements::last_order_number(lost.read(), &device_id()).unwrap();
    let grant_held = grants::last_number(lost.read(), &device_id()).unwrap();
    let roster_held = officers::roster(lost.read()).unwrap().unwrap().number;

    time.pass(60);
    let clock = clock_of(&time);
    let restored = restore(&dir.path().join("new"), &dir.path().join("backup"), clock, false).unwrap();
    let edition = publish_numbers(&restored, 5);
    assert!(edition > held.edition, "{edition}");
    let db = restored.database().unwrap();
    let (db, now, verify) = (db.read(), NOW + 120, &RingVerify);
    // A device that followed the lost root follows on, and so does one that did not.
    let roots = root::all(&restored).unwrap();
    for start in [root_held.clone(), Root::pinned(&roots[0].1, verify).unwrap()] {
        let mut follows = start;
        for (_, bytes) in roots.iter().filter(|(version, _)| *version > follows.version).collect::<Vec<_>>() {
            follows = follows.next(bytes, verify).unwrap();
        }
        assert!(follows.version >= ROOTS_AHEAD, "{}", follows.version);
        let bytes = editions::newest_signed(db, &list_name()).unwrap().unwrap();
        let floor = Some(Floor { edition: held.edition, manifest: [1; 32] });
        Manifest::accept(&bytes, &list_name(), &follows, floor, now, verify).unwrap();
        let bytes = statements::heartbeat(db).unwrap().unwrap().1;
        Heartbeat::accept(&bytes, &follows, NOW + 60, now, verify).unwrap();
        let bytes = officers::roster(db).unwrap().unwrap().bytes;
        let floor = Some(RosterFloor { number: roster_held, digest: [1; 32] });
        Roster::accept(&bytes, &follows, floor, now, verify).unwrap();
        let bytes = statements::order(db, &device_id()).unwrap().unwrap();
        let order = Order::accept(&bytes, &us, &follows, order_held, verify).unwrap();
        assert_eq!(order.order, OrderKind::SendAgain);
    }
    assert!(grants::last_number(db, &device_id()).unwrap() > grant_held);
    // The key that the lost revocation made has another number than the restored home's next.
    let new = editions::newest(db, &list_name()).unwrap().unwrap();
    let keys_held: Vec<u32> = held.segments.iter().map(|segment| segment.key).collect();
    let key = new.segments.last().unwrap().key;
    assert!(!keys_held.contains(&key), "{keys_held:?} {key}");
    // Restored once more from the same backup, later: past that, too.
    drop(restored);
    time.pass(1);
    let again =
        restore(&dir.path().join("newer"), &dir.path().join("backup"), clock_of(&time), false).unwrap();
    assert!(publish_numbers(&again, 6) > edition);
    assert!(publish_numbers(&again, 7) > edition);
}

#[test]
fn the_content_of_the_backup_is_an_edition_again_though_nothing_is_new() {
    let (dir, _home, time) = backed_up();
    time.pass(1);
    let restored =
        restore(&dir.path().join("new"), &dir.path().join("backup"), clock_of(&time), false).unwrap();
    let again = publish(&restored, &list_name(), &PublishOptions::default()).unwrap();
    assert!(again.is_new && again.edition > 1_000_000, "{again:?}");
    let then = publish(&restored, &list_name(), &PublishOptions::default()).unwrap();
    assert_eq!((then.edition, then.is_new), (again.edition, false));
}

#[test]
fn a_backup_is_private_and_is_not_restored_over_a_home_nor_when_damaged_or_old() {
    let (dir, home, time) = backed_up();
    let folder = dir.path().join("backup");
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for secret in ["hq.db", "keys/root-1", "keys/heartbeat", "pki/ca.key"] {
        assert_eq!(mode(secret), 0o600, "{secret}");
    }
    let try_restore = |to: &str, sure| {
        restore(&dir.path().join(to), &folder, clock_of(&time), sure).map(drop).map_err(|error| match error {
            FleetError::Authority(error) => error,
            other => panic!("{other}"),
        })
    };
    assert!(matches!(try_restore("hq", false), Err(AuthorityError::HomeExists(_))));
    assert!(matches!(backup(&home, &folder), Err(AuthorityError::Exists(_))));
    time.pass(3 * 86_400);
    assert!(matches!(try_restore("new", false), Err(AuthorityError::ClockAhead { .. })));
    assert!(!dir.path().join("new").exists());
    try_restore("new", true).unwrap();

    let right = fs::read(folder.join("keys/heartbeat")).unwrap();
    fs::write(folder.join("keys/heartbeat"), b"x").unwrap();
    let refused = try_restore("other", true).unwrap_err();
    assert!(refused.to_string().contains("keys/heartbeat is not what was backed up"), "{refused}");
    fs::remove_file(folder.join("keys/heartbeat")).unwrap();
    let refused = try_restore("other", true).unwrap_err();
    assert!(refused.to_string().contains("keys/heartbeat is missing"), "{refused}");
    fs::write(folder.join("keys/heartbeat"), right).unwrap();
    assert!(!dir.path().join("other").exists());
    try_restore("other", true).unwrap();
}

#[test]
fn an_edition_that_a_device_holds_is_never_given_out_again() {
    let (_dir, home, _) = backed_up();
    let says = |edition| {
        let db = home.database().unwrap();
        assert!(statuses::set(db.read(), &status_with(edition), &[0; 32], NOW).unwrap());
    };
    let overtaken = || lists(&home).unwrap().remove(0).overtaken_by;
    assert_eq!(overtaken(), None);
    says(7);
    assert_eq!(overtaken(), Some(7));
    assert_eq!(
        devices::overtaken(home.database().unwrap().read()).unwrap(),
        [("interpol/sltd".into(), 7, 1)]
    );
    // The same content, but past it.
    assert_eq!(publish(&home, &list_name(), &PublishOptions::default()).unwrap().edition, 8);
    assert_eq!(overtaken(), None);
    // A number that no edition can have is shown, and not followed.
    says(u64::MAX);
    assert_eq!(publish_numbers(&home, 2), 9);
    assert_eq!(overtaken(), Some(i64::MAX as u64));
}
