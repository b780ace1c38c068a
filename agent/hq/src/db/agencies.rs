//! Agencies with homes of their own, and how far the exchange with them came.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::{parse, stored};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use vedette_common::device_key::EnrolledKeys;
use vedette_shim::ids::{DeviceId, Hex, ListName};
use vedette_shim::trust::PublicKey;

pub(super) const STEPS: &[Step] = &[Step {
    number: 19,
    work: &[Work::Sql(
        "
-- At headquarters.
CREATE TABLE agencies(
  name TEXT PRIMARY KEY,
  key BLOB NOT NULL,                      -- public: signs the agency's requests
  taken INTEGER NOT NULL DEFAULT 0        -- the sequence of the last message that it has taken
) WITHOUT ROWID;
-- The agency that issues a list elsewhere; none if it is issued here.
ALTER TABLE lists ADD COLUMN agency TEXT REFERENCES agencies(name);
-- At an agency: the number of what headquarters said last of each device.
CREATE TABLE device_statements(device TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
",
    )],
}];

/// Adds an agency that is not here.
pub(crate) fn add(db: &Session, name: &str, key: &PublicKey) -> Result<(), DbError> {
    db.execute("INSERT INTO agencies(name, key) VALUES (?, ?)", params![name, key])?;
    Ok(())
}

/// An agency as `agency list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgencyView {
    pub agency: String,
    /// Its public key, hexadecimal.
    pub key: String,
    /// Its lists that are carried here.
    pub lists: Vec<String>,
    /// Messages that it has not taken.
    pub waiting: u64,
}

/// Every agency by name.
pub(crate) fn all(db: &Session) -> Result<Vec<AgencyView>, DbError> {
    let mut query = db.prepare(
        "SELECT name, key, (SELECT count(*) FROM messages WHERE sequence > taken
           AND list IN (SELECT lists.name FROM lists WHERE lists.agency = agencies.name)) FROM agencies ORDER BY name",
    )?;
    let mut lists = db.prepare("SELECT name FROM lists WHERE agency = ? ORDER BY name")?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let agency: String = row.get(0)?;
        let names = lists.query_map([&agency], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let key = Hex(&row.get::<_, PublicKey>(1)?).to_string();
        found.push(AgencyView { agency, key, lists: names, waiting: row.get::<_, i64>(2)? as u64 });
    }
    Ok(found)
}

/// An agency's key, and the last message it has taken.
pub(crate) fn find(db: &Session, name: &str) -> Result<Option<(PublicKey, i64)>, DbError> {
    let query = "SELECT key, taken FROM agencies WHERE name = ?";
    Ok(db.query_row(query, [name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The agency has taken all messages up to this one, as it says; fewer than before, if its home was restored.
pub(crate) fn set_taken(db: &Session, name: &str, sequence: i64) -> Result<(), DbError> {
    db.execute("UPDATE agencies SET taken = ?2 WHERE name = ?1", params![name, sequence])?;
    Ok(())
}

/// The agency that issues a list elsewhere.
pub(crate) fn of_list(db: &Session, list: &ListName) -> Result<Option<String>, DbError> {
    let query = "SELECT agency FROM lists WHERE name = ?";
    Ok(db.query_row(query, [list.as_str()], |row| row.get(0)).optional()?.flatten())
}

/// A list is this agency's from now on.
pub(crate) fn set_of_list(db: &Session, list: &ListName, agency: &str) -> Result<(), DbError> {
    db.execute("UPDATE lists SET agency = ? WHERE name = ?", params![agency, list.as_str()])?;
    Ok(())
}

/// The last number of a device's statement; 0 for none.
pub(crate) fn statement_number(db: &Session, device: &DeviceId) -> Result<u64, DbError> {
    let query = "SELECT number FROM device_statements WHERE device = ?";
    let number = db.query_row(query, [device.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(number.unwrap_or(0) as u64)
}

pub(crate) fn set_statement_number(db: &Session, device: &DeviceId, number: u64) -> Result<(), DbError> {
    let insert = "INSERT OR REPLACE INTO device_statements VALUES (?, ?)";
    db.execute(insert, params![device.as_str(), stored(number)])?;
    Ok(())
}

/// A device as agencies are told of it.
pub(crate) struct KnownDevice {
    pub(crate) device: DeviceId,
    pub(crate) keys: EnrolledKeys,
    pub(crate) revoked: bool,
    /// When that came about, seconds since 1970.
    pub(crate) since: u64,
}

/// Every device that has keys to sign with: its enrolment in force, or else its last.
pub(crate) fn devices(db: &Session) -> Result<Vec<KnownDevice>, DbError> {
    let mut query = db.prepare(
        "SELECT device, box_public, signing_public, route_key, revoked_at IS NOT NULL,
           max(coalesce(revoked_at, 9223372036854775807)), coalesce(revoked_at, enrolled_at)
         FROM enrolments WHERE signing_public IS NOT NULL GROUP BY device ORDER BY device",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(KnownDevice {
            device: parse(&row.get::<_, String>(0)?)?,
            keys: EnrolledKeys {
                box_public: row.get(1)?,
                signing_public: row.get(2)?,
                route_key: row.get(3)?,
            },
            revoked: row.get(4)?,
            since: row.get::<_, i64>(6)? as u64,
        });
    }
    Ok(found)
}
