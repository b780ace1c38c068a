//! What headquarters says with devices, whatever carries it: what becomes of a message, and which are to be sent, in the
//! order receipts, what the broker should keep (see `retained`), chunks.
//!
//! It knows no broker: `serve` carries its messages over MQTT, the simulation over a network of its own. Commits are made in
//! line: they take milliseconds.
//!
//! Failure: what cannot be done is an alarm (see `alarms`), everything else goes on, and it is tried again. Bounds:
//! `homecoming`'s and the depot's; what is to be kept is bounded by the home.

use crate::authority::home::Home;
use crate::collector::alarms::{Alarms, explained};
use crate::collector::broadcast::chunk_message;
use crate::collector::depot::{Absent, Depot, Turn, read_chunk};
use crate::collector::error::CollectorError;
use crate::collector::homecoming::{Counts, Homecoming};
use crate::collector::renewals::Renewals;
use crate::collector::watch::Watch;
use crate::db::{Db, devices};
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tracing::warn;
use vedette_common::encounter;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_shim::ids::{DeviceId, Digest, Hex};
use vedette_shim::trust::digest;
use vedette_shim::wire::{self, Chunk, Want};

/// What an alarm about subscriptions is about.
const TOPICS: &str = "the broker's topics";

/// Headquarters' side of what is said.
pub struct Exchange<'a> {
    home: &'a Home,
    db: Db,
    watch: Watch<'a>,
    homecoming: Homecoming<'a>,
    renewals: Renewals,
    alarms: Alarms,
    depot: Depot,
    absent: Absent,
    /// To be kept by the broker, not sent yet.
    outbox: VecDeque<Publish>,
    /// What this session's broker was given to keep, by topic.
    kept_at_broker: HashMap<String, Digest>,
}

impl<'a> Exchange<'a> {
    /// Over a home, with a new heartbeat so often.
    ///
    /// # Errors
    /// The home's database cannot be opened.
    pub fn of(home: &'a Home, heartbeat_every: Duration) -> Result<Exchange<'a>, CollectorError> {
        Ok(Exchange {
            home,
            db: home.database()?,
            watch: Watch::over(home, heartbeat_every),
            homecoming: Homecoming::to(home),
            renewals: Renewals::default(),
            alarms: Alarms::default(),
            depot: Depot::default(),
            absent: Absent::default(),
            outbox: VecDeque::new(),
            kept_at_broker: HashMap::new(),
        })
    }

    /// A new session: its broker may have nothing.
    pub fn start_over(&mut self) {
        self.outbox.clear();
        self.kept_at_broker.clear();
        self.watch.start_over();
    }

    /// The broker took our subscriptions.
    pub(crate) fn subscribed(&mut self) {
        self.alarms.end(TOPICS);
    }

    /// The broker refused a subscription: why that is an alarm, in words.
    pub(crate) fn topic_refused(&mut self, filter: String) -> String {
        let why = explained(&CollectorError::TopicRefused(filter));
        self.alarms.raise(TOPICS, why.clone(), self.watch.time());
        self.alarms.store(self.home, &mut self.db);
        why
    }

    /// Takes a message in; encounters and statuses wait to be stored.
    pub fn take(&mut self, topic: &str, payload: Bytes, retained: bool) {
        let Some(Topic::Device(device, what)) = Topic::parse(topic) else { return };
        match what {
            DeviceTopic::Encounter => {
                for message in encounter::of_batch(&payload) {
                    self.encounter(device.clone(), payload.slice_ref(message));
                }
            }
            DeviceTopic::Status => self.status(device, payload, retained),
            DeviceTopic::Want => match wire::decode::<Want>(&payload) {
                Ok(want) => self.want(&device, &want),
                Err(error) => warn!("request of {device}: {error}"),
            },
            DeviceTopic::Renewal => {
                let (db, alarms, now) = (&mut self.db, &mut self.alarms, self.watch.time());
                self.renewals.take(self.home, db, alarms, device, &payload, now);
            }
            _ => {}
        }
    }

    fn encounter(&mut self, device: DeviceId, message: Bytes) {
        if self.homecoming.encounter(device, message) {
            self.store();
        }
    }

    fn status(&mut self, device: DeviceId, message: Bytes, kept: bool) {
        if self.homecoming.status(device, message, kept) {
            self.store();
        }
    }

    fn want(&mut self, device: &DeviceId, want: &Want) {
        let enrolled = devices::serial_in_force(self.db.read(), device).map_err(CollectorError::from);
        let Some(serial) = self.alarms.watch("requests for chunks", enrolled, self.watch.time()) else {
            return;
        };
        let enrolled = serial.is_some();
        if !enrolled || !self.depot.want(device, want) {
            warn!("a request of {device} for chunks is not answered (enrolled: {enrolled})");
        }
    }

    /// Stores what was taken in, and makes the receipts.
    pub fn store(&mut self) {
        self.homecoming.store(&mut self.db, &self.watch, &mut self.alarms);
    }

    /// Looks at the home, and finds what the broker does not have yet.
    pub fn look(&mut self) {
        for publish in self.watch.look(&mut self.db, &mut self.alarms) {
            let digest = digest(&publish.payload);
            if self.kept_at_broker.get(&publish.topic) != Some(&digest) {
                self.kept_at_broker.insert(publish.topic.clone(), digest);
                self.outbox.push_back(publish);
            }
        }
        self.alarms.store(self.home, &mut self.db);
    }

    /// The next message but chunks: receipts go before what is to be kept.
    pub fn next_message(&mut self) -> Option<Publish> {
        let first = self.homecoming.next_receipt().or_else(|| self.homecoming.next_order());
        first.or_else(|| self.renewals.next()).or_else(|| self.outbox.pop_front())
    }

    /// The next chunk that a device waits for.
    pub fn next_chunk(&mut self) -> Option<Publish> {
        while let Some(turn) = self.depot.next() {
            match read_chunk(self.home, &turn.segment, turn.index) {
                Ok(Some(bytes)) => {
                    let payload =
                        chunk_message(&Chunk { segment: turn.segment, index: turn.index, bytes: &bytes });
                    let topic = Topic::Device(turn.device, DeviceTopic::Have).name();
                    return Some(Publish { topic, payload, retain: false });
                }
                Ok(None) => self.report_absent(&turn),
                Err(error) => warn!("{} gets no chunk: {error}", turn.device),
            }
            self.depot.drop_rest(&turn);
        }
        None
    }

    fn report_absent(&mut self, turn: &Turn) {
        if self.home.segment(&turn.segment).exists() {
            return; // it ends before
        }
        if let Some(unreported) = self.absent.met(std::time::Instant::now()) {
            let (device, segment) = (&turn.device, Hex(&turn.segment));
            warn!(
                "{device} waits for segment {segment}, which is not in segments/: it cannot get that edition. If no later \
                 one was published, import the list's file and `vedette-hq publish NAME --whole --withdraw-many` \
                 ({unreported} more such requests since this was last reported)"
            );
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        self.homecoming.counts()
    }
}
