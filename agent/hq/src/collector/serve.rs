//! `serve`: collector and depot, one process, one MQTT session at a time.
//!
//! In: sealed encounters, requests for chunks, devices' status. Out, in this order of precedence: receipts for what is
//! committed, what the broker should keep (see `retained`), chunks. What is retained is sent on every connect and, within
//! a second, whenever another command changed the home; the heartbeat is signed again every `heartbeat_every`.
//!
//! Needs of the private keys: heartbeat, collector and the owners' only. Commits are made in line: they take milliseconds,
//! and the broker's messages wait for them in the session's bounded queue.
//!
//! Failure: once started, `serve` ends only when it is told to. What it cannot do (a damaged key, a full disk, a clock that is
//! wrong, a broker that refuses a topic) is an alarm (see `alarms`), everything else goes on, and it is tried again. A session
//! that breaks is opened again after a growing, jittered wait; encounters that came and were not yet stored are stored all
//! the same, and those whose receipt was lost come again. Bounds: [`CHUNKS_IN_FLIGHT_MAX`], `homecoming`'s, the depot's and the
//! session's.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::home::Home;
use crate::authority::pki::HEADQUARTERS;
use crate::collector::alarms::{Alarms, explained};
use crate::collector::broadcast::{chunk_message, settings};
use crate::collector::depot::{Absent, Depot, Turn, read_chunk};
use crate::collector::error::CollectorError;
use crate::collector::homecoming::Homecoming;
use crate::collector::watch::Watch;
use crate::db::{Db, devices};
use bytes::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::session::{self as mqtt, Event, Full, MqttSettings, Publish, Publisher, Token};
use vedette_common::mqtt::topics::{DeviceTopic, Topic, headquarters_subscriptions};
use vedette_shim::ids::{DeviceId, Digest, Hex};
use vedette_shim::trust::digest;
use vedette_shim::wire::{self, Chunk, Want};

/// A message waits this long for others to be stored with, at most.
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// Chunks handed over and not yet acknowledged by the broker: 2 MiB; the rest of the window is for receipts.
pub const CHUNKS_IN_FLIGHT_MAX: usize = 32;
/// How often the home is looked at for changes by other commands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait between two tries to connect.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// What an alarm about subscriptions is about.
const TOPICS: &str = "the broker's topics";
/// Longest wait for the last messages to leave at the end.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Another broker than the home's: host and port.
    pub broker: Option<(String, u16)>,
    /// How often the heartbeat is signed again.
    pub heartbeat_every: Duration,
    /// Chunks sent, bytes a second; `None` for as fast as they are taken.
    pub depot_bytes_per_s: Option<NonZeroU64>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions { broker: None, heartbeat_every: Duration::from_secs(300), depot_bytes_per_s: None }
    }
}

/// What was done until the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServeReport {
    /// Encounters and outcomes.
    pub stored: u64,
    /// Had been stored before.
    pub known: u64,
    /// Messages under the id of another encounter.
    pub conflicts: u64,
    pub refused: u64,
    pub chunks: u64,
    /// Sessions that broke.
    pub broken_sessions: u64,
}

