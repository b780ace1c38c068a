//! What the intake knows of one list.

use crate::snapshot::{Content, Unavailable};
use std::collections::{BTreeMap, HashSet};
use vedette_lists::ListKey;
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::trust::{Floor, Heartbeat, Manifest};

/// A manifest that was verified, and its bytes as signed.
#[derive(Clone)]
pub(super) struct VerifiedManifest {
    pub(super) manifest: Manifest,
    pub(super) identity: Digest,
    pub(super) envelope: Vec<u8>,
}

/// Where a grant comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GrantFrom {
    /// It has just arrived: it is stored.
    Outside,
    /// The store, at a start.
    Store,
}

/// One list. Times since boot are in seconds of a clock that nobody sets; others in seconds since 1970.
pub(super) struct ListEntry {
    /// Nothing older is accepted.
    pub(super) floor: Option<Floor>,
    /// The newest accepted manifest, while segments of it are missing.
    pub(super) pending: Option<VerifiedManifest>,
    /// The manifest in use.
    pub(super) active: Option<VerifiedManifest>,
    pub(super) confirmed_at: u64,
    pub(super) newest_known: u64,
    pub(super) keys: BTreeMap<u32, ListKey>,
    pub(super) granted_at: u64,
    /// The lowest number of a grant that counts: the last one's, or above those that an order voids.
    pub(super) grant_floor: u64,
    /// When the grant ends, seconds since 1970.
    pub(super) grant_expires: u64,
    /// The highest edition that was rightly signed with two contents.
    pub(super) forked: Option<u64>,
    pub(super) content: Content,
    /// The local merge gave other bytes than the manifest names: the merged segment is fetched.
    pub(super) merge_failed: bool,
    /// Part of the edition in use is corrupt: it is opened again once that was fetched.
    pub(super) reopen: bool,
    /// When its segments were last hashed and found intact, since boot.
    pub(super) verified_at: Option<u64>,
    /// Since when the lease has been over, since boot.
    pub(super) lapsed_at: Option<u64>,
    /// The keys are deleted from memory, and from the store not yet.
    pub(super) to_erase: bool,
    /// They were erased, by order or with the lease, and none have come since.
    pub(super) keys_erased: bool,
}

impl ListEntry {
    pub(super) fn new() -> Self {
        ListEntry {
            floor: None,
            pending: None,
            active: None,
            confirmed_at: 0,
            newest_known: 0,
            keys: BTreeMap::new(),
            granted_at: 0,
            grant_floor: 0,
            grant_expires: 0,
            forked: None,
            content: Content::Nothing(Unavailable::NoEdition),
            merge_failed: false,
            reopen: false,
            verified_at: None,
            lapsed_at: None,
            to_erase: false,
            keys_erased: false,
        }
    }

    /// Whether two contents of the edition in use were rightly signed: neither is believed, until a higher edition comes.
    pub(super) fn is_forked(&self) -> bool {
        let edition = self.active.as_ref().map_or(0, |active| active.manifest.edition);
        self.forked.is_some_and(|forked| forked >= edition)
    }

    /// The newest edition whose manifest is stored; 0 for none.
    pub(super) fn newest_stored(&self) -> u64 {
        self.pending.iter().chain(&self.active).map(|known| known.manifest.edition).max().unwrap_or(0)
    }
}

impl VerifiedManifest {
    /// Whether this very manifest is the newest of its list, as the heartbeat says.
    pub(super) fn is_confirmed_by(&self, heartbeat: &Heartbeat) -> bool {
        heartbeat
            .list(&self.manifest.list)
            .is_some_and(|state| state.edition == self.manifest.edition && state.manifest == self.identity)
    }
}

/// The segments that the manifests of lists with keys name; all others are deleted.
pub(super) fn named(entries: &BTreeMap<ListName, ListEntry>) -> HashSet<Digest> {
    let granted = entries.values().filter(|entry| !entry.keys.is_empty());
    let manifests = granted.flat_map(|entry| [&entry.active, &entry.pending]).flatten();
    let segments = manifests.flat_map(|known| known.manifest.segments.iter().chain(&known.manifest.delta));
    segments.map(|segment| segment.digest).collect()
}
