//! The operators: who may act at headquarters, in which roles, with which certificate.
//!
//! Invariant: an operator who was removed keeps the row, so that the name says later whose it was.

use super::connection::{Change, Session, Step, Work};
use super::error::DbError;
use rusqlite::{OptionalExtension, Row, params};

pub(super) const STEPS: &[Step] = &[Step {
    number: 17,
    work: &[Work::Sql(
        "
CREATE TABLE operators(
  name TEXT PRIMARY KEY,
  roles TEXT NOT NULL,            -- their names, with blanks between
  serial BLOB NOT NULL, certificate BLOB NOT NULL,   -- SHA-256 of its DER
  public_key BLOB NOT NULL,       -- a P-256 point
  added_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, removed_at INTEGER) WITHOUT ROWID;
",
    )],
}];

/// An operator. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct OperatorRow {
    pub(crate) name: String,
    /// Their names, with blanks between.
    pub(crate) roles: String,
    /// Of the certificate.
    pub(crate) serial: Vec<u8>,
    /// SHA-256 of the certificate's DER.
    pub(crate) certificate: [u8; 32],
    /// A P-256 point.
    pub(crate) public_key: Vec<u8>,
    pub(crate) added_at: u64,
    /// When the certificate ends.
    pub(crate) expires_at: u64,
    pub(crate) removed_at: Option<u64>,
}

const SELECT: &str =
    "SELECT name, roles, serial, certificate, public_key, added_at, expires_at, removed_at FROM operators";

/// Stores an operator, instead of what was stored under the name.
pub(crate) fn set(db: &Change<'_>, operator: &OperatorRow) -> Result<(), DbError> {
    db.execute(
        "INSERT OR REPLACE INTO operators VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            operator.name,
            operator.roles,
            operator.serial,
            operator.certificate,
            operator.public_key,
            operator.added_at as i64,
            operator.expires_at as i64,
            operator.removed_at.map(|at| at as i64)
        ],
    )?;
    Ok(())
}

/// The operator of this name, also one who was removed.
pub(crate) fn find(db: &Session, name: &str) -> Result<Option<OperatorRow>, DbError> {
    let query = format!("{SELECT} WHERE name = ?");
    Ok(db.query_row(&query, [name], read).optional()?)
}

/// The operator whose certificate has this SHA-256.
pub(crate) fn of_certificate(db: &Session, sha256: &[u8; 32]) -> Result<Option<OperatorRow>, DbError> {
    let query = format!("{SELECT} WHERE certificate = ?");
    Ok(db.query_row(&query, [sha256], read).optional()?)
}

/// Every operator by name, removed ones too.
pub(crate) fn all(db: &Session) -> Result<Vec<OperatorRow>, DbError> {
    let mut query = db.prepare(&format!("{SELECT} ORDER BY name"))?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<OperatorRow> {
    Ok(OperatorRow {
        name: row.get(0)?,
        roles: row.get(1)?,
        serial: row.get(2)?,
        certificate: row.get(3)?,
        public_key: row.get(4)?,
        added_at: row.get::<_, i64>(5)? as u64,
        expires_at: row.get::<_, i64>(6)? as u64,
        removed_at: row.get::<_, Option<i64>>(7)?.map(|at| at as u64),
    })
}
