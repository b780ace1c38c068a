//! The confirmation clocks: encounters that their owner must confirm, and the time left for it.
//!
//! A list's manifest says within how many seconds its owner must confirm an encounter (NCIC's hit confirmation: 10
//! minutes urgent, 1 hour routine; SIRENE: 12 hours). The clock starts with the check, in its transaction, and runs
//! offline. What is not answered in time is named in the device's status, so headquarters learns of it as soon as the
//! link is up. The owner's answer comes signed, by MQTT; of two the later counts.
//!
//! Invariants: a clock is stored for [`OWNER_ANSWER_KEPT_S`] after its start, answered or not; a discreet alert's clock is
//! shown only to an officer who is entitled to the alert.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{Row, params};
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_common::text::owner_word;
use vedette_shim::ids::{EncounterId, ListName};
use vedette_shim::trust::OVERDUE_MAX;
use vedette_shim::trust::{OwnerAnswer, OwnerWord};

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS confirmation (
        encounter BLOB PRIMARY KEY, list TEXT NOT NULL, alert TEXT NOT NULL, made_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL, discreet INTEGER NOT NULL, answered_at INTEGER, word TEXT, text TEXT
    ) STRICT, WITHOUT ROWID;",
}];

/// Most clocks shown at once.
pub(crate) const SHOWN_MAX: usize = 100;

/// A clock to start.
pub(super) struct Start<'a> {
    pub(super) encounter: EncounterId,
    pub(super) list: &'a ListName,
    pub(super) alert_id: &'a str,
    /// Seconds since 1970.
    pub(super) made_at: u64,
    /// The owner must answer within so many seconds.
    pub(super) within_s: u32,
    pub(super) discreet: bool,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub encounter: EncounterId,
    pub list: String,
    pub alert_id: String,
    /// When the encounter was made, seconds since 1970.
    pub made_at: u64,
    /// By when the owner must have answered, seconds since 1970.
    pub due_at: u64,
    /// Whether an outcome was recorded.
    pub reported: bool,
    /// The owner's answer, if it has come.
    pub answer: Option<Answered>,
}

/// An owner's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When it was given, seconds since 1970.
    pub at: u64,
    pub word: OwnerWord,
    /// What the owner adds; may be empty.
    pub text: String,
}

/// Who may be shown a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody at the post: no clock of a discreet alert.
    Everybody,
    /// An officer who is entitled to discreet alerts: those clocks, and no other.
    Entitled,
}

/// Starts a clock, and deletes those past [`OWNER_ANSWER_KEPT_S`].
pub(super) fn start(t: &Tx<'_>, clock: &Start<'_>) -> Result<(), DbError> {
    t.run(|db| {
        db.prepare_cached("DELETE FROM confirmation WHERE made_at < ?1")?
            .execute([clock.made_at.saturating_sub(OWNER_ANSWER_KEPT_S) as i64])?;
        let sql = "INSERT INTO confirmation (encounter, list, alert, made_at, due_at, discreet)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let due_at = clock.made_at + u64::from(clock.within_s);
        db.prepare_cached(sql)?
            .execute(params![
                clock.encounter,
                clock.list.as_str(),
                clock.alert_id,
                clock.made_at as i64,
                due_at as i64,
                clock.discreet,
            ])
            .map(|_| ())
    })
}

/// Stores a checked answer; false if no clock of that encounter runs here, or a later answer is stored already.
pub(crate) fn answered(db: &Db, answer: &OwnerAnswer) -> Result<bool, DbError> {
    db.run("store the owner's answer", |db| {
        let changed = db.execute(
            "UPDATE confirmation SET answered_at = ?2, word = ?3, text = ?4
             WHERE encounter = ?1 AND (answered_at IS NULL OR answered_at < ?2)",
            params![answer.encounter, answer.at as i64, owner_word(answer.word), answer.text.as_str()],
        )?;
        Ok(changed == 1)
    })
}

/// The next answer to each counts, whatever its time: a replaced key may have dated the last one far ahead.
pub(super) fn forget_times(t: &Tx<'_>) -> Result<(), DbError> {
    let sql = "UPDATE confirmation SET answered_at = 0 WHERE answered_at IS NOT NULL";
    t.run(|db| db.execute(sql, []).map(|_| ()))
}

/// The clocks for an audience; the newest first, at most [`SHOWN_MAX`].
pub fn shown(db: &Db, audience: Audience) -> Result<Vec<Confirmation>, DbError> {
    db.run("read the confirmation clocks", |db| {
        let sql = "SELECT c.encounter, c.list, c.alert, c.made_at, c.due_at, c.answered_at, c.word, c.text,
                          coalesce(o.outcome_at, 0) > 0
                   FROM confirmation c LEFT JOIN awaits_outcome o ON o.encounter = c.encounter
                   WHERE c.discreet = ?1 ORDER BY c.made_at DESC LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![audience == Audience::Entitled, SHOWN_MAX as i64], clock)?
            .collect()
    })
}

/// Encounters that were not answered in time, the oldest first, at most [`OVERDUE_MAX`].
pub fn overdue(db: &Db, now: u64) -> Result<heapless::Vec<EncounterId, OVERDUE_MAX>, DbError> {
    db.run("read the confirmation clocks", |db| {
        let sql = "SELECT encounter FROM confirmation WHERE answered_at IS NULL AND due_at <= ?1
                   ORDER BY due_at LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![now as i64, OVERDUE_MAX as i64], |row| row.get(0))?
            .collect()
    })
}

