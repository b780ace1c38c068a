//! The devices: their certificates, and how each is shown with the lists it holds.
//!
//! Invariants: a device has at most one enrolment in force; a certificate's row is there before the certificate leaves, so
//! that it can be revoked.

use super::connection::{Session, Step, Work};
use super::contradictions::{self, ContradictionView};
use super::error::DbError;
use super::from_json;
use super::refusals::{self, RefusalView};
use super::statuses::{self, StatusView};
use super::values::{parse, stored};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use vedette_common::device_key::EnrolledKeys;
use vedette_shim::ids::{DeviceId, Digest, ListName};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 1,
        work: &[Work::Sql(
            "
CREATE TABLE devices(
  id TEXT PRIMARY KEY, post TEXT NOT NULL,
  -- as its last status said
  last_seen INTEGER, online INTEGER, version TEXT, spool INTEGER, held TEXT) WITHOUT ROWID;

-- One row a certificate; a device enrolled again after a revocation has several.
CREATE TABLE enrolments(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), box_public BLOB NOT NULL,
  enrolled_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID;
CREATE UNIQUE INDEX enrolled ON enrolments(device) WHERE revoked_at IS NULL;
",
        )],
    },
    Step {
        number: 6,
        work: &[Work::Sql(
            "
-- Certificates that a renewal replaced: they count until they end or their device is revoked.
CREATE TABLE superseded(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), expires_at INTEGER NOT NULL,
  revoked_at INTEGER) WITHOUT ROWID;
",
        )],
    },
    Step {
        number: 7,
        work: &[
            Work::Sql(
                "
-- The lists that a device holds, by its last status; a list that it names may not exist here.
CREATE TABLE holdings(
  device TEXT NOT NULL REFERENCES devices(id), list TEXT NOT NULL, edition INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL, PRIMARY KEY(device, list)) WITHOUT ROWID;
CREATE INDEX holdings_by_edition ON holdings(list, edition);
",
            ),
            Work::Rows(from_json::holdings),
            Work::Sql("ALTER TABLE devices DROP COLUMN held;"),
        ],
    },
    Step {
        number: 11,
        work: &[Work::Sql(
            "
-- None at devices that were enrolled before: nothing that they send can be authenticated, until they are enrolled again.
ALTER TABLE enrolments ADD COLUMN signing_public BLOB;
ALTER TABLE enrolments ADD COLUMN route_key BLOB;
",
        )],
    },
    Step {
        number: 13,
        work: &[Work::Sql(
            "
-- While the CA is replaced: 1 if the certificate is by the new one.
ALTER TABLE enrolments ADD COLUMN next_ca INTEGER NOT NULL DEFAULT 0;
",
        )],
    },
    Step {
        number: 14,
        work: &[Work::Sql(
            "
-- The CA that made a certificate: the SHA-256 of its public key. None at those that were made before.
ALTER TABLE enrolments DROP COLUMN next_ca;
ALTER TABLE enrolments ADD COLUMN ca BLOB;
ALTER TABLE superseded ADD COLUMN ca BLOB;
-- The serial number of the certificate by which the device's session was up last, as it has signed it.
ALTER TABLE devices ADD COLUMN certificate BLOB;
",
        )],
    },
];

/// A list that a device holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    pub list: String,
    /// The edition in use.
    pub edition: u64,
    /// When that edition was last confirmed to the device.
    pub confirmed_at: u64,
}

/// Whether a device counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    Enrolled,
    Revoked,
}

/// A device as `devices` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    pub device: String,
    /// Where it stands.
    pub post: String,
    pub state: DeviceState,
    pub enrolled_at: u64,
    /// The one that it uses, by its last word; else its newest.
    pub certificate_expires_at: u64,
    /// When its last status came.
    pub last_seen: Option<u64>,
    /// Whether its session is up.
    pub online: bool,
    /// What its last status says besides.
    pub said: Option<StatusView>,
    /// Its program's.
    pub version: Option<String>,
    /// Encounters that wait on it.
    pub spool: Option<u32>,
    /// Those of them that headquarters refused.
    pub refused: Option<u32>,
    /// Why encounters were refused.
    pub refusals: Vec<RefusalView>,
    /// What it said that cannot all be true.
    pub contradictions: Vec<ContradictionView>,
    /// By list.
    pub held: Vec<HeldView>,
}

/// When the certificate ends that a device uses, by its last word, or else its newest; of `devices` and `enrolments`.
const ENDS: &str = "COALESCE((SELECT superseded.expires_at FROM superseded
     WHERE superseded.serial = devices.certificate AND superseded.device = devices.id), enrolments.expires_at)";

