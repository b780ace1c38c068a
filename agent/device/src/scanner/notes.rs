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

use super::Site;
use crate::check;
use crate::confirmation;
use crate::journal::{self, Event, Line};
use crate::outcome::{self, Expected};
use crate::spool::{self, Kept};
use crate::state::{self, StateError};
use rusqlite::params;
use vedette_common::encounter;
use vedette_lists::Ring;
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::mrz;
use vedette_shim::scanner::{NOTE_BYTES_MAX, Note, SealedNote};
use vedette_shim::seal::ScannerKey;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, Report};
use zeroize::Zeroizing;

/// Why a note was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoteError {
    /// The spool is full.
    #[error("the spool is full")]
    Full,
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a note can become no encounter here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// It was sealed with another host's key, or with this one's before it was enrolled anew, or is damaged.
    #[error("it does not open with this host's key")]
    Seal,
    /// No list of that name is known here.
    #[error("nobody here owns the list it met")]
    NoOwner,
    /// Its zone cannot be read.
    #[error("its zone cannot be read: {0}")]
    Zone(#[from] mrz::MrzError),
}

/// What became of a note that was taken.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is an encounter on its way home.
    New,
    /// It was taken before.
    Before,
    /// It was set aside.
    Aside(Unusable),
}

/// The key that a scanner seals its notes with: this device's, made anew for each scanner from the device's own key.
pub(super) fn key_of(site: &Site, scanner: &DeviceId) -> ScannerKey {
    ScannerKey(*site.checker.box_key().derive(&[b"vedette/v1/scanner-key/", scanner.as_str().as_bytes()]))
}

/// Stores a note that `scanner` hands over; once this returns, the scanner may forget it.
pub(super) fn take(site: &Site, scanner: &DeviceId, note: &SealedNote<'_>) -> Result<Taken, NoteError> {
    if site.checker.state().last_taken(scanner)? == Some(note.id) || is_here(site, &note.id)? {
        return Ok(Taken::Before);
    }
    match ready(site, scanner, note) {
        Ok(ready) => keep(site, scanner, ready).map(|()| Taken::New),
        Err(unusable) => {
            set_aside(site, scanner, note, &unusable)?;
            Ok(Taken::Aside(unusable))
        }
    }
}

/// Whether this device knows of an encounter of that id.
fn is_here(site: &Site, id: &EncounterId) -> Result<bool, StateError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM spool WHERE id = ?1)
               OR EXISTS (SELECT 1 FROM awaits_outcome WHERE encounter = ?1)";
    site.checker
        .state()
        .read("look for an encounter", |db| db.prepare_cached(sql)?.query_row(params![id], |row| row.get(0)))
}

/// A note's encounter, sealed to the list's owner, and what is stored with it.
struct Ready {
    id: EncounterId,
    message: Vec<u8>,
    line: Line,
    expected: Expected,
    alert: String,
    /// Within how many seconds the owner must confirm it; 0: no clock.
    confirm_s: u32,
}

fn ready(site: &Site, scanner: &DeviceId, sealed: &SealedNote<'_>) -> Result<Ready, Unusable> {
    let mut plain = Zeroizing::new([0; NOTE_BYTES_MAX]);
    let note = Note::open::<Ring>(sealed, &key_of(site, scanner), &mut plain).map_err(|_| Unusable::Seal)?;
    let holdings = site.checker.holdings();
    let owner_key = holdings.root.issuer(&note.list).map_err(|_| Unusable::NoOwner)?.owner_key;
    let encounter = encounter_of(site, sealed.id, &note)?;
    let event = Event::Check {
        who: site.name.clone(),
        why: String::new(),
        verdict: vedette_common::text::verdict_word(note.verdict).into(),
        lists: vec![(note.list.to_string(), note.edition)],
        alerts: vec![format!("{}/{}", note.list, note.alert)],
    };
    let line = Line { at: encounter.made_at, event };
    let message = encounter::seal(&Report::Encounter(encounter), site.checker.box_key(), &owner_key)
        .map_err(|_| Unusable::NoOwner)?;
    let confirm_s =
        holdings.lists.iter().find(|held| held.list == note.list).map_or(0, |held| held.confirm_s);
    // The scanner has shown it: it holds documents only, and none of their alerts is discreet.
    let expected = Expected { list: note.list, owner_key, shown: true };
    Ok(Ready { id: sealed.id, message, line, expected, alert: note.alert.as_str().into(), confirm_s })
}

fn keep(site: &Site, scanner: &DeviceId, ready: Ready) -> Result<(), NoteError> {
    let Ready { id, message, line, expected, alert, confirm_s } = ready;
    let checker = &site.checker;
    let bytes_max = checker.limits().spool_bytes_max;
    let kept = checker.state().transaction("take a scanner's encounter", |t| {
        let kept = spool::keep(t, &id, &message, bytes_max, expected.shown)?;
        if kept == Kept::Yes {
            journal::append(t, &line)?;
            outcome::expect(t, &id, &expected, line.at)?;
            if confirm_s > 0 {
                let clock = confirmation::Start {
                    encounter: id,
                    list: &expected.list,
                    alert_id: &alert,
                    made_at: line.at,
                    within_s: confirm_s,
                    discreet: !expected.shown,
                };
                confirmation::start(t, &clock)?;
            }
            state::put_last_taken(t, scanner, &id)?;
        }
        Ok(kept)
    })?;
    if kept == Kept::Full {
        return Err(NoteError::Full);
    }
    checker.notify_spooled();
    Ok(())
}

/// Keeps a note that can become no encounter, as it is sealed. Handed over again, it is the scanner's last.
fn set_aside(
    site: &Site,
    scanner: &DeviceId,
    note: &SealedNote<'_>,
    unusable: &Unusable,
) -> Result<(), StateError> {
    let event = Event::NoteAside {
        who: site.name.clone(),
        scanner: scanner.to_string(),
        note: Hex(&note.id).to_string(),
        why: unusable.to_string(),
        sealed: Hex(note.sealed).to_string(),
    };
    let line = Line { at: site.checker.now(), event };
    site.checker.state().transaction("set a scanner's note aside", |t| {
        journal::append(t, &line)?;
        state::put_last_taken(t, scanner, &note.id)
    })
}

fn encounter_of(site: &Site, id: EncounterId, note: &Note) -> Result<Encounter, mrz::MrzError> {
    let zone = mrz::parse(&note.zone)?;
    Ok(Encounter {
        id,
        // A note is of one alert, and does not tell which scan it came of.
        scan: id,
        device: site.checker.device().clone(),
        post: vedette_common::text::cut(site.checker.post()),
        // It may have had no time: then this is when we heard of it.
        made_at: if note.made_at == 0 { site.checker.now() } else { note.made_at },
        list: note.list.clone(),
        edition: note.edition,
        alert: note.alert.clone(),
        verdict: note.verdict,
        score: if note.verdict == Verdict::Hit { 1000 } else { 0 },
        document: check::scanned(&zone),
        late: false,
    })
}
