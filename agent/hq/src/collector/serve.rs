//! `serve`: collector and depot, one process, one MQTT session at a time.
//!
//! In: sealed encounters, requests for chunks, devices' status. Out, in this order of precedence: receipts for what is
//! committed, what the broker should keep (see `retained`), chunks. What is retained is sent on every connect and, within
//! a second, whenever another command changed the home; the heartbeat is signed again every `heartbeat_every`.
//!
//! Needs of the private keys: heartbeat, collector and the owners' only. Commits are made in line: they take milliseconds,
//! and the broker's messages wait for them in the session's bounded queue.
//!
//! Failure: a session that breaks is opened again after a growing, jittered wait; encounters that came and were not yet
//! stored are stored all the same, and those whose receipt was lost come again. Bounds: [`BATCH_MAX`],
//! [`RECEIPTS_WAITING_MAX`], [`CHUNKS_IN_FLIGHT_MAX`], the depot's and the session's.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::pki::HEADQUARTERS;
use crate::authority::{heartbeat, renew};
use crate::collector::broadcast::{chunk_message, settings};
use crate::collector::depot::{Absent, Depot, Turn, read_chunk};
use crate::collector::encounters::{Outcome, Owners, store};
use crate::collector::error::CollectorError;
use crate::collector::retained;
use crate::db::{Db, devices};
use crate::fleet::devices::store_status;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use vedette_common::crypto::{SigningKey, sign_statement};
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::session::{self as mqtt, Event, Full, MqttSettings, Publish, Publisher, Token};
use vedette_common::mqtt::topics::{DeviceTopic, Topic, headquarters_subscriptions};
use vedette_shim::ids::{DeviceId, Digest, Hex};
use vedette_shim::trust::{RECEIPT_ENTRIES_MAX, Receipt, ReceiptEntry, SignedKind, digest};
use vedette_shim::wire::{self, Chunk, Status, Want};

/// Messages stored in one transaction, at most.
pub const BATCH_MAX: usize = 64;
/// A message waits this long for others to be stored with, at most.
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// Receipts waiting to be sent; further ones are dropped, and made again when their encounters come again.
pub const RECEIPTS_WAITING_MAX: usize = 1024;
/// Chunks handed over and not yet acknowledged by the broker: 2 MiB; the rest of the window is for receipts.
pub const CHUNKS_IN_FLIGHT_MAX: usize = 32;
/// How often the home is looked at for changes by other commands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a term that ends soon is warned of.
const WARN_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Longest wait between two tries to connect.
const RETRY_MAX: Duration = Duration::from_secs(30);
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

