//! Intake: what arrives (by MQTT or in a bundle) -> trust -> store -> the lists in use.
//!
//! | file | what it does |
//! |---|---|
//! | [`door`], `mailbox` | the intake's thread, and what waits for it |
//! | `update`, [`bundle`] | what arrives signed; a whole folder of it |
//! | `apply`, `roster`, `scanners` | verifies an update, stores it, puts it in effect |
//! | `segments`, `pushed`, `plan` | which segments are missing; chunks |
//! | `reconcile`, `filters` | merges, opens and indexes what is whole |
//! | `repair`, `leases` | corrupt segments; the end of a lease |
//! | `again`, `unapplied` | what a passing error kept from being applied; what is not here and was signed |
//! | `entry`, `swap` | what is known of a list; the snapshot that lookups read |
//!
//! One [`Intake`] owns all of it and runs in one thread; lookups read the [`Snapshot`] it swaps. Data flows one way: an
//! [`Update`] is verified against what is believed, stored, and only then put in effect. A manifest becomes *pending*; when
//! its segments are stored it becomes *active* and the snapshot is swapped.
//!
//! Invariants: nothing is stored unverified; floors are stored before use; a refused update changes nothing; the active
//! edition stays in use until the next one is whole or its lease ends, and then its keys are erased and its segments deleted.

mod again;
mod apply;
pub mod bundle;
pub mod door;
mod entry;
mod error;
mod filters;
mod leases;
mod mailbox;
mod plan;
mod pushed;
mod reconcile;
mod repair;
mod roster;
mod scanners;
mod segments;
mod swap;
#[cfg(test)]
mod tests;
mod unapplied;
mod update;

pub use error::IntakeError;
pub use segments::{Missing, Needs};
pub use update::{Update, UpdateOutcome};

use crate::officers::RosterState;
use crate::snapshot::{EnrolledScanners, Shared, Snapshot};
use crate::store::segments::SegmentStore;
use crate::store::{Db, editions, trust};
use arc_swap::ArcSwap;
use entry::{GrantFrom, ListEntry, VerifiedManifest};
use filters::Filters;
use pushed::Pushed;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use unapplied::Unapplied;
use vedette_common::clock::Clock;
use vedette_common::crypto::{BoxKey, RingVerify};
use vedette_lists::Edition;
use vedette_shim::ids::{DeviceId, Digest, ListName};
use vedette_shim::trust::{
    Enrolment, Envelope, Heartbeat, Manifest, Root, SignedKind, decode_body, identity, key_id,
};

/// How often the time is stored, seconds.
const TIME_STORED_EVERY_S: u64 = 60;

/// Applies what arrives and maintains the lists in use.
pub struct Intake {
    us: Enrolment,
    box_key: Arc<BoxKey>,
    db: Arc<Db>,
    store: SegmentStore,
    clock: Arc<Clock>,
    segment_bytes_max: u64,
    stale_after_s: Option<u64>,
    root: Root,
    root_identity: Digest,
    /// The number of the last order carried out.
    order_floor: u64,
    /// The lowest number of a grant that counts, of any list.
    grant_floor: u64,
    heartbeat: Option<Heartbeat>,
    entries: BTreeMap<ListName, ListEntry>,
    roster_state: RosterState,
    /// The newest enrolment of each scanner.
    scanners: Arc<EnrolledScanners>,
    roots_waiting: BTreeMap<u32, Vec<u8>>,
    updates_waiting: Vec<Update>,
    /// Something was refused that a root may make right which is not here; nobody said since that ours is the newest.
    may_lack_root: bool,
    unapplied: Unapplied,
    pushed: Pushed,
    /// Stored segments whose bytes are not the ones their name says.
    corrupt: HashSet<Digest>,
    filters: Filters,
    /// Segments that are not used any more are to be deleted.
    unswept: bool,
    /// What was requested last, and since when nothing came of it, in seconds since boot.
    requested: Option<(Missing, u64)>,
    /// The time that was stored last.
    time_stored: u64,
    shared: Shared,
    /// Lists of documents of which a new edition came into use, with the edition before, for [`Intake::take_changes`].
    changes: Vec<(ListName, Option<Arc<Edition>>)>,
}

/// What an [`Intake`] is made from.
pub struct Parts {
    /// This device.
    pub device: DeviceId,
    /// Its X25519 key; grants are sealed to it.
    pub box_key: Arc<BoxKey>,
    pub db: Arc<Db>,
    pub store: SegmentStore,
    pub clock: Arc<Clock>,
    /// The root it was enrolled with; used until a newer one is stored.
    pub anchor: Vec<u8>,
    /// Largest segment it downloads, bytes.
    pub segment_bytes_max: u64,
    /// Memory for filters over lists of documents, bytes; 0 for none.
    pub filter_bytes_max: u64,
    /// See [`crate::snapshot::SnapshotList::stale_after_s`].
    pub stale_after_s: Option<u64>,
}

impl Intake {
    /// Continues where the last run ended, for the one process that has the store. Whatever in the store does not verify
    /// any more is left out, and the log says so.
    pub fn open(parts: Parts) -> Result<Intake, IntakeError> {
        let mut intake = Intake::load(parts)?;
        intake.expire()?;
        intake.reconcile();
        Ok(intake)
    }

