//! What comes from devices: encounters become rows and receipts, statuses become what `devices` shows.
//!
//! Invariant: a receipt is made only for what is committed. Failure: what cannot be stored is dropped with an alarm; devices
//! send encounters again until they have a receipt, and statuses are stored with the next batch. Bounds: [`BATCH_MAX`]
//! messages of each kind wait to be stored, [`RECEIPTS_WAITING_MAX`] receipts wait to be sent.

use crate::authority::home::Home;
use crate::collector::alarms::Alarms;
use crate::collector::encounters::{Outcome, half_digest, store};
use crate::collector::error::CollectorError;
use crate::collector::opening::Opening;
use crate::collector::suspicions::Suspicions;
use crate::collector::watch::Watch;
use crate::db::Db;
use crate::fleet::status::{self, Stored};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use tracing::warn;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_shim::ids::{DeviceId, Hex};
use vedette_shim::trust::{RECEIPT_ENTRIES_MAX, Receipt};

/// Messages stored in one transaction, at most.
const BATCH_MAX: usize = RECEIPT_ENTRIES_MAX;
/// Receipts waiting to be sent; further ones are dropped, and made again when their encounters come again.
const RECEIPTS_WAITING_MAX: usize = 1024;

/// What came and is not stored yet, and the receipts for what is.
pub(crate) struct Homecoming<'a> {
    opening: Opening<'a>,
    encounters: Vec<(DeviceId, Bytes)>,
    /// Each with whether the broker had kept it.
    statuses: Vec<(DeviceId, Bytes, bool)>,
    receipts: VecDeque<Publish>,
    /// Orders that their devices have not carried out by their last status: each was lost on its way, or has just been sent.
    orders: BTreeMap<DeviceId, Publish>,
    suspicions: Suspicions,
    counts: Counts,
}

/// What became of messages so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) stored: u64,
    pub(crate) known: u64,
    pub(crate) conflicts: u64,
    pub(crate) refused: u64,
}

impl<'a> Homecoming<'a> {
    pub(crate) fn to(home: &'a Home) -> Homecoming<'a> {
        Homecoming {
            opening: Opening::with_keys_of(home),
            encounters: Vec::new(),
            statuses: Vec::new(),
            receipts: VecDeque::new(),
            orders: BTreeMap::new(),
            suspicions: Suspicions::default(),
            counts: Counts::default(),
        }
    }

    /// Takes an encounter in; true when as many wait as are stored at once.
    pub(crate) fn encounter(&mut self, device: DeviceId, message: Bytes) -> bool {
        self.encounters.push((device, message));
        self.encounters.len() >= BATCH_MAX
    }

    /// Takes a status in, which the broker may have `kept`; true when as many wait as are stored at once.
    pub(crate) fn status(&mut self, device: DeviceId, message: Bytes, kept: bool) -> bool {
        self.statuses.push((device, message, kept));
        self.statuses.len() >= BATCH_MAX
    }

    /// The next receipt to be sent.
    pub(crate) fn next_receipt(&mut self) -> Option<Publish> {
        self.receipts.pop_front()
    }

    /// The next order that is sent again.
    pub(crate) fn next_order(&mut self) -> Option<Publish> {
        self.orders.pop_first().map(|(_, order)| order)
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Commits what came, then makes the receipts.
    pub(crate) fn store(&mut self, db: &mut Db, watch: &Watch<'_>, alarms: &mut Alarms) {
        let now = watch.time();
        if !self.statuses.is_empty() {
            // What cannot be stored is dropped: a status comes again, and the next says more.
            let came = std::mem::take(&mut self.statuses);
            let stored = store_statuses(db, &came, now);
            let behind = alarms.watch("statuses", stored, now).unwrap_or_default();
            self.orders.extend(behind);
        }
        // Asked several times a second, it reads the database only when there may be something.
        let is_to_open = !self.encounters.is_empty() || self.opening.is_due();
        self.store_encounters(db, watch, alarms, now);
        if is_to_open {
            self.open(db, alarms, now);
        }
        self.suspicions.look(db, alarms, now);
    }

    fn store_encounters(&mut self, db: &mut Db, watch: &Watch<'_>, alarms: &mut Alarms, now: u64) {
        if self.encounters.is_empty() {
            return;
        }
        let came = std::mem::take(&mut self.encounters);
        let outcomes = store(db, &came, now);
        let Some(outcomes) = alarms.watch("encounters", outcomes, now) else { return };
        let mut receipts: BTreeMap<&DeviceId, Receipt> = BTreeMap::new();
        for ((device, message), outcome) in came.iter().zip(outcomes) {
            // A batch has no more messages than a receipt has room for.
            let receipt = receipts.entry(device).or_insert_with(|| Receipt {
                device: device.clone(),
                stored_at: now,
                entries: Default::default(),
                refused: Default::default(),
            });
            self.count(device, message, outcome, receipt);
        }
        for receipt in receipts.values() {
            self.receipts.extend(watch.receipt(receipt, alarms));
        }
        while self.receipts.len() > RECEIPTS_WAITING_MAX {
            self.receipts.pop_front();
        }
    }

    /// Opens what is stored, here, where an owner reads it. It is receipted whatever comes of this.
    fn open(&mut self, db: &mut Db, alarms: &mut Alarms, now: u64) {
        let opened = self.opening.open_stored(db).and_then(|()| self.opening.alarm(db, alarms, now));
        alarms.watch("opening what came", opened.map_err(CollectorError::from), now);
    }

    /// Counts what became of a message, and adds it to its device's receipt.
    fn count(&mut self, device: &DeviceId, message: &[u8], outcome: Outcome, receipt: &mut Receipt) {
        let counts = &mut self.counts;
        let (count, entry) = match outcome {
            Outcome::Stored(entry) => (&mut counts.stored, Some(entry)),
            Outcome::Known(entry) => (&mut counts.known, Some(entry)),
            Outcome::Conflict(entry) => {
                warn!(
                    "encounter {} of {device}: another message has its id; both are stored",
                    Hex(&entry.id)
                );
                (&mut counts.conflicts, Some(entry))
            }
            Outcome::Refused(why) => {
                warn!("an encounter of {device} is refused: {why}");
                (&mut counts.refused, None)
            }
        };
        *count += 1;
        let added = match entry {
            Some(entry) => receipt.entries.push(entry).is_ok(),
            None => receipt.refused.push(half_digest(message)).is_ok(),
        };
        debug_assert!(added, "a receipt has room for a batch");
    }
}

/// Commits what devices said of themselves; the orders that they lack by it.
fn store_statuses(
    db: &mut Db,
    came: &[(DeviceId, Bytes, bool)],
    now: u64,
) -> Result<Vec<(DeviceId, Publish)>, CollectorError> {
    let change = db.change()?;
    let mut behind = Vec::new();
    for (device, message, kept) in came {
        match status::take(&change, device, message, *kept, now)? {
            // What the broker had kept may be older than the order.
            Stored::New if !kept => {
                if let Some(payload) = status::order_behind(&change, device)? {
                    let topic = Topic::Device(device.clone(), DeviceTopic::Order).name();
                    behind.push((device.clone(), Publish { topic, payload, retain: true }));
                }
            }
            Stored::New | Stored::Known => {}
            Stored::Refused(why) => warn!("{why} came in the name of {device}"),
            Stored::UnknownDevice => warn!("a status came from {device}, which is not enrolled"),
        }
    }
    change.commit()?;
    Ok(behind)
}
