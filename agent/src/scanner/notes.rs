//! What a scanner noted while it was alone -> an encounter on its way home.
//!
//! Invariants: a note becomes the encounter of the same id, in one transaction with its journal line and with the word
//! that it was taken. A scanner hands notes over one at a time, the oldest first, and again when our *taken* was lost, or
//! when it lost power before it could note it: then not the last one alone. So a note is known by its id, as long as
//! this device knows of its encounter.
//!
//! Failure: [`NoteError`]; the note stays with the scanner, which hands it over again.

use super::Site;
use crate::check;
use crate::encounter;
use crate::journal::{self, Event, Line};
use crate::lists::Ring;
use crate::outcome::{self, Expected};
use crate::spool::{self, Kept};
use crate::state::{self, StateError};
use rusqlite::params;
use vedette_shim::ids::{DeviceId, EncounterId};
use vedette_shim::mrz;
use vedette_shim::scanner::{NOTE_BYTES_MAX, Note, SealedNote};
use vedette_shim::seal::ScannerKey;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, Report};
use zeroize::Zeroizing;

/// Why a note was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoteError {
    /// It was sealed with another host's key, or is damaged.
    #[error("it does not open with this host's key: plug the scanner into the host it was used with")]
    Seal,
    /// No list of that name is known here.
    #[error("nobody here owns the list it met")]
    NoOwner,
    /// Its zone cannot be read.
    #[error("its zone cannot be read: {0}")]
    Zone(#[from] mrz::MrzError),
    /// The spool is full.
    #[error("the spool is full")]
    Full,
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The key that a scanner seals its notes with: this device's, made anew for each scanner from the device's own key.
pub(super) fn key_of(site: &Site, scanner: &DeviceId) -> ScannerKey {
    ScannerKey(*site.checker.box_key.derive(&[b"vedette/v1/scanner-key/", scanner.as_str().as_bytes()]))
}

/// Stores a note that `scanner` hands over. False if it was stored before.
pub(super) fn take(site: &Site, scanner: &DeviceId, note: &SealedNote<'_>) -> Result<bool, NoteError> {
    let checker = &site.checker;
    if checker.state.last_taken(scanner)? == Some(note.id) || is_here(site, &note.id)? {
        return Ok(false);
    }
    let mut plain = Zeroizing::new([0; NOTE_BYTES_MAX]);
    let id = note.id;
    let note = Note::open::<Ring>(note, &key_of(site, scanner), &mut plain).map_err(|_| NoteError::Seal)?;
    let holdings = checker.shared.load_full();
    let owner = holdings.root.issuer(&note.list).map_err(|_| NoteError::NoOwner)?;
    let encounter = encounter_of(site, id, &note)?;
    let made_at = encounter.made_at;
    let sealed = encounter::seal(&Report::Encounter(encounter), &checker.box_key, &owner.owner_key);
    let sealed = sealed.map_err(|_| NoteError::NoOwner)?;
    let event = Event::Check {
        who: site.name.clone(),
        why: String::new(),
        verdict: check::word(note.verdict).into(),
        lists: vec![(note.list.to_string(), note.edition)],
        alerts: vec![format!("{}/{}", note.list, note.alert)],
    };
    let line = Line { at: made_at, event };
    let bytes_max = checker.limits.spool_bytes_max;
    let kept = checker.state.transaction("take a scanner's encounter", |t| {
        // The scanner has shown it: it holds documents only, and none of their alerts is discreet.
        let kept = spool::keep(t, &id, &sealed, bytes_max, true)?;
        if kept == Kept::Yes {
            journal::append(t, &line)?;
            let expected = Expected { list: note.list.clone(), owner_key: owner.owner_key, shown: true };
            outcome::expect(t, &id, &expected, made_at)?;
            state::put_last_taken(t, scanner, &id)?;
        }
        Ok(kept)
    })?;
    if kept == Kept::Full {
        return Err(NoteError::Full);
    }
    checker.spooled.notify_one();
    Ok(true)
}

/// Whether this device knows of an encounter of that id.
fn is_here(site: &Site, id: &EncounterId) -> Result<bool, StateError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM spool WHERE id = ?1)
               OR EXISTS (SELECT 1 FROM awaits_outcome WHERE encounter = ?1)";
    site.checker
        .state
        .read("look for an encounter", |db| db.prepare_cached(sql)?.query_row(params![id], |row| row.get(0)))
}

fn encounter_of(site: &Site, id: EncounterId, note: &Note) -> Result<Encounter, NoteError> {
    let zone = mrz::parse(&note.zone)?;
    Ok(Encounter {
        id,
        // The scanner made one note of one scan.
        scan: id,
        device: site.checker.device.clone(),
        post: check::cut(&site.checker.post),
        // It may have had no time: then this is when we heard of it.
        made_at: if note.made_at == 0 { site.checker.clock.now() } else { note.made_at },
        list: note.list.clone(),
        edition: note.edition,
        alert: note.alert.clone(),
        verdict: note.verdict,
        score: if note.verdict == Verdict::Hit { 1000 } else { 0 },
        document: check::scanned(&zone),
        late: false,
    })
}
