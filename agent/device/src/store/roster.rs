//! The officers' roster as signed, and the floor of its number.
//!
//! Invariant: once there was a roster its row stays, without the envelope after an order to erase; a device that had one never
//! again works as if there were none.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, Row, params};
use vedette_common::roster::RosterFloor;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS roster (
        one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, digest BLOB NOT NULL, envelope BLOB) STRICT;",
}];

/// The stored roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RosterRow {
    /// No older roster is accepted.
    pub(crate) floor: RosterFloor,
    /// As signed, unless it was erased by order.
    pub(crate) envelope: Option<Vec<u8>>,
}

/// The roster; `None` while none ever came.
pub(crate) fn get(db: &Db) -> Result<Option<RosterRow>, DbError> {
    db.run("read the roster", |db| {
        let read = |row: &Row<'_>| {
            let floor = RosterFloor { number: row.get::<_, i64>(0)? as u64, digest: row.get(1)? };
            Ok(RosterRow { floor, envelope: row.get(2)? })
        };
        db.prepare_cached("SELECT number, digest, envelope FROM roster")?.query_row([], read).optional()
    })
}

/// Stores a roster that was checked, and raises the floor to it.
pub(crate) fn set(db: &Db, floor: RosterFloor, envelope: &[u8]) -> Result<(), DbError> {
    db.run("store the roster", |db| {
        let sql = "INSERT OR REPLACE INTO roster (one, number, digest, envelope) VALUES (1, ?1, ?2, ?3)";
        db.execute(sql, params![floor.number as i64, floor.digest, envelope]).map(|_| ())
    })
}

/// Deletes it; its floor stays.
pub(super) fn erase(t: &Tx<'_>) -> Result<(), DbError> {
    t.mark_erased();
    t.run(|db| db.execute("UPDATE roster SET envelope = NULL", []).map(|_| ()))
}
