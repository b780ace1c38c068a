//! Reports that headquarters has receipted, kept for some days: a home that is restored from a backup has lost what was
//! receipted after it, and orders the device to send again.
//!
//! They are sealed to their owners, as in the spool. Bounds: days ([`forget_old`]) and [`RECEIPTED_MAX`] reports, the newest.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{Connection, params};
use vedette_shim::ids::EncounterId;

pub(super) const STEPS: &[Step] = &[Step {
    number: 11,
    sql: "
    CREATE TABLE receipted (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, message BLOB NOT NULL,
        shown INTEGER NOT NULL, receipted_at INTEGER NOT NULL,
        again INTEGER NOT NULL DEFAULT 0) STRICT;   -- to be sent again
    CREATE INDEX receipted_by_time ON receipted (receipted_at);
    CREATE INDEX receipted_again ON receipted (sequence) WHERE again = 1;",
}];

/// Receipted reports kept, at most: some 15 MB.
pub(crate) const RECEIPTED_MAX: u32 = 20_000;

/// Keeps a spooled report that is receipted `now`.
pub(super) fn keep(db: &Connection, id: &EncounterId, now: u64) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO receipted (id, message, shown, receipted_at)
        SELECT id, message, shown, ?2 FROM spool WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, now as i64])?;
    let sql = "DELETE FROM receipted WHERE sequence <= (SELECT max(sequence) FROM receipted) - ?1";
    db.prepare_cached(sql)?.execute([RECEIPTED_MAX]).map(|_| ())
}

/// Forgets those receipted before `before`, seconds since 1970, that are not to be sent again.
pub fn forget_old(db: &Db, before: u64) -> Result<usize, DbError> {
    db.run("forget what was receipted", |db| {
        let sql = "DELETE FROM receipted WHERE receipted_at < ?1 AND again = 0";
        db.prepare_cached(sql)?.execute([before as i64])
    })
}

/// All that are kept are to be sent again.
pub(super) fn ask_for_all(t: &Tx<'_>) -> Result<(), DbError> {
    t.run(|db| db.execute("UPDATE receipted SET again = 1", []).map(|_| ()))
}

/// Whether any is to be sent again.
pub(super) fn is_asked_for(db: &Db) -> Result<bool, DbError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM receipted WHERE again = 1)";
    db.run("read what is to be sent again", |db| db.prepare_cached(sql)?.query_row([], |row| row.get(0)))
}

/// Moves up to `most` of those that are to be sent again back into the spool, the oldest first; how many.
pub(super) fn back_into_spool(db: &Connection, most: usize) -> rusqlite::Result<usize> {
    let sql = "SELECT id FROM receipted WHERE again = 1 ORDER BY sequence LIMIT ?1";
    let ids: Vec<EncounterId> =
        db.prepare_cached(sql)?.query_map([most as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &ids {
        let sql = "INSERT OR IGNORE INTO spool (id, message, shown) SELECT id, message, shown FROM receipted WHERE id = ?1";
        db.prepare_cached(sql)?.execute([id])?;
        db.prepare_cached("DELETE FROM receipted WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len())
}