/// Serves until `shutdown`. Errors are of the home at the start; later ones are alarms, and the broker's are logged and tried
/// again.
pub async fn run(
    home: &Home,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> Result<ServeReport, CollectorError> {
    let _lock = home.lock_serve()?;
    home.check()?;
    let settings = settings(home, HEADQUARTERS, options.broker.clone())?;
    let mut server = Server {
        home,
        db: home.database()?,
        watch: Watch::over(home, options.heartbeat_every),
        homecoming: Homecoming::to(home),
        alarms: Alarms::default(),
        depot: Depot::default(),
        absent: Absent::default(),
        depot_budget: 0,
        outbox: VecDeque::new(),
        kept_at_broker: HashMap::new(),
        chunks_in_flight: HashSet::new(),
        chunks: 0,
        broken_sessions: 0,
        options,
    };
    let mut backoff = Backoff::up_to(RETRY_MAX);
    while !shutdown.is_cancelled() {
        if let Some(why) = server.session(settings.clone(), &mut backoff, &shutdown).await {
            let delay = backoff.next_delay();
            warn!("the broker at {}:{}: {why}; next try in {delay:?}", settings.host, settings.port);
            server.broken_sessions += 1;
            tokio::select! {
                () = sleep(delay) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }
    Ok(server.report())
}

struct Server<'a> {
    home: &'a Home,
    options: ServeOptions,
    db: Db,
    watch: Watch<'a>,
    homecoming: Homecoming<'a>,
    alarms: Alarms,
    depot: Depot,
    absent: Absent,
    /// Bytes the depot may still send in this second.
    depot_budget: u64,
    /// To be kept by the broker, not sent yet.
    outbox: VecDeque<Publish>,
    /// What this session's broker was given to keep, by topic.
    kept_at_broker: HashMap<String, Digest>,
    chunks_in_flight: HashSet<Token>,
    chunks: u64,
    broken_sessions: u64,
}

impl Server<'_> {
    /// One session; `Some(why)` when it broke, `None` at shutdown.
    async fn session(
        &mut self,
        settings: MqttSettings,
        backoff: &mut Backoff,
        shutdown: &CancellationToken,
    ) -> Option<String> {
        self.outbox.clear();
        self.kept_at_broker.clear();
        self.chunks_in_flight.clear();
        self.watch.start_over();
        let (mut publisher, mut events) = mqtt::open(settings);
        let mut connected = false;
        let mut ticks = interval(BATCH_WAIT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look_due = Instant::now();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Event::Connected => {
                        connected = true;
                        look_due = Instant::now();
                        // A refusal to queue means the session is over, which comes as an event.
                        let _ = publisher.subscribe(&headquarters_subscriptions());
                    }
                    Event::Subscribed => {
                        backoff.reset();
                        self.alarms.end(TOPICS);
                        info!("serving");
                    }
                    Event::Refused(filter) => {
                        let why = explained(&CollectorError::TopicRefused(filter));
                        self.alarms.raise(TOPICS, why.clone(), self.watch.time());
                        self.alarms.store(&mut self.db);
                        return Some(why);
                    }
                    Event::Message { topic, payload, retained } => self.take(&topic, payload, retained),
                    Event::Acked(token) => {
                        self.chunks_in_flight.remove(&token);
                    }
                    Event::Closed(why) => {
                        self.store();
                        return Some(why);
                    }
                },
                _ = ticks.tick() => {
                    self.store();
                    if connected && Instant::now() >= look_due {
                        look_due = Instant::now() + LOOK_EVERY;
                        self.depot_budget = self.options.depot_bytes_per_s.map_or(u64::MAX, NonZeroU64::get);
                        self.look();
                    }
                }
                () = shutdown.cancelled() => break,
            }
            if connected {
                self.send(&mut publisher);
            }
        }
        self.store();
        if !connected {
            return None;
        }
        self.send(&mut publisher);
        publisher.disconnect();
        let goodbye = async { while !matches!(events.next().await, Event::Closed(_)) {} };
        // Receipts that do not leave in time are made again when their encounters come again.
        let _ = timeout(GOODBYE_MAX, goodbye).await;
        None
    }

    /// Takes a message in; encounters and statuses wait to be stored.
    fn take(&mut self, topic: &str, payload: Bytes, retained: bool) {
        let Some(Topic::Device(device, what)) = Topic::parse(topic) else { return };
        match what {
            DeviceTopic::Encounter => self.encounter(device, payload),
            DeviceTopic::Status => self.homecoming.status(device, &payload, retained, self.watch.time()),
            DeviceTopic::Want => match wire::decode::<Want>(&payload) {
                Ok(want) => self.want(&device, &want),
                Err(error) => warn!("request of {device}: {error}"),
            },
            _ => {}
        }
    }

    fn encounter(&mut self, device: DeviceId, message: Bytes) {
        if self.homecoming.encounter(device, message) {
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

    fn store(&mut self) {
        self.homecoming.store(&mut self.db, &self.watch, &mut self.alarms);
    }

    /// Looks at the home, and finds what the broker does not have yet.
    fn look(&mut self) {
        for publish in self.watch.look(&mut self.db, &mut self.alarms) {
            let digest = digest(&publish.payload);
            if self.kept_at_broker.get(&publish.topic) != Some(&digest) {
                self.kept_at_broker.insert(publish.topic.clone(), digest);
                self.outbox.push_back(publish);
            }
        }
        self.alarms.store(&mut self.db);
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

    /// Hands over what the session takes: receipts, what is to be kept, chunks.
    fn send(&mut self, publisher: &mut Publisher) {
        while publisher.room() > 0 {
            let Some(publish) = self.next_message() else { break };
            let topic = publish.topic.clone();
            match publisher.try_publish(publish) {
                Ok(_) => {}
                Err(Full::Window | Full::Closed) => return,
                Err(error @ Full::Oversized(_)) => warn!("{topic} is not sent: {error}"),
            }
        }
        while publisher.room() > 0
            && self.chunks_in_flight.len() < CHUNKS_IN_FLIGHT_MAX
            && self.depot_budget > 0
        {
            let Some(turn) = self.depot.next() else { break };
            let bytes = match read_chunk(self.home, &turn.segment, turn.index) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    self.report_absent(&turn);
                    self.depot.drop_rest(&turn);
                    continue;
                }
                Err(error) => {
                    warn!("{} gets no chunk: {error}", turn.device);
                    self.depot.drop_rest(&turn);
                    continue;
                }
            };
            self.depot_budget = self.depot_budget.saturating_sub(bytes.len() as u64);
            let payload = chunk_message(&Chunk { segment: turn.segment, index: turn.index, bytes: &bytes });
            let topic = Topic::Device(turn.device, DeviceTopic::Have).name();
            // Refused only when the session is over; then the device asks again.
            if let Ok(token) = publisher.try_publish(Publish { topic, payload, retain: false }) {
                self.chunks_in_flight.insert(token);
                self.chunks += 1;
            }
        }
    }

    /// Receipts go before what is to be kept.
    fn next_message(&mut self) -> Option<Publish> {
        self.homecoming.next_receipt().or_else(|| self.outbox.pop_front())
    }

    fn report(&self) -> ServeReport {
        let counts = self.homecoming.counts();
        ServeReport {
            stored: counts.stored,
            known: counts.known,
            conflicts: counts.conflicts,
            refused: counts.refused,
            chunks: self.chunks,
            broken_sessions: self.broken_sessions,
        }
    }
}
