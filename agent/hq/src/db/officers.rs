//! The officers, and the signed roster over them.
//!
//! Invariants: of a PIN only its hash is stored, and none for a badge that was removed; there is one roster, the newest.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::{OptionalExtension, params};
use vedette_common::roster::{Badge, Officer, PinHash};

pub(super) const STEPS: &[Step] = &[Step {
    number: 2,
    work: &[Work::Sql("
CREATE TABLE officers(
  badge TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, discreet INTEGER NOT NULL, language TEXT NOT NULL,
  pin BLOB,                               -- postcard of its hash; none for a badge removed
  removed_at INTEGER) WITHOUT ROWID;

CREATE TABLE rosters(
  one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL, expires_at INTEGER NOT NULL, bytes BLOB NOT NULL);
")],
}];

/// The newest roster.
pub(crate) struct RosterRow {
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) expires_at: u64,
    /// As signed.
    pub(crate) bytes: Vec<u8>,
}

/// Stores an officer with a PIN, instead of the one that had the badge.
pub(crate) fn set(db: &Session, officer: &Officer) -> Result<(), DbError> {
    let pin =
        officer.pin.as_ref().map(|pin| postcard::to_allocvec(pin).expect("a hash has no unsupported types"));
    db.execute(
        "INSERT OR REPLACE INTO officers VALUES (?, ?, ?, ?, ?, ?, NULL)",
        params![
            officer.badge.as_str(),
            officer.name,
            officer.role.to_string(),
            officer.discreet,
            officer.language,
            pin
        ],
    )?;
    Ok(())
}

/// Removes a badge; false when there is none or it was removed before.
pub(crate) fn remove(db: &Session, badge: &Badge, at: u64) -> Result<bool, DbError> {
    let update = "UPDATE officers SET pin = NULL, removed_at = ? WHERE badge = ? AND removed_at IS NULL";
    Ok(db.execute(update, params![at as i64, badge.as_str()])? == 1)
}

/// Every officer by badge, and when it was removed, seconds since 1970. A roster bounds how many there are.
pub(crate) fn all(db: &Session) -> Result<Vec<(Officer, Option<u64>)>, DbError> {
    let damaged = |badge: &str| DbError::Damaged(format!("the officer {badge} cannot be read"));
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

/// Stores a roster as the newest.
pub(crate) fn set_roster(db: &Session, roster: &RosterRow) -> Result<(), DbError> {
    db.execute(
        "INSERT OR REPLACE INTO rosters VALUES (1, ?, ?, ?)",
        params![roster.number as i64, roster.expires_at as i64, roster.bytes],
    )?;
    Ok(())
}

/// The newest roster; `None` while there never was an officer.
pub(crate) fn roster(db: &Session) -> Result<Option<RosterRow>, DbError> {
    let row = db.query_row("SELECT number, expires_at, bytes FROM rosters", [], |row| {
        Ok(RosterRow {
            number: row.get::<_, i64>(0)? as u64,
            expires_at: row.get::<_, i64>(1)? as u64,
            bytes: row.get(2)?,
        })
    });
    Ok(row.optional()?)
}