/// Serves until `shutdown`. Errors are of the home; the broker's are logged and tried again.
pub async fn run(
    home: &Home,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> Result<ServeReport, CollectorError> {
    let _lock = home.lock_serve()?;
    let settings = settings(home, HEADQUARTERS, options.broker.clone())?;
    let mut server = Server {
        home,
        db: home.database()?,
        owners: Owners::of(home),
        collector: Key::Collector.signing(home)?,
        depot: Depot::default(),
        absent: Absent::default(),
        depot_budget: 0,
        heartbeat_due: Instant::now(),
        warning_due: Instant::now(),
        seen_version: None,
        encounters: Vec::new(),
        statuses: BTreeMap::new(),
        receipts: VecDeque::new(),
        outbox: VecDeque::new(),
        kept_at_broker: HashMap::new(),
        chunks_in_flight: HashSet::new(),
        report: ServeReport::default(),
        options,
    };
    let mut backoff = Backoff::up_to(RETRY_MAX);
    while !shutdown.is_cancelled() {
        if let Some(why) = server.session(settings.clone(), &mut backoff, &shutdown).await? {
            let delay = backoff.next_delay();
            warn!("the broker at {}:{}: {why}; next try in {delay:?}", settings.host, settings.port);
            server.report.broken_sessions += 1;
            tokio::select! {
                () = sleep(delay) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }
    Ok(server.report)
}

struct Server<'a> {
    home: &'a Home,
    options: ServeOptions,
    db: Db,
    owners: Owners<'a>,
    collector: SigningKey,
    depot: Depot,
    absent: Absent,
    /// Bytes the depot may still send in this second.
    depot_budget: u64,
    heartbeat_due: Instant,
    warning_due: Instant,
    /// SQLite's data version when the home was last looked at.
    seen_version: Option<i64>,
    /// Come, not yet stored.
    encounters: Vec<(DeviceId, Bytes)>,
    statuses: BTreeMap<DeviceId, (Status, u64)>,
    /// To be sent, by precedence.
    receipts: VecDeque<Publish>,
    outbox: VecDeque<Publish>,
    /// What this session's broker was given to keep, by topic.
    kept_at_broker: HashMap<String, Digest>,
    chunks_in_flight: HashSet<Token>,
    report: ServeReport,
}

impl Server<'_> {
    /// One session; `Some(why)` when it broke, `None` at shutdown.
    async fn session(
        &mut self,
        settings: MqttSettings,
        backoff: &mut Backoff,
        shutdown: &CancellationToken,
    ) -> Result<Option<String>, CollectorError> {
        self.outbox.clear();
        self.kept_at_broker.clear();
        self.chunks_in_flight.clear();
        self.seen_version = None;
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
                        info!("serving");
                    }
                    Event::Refused(filter) => return Err(CollectorError::TopicRefused(filter)),
                    Event::Message { topic, payload, retained } => self.take(&topic, payload, retained)?,
                    Event::Acked(token) => {
                        self.chunks_in_flight.remove(&token);
                    }
                    Event::Closed(why) => {
                        self.store()?;
                        return Ok(Some(why));
                    }
                },
                _ = ticks.tick() => {
                    self.store()?;
                    if connected && Instant::now() >= look_due {
                        look_due = Instant::now() + LOOK_EVERY;
                        self.depot_budget = self.options.depot_bytes_per_s.map_or(u64::MAX, NonZeroU64::get);
                        self.look()?;
                    }
                }
                () = shutdown.cancelled() => break,
            }
            if connected {
                self.send(&mut publisher)?;
            }
        }
        self.store()?;
        if !connected {
            return Ok(None);
        }
        self.send(&mut publisher)?;
        publisher.disconnect();
        let goodbye = async { while !matches!(events.next().await, Event::Closed(_)) {} };
        // Receipts that do not leave in time are made again when their encounters come again.
        let _ = timeout(GOODBYE_MAX, goodbye).await;
        Ok(None)
    }

    /// Takes a message in; encounters and statuses wait for [`Self::store`].
    fn take(&mut self, topic: &str, payload: Bytes, retained: bool) -> Result<(), CollectorError> {
        let Some(Topic::Device(device, what)) = Topic::parse(topic) else { return Ok(()) };
        match what {
            DeviceTopic::Encounter => {
                self.encounters.push((device, payload));
                if self.encounters.len() >= BATCH_MAX {
                    self.store()?;
                }
            }
            DeviceTopic::Status => match wire::decode::<Status>(&payload) {
                Ok(status) => {
                    // A retained status is as old as it says, by the device's clock.
                    let now = self.home.now();
                    let seen = if retained { status.at.min(now) } else { now };
                    self.statuses.insert(device, (status, seen));
                }
                Err(error) => warn!("status of {device}: {error}"),
            },
            DeviceTopic::Want => match wire::decode::<Want>(&payload) {
                Ok(want) => {
                    let enrolled = devices::serial_in_force(self.db.read(), &device)?.is_some();
                    if !enrolled || !self.depot.want(&device, &want) {
                        warn!("a request of {device} for chunks is not answered (enrolled: {enrolled})");
                    }
                }
                Err(error) => warn!("request of {device}: {error}"),
            },
            _ => {}
        }
        Ok(())
    }

    /// Commits what came, then makes the receipts.
    fn store(&mut self) -> Result<(), CollectorError> {
        let now = self.home.now();
        self.store_statuses()?;
        if self.encounters.is_empty() {
            return Ok(());
        }
        let came = std::mem::take(&mut self.encounters);
        let outcomes = store(&mut self.db, &mut self.owners, &came, now)?;
        let mut entries: BTreeMap<&DeviceId, Vec<ReceiptEntry>> = BTreeMap::new();
        for ((device, _), outcome) in came.iter().zip(outcomes) {
            let (count, entry) = match outcome {
                Outcome::Stored(entry) => (&mut self.report.stored, entry),
                Outcome::Known(entry) => (&mut self.report.known, entry),
                Outcome::Conflict(entry) => {
                    warn!("{device} sent other content for encounter {}; the first stays", Hex(&entry.id));
                    (&mut self.report.conflicts, entry)
                }
                Outcome::Refused(why) => {
                    warn!("an encounter of {device} is refused: {why}");
                    self.report.refused += 1;
                    continue;
                }
            };
            *count += 1;
            entries.entry(device).or_default().push(entry);
        }
        for (device, entries) in entries {
            for part in entries.chunks(RECEIPT_ENTRIES_MAX) {
                if self.receipts.len() >= RECEIPTS_WAITING_MAX {
                    self.receipts.pop_front();
                }
                self.receipts.push_back(receipt(&self.collector, device, part, now));
            }
        }
        Ok(())
    }

    /// Commits what devices said of themselves.
    fn store_statuses(&mut self) -> Result<(), CollectorError> {
        if self.statuses.is_empty() {
            return Ok(());
        }
        let change = self.db.change()?;
        for (device, (status, seen)) in std::mem::take(&mut self.statuses) {
            if !store_status(&change, &device, &status, seen)? {
                warn!("a status came from {device}, which was never enrolled");
            }
        }
        Ok(change.commit()?)
    }

    /// Renews the heartbeat when it is due, warns of terms that end, and finds what the broker does not have yet.
    fn look(&mut self) -> Result<(), CollectorError> {
        let is_due = Instant::now() >= self.heartbeat_due;
        if is_due {
            self.heartbeat_due = Instant::now() + self.options.heartbeat_every;
            match heartbeat::renew(self.home, self.db.read(), self.home.now()) {
                // Encounters come home all the same.
                Err(error @ AuthorityError::HeartbeatAhead { .. }) => {
                    warn!("{error}: {}", error.hint().unwrap_or_default());
                }
                renewed => renewed?,
            }
        }
        if Instant::now() >= self.warning_due {
            self.warning_due = Instant::now() + WARN_EVERY;
            renew::due(self.home, self.home.now())?.iter().for_each(|what| warn!("{what}"));
        }
        let version = self.db.version()?;
        if self.seen_version.replace(version) == Some(version) && !is_due {
            return Ok(());
        }
        // `replace-key` may have been the change.
        self.collector = Key::Collector.signing(self.home)?;
        for publish in retained::all(self.home, self.db.read())? {
            let digest = digest(&publish.payload);
            if self.kept_at_broker.get(&publish.topic) != Some(&digest) {
                self.kept_at_broker.insert(publish.topic.clone(), digest);
                self.outbox.push_back(publish);
            }
        }
        Ok(())
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
    fn send(&mut self, publisher: &mut Publisher) -> Result<(), CollectorError> {
        while publisher.room() > 0 {
            let Some(publish) = self.receipts.pop_front().or_else(|| self.outbox.pop_front()) else { break };
            let topic = publish.topic.clone();
            match publisher.try_publish(publish) {
                Ok(_) => {}
                Err(Full::Window | Full::Closed) => return Ok(()),
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
                self.report.chunks += 1;
            }
        }
        Ok(())
    }
}

fn receipt(key: &SigningKey, device: &DeviceId, entries: &[ReceiptEntry], now: u64) -> Publish {
    let entries = entries.iter().cloned().collect();
    let receipt = Receipt { device: device.clone(), stored_at: now, entries };
    let payload = sign_statement(SignedKind::Receipt, &receipt, &[key]);
    let topic = Topic::Device(device.clone(), DeviceTopic::Receipt).name();
    Publish { topic, payload, retain: false }
}
