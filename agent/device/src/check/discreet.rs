//! Discreet alerts: kept aside in memory until an entitled officer asks for them, deliberately.
//!
//! Invariants: nothing of them is in an answer, an event, a figure, a notice, the journal's check or the spool's depth as
//! shown; their encounters are sealed, spooled and sent like others. At most [`KEPT_MAX`], for [`KEPT_S`]; a restart forgets
//! them here, never the encounters.
//!
//! What is equal about time: an answer is given at the next multiple of `limits.answer_step_ms` after it was asked for, so
//! that one more seal and row do not show, unless they just pass such a multiple.

use super::alert::Alert;
use super::answer::{Document, ScanId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vedette_shim::wire::FormField;

/// How long they may be asked for, seconds.
pub const KEPT_S: u64 = 3600;
/// Scans that met one, kept at once; the oldest go first.
pub const KEPT_MAX: usize = 100;

/// A scan that met discreet alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreetScan {
    pub scan_id: ScanId,
    /// Seconds since 1970.
    pub at: u64,
    pub document: Document,
    /// What was met, each with its encounter.
    pub alerts: Vec<Alert>,
    /// The form of Reg. (EU) 2018/1862 Art. 37(1), with what the device knows; filled in, it goes with the outcome.
    pub form: BTreeMap<FormField, String>,
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
    pub fn recent(&self, scan_id: Option<&ScanId>, now: u64) -> Vec<DiscreetScan> {
        let mut kept = self.lock();
        kept.retain(|old| now < old.at.saturating_add(KEPT_S));
        kept.iter().rev().filter(|scan| scan_id.is_none_or(|id| scan.scan_id == *id)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<DiscreetScan>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_shim::mrz::Format;

    fn scan(id: usize, at: u64) -> DiscreetScan {
        let document = Document { format: Some(Format::Td3), valid: true, fields: Default::default() };
        DiscreetScan { scan_id: [id as u8; 16], at, document, alerts: vec![], form: BTreeMap::new() }
    }

    #[test]
    fn they_are_kept_an_hour_and_never_more_than_the_bound() {
        let discreet = Discreet::default();
        (0..KEPT_MAX + 5).for_each(|n| discreet.keep(scan(n, 100)));
        assert_eq!(discreet.recent(None, 100).len(), KEPT_MAX);
        assert_eq!(discreet.recent(None, 100)[0].scan_id, [KEPT_MAX as u8 + 4; 16]);
        assert_eq!(discreet.recent(Some(&[7; 16]), 100).len(), 1);
        assert_eq!(discreet.recent(Some(&[1; 16]), 100).len(), 0, "the oldest went");
        assert_eq!(discreet.recent(None, 100 + KEPT_S), []);
        assert_eq!(discreet.recent(None, 100), [], "gone, not only hidden");
    }
}
