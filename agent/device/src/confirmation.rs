//! The confirmation clock: an alert that its owner must confirm, and the time left for it.
//!
//! A list's manifest says within how many seconds its owner must confirm an encounter (NCIC's hit confirmation: 10
//! minutes urgent, 1 hour routine; SIRENE: 12 hours). The clock starts with the check, in its transaction, and runs
//! offline. What is not answered in time is named in the device's status, so headquarters hears of it as soon as the
//! link is back. The owner's answer comes signed, by MQTT; of two the later counts.
//!
//! Invariants: a clock is kept [`OWNER_ANSWER_KEPT_S`] after its start, answered or not; a discreet alert's clock is shown to nobody
//! but whom the alert is shown to. Failure: a state that cannot be written fails the check, as its journal line would.

use crate::state::{State, StateError};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_common::text::owner_word;
use vedette_shim::ids::{EncounterId, Hex, ListName};
use vedette_shim::trust::{Answer, OwnerWord};
use vedette_shim::wire::OVERDUE_MAX;

/// Most clocks shown at once.
pub const SHOWN_MAX: usize = 100;

/// A clock to start.
pub struct Start<'a> {
    /// The encounter to be confirmed.
    pub encounter: EncounterId,
    /// Its list.
    pub list: &'a ListName,
    /// Its alert.
    pub alert_id: &'a str,
    /// When it was made, seconds since 1970.
    pub made_at: u64,
    /// Within how many seconds the owner must answer.
    pub within_s: u32,
    /// The traveller must not notice it.
    pub discreet: bool,
}

/// One clock as the desk shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    /// The encounter, 32 hexadecimal digits.
    pub encounter_id: String,
    /// Its list.
    pub list: String,
    /// Its alert.
    pub alert_id: String,
    /// When the encounter was made, RFC 3339.
    pub made_at: String,
    /// By when the owner must have answered, RFC 3339.
    pub due_at: String,
    /// Seconds left; negative when it is overdue.
    pub left_s: i64,
    /// Whether the officer has said what came of it.
    #[serde(default)]
    pub reported: bool,
    /// The owner's answer, if it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answered>,
}

/// The owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    /// When it was given, RFC 3339.
    pub at: String,
    /// What the owner says.
    #[schema(value_type = crate::schema::OwnerWord)]
    pub word: OwnerWord,
    /// What the owner adds; may be empty.
    pub text: String,
}

/// Starts a clock in the caller's transaction, and forgets those past [`OWNER_ANSWER_KEPT_S`].
pub fn start(t: &Transaction<'_>, clock: &Start<'_>) -> rusqlite::Result<()> {
    t.prepare_cached("DELETE FROM confirmation WHERE made_at < ?1")?
        .execute([clock.made_at.saturating_sub(OWNER_ANSWER_KEPT_S) as i64])?;
    t.prepare_cached("INSERT INTO confirmation VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, NULL, NULL)")?.execute(
        params![
            clock.encounter,
            clock.list.as_str(),
            clock.alert_id,
            clock.made_at as i64,
            (clock.made_at + u64::from(clock.within_s)) as i64,
            clock.discreet,
        ],
    )?;
    Ok(())
}

/// Stores a checked answer; false if no clock of that encounter runs here, or a later answer is here already.
pub fn answered(state: &State, answer: &Answer) -> Result<bool, StateError> {
    state.transaction("take the owner's answer", |t| {
        let changed = t.execute(
            "UPDATE confirmation SET answered_at = ?2, word = ?3, text = ?4
             WHERE encounter = ?1 AND (answered_at IS NULL OR answered_at < ?2)",
            params![answer.encounter, answer.at as i64, owner_word(answer.word), answer.text.as_str()],
        )?;
        Ok(changed == 1)
    })
}

/// The clocks of discreet alerts, or those of all others; the newest first, at most [`SHOWN_MAX`].
pub fn shown(state: &State, now: u64, discreet: bool) -> Result<Vec<Confirmation>, StateError> {
    state.read("read the confirmation clocks", |db| {
        let sql = "SELECT c.encounter, c.list, c.alert, c.made_at, c.due_at, c.answered_at, c.word, c.text,
                          coalesce(o.outcome_at, 0) > 0
                   FROM confirmation c LEFT JOIN awaits_outcome o ON o.encounter = c.encounter
                   WHERE c.discreet = ?1 ORDER BY c.made_at DESC LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![discreet, SHOWN_MAX as i64], |row| Ok(view(row, now)))?
            .map(|row| row.and_then(|view| view))
            .collect()
    })
}

/// Encounters that were not answered in time, the oldest first, at most [`OVERDUE_MAX`].
pub fn overdue(state: &State, now: u64) -> Result<heapless::Vec<EncounterId, OVERDUE_MAX>, StateError> {
    state.read("read the confirmation clocks", |db| {
        let sql = "SELECT encounter FROM confirmation WHERE answered_at IS NULL AND due_at <= ?1
                   ORDER BY due_at LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![now as i64, OVERDUE_MAX as i64], |row| row.get(0))?
            .collect()
    })
}

/// How many clocks there are that may be shown to every officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Still running.
    pub waiting: u64,
    /// Run out without an answer.
    pub overdue: u64,
    /// Answered by the owner.
    pub answered: u64,
}

