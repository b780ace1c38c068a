//! When to ask the broker again for what it retains: a pure machine over (what is behind, the time).
//!
//! A retained message comes once a subscription. If it was lost on the way to the store, or a list lost its keys while the
//! session stayed up, only another subscription brings it. It is asked [`FIRST_WAIT_S`] after it was seen to lack, because
//! it usually is on its way, then after twice as long each time, [`WAIT_MAX_S`] at most: a statement that headquarters does
//! not have either must not cost traffic for ever.

use std::collections::BTreeSet;
use vedette_common::mqtt::topics::Retained;

/// How long what lacks may be on its way, seconds.
const FIRST_WAIT_S: u64 = 5;
/// Longest wait between two questions, seconds.
const WAIT_MAX_S: u64 = 3600;

/// What was asked for in one session. Times are seconds of any clock that does not go back.
#[derive(Debug, Default)]
pub struct Asking {
    behind: BTreeSet<Retained>,
    due: u64,
    wait: u64,
}

impl Asking {
    /// The kinds to subscribe to again now.
    pub fn due(&mut self, now: u64, behind: &BTreeSet<Retained>) -> BTreeSet<Retained> {
        let any_new = behind.iter().any(|kind| !self.behind.contains(kind));
        self.behind.clone_from(behind);
        if any_new {
            (self.wait, self.due) = (FIRST_WAIT_S, now + FIRST_WAIT_S);
        }
        if behind.is_empty() || now < self.due {
            return BTreeSet::new();
        }
        self.wait = (self.wait * 2).min(WAIT_MAX_S);
        self.due = now + self.wait;
        behind.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kinds: &[Retained]) -> BTreeSet<Retained> {
        kinds.iter().copied().collect()
    }

    #[test]
    fn what_lacks_is_asked_for_ever_less_often_and_anything_new_at_once_again() {
        let (grants, both) = (set(&[Retained::Grants]), set(&[Retained::Order, Retained::Grants]));
        let mut asking = Asking::default();
        assert!(asking.due(0, &set(&[])).is_empty());
        let asked: Vec<u64> = (10..200).filter(|now| asking.due(*now, &grants) == grants).collect();
        assert_eq!(asked, [15, 25, 45, 85, 165]);
        assert!(asking.due(200, &both).is_empty());
        assert_eq!(asking.due(205, &both), both);
        assert!(asking.due(206, &set(&[])).is_empty(), "it came");
        assert!(asking.due(207, &grants).is_empty(), "and lacks again: perhaps on its way");
        assert_eq!(asking.due(212, &grants), grants);
        let asked = (213..100_000).filter(|now| !asking.due(*now, &grants).is_empty()).count();
        assert!((27..40).contains(&asked), "an hour apart at last: {asked}");
    }
}
