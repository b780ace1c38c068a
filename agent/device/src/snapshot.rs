//! The lists in use: an immutable picture that lookups read and updates replace (ArcSwap).
//!
//! Invariant: whoever holds an `Arc<Snapshot>` sees one consistent set of editions for as long as it keeps it; an
//! update never waits for a lookup nor a lookup for an update.

use crate::identifiers::Identifiers;
use crate::officers::RosterState;
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;
use vedette_common::words::Phrase;
use vedette_lists::{Edition, ListKey};
use vedette_names::PersonIndex;
use vedette_names::handling::Handling;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Freshness, Root, ScannerEnrolment, freshness};

/// What is swapped.
pub type Shared = Arc<ArcSwap<Snapshot>>;

/// Every list this device has been granted, and the root they stand on.
pub struct Snapshot {
    /// The root believed.
    pub root: Root,
    /// The newest heartbeat, as it was signed.
    pub heartbeat: Option<Arc<[u8]>>,
    /// By name.
    pub lists: Vec<SnapshotList>,
    /// Who may sign in.
    pub roster_state: RosterState,
    /// A newer roster than this one is signed, and not here.
    pub roster_behind: bool,
    /// The newest enrolment of each scanner that ever hung here, by its name.
    pub scanners: Arc<EnrolledScanners>,
}

/// Enrolments by the scanners' names.
pub type EnrolledScanners = BTreeMap<DeviceId, EnrolledScanner>;

/// A scanner's enrolment, and as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledScanner {
    pub enrolment: ScannerEnrolment,
    pub envelope: Arc<[u8]>,
    /// What brings its roles up to date, as the root signed it, in the order in which it takes them.
    pub pins: Arc<[Vec<u8>]>,
}

/// One list.
#[derive(Clone)]
pub struct SnapshotList {
    pub list: ListName,
    /// Documents or persons.
    pub kind: Kind,
    /// Its owner, as the officer sees it.
    pub owner: String,
    /// Encounters are sealed to this X25519 key.
    pub owner_key: [u8; 32],
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// Its manifest, as it was signed.
    pub manifest: Option<Arc<[u8]>>,
    /// The list's keys, by number.
    pub keys: BTreeMap<u32, ListKey>,
    /// They were erased, by order or with the lease: nothing that the list said of anybody may be shown any more.
    pub keys_erased: bool,
    /// Alerts in it, at most.
    pub entries: u64,
    /// When it was issued, seconds since 1970.
    pub issued: u64,
    /// Its lease, seconds.
    pub lease_s: u32,
    /// When it was last confirmed to be the newest, seconds since 1970.
    pub confirmed_at: u64,
    /// So long after that heartbeats were missed, and the list is stale, seconds; none for a device without a link.
    pub stale_after_s: Option<u64>,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Why it cannot be determined whether it is the newest.
    pub doubt: Option<Doubt>,
    /// Persons: from which score a match is Possible, and from which a Hit; 0 to 1.
    pub possible_from: f32,
    /// See `possible_from`.
    pub hit_from: f32,
    /// Within how many seconds the owner must confirm an alert met; 0 if it needs no confirmation.
    pub confirm_s: u32,
    /// The handling code of alerts that have none of their own.
    pub handling: Option<Handling>,
    /// What can be looked up.
    pub content: Content,
}

/// What can be looked up in a list.
#[derive(Clone)]
pub enum Content {
    /// Documents.
    Documents(Arc<Edition>),
    Persons(Arc<Persons>),
    /// Nothing, and why.
    Nothing(Unavailable),
}

/// A list of persons.
pub struct Persons {
    pub edition: Edition,
    /// Over their names.
    pub index: PersonIndex,
    /// What else they name.
    pub identifiers: Identifiers,
}

/// Why a list cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// No edition has come yet.
    NoEdition,
    /// An edition is here, and not the key that opens it.
    NoKey,
    /// It is past its lease, and its keys are erased.
    PastLease,
    /// Headquarters ordered to erase it.
    Erased,
    /// Two contents of the edition in use, or of the root, were rightly signed.
    Forked,
    /// Headquarters has ordered something that has not arrived.
    OrderWithheld,
    /// The clock has not been confirmed since the device was off, so nobody knows how old the list is.
    TimeLost,
}

impl Unavailable {
    /// For the officer.
    pub fn phrase(self) -> Phrase {
        Phrase::new(match self {
            Unavailable::NoEdition => "why.no_edition",
            Unavailable::NoKey => "why.no_key",
            Unavailable::PastLease => "why.lease",
            Unavailable::Erased => "why.erased",
            Unavailable::Forked => "why.forked",
            Unavailable::OrderWithheld => "why.order_withheld",
            Unavailable::TimeLost => "why.time_lost",
        })
    }
}

/// Why it cannot be determined whether an edition is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A heartbeat names a newer root, which has not arrived and may disown the list.
    RootBehind,
}

impl Doubt {
    /// For the officer.
    pub fn phrase(self) -> Phrase {
        Phrase::new(match self {
            Doubt::RootBehind => "why.root_behind",
        })
    }
}

impl SnapshotList {
    /// Age in seconds since the last confirmation, and how far the list may be relied on now; not at all if it cannot be asked.
    pub fn freshness(&self, now: u64) -> (u64, Freshness) {
        if self.edition == 0 {
            return (0, Freshness::Expired);
        }
        let missed = self.stale_after_s.is_some_and(|after| now.saturating_sub(self.confirmed_at) >= after);
        let behind = missed || self.doubt.is_some() || self.newest_known > self.edition;
        let (age, freshness) = freshness(self.confirmed_at, self.lease_s, behind, now);
        match self.content {
            Content::Nothing(_) => (age, Freshness::Expired),
            _ => (age, freshness),
        }
    }
}
