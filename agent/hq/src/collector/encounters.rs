//! The collector's core: sealed encounters and their outcomes in, rows and receipt entries out.
//!
//! Invariants: an entry is given only for what is committed; a report is one row however often it comes; the first
//! message with an id stays, and a later one that differs is counted as a conflict and answered with the digest of the
//! *first*, so that the device does not take its own for stored. What cannot be opened is not stored and gets no receipt:
//! nobody has vouched for it.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::Db;
use crate::error::HqError;
use crate::fleet::devices;
use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use vedette_common::crypto::BoxKey;
use vedette_common::encounter;
use vedette_shim::ids::{DeviceId, EncounterId, Hex, ListName};
use vedette_shim::trust::{ReceiptEntry, digest};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{
    self, ENCOUNTER_BYTES_MAX, Encounter, EncounterOutcome, FormField, Outcome as OutcomeKind, Report,
    ScannedDocument, SealedEncounter,
};

/// Longest message: a sealed encounter and the names in front of it.
const MESSAGE_BYTES_MAX: usize = ENCOUNTER_BYTES_MAX + 512;

/// An encounter as `encounters` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterView {
    /// Its id, hexadecimal.
    pub id: String,
    /// The scan it came from, hexadecimal.
    pub scan: String,
    /// The device that made it.
    pub device: String,
    /// Where.
    pub post: String,
    /// When, by the device's clock.
    pub made_at: u64,
    /// When it was stored here.
    pub received_at: u64,
    /// The list that was met.
    pub list: String,
    /// Its edition at that moment.
    pub edition: u64,
    /// The alert.
    pub alert: String,
    /// Hit or Possible.
    pub verdict: Verdict,
    /// Score in thousandths.
    pub score: u16,
    /// What was read.
    pub document: ScannedDocument,
    /// The document was listed only after the scan.
    #[serde(default)]
    pub late: bool,
    /// Since when its owner's answer is overdue, by headquarters' clock.
    #[serde(default)]
    pub overdue_since: Option<u64>,
    /// The owner's answer, if there is one.
    #[serde(default)]
    pub answer: Option<String>,
    /// Made with a key that was revoked when it came.
    pub device_revoked: bool,
    /// Later messages with the same id and other content.
    pub conflicts: u32,
    /// What came of it, as the device that made it says, in order of time; the last one counts.
    #[serde(default)]
    pub outcomes: Vec<OutcomeView>,
}

/// What came of an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeView {
    /// When, by the device's clock.
    pub at: u64,
    /// Who says so.
    pub who: String,
    /// What came of it.
    pub outcome: OutcomeKind,
    /// In words.
    pub note: String,
    /// The form of a discreet check, as far as it was filled in.
    pub form: BTreeMap<FormField, String>,
}

/// Every encounter, in order of arrival.
pub fn encounters(home: &Home) -> Result<Vec<EncounterView>, HqError> {
    let db = home.database()?;
    let mut query = db.read().prepare(
        "SELECT encounters.encounter, device_revoked, conflicts, overdue_since, word FROM encounters
         LEFT JOIN answers ON answers.encounter = encounters.id ORDER BY received_at, made_at, id",
    )?;
    let mut rows = query.query([])?;
    let (mut all, mut views) = (outcomes(db.read())?, Vec::new());
    while let Some(row) = rows.next()? {
        let view: EncounterView = parse(&row.get::<_, String>(0)?)?;
        views.push(EncounterView {
            device_revoked: row.get(1)?,
            conflicts: row.get(2)?,
            overdue_since: row.get::<_, Option<i64>>(3)?.map(|at| at as u64),
            answer: row.get(4)?,
            outcomes: all.remove(&(view.id.clone(), view.device.clone())).unwrap_or_default(),
            ..view
        });
    }
    Ok(views)
}

