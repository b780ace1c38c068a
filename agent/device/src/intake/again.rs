//! What a passing error (a full disk, an I/O error) kept from being applied is tried again here; what the broker retains
//! and is not here is asked for again by the link.
//!
//! Retained messages come once a subscription. So an update that only the store refused stays here, the newest of each
//! topic, orders first, until it is applied or refused for what it is; and [`Intake::behind`] names the kinds of statements
//! that are signed, as the heartbeat says, and did not arrive.
//!
//! What waits is bounded in [`super::unapplied`]; one more is left to [`Intake::behind`].

use super::entry::ListEntry;
use super::leases::was_confirmed_too_long_ago;
use super::{Intake, IntakeError};
use crate::snapshot::{Content, Unavailable};
use crate::store::segments::SegmentStoreError;
use std::collections::BTreeSet;
use vedette_common::mqtt::topics::Retained;

impl IntakeError {
    /// Whether the same update may be applied later: the store refused it, not what it says.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            IntakeError::Db(_) | IntakeError::File(_) | IntakeError::Segments(SegmentStoreError::File(_))
        )
    }
}

impl Intake {
    /// Tries again what the store refused.
    pub(super) fn apply_again(&mut self) {
        let (updates, reconcile) = self.unapplied.take(self.clock.since_boot());
        for update in updates {
            let what = update.to_string();
            match self.apply(update) {
                Ok(_) => tracing::info!(%what, "applied now"),
                Err(error) => tracing::debug!(%what, %error, "still not applied"),
            }
        }
        if reconcile {
            self.reconcile();
        }
    }

    /// The kinds of retained statements of which a newer one is signed than is here.
    pub fn behind(&self) -> BTreeSet<Retained> {
        let mut behind = BTreeSet::new();
        let mut lacks = |kind, is_lacking: bool| {
            if is_lacking {
                behind.insert(kind);
            }
        };
        // The heartbeat that names the newest root cannot be verified without the roots up to it.
        lacks(Retained::Roots, self.may_lack_root || !self.roots_waiting.is_empty());
        if let Some(heartbeat) = &self.heartbeat {
            lacks(Retained::Roots, heartbeat.root_version > self.root.version);
            lacks(Retained::Roster, self.roster_is_behind());
            let ordered = heartbeat.device(&self.us.key);
            lacks(Retained::Order, ordered.is_some_and(|ordered| ordered.order > self.order_floor));
        }
        for (list, entry) in &self.entries {
            let is_known = self.root.issuer(list).is_ok();
            lacks(Retained::Manifests, is_known && entry.newest_known > entry.newest_stored());
            // Before a heartbeat confirms a list past its lease, its keys would only be erased again. The old edition's never are
            // confirmed once there is a newer one: that one needs them to be fetched.
            let may_open = entry.pending.is_some() || !was_confirmed_too_long_ago(entry, self.clock.now());
            lacks(Retained::Grants, is_known && may_open && lacks_key(entry));
        }
        behind
    }

    /// Whether the heartbeat names a newer roster than the one here.
    pub(super) fn roster_is_behind(&self) -> bool {
        let newest = self.heartbeat.as_ref().and_then(|heartbeat| heartbeat.roster.as_ref());
        let number = self.roster_state.roster().map_or(0, |roster| roster.number);
        newest.is_some_and(|newest| newest.number > number)
    }
}

/// Whether an edition is here, or known to be, and a key of it is not. After an order to erase that is meant to be so.
fn lacks_key(entry: &ListEntry) -> bool {
    if matches!(entry.content, Content::Nothing(Unavailable::Erased)) {
        return false;
    }
    match entry.pending.as_ref().or(entry.active.as_ref()) {
        Some(newest) => newest.manifest.segments.iter().any(|segment| !entry.keys.contains_key(&segment.key)),
        None => entry.newest_known > 0 && entry.keys.is_empty(),
    }
}
