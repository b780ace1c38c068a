//! The step to schema 7: what was JSON in text columns becomes columns and rows of their own.
//!
//! In Rust, because our SQLite is built without JSON. A text that does not read back stops the step, which leaves the
//! database as it was; except what a device held, which its next status repeats.

use super::connection::Session;
use super::error::DbError;
use super::values::stored;
use rusqlite::params;
use serde::Deserialize;
use std::collections::BTreeMap;
use vedette_common::text::{json_word, verdict_word};
use vedette_shim::ids::{EncounterId, Hex, from_hex};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{FormField, Outcome, ScannedDocument};

#[derive(Deserialize)]
struct Held {
    list: String,
    edition: u64,
    confirmed_at: u64,
}

#[derive(Deserialize)]
struct OpenedEncounter {
    scan: String,
    post: String,
    edition: u64,
    alert: String,
    verdict: Verdict,
    score: u16,
    document: ScannedDocument,
    #[serde(default)]
    late: bool,
}

#[derive(Deserialize)]
struct OpenedOutcome {
    at: u64,
    who: String,
    outcome: Outcome,
    note: String,
    form: BTreeMap<FormField, String>,
}

/// `devices.held` -> `holdings`.
pub(super) fn holdings(db: &Session) -> Result<(), DbError> {
    let mut query = db.prepare("SELECT id, held FROM devices WHERE held IS NOT NULL")?;
    let mut insert = db.prepare("INSERT OR REPLACE INTO holdings VALUES (?, ?, ?, ?)")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (device, text): (String, String) = (row.get(0)?, row.get(1)?);
        for held in serde_json::from_str::<Vec<Held>>(&text).unwrap_or_default() {
            insert.execute(params![device, held.list, stored(held.edition), stored(held.confirmed_at)])?;
        }
    }
    Ok(())
}

/// `encounters.encounter` -> the columns of `encounters_7`.
pub(super) fn encounters(db: &Session) -> Result<(), DbError> {
    let mut query = db.prepare("SELECT id, encounter FROM encounters")?;
    let mut insert = db.prepare(
        "INSERT INTO encounters_7
         SELECT id, ?2, device, ?3, made_at, received_at, list, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
           ?17, digest, message, device_revoked, conflicts, overdue_since FROM encounters WHERE id = ?1",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (EncounterId, String) = (row.get(0)?, row.get(1)?);
        let opened: OpenedEncounter = read("encounter", &id, &text)?;
        let scan: [u8; 16] = from_hex(&opened.scan).ok_or_else(|| unreadable("encounter", &id))?;
        let document = &opened.document;
        insert.execute(params![
            id,
            scan,
            opened.post,
            stored(opened.edition),
            opened.alert,
            verdict_word(opened.verdict),
            opened.score,
            opened.late,
            document.code.as_str(),
            document.issuing_state.as_str(),
            document.number.as_str(),
            document.surname.as_str(),
            document.given_names.as_str(),
            document.nationality.as_str(),
            document.birth_date.as_str(),
            document.sex.as_str(),
            document.expiry_date.as_str(),
        ])?;
    }
    Ok(())
}

/// `outcomes.outcome` -> the columns of `outcomes_7`, and `outcome_fields`.
pub(super) fn outcomes(db: &Session) -> Result<(), DbError> {
    let mut query = db.prepare("SELECT id, outcome FROM outcomes")?;
    let mut insert = db.prepare(
        "INSERT INTO outcomes_7 SELECT id, encounter, device, received_at, ?2, ?3, ?4, ?5, digest, message
         FROM outcomes WHERE id = ?1",
    )?;
    let mut insert_field = db.prepare("INSERT INTO outcome_fields VALUES (?, ?, ?)")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (EncounterId, String) = (row.get(0)?, row.get(1)?);
        let opened: OpenedOutcome = read("outcome", &id, &text)?;
        let outcome = json_word(&opened.outcome);
        insert.execute(params![id, stored(opened.at), opened.who, outcome, opened.note])?;
        for (field, text) in &opened.form {
            insert_field.execute(params![id, json_word(field), text])?;
        }
    }
    Ok(())
}

fn read<'a, T: Deserialize<'a>>(what: &str, id: &EncounterId, text: &'a str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|_| unreadable(what, id))
}

fn unreadable(what: &str, id: &EncounterId) -> DbError {
    DbError::Damaged(format!("the {what} {} cannot be read", Hex(id)))
}
