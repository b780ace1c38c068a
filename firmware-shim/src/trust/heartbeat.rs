//! The heartbeat: short-lived word of the newest edition of each list (TUF's timestamp role), and what it says
//! about how old our edition is.
//!
//! Invariants of an accepted heartbeat: signed by its role, not older than the last accepted, not expired.
//! Its time is a floor for the clock: a device whose clock is behind moves it up to `issued`.

use super::{Envelope, LISTS_MAX, Manifest, Role, Root, SignedKind, TrustError, Verify, decode_body};
use crate::ids::{Digest, ListName};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// The newest edition of one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListState {
    /// The list.
    pub list: ListName,
    /// Its newest edition.
    pub edition: u64,
    /// SHA-256 of that manifest's signed bytes.
    #[serde(deserialize_with = "crate::wire::array")]
    pub manifest: Digest,
}

/// The newest editions at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Seconds since 1970.
    pub issued: u64,
    /// Seconds since 1970.
    pub expires: u64,
    /// The newest root.
    pub root_version: u32,
    /// Every list.
    pub lists: Vec<ListState, LISTS_MAX>,
}

impl Heartbeat {
    /// Reads and checks a heartbeat. `floor` is `issued` of the last one accepted, 0 before the first.
    pub fn accept(
        bytes: &[u8],
        root: &Root,
        floor: u64,
        now: u64,
        verify: &impl Verify,
    ) -> Result<Heartbeat, TrustError> {
        let kind = SignedKind::Heartbeat;
        let envelope = Envelope::read(bytes, kind)?;
        envelope.check(&root.heartbeat, verify)?;
        let heartbeat: Heartbeat = decode_body(kind, envelope.body)?;
        // The root must be current at the heartbeat's time at least: a frozen clock must not keep an old root alive.
        root.check_current(now.max(heartbeat.issued))?;
        if heartbeat.issued >= heartbeat.expires {
            return Err(TrustError::Rule(kind, "it must expire after it was issued"));
        }
        if heartbeat.issued < floor {
            return Err(TrustError::Rollback { kind, offered: heartbeat.issued, floor });
        }
        if now >= heartbeat.expires {
            return Err(TrustError::Expired { kind, at: heartbeat.expires });
        }
        Ok(heartbeat)
    }

    /// Reads a heartbeat as a scanner does: the pinned role and the floor. Expiry is its host's to check: the scanner has
    /// no clock but this one. Shows `visit` every list of it, one at a time, for all of them take 3 KiB; returns when it
    /// was issued.
    pub fn accept_pinned(
        bytes: &[u8],
        role: &Role,
        floor: u64,
        verify: &impl Verify,
        mut visit: impl FnMut(&ListState),
    ) -> Result<u64, TrustError> {
        let kind = SignedKind::Heartbeat;
        let body = Envelope::checked_body(bytes, kind, role, verify)?;
        let bad = |_| TrustError::Malformed(kind);
        type Head = (u64, u64, u32, u32);
        let ((issued, _expires, _root, count), rest) =
            postcard::take_from_bytes::<Head>(body).map_err(bad)?;
        if issued < floor {
            return Err(TrustError::Rollback { kind, offered: issued, floor });
        }
        if count as usize > LISTS_MAX {
            return Err(TrustError::Malformed(kind));
        }
        // Twice: nothing is shown of a heartbeat that cannot be read to its end.
        for show in [false, true] {
            let mut rest = rest;
            for _ in 0..count {
                let (state, after) = postcard::take_from_bytes::<ListState>(rest).map_err(bad)?;
                rest = after;
                if show {
                    visit(&state);
                }
            }
            if !rest.is_empty() {
                return Err(TrustError::Malformed(kind));
            }
        }
        Ok(issued)
    }

    /// What it says of a list.
    pub fn list(&self, list: &ListName) -> Option<&ListState> {
        self.lists.iter().find(|state| state.list == *list)
    }

    /// A manifest offered beside this heartbeat must be the one it names, or a newer edition (published since).
    pub fn check_manifest(&self, manifest: &Manifest, manifest_digest: &Digest) -> Result<(), TrustError> {
        match self.list(&manifest.list) {
            Some(state) if state.edition == manifest.edition && state.manifest != *manifest_digest => {
                Err(TrustError::NotAsAnnounced { list: manifest.list.clone(), edition: manifest.edition })
            }
            _ => Ok(()),
        }
    }
}

/// How far a list may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Confirmed lately, and nothing newer is known.
    Fresh,
    /// Past half its lease, or a newer edition is known to exist: usable, and said so.
    Stale,
    /// Past its lease: not usable; its answer is NotChecked.
    Expired,
}

/// Age in seconds and freshness of an edition last confirmed (issued, or named newest by a heartbeat) at
/// `confirmed_at`. A time in the future counts as age 0.
pub fn freshness(confirmed_at: u64, lease_s: u32, newer_is_known: bool, now: u64) -> (u64, Freshness) {
    let age = now.saturating_sub(confirmed_at);
    let lease = u64::from(lease_s);
    let freshness = if age >= lease {
        Freshness::Expired
    } else if newer_is_known || age >= lease / 2 {
        Freshness::Stale
    } else {
        Freshness::Fresh
    };
    (age, freshness)
}
