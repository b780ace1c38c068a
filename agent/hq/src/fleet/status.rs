//! What a device says of itself -> what `devices` shows, and what contradicts it.
//!
//! Invariants: a status counts only with the signature of the device's newest enrolment; of several the one with the highest number
//! stays. What was sent before changes nothing. A number that comes twice with different contents, one that goes back, and a journal
//! that ends earlier than it did mean that the device's keys or store are there twice, or that an older copy of its store was put
//! back. Such a status is stored (it is the device's, and the newest by its time), and so is the contradiction.

use crate::db::contradictions::{self, What};
use crate::db::{DbError, Session, copies, devices, editions, messages, refusals, statements, statuses};
use vedette_common::crypto::RingVerify;
use vedette_shim::ids::{DeviceId, Digest, Hex};
use vedette_shim::trust::{self, Enrolment, SignedKind, Status, key_id};

/// Why a status is refused, where somebody else may have made it.
pub(crate) const NOT_SIGNED: &str = "a status that it has not signed";
/// Why a status is refused of a device that was enrolled again since: the broker retains its last one.
pub(crate) const FORMER: &str = "a status of a former enrolment";
/// Why a status is refused that is older than the last one.
pub(crate) const PLAYED_AGAIN: &str = "a status that was sent before";

/// Former enrolments whose signatures are tried, at most.
const FORMER_MAX: usize = 8;

/// What became of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is what is known of the device now, or told that its session ended.
    New,
    /// It is stored already.
    Known,
    /// It is not believed, for this reason.
    Refused(&'static str),
    /// There is no such device.
    UnknownDevice,
}

/// Verifies a status and stores it, on a change. One that the broker had `kept` is as old as it says, by the device's clock.
pub(crate) fn take(
    db: &Session,
    device: &DeviceId,
    message: &[u8],
    kept: bool,
    now: u64,
) -> Result<Stored, DbError> {
    let enrolments = devices::enrolments(db, device)?;
    let Some((enrolment, former)) = enrolments.split_first() else {
        return Ok(Stored::UnknownDevice);
    };
    let accept = |enrolment: &devices::Enrolment| {
        let us = Enrolment { device: device.clone(), key: key_id(&enrolment.keys.box_public) };
        Status::accept(message, &us, &enrolment.keys.signing_public, &RingVerify)
    };
    let refused = |why| {
        refusals::count(db, device, why, now)?;
        Ok(Stored::Refused(why))
    };
    let Ok(status) = accept(enrolment) else {
        let is_former = former.iter().take(FORMER_MAX).any(|former| accept(former).is_ok());
        return refused(if is_former { FORMER } else { NOT_SIGNED });
    };
    let seen = if kept { status.at.min(now) } else { now };
    let Ok(identity) = trust::identity(message, SignedKind::Status) else { return refused(NOT_SIGNED) };
    let last = statuses::last(db, device)?;
    if let Some((last, last_identity)) = &last {
        // The will of the session that the last status is of: it was written when that began.
        if status.is_will() && status.session == last.session && status.number < last.number {
            statuses::set_offline(db, device)?;
            return Ok(Stored::New);
        }
        if *last_identity == identity {
            return Ok(Stored::Known);
        }
        if status.number <= last.number && status.at <= last.at {
            if status.number == last.number {
                compare(db, &status, last, now)?;
            }
            return refused(PLAYED_AGAIN);
        }
        compare(db, &status, last, now)?;
    }
    store(db, &status, &identity, seen)?;
    if enrolment.revoked && has_erased(db, &status)? {
        copies::set_erased(db, device, &enrolment.keys.box_public, seen)?;
    }
    Ok(Stored::New)
}

/// Whether a revoked device has carried out the order to erase everything, its last one.
fn has_erased(db: &Session, status: &Status) -> Result<bool, DbError> {
    let ordered = statements::last_order_number(db, &status.device)?;
    let holds_none = status.lists.iter().all(|held| held.edition == 0);
    Ok(ordered > 0 && status.order >= ordered && holds_none && status.store_fault.is_empty())
}

/// The order that a device has not carried out by its last status, if there is one.
pub(crate) fn order_behind(db: &Session, device: &DeviceId) -> Result<Option<Vec<u8>>, DbError> {
    // Few devices have one: their statuses are not read again.
    let Some(bytes) = statements::order(db, device)? else { return Ok(None) };
    let Some((last, _)) = statuses::last(db, device)? else { return Ok(None) };
    Ok((statements::read_order(&bytes)?.number > last.order).then_some(bytes))
}

/// Stores what cannot be true of both.
fn compare(db: &Session, status: &Status, last: &Status, now: u64) -> Result<(), DbError> {
    let add = |what, text: String| contradictions::add(db, &status.device, what, &text, now);
    // A number that could not be stored comes again after a restart.
    let numbers_count = last.store_fault.is_empty();
    if numbers_count && status.number == last.number {
        add(What::OneNumber, format!("number {}", status.number))?;
    }
    if numbers_count && status.number < last.number {
        add(What::NumberBack, format!("number {} after {}", status.number, last.number))?;
    }
    let rewritten = status.journal == last.journal && status.journal_hash != last.journal_hash;
    // Zero: it could not be read.
    if status.journal != 0 && (status.journal < last.journal || rewritten) {
        add(What::Journal, format!("line {} is its last, after line {}", status.journal, last.journal))?;
    }
    Ok(())
}

fn store(db: &Session, status: &Status, identity: &Digest, seen: u64) -> Result<(), DbError> {
    let device = &status.device;
    statuses::set(db, status, identity, seen)?;
    for held in &status.lists {
        // One that this home does not know is the alarm about forks.
        let Some(ours) = editions::manifest(db, &held.list, held.edition)? else { continue };
        if trust::identity(&ours, SignedKind::Manifest).is_ok_and(|ours| ours != held.manifest) {
            let text = format!("{} edition {}", held.list, held.edition);
            contradictions::add(db, device, What::Edition, &text, seen)?;
        }
    }
    for encounter in &status.overdue {
        if messages::mark_overdue(db, encounter, device, seen)? {
            let encounter = Hex(encounter);
            tracing::warn!(%device, %encounter, "the post waits for an owner's answer; `vedette-hq answer` gives it");
        }
    }
    Ok(())
}
