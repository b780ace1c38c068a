//! `officer add`, `remove`, `list`: who may sign in at the devices; every change signs the next roster.
//!
//! The roster goes to every device, retained under its own topic and in bundles. A removed badge stays on it as revoked,
//! so that it is not given to somebody else unnoticed; `add` brings it back with a new PIN.
//!
//! Invariants: of a PIN only its argon2id hash is stored; the officers' rows and the roster over them are one
//! transaction; a roster that a device would refuse is not signed.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::{self, Act, Entry};
use crate::authority::home::Home;
use crate::authority::roster;
use crate::authority::signing_time::signing_time;
use crate::db::{Session, officers};
use crate::fleet::error::FleetError;
use serde::Serialize;
use vedette_common::pin::Pin;
use vedette_common::roster::{Badge, Officer, PinCost, Role};

/// A new officer, or one to be changed.
pub struct NewOfficer {
    /// The name as shown.
    pub name: String,
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    pub pin: Pin,
    /// What hashing it costs.
    pub cost: PinCost,
}

/// An officer as `officer list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficerView {
    pub badge: Badge,
    pub name: String,
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    /// When the badge was removed, seconds since 1970.
    pub removed_at: Option<u64>,
}

/// Puts an officer on the roster, or changes one that is there. The roster's number.
pub fn add(home: &Home, badge: &Badge, new: &NewOfficer) -> Result<u64, FleetError> {
    let officer = Officer {
        badge: badge.clone(),
        name: new.name.clone(),
        role: new.role,
        discreet: new.discreet,
        language: new.language.clone(),
        // Slow on purpose, so before the lock.
        pin: Some(new.pin.hash(new.cost)),
    };
    let act = Act::OfficerAdd.of(badge).with("role", new.role.to_string()).with("discreet", new.discreet);
    change(home, act, |db, _| Ok(officers::set(db, &officer)?))
}

/// Revokes a badge; the roster's number. Devices end its session when they hear of it.
pub fn remove(home: &Home, badge: &Badge) -> Result<u64, FleetError> {
    change(home, Act::OfficerRemove.of(badge), |db, now| match officers::remove(db, badge, now)? {
        true => Ok(()),
        false => Err(FleetError::NoOfficer(badge.clone())),
    })
}

/// Every officer, removed ones too.
pub fn officers(home: &Home) -> Result<Vec<OfficerView>, FleetError> {
    let view = |(officer, removed_at): (Officer, _)| OfficerView {
        badge: officer.badge,
        name: officer.name,
        role: officer.role,
        discreet: officer.discreet,
        language: officer.language,
        removed_at,
    };
    Ok(officers::all(home.database()?.read())?.into_iter().map(view).collect())
}

/// Changes the officers and signs the roster over them, all or nothing; `work` is given the time, and `act` is recorded.
fn change(
    home: &Home,
    act: Entry,
    work: impl FnOnce(&Session, u64) -> Result<(), FleetError>,
) -> Result<u64, FleetError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let change = db.change()?;
    work(&change, now)?;
    let number = roster::sign(home, &change, now)?;
    audit::record(home, &change, act.with("roster", number))?;
    change.commit()?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::AuthorityError;
    use crate::authority::init::{InitOptions, init};
    use crate::tests::clock;
    use vedette_common::crypto::RingVerify;
    use vedette_common::roster::Roster;
    use zeroize::Zeroizing;

    fn anna(name: &str) -> NewOfficer {
        NewOfficer {
            name: name.into(),
            role: Role::Supervisor,
            discreet: true,
            language: "fr".into(),
            pin: Pin::chosen(Zeroizing::new("274916".into())).unwrap(),
            cost: PinCost { memory_kib: 1024, passes: 1, lanes: 1 },
        }
    }

    #[test]
    fn every_change_signs_the_next_roster_and_keeps_no_pin() {
        let folder = tempfile::tempdir().unwrap();
        let home = init(&folder.path().join("hq"), &InitOptions::default(), clock()).unwrap();
        let badge: Badge = "b-1".parse().unwrap();
        assert!(officers::roster(home.database().unwrap().read()).unwrap().is_none());
        assert_eq!(add(&home, &badge, &anna("Anna")).unwrap(), 1);
        assert!(matches!(
            add(&home, &badge, &anna("")),
            Err(FleetError::Authority(AuthorityError::Roster(_)))
        ));
        assert_eq!(remove(&home, &badge).unwrap(), 2);
        assert!(matches!(remove(&home, &badge), Err(FleetError::NoOfficer(_))));
        assert_eq!(add(&home, &badge, &anna("Anna")).unwrap(), 3);
        let bytes = officers::roster(home.database().unwrap().read()).unwrap().unwrap().bytes;
        let (root, _) = crate::authority::root::newest(&home).unwrap();
        let (roster, _) = Roster::accept(&bytes, &root, None, home.now(), &RingVerify).unwrap();
        let (officer, pin) = roster.officer(&badge).unwrap();
        assert_eq!((officer.role, officer.language.as_str()), (Role::Supervisor, "fr"));
        assert!(anna("Anna").pin.is(pin));
        for file in std::fs::read_dir(home.dir()).unwrap().flatten().filter(|file| file.path().is_file()) {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(!bytes.windows(6).any(|w| w == b"274916"), "{file:?}");
        }
    }
}
