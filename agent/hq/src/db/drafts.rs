//! Editions that wait for a second operator, and which lists need one.
//!
//! Invariant: a draft's segments stay in `segments/` as long as its row.

use super::connection::{Change, Session, Step, Work};
use super::error::DbError;
use super::values::parse;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::trust::{SegmentRef, digest};

pub(super) const STEPS: &[Step] = &[Step {
    number: 18,
    work: &[Work::Sql(
        "
CREATE TABLE approvals(
  list TEXT PRIMARY KEY REFERENCES lists(name),
  operators INTEGER NOT NULL,             -- how many an edition needs, with the one who proposes it
  urgent INTEGER NOT NULL) WITHOUT ROWID; -- 1: an urgent withdrawal needs one
CREATE TABLE drafts(
  number INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL REFERENCES lists(name), act TEXT NOT NULL,
  operator TEXT NOT NULL, at INTEGER NOT NULL, draft BLOB NOT NULL);
",
    )],
}];

/// What an edition of a list needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvals {
    /// So many operators, with the one who proposes it: 1 or 2.
    pub operators: u8,
    /// An urgent withdrawal needs one.
    pub urgent_withdrawals: bool,
}

/// An edition to come, all but what its issue adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) list: ListName,
    /// The edition that it follows; 0 for none.
    pub(crate) base: u64,
    /// What is pending and becomes it, if it is made of that.
    pub(crate) pending: Option<Digest>,
    /// Of the list's key for new segments.
    pub(crate) key_number: u32,
    pub(crate) segments: Vec<SegmentRef>,
    pub(crate) delta: Option<SegmentRef>,
    pub(crate) merged: u8,
    /// What it changes: of a first edition all, else the delta.
    pub(crate) change: SegmentRef,
}

/// A draft that is stored.
#[derive(Debug, Clone)]
pub(crate) struct DraftRow {
    pub(crate) number: u64,
    /// What was asked for, such as `publish`.
    pub(crate) act: String,
    /// Who did.
    pub(crate) operator: String,
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) draft: Draft,
}

impl Draft {
    /// What both operators sign.
    pub(crate) fn digest(&self) -> Digest {
        digest(&self.encoded())
    }

    fn encoded(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a draft has no unsupported types")
    }
}

/// What an edition of a list needs: one operator, unless it was set otherwise.
pub(crate) fn approvals(db: &Session, list: &ListName) -> Result<Approvals, DbError> {
    let query = "SELECT operators, urgent FROM approvals WHERE list = ?";
    let found = db.query_row(query, [list.as_str()], |row| {
        Ok(Approvals { operators: row.get(0)?, urgent_withdrawals: row.get(1)? })
    });
    Ok(found.optional()?.unwrap_or(Approvals { operators: 1, urgent_withdrawals: false }))
}

/// Says what an edition of a list needs.
pub(crate) fn set_approvals(db: &Change<'_>, list: &ListName, needs: Approvals) -> Result<(), DbError> {
    db.execute(
        "INSERT OR REPLACE INTO approvals VALUES (?, ?, ?)",
        params![list.as_str(), needs.operators, needs.urgent_withdrawals],
    )?;
    Ok(())
}

/// Stores a draft; its number.
pub(crate) fn insert(
    db: &Change<'_>,
    draft: &Draft,
    act: &str,
    operator: &str,
    at: u64,
) -> Result<u64, DbError> {
    db.execute(
        "INSERT INTO drafts(list, act, operator, at, draft) VALUES (?, ?, ?, ?, ?)",
        params![draft.list.as_str(), act, operator, at as i64, draft.encoded()],
    )?;
    Ok(db.last_insert_rowid() as u64)
}

/// Every draft, of one list or of all, the oldest first.
pub(crate) fn all(db: &Session, list: Option<&ListName>) -> Result<Vec<DraftRow>, DbError> {
    let mut query = db.prepare(
        "SELECT number, list, act, operator, at, draft FROM drafts WHERE ?1 IS NULL OR list = ?1 ORDER BY number",
    )?;
    let mut rows = query.query([list.map(ListName::as_str)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// A draft is approved, rejected or over.
pub(crate) fn remove(db: &Change<'_>, number: u64) -> Result<(), DbError> {
    db.execute("DELETE FROM drafts WHERE number = ?", [number as i64])?;
    Ok(())
}

/// A list has a new edition: no draft follows it.
pub(crate) fn remove_all(db: &Change<'_>, list: &ListName) -> Result<(), DbError> {
    db.execute("DELETE FROM drafts WHERE list = ?", [list.as_str()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<DraftRow, DbError> {
    let (list, encoded): (String, Vec<u8>) = (row.get(1)?, row.get(5)?);
    let draft: Draft = postcard::from_bytes(&encoded)
        .map_err(|error| DbError::Damaged(format!("a draft of {list}: {error}")))?;
    if draft.list != parse::<ListName>(&list)? || draft.encoded() != encoded {
        return Err(DbError::Damaged(format!("a draft of {list} is not what was stored")));
    }
    let number = row.get::<_, i64>(0)? as u64;
    Ok(DraftRow { number, act: row.get(2)?, operator: row.get(3)?, at: row.get::<_, i64>(4)? as u64, draft })
}
