//! The last status of each device, and so the lists that it holds.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::{parse, stored};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, Digest, Hex};
use vedette_shim::trust::{SERIAL_BYTES_MAX, Status};

pub(super) const STEPS: &[Step] = &[Step {
    number: 12,
    work: &[Work::Sql(
        "
-- The last status that its device has signed, postcard, and its identity.
ALTER TABLE devices ADD COLUMN status BLOB;
ALTER TABLE devices ADD COLUMN status_identity BLOB;
",
    )],
}];

/// What a device said of itself, as it signed it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusView {
    /// One more each time.
    pub number: u64,
    /// When it was made, by the device's clock.
    pub at: u64,
    /// When the newest heartbeat that it has was issued; 0 for none.
    pub heartbeat: u64,
    /// It cannot tell the time, so its lists answer NotChecked.
    pub time_lost: bool,
    /// The version of its root.
    pub root: u32,
    /// The number of its roster; 0 for none.
    pub roster: u64,
    /// The number of the last order that it carried out; 0 for none.
    pub order: u64,
    /// The number of its journal's last line.
    pub journal: u64,
    /// The hash that the journal's next line follows, hexadecimal.
    pub journal_hash: String,
    /// What keeps its store from being written; empty if nothing does.
    pub store_fault: String,
}

/// A stored status as it is shown.
pub(super) fn view(bytes: &[u8]) -> Option<StatusView> {
    let status: Status = postcard::from_bytes(bytes).ok()?;
    Some(StatusView {
        number: status.number,
        at: status.at,
        heartbeat: status.heartbeat,
        time_lost: status.time_lost,
        root: status.root,
        roster: status.roster,
        order: status.order,
        journal: status.journal,
        journal_hash: Hex(&status.journal_hash).to_string(),
        store_fault: status.store_fault.as_str().into(),
    })
}

/// The beginning of a stored status: read without its lists, for there may be many.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Said {
    _device: DeviceId,
    _enrolment: [u8; 8],
    pub(crate) number: u64,
    _session: u64,
    _online: bool,
    /// When it was made, by the device's clock, seconds since 1970.
    pub(crate) at: u64,
    _version: heapless::String<16>,
    _certificate: heapless::Vec<u8, SERIAL_BYTES_MAX>,
    _heartbeat: u64,
    pub(crate) time_lost: bool,
    _root: u32,
    _roster: u64,
    _order: u64,
    _journal: u64,
    _journal_hash: Digest,
    pub(crate) store_fault: heapless::String<96>,
}

/// The beginning of a stored status.
pub(crate) fn said(bytes: &[u8]) -> Option<Said> {
    postcard::take_from_bytes(bytes).ok().map(|(said, _)| said)
}

/// The last status of a device, and its identity.
pub(crate) fn last(db: &Session, device: &DeviceId) -> Result<Option<(Status, Digest)>, DbError> {
    let query = "SELECT status, status_identity FROM devices WHERE id = ? AND status IS NOT NULL";
    let found = db.query_row(query, [device.as_str()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)));
    let Some((bytes, identity)) = found.optional()? else { return Ok(None) };
    let status = postcard::from_bytes(&bytes);
    if status.is_err() {
        tracing::warn!(%device, "its last status cannot be read: the next counts as its first");
    }
    Ok(status.ok().map(|status| (status, identity)))
}

/// Stores a status of the time `seen`, on a change; false when there is no such device. The certificate that it names counts only if
/// its session was up: a will names one that is not in use yet.
pub(crate) fn set(db: &Session, status: &Status, identity: &Digest, seen: u64) -> Result<bool, DbError> {
    let id = status.device.as_str();
    let bytes = postcard::to_allocvec(status).expect("a status has no unsupported types");
    let known = db
        .prepare_cached(
            "UPDATE devices SET last_seen = ?2, online = ?3, version = ?4, spool = ?5, refused = ?6, status = ?7,
               status_identity = ?8, certificate = CASE WHEN ?3 THEN ?9 ELSE certificate END WHERE id = ?1",
        )?
        .execute(params![
            id,
            stored(seen),
            status.online,
            status.version.as_str(),
            status.spool,
            status.refused,
            bytes,
            identity,
            &status.certificate[..]
        ])?
        == 1;
    if known {
        db.prepare_cached("DELETE FROM holdings WHERE device = ?")?.execute([id])?;
        let mut insert = db.prepare_cached("INSERT OR REPLACE INTO holdings VALUES (?, ?, ?, ?, ?)")?;
        for held in &status.lists {
            let confirmed_at = stored(seen.saturating_sub(held.age_s));
            insert.execute(params![
                id,
                held.list.as_str(),
                stored(held.edition),
                confirmed_at,
                held.manifest
            ])?;
        }
    }
    Ok(known)
}

/// Enrolled devices that by their last status have not followed to this root, or had encounters waiting then; by name.
pub(crate) fn not_home_under(db: &Session, root: u32) -> Result<Vec<DeviceId>, DbError> {
    let mut query = db.prepare("SELECT device FROM enrolments WHERE revoked_at IS NULL ORDER BY device")?;
    let mut away = Vec::new();
    for device in query.query_map([], |row| row.get::<_, String>(0))? {
        let device: DeviceId = parse(&device?)?;
        let home = last(db, &device)?.is_some_and(|(status, _)| status.root >= root && status.spool == 0);
        if !home {
            away.push(device);
        }
    }
    Ok(away)
}

/// A device's session ended.
pub(crate) fn set_offline(db: &Session, device: &DeviceId) -> Result<(), DbError> {
    db.execute("UPDATE devices SET online = 0 WHERE id = ?", [device.as_str()])?;
    Ok(())
}
