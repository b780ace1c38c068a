//! Grants: signed, each the keys of one list for one device.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::parse;
use rusqlite::params;
use vedette_shim::ids::{DeviceId, ListName};

pub(super) const STEPS: &[Step] = &[Step {
    number: 1,
    work: &[Work::Sql(
        "CREATE TABLE grants(
  device TEXT NOT NULL REFERENCES devices(id), list TEXT NOT NULL REFERENCES lists(name),
  numbers TEXT NOT NULL,                  -- of the keys in it, such as 1,3; only ever compared as a whole
  bytes BLOB NOT NULL, PRIMARY KEY(device, list)) WITHOUT ROWID;",
    )],
}];

/// Stores a grant of the keys `numbers`, instead of the one that the device had for the list.
pub(crate) fn set(
    db: &Session,
    device: &DeviceId,
    list: &ListName,
    numbers: &str,
    bytes: &[u8],
) -> Result<(), DbError> {
    db.execute(
        "INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?)",
        params![device.as_str(), list.as_str(), numbers, bytes],
    )?;
    Ok(())
}

/// A device's grants by list, signed.
pub(crate) fn of_device(db: &Session, device: &DeviceId) -> Result<Vec<(ListName, Vec<u8>)>, DbError> {
    let mut query = db.prepare_cached("SELECT list, bytes FROM grants WHERE device = ? ORDER BY list")?;
    let rows = query.query_map([device.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(list, bytes)| Ok((parse(&list)?, bytes)))).collect()
}

/// Deletes a device's grants.
pub(crate) fn withdraw(db: &Session, device: &DeviceId) -> Result<(), DbError> {
    db.execute("DELETE FROM grants WHERE device = ?", [device.as_str()])?;
    Ok(())
}

/// Enrolled devices that have no grant of exactly these keys of a list, and their public box keys.
pub(crate) fn devices_without(
    db: &Session,
    list: &ListName,
    numbers: &str,
) -> Result<Vec<(DeviceId, [u8; 32])>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, box_public FROM enrolments WHERE revoked_at IS NULL AND NOT EXISTS
         (SELECT 1 FROM grants g WHERE g.device = enrolments.device AND g.list = ? AND g.numbers = ?)",
    )?;
    let rows =
        query.query_map([list.as_str(), numbers], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(device, key)| Ok((parse(&device)?, key)))).collect()
}
