//! What a scanner noted while it was alone -> an encounter on its way home.
//!
//! Invariants: a note becomes the encounter of the same id, in one transaction with its journal line and with the word
//! that it was taken. A scanner hands notes over one at a time, the oldest first, and again when our *taken* was lost, or
//! when it lost power before it could note it: then not the last one alone. So a note is known by its id, as long as
//! this device knows of its encounter.
//!
//! A note that can become no encounter here (sealed for another host, or before this device was enrolled anew; of a list
//! that nobody owns any more; of a zone that cannot be read) must not block those behind it: it is taken too, and set
//! aside in the journal as it is sealed, where an export brings it to whoever can open it.
//!
//! Failure: [`NoteError`]; the note stays with the scanner, which hands it over again.

use super::site::Site;
use crate::check::CheckError;
use crate::check::encounter::{Addressee, Met};
use crate::check::reading::scanned;
use crate::journal::{self, AuditEvent, AuditLine};
use crate::store::encounters::{self, NewEncounter};
use crate::store::spool::Spooling;
use crate::store::{DbError, scanners};
use vedette_lists::Ring;
use vedette_shim::ids::Hex;
use vedette_shim::mrz;
use vedette_shim::scanner::{NOTE_BYTES_MAX, Note, SealedNote};
use vedette_shim::seal::ScannerKey;
use vedette_shim::trust::ScannerEnrolment;
use vedette_shim::verdict::Verdict;
use zeroize::Zeroizing;

/// Why a note was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoteError {
    /// The spool is full.
    #[error("the spool is full")]
    Full,
    /// The journal keeps what room it has for officers.
    #[error(transparent)]
    Journal(#[from] CheckError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Why a note can become no encounter here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// It was sealed with another host's key, or with this one's before it was enrolled anew, or is damaged.
    #[error("it does not open with this host's key")]
    Seal,
    /// The scanner is not enrolled for the list.
    #[error("the scanner is not enrolled for the list it met")]
    NotItsList,
    /// No list of that name is known here.
    #[error("nobody here owns the list it met")]
    NoOwner,
    /// Its zone cannot be read.
    #[error("its zone cannot be read: {0}")]
    Zone(#[from] mrz::MrzError),
}

/// What became of a note that was taken.
#[derive(Debug)]
pub(super) enum NoteReceipt {
    /// It is an encounter on its way home.
    New,
    /// It was taken before.
    Before,
    /// It was set aside.
    Aside(Unusable),
}

/// The key that a scanner seals its notes with: made from the device's own key for the scanner that has this public key. Only
/// whoever has proven that key is given it.
pub(super) fn key_of(site: &Site, scanner_key: &[u8; 32]) -> ScannerKey {
    ScannerKey(*site.checker.box_key().derive(&[b"vedette/v2/scanner-key/", scanner_key]))
}

/// Stores a note that `scanner` hands over; once this returns, the scanner may forget it.
pub(super) fn take(
    site: &Site,
    scanner: &ScannerEnrolment,
    note: &SealedNote<'_>,
) -> Result<NoteReceipt, NoteError> {
    if scanners::last_accepted(site.checker.db(), &scanner.scanner)? == Some(note.id)
        || encounters::is_known(site.checker.db(), &note.id)?
    {
        return Ok(NoteReceipt::Before);
    }
    site.checker.leave_reserve()?;
    match ready(site, scanner, note) {
        Ok(ready) => keep(site, scanner, ready).map(|()| NoteReceipt::New),
        Err(unusable) => {
            set_aside(site, scanner, note, &unusable)?;
            Ok(NoteReceipt::Aside(unusable))
        }
    }
}

/// A note's encounter, sealed to the list's owner, and its journal line.
struct Ready {
    new: NewEncounter,
    line: AuditLine,
}

fn ready(site: &Site, scanner: &ScannerEnrolment, sealed: &SealedNote<'_>) -> Result<Ready, Unusable> {
    let mut plain = Zeroizing::new([0; NOTE_BYTES_MAX]);
    let key = key_of(site, &scanner.pair.scanner_key);
    let note = Note::open::<Ring>(sealed, &key, &mut plain).map_err(|_| Unusable::Seal)?;
    if !scanner.lists.contains(&note.list) {
        return Err(Unusable::NotItsList);
    }
    let snapshot = site.checker.snapshot();
    let owner_key = snapshot.root.issuer(&note.list).map_err(|_| Unusable::NoOwner)?.owner_key;
    let held = snapshot.lists.iter().find(|held| held.list == note.list);
    // The scanner has shown it: it stores documents only, and none of their alerts is discreet.
    let to = Addressee { owner_key, confirm_s: held.map_or(0, |held| held.confirm_s), shown: true };
    let zone = mrz::parse(&note.zone)?;
    let met = Met {
        id: sealed.id,
        // A note is of one alert, and does not tell which scan it came of.
        scan: sealed.id,
        // It may have had no time: then this is when we learned of it.
        made_at: if note.made_at == 0 { site.checker.now() } else { note.made_at },
        list: &note.list,
        edition: note.edition,
        alert_id: &note.alert,
        verdict: note.verdict,
        score: if note.verdict == Verdict::Hit { 1.0 } else { 0.0 },
        document: scanned(&zone),
        late: false,
    };
    let event = AuditEvent::Check {
        who: site.name.clone(),
        why: String::new(),
        typed: false,
        verdict: vedette_common::text::verdict_word(note.verdict).into(),
        lists: vec![(note.list.to_string(), note.edition)],
        alerts: vec![format!("{}/{}", note.list, note.alert)],
    };
    // When the journal was written: when the note was made is the encounter's to say.
    let line = AuditLine { at: site.checker.now(), event };
    let new = site.checker.seal_encounter(met, to).map_err(|_| Unusable::NoOwner)?;
    Ok(Ready { new, line })
}

fn keep(site: &Site, scanner: &ScannerEnrolment, Ready { new, line }: Ready) -> Result<(), NoteError> {
    let checker = &site.checker;
    checker.db().transaction("store a scanner's encounter", |t| {
        if checker.spool_encounter(t, &new, line.at)? == Spooling::Full {
            return Err(NoteError::Full);
        }
        journal::append(t, &line)?;
        Ok(scanners::set_last_accepted(t, &scanner.scanner, &new.id)?)
    })?;
    checker.notify_spooled();
    Ok(())
}

/// Keeps a note that can become no encounter, as it is sealed. Handed over again, it is the scanner's last.
fn set_aside(
    site: &Site,
    scanner: &ScannerEnrolment,
    note: &SealedNote<'_>,
    unusable: &Unusable,
) -> Result<(), DbError> {
    let event = AuditEvent::NoteAside {
        who: site.name.clone(),
        scanner: scanner.scanner.to_string(),
        note: Hex(&note.id).to_string(),
        why: unusable.to_string(),
        sealed: Hex(note.sealed).to_string(),
    };
    let line = AuditLine { at: site.checker.now(), event };
    site.checker.db().transaction("set a scanner's note aside", |t| {
        journal::append(t, &line)?;
        scanners::set_last_accepted(t, &scanner.scanner, &note.id)
    })
}
