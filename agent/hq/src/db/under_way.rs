//! Certificates that are being made, and those whose making was cut off.
//!
//! Invariant: a certificate's serial number is here before it is signed, and leaves when its folder is in place.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::params;
use std::path::PathBuf;

pub(super) const STEPS: &[Step] = &[Step {
    number: 10,
    work: &[Work::Sql(
        "
CREATE TABLE under_way(
  serial BLOB PRIMARY KEY, expires_at INTEGER NOT NULL, folder TEXT NOT NULL, out TEXT NOT NULL) WITHOUT ROWID;
-- Certificates that may have been signed and belong to no enrolment: on the CRL until they end.
CREATE TABLE abandoned(
  serial BLOB PRIMARY KEY, expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL) WITHOUT ROWID;
",
    )],
}];

/// A certificate that is being made.
pub(crate) struct UnderWay {
    pub(crate) serial: Vec<u8>,
    /// Seconds since 1970.
    pub(crate) expires_at: u64,
    /// The temporary folder that it is written into.
    pub(crate) folder: PathBuf,
    /// What that becomes.
    pub(crate) out: PathBuf,
}

/// Notes a certificate that is about to be signed.
pub(crate) fn note(db: &Session, new: &UnderWay) -> Result<(), DbError> {
    let (folder, out) = (new.folder.to_string_lossy(), new.out.to_string_lossy());
    db.execute(
        "INSERT INTO under_way VALUES (?, ?, ?, ?)",
        params![new.serial, new.expires_at as i64, folder, out],
    )?;
    Ok(())
}

/// The certificates that are being made, or were when a command was cut off.
pub(crate) fn all(db: &Session) -> Result<Vec<UnderWay>, DbError> {
    let mut query = db.prepare("SELECT serial, expires_at, folder, out FROM under_way")?;
    let rows = query.query_map([], |row| {
        Ok(UnderWay {
            serial: row.get(0)?,
            expires_at: row.get::<_, i64>(1)? as u64,
            folder: row.get::<_, String>(2)?.into(),
            out: row.get::<_, String>(3)?.into(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// It is made, or abandoned.
pub(crate) fn forget(db: &Session, serial: &[u8]) -> Result<(), DbError> {
    db.execute("DELETE FROM under_way WHERE serial = ?", [serial])?;
    Ok(())
}

/// Revokes a certificate that belongs to no enrolment.
pub(crate) fn abandon(db: &Session, serial: &[u8], expires_at: u64, at: u64) -> Result<(), DbError> {
    db.execute(
        "INSERT OR IGNORE INTO abandoned VALUES (?, ?, ?)",
        params![serial, expires_at as i64, at as i64],
    )?;
    Ok(())
}
