//! The lists in use: an immutable picture that lookups read and updates replace (ArcSwap).
//!
//! Invariant: whoever holds an `Arc<Holdings>` sees one consistent set of editions for as long as it keeps it; an
//! update never waits for a lookup nor a lookup for an update.

use crate::officers::Roll;
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;
use vedette_lists::{Edition, ListKey};
use vedette_names::PersonIndex;
use vedette_names::handling::Handling;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{Freshness, Root, freshness};

/// What is swapped.
pub type Shared = Arc<ArcSwap<Holdings>>;

/// Every list this device has been granted, and the root they stand on.
pub struct Holdings {
    /// The root believed.
    pub root: Root,
    /// The newest heartbeat, as it was signed.
    pub heartbeat: Option<Arc<[u8]>>,
    /// By name.
    pub lists: Vec<Held>,
    /// Who may sign in.
    pub roll: Roll,
}

/// One list.
#[derive(Clone)]
pub struct Held {
    /// Its name.
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
    /// Alerts in it, at most.
    pub entries: u64,
    /// When it was issued, seconds since 1970.
    pub issued: u64,
    /// Its lease, seconds.
    pub lease_s: u32,
    /// When it was last confirmed to be the newest, seconds since 1970.
    pub confirmed_at: u64,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Why it cannot be known whether it is the newest: the code of a [`vedette_common::words::Phrase`].
    pub doubt: Option<&'static str>,
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
    /// Persons: the alerts, and the index over their names.
    Persons(Arc<Edition>, Arc<PersonIndex>),
    /// Nothing, and why: the code of a [`vedette_common::words::Phrase`].
    Nothing(&'static str),
}

impl Held {
    /// Age in seconds since the last confirmation, and how far the list may be relied on now.
    pub fn freshness(&self, now: u64) -> (u64, Freshness) {
        if self.edition == 0 {
            return (0, Freshness::Expired);
        }
        freshness(
            self.confirmed_at,
            self.lease_s,
            self.doubt.is_some() || self.newest_known > self.edition,
            now,
        )
    }
}
