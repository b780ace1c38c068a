//! Hits without an outcome, as they were shown, so that they are shown again after a restart.
//!
//! What is stored is sealed to the device's own key: it has travellers' data and alerts in it. It goes with its list's keys, with the
//! outcome of its last alert, after [`KEPT_S`], and beyond [`OPEN_HITS_MAX`], the oldest first.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::params;
use vedette_shim::ids::{EncounterId, ListName};

pub(super) const STEPS: &[Step] = &[Step {
    number: 13,
    sql: "
    CREATE TABLE open_hit (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, scan BLOB NOT NULL UNIQUE, at INTEGER NOT NULL,
        sealed BLOB NOT NULL) STRICT;
    CREATE TABLE open_hit_alert (
        encounter BLOB PRIMARY KEY, scan BLOB NOT NULL, list TEXT NOT NULL,
        outcome_id BLOB, outcome TEXT, who TEXT, given_at INTEGER) STRICT, WITHOUT ROWID;",
}];

/// Hits stored, at most.
pub(crate) const OPEN_HITS_MAX: u32 = 500;
/// How long a hit waits for its outcome, seconds: a week.
pub(crate) const KEPT_S: u64 = 7 * 86_400;

/// A stored hit.
pub(crate) struct Row {
    pub(crate) scan: [u8; 16],
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) sealed: Vec<u8>,
}

/// What came of one of its alerts.
pub(crate) struct Given {
    pub(crate) id: EncounterId,
    pub(crate) encounter: EncounterId,
    /// As in JSON.
    pub(crate) outcome: String,
    pub(crate) who: String,
    /// Seconds since 1970.
    pub(crate) at: u64,
}

/// Stores a hit; `alerts` are its encounters and their lists.
pub(crate) fn add(db: &Db, hit: &Row, alerts: &[(EncounterId, &ListName)]) -> Result<(), DbError> {
    db.transaction("store the hit", |t| {
        t.run(|db| {
            let sql = "INSERT OR REPLACE INTO open_hit (scan, at, sealed) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute(params![hit.scan, hit.at as i64, hit.sealed])?;
            let sql = "INSERT OR REPLACE INTO open_hit_alert (encounter, scan, list) VALUES (?1, ?2, ?3)";
            for (encounter, list) in alerts {
                db.prepare_cached(sql)?.execute(params![encounter, hit.scan, list.as_str()])?;
            }
            let sql = "DELETE FROM open_hit WHERE sequence <= (SELECT max(sequence) FROM open_hit) - ?1";
            db.prepare_cached(sql)?.execute([OPEN_HITS_MAX]).map(|_| ())
        })?;
        forget_orphans(t)
    })
}

/// Every stored hit, the oldest first.
pub(crate) fn all(db: &Db) -> Result<Vec<Row>, DbError> {
    db.run("read the open hits", |db| {
        let sql = "SELECT scan, at, sealed FROM open_hit ORDER BY sequence";
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Row { scan: row.get(0)?, at: row.get::<_, i64>(1)? as u64, sealed: row.get(2)? })
        };
        db.prepare_cached(sql)?.query_map([], row)?.collect()
    })
}

/// An alert of a stored hit.
pub(crate) struct StoredAlert {
    pub(crate) encounter: EncounterId,
    /// Its list's name.
    pub(crate) list: String,
    /// None while it awaits its outcome.
    pub(crate) given: Option<Given>,
}

/// The alerts of a stored hit.
pub(crate) fn alerts(db: &Db, scan: &[u8; 16]) -> Result<Vec<StoredAlert>, DbError> {
    db.run("read an open hit", |db| {
        let sql =
            "SELECT encounter, outcome_id, outcome, who, given_at, list FROM open_hit_alert WHERE scan = ?1";
        let row = |row: &rusqlite::Row<'_>| {
            let encounter = row.get(0)?;
            let given = match row.get::<_, Option<EncounterId>>(1)? {
                Some(id) => Some(Given {
                    id,
                    encounter,
                    outcome: row.get(2)?,
                    who: row.get(3)?,
                    at: row.get::<_, i64>(4)? as u64,
                }),
                None => None,
            };
            Ok(StoredAlert { encounter, list: row.get(5)?, given })
        };
        db.prepare_cached(sql)?.query_map([scan], row)?.collect()
    })
}

/// An alert has its outcome: with the last one its hit goes.
pub(crate) fn settle(t: &Tx<'_>, given: &Given) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "UPDATE open_hit_alert SET outcome_id = ?2, outcome = ?3, who = ?4, given_at = ?5 WHERE encounter = ?1";
        let Given { id, encounter, outcome, who, at } = given;
        db.prepare_cached(sql)?.execute(params![encounter, id, outcome, who, *at as i64])?;
        let sql = "DELETE FROM open_hit WHERE scan = (SELECT scan FROM open_hit_alert WHERE encounter = ?1)
            AND NOT EXISTS (SELECT 1 FROM open_hit_alert a WHERE a.scan = open_hit.scan AND a.outcome_id IS NULL)";
        db.prepare_cached(sql)?.execute([encounter]).map(|_| ())
    })?;
    forget_orphans(t)
}

/// Deletes the hits of the list `only`, or all: its keys are erased.
pub(super) fn erase(t: &Tx<'_>, only: Option<&ListName>) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "DELETE FROM open_hit WHERE ?1 IS NULL
            OR scan IN (SELECT scan FROM open_hit_alert WHERE list = ?1)";
        db.prepare_cached(sql)?.execute([only.map(ListName::as_str)]).map(|_| ())
    })?;
    forget_orphans(t)
}

/// Deletes what has waited long enough at `now`, seconds since 1970.
pub fn forget_due(db: &Db, now: u64) -> Result<(), DbError> {
    db.transaction("forget old hits", |t| {
        let before = now.saturating_sub(KEPT_S) as i64;
        t.run(|db| db.execute("DELETE FROM open_hit WHERE at < ?1", [before]).map(|_| ()))?;
        forget_orphans(t)
    })
}

fn forget_orphans(t: &Tx<'_>) -> Result<(), DbError> {
    let sql = "DELETE FROM open_hit_alert WHERE scan NOT IN (SELECT scan FROM open_hit)";
    t.run(|db| db.prepare_cached(sql)?.execute([]).map(|_| ()))
}