/// How many clocks there are that may be shown to every officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Still running.
    pub waiting: u64,
    /// Run out without an answer.
    pub overdue: u64,
    /// Answered by the owner.
    pub answered: u64,
}

/// Counts the clocks that are not discreet.
pub fn counts(db: &Db, now: u64) -> Result<Counts, DbError> {
    db.run("count the confirmation clocks", |db| {
        let sql = "SELECT count(*) FILTER (WHERE answered_at IS NULL AND due_at > ?1),
                   count(*) FILTER (WHERE answered_at IS NULL AND due_at <= ?1), count(answered_at)
                   FROM confirmation WHERE discreet = 0";
        db.prepare_cached(sql)?.query_row([now as i64], |row| {
            let count = |at| row.get::<_, i64>(at).map(|count| count as u64);
            Ok(Counts { waiting: count(0)?, overdue: count(1)?, answered: count(2)? })
        })
    })
}

fn clock(row: &Row<'_>) -> rusqlite::Result<Confirmation> {
    let answer = match row.get::<_, Option<i64>>(5)? {
        None => None,
        Some(at) => {
            Some(Answered { at: at as u64, word: word_of(&row.get::<_, String>(6)?), text: row.get(7)? })
        }
    };
    Ok(Confirmation {
        encounter: row.get(0)?,
        list: row.get(1)?,
        alert_id: row.get(2)?,
        made_at: row.get::<_, i64>(3)? as u64,
        due_at: row.get::<_, i64>(4)? as u64,
        reported: row.get(8)?,
        answer,
    })
}

/// The inverse of [`owner_word`]; what this program did not write counts as the word that lets nobody go.
fn word_of(text: &str) -> OwnerWord {
    [OwnerWord::NotThePerson, OwnerWord::Withdrawn]
        .into_iter()
        .find(|known| owner_word(*known) == text)
        .unwrap_or(OwnerWord::Confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        (folder, db)
    }

    fn begin(db: &Db, id: u8, made_at: u64, discreet: bool) {
        let list = "uto/wanted".parse().unwrap();
        let clock =
            Start { encounter: [id; 16], list: &list, alert_id: "A-1", made_at, within_s: 600, discreet };
        db.transaction("start", |t| start(t, &clock)).unwrap();
    }

    fn answer(id: u8, at: u64, word: OwnerWord) -> OwnerAnswer {
        let text = "call the duty officer".try_into().unwrap();
        OwnerAnswer { device: "post-7".parse().unwrap(), encounter: [id; 16], at, word, text }
    }

    #[test]
    fn a_clock_runs_out_unless_the_owner_answers() {
        let (_folder, db) = open();
        begin(&db, 1, 1_000, false);
        begin(&db, 2, 1_100, false);
        let running = |now| counts(&db, now).unwrap();
        assert_eq!(running(1_599), Counts { waiting: 2, ..Counts::default() });
        assert!(overdue(&db, 1_599).unwrap().is_empty());
        assert_eq!(overdue(&db, 1_600).unwrap().as_slice(), [[1; 16]]);
        assert!(answered(&db, &answer(1, 1_650, OwnerWord::Confirmed)).unwrap());
        assert_eq!(overdue(&db, 1_700).unwrap().as_slice(), [[2; 16]]);
        assert_eq!(running(1_690), Counts { waiting: 1, overdue: 0, answered: 1 });
        assert_eq!(running(1_700), Counts { waiting: 0, overdue: 1, answered: 1 });
        let shown = shown(&db, Audience::Everybody).unwrap();
        assert_eq!(shown.iter().map(|clock| clock.due_at).collect::<Vec<_>>(), [1_700, 1_600]);
        assert_eq!(shown[0].answer, None);
        assert_eq!(shown[1].answer.as_ref().unwrap().word, OwnerWord::Confirmed);
        assert_eq!(shown[1].answer.as_ref().unwrap().text, "call the duty officer");
    }

    #[test]
    fn of_two_answers_the_later_counts_in_whatever_order_they_come() {
        let (_folder, db) = open();
        begin(&db, 1, 1_000, false);
        assert!(answered(&db, &answer(1, 1_300, OwnerWord::NotThePerson)).unwrap());
        assert!(!answered(&db, &answer(1, 1_200, OwnerWord::Confirmed)).unwrap());
        assert!(!answered(&db, &answer(9, 1_200, OwnerWord::Confirmed)).unwrap(), "no such clock");
        assert_eq!(
            shown(&db, Audience::Everybody).unwrap()[0].answer.as_ref().unwrap().word,
            OwnerWord::NotThePerson
        );
    }

    #[test]
    fn a_discreet_clock_is_not_shown_and_all_are_forgotten_in_time() {
        let (_folder, db) = open();
        begin(&db, 1, 1_000, true);
        assert!(shown(&db, Audience::Everybody).unwrap().is_empty());
        assert_eq!(shown(&db, Audience::Entitled).unwrap().len(), 1);
        assert_eq!(overdue(&db, 2_000).unwrap().len(), 1, "its owner still hears of it");
        begin(&db, 2, 1_001 + OWNER_ANSWER_KEPT_S, false);
        assert_eq!(shown(&db, Audience::Everybody).unwrap().len(), 1);
        assert!(shown(&db, Audience::Entitled).unwrap().is_empty());
    }
}
