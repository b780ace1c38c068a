//! What came of encounters, as their devices say, and what their owners answer.
//!
//! Invariants: an outcome may come before its encounter; of an owner's answers the last stays.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::from_json;
use super::values::{code, parse, stored};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vedette_common::text::{json_word, owner_word};
use vedette_shim::ids::{DeviceId, EncounterId};
use vedette_shim::trust::OwnerAnswer;
use vedette_shim::wire::{EncounterOutcome, FormField, Outcome};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 4,
        work: &[Work::Sql("
CREATE TABLE outcomes(
  id BLOB PRIMARY KEY, encounter BLOB NOT NULL, device TEXT NOT NULL, received_at INTEGER NOT NULL,
  digest BLOB NOT NULL, message BLOB NOT NULL,
  outcome TEXT NOT NULL) WITHOUT ROWID;   -- opened, JSON
CREATE INDEX outcomes_by_encounter ON outcomes(encounter);
")],
    },
    Step {
        number: 5,
        work: &[Work::Sql("
CREATE TABLE answers(
  encounter BLOB PRIMARY KEY REFERENCES encounters(id), device TEXT NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes BLOB NOT NULL) WITHOUT ROWID;     -- as it was signed
")],
    },
    Step {
        number: 7,
        work: &[Work::Sql("
CREATE TABLE outcomes_7(
  id BLOB PRIMARY KEY, encounter BLOB NOT NULL, device TEXT NOT NULL, received_at INTEGER NOT NULL,
  at INTEGER NOT NULL,                    -- by the device's clock
  who TEXT NOT NULL, outcome TEXT NOT NULL, note TEXT NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL) WITHOUT ROWID;   -- as it came, sealed
-- The form of a discreet check, as far as it was filled in.
CREATE TABLE outcome_fields(
  outcome BLOB NOT NULL REFERENCES outcomes_7(id), field TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY(outcome, field)) WITHOUT ROWID;
"), Work::Rows(from_json::outcomes), Work::Sql("
DROP TABLE outcomes;
ALTER TABLE outcomes_7 RENAME TO outcomes;
CREATE INDEX outcomes_by_encounter ON outcomes(encounter, device, at);
CREATE INDEX answers_by_time ON answers(at);
")],
    },
    Step {
        number: 11,
        work: &[Work::Sql("
CREATE TABLE outcomes_11(
  id BLOB NOT NULL, device TEXT NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  encounter BLOB NOT NULL, received_at INTEGER NOT NULL,
  at INTEGER NOT NULL,                    -- by the device's clock
  who TEXT NOT NULL, outcome TEXT NOT NULL, note TEXT NOT NULL,
  message BLOB NOT NULL,                  -- as it came, sealed
  PRIMARY KEY(id, device, digest)) WITHOUT ROWID;
INSERT INTO outcomes_11 SELECT id, device, digest, encounter, received_at, at, who, outcome, note, message FROM outcomes;
CREATE TABLE outcome_fields_11(
  outcome BLOB NOT NULL, device TEXT NOT NULL, digest BLOB NOT NULL, field TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY(outcome, device, digest, field),
  FOREIGN KEY(outcome, device, digest) REFERENCES outcomes_11(id, device, digest)) WITHOUT ROWID;
INSERT INTO outcome_fields_11 SELECT outcome_fields.outcome, device, digest, field, text
  FROM outcome_fields JOIN outcomes ON outcomes.id = outcome_fields.outcome;
DROP TABLE outcome_fields;
DROP TABLE outcomes;
ALTER TABLE outcomes_11 RENAME TO outcomes;
ALTER TABLE outcome_fields_11 RENAME TO outcome_fields;
CREATE INDEX outcomes_by_encounter ON outcomes(encounter, device, at);
CREATE TABLE answers_11(
  encounter BLOB NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL, text TEXT NOT NULL,
  bytes BLOB NOT NULL,                    -- as it was signed
  PRIMARY KEY(encounter, device)) WITHOUT ROWID;
INSERT INTO answers_11 SELECT encounter, device, at, word, text, bytes FROM answers;
DROP TABLE answers;
ALTER TABLE answers_11 RENAME TO answers;
CREATE INDEX answers_by_time ON answers(at);
")],
    },
];

/// What came of an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeView {
    /// By the device's clock, seconds since 1970.
    pub at: u64,
    /// The officer's badge, or the program.
    pub who: String,
    pub outcome: Outcome,
    /// In words.
    pub note: String,
    /// The form of a discreet check, as far as it was filled in.
    pub form: BTreeMap<FormField, String>,
}

/// An owner's answer that is signed.
pub(crate) struct SignedAnswer {
    pub(crate) encounter: EncounterId,
    /// For whom.
    pub(crate) device: DeviceId,
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Stores an outcome that is not stored; `digest` is the first half of its sealed message's.
pub(crate) fn insert(
    db: &Session,
    outcome: &EncounterOutcome,
    digest: &[u8; 16],
    received_at: u64,
) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO outcomes(id, encounter, device, received_at, at, who, outcome, note, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            outcome.id,
            outcome.encounter,
            outcome.device.as_str(),
            received_at as i64,
            stored(outcome.at),
            outcome.who.as_str(),
            json_word(&outcome.outcome),
            outcome.note.as_str(),
            digest
        ],
    )?;
    // A device that gives a field twice means the last, as it did when the form was one text.
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO outcome_fields VALUES (?, ?, ?, ?, ?)")?;
    for entry in &outcome.form {
        let (field, text) = (json_word(&entry.field), entry.text.as_str());
        insert.execute(params![outcome.id, outcome.device.as_str(), digest, field, text])?;
    }
    Ok(())
}

/// What a device says came of its encounter, by time: only the device that made an encounter says so.
pub(crate) fn of_encounter(
    db: &Session,
    encounter: &EncounterId,
    device: &str,
) -> Result<Vec<OutcomeView>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT id, at, who, outcome, note, digest FROM outcomes WHERE encounter = ? AND device = ?
         ORDER BY at, id, digest",
    )?;
    let mut rows = query.query(params![encounter, device])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(OutcomeView {
            at: row.get::<_, i64>(1)? as u64,
            who: row.get(2)?,
            outcome: code(&row.get::<_, String>(3)?)?,
            note: row.get(4)?,
            form: form(db, &row.get(0)?, device, &row.get(5)?)?,
        });
    }
    Ok(found)
}

fn form(
    db: &Session,
    outcome: &EncounterId,
    device: &str,
    digest: &[u8; 16],
) -> Result<BTreeMap<FormField, String>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT field, text FROM outcome_fields WHERE outcome = ? AND device = ? AND digest = ?",
    )?;
    let fields = params![outcome, device, digest];
    let rows = query.query_map(fields, |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(field, text)| Ok((code(&field)?, text)))).collect()
}

