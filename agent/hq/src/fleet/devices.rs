//! The fleet: who is enrolled, and what each device last said it holds (the inventory of copies).

use crate::authority::home::Home;
use crate::db::parse;
use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, Hex, ListName};
use vedette_shim::wire::Status;

/// A list that a device holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// The list.
    pub list: String,
    /// The edition in use.
    pub edition: u64,
    /// When that edition was last confirmed to the device, seconds since 1970.
    pub confirmed_at: u64,
}

/// A device as `devices` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceView {
    /// Its name.
    pub device: String,
    /// Where it stands.
    pub post: String,
    /// `enrolled` or `revoked`.
    pub state: &'static str,
    /// When its certificate ends.
    pub certificate_expires_at: u64,
    /// When it last said something of itself.
    pub last_seen: Option<u64>,
    /// Whether its session is up.
    pub online: bool,
    /// Its program's version.
    pub version: Option<String>,
    /// Encounters that wait on it.
    pub spool: Option<u32>,
    /// The lists it holds.
    pub held: Vec<HeldView>,
}

/// The newest enrolment of a device.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub(crate) box_public: [u8; 32],
    pub(crate) revoked: bool,
}

/// Every device, enrolled or revoked.
pub fn devices(home: &Home) -> Result<Vec<DeviceView>, HqError> {
    let db = home.database()?;
    let mut query = db.read().prepare(
        "SELECT id, post, revoked_at IS NOT NULL, expires_at, last_seen, online, version, spool, held
         FROM devices JOIN enrolments ON device = id
         WHERE revoked_at IS NULL OR NOT EXISTS
           (SELECT 1 FROM enrolments later WHERE later.device = id
            AND (later.revoked_at IS NULL OR later.revoked_at > enrolments.revoked_at))
         GROUP BY id ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        let held: Option<String> = row.get(8)?;
        Ok(DeviceView {
            device: row.get(0)?,
            post: row.get(1)?,
            state: if row.get(2)? { "revoked" } else { "enrolled" },
            certificate_expires_at: row.get::<_, i64>(3)? as u64,
            last_seen: row.get::<_, Option<i64>>(4)?.map(|at| at as u64),
            online: row.get::<_, Option<bool>>(5)?.unwrap_or(false),
            version: row.get(6)?,
            spool: row.get(7)?,
            held: held.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores what a device said of itself at `seen`; false when there is no such device.
pub(crate) fn store_status(
    db: &Connection,
    device: &DeviceId,
    status: &Status,
    seen: u64,
) -> Result<bool, HqError> {
    // A last will was written when the session began: it tells that the device is gone, nothing of its lists.
    if !status.online {
        let changed = db.execute("UPDATE devices SET online = 0 WHERE id = ?", [device.as_str()])?;
        return Ok(changed == 1);
    }
    let held: Vec<_> = status
        .lists
        .iter()
        .map(|held| HeldView {
            list: held.list.to_string(),
            edition: held.edition,
            confirmed_at: seen.saturating_sub(held.age_s),
        })
        .collect();
    let held = serde_json::to_string(&held).expect("names and numbers are JSON");
    let changed = db.execute(
        "UPDATE devices SET last_seen = ?2, online = 1, version = ?3, spool = ?4, held = ?5 WHERE id = ?1",
        params![device.as_str(), seen as i64, status.version.as_str(), status.spool, held],
    )?;
    for encounter in &status.overdue {
        let query =
            "UPDATE encounters SET overdue_since = ? WHERE id = ? AND device = ? AND overdue_since IS NULL";
        if db.execute(query, params![seen as i64, encounter, device.as_str()])? == 1 {
            let encounter = Hex(encounter);
            tracing::warn!(%device, %encounter, "the post waits for an owner's answer; `vedette-hq answer` gives it");
        }
    }
    Ok(changed == 1)
}

/// How many enrolled devices hold this edition of a list.
pub(crate) fn holding(db: &Connection, list: &ListName, edition: u64) -> Result<usize, HqError> {
    let mut query = db.prepare(
        "SELECT held FROM devices WHERE held IS NOT NULL
         AND EXISTS (SELECT 1 FROM enrolments WHERE device = id AND revoked_at IS NULL)",
    )?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut devices = 0;
    for held in rows {
        let held: Vec<HeldView> = serde_json::from_str(&held?).unwrap_or_default();
        devices += usize::from(held.iter().any(|h| h.list == list.as_str() && h.edition == edition));
    }
    Ok(devices)
}

/// A device's enrolments, the one in force first; empty when it never was enrolled.
pub(crate) fn enrolments(db: &Connection, device: &DeviceId) -> Result<Vec<Enrolment>, HqError> {
    let mut query = db.prepare(
        "SELECT box_public, revoked_at IS NOT NULL FROM enrolments WHERE device = ?
         ORDER BY revoked_at IS NOT NULL, revoked_at DESC",
    )?;
    let rows = query.query_map([device.as_str()], |row| {
        Ok(Enrolment { box_public: row.get(0)?, revoked: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every device ever enrolled, and whether it is now.
pub(crate) fn all(db: &Connection) -> Result<Vec<(DeviceId, bool)>, HqError> {
    let mut query = db.prepare(
        "SELECT id, EXISTS (SELECT 1 FROM enrolments WHERE device = id AND revoked_at IS NULL)
         FROM devices ORDER BY id",
    )?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(HqError::from).and_then(|(id, enrolled)| Ok((parse(&id)?, enrolled))))
        .collect()
}

/// Enrolled devices whose certificate ends before `before`, the earliest first, and when.
pub(crate) fn ending_before(db: &Connection, before: u64) -> Result<Vec<(DeviceId, u64)>, HqError> {
    let mut query = db.prepare(
        "SELECT device, expires_at FROM enrolments WHERE revoked_at IS NULL AND expires_at < ?
         ORDER BY expires_at, device",
    )?;
    let rows =
        query.query_map([before as i64], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    rows.map(|row| row.map_err(HqError::from).and_then(|(id, at)| Ok((parse(&id)?, at as u64)))).collect()
}

/// The serial number of a device's certificate in force, the newest if it was renewed; else why there is none.
pub(crate) fn enrolled_serial(db: &Connection, device: &DeviceId) -> Result<Vec<u8>, HqError> {
    match serial_in_force(db, device)? {
        Some(serial) => Ok(serial),
        None if enrolments(db, device)?.is_empty() => Err(HqError::NoDevice(device.clone())),
        None => Err(HqError::DeviceRevoked(device.clone())),
    }
}

/// The serial number of a device's certificate in force.
pub(crate) fn serial_in_force(db: &Connection, device: &DeviceId) -> Result<Option<Vec<u8>>, HqError> {
    let query = "SELECT serial FROM enrolments WHERE device = ? AND revoked_at IS NULL";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0)).optional()?)
}
