//! A zone -> lookups in every list -> an outcome, and what is noted of it.
//!
//! What is looked up is [`DocumentQuery`]'s to say, what a list's answer is [`Basis`]'s: both are the agent's too.
//!
//! Failure: a list whose flash cannot be read is NotChecked, unless it matched before; nothing else is lost by it.

use core::fmt::{self, Write as _};
use heapless::{String, Vec};

use super::Unit;
use crate::flash::Flash;
use crate::ids::EncounterId;
use crate::installer::InstalledEdition;
use crate::list::{Kind, Scratch, Status, edition};
use crate::mrz::Mrz;
use crate::query::{DocumentQuery, How, Lookup};
use crate::scanner::{ListAsked, Note, SCANNER_LISTS_MAX};
use crate::seal::Aead;
use crate::spool::SEALED_BYTES_MAX;
use crate::spool::SpoolError;
use crate::trust::{Freshness, Verify};
use crate::verdict::{Basis, ListResult, Verdict, decide};

/// Most alerts of an outcome.
pub const ALERTS_MAX: usize = 4;

/// An alert that a document met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMet {
    /// The list's place in the setup.
    pub slot: u8,
    /// The list's edition.
    pub edition: u64,
    /// The alert's id in the list.
    pub alert: String<96>,
    /// Why the document is listed.
    pub status: Status,
    /// Hit or Possible.
    pub result: ListResult,
    /// How what met it differs from what was read: if at all, the result is Possible.
    pub how: How,
}

/// The answer to a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanOutcome {
    /// What the officer sees first.
    pub verdict: Verdict,
    /// The alerts met.
    pub alerts: Vec<AlertMet, ALERTS_MAX>,
    /// More were met than these.
    pub more: bool,
    /// The lists, in the setup's order. Without a time an age is 0 and the list counts as expired.
    pub lists: Vec<ListAsked, SCANNER_LISTS_MAX>,
    /// The number or the state may be misread.
    pub misread: bool,
}

/// One line for a log or a display: the verdict, each list with its edition, freshness and result, each alert.
impl fmt::Display for ScanOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.verdict, f)?;
        if self.misread {
            f.write_str(", misread")?;
        }
        for asked in &self.lists {
            let freshness = match asked.freshness {
                Freshness::Fresh => "fresh",
                Freshness::Stale => "stale",
                Freshness::Expired => "expired",
            };
            let result = match asked.result {
                ListResult::Clear => "clear",
                ListResult::Possible => "possible",
                ListResult::Hit => "hit",
                ListResult::NotChecked => "not checked",
            };
            write!(f, "; {} {} {} s {freshness} {result}", asked.list, asked.edition, asked.age_s)?;
        }
        for alert in &self.alerts {
            write!(f, "; {} {}{}", alert.status.word(), alert.alert, alert.how)?;
        }
        f.write_str(if self.more { "; and more" } else { "" })
    }
}

