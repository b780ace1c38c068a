//! Replacing the keys of a list's issuer and owner.

use super::{box_key, device_id, enrolment, list_name, new_home_and_time, signed_status, status_with};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::db::{editions, grants, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::fleet::status;
use crate::publishing::PublishingError;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use crate::publishing::replace::{OLD_OWNER_KEY_DAYS, erase_old_owner_keys, replace_issuer, replace_owner};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::{RingVerify, sign_statement};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Grant, Heartbeat, Manifest, Root, SignedKind, Status, TrustError};

/// A home with one list, of which an edition is published, and one device.
fn bench() -> (TempDir, Home, Arc<ManualTime>) {
    let (dir, home, time) = new_home_and_time();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    import_numbers(&dir, &home, 1);
    publish(&home, &list_name(), &PublishOptions::default()).unwrap();
    (dir, home, time)
}

fn import_numbers(dir: &TempDir, home: &Home, count: u32) {
    let file = dir.path().join("list.csv");
    let rows = (0..count).map(|n| format!("UTO,P,L{n:05},stolen\n")).collect::<String>();
    fs::write(&file, "issuing_state,document_type,document_number,status\n".to_string() + &rows).unwrap();
    import(home, &list_name(), &file, ImportOptions::default()).unwrap();
}

fn newest(home: &Home) -> (Root, Vec<u8>) {
    root::newest(home).unwrap()
}

fn manifest(home: &Home) -> Vec<u8> {
    editions::newest_signed(home.database().unwrap().read(), &list_name()).unwrap().unwrap()
}

/// The newest edition as a device under `root` accepts it, with the grant, and as the heartbeat names it.
#[track_caller]
fn accepted(home: &Home, root: &Root) -> Manifest {
    let (db, now, verify) = (home.database().unwrap(), home.now(), &RingVerify);
    let (edition, identity) =
        Manifest::accept(&manifest(home), &list_name(), root, None, now, verify).unwrap();
    let (_, grant) = grants::of_device(db.read(), &device_id()).unwrap().remove(0);
    Grant::accept(&grant, &enrolment(home), root, |_| 0, now, verify).unwrap();
    let (_, heartbeat) = statements::heartbeat(db.read()).unwrap().unwrap();
    let heartbeat = Heartbeat::accept(&heartbeat, root, 0, now, verify).unwrap();
    assert_eq!(heartbeat.root_version, root.version);
    assert_eq!(heartbeat.list(&list_name()).unwrap().manifest, identity);
    edition
}

#[test]
fn a_new_issuer_goes_on_below_what_a_thief_of_the_old_key_signed() {
    let (dir, home, _) = bench();
    let first = newest(&home).0;
    let old = Key::Issuer(&list_name()).signing(&home).unwrap();
    let stolen = Manifest { edition: u64::MAX, ..accepted(&home, &first) };
    let stolen = sign_statement(SignedKind::Manifest, &stolen, &[&old]);
    let accept = |root| Manifest::accept(&stolen, &list_name(), root, None, home.now(), &RingVerify);
    accept(&first).unwrap();
    // A device says that it holds that, and an import waits.
    take_status(&dir, &home, status_with(u64::MAX));
    import_numbers(&dir, &home, 2);

    let replaced = replace_issuer(&home, &list_name()).unwrap();
    assert!(!replaced.finished);
    let second = first.next(&newest(&home).1, &RingVerify).unwrap();
    assert_eq!(second.version, replaced.root_version);
    assert!(second.replaces_issuer(&first, &list_name()));
    assert!(matches!(accept(&second), Err(TrustError::Signatures { .. })));
    let edition = accepted(&home, &second);
    assert_eq!((edition.edition, edition.entries()), (2, 1), "the content of the first, once more");
    let aside = format!("issuer-interpol.sltd.until-{}", second.version);
    assert!(home.keys().join(aside).is_file() && !Key::NextIssuer(&list_name()).is_here(&home));

    publish(&home, &list_name(), &PublishOptions::default()).unwrap();
    let edition = accepted(&home, &second);
    assert_eq!((edition.edition, edition.entries()), (3, 2), "what waited is published");
}

#[test]
fn the_keys_of_a_list_without_an_edition_are_not_replaced_for_nobody_knows_them() {
    let (dir, home, _) = new_home_and_time();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    for refused in [replace_issuer(&home, &list_name()), replace_owner(&home, &list_name())] {
        assert!(matches!(refused, Err(PublishingError::NotPublished(_))), "{refused:?}");
    }
    import_numbers(&dir, &home, 1);
    publish(&home, &list_name(), &PublishOptions::default()).unwrap();
    assert_eq!(accepted(&home, &newest(&home).0).edition, 1);
}

