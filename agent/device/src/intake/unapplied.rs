//! Updates that a passing error of the store kept from being applied: what waits, and when it is tried again. Pure.
//!
//! The newest of each topic waits. Bounds: [`UNAPPLIED_MAX`] updates, a try every [`AGAIN_EVERY_S`].

use super::Update;

/// Updates that wait for the store, at most.
const UNAPPLIED_MAX: usize = 64;
/// How often they are tried again, seconds.
const AGAIN_EVERY_S: u64 = 5;

/// Updates that a passing error kept from being applied.
#[derive(Default)]
pub(super) struct Unapplied {
    updates: Vec<Update>,
    /// A list could not be brought up to date.
    reconcile: bool,
    /// When they are tried again, since boot, seconds.
    due: u64,
}

impl Unapplied {
    /// Adds an update, in place of an older one of its topic.
    pub(super) fn add(&mut self, update: Update, now: u64) {
        self.updates.retain(|before| !update.same_topic(before));
        if self.updates.len() < UNAPPLIED_MAX {
            self.updates.push(update);
            self.due = now + AGAIN_EVERY_S;
        }
    }

    /// A newer update of this topic counts.
    pub(super) fn forget(&mut self, update: &Update) {
        self.updates.retain(|before| !update.same_topic(before));
    }

    /// The lists are to be brought up to date again.
    pub(super) fn reconcile(&mut self, now: u64) {
        (self.reconcile, self.due) = (true, now + AGAIN_EVERY_S);
    }

    /// What is due: the updates, orders first, and whether to bring the lists up to date.
    pub(super) fn take(&mut self, now: u64) -> (Vec<Update>, bool) {
        if now < self.due {
            return (Vec::new(), false);
        }
        let mut updates = std::mem::take(&mut self.updates);
        updates.sort_by_key(|update| !matches!(update, Update::Order(_)));
        (updates, std::mem::take(&mut self.reconcile))
    }
}
