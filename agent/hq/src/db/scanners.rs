//! Scanners: their keys, where each hangs, and the signed enrolment of it.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Envelope, ScannerEnrolment, SignedKind, decode_body};

pub(super) const STEPS: &[Step] = &[Step {
    number: 9,
    work: &[Work::Sql(
        "
CREATE TABLE scanners(name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
-- Every device that a scanner ever hung at: each is told of the newest enrolment.
CREATE TABLE scanner_hosts(
  scanner TEXT NOT NULL REFERENCES scanners(name), device TEXT NOT NULL REFERENCES devices(id),
  PRIMARY KEY(scanner, device)) WITHOUT ROWID;
",
    )],
}];

/// A scanner's enrolment as it was signed, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScannerRow {
    pub(crate) enrolment: ScannerEnrolment,
    pub(crate) bytes: Vec<u8>,
}

/// Stores a scanner's newest enrolment.
pub(crate) fn set(db: &Session, enrolment: &ScannerEnrolment, bytes: &[u8]) -> Result<(), DbError> {
    let name = enrolment.scanner.as_str();
    db.execute(
        "INSERT INTO scanners VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET bytes = ?2",
        params![name, bytes],
    )?;
    db.execute("INSERT OR IGNORE INTO scanner_hosts VALUES (?, ?)", [name, enrolment.device.as_str()])?;
    Ok(())
}

/// A scanner.
pub(crate) fn get(db: &Session, name: &DeviceId) -> Result<Option<ScannerRow>, DbError> {
    let bytes = db
        .query_row("SELECT bytes FROM scanners WHERE name = ?", [name.as_str()], |row| row.get(0))
        .optional()?;
    bytes.map(read).transpose()
}

/// Every scanner, by name.
pub(crate) fn all(db: &Session) -> Result<Vec<ScannerRow>, DbError> {
    let mut query = db.prepare("SELECT bytes FROM scanners ORDER BY name")?;
    let rows = query.query_map([], |row| row.get(0))?;
    rows.map(|bytes| read(bytes?)).collect()
}

/// Every scanner that ever hung at a device, by name.
pub(crate) fn of_device(db: &Session, device: &DeviceId) -> Result<Vec<ScannerRow>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT bytes FROM scanner_hosts JOIN scanners ON name = scanner WHERE device = ? ORDER BY name",
    )?;
    let rows = query.query_map([device.as_str()], |row| row.get(0))?;
    rows.map(|bytes| read(bytes?)).collect()
}

fn read(bytes: Vec<u8>) -> Result<ScannerRow, DbError> {
    let kind = SignedKind::Enrolment;
    let enrolment = Envelope::read(&bytes, kind).and_then(|envelope| decode_body(kind, envelope.body));
    match enrolment {
        Ok(enrolment) => Ok(ScannerRow { enrolment, bytes }),
        Err(error) => Err(DbError::Damaged(format!("a scanner's enrolment cannot be read: {error}"))),
    }
}