/// A certificate that is about to be given to a device.
pub(crate) struct NewCertificate<'a> {
    pub(crate) serial: &'a [u8],
    /// See `Ca::id`.
    pub(crate) ca: Digest,
    /// Seconds since 1970.
    pub(crate) expires_at: u64,
}

/// A device's new enrolment.
pub(crate) struct NewEnrolment<'a> {
    pub(crate) device: &'a DeviceId,
    pub(crate) post: &'a str,
    pub(crate) certificate: NewCertificate<'a>,
    pub(crate) keys: &'a EnrolledKeys,
    /// Seconds since 1970.
    pub(crate) enrolled_at: u64,
}

/// An enrolment of a device, as far as authenticating and opening what it sent needs it.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub(crate) keys: EnrolledKeys,
    pub(crate) revoked: bool,
}

/// A certificate that no longer counts.
pub(crate) struct Revoked {
    pub(crate) serial: Vec<u8>,
    /// Seconds since 1970.
    pub(crate) at: u64,
}

/// Enrols a device that is not enrolled. Its last status is forgotten.
pub(crate) fn enrol(db: &Session, new: &NewEnrolment<'_>) -> Result<(), DbError> {
    let id = new.device.as_str();
    db.execute(
        "INSERT INTO devices(id, post) VALUES (?1, ?2) ON CONFLICT(id) DO UPDATE SET
         post = ?2, last_seen = NULL, online = NULL, version = NULL, spool = NULL, refused = NULL,
         status = NULL, status_identity = NULL, certificate = NULL",
        params![id, new.post],
    )?;
    db.execute("DELETE FROM holdings WHERE device = ?", [id])?;
    insert(db, new, None)
}

/// Stores an enrolment that was revoked before it was known here, and leaves the one in force.
pub(crate) fn enrol_revoked(db: &Session, new: &NewEnrolment<'_>, revoked_at: u64) -> Result<(), DbError> {
    db.execute(
        "INSERT OR IGNORE INTO devices(id, post) VALUES (?, ?)",
        params![new.device.as_str(), new.post],
    )?;
    insert(db, new, Some(revoked_at))
}

fn insert(db: &Session, new: &NewEnrolment<'_>, revoked_at: Option<u64>) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO enrolments(serial, ca, device, box_public, enrolled_at, expires_at, signing_public, route_key, revoked_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            new.certificate.serial,
            new.certificate.ca,
            new.device.as_str(),
            new.keys.box_public,
            new.enrolled_at as i64,
            new.certificate.expires_at as i64,
            new.keys.signing_public,
            new.keys.route_key,
            revoked_at.map(stored)
        ],
    )?;
    Ok(())
}

/// Gives a device's enrolment in force another certificate; the one before counts until it ends. Nothing changes when there
/// is none: see `fleet::devices::renew`.
pub(crate) fn renew(db: &Session, device: &DeviceId, new: &NewCertificate<'_>) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO superseded(serial, ca, device, expires_at) SELECT serial, ca, device, expires_at FROM enrolments
         WHERE device = ? AND revoked_at IS NULL",
        [device.as_str()],
    )?;
    db.execute(
        "UPDATE enrolments SET serial = ?, ca = ?, expires_at = ? WHERE device = ? AND revoked_at IS NULL",
        params![new.serial, new.ca, new.expires_at as i64, device.as_str()],
    )?;
    Ok(())
}

/// Revokes every certificate of a device, also those that a renewal replaced.
pub(crate) fn revoke(db: &Session, device: &DeviceId, at: u64) -> Result<(), DbError> {
    for update in [
        "UPDATE enrolments SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
        "UPDATE superseded SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
    ] {
        db.execute(update, params![at as i64, device.as_str()])?;
    }
    Ok(())
}

/// Whether a certificate belongs to an enrolment: the newest of it, or one before.
pub(crate) fn is_enrolled(db: &Session, serial: &[u8]) -> Result<bool, DbError> {
    let query = "SELECT EXISTS(SELECT 1 FROM enrolments WHERE serial = ?1
         UNION ALL SELECT 1 FROM superseded WHERE serial = ?1)";
    Ok(db.query_row(query, [serial], |row| row.get(0))?)
}

/// Whether a device's certificate counts: the newest of its enrolment in force, or one before it.
pub(crate) fn counts(db: &Session, device: &DeviceId, serial: &[u8]) -> Result<bool, DbError> {
    let query =
        "SELECT EXISTS(SELECT 1 FROM enrolments WHERE device = ?1 AND serial = ?2 AND revoked_at IS NULL
         UNION ALL SELECT 1 FROM superseded WHERE device = ?1 AND serial = ?2 AND revoked_at IS NULL)";
    Ok(db.query_row(query, params![device.as_str(), serial], |row| row.get(0))?)
}

