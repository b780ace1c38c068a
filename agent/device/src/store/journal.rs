//! The audit journal's lines, their hashes, and the anchor that the first of them follows.
//!
//! Invariants: lines are numbered 1, 2, 3 ... and SQLite remembers the highest number it gave out, so a cut at the end
//! shows. What a line means, and how its hash follows from the one before, is [`crate::journal`]'s.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::Digest;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS journal (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS journal_anchor (
        one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS journal_bytes (value INTEGER NOT NULL) STRICT;
    INSERT INTO journal_bytes SELECT (SELECT coalesce(sum(octet_length(line)), 0) FROM journal)
        WHERE NOT EXISTS (SELECT 1 FROM journal_bytes);
    CREATE TRIGGER IF NOT EXISTS journal_in AFTER INSERT ON journal BEGIN
        UPDATE journal_bytes SET value = value + octet_length(NEW.line); END;
    CREATE TRIGGER IF NOT EXISTS journal_out AFTER DELETE ON journal BEGIN
        UPDATE journal_bytes SET value = value - octet_length(OLD.line); END;",
}];

/// A line as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// 1, 2, 3 ... without gaps.
    pub sequence: i64,
    /// The line's JSON, byte for byte.
    pub text: String,
    pub hash: Digest,
}

/// A place in the chain: a line's number and hash; zeros before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anchor {
    pub sequence: i64,
    pub hash: Digest,
}

/// Adds a line.
pub(crate) fn add(t: &Tx<'_>, text: &str, hash: &Digest) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "INSERT INTO journal (line, hash) VALUES (?1, ?2)";
        db.prepare_cached(sql)?.execute(params![text, hash]).map(|_| ())
    })
}

/// The hash that the next line follows: the last line's, or the anchor's.
pub(crate) fn last_hash(t: &Tx<'_>) -> Result<Digest, DbError> {
    let last = t.run(|db| {
        let sql = "SELECT hash FROM journal ORDER BY sequence DESC LIMIT 1";
        db.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()
    })?;
    match last {
        Some(hash) => Ok(hash),
        None => Ok(anchor(t)?.hash),
    }
}

/// What the first line follows.
pub(crate) fn anchor(t: &Tx<'_>) -> Result<Anchor, DbError> {
    t.run(|db| {
        let sql = "SELECT sequence, hash FROM journal_anchor";
        let read = |row: &rusqlite::Row<'_>| Ok(Anchor { sequence: row.get(0)?, hash: row.get(1)? });
        Ok(db.prepare_cached(sql)?.query_row([], read).optional()?.unwrap_or_default())
    })
}

/// The number of the last line ever written; 0 before the first.
pub(crate) fn last_written(t: &Tx<'_>) -> Result<i64, DbError> {
    t.run(|db| {
        let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)";
        db.prepare_cached(sql)?.query_row([], |row| row.get(0))
    })
}

/// Bytes of the lines.
pub(crate) fn bytes(db: &Db) -> Result<u64, DbError> {
    db.run("measure the journal", |db| {
        db.prepare_cached("SELECT value FROM journal_bytes")?.query_row([], |row| row.get::<_, i64>(0))
    })
    .map(|bytes| bytes as u64)
}

/// Hands over every line in order until `take` says false; the line at which it did.
pub(crate) fn walk(
    t: &Tx<'_>,
    mut take: impl FnMut(&JournalRow) -> bool,
) -> Result<Option<JournalRow>, DbError> {
    t.run(|db| {
        let mut statement = db.prepare("SELECT sequence, line, hash FROM journal ORDER BY sequence")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let row = JournalRow { sequence: row.get(0)?, text: row.get(1)?, hash: row.get(2)? };
            if !take(&row) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    })
}

/// Deletes the lines up to `through`, which becomes the anchor.
pub(crate) fn trim(t: &Tx<'_>, through: &Anchor) -> Result<(), DbError> {
    t.run(|db| {
        db.execute("DELETE FROM journal WHERE sequence <= ?1", [through.sequence])?;
        let sql = "INSERT OR REPLACE INTO journal_anchor (one, sequence, hash) VALUES (1, ?1, ?2)";
        db.execute(sql, params![through.sequence, through.hash]).map(|_| ())
    })
}

/// What no program of ours does to the journal.
#[cfg(test)]
pub(crate) enum Tampering {
    /// Makes a hit of the clear check in this line.
    Change(i64),
    /// Deletes the lines from the first to the last number.
    Delete(i64, i64),
    /// Repeats this line under the next number.
    Repeat(i64),
}

#[cfg(test)]
pub(crate) fn tamper(db: &Db, how: Tampering) {
    db.run("tamper", |db| match how {
        Tampering::Change(line) => {
            db.execute("UPDATE journal SET line = replace(line, 'clear', 'hit') WHERE sequence = ?1", [line])
        }
        Tampering::Delete(first, last) => {
            db.execute("DELETE FROM journal WHERE sequence BETWEEN ?1 AND ?2", [first, last])
        }
        Tampering::Repeat(line) => {
            let sql = "INSERT INTO journal (line, hash) SELECT line, hash FROM journal WHERE sequence = ?1";
            db.execute(sql, [line])
        }
    })
    .unwrap();
}
