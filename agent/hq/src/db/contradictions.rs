//! What devices sent that cannot all be true: of each device what, the last instance, how often, and when last.
//!
//! Either its keys are in two hands, or its store went back to a copy. Bounded: a row a device and kind.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::params;
use serde::Serialize;
use vedette_shim::ids::DeviceId;

pub(super) const STEPS: &[Step] = &[Step {
    number: 11,
    work: &[Work::Sql(
        "CREATE TABLE contradictions(
  device TEXT NOT NULL REFERENCES devices(id), what TEXT NOT NULL, last TEXT NOT NULL, count INTEGER NOT NULL,
  last_at INTEGER NOT NULL, PRIMARY KEY(device, what)) WITHOUT ROWID;",
    )],
}];

/// A kind of contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Two messages have one encounter's id.
    OneId,
    /// Two statuses have one number.
    OneNumber,
    /// A status that is newer by its time has a lower number.
    NumberBack,
    /// The journal ends earlier than it did, or elsewhere.
    Journal,
    /// An edition whose manifest is not ours.
    Edition,
}

impl What {
    pub(crate) fn text(self) -> &'static str {
        match self {
            What::OneId => "encounters with one id and different contents",
            What::OneNumber => "statuses with one number and different contents",
            What::NumberBack => "the number of its status went back",
            What::Journal => "its journal went back or was rewritten",
            What::Edition => "it holds an edition whose content this home did not sign",
        }
    }
}

/// A contradiction of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContradictionView {
    pub what: String,
    /// The last instance, in words.
    pub last: String,
    pub count: u64,
    /// Seconds since 1970.
    pub last_at: u64,
}

/// Stores one more; of a device that never was enrolled none is stored.
pub(crate) fn add(db: &Session, device: &DeviceId, what: What, last: &str, at: u64) -> Result<(), DbError> {
    db.prepare_cached(
        "INSERT INTO contradictions SELECT id, ?2, ?3, 1, ?4 FROM devices WHERE id = ?1
         ON CONFLICT(device, what) DO UPDATE SET count = count + 1, last = ?3, last_at = ?4",
    )?
    .execute(params![device.as_str(), what.text(), last, at as i64])?;
    Ok(())
}

/// Those of a device, the latest first.
pub(crate) fn of_device(db: &Session, device: &str) -> Result<Vec<ContradictionView>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT what, last, count, last_at FROM contradictions WHERE device = ? ORDER BY last_at DESC, what",
    )?;
    let rows = query.query_map([device], |row| {
        Ok(ContradictionView {
            what: row.get(0)?,
            last: row.get(1)?,
            count: row.get::<_, i64>(2)? as u64,
            last_at: row.get::<_, i64>(3)? as u64,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Devices with any since `since`: the latest `limit`, and what the last of each is.
pub(crate) fn since(db: &Session, since: u64, limit: usize) -> Result<Vec<(String, String)>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, what || ' (' || last || ')', max(last_at) AS at FROM contradictions WHERE last_at >= ?
         GROUP BY device ORDER BY at DESC LIMIT ?",
    )?;
    let rows = query.query_map(params![since as i64, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