/// Certificates that were revoked and have not ended at `now`.
pub(crate) fn revoked(db: &Session, now: u64) -> Result<Vec<Revoked>, DbError> {
    let mut query = db.prepare(
        "SELECT serial, revoked_at FROM enrolments WHERE revoked_at IS NOT NULL AND expires_at > ?1
         UNION SELECT serial, revoked_at FROM superseded WHERE revoked_at IS NOT NULL AND expires_at > ?1
         UNION SELECT serial, revoked_at FROM abandoned WHERE expires_at > ?1
         ORDER BY revoked_at, serial",
    )?;
    let rows = query.query_map([now as i64], |row| {
        Ok(Revoked { serial: row.get(0)?, at: row.get::<_, i64>(1)? as u64 })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to `limit` devices by name, enrolled or revoked, those after `after`.
pub(crate) fn page(db: &Session, after: &str, limit: usize) -> Result<Vec<DeviceView>, DbError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT id, post, revoked_at IS NOT NULL, {ENDS}, last_seen, online, version, spool, refused, status, enrolled_at
         FROM devices JOIN enrolments ON device = id
         WHERE id > ?1 AND (revoked_at IS NULL OR NOT EXISTS
           (SELECT 1 FROM enrolments later WHERE later.device = id
            AND (later.revoked_at IS NULL OR later.revoked_at > enrolments.revoked_at)))
         GROUP BY id ORDER BY id LIMIT ?2",
    ))?;
    let rows = query.query_map(params![after, limit as i64], |row| {
        let status: Option<Vec<u8>> = row.get(9)?;
        Ok(DeviceView {
            said: status.and_then(|status| statuses::view(&status)),
            enrolled_at: row.get::<_, i64>(10)? as u64,
            device: row.get(0)?,
            post: row.get(1)?,
            state: if row.get(2)? { DeviceState::Revoked } else { DeviceState::Enrolled },
            certificate_expires_at: row.get::<_, i64>(3)? as u64,
            last_seen: row.get::<_, Option<i64>>(4)?.map(|at| at as u64),
            online: row.get::<_, Option<bool>>(5)?.unwrap_or(false),
            version: row.get(6)?,
            spool: row.get(7)?,
            refused: row.get(8)?,
            refusals: Vec::new(),
            contradictions: Vec::new(),
            held: Vec::new(),
        })
    })?;
    let mut views = rows.collect::<Result<Vec<_>, _>>()?;
    for view in &mut views {
        view.held = held(db, &view.device)?;
        view.refusals = refusals::of_device(db, &view.device)?;
        view.contradictions = contradictions::of_device(db, &view.device)?;
    }
    Ok(views)
}

