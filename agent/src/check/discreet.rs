//! Discreet alerts: kept aside in memory until an entitled officer asks for them, deliberately.
//!
//! Invariants: nothing of them is in an answer, an event, a figure, a notice, the journal's check or the spool's depth as
//! shown; their encounters are sealed, spooled and sent like others. At most [`KEPT_MAX`], for [`KEPT_S`]; a restart forgets
//! them here, never the encounters.
//!
//! What is equal about time: an answer is given at the next multiple of `limits.answer_step_ms` after it was asked for, so
//! that one more seal and row do not show, unless they just pass such a multiple.

use super::answer::{Alert, Document};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use utoipa::ToSchema;

/// How long they may be asked for, seconds.
pub const KEPT_S: u64 = 3600;
/// Scans that met one, kept at once; the oldest go first.
pub const KEPT_MAX: usize = 100;
/// Longest text of a form, bytes.
pub const FORM_TEXT_BYTES_MAX: usize = 512;

/// A scan that met discreet alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiscreetScan {
    /// The scan, as its answer names it.
    pub scan_id: String,
    /// When, seconds since 1970.
    pub at: u64,
    /// What was read.
    pub document: Document,
    /// What was met, each with its encounter.
    pub alerts: Vec<Alert>,
    /// The report to be filled in, with what the device knows.
    pub form: DiscreetForm,
}

/// What an owner wants to know of a discreet check (Reg. (EU) 2018/1862 Art. 37(1)); each at most
/// [`FORM_TEXT_BYTES_MAX`] bytes, empty where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscreetForm {
    /// Where the person was located.
    pub place: String,
    /// When, RFC 3339.
    pub time: String,
    /// Why the person was checked.
    pub reason: String,
    /// The route of the journey.
    pub route: String,
    /// Its destination.
    pub destination: String,
    /// Who came along.
    pub companions: String,
    /// The identity shown, and what the person looks like.
    pub identity: String,
    /// The conveyance used.
    pub conveyance: String,
    /// Objects carried.
    pub objects: String,
    /// In what circumstances the person was located.
    pub circumstances: String,
}

impl DiscreetForm {
    /// The name of a text that is too long.
    pub fn too_long(&self) -> Option<&'static str> {
        let texts = [
            ("place", &self.place),
            ("time", &self.time),
            ("reason", &self.reason),
            ("route", &self.route),
            ("destination", &self.destination),
            ("companions", &self.companions),
            ("identity", &self.identity),
            ("conveyance", &self.conveyance),
            ("objects", &self.objects),
            ("circumstances", &self.circumstances),
        ];
        texts.into_iter().find(|(_, text)| text.len() > FORM_TEXT_BYTES_MAX).map(|(name, _)| name)
    }
}

/// The scans that met discreet alerts.
#[derive(Debug, Default)]
pub struct Discreet {
    kept: Mutex<VecDeque<DiscreetScan>>,
}

impl Discreet {
    pub(super) fn keep(&self, scan: DiscreetScan) {
        let mut kept = self.lock();
        kept.retain(|old| scan.at < old.at.saturating_add(KEPT_S));
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(scan);
    }

    /// Those of the last hour, newest first; of one scan, if `scan_id` names it.
    pub fn recent(&self, scan_id: Option<&str>, now: u64) -> Vec<DiscreetScan> {
        let mut kept = self.lock();
        kept.retain(|old| now < old.at.saturating_add(KEPT_S));
        kept.iter().rev().filter(|scan| scan_id.is_none_or(|id| scan.scan_id == id)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<DiscreetScan>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(id: usize, at: u64) -> DiscreetScan {
        let document = serde_json::json!({"format": "TD3", "valid": true, "code": "P", "issuing_state": "UTO",
            "number": "X1", "surname": "", "given_names": "", "nationality": "", "birth_date": "", "sex": "",
            "expiry_date": ""});
        let document = serde_json::from_value(document).unwrap();
        DiscreetScan { scan_id: id.to_string(), at, document, alerts: vec![], form: DiscreetForm::default() }
    }

    #[test]
    fn they_are_kept_an_hour_and_never_more_than_the_bound() {
        let discreet = Discreet::default();
        (0..KEPT_MAX + 5).for_each(|n| discreet.keep(scan(n, 100)));
        assert_eq!(discreet.recent(None, 100).len(), KEPT_MAX);
        assert_eq!(discreet.recent(None, 100)[0].scan_id, (KEPT_MAX + 4).to_string());
        assert_eq!(discreet.recent(Some("7"), 100).len(), 1);
        assert_eq!(discreet.recent(Some("1"), 100).len(), 0, "the oldest went");
        assert_eq!(discreet.recent(None, 100 + KEPT_S), []);
        assert_eq!(discreet.recent(None, 100), [], "gone, not only hidden");
    }
}
