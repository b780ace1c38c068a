//! `replace-key`: a new key for one of the roles that are online, after the old one was copied, or lost.
//!
//! Who has a role's key speaks for headquarters in that role until devices hear of a root that names another. Steps:
//!
//! 1. the new secret is written as `keys/<role>.next`,
//! 2. the next root names it instead of the old,
//! 3. the old file is kept as `keys/<role>.until-<root version>`, and `keys/<role>` becomes the new secret,
//! 4. what the old key signed and still counts is signed anew; `keys/<role>.next` goes.
//!
//! Invariant: `<role>.next` is there from the first step to the last, so that, cut off anywhere, the same command again
//! finishes; `keys/<role>` is there throughout, because `serve` reads it meanwhile.

use crate::authority::home::Home;
use crate::authority::keys::{Key, OnlineRole};
use crate::authority::{heartbeat, root};
use crate::collector::answer;
use crate::error::HqError;
use crate::fleet::{officer, revoke};
use rusqlite::Connection;

/// What a new heartbeat key means for scanners with the shim, which know no root.
pub const SCANNERS_HINT: &str = "scanners with the shim have the old key built in: until they get the new one, they answer NOT CHECKED when alone";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// The root that names the new key.
    pub root_version: u32,
    /// It was one that had been cut off before; for another new key, replace it again.
    pub finished: bool,
}

/// Replaces a role's key, or finishes a replacement that was cut off. The root goes out with `serve`, a `publish --broker`
/// or a bundle; a `serve` that runs takes the new key by itself.
pub fn replace_key(home: &Home, role: OnlineRole) -> Result<Replaced, HqError> {
    let _lock = home.lock()?;
    let now = home.now();
    let (key, next) = (role.key(), Key::Next(role));
    let finished = next.is_here(home);
    let mut db = home.database()?;
    if !finished {
        // What would stop it halfway stops it here, before anything is made.
        root::check_signers(home)?;
        if role != OnlineRole::Heartbeat {
            heartbeat::next_time(db.read(), now)?;
        }
    }
    next.make(home)?;
    let wanted = root::role(1, &[next.signing(home)?.public()]);
    let (mut newest, _) = root::newest(home)?;
    if *role.of(&mut newest) != wanted {
        newest = root::issue_next(home, now, |root| {
            *role.of(root) = wanted.clone();
            Ok(())
        })?;
    }
    if !key.is_here(home) || key.signing(home)?.public() != next.signing(home)?.public() {
        next.succeed(home, &key, newest.version)?;
    }
    let change = db.change()?;
    sign_anew(home, &change, role, now)?;
    change.commit()?;
    next.remove(home)?;
    Ok(Replaced { root_version: newest.version, finished })
}

/// What the old key signed and devices will ask for again.
fn sign_anew(home: &Home, db: &Connection, role: OnlineRole, now: u64) -> Result<(), HqError> {
    match role {
        OnlineRole::Heartbeat => {
            // A time the old key's thief ran ahead to, or a wrong clock, binds no more: devices forget it with the key.
            db.execute("DELETE FROM heartbeats", [])?;
        }
        OnlineRole::Roster => {
            if officer::newest(db)?.is_some() {
                officer::sign(home, db, now)?;
            }
        }
        OnlineRole::Collector => answer::sign_anew(home, db)?,
        OnlineRole::Orders => revoke::sign_orders_anew(home, db)?,
    }
    // It names the newest root.
    heartbeat::renew(home, db, now)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::enrol::{EnrolOptions, enrol};
    use crate::fleet::officer::{NewOfficer, add};
    use crate::tests::{device_id, new_home};
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use vedette_common::crypto::RingVerify;
    use vedette_common::files::persist;
    use vedette_common::pin::Pin;
    use vedette_common::roster::{PinCost, Role as OfficerRole, Roster};
    use vedette_shim::trust::{Answer, Heartbeat, Order, OwnerWord};
    use zeroize::Zeroizing;

    fn secret(home: &Home, file: &str) -> Option<String> {
        fs::read_to_string(home.keys().join(file)).ok()
    }

    fn bytes(home: &Home, query: &str) -> Vec<u8> {
        home.database().unwrap().read().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Puts an encounter there with an answer to it, as `answer` would.
    fn answered(home: &Home) {
        let db = home.database().unwrap();
        let id = [7u8; 16];
        db.read()
            .execute(
                "INSERT INTO encounters VALUES (?, 'post-7', 'a/b', 0, 0, x'', x'', '', 0, 0, NULL)",
                [id],
            )
            .unwrap();
        crate::collector::answer::answer(home, id, OwnerWord::Confirmed, "call us").unwrap();
    }

    #[test]
    fn the_next_root_names_the_new_key_and_what_the_old_one_signed_is_signed_anew() {
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
        revoke::revoke(&home, &device_id()).unwrap();
        answered(&home);
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
        let heartbeat = bytes(&home, "SELECT bytes FROM heartbeats");
        assert_eq!(Heartbeat::accept(&heartbeat, root, 0, now, verify).unwrap().root_version, 5);
        Roster::accept(&bytes(&home, "SELECT bytes FROM rosters"), root, None, now, verify).unwrap();
        let order = bytes(&home, "SELECT bytes FROM orders");
        assert_eq!(Order::accept(&order, &device_id(), root, 0, verify).unwrap().number, 1);
        let answer = bytes(&home, "SELECT bytes FROM answers");
        assert_eq!(Answer::accept(&answer, &device_id(), root, verify).unwrap().text, "call us");
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
        assert!(matches!(refused, Err(HqError::RootKeys { found: 1, needed: 2 })), "{refused:?}");
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
        assert!(matches!(refused, HqError::HeartbeatAhead { .. }), "{refused}");
        assert!(matches!(replace_key(&home, OnlineRole::Roster), Err(HqError::HeartbeatAhead { .. })));
        assert_eq!((secret(&home, "roster.next"), root::newest(&home).unwrap().0.version), (None, 1));
        assert!(refused.hint().unwrap().contains("replace-key heartbeat"));
        // A little ahead is kept to: devices would refuse an older one.
        renew(now + 2 * 86_400 - heartbeat::AHEAD_S_MAX).unwrap();
        replace_key(&home, OnlineRole::Heartbeat).unwrap();
        let root = root::newest(&home).unwrap().0;
        let signed = bytes(&home, "SELECT bytes FROM heartbeats");
        let heartbeat = Heartbeat::accept(&signed, &root, 0, home.now(), &RingVerify).unwrap();
        assert!(heartbeat.issued <= home.now());
    }
}
