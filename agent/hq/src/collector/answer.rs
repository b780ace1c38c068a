//! `answer`: the owner's word on an encounter (hit confirmation), signed and kept at the broker for its device.
//!
//! Invariants: only an encounter that is stored can be answered, and only the device that made it gets the answer; of
//! several the last counts. What is older than a week is cleared from the broker: the device has forgotten its clock.

use crate::authority::home::Home;
use crate::authority::keys::{Key, signed_anew};
use crate::db::Db;
use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, params};
use vedette_common::crypto::sign_statement;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_common::{mqtt::OWNER_ANSWER_KEPT_S, text::owner_word};
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::trust::{ANSWER_TEXT_BYTES_MAX, Answer, OwnerWord, SignedKind};

/// Answers an encounter; the device that gets it.
pub fn answer(home: &Home, encounter: EncounterId, said: OwnerWord, text: &str) -> Result<DeviceId, HqError> {
    let text = text.try_into().map_err(|_| HqError::Value {
        what: "text",
        value: format!("{} bytes", text.len()),
        rule: "at most 255 bytes",
    })?;
    const { assert!(ANSWER_TEXT_BYTES_MAX == 255) };
    let mut db: Db = home.database()?;
    let change = db.change()?;
    let query = "SELECT device FROM encounters WHERE id = ?";
    let device: Option<String> = change.query_row(query, [encounter], |row| row.get(0)).optional()?;
    let device = device.ok_or_else(|| HqError::NoEncounter(Hex(&encounter).to_string()))?;
    let device: DeviceId = crate::db::parse(&device)?;
    // Two answers in one second must not have one time: the later would not count.
    let query = "SELECT at FROM answers WHERE encounter = ?";
    let last: Option<i64> = change.query_row(query, [encounter], |row| row.get(0)).optional()?;
    let at = home.now().max(last.map_or(0, |last| last as u64 + 1));
    let answer = Answer { device: device.clone(), encounter, at, word: said, text };
    let bytes = sign_statement(SignedKind::Answer, &answer, &[&Key::Collector.signing(home)?]);
    change.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
        params![encounter, device.as_str(), at as i64, owner_word(said), answer.text.as_str(), bytes],
    )?;
    change.commit()?;
    Ok(device)
}

/// Signs every answer that still counts with the collector's key as it is now.
pub(crate) fn sign_anew(home: &Home, db: &Connection) -> Result<(), HqError> {
    let key = Key::Collector.signing(home)?;
    let mut query = db.prepare("SELECT encounter, bytes FROM answers WHERE at >= ?")?;
    let mut rows = query.query([home.now().saturating_sub(OWNER_ANSWER_KEPT_S) as i64])?;
    while let Some(row) = rows.next()? {
        let (encounter, old): (EncounterId, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let bytes = signed_anew::<Answer>(SignedKind::Answer, &old, &key)?;
        db.execute("UPDATE answers SET bytes = ? WHERE encounter = ?", params![bytes, encounter])?;
    }
    Ok(())
}

/// What the broker keeps of answers: each under its topic, empty once its device has forgotten the clock.
pub(crate) fn retained(db: &Connection, now: u64) -> Result<Vec<(Topic, Vec<u8>)>, HqError> {
    let mut query = db.prepare("SELECT encounter, device, at, bytes FROM answers WHERE at > ?")?;
    let mut rows = query.query([now.saturating_sub(2 * OWNER_ANSWER_KEPT_S) as i64])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let (encounter, device): (EncounterId, String) = (row.get(0)?, row.get(1)?);
        let is_old = (row.get::<_, i64>(2)? as u64) + OWNER_ANSWER_KEPT_S < now;
        let bytes = if is_old { Vec::new() } else { row.get(3)? };
        kept.push((Topic::Device(crate::db::parse(&device)?, DeviceTopic::Answer(encounter)), bytes));
    }
    Ok(kept)
}
