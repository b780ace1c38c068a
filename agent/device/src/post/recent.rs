//! The answers of recent scans, in memory, and the open hits of the last run.
//!
//! Invariants: at most `kept_max`; the oldest go first, and those that still await an outcome last. An answer without an
//! alert is gone `kept_s` after it was given, because nothing is kept of a traveller who met nothing. An alert goes with its
//! list's keys, and an answer with its last alert. The outcomes of an answer's alerts are beside it, so that a page that is loaded again knows which
//! hits are still open.

use crate::check::outcome::OutcomeTaken;
use crate::check::{Answer, ScanId};
use crate::store::open_hits::KEPT_S;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vedette_common::roster::Role;
use vedette_shim::ids::{EncounterId, ListName};

/// An answer with an alert that has no outcome yet.
#[derive(Debug, Clone)]
pub struct OpenHit {
    /// Seconds since it was given.
    pub age_s: u64,
    pub shown: Shown,
    /// Outcomes of its other alerts.
    pub outcomes: Vec<OutcomeTaken>,
}

/// What was shown of a hit.
#[derive(Debug, Clone)]
pub enum Shown {
    /// To the role that asks.
    Answer(Box<Answer>),
    /// In the last run, to each role.
    Views { views: Views, role: Role },
}

/// What each role is shown of an answer, in the words of the local API. Each text is a JSON array in the order of roles.
#[derive(Debug, Clone)]
pub struct Views {
    /// The answer without its alerts.
    pub answer: String,
    /// Each alert.
    pub alerts: Vec<String>,
}

/// A hit of the last run.
pub(super) struct Stored {
    pub(super) at: u64,
    /// See [`Views::answer`].
    pub(super) answer: String,
    pub(super) alerts: Vec<StoredAlert>,
    pub(super) outcomes: Vec<OutcomeTaken>,
}

/// An alert of such a hit.
pub(super) struct StoredAlert {
    pub(super) encounter: Option<EncounterId>,
    pub(super) list: ListName,
    /// See [`Views::alerts`].
    pub(super) views: String,
}

impl Stored {
    fn encounters(&self) -> impl Iterator<Item = EncounterId> {
        self.alerts.iter().filter_map(|alert| alert.encounter)
    }

    fn is_open(&self) -> bool {
        is_open(self.encounters(), &self.outcomes)
    }

    fn views(&self) -> Views {
        Views {
            answer: self.answer.clone(),
            alerts: self.alerts.iter().map(|alert| alert.views.clone()).collect(),
        }
    }
}

pub(super) struct Recent {
    kept_max: usize,
    kept_s: u64,
    answers: Mutex<VecDeque<Recorded>>,
    /// Of the last run, the oldest first; as many as were stored.
    stored: Mutex<Vec<Stored>>,
}

struct Recorded {
    at: u64,
    answer: Arc<Answer>,
    /// At most one an alert: the last counts.
    outcomes: Vec<OutcomeTaken>,
}

/// Whether one of these awaits an outcome.
fn is_open(mut encounters: impl Iterator<Item = EncounterId>, outcomes: &[OutcomeTaken]) -> bool {
    encounters.any(|id| !outcomes.iter().any(|taken| taken.encounter == id))
}

fn note(outcomes: &mut Vec<OutcomeTaken>, taken: &OutcomeTaken) {
    outcomes.retain(|before| before.encounter != taken.encounter);
    outcomes.push(taken.clone());
}

impl Recorded {
    fn encounters(&self) -> impl Iterator<Item = EncounterId> {
        self.answer.alerts.iter().filter_map(|alert| alert.encounter).map(|encounter| encounter.id)
    }

    /// Whether an alert of it awaits an outcome; one whose encounter could not be kept can have none.
    fn is_open(&self) -> bool {
        is_open(self.encounters(), &self.outcomes)
    }
}

impl Recent {
    pub(super) fn new(kept_max: usize, kept_s: u64) -> Recent {
        Recent { kept_max, kept_s, answers: Mutex::default(), stored: Mutex::default() }
    }