/// Every outcome, by encounter and device: only the device that made an encounter says what came of it.
fn outcomes(db: &Connection) -> Result<HashMap<(String, String), Vec<OutcomeView>>, HqError> {
    let mut query = db.prepare("SELECT encounter, device, outcome FROM outcomes")?;
    let mut rows = query.query([])?;
    let mut all: HashMap<_, Vec<OutcomeView>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let encounter: EncounterId = row.get(0)?;
        let key = (Hex(&encounter).to_string(), row.get(1)?);
        all.entry(key).or_default().push(parse(&row.get::<_, String>(2)?)?);
    }
    all.values_mut().for_each(|outcomes| outcomes.sort_by_key(|outcome| outcome.at));
    Ok(all)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, HqError> {
    serde_json::from_str(text)
        .map_err(|error| HqError::Damaged(format!("an encounter or outcome cannot be read: {error}")))
}

/// Why a message was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too long, or not the encoding of FORMAT.md.
    #[error("it cannot be read")]
    Unreadable,
    /// It names another device than the one it came from.
    #[error("it names another device than the one it came from")]
    OtherDevice,
    /// No such device was ever enrolled.
    #[error("no such device was enrolled")]
    UnknownDevice,
    /// No such list here.
    #[error("it names a list that is not headquarters'")]
    UnknownList,
    /// Not sealed by that device's key to that list's owner.
    #[error("it does not open: damaged, or not sealed by this device to the list's owner")]
    DoesNotOpen,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now.
    Stored(ReceiptEntry),
    /// Was stored before.
    Known(ReceiptEntry),
    /// Another message was stored under this id before; the entry is that one's.
    Conflict(ReceiptEntry),
    /// Not stored.
    Refused(Refusal),
}

/// The owners' keys, read when first needed, erased when dropped.
pub(crate) struct Owners<'a> {
    home: &'a Home,
    keys: HashMap<ListName, BoxKey>,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(home: &'a Home) -> Self {
        Owners { home, keys: HashMap::new() }
    }

    fn key(&mut self, list: &ListName) -> Result<Option<&BoxKey>, HqError> {
        if !self.keys.contains_key(list) {
            if !Key::Owner(list).is_here(self.home) {
                return Ok(None);
            }
            self.keys.insert(list.clone(), Key::Owner(list).opening(self.home)?);
        }
        Ok(self.keys.get(list))
    }
}

/// Stores messages, each with the device whose topic it came on, in one transaction, and says what became of each.
/// When this returns, what it gives entries for is committed. `serve` does this and then sends the receipts.
pub fn collect(home: &Home, messages: &[(DeviceId, Vec<u8>)]) -> Result<Vec<Outcome>, HqError> {
    store(&mut home.database()?, &mut Owners::of(home), messages, home.now())
}

pub(crate) fn store(
    db: &mut Db,
    owners: &mut Owners<'_>,
    messages: &[(DeviceId, impl AsRef<[u8]>)],
    now: u64,
) -> Result<Vec<Outcome>, HqError> {
    let change = db.change()?;
    let stored = messages
        .iter()
        .map(|(device, message)| store_one(&change, owners, device, message.as_ref(), now))
        .collect::<Result<Vec<_>, _>>()?;
    change.commit()?;
    Ok(stored)
}

