//! The audit log: what was done at headquarters, a line an act (see `authority::audit`).
//!
//! Invariant: lines are added and never changed. Triggers refuse to update, to delete and to leave a number out; who can write
//! the file can remove the triggers, which is why the lines are chained and signed.

use super::connection::{Change, Session, Step, Work};
use super::error::DbError;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::collections::BTreeMap;
use vedette_shim::ids::{Hex, from_hex};

pub(super) const STEPS: &[Step] = &[Step {
    number: 16,
    work: &[Work::Sql(
        "
CREATE TABLE audit(
  number INTEGER PRIMARY KEY, segment INTEGER NOT NULL, at INTEGER NOT NULL, operator TEXT NOT NULL, act TEXT NOT NULL,
  state TEXT NOT NULL, object TEXT NOT NULL, reason TEXT NOT NULL, details TEXT NOT NULL, previous BLOB NOT NULL,
  hash BLOB NOT NULL, signature BLOB NOT NULL, operator_signature BLOB);
CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'a line of the audit log is never changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'a line of the audit log is never removed'); END;
-- Also refuses INSERT OR REPLACE, which deletes without a trigger.
CREATE TRIGGER audit_goes_on BEFORE INSERT ON audit
  WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
  BEGIN SELECT RAISE(ABORT, 'a line of the audit log has the next number'); END;
",
    )],
}];

/// A line of the audit log. In JSON its fields come in this order: those that the hash covers by their names, then the proofs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What was done, such as `publish`.
    pub act: String,
    /// Seconds since 1970, by headquarters' clock.
    pub at: u64,
    /// What else is worth knowing: numbers, words, lists of words.
    pub details: BTreeMap<String, Value>,
    /// From 1, without gaps.
    pub number: u64,
    /// What it was done to: a list, a device, a folder.
    pub object: String,
    /// Who did it: an operator, `local:USER` where there are none, `serve`.
    pub operator: String,
    /// The hash of the line before; zeros in the first.
    #[serde(with = "hex")]
    pub previous: [u8; 32],
    /// Why, in the operator's words.
    pub reason: String,
    /// When this part of the log began, seconds since 1970: the first line's time, or the restore's that goes on from a backup.
    pub segment: u64,
    /// `done`, `began`, `failed` or `refused`.
    pub state: String,
    /// SHA-256 of all above.
    #[serde(with = "hex")]
    pub hash: [u8; 32],
    /// The audit key's, Ed25519.
    #[serde(with = "hex")]
    pub signature: [u8; 64],
    /// The operator's, ECDSA P-256, DER in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub operator_signature: String,
}

/// Bytes in JSON: lower-case hexadecimal digits.
mod hex {
    use super::*;

    pub(super) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_str(&Hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(from)?;
        from_hex(&text).ok_or_else(|| de::Error::custom(format!("{} hexadecimal digits are expected", 2 * N)))
    }
}

/// Which lines are wanted; all without.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this time on, seconds since 1970.
    pub since: u64,
    /// Of this operator.
    pub operator: Option<String>,
    /// Of this act.
    pub act: Option<String>,
    /// Of this object.
    pub object: Option<String>,
}

const SELECT: &str =
    "SELECT act, at, details, number, object, operator, previous, reason, segment, state, hash, signature,
   operator_signature FROM audit";

/// The last line; `None` before the first.
pub(crate) fn head(db: &Session) -> Result<Option<Line>, DbError> {
    let query = format!("{SELECT} ORDER BY number DESC LIMIT 1");
    db.prepare_cached(&query)?.query_row([], |row| Ok(read(row))).optional()?.transpose()
}

/// The last line of this act on this object.
pub(crate) fn last_of(db: &Session, act: &str, object: &str) -> Result<Option<Line>, DbError> {
    let query = format!("{SELECT} WHERE act = ? AND object = ? ORDER BY number DESC LIMIT 1");
    db.query_row(&query, [act, object], |row| Ok(read(row))).optional()?.transpose()
}

/// Adds a line.
pub(crate) fn insert(db: &Change<'_>, line: &Line) -> Result<(), DbError> {
    let details =
        serde_json::to_string(&line.details).map_err(|error| DbError::Damaged(error.to_string()))?;
    let mut insert = db.prepare_cached("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    insert.execute(params![
        line.number as i64,
        line.segment as i64,
        line.at as i64,
        line.operator,
        line.act,
        line.state,
        line.object,
        line.reason,
        details,
        line.previous,
        line.hash,
        line.signature,
        (!line.operator_signature.is_empty()).then_some(&line.operator_signature),
    ])?;
    Ok(())
}

/// The lines after `number` that are wanted, at most `limit`.
pub(crate) fn page(db: &Session, number: u64, wanted: &Filter, limit: usize) -> Result<Vec<Line>, DbError> {
    let mut query = db.prepare_cached(&format!(
        "{SELECT} WHERE number > ?1 AND at >= ?2 AND (?3 IS NULL OR operator = ?3) AND (?4 IS NULL OR act = ?4)
         AND (?5 IS NULL OR object = ?5) ORDER BY number LIMIT ?6"
    ))?;
    let Filter { since, operator, act, object } = wanted;
    let since = i64::try_from(*since).unwrap_or(i64::MAX);
    let rows = query
        .query_map(params![number as i64, since, operator, act, object, limit as i64], |row| Ok(read(row)))?;
    rows.map(|line| line?).collect()
}

fn read(row: &Row<'_>) -> Result<Line, DbError> {
    let details: String = row.get(2)?;
    Ok(Line {
        act: row.get(0)?,
        at: row.get::<_, i64>(1)? as u64,
        details: serde_json::from_str(&details)
            .map_err(|error| DbError::Damaged(format!("a line of the audit log: {error}")))?,
        number: row.get::<_, i64>(3)? as u64,
        object: row.get(4)?,
        operator: row.get(5)?,
        previous: row.get(6)?,
        reason: row.get(7)?,
        segment: row.get::<_, i64>(8)? as u64,
        state: row.get(9)?,
        hash: row.get(10)?,
        signature: row.get(11)?,
        operator_signature: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
    })
}
