//! Intake: what arrives (by MQTT or in a bundle) -> trust -> store -> the lists in use.
//!
//! One [`Intake`] owns all of it and runs in one thread; lookups read the [`Holdings`] it swaps. Data flows one way:
//! an [`Offer`] is checked against what is believed, stored, and only then acted on. A signed manifest becomes
//! *pending*; when its segments are here it becomes *active* and the picture is swapped.
//!
//! Invariants: nothing is stored unchecked; floors are stored before use; a refused offer changes nothing; the active
//! edition goes on serving until the next one is whole or its lease ends, and then its keys are erased.

pub mod bundle;
pub mod door;
mod filters;
mod offers;
mod plan;
mod roster;
mod segments;
#[cfg(test)]
mod tests;

pub use segments::Missing;

use crate::holdings::{Content, Doubt, Held, Holdings, Shared, Unavailable};
use crate::officers::Roll;
use crate::store::segments::{SegmentStore, SegmentStoreError};
use crate::store::{Db, DbError, editions, trust};
use arc_swap::ArcSwap;
use filters::Filters;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedette_common::clock::Clock;
use vedette_common::crypto::{BoxKey, RingVerify};
use vedette_common::files::FileError;
use vedette_lists::{Edition, ListError, ListKey};
use vedette_names::handling::Handling;
use vedette_names::person::PersonError;
use vedette_shim::ids::{DeviceId, Digest, ListName};
use vedette_shim::trust::{Floor, Freshness, Heartbeat, Manifest, Root, TrustError, freshness};

/// Niceness (`nice(2)`) of the threads that apply updates, behind those that answer officers.
const NICE: i32 = 10;
/// Roots that came out of order and wait for the ones before, at most.
const ROOTS_WAITING_MAX: usize = 64;
/// Offers that only a newer root can explain and that wait for it, at most.
const OFFERS_WAITING_MAX: usize = 64;
/// After a grant came, the heartbeat that confirms its list may take this long before the keys are erased again.
const GRANT_GRACE_S: u64 = 10;
/// How often the time is stored, seconds.
const TIME_KEPT_EVERY_S: u64 = 60;
/// A lease that is over by the system's clock, but not by signed time, must be over for so long until keys are erased.
const SYSTEM_CLOCK_GRACE: Duration = Duration::from_secs(120);

/// Signed bytes that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The root of this version.
    Root(u32, Vec<u8>),
    /// A heartbeat.
    Heartbeat(Vec<u8>),
    /// A manifest of this list.
    Manifest(ListName, Vec<u8>),
    /// A grant for this list.
    Grant(ListName, Vec<u8>),
    /// An order.
    Order(Vec<u8>),
    /// The officers.
    Roster(Vec<u8>),
}

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was news, checked and stored.
    New,
    /// It was held already, or waits for a root before it.
    Known,
}