impl ScanOutcome {
    /// Adds what a list has of a lookup; returns whether it has anything.
    #[inline(never)]
    fn add(
        &mut self,
        lookup: &Lookup,
        met: &edition::Met,
        slot: u8,
        edition: &InstalledEdition,
        result: ListResult,
    ) -> bool {
        self.more |= met.more_ranges;
        let exact = met.exact.map(|details| (details.status, None));
        let ranges = met.ranges.iter().map(|range| (range.details.status, Some((range.first, range.last))));
        for (status, range) in exact.into_iter().chain(ranges) {
            let mut alert = String::new();
            // State, type and two numbers of 32 are below 96 bytes.
            let _ = match range {
                None => write!(alert, "{}", lookup.key),
                Some((first, last)) => write!(alert, "{}:{last}", lookup.key.with_number(first)),
            };
            // A range may hold several readings; what was read comes first.
            if self.alerts.iter().any(|met| met.slot == slot && met.alert == alert) {
                continue;
            }
            let how = lookup.how;
            let alert = AlertMet { slot, edition: edition.edition, alert, status, result, how };
            self.more |= self.alerts.push(alert).is_err();
        }
        !met.is_empty()
    }
}

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Checks a document. Touches nothing but the flash, which it only reads.
    #[inline(never)]
    pub fn check(&self, zone: &Mrz, uptime_s: u64, scratch: &mut Scratch) -> ScanOutcome {
        let query = DocumentQuery::new(zone);
        let mut outcome = ScanOutcome {
            verdict: Verdict::NotChecked,
            alerts: Vec::new(),
            more: false,
            lists: Vec::new(),
            misread: query.doubtful,
        };
        for slot in 0..self.setup.lists.len() as u8 {
            let asked = self.ask_list(slot, &query, uptime_s, &mut outcome, scratch);
            // As many as lists in the setup, which has the same bound.
            let _ = outcome.lists.push(asked);
        }
        outcome.verdict = decide(outcome.lists.iter().map(|asked| asked.result));
        outcome
    }

    #[inline(never)]
    fn ask_list(
        &self,
        slot: u8,
        query: &DocumentQuery<'_>,
        uptime_s: u64,
        outcome: &mut ScanOutcome,
        scratch: &mut Scratch,
    ) -> ListAsked {
        let pinned = &self.setup.lists[usize::from(slot)].issuer;
        let mut asked = ListAsked {
            list: pinned.list.clone(),
            edition: 0,
            age_s: 0,
            freshness: Freshness::Expired,
            result: ListResult::NotChecked,
        };
        let Ok(Some(edition)) = InstalledEdition::in_use(&self.flash, &self.kv, slot) else { return asked };
        asked.edition = edition.edition;
        let age = self.freshness(slot, &edition, uptime_s);
        if let Some((age_s, freshness)) = age {
            (asked.age_s, asked.freshness) = (age_s, freshness);
        }
        let mut basis = Basis {
            freshness: age.map(|(_, freshness)| freshness),
            doubtful: query.doubtful,
            complete: pinned.kind == Kind::Documents,
        };
        let (mut lookups, mut best) = (0, None);
        if basis.may_ask() && basis.complete {
            query.visit(&mut |lookup| {
                // A match counts although something else could not be read, and the other readings are asked all the same.
                let mut met = edition::Met::default();
                basis.complete &= self.ask(&mut met, slot, &edition, &lookup.key, scratch).is_ok();
                let result = basis.match_result(lookup.how == How::Read);
                if outcome.add(lookup, &met, slot, &edition, result) && best != Some(ListResult::Hit) {
                    best = Some(result);
                }
                lookups += 1;
            });
        }
        basis.complete &= lookups > 0;
        asked.result = basis.result(best);
        asked
    }

    /// Keeps a note of an alert in flash under `id`: 16 random bytes that no other note has. Once this returns, it is
    /// there until the host takes it. Without the scanner key nothing is kept.
    #[inline(never)]
    pub fn note(
        &mut self,
        zone: &Mrz,
        alert: &AlertMet,
        id: &EncounterId,
        uptime_s: u64,
    ) -> Result<(), NoteError> {
        let key = self.scanner_key.as_ref().ok_or(NoteError::NoKey)?;
        let list = self.setup.lists.get(usize::from(alert.slot)).ok_or(NoteError::NoSuchList)?;
        let note = Note {
            list: list.issuer.list.clone(),
            edition: alert.edition,
            alert: alert.alert.clone(),
            verdict: if alert.result == ListResult::Hit { Verdict::Hit } else { Verdict::Possible },
            made_at: self.time(uptime_s).unwrap_or(0),
            zone: String::try_from(zone.lines().text()).unwrap_or_default(),
        };
        let mut buffer = [0; SEALED_BYTES_MAX];
        let sealed = note.seal::<A>(id, key, &mut buffer).map_err(|_| NoteError::Large)?;
        self.spool.keep(&mut self.flash, id, sealed).map_err(|error| match error {
            SpoolError::Full => NoteError::Full,
            SpoolError::Large => NoteError::Large,
            SpoolError::Flash | SpoolError::Region => NoteError::Flash,
        })
    }
}

/// Why an encounter was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteError {
    /// The host has not given the scanner key yet.
    NoKey,
    /// The alert is of no list of this scanner's.
    NoSuchList,
    /// The spool is full of encounters that wait.
    Full,
    /// It does not fit.
    Large,
    /// The flash failed.
    Flash,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "no key to seal encounters with: connect the host",
            Self::NoSuchList => "the alert is of no list of this scanner",
            Self::Full => "no room for another encounter: connect the host",
            Self::Large => "the encounter is too large to keep",
            Self::Flash => "the flash failed",
        })
    }
}

impl core::error::Error for NoteError {}
