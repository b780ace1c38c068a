//! Wrong PINs by badge: stored, so that a restart forgets none.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, Row, params};
use vedette_common::roster::Badge;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS tries (
        badge TEXT PRIMARY KEY, failures INTEGER NOT NULL, lock_outs INTEGER NOT NULL,
        locked_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
}];

/// What is stored of a badge's wrong PINs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Tries since the last right PIN or lock-out.
    pub failures: u32,
    /// Lock-outs since the last right PIN.
    pub lock_outs: u32,
    /// Seconds since 1970; 0 when it never was locked.
    pub locked_until: u64,
}

/// A badge's tries; none are stored after a right PIN.
pub(crate) fn get(db: &Db, badge: &Badge) -> Result<Tries, DbError> {
    db.run("read the tries", |db| {
        let sql = "SELECT failures, lock_outs, locked_until FROM tries WHERE badge = ?1";
        let read = |row: &Row<'_>| {
            let locked_until = row.get::<_, i64>(2)? as u64;
            Ok(Tries { failures: row.get(0)?, lock_outs: row.get(1)?, locked_until })
        };
        Ok(db.prepare_cached(sql)?.query_row([badge.as_str()], read).optional()?.unwrap_or_default())
    })
}

pub(crate) fn set(db: &Db, badge: &Badge, tries: Tries) -> Result<(), DbError> {
    db.run("count the try", |db| {
        let Tries { failures, lock_outs, locked_until } = tries;
        let sql =
            "INSERT OR REPLACE INTO tries (badge, failures, lock_outs, locked_until) VALUES (?1, ?2, ?3, ?4)";
        db.execute(sql, params![badge.as_str(), failures, lock_outs, locked_until as i64]).map(|_| ())
    })
}

/// Counts a try on a badge that is on no roster, under the name that no badge has: it costs what counting another does.
pub(crate) fn count_stranger(db: &Db) -> Result<(), DbError> {
    db.run("count the try", |db| {
        let sql = "INSERT INTO tries (badge, failures, lock_outs, locked_until) VALUES ('', 1, 0, 0)
                   ON CONFLICT (badge) DO UPDATE SET failures = (failures + 1) % 1000000";
        db.execute(sql, []).map(|_| ())
    })
}

/// Forgets a badge's tries, a lock included; false if there were none.
pub(crate) fn unlock(t: &Tx<'_>, badge: &Badge) -> Result<bool, DbError> {
    t.run(|db| Ok(db.execute("DELETE FROM tries WHERE badge = ?1", [badge.as_str()])? > 0))
}

pub(crate) fn forget(db: &Db, badge: &Badge) -> Result<(), DbError> {
    db.run("forget the tries", |db| {
        db.execute("DELETE FROM tries WHERE badge = ?1", [badge.as_str()]).map(|_| ())
    })
}
