//! The end of a lease: the list is not checked any more, its keys are erased, then its segments: a key that comes again by an
//! old grant must find nothing to open. Cut off in between, the next start deletes them.
//!
//! By signed time, at once. If only the system's clock says that the lease is over, answers say so at once as well, but the
//! keys are erased only after [`SYSTEM_CLOCK_GRACE_S`]: a clock that is ahead may be put right, and erased keys need
//! headquarters to come back.

use super::entry::ListEntry;
use super::{Intake, IntakeError};
use crate::snapshot::{Content, Unavailable};
use crate::store::editions;
use vedette_shim::trust::{Freshness, Heartbeat, freshness};

/// How long the heartbeat that confirms a list may take after its grant, before the keys are erased again, seconds.
pub(super) const GRANT_GRACE_S: u64 = 10;
/// How long a lease must be over by the system's clock, if not by signed time, until the keys are erased, seconds.
pub(super) const SYSTEM_CLOCK_GRACE_S: u64 = 120;

/// What is to be done about a list's lease.
enum Lease {
    Runs,
    /// It is over by the system's clock alone.
    Lapsed,
    Over,
}

impl Intake {
    pub(super) fn expire(&mut self) -> Result<(), IntakeError> {
        let (now, signed_now, since_boot) =
            (self.clock.now(), self.clock.signed_now(), self.clock.since_boot());
        let mut any = false;
        for (list, entry) in &mut self.entries {
            match lease(entry, self.heartbeat.as_ref(), now, signed_now) {
                Lease::Runs => {
                    entry.lapsed_at = None;
                    continue;
                }
                Lease::Lapsed => {
                    let lapsed_at = *entry.lapsed_at.get_or_insert(since_boot);
                    if since_boot < lapsed_at + SYSTEM_CLOCK_GRACE_S {
                        continue;
                    }
                }
                Lease::Over => {}
            }
            let grant_ended = now >= entry.grant_expires;
            let age_s = now.saturating_sub(entry.confirmed_at);
            let edition = entry.active.as_ref().map_or(0, |active| active.manifest.edition);
            tracing::warn!(%list, edition, age_s, grant_ended, "past its lease, or its grant has ended: keys erased");
            entry.keys.clear();
            entry.content = Content::Nothing(Unavailable::PastLease);
            (entry.lapsed_at, entry.to_erase, entry.keys_erased, any) = (None, true, true, true);
        }
        if any {
            self.swap();
        }
        for (list, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.to_erase) {
            editions::erase_keys(&self.db, list)?; // if not, at the next tick
            (entry.to_erase, self.unswept) = (false, true);
        }
        Ok(())
    }
}

/// Whether a whole lease has passed since a heartbeat named the edition in use.
pub(super) fn was_confirmed_too_long_ago(entry: &ListEntry, at: u64) -> bool {
    entry.active.as_ref().is_some_and(|active| !is_within(entry.confirmed_at, active.manifest.lease_s, at))
}

fn lease(entry: &ListEntry, heartbeat: Option<&Heartbeat>, now: u64, signed_now: u64) -> Lease {
    if entry.keys.is_empty() {
        return Lease::Runs;
    }
    // A newer edition that is being fetched needs the keys as long as if it were in use. Who withholds heartbeats cannot
    // make it last by letting manifests through.
    let fetched = |at| {
        let confirmed = entry.pending.as_ref().zip(heartbeat).filter(|(p, h)| p.is_confirmed_by(h));
        confirmed.is_some_and(|(p, h)| is_within(h.issued, p.manifest.lease_s, at))
    };
    let is_over = |at| at >= entry.grant_expires || (was_confirmed_too_long_ago(entry, at) && !fetched(at));
    if !is_over(now) || now < entry.granted_at + GRANT_GRACE_S {
        return Lease::Runs;
    }
    if is_over(signed_now) { Lease::Over } else { Lease::Lapsed }
}

fn is_within(confirmed_at: u64, lease_s: u32, at: u64) -> bool {
    freshness(confirmed_at, lease_s, false, at).1 != Freshness::Expired
}
