//! `officer add`, `remove`, `list`: who may sign in at the devices; every change signs the next roster.
//!
//! The roster goes to every device, retained under its own topic and in bundles. A removed badge stays on it as revoked,
//! so that it is not given to somebody else unnoticed; `add` brings it back with a new PIN.
//!
//! Invariants: of a PIN only its argon2id hash is stored; the officers' rows and the roster over them are one
//! transaction; a roster that a device would refuse is not signed.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use vedette_common::crypto::{RingVerify, sign_statement};
use vedette_common::pin::Pin;
use vedette_common::roster::{Badge, Officer, PinCost, PinHash, Role, Roster};
use vedette_shim::trust::SignedKind;

/// How long a roster counts, seconds; `renew` signs it anew, and so does every change.
pub const ROSTER_LIFE_S: u64 = 180 * 86_400;

/// A new officer, or one to be changed.
pub struct NewOfficer {
    /// The name as shown.
    pub name: String,
    /// What the officer may do.
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    /// The PIN.
    pub pin: Pin,
    /// What hashing it costs.
    pub cost: PinCost,
}

/// An officer as `officer list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficerView {
    /// The badge.
    pub badge: Badge,
    /// The name.
    pub name: String,
    /// What the officer may do.
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    /// When the badge was removed, seconds since 1970.
    pub removed_at: Option<u64>,
}

/// Puts an officer on the roster, or changes one that is there. The roster's number.
pub fn add(home: &Home, badge: &Badge, new: &NewOfficer) -> Result<u64, HqError> {
    // Slow on purpose, so before the lock.
    let pin = new.pin.hash(new.cost);
    let pin = postcard::to_allocvec(&pin).expect("a hash has no unsupported types");
    change(home, |db| {
        db.execute(
            "INSERT OR REPLACE INTO officers VALUES (?, ?, ?, ?, ?, ?, NULL)",
            params![badge.as_str(), new.name, new.role.to_string(), new.discreet, new.language, pin],
        )?;
        Ok(())
    })
}

/// Revokes a badge; the roster's number. Devices end its session when they hear of it.
pub fn remove(home: &Home, badge: &Badge) -> Result<u64, HqError> {
    change(home, |db| {
        let sql = "UPDATE officers SET pin = NULL, removed_at = ? WHERE badge = ? AND removed_at IS NULL";
        match db.execute(sql, params![home.now() as i64, badge.as_str()])? {
            0 => Err(HqError::NoOfficer(badge.clone())),
            _ => Ok(()),
        }
    })
}

/// Every officer, removed ones too.
pub fn officers(home: &Home) -> Result<Vec<OfficerView>, HqError> {
    let view = |(officer, removed_at): (Officer, _)| OfficerView {
        badge: officer.badge,
        name: officer.name,
        role: officer.role,
        discreet: officer.discreet,
        language: officer.language,
        removed_at,
    };
    Ok(read(home.database()?.read())?.into_iter().map(view).collect())
}

/// The newest roster's signed bytes; `None` while there never was an officer.
pub(crate) fn newest(db: &Connection) -> Result<Option<Vec<u8>>, HqError> {
    Ok(db.query_row("SELECT bytes FROM rosters", [], |row| row.get(0)).optional()?)
}

/// When the roster expires, seconds since 1970.
pub(crate) fn expires_at(db: &Connection) -> Result<Option<u64>, HqError> {
    let at = db.query_row("SELECT expires_at FROM rosters", [], |row| row.get::<_, i64>(0)).optional()?;
    Ok(at.map(|at| at as u64))
}

/// Signs the next roster over the officers in the database; its number.
pub(crate) fn sign(home: &Home, db: &Connection, now: u64) -> Result<u64, HqError> {
    let last = db.query_row("SELECT number FROM rosters", [], |row| row.get::<_, i64>(0)).optional()?;
    let number = last.unwrap_or(0) as u64 + 1;
    let officers = read(db)?.into_iter().map(|(officer, _)| officer).collect();
    let roster = Roster { number, issued: now, expires: now + ROSTER_LIFE_S, officers };
    roster.check_rules().map_err(HqError::Roster)?;
    let key = Key::Roster.signing(home)?;
    let bytes = sign_statement(SignedKind::Roster, &roster, &[&key]);
    let (root, _) = crate::authority::root::newest(home)?;
    Roster::accept(&bytes, &root, None, now, &RingVerify).map_err(HqError::trust("the roster"))?;
    db.execute(
        "INSERT OR REPLACE INTO rosters VALUES (1, ?, ?, ?)",
        params![number as i64, roster.expires as i64, bytes],
    )?;
    Ok(number)
}

fn change(home: &Home, work: impl FnOnce(&Connection) -> Result<(), HqError>) -> Result<u64, HqError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let change = db.change()?;
    work(&change)?;
    let number = sign(home, &change, home.now())?;
    change.commit()?;
    Ok(number)
}

fn read(db: &Connection) -> Result<Vec<(Officer, Option<u64>)>, HqError> {
    let damaged = |what: &str| HqError::Damaged(format!("the officer {what} cannot be read"));
    let mut query = db.prepare(
        "SELECT badge, name, role, discreet, language, pin, removed_at FROM officers ORDER BY badge",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let badge: String = row.get(0)?;
        let pin: Option<Vec<u8>> = row.get(5)?;
        let pin: Option<PinHash> =
            pin.map(|pin| postcard::from_bytes(&pin)).transpose().map_err(|_| damaged(&badge))?;
        let officer = Officer {
            name: row.get(1)?,
            role: row.get::<_, String>(2)?.parse().map_err(|_| damaged(&badge))?,
            discreet: row.get(3)?,
            language: row.get(4)?,
            pin,
            badge: badge.parse().map_err(|_| damaged(&badge))?,
        };
        found.push((officer, row.get::<_, Option<i64>>(6)?.map(|at| at as u64)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::init::{InitOptions, init};
    use crate::tests::clock;
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
        assert_eq!(newest(home.database().unwrap().read()).unwrap(), None);
        assert_eq!(add(&home, &badge, &anna("Anna")).unwrap(), 1);
        assert!(matches!(add(&home, &badge, &anna("")), Err(HqError::Roster(_))));
        assert_eq!(remove(&home, &badge).unwrap(), 2);
        assert!(matches!(remove(&home, &badge), Err(HqError::NoOfficer(_))));
        assert_eq!(add(&home, &badge, &anna("Anna")).unwrap(), 3);
        let bytes = newest(home.database().unwrap().read()).unwrap().unwrap();
        let (root, _) = crate::authority::root::newest(&home).unwrap();
        let roster = Roster::accept(&bytes, &root, None, home.now(), &RingVerify).unwrap();
        let (officer, pin) = roster.officer(&badge).unwrap();
        assert_eq!((officer.role, officer.language.as_str()), (Role::Supervisor, "fr"));
        assert!(anna("Anna").pin.is(pin));
        for file in std::fs::read_dir(home.dir()).unwrap().flatten().filter(|file| file.path().is_file()) {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(!bytes.windows(6).any(|w| w == b"274916"), "{file:?}");
        }
    }
}
