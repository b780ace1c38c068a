//! Replacing an online role's key: cut off anywhere it finishes, and what the old key signed is signed again.

use super::{device_id, enrolment, new_home, store_encounter};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::{Key, OnlineRole};
use crate::authority::replace::{Replaced, replace_key};
use crate::authority::signing_time::AHEAD_S_MAX;
use crate::authority::{heartbeat, root};
use crate::collector::answer::answer;
use crate::db::{officers, outcomes, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::officer::{NewOfficer, add};
use crate::fleet::revoke::revoke;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use vedette_common::crypto::RingVerify;
use vedette_common::files::persist;
use vedette_common::pin::Pin;
use vedette_common::roster::{PinCost, Role as OfficerRole, Roster};
use vedette_shim::trust::{Heartbeat, Order, OwnerAnswer, OwnerWord};
use zeroize::Zeroizing;

fn secret(home: &Home, file: &str) -> Option<String> {
    fs::read_to_string(home.keys().join(file)).ok()
}

fn heartbeat_bytes(home: &Home) -> Vec<u8> {
    statements::heartbeat(home.database().unwrap().read()).unwrap().unwrap().1
}

#[test]
fn the_next_root_names_the_new_key_and_what_the_old_one_signed_is_signed_again() {
    let (dir, home) = new_home();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    let officer = NewOfficer {
        name: "Anna".into(),
        role: OfficerRole::Officer,
        discreet: false,
        language: String::new(),
        pin: Pin::chosen(Zeroizing::new("274916".into())).unwrap(),
        cost: PinCost { memory_kib: 1024, passes: 1, lanes: 1 },
    };
    add(&home, &"b-1".parse().unwrap(), &officer).unwrap();
    let us = enrolment(&home);
    revoke(&home, &device_id()).unwrap();
    store_encounter(&home, [7; 16]);
    answer(&home, [7; 16], None, OwnerWord::Confirmed, "call us", None).unwrap();
    let mut held = root::newest(&home).unwrap().0;
    for (version, role) in (2..).zip(OnlineRole::ALL) {
        let before = secret(&home, role.name());
        assert_eq!(replace_key(&home, role).unwrap().root_version, version);
        let next = held.next(&root::newest(&home).unwrap().1, &RingVerify).unwrap();
        let changed: Vec<_> = OnlineRole::ALL
            .into_iter()
            .filter(|role| *role.of(&mut next.clone()) != *role.of(&mut held.clone()))
            .collect();
        assert_eq!(changed, [role]);
        assert_ne!(secret(&home, role.name()), before);
        let aside = format!("{}.until-{version}", role.name());
        assert_eq!(secret(&home, &aside), before);
        for file in [role.name(), &aside] {
            let mode = fs::metadata(home.keys().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        held = next;
    }
    let (root, now, verify) = (&held, home.now(), &RingVerify);
    let db = home.database().unwrap();
    let heartbeat = heartbeat_bytes(&home);
    assert_eq!(Heartbeat::accept(&heartbeat, root, 0, now, verify).unwrap().root_version, 5);
    let roster = officers::roster(db.read()).unwrap().unwrap();
    Roster::accept(&roster.bytes, root, None, now, verify).unwrap();
    let order = statements::order(db.read(), &device_id()).unwrap().unwrap();
    assert_eq!(Order::accept(&order, &us, root, 0, verify).unwrap().number, 1);
    let answer = outcomes::answers_since(db.read(), 0).unwrap().remove(0).bytes;
    assert_eq!(OwnerAnswer::accept(&answer, &device_id(), root, verify).unwrap().text, "call us");
}

#[test]
fn cut_off_anywhere_the_same_command_finishes_it() {
    let role = OnlineRole::Collector;
    for steps in 0..4 {
        let (_dir, home) = new_home();
        let next = Key::Next(role);
        next.make(&home).unwrap();
        let wanted = secret(&home, "collector.next");
        if steps > 0 {
            let key = next.signing(&home).unwrap().public();
            root::issue_next(&home, home.now(), |root| {
                root.collector = root::role(1, &[key]);
                Ok(())
            })
            .unwrap();
        }
        if steps > 1 {
            next.succeed(&home, &role.key(), 2).unwrap();
        }
        if steps > 2 {
            // Between its two files: the old one aside, and in its place still.
            fs::copy(home.keys().join("collector.until-2"), home.keys().join("collector")).unwrap();
        }
        assert_eq!(
            replace_key(&home, role).unwrap(),
            Replaced { root_version: 2, finished: true },
            "{steps}"
        );
        assert_eq!(secret(&home, "collector"), wanted);
        let files: BTreeSet<_> = fs::read_dir(home.keys())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("collector"))
            .collect();
        assert_eq!(files, ["collector", "collector.until-2"].map(String::from).into());
    }
}

#[test]
fn a_key_that_is_lost_is_replaced_and_root_keys_that_are_away_are_asked_for() {
    let (_dir, home) = new_home();
    fs::remove_file(home.keys().join("orders")).unwrap();
    let away = ["root-1", "root-2"].map(|file| (home.keys().join(file), home.dir().join(file)));
    away.iter().for_each(|(here, there)| persist(here, there).unwrap());
    let refused = replace_key(&home, OnlineRole::Orders);
    assert!(matches!(refused, Err(AuthorityError::RootKeys { found: 1, needed: 2 })), "{refused:?}");
    assert_eq!(secret(&home, "orders.next"), None, "what is refused leaves nothing behind");
    away.iter().for_each(|(here, there)| persist(there, here).unwrap());
    replace_key(&home, OnlineRole::Orders).unwrap();
    assert_eq!(secret(&home, "orders.until-2"), None);
    let named = root::newest(&home).unwrap().0.orders;
    assert_eq!(named, root::role(1, &[Key::Orders.signing(&home).unwrap().public()]));
}

#[test]
fn a_heartbeat_far_ahead_is_not_followed_and_a_new_key_starts_over() {
    let (_dir, home) = new_home();
    let db = home.database().unwrap();
    let now = home.now();
    let renew = |now| heartbeat::renew(&home, db.read(), now);
    renew(now + 2 * 86_400).unwrap();
    let refused = renew(now).unwrap_err();
    assert!(matches!(refused, AuthorityError::HeartbeatAhead { .. }), "{refused}");
    assert!(matches!(replace_key(&home, OnlineRole::Roster), Err(AuthorityError::HeartbeatAhead { .. })));
    assert_eq!((secret(&home, "roster.next"), root::newest(&home).unwrap().0.version), (None, 1));
    assert!(refused.hint().unwrap().contains("replace-key heartbeat"));
    // A little ahead is kept to: devices would refuse an older one.
    renew(now + 2 * 86_400 - AHEAD_S_MAX).unwrap();
    replace_key(&home, OnlineRole::Heartbeat).unwrap();
    let root = root::newest(&home).unwrap().0;
    let signed = heartbeat_bytes(&home);
    let heartbeat = Heartbeat::accept(&signed, &root, 0, home.now(), &RingVerify).unwrap();
    assert!(heartbeat.issued <= home.now());
}