    /// Keeps an answer given at `now`, seconds since 1970.
    pub(super) fn keep(&self, answer: Arc<Answer>, now: u64) {
        let mut answers = self.lock();
        if answers.len() >= self.kept_max {
            let done = answers.iter().position(|kept| !kept.is_open()).unwrap_or(0);
            answers.remove(done);
        }
        answers.push_back(Recorded { at: now, answer, outcomes: Vec::new() });
    }

    /// Notes what came of an alert of a kept answer; another's outcome changes nothing.
    pub(super) fn outcome(&self, taken: &OutcomeTaken) {
        for kept in self.lock().iter_mut().filter(|kept| kept.encounters().any(|id| id == taken.encounter)) {
            note(&mut kept.outcomes, taken);
        }
        let mut stored = self.stored();
        for hit in stored.iter_mut().filter(|hit| hit.encounters().any(|id| id == taken.encounter)) {
            note(&mut hit.outcomes, taken);
        }
        stored.retain(Stored::is_open);
    }

    /// Takes a hit of the last run.
    pub(super) fn restore(&self, hit: Stored) {
        self.stored().push(hit);
    }

    /// The answers with an alert that has no outcome yet, as `role` may see them; the newest first, at most `most`.
    pub(super) fn open(&self, role: Role, most: usize, now: u64) -> Vec<OpenHit> {
        let (answers, stored) = (self.lock(), self.stored());
        let open = answers.iter().rev().filter(|kept| kept.is_open()).map(|kept| OpenHit {
            age_s: now.saturating_sub(kept.at),
            shown: Shown::Answer(Box::new(kept.answer.seen_by(role))),
            outcomes: kept.outcomes.clone(),
        });
        let before = stored.iter().rev().map(|hit| OpenHit {
            age_s: now.saturating_sub(hit.at),
            shown: Shown::Views { views: hit.views(), role },
            outcomes: hit.outcomes.clone(),
        });
        open.chain(before).take(most).collect()
    }

    pub(super) fn get(&self, scan: &ScanId, now: u64) -> Option<Arc<Answer>> {
        self.forget(now);
        self.lock().iter().rev().find(|kept| kept.answer.scan_id == *scan).map(|kept| kept.answer.clone())
    }

    /// Forgets what may not be kept at `now`.
    pub(super) fn forget(&self, now: u64) {
        let kept_s = self.kept_s;
        self.stored().retain(|hit| now < hit.at.saturating_add(KEPT_S));
        self.lock().retain(|kept| !kept.answer.alerts.is_empty() || now < kept.at + kept_s);
    }

    /// Forgets the alerts of lists that are not kept, because their keys are erased: what they say must not be read here any more.
    /// An answer goes with its last alert. Whether there were any.
    pub(super) fn forget_erased(&self, is_kept: impl Fn(&ListName) -> bool) -> bool {
        let (mut answers, mut stored) = (self.lock(), self.stored());
        let mut any = false;
        stored.retain_mut(|hit| {
            let before = hit.alerts.len();
            hit.alerts.retain(|alert| is_kept(&alert.list));
            any |= hit.alerts.len() < before;
            hit.is_open()
        });
        answers.retain_mut(|kept| {
            let Some(left) = kept.answer.without(|list| !is_kept(list)) else { return true };
            any = true;
            kept.answer = Arc::new(left);
            !kept.answer.alerts.is_empty()
        });
        any
    }

