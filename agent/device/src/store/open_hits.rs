//! Hits without an outcome, as they were shown, so that they are shown again after a restart.
//!
//! What is stored is sealed to the device's own key: it has travellers' data and alerts in it. An alert goes with its list's keys, and
//! a hit with its last alert. A hit also goes with the outcome of its last alert, after [`KEPT_S`], and beyond [`OPEN_HITS_MAX`], the
//! oldest first.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use vedette_shim::ids::{EncounterId, ListName};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 13,
        sql: "
    CREATE TABLE open_hit (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, scan BLOB NOT NULL UNIQUE, at INTEGER NOT NULL,
        sealed BLOB NOT NULL) STRICT;
    CREATE TABLE open_hit_alert (
        encounter BLOB PRIMARY KEY, scan BLOB NOT NULL, list TEXT NOT NULL,
        outcome_id BLOB, outcome TEXT, who TEXT, given_at INTEGER) STRICT, WITHOUT ROWID;",
    },
    Step {
        number: 16,
        // Each alert sealed by itself, so that it can go alone; what was sealed as a whole cannot be taken apart here.
        sql: "
    DELETE FROM open_hit;
    DROP TABLE open_hit_alert;
    CREATE TABLE open_hit_alert (
        scan BLOB NOT NULL, place INTEGER NOT NULL, encounter BLOB UNIQUE, list TEXT NOT NULL, sealed BLOB NOT NULL,
        outcome_id BLOB, outcome TEXT, who TEXT, given_at INTEGER,
        PRIMARY KEY (scan, place)) STRICT, WITHOUT ROWID;",
    },
];

/// Hits stored, at most.
pub(crate) const OPEN_HITS_MAX: u32 = 500;
/// How long a hit waits for its outcome, seconds: a week.
pub(crate) const KEPT_S: u64 = 7 * 86_400;

/// A stored hit.
pub(crate) struct Row {
    pub(crate) scan: [u8; 16],
    /// Seconds since 1970.
    pub(crate) at: u64,
    /// What was shown beside its alerts.
    pub(crate) sealed: Vec<u8>,
    pub(crate) alerts: Vec<AlertRow>,
}

/// An alert of a stored hit.
pub(crate) struct AlertRow {
    /// None if it could not be recorded, so that it can have no outcome.
    pub(crate) encounter: Option<EncounterId>,
    /// Its list's name.
    pub(crate) list: String,
    pub(crate) sealed: Vec<u8>,
    /// None while it awaits its outcome.
    pub(crate) given: Option<Given>,
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

/// Stores a hit; none of its alerts has an outcome.
pub(crate) fn add(db: &Db, hit: &Row) -> Result<(), DbError> {
    db.transaction("store the hit", |t| {
        t.run(|db| {
            let sql = "INSERT OR REPLACE INTO open_hit (scan, at, sealed) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute(params![hit.scan, hit.at as i64, hit.sealed])?;
            let sql = "INSERT OR REPLACE INTO open_hit_alert (scan, place, encounter, list, sealed)
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            for (place, alert) in hit.alerts.iter().enumerate() {
                let AlertRow { encounter, list, sealed, .. } = alert;
                db.prepare_cached(sql)?.execute(params![hit.scan, place as i64, encounter, list, sealed])?;
            }
            let sql = "DELETE FROM open_hit WHERE sequence <= (SELECT max(sequence) FROM open_hit) - ?1";
            db.prepare_cached(sql)?.execute([OPEN_HITS_MAX]).map(|_| ())
        })?;
        forget_orphans(t)
    })
}

/// Every stored hit, the oldest first.
pub(crate) fn all(db: &Db) -> Result<Vec<Row>, DbError> {
    let mut alerts: BTreeMap<[u8; 16], Vec<AlertRow>> = BTreeMap::new();
    db.run("read the alerts of open hits", |db| {
        let sql = "SELECT scan, encounter, list, sealed, outcome_id, outcome, who, given_at
                   FROM open_hit_alert ORDER BY scan, place";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            alerts.entry(row.get(0)?).or_default().push(alert(row)?);
        }
        Ok(())
    })?;
    db.run("read the open hits", |db| {
        let sql = "SELECT scan, at, sealed FROM open_hit ORDER BY sequence";
        let row = |row: &rusqlite::Row<'_>| {
            let scan = row.get(0)?;
            let alerts = alerts.remove(&scan).unwrap_or_default();
            Ok(Row { scan, at: row.get::<_, i64>(1)? as u64, sealed: row.get(2)?, alerts })
        };
        db.prepare_cached(sql)?.query_map([], row)?.collect()
    })
}

fn alert(row: &rusqlite::Row<'_>) -> rusqlite::Result<AlertRow> {
    let encounter: Option<EncounterId> = row.get(1)?;
    let given = match encounter.zip(row.get::<_, Option<EncounterId>>(4)?) {
        Some((encounter, id)) => Some(Given {
            id,
            encounter,
            outcome: row.get(5)?,
            who: row.get(6)?,
            at: row.get::<_, i64>(7)? as u64,
        }),
        None => None,
    };
    Ok(AlertRow { encounter, list: row.get(2)?, sealed: row.get(3)?, given })
}

/// An alert has its outcome: with the last one its hit goes.
pub(crate) fn settle(t: &Tx<'_>, given: &Given) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "UPDATE open_hit_alert SET outcome_id = ?2, outcome = ?3, who = ?4, given_at = ?5 WHERE encounter = ?1";
        let Given { id, encounter, outcome, who, at } = given;
        db.prepare_cached(sql)?.execute(params![encounter, id, outcome, who, *at as i64])?;
        let sql = "SELECT scan FROM open_hit_alert WHERE encounter = ?1";
        let scan: Option<[u8; 16]> =
            db.prepare_cached(sql)?.query_row([encounter], |row| row.get(0)).optional()?;
        scan.map_or(Ok(()), |scan| forget_settled(db, Some(&scan)))
    })?;
    forget_orphans(t)
}

/// Deletes the alerts of the list `only`, or all, as its keys are erased, and the hits of which none is left that awaits an outcome.
pub(super) fn erase(t: &Tx<'_>, only: Option<&ListName>) -> Result<(), DbError> {
    t.mark_erased();
    t.run(|db| {
        let sql = "DELETE FROM open_hit_alert WHERE ?1 IS NULL OR list = ?1";
        db.prepare_cached(sql)?.execute([only.map(ListName::as_str)])?;
        forget_settled(db, None)
    })?;
    forget_orphans(t)
}

/// Deletes the hit `only`, or of all those, that have no alert that awaits an outcome.
fn forget_settled(db: &Connection, only: Option<&[u8; 16]>) -> rusqlite::Result<()> {
    let sql = "DELETE FROM open_hit WHERE (?1 IS NULL OR scan = ?1) AND NOT EXISTS (
        SELECT 1 FROM open_hit_alert a
        WHERE a.scan = open_hit.scan AND a.encounter IS NOT NULL AND a.outcome_id IS NULL)";
    db.prepare_cached(sql)?.execute([only]).map(|_| ())
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
