//! Grants: signed, each the keys of one list for one device.

use super::connection::{Session, Step, Work};
use super::copies;
use super::error::DbError;
use super::values::{parse, stored};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::{DeviceId, ListName};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 1,
        work: &[Work::Sql(
            "CREATE TABLE grants(
  device TEXT NOT NULL REFERENCES devices(id), list TEXT NOT NULL REFERENCES lists(name),
  numbers TEXT NOT NULL,                  -- of the keys in it, such as 1,3; only ever compared as a whole
  bytes BLOB NOT NULL, PRIMARY KEY(device, list)) WITHOUT ROWID;",
        )],
    },
    Step {
        number: 8,
        work: &[Work::Sql(
            "
ALTER TABLE grants ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
-- The highest number of a grant that was ever made for a device; it outlives grants and enrolments.
CREATE TABLE granted_until(device TEXT PRIMARY KEY REFERENCES devices(id), number INTEGER NOT NULL) WITHOUT ROWID;
",
        )],
    },
];

/// A grant to be stored.
pub(crate) struct NewGrant<'a> {
    pub(crate) device: &'a DeviceId,
    pub(crate) list: &'a ListName,
    /// Its keys' numbers as text.
    pub(crate) keys: &'a str,
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) expires: u64,
    /// As signed.
    pub(crate) bytes: &'a [u8],
}

/// Stores a grant, instead of the one that the device had for the list.
pub(crate) fn set(db: &Session, grant: &NewGrant<'_>) -> Result<(), DbError> {
    let (device, number) = (grant.device.as_str(), stored(grant.number));
    db.execute(
        "INSERT OR REPLACE INTO grants(device, list, numbers, bytes, number, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        params![device, grant.list.as_str(), grant.keys, grant.bytes, number, stored(grant.expires)],
    )?;
    db.execute(
        "INSERT INTO granted_until VALUES (?1, ?2) ON CONFLICT(device) DO UPDATE SET number = max(number, ?2)",
        params![device, number],
    )?;
    let last_key = grant.keys.split(',').filter_map(|key| key.parse().ok()).max().unwrap_or(0);
    copies::note_grant(db, device, grant.list, grant.expires, last_key)
}

/// The highest number of a grant that was ever made for a device; 0 for none.
pub(crate) fn last_number(db: &Session, device: &DeviceId) -> Result<u64, DbError> {
    let query = "SELECT number FROM granted_until WHERE device = ?";
    let number = db.query_row(query, [device.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(number.unwrap_or(0) as u64)
}

/// A device's grants by list, signed.
pub(crate) fn of_device(db: &Session, device: &DeviceId) -> Result<Vec<(ListName, Vec<u8>)>, DbError> {
    let mut query = db.prepare_cached("SELECT list, bytes FROM grants WHERE device = ? ORDER BY list")?;
    let rows = query.query_map([device.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(list, bytes)| Ok((parse(&list)?, bytes)))).collect()
}

/// The number of a device's grant of a list; 0 for none.
pub(crate) fn number(db: &Session, device: &DeviceId, list: &ListName) -> Result<u64, DbError> {
    let query = "SELECT number FROM grants WHERE device = ? AND list = ?";
    let about = params![device.as_str(), list.as_str()];
    let number = db.query_row(query, about, |row| row.get::<_, i64>(0)).optional()?;
    Ok(number.unwrap_or(0) as u64)
}

/// Deletes a device's grants.
pub(crate) fn withdraw(db: &Session, device: &DeviceId) -> Result<(), DbError> {
    db.execute("DELETE FROM grants WHERE device = ?", [device.as_str()])?;
    Ok(())
}

/// Deletes every device's grant of a list.
pub(crate) fn forget(db: &Session, list: &ListName) -> Result<(), DbError> {
    db.execute("DELETE FROM grants WHERE list = ?", [list.as_str()])?;
    Ok(())
}

/// Enrolled devices that have no grant of exactly these keys of a list that lasts beyond `until`, seconds since 1970, and
/// their public box keys.
pub(crate) fn devices_without(
    db: &Session,
    list: &ListName,
    keys: &str,
    until: u64,
) -> Result<Vec<(DeviceId, [u8; 32])>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, box_public FROM enrolments WHERE revoked_at IS NULL AND NOT EXISTS
         (SELECT 1 FROM grants g WHERE g.device = enrolments.device AND g.list = ? AND g.numbers = ?
          AND g.expires_at > ?)",
    )?;
    let about = params![list.as_str(), keys, stored(until)];
    let rows = query.query_map(about, |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(device, key)| Ok((parse(&device)?, key)))).collect()
}