/// When an encounter of a device was last answered, seconds since 1970.
pub(crate) fn answered_at(
    db: &Session,
    encounter: &EncounterId,
    device: &DeviceId,
) -> Result<Option<u64>, DbError> {
    let query = "SELECT at FROM answers WHERE encounter = ? AND device = ?";
    let at =
        db.query_row(query, params![encounter, device.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(at.map(|at| at as u64))
}

/// Stores an owner's answer, instead of the one before.
pub(crate) fn set_answer(db: &Session, answer: &OwnerAnswer, bytes: &[u8]) -> Result<(), DbError> {
    db.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
        params![
            answer.encounter,
            answer.device.as_str(),
            answer.at as i64,
            owner_word(answer.word),
            answer.text.as_str(),
            bytes
        ],
    )?;
    Ok(())
}

/// The answers given at `since` or later.
pub(crate) fn answers_since(db: &Session, since: u64) -> Result<Vec<SignedAnswer>, DbError> {
    let mut query = db.prepare_cached("SELECT encounter, device, at, bytes FROM answers WHERE at >= ?")?;
    let mut rows = query.query([since as i64])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(SignedAnswer {
            encounter: row.get(0)?,
            device: parse(&row.get::<_, String>(1)?)?,
            at: row.get::<_, i64>(2)? as u64,
            bytes: row.get(3)?,
        });
    }
    Ok(found)
}

/// Stores an answer as it is signed now.
pub(crate) fn resign_answer(db: &Session, answer: &SignedAnswer, bytes: &[u8]) -> Result<(), DbError> {
    let update = "UPDATE answers SET bytes = ? WHERE encounter = ? AND device = ?";
    db.execute(update, params![bytes, answer.encounter, answer.device.as_str()])?;
    Ok(())
}
