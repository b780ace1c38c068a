//! Encounters that were refused: how many of each device, why, and when last.
//!
//! Bounded: a row a device and reason, for devices that were ever enrolled.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::params;
use serde::Serialize;
use vedette_shim::ids::DeviceId;

pub(super) const STEPS: &[Step] = &[Step {
    number: 9,
    work: &[Work::Sql(
        "
CREATE TABLE refusals(
  device TEXT NOT NULL REFERENCES devices(id), why TEXT NOT NULL, count INTEGER NOT NULL, last_at INTEGER NOT NULL,
  PRIMARY KEY(device, why)) WITHOUT ROWID;
-- Those that the device has set aside, by its last status.
ALTER TABLE devices ADD COLUMN refused INTEGER;
",
    )],
}];

/// Why encounters of a device were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalView {
    pub why: String,
    /// Messages refused, repeats included.
    pub count: u64,
    /// Seconds since 1970.
    pub last_at: u64,
}

/// Counts a refusal; of a device that never was enrolled none is stored.
pub(crate) fn count(db: &Session, device: &DeviceId, why: &str, at: u64) -> Result<(), DbError> {
    db.prepare_cached(
        "INSERT INTO refusals SELECT id, ?2, 1, ?3 FROM devices WHERE id = ?1
         ON CONFLICT(device, why) DO UPDATE SET count = count + 1, last_at = ?3",
    )?
    .execute(params![device.as_str(), why, at as i64])?;
    Ok(())
}

/// Why encounters of a device were refused, the latest first.
pub(crate) fn of_device(db: &Session, device: &str) -> Result<Vec<RefusalView>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT why, count, last_at FROM refusals WHERE device = ? ORDER BY last_at DESC, why",
    )?;
    let rows = query.query_map([device], |row| {
        Ok(RefusalView {
            why: row.get(0)?,
            count: row.get::<_, i64>(1)? as u64,
            last_at: row.get::<_, i64>(2)? as u64,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Devices in whose name something was refused for this reason since `since`: the latest `limit`.
pub(crate) fn since(db: &Session, why: &str, since: u64, limit: usize) -> Result<Vec<String>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device FROM refusals WHERE why = ? AND last_at >= ? ORDER BY last_at DESC LIMIT ?",
    )?;
    let rows = query.query_map(params![why, since as i64, limit as i64], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
