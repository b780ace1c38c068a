//! The collector's core: sealed encounters and their outcomes in, rows and receipt entries out.
//!
//! Invariants: an entry is given only for what is committed; a report is one row however often it comes; the first
//! message with an id stays, and a later one that differs is counted as a conflict and answered with the digest of the
//! *first*, so that the device does not take its own for stored. What cannot be opened is not stored: nobody has vouched for
//! it. It is refused, and its device sets it aside; why is stored, counted by device and reason, in the same transaction.

pub use crate::db::encounters::EncounterView;
pub use crate::db::outcomes::OutcomeView;

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::collector::alarms::Alarms;
use crate::collector::error::CollectorError;
use crate::db::encounters::{self, Arrival, Position};
use crate::db::{Db, DbError, Session, devices, lists, outcomes, refusals};
use std::collections::{BTreeMap, HashMap};
use vedette_common::crypto::BoxKey;
use vedette_common::encounter;
use vedette_shim::ids::{DeviceId, EncounterId, ListName};
use vedette_shim::trust::{ReceiptEntry, digest};
use vedette_shim::wire::{self, ENCOUNTER_BYTES_MAX, Report, SealedEncounter};

/// Longest message: a sealed encounter and the names in front of it.
const MESSAGE_BYTES_MAX: usize = ENCOUNTER_BYTES_MAX + 512;

/// Encounters that one page of the listing has, at most.
pub const PAGE_ROWS: usize = 500;

/// Every encounter in order of arrival, in pages of [`PAGE_ROWS`], so that years of them are shown in the memory of one page.
pub fn pages(
    home: &Home,
) -> Result<impl Iterator<Item = Result<Vec<EncounterView>, CollectorError>>, CollectorError> {
    let db = home.database()?;
    let mut after = Some(Position::START);
    Ok(std::iter::from_fn(move || match encounters::page(db.read(), &after.take()?, PAGE_ROWS) {
        Ok((page, next)) => {
            after = next;
            Some(Ok(page))
        }
        Err(error) => Some(Err(error.into())),
    }))
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
    /// The key of that list's owner cannot be read at headquarters.
    #[error("the key of its list's owner cannot be read")]
    NoOwnerKey,
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
    /// Why a list's key cannot be read, since the last [`Owners::alarm`]; `None` when it can again.
    news: BTreeMap<ListName, Option<String>>,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(home: &'a Home) -> Self {
        Owners { home, keys: HashMap::new(), news: BTreeMap::new() }
    }

    /// The key of a list that is ours; else why not.
    fn key(&mut self, db: &Session, list: &ListName) -> Result<Result<&BoxKey, Refusal>, DbError> {
        if !self.keys.contains_key(list) {
            match Key::Owner(list).opening(self.home) {
                Ok(key) => {
                    self.keys.insert(list.clone(), key);
                    self.news.insert(list.clone(), None);
                }
                Err(_) if lists::find(db, list)?.is_none() => return Ok(Err(Refusal::UnknownList)),
                Err(error) => {
                    self.news.insert(list.clone(), Some(error.to_string()));
                    return Ok(Err(Refusal::NoOwnerKey));
                }
            }
        }
        Ok(self.keys.get(list).ok_or(Refusal::NoOwnerKey))
    }

    /// Raises and ends the alarms about lists' keys.
    pub(crate) fn alarm(&mut self, alarms: &mut Alarms, now: u64) {
        for (list, why) in std::mem::take(&mut self.news) {
            let subject = format!("the owner's key of {list}");
            match why {
                Some(why) => {
                    let text =
                        format!("{why}. Encounters with {list} are not taken until its file is restored");
                    alarms.raise(&subject, text, now);
                }
                None => alarms.end(&subject),
            }
        }
    }
}

/// Stores messages, each with the device whose topic it came on, in one transaction, and says what became of each.
/// When this returns, what it gives entries for is committed. `serve` does this and then sends the receipts.
pub fn collect(home: &Home, messages: &[(DeviceId, Vec<u8>)]) -> Result<Vec<Outcome>, CollectorError> {
    store(&mut home.database()?, &mut Owners::of(home), messages, home.now())
}

pub(crate) fn store(
    db: &mut Db,
    owners: &mut Owners<'_>,
    messages: &[(DeviceId, impl AsRef<[u8]>)],
    now: u64,
) -> Result<Vec<Outcome>, CollectorError> {
    let change = db.change()?;
    let store = |(device, message): &(DeviceId, _)| {
        let outcome = store_one(&change, owners, device, AsRef::<[u8]>::as_ref(message), now)?;
        if let Outcome::Refused(why) = &outcome {
            refusals::count(&change, device, &why.to_string(), now)?;
        }
        Ok(outcome)
    };
    let stored = messages.iter().map(store).collect::<Result<Vec<_>, CollectorError>>()?;
    change.commit()?;
    Ok(stored)
}

fn store_one(
    db: &Session,
    owners: &mut Owners<'_>,
    from: &DeviceId,
    message: &[u8],
    now: u64,
) -> Result<Outcome, CollectorError> {
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
    let first = encounters::first_digest(db, &sealed.id)?;
    // The same bytes from the same device: opened once already.
    if first == Some(ours.digest) {
        return Ok(Outcome::Known(ours));
    }
    let enrolments = devices::enrolments(db, from)?;
    if enrolments.is_empty() {
        return refuse(Refusal::UnknownDevice);
    }
    let owner = match owners.key(db, &sealed.list)? {
        Ok(owner) => owner,
        Err(why) => return refuse(why),
    };
    // A device enrolled again may still have encounters of its former self: those count as a revoked device's.
    let opened = enrolments.iter().find_map(|enrolment| {
        let report = encounter::open(&sealed, owner, &enrolment.box_public).ok()?;
        Some((report, enrolment.revoked))
    });
    let Some((report, device_revoked)) = opened else {
        return refuse(Refusal::DoesNotOpen);
    };
    if let Some(digest) = first {
        encounters::count_conflict(db, &sealed.id)?;
        return Ok(Outcome::Conflict(ReceiptEntry { id: sealed.id, digest }));
    }
    match report {
        Report::Encounter(made) => {
            let arrival = Arrival { message, digest: ours.digest, device_revoked, received_at: now };
            encounters::insert(db, &made, &arrival)?;
        }
        Report::Outcome(outcome) => outcomes::insert(db, &outcome, &ours.digest, message, now)?,
    }
    Ok(Outcome::Stored(ours))
}

fn entry(id: EncounterId, message: &[u8]) -> ReceiptEntry {
    ReceiptEntry { id, digest: half_digest(message) }
}

/// The first 16 bytes of a message's SHA-256, as receipts have it.
pub(crate) fn half_digest(message: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest(message)[..16]);
    half
}

#[cfg(test)]
mod tests;