fn held(db: &Session, device: &str) -> Result<Vec<HeldView>, DbError> {
    let mut query =
        db.prepare_cached("SELECT list, edition, confirmed_at FROM holdings WHERE device = ? ORDER BY list")?;
    let rows = query.query_map([device], |row| {
        Ok(HeldView {
            list: row.get(0)?,
            edition: row.get::<_, i64>(1)? as u64,
            confirmed_at: row.get::<_, i64>(2)? as u64,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The highest edition of a list that an enrolled device says it holds, 0 for none. A number beyond `most` is no edition's.
pub(crate) fn highest_held(db: &Session, list: &ListName, most: u64) -> Result<u64, DbError> {
    let query = "SELECT COALESCE(max(edition), 0) FROM holdings WHERE list = ? AND edition <= ?
         AND EXISTS (SELECT 1 FROM enrolments e WHERE e.device = holdings.device AND e.revoked_at IS NULL)";
    let held: i64 = db.query_row(query, params![list.as_str(), stored(most)], |row| row.get(0))?;
    Ok(held as u64)
}

/// Lists of which an enrolled device says that it holds a later edition than this home has: list, that edition, ours.
pub(crate) fn overtaken(db: &Session) -> Result<Vec<(String, u64, u64)>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT h.list, max(h.edition), COALESCE((SELECT max(edition) FROM editions WHERE list = h.list), 0) AS ours
         FROM holdings h JOIN enrolments e ON e.device = h.device AND e.revoked_at IS NULL
         WHERE h.list IN (SELECT name FROM lists) GROUP BY h.list HAVING max(h.edition) > ours ORDER BY h.list",
    )?;
    let rows = query
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many enrolled devices hold this edition of a list.
pub(crate) fn holding(db: &Session, list: &ListName, edition: u64) -> Result<usize, DbError> {
    let query = "SELECT count(*) FROM holdings WHERE list = ? AND edition = ?
         AND EXISTS (SELECT 1 FROM enrolments e WHERE e.device = holdings.device AND e.revoked_at IS NULL)";
    let count: i64 = db.query_row(query, params![list.as_str(), stored(edition)], |row| row.get(0))?;
    Ok(count as usize)
}

/// When a device's certificate in force ends, seconds since 1970.
pub(crate) fn certificate_ends(db: &Session, device: &DeviceId) -> Result<Option<u64>, DbError> {
    let query = "SELECT expires_at FROM enrolments WHERE device = ? AND revoked_at IS NULL";
    let ends = db.query_row(query, [device.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(ends.map(|ends| ends as u64))
}

/// A device's enrolments whose keys are known, the one in force first; empty when it never was enrolled.
pub(crate) fn enrolments(db: &Session, device: &DeviceId) -> Result<Vec<Enrolment>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT box_public, signing_public, route_key, revoked_at IS NOT NULL FROM enrolments
         WHERE device = ? AND signing_public IS NOT NULL ORDER BY revoked_at IS NOT NULL, revoked_at DESC",
    )?;
    let rows = query.query_map([device.as_str()], |row| {
        let keys =
            EnrolledKeys { box_public: row.get(0)?, signing_public: row.get(1)?, route_key: row.get(2)? };
        Ok(Enrolment { keys, revoked: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a device has an enrolment by this key: `Some(true)` if that was revoked.
pub(crate) fn is_revoked_key(
    db: &Session,
    device: &DeviceId,
    box_public: &[u8; 32],
) -> Result<Option<bool>, DbError> {
    let query = "SELECT revoked_at IS NOT NULL FROM enrolments WHERE device = ? AND box_public = ?";
    Ok(db.query_row(query, params![device.as_str(), box_public], |row| row.get(0)).optional()?)
}

/// Whether an enrolment, of whatever device, ever had one of these keys.
pub(crate) fn are_keys_known(db: &Session, keys: &EnrolledKeys) -> Result<bool, DbError> {
    let query = "SELECT EXISTS(SELECT 1 FROM enrolments WHERE box_public = ? OR signing_public = ?)";
    Ok(db.query_row(query, params![keys.box_public, keys.signing_public], |row| row.get(0))?)
}

/// Whether a device was ever enrolled.
pub(crate) fn is_known(db: &Session, device: &DeviceId) -> Result<bool, DbError> {
    let query = "SELECT EXISTS(SELECT 1 FROM devices WHERE id = ?)";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0))?)
}

/// The public box key of a device's enrolment in force.
pub(crate) fn box_in_force(db: &Session, device: &DeviceId) -> Result<Option<[u8; 32]>, DbError> {
    let query = "SELECT box_public FROM enrolments WHERE device = ? AND revoked_at IS NULL";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0)).optional()?)
}

/// Every device ever enrolled, by name.
pub(crate) fn all(db: &Session) -> Result<Vec<DeviceId>, DbError> {
    let mut query = db.prepare("SELECT id FROM devices ORDER BY id")?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|id| parse(&id?)).collect()
}

/// Enrolled devices whose certificate in use ends before `before`, the earliest first, and when: at most `limit`, and how many
/// there are in all.
pub(crate) fn ending_before(
    db: &Session,
    before: u64,
    limit: usize,
) -> Result<(Vec<(DeviceId, u64)>, usize), DbError> {
    let mut query = db.prepare(&format!(
        "SELECT id, ends, count(*) OVER () FROM
           (SELECT id, {ENDS} AS ends FROM devices JOIN enrolments ON device = id WHERE revoked_at IS NULL)
         WHERE ends < ? ORDER BY ends, id LIMIT ?",
    ))?;
    let (mut found, mut total) = (Vec::new(), 0);
    let mut rows = query.query(params![before as i64, limit as i64])?;
    while let Some(row) = rows.next()? {
        found.push((parse(&row.get::<_, String>(0)?)?, row.get::<_, i64>(1)? as u64));
        total = row.get::<_, i64>(2)? as usize;
    }
    Ok((found, total))
}

/// The serial number of a device's certificate in force, the newest if it was renewed.
pub(crate) fn serial_in_force(db: &Session, device: &DeviceId) -> Result<Option<Vec<u8>>, DbError> {
    let query = "SELECT serial FROM enrolments WHERE device = ? AND revoked_at IS NULL";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0)).optional()?)
}
