//! The answers of recent scans, in memory only.
//!
//! Invariants: at most `kept_max`, the oldest go first; an answer without an alert is gone `kept_s` after it was given,
//! because nothing is kept of a traveller who met nothing.

use crate::check::Answer;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vedette_shim::ids::from_hex;

pub(super) struct Recent {
    kept_max: usize,
    kept_s: u64,
    answers: Mutex<VecDeque<Kept>>,
}

struct Kept {
    scan: [u8; 16],
    at: u64,
    answer: Arc<Answer>,
}

impl Recent {
    pub(super) fn new(kept_max: usize, kept_s: u64) -> Recent {
        Recent { kept_max, kept_s, answers: Mutex::default() }
    }

    /// Keeps an answer given at `now`, seconds since 1970.
    pub(super) fn keep(&self, answer: Arc<Answer>, now: u64) {
        let Some(scan) = from_hex(&answer.scan_id) else { return };
        let mut answers = self.lock();
        if answers.len() >= self.kept_max {
            answers.pop_front();
        }
        answers.push_back(Kept { scan, at: now, answer });
    }

    pub(super) fn get(&self, scan: &[u8; 16], now: u64) -> Option<Arc<Answer>> {
        self.forget(now);
        self.lock().iter().rev().find(|kept| kept.scan == *scan).map(|kept| kept.answer.clone())
    }

    /// Forgets what may not be kept at `now`.
    pub(super) fn forget(&self, now: u64) {
        let kept_s = self.kept_s;
        self.lock().retain(|kept| !kept.answer.alerts.is_empty() || now < kept.at + kept_s);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(scan: u8, alerts: usize) -> Arc<Answer> {
        let alert = serde_json::json!({
            "list": "a/b", "alert_id": "1", "kind": "document", "result": "hit", "status": "stolen",
            "action": "seize_document", "score": 1.0, "reasons": [], "owner": "A", "details": null
        });
        let answer = serde_json::json!({
            "scan_id": vedette_shim::ids::Hex(&[scan; 16]).to_string(), "verdict": "clear", "checked": [],
            "alerts": vec![alert; alerts], "notices": [], "elapsed_us": 1,
            "document": {
                "format": "TD3", "valid": true, "code": "P", "issuing_state": "UTO", "number": "X1",
                "surname": "", "given_names": "", "nationality": "", "birth_date": "", "sex": "",
                "expiry_date": ""
            }
        });
        Arc::new(serde_json::from_value(answer).unwrap())
    }

    #[test]
    fn who_met_nothing_is_forgotten_in_time_and_the_oldest_go_first() {
        let recent = Recent::new(3, 10);
        (1..=3).for_each(|scan| recent.keep(answer(scan, usize::from(scan == 1)), 100));
        let held = |now| (0..=4).filter(|scan| recent.get(&[*scan; 16], now).is_some()).collect::<Vec<u8>>();
        assert_eq!(held(109), [1, 2, 3]);
        recent.forget(110);
        assert_eq!(held(109), [1], "the alert's stays, what met nothing is gone, not only hidden");
        (2..=4).for_each(|scan| recent.keep(answer(scan, 1), 110));
        assert_eq!(held(110), [2, 3, 4]);
    }
}