    /// Opens the editions in use read-only, beside the process that has the store.
    pub fn open_read_only(parts: Parts) -> Result<Intake, IntakeError> {
        let mut intake = Intake::load(parts)?;
        intake.open_all();
        Ok(intake)
    }

    fn load(parts: Parts) -> Result<Intake, IntakeError> {
        let stored = trust::root(&parts.db)?;
        let root_bytes = stored.as_deref().unwrap_or(&parts.anchor);
        let root = Root::pinned(root_bytes, &RingVerify).map_err(IntakeError::Anchor)?;
        let root_identity = identity(root_bytes, SignedKind::Root).map_err(IntakeError::Anchor)?;
        let (order_floor, grant_floor) = (trust::order_floor(&parts.db)?, trust::grant_floor(&parts.db)?);
        let shared = Arc::new(ArcSwap::from_pointee(Snapshot {
            root: root.clone(),
            heartbeat: None,
            lists: Vec::new(),
            roster_state: RosterState::Open,
            scanners: Arc::default(),
            roster_behind: false,
        }));
        let mut intake = Intake {
            us: Enrolment { device: parts.device, key: key_id(&parts.box_key.public()) },
            box_key: parts.box_key,
            db: parts.db,
            store: parts.store,
            clock: parts.clock,
            segment_bytes_max: parts.segment_bytes_max,
            stale_after_s: parts.stale_after_s,
            root,
            root_identity,
            order_floor,
            grant_floor,
            heartbeat: None,
            entries: BTreeMap::new(),
            roster_state: RosterState::Open,
            scanners: Arc::default(),
            roots_waiting: BTreeMap::new(),
            updates_waiting: Vec::new(),
            may_lack_root: false,
            unapplied: Unapplied::default(),
            pushed: Pushed::default(),
            corrupt: HashSet::new(),
            filters: Filters::new(parts.filter_bytes_max),
            unswept: false,
            requested: None,
            time_stored: 0,
            shared,
            changes: Vec::new(),
        };
        intake.load_lists()?;
        Ok(intake)
    }

    /// Whose bundles it takes, and where their segments go.
    fn outside(&self) -> (DeviceId, SegmentStore) {
        (self.us.device.clone(), self.store.clone())
    }

    /// The snapshot that lookups read.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// The lists of documents of which a new edition came into use since the last call, with the edition before.
    pub fn take_changes(&mut self) -> Vec<(ListName, Option<Arc<Edition>>)> {
        std::mem::take(&mut self.changes)
    }

    fn load_lists(&mut self) -> Result<(), IntakeError> {
        for (list, row) in editions::all(&self.db)? {
            let read = |bytes: Option<Vec<u8>>| {
                let bytes = bytes?;
                match Manifest::verified(&bytes, &list, &self.root, &RingVerify) {
                    Ok((manifest, identity)) => {
                        Some(VerifiedManifest { manifest, identity, envelope: bytes })
                    }
                    Err(error) => {
                        tracing::warn!(%list, reason = %error.reason(), %error, "a stored manifest does not verify any more");
                        None
                    }
                }
            };
            let entry = ListEntry {
                floor: row.floor,
                pending: read(row.pending),
                active: read(row.active),
                confirmed_at: row.confirmed_at,
                grant_floor: row.grant_floor,
                keys_erased: row.keys_erased,
                forked: row.forked,
                ..ListEntry::new()
            };
            self.entries.insert(list, entry);
        }
        for envelope in editions::grants(&self.db)? {
            if let Err(error) = self.apply_grant(None, &envelope, GrantFrom::Store) {
                tracing::warn!(reason = %error.reason(), %error, "a stored grant cannot be used any more");
            }
        }
        self.load_roster()?;
        self.load_scanners()?;
        if let Some(bytes) = trust::heartbeat(&self.db)? {
            // Only what it says of the newest editions is used again; an expired one still tells that we are behind.
            let verified = Envelope::read(&bytes, SignedKind::Heartbeat).and_then(|envelope| {
                envelope.check(&self.root.heartbeat, &RingVerify)?;
                decode_body(envelope.kind, envelope.body)
            });
            if let Ok(heartbeat) = verified {
                self.note_newest(&heartbeat);
                self.heartbeat = Some(heartbeat);
            }
        }
        Ok(())
    }

    /// What must be done as time passes: call it about every second. Ends the use of lists past their lease (their keys are
    /// erased), tries again what the store refused, repairs corrupt lists, and stores the time.
    pub fn tick(&mut self) -> Result<(), IntakeError> {
        // An order to erase before all else; then what must be done on a full disk too.
        self.apply_again();
        self.expire()?;
        self.filters.sweep();
        if self.unswept {
            self.sweep();
        }
        self.repair();
        self.db.empty_log()?;
        self.db.keep_reserve();
        let time = self.clock.signed_now();
        // With a fault also to see whether it has passed.
        if self.db.fault().is_some() || time >= self.time_stored.saturating_add(TIME_STORED_EVERY_S) {
            trust::set_clock_floor(&self.db, time)?;
            self.time_stored = time;
        }
        Ok(())
    }

    /// What is known of a list; made if there is nothing yet.
    fn entry(&mut self, list: &ListName) -> &mut ListEntry {
        self.entries.entry(list.clone()).or_insert_with(ListEntry::new)
    }
}
