//! Replacing the root keys.

use super::new_home;
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::{Key, ROOT_KEYS};
use crate::authority::renew::renew;
use crate::authority::replace_root::replace_root_keys;
use crate::authority::root;
use crate::db::statements;
use std::collections::BTreeSet;
use std::fs;
use vedette_common::crypto::RingVerify;
use vedette_shim::trust::{Heartbeat, Root};

fn secrets(home: &Home) -> Vec<String> {
    (1..=ROOT_KEYS).map(|n| fs::read_to_string(home.keys().join(format!("root-{n}"))).unwrap()).collect()
}

fn newest(home: &Home) -> (Root, Vec<u8>) {
    root::newest(home).unwrap()
}

#[test]
fn devices_follow_to_the_new_root_keys_and_the_old_ones_count_no_more() {
    let (_dir, home) = new_home();
    let (first, before) = (newest(&home).0, secrets(&home));
    assert_eq!(replace_root_keys(&home).unwrap().root_version, 2);
    let (_, bytes) = newest(&home);
    let second = first.next(&bytes, &RingVerify).unwrap();
    Root::pinned(&bytes, &RingVerify).expect("a device enrolled now takes it as its anchor");
    let old: BTreeSet<_> = first.root.keys.iter().collect();
    assert!(second.root.keys.iter().all(|key| !old.contains(key)), "all three are new");
    let after = secrets(&home);
    assert!(before.iter().all(|secret| !after.contains(secret)));
    let db = home.database().unwrap();
    let (_, heartbeat) = statements::heartbeat(db.read()).unwrap().unwrap();
    let heartbeat = Heartbeat::accept(&heartbeat, &second, 0, home.now(), &RingVerify).unwrap();
    assert_eq!(heartbeat.root_version, 2);

    // The next root needs the new keys alone, and the old ones sign none.
    renew(&home, false).unwrap();
    second.next(&newest(&home).1, &RingVerify).unwrap();
    for n in 1..=ROOT_KEYS {
        let aside = home.keys().join(format!("root-{n}.until-2"));
        fs::copy(aside, home.keys().join(format!("root-{n}"))).unwrap();
    }
    assert!(matches!(renew(&home, false), Err(AuthorityError::NotAccepted { .. })));
}

#[test]
fn cut_off_anywhere_the_same_command_finishes_it() {
    for done in 0..=ROOT_KEYS {
        let (_dir, home) = new_home();
        let first = newest(&home).0;
        for n in 1..=ROOT_KEYS {
            Key::NextRoot(n).make(&home).unwrap();
        }
        let new: Vec<_> = (1..=ROOT_KEYS).map(|n| Key::NextRoot(n).signing(&home).unwrap()).collect();
        root::issue_with_root_keys(&home, home.now(), &new).unwrap();
        for n in 1..=done {
            Key::NextRoot(n).succeed(&home, &Key::Root(n), 2).unwrap();
        }
        let replaced = replace_root_keys(&home).unwrap();
        assert!(replaced.finished && replaced.root_version == 2, "{done}: {replaced:?}");
        let second = first.next(&newest(&home).1, &RingVerify).unwrap();
        for (n, key) in (1..=ROOT_KEYS).zip(&second.root.keys) {
            assert_eq!(Key::Root(n).signing(&home).unwrap().public(), *key);
            assert!(!Key::NextRoot(n).is_here(&home));
        }
        renew(&home, false).unwrap();
    }
}

#[test]
fn one_lost_key_is_replaced_and_with_two_lost_nothing_is_made() {
    let (_dir, home) = new_home();
    fs::remove_file(home.keys().join("root-1")).unwrap();
    replace_root_keys(&home).unwrap();
    assert!(Key::Root(1).is_here(&home));
    for n in 1..=2 {
        fs::remove_file(home.keys().join(format!("root-{n}"))).unwrap();
    }
    assert!(matches!(replace_root_keys(&home), Err(AuthorityError::RootKeys { .. })));
    assert_eq!(newest(&home).0.version, 2);
    assert!((1..=ROOT_KEYS).all(|n| !Key::NextRoot(n).is_here(&home)));
}
