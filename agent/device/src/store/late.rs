//! Late encounters: with documents that met no alert when they were scanned and were listed afterwards.
//!
//! Bound: they are stored for [`SHOWN_S`].

use super::db::{Db, DbError, Step, Tx};
use crate::action::Action;
use rusqlite::params;
use vedette_shim::ids::EncounterId;

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 5,
        sql: "
    CREATE TABLE IF NOT EXISTS late (
        encounter BLOB PRIMARY KEY, list TEXT NOT NULL, alert TEXT NOT NULL, scan BLOB NOT NULL,
        scanned_at INTEGER NOT NULL, raised_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS late_action (
        encounter BLOB PRIMARY KEY, action TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    },
    // Those without an action are older than the table of actions: all were documents to be seized.
    Step {
        number: 7,
        sql: "
    ALTER TABLE late ADD COLUMN action TEXT NOT NULL DEFAULT 'seize_document';
    UPDATE late SET action = (SELECT a.action FROM late_action a WHERE a.encounter = late.encounter)
        WHERE encounter IN (SELECT encounter FROM late_action);
    DROP TABLE late_action;",
    },
];

/// How long late encounters are shown, seconds.
pub(crate) const SHOWN_S: u64 = 7 * 24 * 3600;
/// Most shown at once.
pub(crate) const SHOWN_MAX: usize = 100;

/// A late encounter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateEncounter {
    pub encounter: EncounterId,
    pub list: String,
    /// The alert, which names the document.
    pub alert_id: String,
    /// The scan that had met nothing.
    pub scan: [u8; 16],
    /// When that was, seconds since 1970.
    pub scanned_at: u64,
    /// When the alert came, seconds since 1970.
    pub raised_at: u64,
    /// [`Action::SeizeDocument`], or [`Action::BearerSought`] of a valid one.
    pub action: Action,
    /// Whether an outcome was recorded.
    pub reported: bool,
}

/// Stores a late encounter, and deletes those past [`SHOWN_S`].
pub(crate) fn add(t: &Tx<'_>, late: &LateEncounter) -> Result<(), DbError> {
    t.run(|db| {
        let before = late.raised_at.saturating_sub(SHOWN_S) as i64;
        db.execute("DELETE FROM late WHERE raised_at < ?1", [before])?;
        let sql = "INSERT INTO late (encounter, list, alert, scan, scanned_at, raised_at, action)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (scanned_at, raised_at) = (late.scanned_at as i64, late.raised_at as i64);
        let of = (late.encounter, &late.list, &late.alert_id, late.scan);
        db.execute(sql, params![of.0, of.1, of.2, of.3, scanned_at, raised_at, late.action.word()])
            .map(|_| ())
    })
}

/// The late encounters that are shown at `now`, the newest first, at most [`SHOWN_MAX`].
pub(crate) fn shown(db: &Db, now: u64) -> Result<Vec<LateEncounter>, DbError> {
    db.run("read the late encounters", |db| {
        let sql =
            "SELECT encounter, late.list, alert, scan, scanned_at, raised_at, coalesce(outcome_at, 0) > 0, action
             FROM late LEFT JOIN awaits_outcome USING (encounter)
             WHERE raised_at >= ?1 ORDER BY raised_at DESC LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![now.saturating_sub(SHOWN_S) as i64, SHOWN_MAX as i64], |row| {
                Ok(LateEncounter {
                    encounter: row.get(0)?,
                    list: row.get(1)?,
                    alert_id: row.get(2)?,
                    scan: row.get(3)?,
                    scanned_at: row.get::<_, i64>(4)? as u64,
                    raised_at: row.get::<_, i64>(5)? as u64,
                    reported: row.get(6)?,
                    // What this program did not write counts as what is done of most documents.
                    action: Action::of_word(&row.get::<_, String>(7)?).unwrap_or(Action::SeizeDocument),
                })
            })?
            .collect()
    })
}

/// How many are shown at `now`.
pub(crate) fn count(db: &Db, now: u64) -> Result<u64, DbError> {
    let since = now.saturating_sub(SHOWN_S) as i64;
    let count = db.run("count the late encounters", |db| {
        let sql = "SELECT count(*) FROM late WHERE raised_at >= ?1";
        db.prepare_cached(sql)?.query_row([since], |row| row.get::<_, i64>(0))
    });
    count.map(|count| count as u64)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn late(encounter: EncounterId, raised_at: u64) -> LateEncounter {
        LateEncounter {
            encounter,
            list: "uto/stolen".into(),
            alert_id: "UTO-P-X1".into(),
            scan: [3; 16],
            scanned_at: 5,
            raised_at,
            action: Action::BearerSought,
            reported: false,
        }
    }

    #[test]
    fn a_late_encounter_is_shown_for_a_week_and_then_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        let put = |late: &LateEncounter| db.transaction("raise", |t| add(t, late)).unwrap();
        put(&late([1; 16], 100));
        assert_eq!(shown(&db, 100 + SHOWN_S).unwrap(), [late([1; 16], 100)]);
        assert_eq!(count(&db, 101 + SHOWN_S).unwrap(), 0, "a second later it is not");
        put(&late([2; 16], 101 + SHOWN_S));
        assert_eq!(shown(&db, 101).unwrap().len(), 1, "the first is deleted");
    }
}