    fn stored(&self) -> MutexGuard<'_, Vec<Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Recorded>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(scan: u8, alerts: u8) -> Arc<Answer> {
        let alerts = (0..alerts).map(|n| crate::check::tests::alert([scan, n])).collect();
        Arc::new(crate::check::tests::answer(scan, alerts))
    }

    #[test]
    fn who_met_nothing_is_forgotten_in_time_and_the_oldest_go_first() {
        let recent = Recent::new(3, 10);
        (1..=3).for_each(|scan| recent.keep(answer(scan, u8::from(scan == 1)), 100));
        let held = |now| (0..=4).filter(|scan| recent.get(&[*scan; 16], now).is_some()).collect::<Vec<u8>>();
        assert_eq!(held(109), [1, 2, 3]);
        recent.forget(110);
        assert_eq!(held(109), [1], "the alert's stays, what met nothing is gone, not only hidden");
        (2..=4).for_each(|scan| recent.keep(answer(scan, 1), 110));
        assert_eq!(held(110), [2, 3, 4]);
    }

    #[test]
    fn what_is_open_outlasts_what_is_not() {
        let recent = Recent::new(3, 10);
        recent.keep(answer(1, 1), 100);
        (2..200).for_each(|scan| recent.keep(answer(scan, 0), 100));
        let held = || (0..=255).filter(|scan| recent.get(&[*scan; 16], 100).is_some()).collect::<Vec<u8>>();
        assert_eq!(held(), [1, 198, 199]);
        (200..203).for_each(|scan| recent.keep(answer(scan, 1), 100));
        assert_eq!(held(), [200, 201, 202], "the bound holds all the same");
    }

    #[test]
    fn an_alert_goes_with_its_list_and_an_answer_with_its_last() {
        let recent = Recent::new(10, 10);
        let of = |scan: u8, lists: &[&str]| {
            let alert = |(n, list): (usize, &&str)| {
                let mut alert = crate::check::tests::alert([scan, n as u8]);
                alert.found.list = list.parse().unwrap();
                alert
            };
            let alerts = lists.iter().enumerate().map(alert).collect();
            recent.keep(Arc::new(crate::check::tests::answer(scan, alerts)), 100);
        };
        of(1, &["a/b", "c/d"]);
        of(2, &["a/b"]);
        let stored = |n: u8, list: &str| StoredAlert {
            encounter: Some([n; 16]),
            list: list.parse().unwrap(),
            views: list.into(),
        };
        let alerts = vec![stored(1, "a/b"), stored(2, "c/d")];
        recent.restore(Stored { at: 100, answer: String::new(), alerts, outcomes: vec![] });
        let lists = || {
            let open = recent.open(Role::Administrator, 9, 100).into_iter().map(|hit| match hit.shown {
                Shown::Answer(answer) => {
                    answer.alerts.iter().map(|alert| alert.found.list.to_string()).collect::<Vec<_>>()
                }
                Shown::Views { views, .. } => views.alerts,
            });
            open.collect::<Vec<_>>()
        };
        assert!(!recent.forget_erased(|_| true));
        assert_eq!(lists(), [vec!["a/b"], vec!["a/b", "c/d"], vec!["a/b", "c/d"]]);
        assert!(recent.forget_erased(|list| list.as_str() != "a/b"));
        assert_eq!(lists(), [["c/d"], ["c/d"]]);
        assert!(recent.get(&[2; 16], 100).is_none());
        assert!(recent.forget_erased(|_| false));
        assert!(lists().is_empty() && recent.get(&[1; 16], 100).is_none());
    }

    #[test]
    fn a_hit_is_open_until_every_alert_of_it_has_an_outcome() {
        let recent = Recent::new(10, 10);
        let taken = |made: [u8; 2]| OutcomeTaken {
            outcome_id: [0; 16],
            encounter: crate::check::tests::encounter(made),
            outcome: vedette_shim::wire::Outcome::Seized,
            who: String::new(),
            at: 0,
        };
        recent.keep(answer(1, 2), 100);
        recent.keep(answer(2, 0), 101);
        recent.keep(answer(3, 1), 102);
        let open = |most| {
            let open = recent.open(Role::Officer, most, 110);
            open.iter().map(|hit| (hit.age_s, hit.outcomes.len())).collect::<Vec<_>>()
        };
        assert_eq!(open(9), [(8, 0), (10, 0)]);
        assert_eq!(open(1), [(8, 0)], "the newest");
        recent.outcome(&taken([1, 0]));
        recent.outcome(&taken([1, 0]));
        assert_eq!(open(9), [(8, 0), (10, 1)]);
        recent.outcome(&taken([1, 1]));
        recent.outcome(&taken([9, 0]));
        assert_eq!(open(9), [(8, 0)]);
    }
}
