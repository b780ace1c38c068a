//! The collector's core: sealed encounters and their outcomes in, rows and receipt entries out. It opens none of them.
//!
//! Invariants: an entry is given only for what is committed, and names its very bytes; a message is one row however often it
//! comes. Whatever else has its id, of another device or the same, stays beside it: both are stored, both are receipted, and the
//! contradiction is stored in the same transaction. What its device has not signed is not stored: nobody has vouched for it. It is
//! refused, and its device sets it aside; why is stored, counted by device and reason.

pub use crate::db::encounters::EncounterView;
pub use crate::db::given_answers::GivenAnswer;
pub use crate::db::outcomes::OutcomeView;

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::collector::error::CollectorError;
use crate::collector::opening::Opening;
use crate::db::devices::Enrolment;
use crate::db::encounters::{self, Position};
use crate::db::messages::{self, Arrival};
use crate::db::{Db, DbError, Session, contradictions, devices, lists, refusals};
use vedette_common::encounter::{self, MESSAGE_BYTES_MAX};
use vedette_shim::ids::{DeviceId, EncounterId, Hex, ListName};
use vedette_shim::trust::{ReceiptEntry, digest};
use vedette_shim::wire::SealedEncounter;

/// Encounters that one page of the listing has, at most.
pub const PAGE_ROWS: usize = 500;

/// Every encounter in order of arrival, in pages of [`PAGE_ROWS`], so that years of them are shown in the memory of one page.
/// That somebody reads them, and for what `purpose`, is recorded first; an operator must say it.
pub fn pages(
    home: &Home,
    purpose: &str,
) -> Result<impl Iterator<Item = Result<Vec<EncounterView>, CollectorError>>, CollectorError> {
    if home.actor().is_operator() && purpose.trim().is_empty() {
        return Err(CollectorError::NoPurpose);
    }
    let mut db = home.database()?;
    let change = db.change()?;
    audit::record(home, &change, Act::Encounters.of("all").because(purpose))?;
    change.commit()?;
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
    /// No such device was ever enrolled, or before devices had keys to sign with.
    #[error("no such device was enrolled")]
    UnknownDevice,
    /// Damaged, or made by somebody else than the device on whose topic it came.
    #[error("it is not signed by the device it came from")]
    NotSigned,
    /// No such list here.
    #[error("it names a list that is not headquarters'")]
    UnknownList,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now.
    Stored(ReceiptEntry),
    /// Was stored before.
    Known(ReceiptEntry),
    /// Stored now, and another message has its id.
    Conflict(ReceiptEntry),
    /// Not stored.
    Refused(Refusal),
}

/// Stores messages, each with the device whose topic it came on, and opens those whose owner's key is here; says what became of
/// each. When this returns, what it gives entries for is committed. `serve` does this and then sends the receipts.
pub fn collect(home: &Home, messages: &[(DeviceId, Vec<u8>)]) -> Result<Vec<Outcome>, CollectorError> {
    let mut db = home.database()?;
    let outcomes = store(&mut db, messages, home.now())?;
    Opening::with_keys_of(home).open_stored(&mut db)?;
    Ok(outcomes)
}

/// Stores messages in one transaction.
pub(crate) fn store(
    db: &mut Db,
    messages: &[(DeviceId, impl AsRef<[u8]>)],
    now: u64,
) -> Result<Vec<Outcome>, CollectorError> {
    let change = db.change()?;
    let ours: Vec<ListName> = lists::all(&change)?.into_iter().map(|list| list.name).collect();
    let store = |(device, message): &(DeviceId, _)| {
        let message = AsRef::<[u8]>::as_ref(message);
        let outcome = match read(&change, &ours, device, message)? {
            Ok(Read::Before(entry)) => Outcome::Known(entry),
            Ok(Read::New(new)) => store_one(&change, device, &new, message, now)?,
            Err(why) => Outcome::Refused(why),
        };
        if let Outcome::Refused(why) = &outcome {
            refusals::count(&change, device, &why.to_string(), now)?;
        }
        Ok(outcome)
    };
    let stored = messages.iter().map(store).collect::<Result<Vec<_>, CollectorError>>()?;
    change.commit()?;
    Ok(stored)
}

/// A message that its device has made.
enum Read<'a> {
    /// These very bytes are stored.
    Before(ReceiptEntry),
    New(New<'a>),
}

/// A message that is not stored yet.
struct New<'a> {
    list: &'a ListName,
    entry: ReceiptEntry,
    /// Made with a key that was revoked.
    device_revoked: bool,
    /// The devices of the messages that have its id already.
    others: Vec<DeviceId>,
}

/// Authenticates a message; else why it is refused. `ours`: the lists that headquarters carries.
fn read<'a>(
    db: &Session,
    ours: &'a [ListName],
    from: &DeviceId,
    message: &[u8],
) -> Result<Result<Read<'a>, Refusal>, DbError> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Ok(Err(Refusal::Unreadable));
    }
    let Ok(sealed) = SealedEncounter::decode(message) else {
        return Ok(Err(Refusal::Unreadable));
    };
    let entry = entry(sealed.id, message);
    let under_id = messages::under_id(db, &sealed.id)?;
    // Checked once already.
    if under_id.iter().any(|(device, digest)| device == from && *digest == entry.digest) {
        return Ok(Ok(Read::Before(entry)));
    }
    let enrolments = devices::enrolments(db, from)?;
    if enrolments.is_empty() {
        return Ok(Err(Refusal::UnknownDevice));
    }
    // A device enrolled again may still have encounters of its former self: those count as a revoked device's.
    let Some(Enrolment { keys, revoked }) =
        enrolments.into_iter().find(|enrolment| encounter::is_signed(&sealed, from, &enrolment.keys))
    else {
        return Ok(Err(Refusal::NotSigned));
    };
    let Some(list) = ours.iter().find(|list| encounter::is_of(&sealed, list, &keys)) else {
        return Ok(Err(Refusal::UnknownList));
    };
    let others = under_id.into_iter().map(|(device, _)| device).collect();
    Ok(Ok(Read::New(New { list, entry, device_revoked: revoked, others })))
}

/// Stores a message that is new.
fn store_one(
    db: &Session,
    from: &DeviceId,
    new: &New<'_>,
    message: &[u8],
    now: u64,
) -> Result<Outcome, DbError> {
    let New { list, entry, device_revoked, others } = new;
    let entry = entry.clone();
    let arrival = Arrival {
        id: entry.id,
        device: from,
        list,
        message,
        digest: entry.digest,
        device_revoked: *device_revoked,
        received_at: now,
    };
    messages::insert(db, &arrival)?;
    if others.is_empty() {
        return Ok(Outcome::Stored(entry));
    }
    let (id, what) = (Hex(&entry.id), contradictions::What::OneId);
    contradictions::add(db, from, what, &format!("{id}, which {} has too", others[0]), now)?;
    for other in others.iter().filter(|other| *other != from) {
        contradictions::add(db, other, what, &format!("{id}, which {from} has too"), now)?;
    }
    Ok(Outcome::Conflict(entry))
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