fn store_one(
    db: &Connection,
    owners: &mut Owners<'_>,
    from: &DeviceId,
    message: &[u8],
    now: u64,
) -> Result<Outcome, HqError> {
    let refuse = |why| Ok(Outcome::Refused(why));
    if message.len() > MESSAGE_BYTES_MAX {
        return refuse(Refusal::Unreadable);
    }
    let Ok(sealed) = wire::decode::<SealedEncounter>(message) else {
        return refuse(Refusal::Unreadable);
    };
    if sealed.device != *from {
        return refuse(Refusal::OtherDevice);
    }
    let ours = entry(sealed.id, message);
    let first = first_digest(db, &sealed.id)?;
    // The same bytes from the same device: opened once already.
    if first == Some(ours.digest) {
        return Ok(Outcome::Known(ours));
    }
    let enrolments = devices::enrolments(db, from)?;
    if enrolments.is_empty() {
        return refuse(Refusal::UnknownDevice);
    }
    let Some(owner) = owners.key(&sealed.list)? else {
        return refuse(Refusal::UnknownList);
    };
    // A device enrolled anew may still have encounters of its former self: those count as a revoked device's.
    let opened = enrolments.iter().find_map(|enrolment| {
        let report = encounter::open(&sealed, owner, &enrolment.box_public).ok()?;
        Some((report, enrolment.revoked))
    });
    let Some((report, device_revoked)) = opened else {
        return refuse(Refusal::DoesNotOpen);
    };
    if let Some(digest) = first {
        db.execute("UPDATE encounters SET conflicts = conflicts + 1 WHERE id = ?", [&sealed.id[..]])?;
        return Ok(Outcome::Conflict(ReceiptEntry { id: sealed.id, digest }));
    }
    match report {
        Report::Encounter(encounter) => {
            insert_encounter(db, &encounter, &ours, message, device_revoked, now)?;
        }
        Report::Outcome(outcome) => insert_outcome(db, &outcome, &ours, message, now)?,
    }
    Ok(Outcome::Stored(ours))
}

fn insert_encounter(
    db: &Connection,
    opened: &Encounter,
    ours: &ReceiptEntry,
    message: &[u8],
    device_revoked: bool,
    now: u64,
) -> Result<(), HqError> {
    let view = EncounterView {
        id: Hex(&opened.id).to_string(),
        scan: Hex(&opened.scan).to_string(),
        device: opened.device.to_string(),
        post: opened.post.as_str().into(),
        made_at: opened.made_at,
        received_at: now,
        list: opened.list.to_string(),
        edition: opened.edition,
        alert: opened.alert.as_str().into(),
        verdict: opened.verdict,
        score: opened.score,
        document: opened.document.clone(),
        late: opened.late,
        overdue_since: None,
        answer: None,
        device_revoked,
        conflicts: 0,
        outcomes: Vec::new(),
    };
    db.execute(
        "INSERT INTO encounters(id, device, list, received_at, made_at, digest, message, encounter, device_revoked)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            &opened.id[..],
            view.device,
            view.list,
            now as i64,
            // SQLite has no unsigned numbers; a device's clock beyond the year 292 billion is shown as that.
            i64::try_from(view.made_at).unwrap_or(i64::MAX),
            &ours.digest[..],
            message,
            serde_json::to_string(&view).expect("texts and numbers are JSON"),
            device_revoked
        ],
    )?;
    Ok(())
}

fn insert_outcome(
    db: &Connection,
    opened: &EncounterOutcome,
    ours: &ReceiptEntry,
    message: &[u8],
    now: u64,
) -> Result<(), HqError> {
    let view = OutcomeView {
        at: opened.at,
        who: opened.who.as_str().into(),
        outcome: opened.outcome,
        note: opened.note.as_str().into(),
        form: opened.form.iter().map(|entry| (entry.field, entry.text.as_str().into())).collect(),
    };
    db.execute(
        "INSERT INTO outcomes(id, encounter, device, received_at, digest, message, outcome)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            &opened.id[..],
            &opened.encounter[..],
            opened.device.as_str(),
            now as i64,
            &ours.digest[..],
            message,
            serde_json::to_string(&view).expect("texts and numbers are JSON"),
        ],
    )?;
    Ok(())
}

fn entry(id: EncounterId, message: &[u8]) -> ReceiptEntry {
    let mut half = [0; 16];
    half.copy_from_slice(&digest(message)[..16]);
    ReceiptEntry { id, digest: half }
}

fn first_digest(db: &Connection, id: &EncounterId) -> Result<Option<[u8; 16]>, HqError> {
    let query =
        "SELECT digest FROM encounters WHERE id = ?1 UNION ALL SELECT digest FROM outcomes WHERE id = ?1";
    Ok(db.query_row(query, [&id[..]], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests;