#[test]
fn cut_off_anywhere_the_same_command_finishes_it() {
    let list = list_name();
    type Replace = fn(&Home) -> Result<crate::replace::Replaced, PublishingError>;
    let replacing: [(Key<'_>, Key<'_>, Replace); 2] = [
        (Key::Issuer(&list), Key::NextIssuer(&list), |home| replace_issuer(home, &list_name())),
        (Key::Owner(&list), Key::NextOwner(&list), |home| replace_owner(home, &list_name())),
    ];
    for (key, next, replace) in replacing {
        // How much was done: the new key, the root, the old key aside, the new in its place, all but the last file.
        for steps in 0..5 {
            let (_dir, home, _) = bench();
            let first = newest(&home).0;
            next.make(&home).unwrap();
            if steps > 0 {
                root::issue_next(&home, home.now(), |root| {
                    let issuer = root.issuers.iter_mut().find(|issuer| issuer.list == list).unwrap();
                    match key {
                        Key::Issuer(_) => issuer.role = root::role(1, &[next.signing(&home)?.public()]),
                        _ => issuer.owner_key = next.opening(&home)?.public(),
                    }
                    Ok(())
                })
                .unwrap();
            }
            let file = |key: &str| home.keys().join(key.to_string() + "-interpol.sltd");
            let (name, version) =
                (if matches!(key, Key::Issuer(_)) { "issuer" } else { "owner" }, first.version + 1);
            let aside = file(name).with_file_name(format!("{name}-interpol.sltd.until-{version}"));
            let before = fs::read_to_string(file(name)).unwrap();
            let wanted = fs::read_to_string(home.keys().join(format!("{name}-interpol.sltd.next"))).unwrap();
            if steps > 1 {
                next.succeed(&home, &key, version).unwrap();
            }
            if steps == 2 {
                fs::write(file(name), &before).unwrap();
            }
            if steps == 4 {
                replace(&home).unwrap();
                fs::write(home.keys().join(format!("{name}-interpol.sltd.next")), &wanted).unwrap();
            }
            let replaced = replace(&home).unwrap();
            assert!(replaced.finished && replaced.root_version == version, "{name} {steps}: {replaced:?}");
            assert_eq!(fs::read_to_string(file(name)).unwrap(), wanted, "{name} {steps}");
            assert_eq!(fs::read_to_string(&aside).unwrap(), before, "{name} {steps}");
            assert!(!next.is_here(&home));
            let second = first.next(&newest(&home).1, &RingVerify).unwrap();
            accepted(&home, &second);
        }
    }
}

#[test]
fn without_the_root_keys_nothing_is_made_and_an_unknown_list_has_no_keys() {
    let (_dir, home, _) = bench();
    for n in 1..=2 {
        fs::remove_file(home.keys().join(format!("root-{n}"))).unwrap();
    }
    let refused = replace_issuer(&home, &list_name());
    let needed = AuthorityError::RootKeys { found: 1, needed: 2 };
    assert_eq!(refused.unwrap_err().to_string(), needed.to_string());
    assert!(!Key::NextIssuer(&list_name()).is_here(&home));
    let unknown = "uto/none".parse().unwrap();
    assert!(matches!(replace_owner(&home, &unknown), Err(PublishingError::NoList(_))));
}

/// The device says this of itself.
fn take_status(dir: &TempDir, home: &Home, said: Status) {
    let bytes = signed_status(said, &box_key(&dir.path().join("post-7")));
    let mut db = home.database().unwrap();
    let change = db.change().unwrap();
    let stored = status::take(&change, &device_id(), &bytes, false, home.now()).unwrap();
    assert_eq!(stored, status::Stored::New);
    change.commit().unwrap();
}

#[test]
fn an_owner_s_old_key_stays_until_every_device_is_home() {
    let (dir, home, time) = bench();
    let version = replace_owner(&home, &list_name()).unwrap().root_version;
    let erase = || erase_old_owner_keys(&home, &list_name(), false);
    assert!(matches!(erase(), Err(PublishingError::OldKeyNeeded { .. })));
    time.pass(OLD_OWNER_KEY_DAYS * 86_400);
    let away = || match erase() {
        Err(PublishingError::DevicesAway { devices, .. }) => devices,
        other => panic!("{other:?}"),
    };
    assert_eq!(away(), [device_id()], "it has said nothing yet");
    take_status(&dir, &home, Status { root: version - 1, ..status_with(1) });
    assert_eq!(away(), [device_id()], "it knows the old key");
    take_status(&dir, &home, Status { number: 3, root: version, spool: 1, ..status_with(1) });
    assert_eq!(away(), [device_id()], "something waits there");
    take_status(&dir, &home, Status { number: 4, root: version, ..status_with(1) });
    assert_eq!(erase().unwrap(), 1);
    assert!(Key::Owner(&list_name()).replaced(&home).unwrap().is_empty());

    // Who is revoked is not waited for.
    crate::signing_time::confirm_clock(&home).unwrap();
    replace_owner(&home, &list_name()).unwrap();
    time.pass(OLD_OWNER_KEY_DAYS * 86_400);
    assert_eq!(away(), [device_id()]);
    crate::signing_time::confirm_clock(&home).unwrap();
    revoke(&home, &device_id()).unwrap();
    assert_eq!(erase().unwrap(), 1);
}