/// Why something was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It was not believed.
    #[error("{what} refused: {source}")]
    Refused {
        /// What was offered.
        what: String,
        /// Why.
        source: TrustError,
    },
    /// A grant's seal does not open with this device's key.
    #[error("grant for {list} does not open with this device's key; enrol the device again")]
    Grant {
        /// The list.
        list: ListName,
    },
    /// A list cannot be built, merged or opened.
    #[error("list {list}: {source}")]
    List {
        /// The list.
        list: ListName,
        /// Why.
        source: ListError,
    },
    /// A person's alert that this program does not know how to read.
    #[error("list {list}: an alert cannot be read: {source}; is this program older than headquarters'?")]
    Person {
        /// The list.
        list: ListName,
        /// Why.
        source: PersonError,
    },
    /// A local merge did not give what the manifest names; the merged segment is fetched instead.
    #[error("list {list}: merging here did not give the segment the manifest names; fetching it")]
    Merge {
        /// The list.
        list: ListName,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The segments.
    #[error(transparent)]
    Segments(#[from] SegmentStoreError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing to start from.
    #[error("the root this device was enrolled with cannot be used: {0}")]
    Anchor(TrustError),
}

/// One list under our care.
struct Entry {
    floor: Option<Floor>,
    pending: Option<(Manifest, Vec<u8>)>,
    active: Option<(Manifest, Vec<u8>)>,
    confirmed_at: u64,
    newest_known: u64,
    keys: BTreeMap<u32, ListKey>,
    granted_at: u64,
    content: Content,
    merge_failed: bool,
    /// Some of the edition in use is damaged: open it anew once that was fetched.
    renew: bool,
    /// When its segments were hashed last and found to be right.
    found_right: Option<Instant>,
    /// Since when the lease has been over.
    lapsed_since: Option<Instant>,
    /// The keys are gone from memory, and from the store not yet.
    to_erase: bool,
}

impl Entry {
    fn new() -> Self {
        Entry {
            floor: None,
            pending: None,
            active: None,
            confirmed_at: 0,
            newest_known: 0,
            keys: BTreeMap::new(),
            granted_at: 0,
            content: Content::Nothing(Unavailable::NoEdition),
            merge_failed: false,
            renew: false,
            found_right: None,
            lapsed_since: None,
            to_erase: false,
        }
    }

    /// The newest edition whose manifest is here; 0 for none.
    fn newest_held(&self) -> u64 {
        let held = |manifest: &Option<(Manifest, Vec<u8>)>| manifest.as_ref().map_or(0, |(m, _)| m.edition);
        held(&self.pending).max(held(&self.active))
    }
}

/// Takes what arrives and keeps the lists in use.
pub struct Intake {
    device: DeviceId,
    box_key: Arc<BoxKey>,
    db: Arc<Db>,
    store: SegmentStore,
    clock: Arc<Clock>,
    segment_bytes_max: u64,
    root: Root,
    heartbeat: Option<Heartbeat>,
    entries: BTreeMap<ListName, Entry>,
    roll: Roll,
    roots_waiting: BTreeMap<u32, Vec<u8>>,
    offers_waiting: Vec<Offer>,
    pushed: segments::Pushed,
    /// Segments here whose bytes are not the ones their name says.
    damaged: HashSet<Digest>,
    filters: Filters,
    /// What was asked for last, and since when nothing came of it.
    asked: Option<(Missing, Instant)>,
    /// The time that was stored last.
    time_kept: u64,
    shared: Shared,
    /// Editions of documents that came into use and were not looked through yet, with what they replaced.
    news: Vec<(ListName, Option<Arc<Edition>>)>,
}

/// What an [`Intake`] is made from.
pub struct Parts {
    /// This device.
    pub device: DeviceId,
    /// Its X25519 key; grants are sealed to it.
    pub box_key: Arc<BoxKey>,
    /// Its database.
    pub db: Arc<Db>,
    /// Its segments.
    pub store: SegmentStore,
    /// Its clock.
    pub clock: Arc<Clock>,
    /// The root it was enrolled with; used until a newer one is stored.
    pub anchor: Vec<u8>,
    /// Largest segment it downloads, bytes.
    pub segment_bytes_max: u64,
    /// Memory for filters over lists of documents, bytes; 0 for none.
    pub filter_bytes_max: u64,
}

impl Intake {
    /// Takes up where the last run left off, for the one process that has the store. Whatever in the store does not
    /// verify any more is left out and said so.
    pub fn open(parts: Parts) -> Result<Intake, IntakeError> {
        let mut intake = Intake::load(parts)?;
        intake.expire()?;
        intake.settle();
        Ok(intake)
    }

    /// Only looks: at the editions in use, beside the process that has the store, of which nothing is changed.
    pub fn look(parts: Parts) -> Result<Intake, IntakeError> {
        let mut intake = Intake::load(parts)?;
        intake.open_all();
        Ok(intake)
    }

    fn load(parts: Parts) -> Result<Intake, IntakeError> {
        let stored = trust::root(&parts.db)?;
        let root = Root::pinned(stored.as_deref().unwrap_or(&parts.anchor), &RingVerify)
            .map_err(IntakeError::Anchor)?;
        let shared = Arc::new(ArcSwap::from_pointee(Holdings {
            root: root.clone(),
            heartbeat: None,
            lists: Vec::new(),
            roll: Roll::Open,
        }));
        let mut intake = Intake {
            device: parts.device,
            box_key: parts.box_key,
            db: parts.db,
            store: parts.store,
            clock: parts.clock,
            segment_bytes_max: parts.segment_bytes_max,
            root,
            heartbeat: None,
            entries: BTreeMap::new(),
            roll: Roll::Open,
            roots_waiting: BTreeMap::new(),
            offers_waiting: Vec::new(),
            pushed: segments::Pushed::default(),
            damaged: HashSet::new(),
            filters: Filters::new(parts.filter_bytes_max),
            asked: None,
            time_kept: 0,
            shared,
            news: Vec::new(),
        };
        intake.load_lists()?;
        Ok(intake)
    }

    /// The picture that lookups read.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// The lists of documents of which a new edition came into use since this was asked last, with the one before.
    pub fn news(&mut self) -> Vec<(ListName, Option<Arc<Edition>>)> {
        std::mem::take(&mut self.news)
    }

    fn load_lists(&mut self) -> Result<(), IntakeError> {
        for (list, row) in editions::all(&self.db)? {
            let read = |bytes: Option<Vec<u8>>| {
                let bytes = bytes?;
                match Manifest::verified(&bytes, &list, &self.root, &RingVerify) {
                    Ok(manifest) => Some((manifest, bytes)),
                    Err(error) => {
                        tracing::warn!(%list, %error, "a stored manifest does not verify any more");
                        None
                    }
                }
            };
            let entry = Entry {
                floor: row.floor,
                pending: read(row.pending),
                active: read(row.active),
                confirmed_at: row.confirmed_at,
                ..Entry::new()
            };
            self.entries.insert(list, entry);
        }
        for envelope in editions::grants(&self.db)? {
            if let Err(error) = self.take_grant(None, envelope, false) {
                tracing::warn!(%error, "a stored grant cannot be used any more");
            }
        }
        self.load_roll()?;
        if let Some(bytes) = trust::heartbeat(&self.db)? {
            // Only its word of the newest editions is used again; an expired one still tells that we are behind.
            let envelope =
                vedette_shim::trust::Envelope::read(&bytes, vedette_shim::trust::SignedKind::Heartbeat);
            if let Ok(heartbeat) = envelope.and_then(|e| {
                e.check(&self.root.heartbeat, &RingVerify)?;
                vedette_shim::trust::decode_body(e.kind, e.body)
            }) {
                self.note_newest(&heartbeat);
                self.heartbeat = Some(heartbeat);
            }
        }
        Ok(())
    }

    /// Takes one offer. On success the lists in use are up to date with it.
    pub fn offer(&mut self, offer: Offer) -> Result<Taken, IntakeError> {
        let waiting = match &offer {
            Offer::Root(..) | Offer::Order(_) => None,
            other => Some(other.clone()),
        };
        let taken = match offer {
            Offer::Root(version, bytes) => self.take_root(version, bytes),
            Offer::Heartbeat(bytes) => self.take_heartbeat(bytes),
            Offer::Manifest(list, bytes) => self.take_manifest(list, bytes),
            Offer::Grant(list, bytes) => self.take_grant(Some(list), bytes, true),
            Offer::Order(bytes) => self.take_order(&bytes),
            Offer::Roster(bytes) => self.take_roster(bytes),
        };
        if let (
            Err(IntakeError::Refused {
                source: TrustError::UnknownList(_) | TrustError::Signatures { .. },
                ..
            }),
            Some(offer),
        ) = (&taken, waiting)
        {
            // It may stand on a root that has not come yet.
            if self.offers_waiting.len() < OFFERS_WAITING_MAX && !self.offers_waiting.contains(&offer) {
                self.offers_waiting.push(offer);
            }
        }
        if matches!(taken, Ok(Taken::New)) {
            self.settle();
        }
        taken
    }

    /// What is to be done as time goes by: call it every second or so. Ends the use of lists past their lease (their keys
    /// are erased), looks after damaged ones, and stores the time.
    pub fn tick(&mut self) -> Result<(), IntakeError> {
        // First what must be done on a full disk too.
        self.expire()?;
        self.filters.sweep();
        self.mend();
        self.db.empty_log()?;
        let time = self.clock.signed_now();
        if time >= self.time_kept.saturating_add(TIME_KEPT_EVERY_S) {
            trust::set_clock_floor(&self.db, time)?;
            self.time_kept = time;
        }
        Ok(())
    }

    fn expire(&mut self) -> Result<(), IntakeError> {
        let (now, signed_now) = (self.clock.now(), self.clock.signed_now());
        let mut any = false;
        for (list, entry) in &mut self.entries {
            let Some((manifest, _)) = &entry.active else { continue };
            let (age, state) = freshness(entry.confirmed_at, manifest.lease_s, false, now);
            // A newer edition that is being fetched still needs the keys, and so may one that is about to be confirmed.
            let awaited = now < entry.granted_at + GRANT_GRACE_S
                || entry.pending.as_ref().is_some_and(|(m, _)| now < m.issued + u64::from(m.lease_s));
            if state != Freshness::Expired || awaited || entry.keys.is_empty() {
                entry.lapsed_since = None;
                continue;
            }
            // Answers say so at once. The keys wait a little if only the system's clock says it: it may be put right.
            let signed = freshness(entry.confirmed_at, manifest.lease_s, false, signed_now).1;
            let since = *entry.lapsed_since.get_or_insert_with(Instant::now);
            if signed != Freshness::Expired && since.elapsed() < SYSTEM_CLOCK_GRACE {
                continue;
            }
            tracing::warn!(%list, edition = manifest.edition, age_s = age, "past its lease: keys erased");
            entry.keys.clear();
            entry.content = Content::Nothing(Unavailable::PastLease);
            (entry.lapsed_since, entry.to_erase, any) = (None, true, true);
        }
        if any {
            self.swap();
        }
        for (list, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.to_erase) {
            editions::erase_keys(&self.db, list)?; // if not, at the next tick
            entry.to_erase = false;
        }
        Ok(())
    }

    /// Swaps in a new picture of the lists in use.
    fn swap(&self) {
        // A root that is kept from us may say that what we believe is forged.
        let root_behind = self.heartbeat.as_ref().is_some_and(|h| h.root_version > self.root.version);
        let doubt = match self.clock.is_lost() {
            true => Some(Doubt::TimeLost),
            false => root_behind.then_some(Doubt::RootBehind),
        };
        let held = |(list, entry): (&ListName, &Entry)| {
            let issuer = self.root.issuer(list).ok()?;
            let manifest = entry.active.as_ref().map(|(manifest, _)| manifest);
            Some(Held {
                list: list.clone(),
                kind: issuer.kind,
                owner: issuer.owner.as_str().to_string(),
                owner_key: issuer.owner_key,
                edition: manifest.map_or(0, |m| m.edition),
                manifest: entry.active.as_ref().map(|(_, bytes)| bytes.as_slice().into()),
                keys: entry.keys.clone(),
                entries: manifest.map_or(0, Manifest::entries),
                issued: manifest.map_or(0, |m| m.issued),
                lease_s: manifest.map_or(0, |m| m.lease_s),
                confirmed_at: entry.confirmed_at,
                newest_known: entry.newest_known,
                doubt,
                confirm_s: manifest.map_or(0, |m| m.confirm_s),
                handling: manifest.and_then(|m| Handling::of_list(&m.handling)),
                possible_from: manifest.map_or(1.0, |m| f32::from(m.possible_from) / 1000.0),
                hit_from: manifest.map_or(1.0, |m| f32::from(m.hit_from) / 1000.0),
                content: entry.content.clone(),
            })
        };
        let lists = self.entries.iter().filter_map(held).collect();
        let heartbeat = trust::heartbeat(&self.db).unwrap_or_else(|error| {
            tracing::error!(%error, "scanners are not told the time");
            None
        });
        let heartbeat = heartbeat.map(Into::into);
        self.shared.store(Arc::new(Holdings {
            root: self.root.clone(),
            heartbeat,
            lists,
            roll: self.roll.clone(),
        }));
    }
}

fn refused(what: impl Into<String>) -> impl FnOnce(TrustError) -> IntakeError {
    let what = what.into();
    move |source| IntakeError::Refused { what, source }
}

/// Which segments an edition's manifests name; for sweeping the store.
fn named(entries: &BTreeMap<ListName, Entry>) -> HashSet<Digest> {
    let manifests = entries.values().flat_map(|entry| [&entry.active, &entry.pending]).flatten();
    manifests.flat_map(|(m, _)| m.segments.iter().chain(&m.delta)).map(|segment| segment.digest).collect()
}