/// Counts the clocks that are not discreet.
pub fn counts(state: &State, now: u64) -> Result<Counts, StateError> {
    state.read("count the confirmation clocks", |db| {
        let sql = "SELECT count(*) FILTER (WHERE answered_at IS NULL AND due_at > ?1),
                   count(*) FILTER (WHERE answered_at IS NULL AND due_at <= ?1), count(answered_at)
                   FROM confirmation WHERE discreet = 0";
        db.prepare_cached(sql)?.query_row([now as i64], |row| {
            let count = |at| row.get::<_, i64>(at).map(|count| count as u64);
            Ok(Counts { waiting: count(0)?, overdue: count(1)?, answered: count(2)? })
        })
    })
}

fn view(row: &Row<'_>, now: u64) -> rusqlite::Result<Confirmation> {
    let encounter: EncounterId = row.get(0)?;
    let due_at: i64 = row.get(4)?;
    let answered_at: Option<i64> = row.get(5)?;
    let answer = match answered_at {
        None => None,
        Some(at) => Some(Answered {
            at: rfc3339(at as u64),
            word: word_of(&row.get::<_, String>(6)?),
            text: row.get(7)?,
        }),
    };
    Ok(Confirmation {
        encounter_id: Hex(&encounter).to_string(),
        list: row.get(1)?,
        alert_id: row.get(2)?,
        made_at: rfc3339(row.get::<_, i64>(3)? as u64),
        due_at: rfc3339(due_at as u64),
        left_s: due_at - now as i64,
        reported: row.get(8)?,
        answer,
    })
}

/// The inverse of [`owner_word`]; what this program did not write counts as the word that frees nobody wrongly held.
fn word_of(text: &str) -> OwnerWord {
    [OwnerWord::NotThePerson, OwnerWord::Withdrawn]
        .into_iter()
        .find(|known| owner_word(*known) == text)
        .unwrap_or(OwnerWord::Confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).unwrap();
        (folder, state)
    }

    fn begin(state: &State, id: u8, made_at: u64, discreet: bool) {
        let list = "uto/wanted".parse().unwrap();
        let clock =
            Start { encounter: [id; 16], list: &list, alert_id: "A-1", made_at, within_s: 600, discreet };
        state.transaction("start", |t| start(t, &clock)).unwrap();
    }

    fn answer(id: u8, at: u64, word: OwnerWord) -> Answer {
        let text = "call the duty officer".try_into().unwrap();
        Answer { device: "post-7".parse().unwrap(), encounter: [id; 16], at, word, text }
    }

    #[test]
    fn a_clock_runs_out_unless_the_owner_answers() {
        let (_folder, state) = state();
        begin(&state, 1, 1_000, false);
        begin(&state, 2, 1_100, false);
        let running = |now| counts(&state, now).unwrap();
        assert_eq!(running(1_599), Counts { waiting: 2, ..Counts::default() });
        assert!(overdue(&state, 1_599).unwrap().is_empty());
        assert_eq!(overdue(&state, 1_600).unwrap().as_slice(), [[1; 16]]);
        assert!(answered(&state, &answer(1, 1_650, OwnerWord::Confirmed)).unwrap());
        assert_eq!(overdue(&state, 1_700).unwrap().as_slice(), [[2; 16]]);
        assert_eq!(running(1_690), Counts { waiting: 1, overdue: 0, answered: 1 });
        assert_eq!(running(1_700), Counts { waiting: 0, overdue: 1, answered: 1 });
        let shown = shown(&state, 1_690, false).unwrap();
        assert_eq!(shown.iter().map(|clock| clock.left_s).collect::<Vec<_>>(), [10, -90]);
        assert_eq!(shown[0].answer, None);
        assert_eq!(shown[1].answer.as_ref().unwrap().word, OwnerWord::Confirmed);
        assert_eq!(shown[1].answer.as_ref().unwrap().text, "call the duty officer");
    }

    #[test]
    fn of_two_answers_the_later_counts_in_whatever_order_they_come() {
        let (_folder, state) = state();
        begin(&state, 1, 1_000, false);
        assert!(answered(&state, &answer(1, 1_300, OwnerWord::NotThePerson)).unwrap());
        assert!(!answered(&state, &answer(1, 1_200, OwnerWord::Confirmed)).unwrap());
        assert!(!answered(&state, &answer(9, 1_200, OwnerWord::Confirmed)).unwrap(), "no such clock");
        assert_eq!(
            shown(&state, 1_400, false).unwrap()[0].answer.as_ref().unwrap().word,
            OwnerWord::NotThePerson
        );
    }

    #[test]
    fn a_discreet_clock_is_not_shown_and_all_are_forgotten_in_time() {
        let (_folder, state) = state();
        begin(&state, 1, 1_000, true);
        assert!(shown(&state, 1_000, false).unwrap().is_empty());
        assert_eq!(shown(&state, 1_000, true).unwrap().len(), 1);
        assert_eq!(overdue(&state, 2_000).unwrap().len(), 1, "its owner still hears of it");
        begin(&state, 2, 1_001 + OWNER_ANSWER_KEPT_S, false);
        assert_eq!(shown(&state, 1_001 + OWNER_ANSWER_KEPT_S, false).unwrap().len(), 1);
        assert!(shown(&state, 1_001 + OWNER_ANSWER_KEPT_S, true).unwrap().is_empty());
    }
}
