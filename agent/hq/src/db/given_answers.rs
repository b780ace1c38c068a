//! What each operator answered to an encounter. The answer that its device gets is in `outcomes`.
//!
//! Invariant: one answer an operator and encounter, the last.

use super::connection::{Change, Session, Step, Work};
use super::error::DbError;
use super::values::code;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use vedette_common::text::owner_word;
use vedette_shim::ids::EncounterId;
use vedette_shim::trust::{OwnerAnswer, OwnerWord};

pub(super) const STEPS: &[Step] = &[Step {
    number: 17,
    work: &[Work::Sql(
        "
CREATE TABLE given_answers(
  encounter BLOB NOT NULL, device TEXT NOT NULL, operator TEXT NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY(encounter, device, operator)) WITHOUT ROWID;
-- Who gave those before is not known.
INSERT INTO given_answers SELECT encounter, device, 'unknown', at, word, text FROM answers;
",
    )],
}];

/// What an operator answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAnswer {
    /// Who; `local:USER` where there are no operators.
    pub operator: String,
    /// Seconds since 1970.
    pub at: u64,
    pub word: OwnerWord,
    /// What the officer should know besides.
    pub text: String,
}

/// Stores what an operator answers, instead of what the same operator answered before.
pub(crate) fn set(db: &Change<'_>, operator: &str, answer: &OwnerAnswer) -> Result<(), DbError> {
    let (device, word, text) = (answer.device.as_str(), owner_word(answer.word), answer.text.as_str());
    db.execute(
        "INSERT OR REPLACE INTO given_answers VALUES (?, ?, ?, ?, ?, ?)",
        params![answer.encounter, device, operator, answer.at as i64, word, text],
    )?;
    Ok(())
}

/// What was answered to an encounter of a device, the last first: that is the one that counts.
pub(crate) fn of_encounter(
    db: &Session,
    encounter: &EncounterId,
    device: &str,
) -> Result<Vec<GivenAnswer>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT operator, at, word, text FROM given_answers WHERE encounter = ? AND device = ?
         ORDER BY at DESC, operator",
    )?;
    let mut rows = query.query(params![encounter, device])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(GivenAnswer {
            operator: row.get(0)?,
            at: row.get::<_, i64>(1)? as u64,
            word: code(&row.get::<_, String>(2)?)?,
            text: row.get(3)?,
        });
    }
    Ok(found)
}
