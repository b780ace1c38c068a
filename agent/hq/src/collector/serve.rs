//! `serve`: collector and depot, one process, one MQTT session at a time.
//!
//! What is said is `exchange`'s; here it is carried. What is retained is sent on every connect and, within a second, whenever
//! another command changed the home; the heartbeat is signed again every `heartbeat_every`.
//!
//! Needs of the private keys: heartbeat, collector and the owners', and the CA's when a device asks for its next certificate. Commits are made in line, and the broker's messages
//! wait for them in the session's bounded queue.
//!
//! Failure: once started, `serve` ends only when it is told to. What it cannot do (a damaged key, a full disk, a clock that is
//! wrong, a broker that refuses a topic) is an alarm (see `alarms`), everything else goes on, and it is tried again. A session
//! that breaks is opened again after a growing, jittered wait; encounters that came and were not yet stored are stored all
//! the same, and those whose receipt was lost come again. Bounds: [`CHUNKS_IN_FLIGHT_MAX`], `homecoming`'s, the depot's and the
//! session's.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::Actor;
use crate::authority::home::Home;
use crate::authority::pki::HEADQUARTERS;
use crate::collector::broadcast::settings;
use crate::collector::error::CollectorError;
use crate::collector::exchange::Exchange;
use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::brokers::{BrokerAddress, Failover, Reached, SessionEnd};
use vedette_common::mqtt::session::{self as mqtt, Event, Full, MqttSettings, Publisher, Token};
use vedette_common::mqtt::topics::headquarters_subscriptions;

/// A message waits this long for others to be stored with, at most.
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// Chunks handed over and not yet acknowledged by the broker: 2 MiB; the rest of the window is for receipts.
pub const CHUNKS_IN_FLIGHT_MAX: usize = 32;
/// How often the home is looked at for changes by other commands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait between two tries to connect.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Longest wait for the last messages to leave at the end.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Other brokers than the home's, the preferred first: host and port. Of several the next is tried when one does not serve.
    pub brokers: Vec<(String, u16)>,
    /// How often the heartbeat is signed again.
    pub heartbeat_every: Duration,
    /// Chunks sent, bytes a second; `None` for as fast as they are taken.
    pub depot_bytes_per_s: Option<NonZeroU64>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions {
            brokers: Vec::new(),
            heartbeat_every: Duration::from_secs(300),
            depot_bytes_per_s: None,
        }
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
    let home = &home.acting_as(Arc::new(Actor::Serve));
    let _lock = home.lock_serve()?;
    home.check()?;
    let settings = settings(home, HEADQUARTERS, options.brokers.first().cloned())?;
    let address = |(host, port): &(String, u16)| BrokerAddress { host: host.clone(), port: *port };
    let brokers = match options.brokers.is_empty() {
        true => vec![BrokerAddress { host: settings.host.clone(), port: settings.port }],
        false => options.brokers.iter().map(address).collect(),
    };
    let mut failover = Failover::over(brokers);
    let mut server = Server {
        exchange: Exchange::of(home, options.heartbeat_every)?,
        depot_budget: 0,
        chunks_in_flight: HashSet::new(),
        chunks: 0,
        broken_sessions: 0,
        options,
    };
    let mut backoff = Backoff::up_to(RETRY_MAX);
    while !shutdown.is_cancelled() {
        let BrokerAddress { host, port } = failover.current().clone();
        let settings = MqttSettings { host, port, connect_wait: failover.connect_wait(), ..settings.clone() };
        let mut reached = Reached::Nobody;
        if let Some(why) = server.session(settings, &mut reached, &shutdown).await {
            let end = reached.end(Instant::now().into_std());
            if end == SessionEnd::Good {
                backoff.reset();
            }
            let delay = backoff.next_delay();
            warn!("the broker at {}: {why}; next try in {delay:?}", failover.current());
            failover.ended(end);
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
    options: ServeOptions,
    exchange: Exchange<'a>,
    /// Bytes the depot may still send in this second.
    depot_budget: u64,
    chunks_in_flight: HashSet<Token>,
    chunks: u64,
    broken_sessions: u64,
}

impl Server<'_> {
    /// One session; `Some(why)` when it broke, `None` at shutdown. `reached`: how far it came.
    async fn session(
        &mut self,
        settings: MqttSettings,
        reached: &mut Reached,
        shutdown: &CancellationToken,
    ) -> Option<String> {
        self.exchange.start_over();
        self.chunks_in_flight.clear();
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
                        *reached = Reached::Broker;
                        look_due = Instant::now();
                        // A refusal to queue means the session is over, which comes as an event.
                        let _ = publisher.subscribe(&headquarters_subscriptions());
                    }
                    Event::Subscribed => {
                        *reached = Reached::Subscribed(Instant::now().into_std());
                        self.exchange.subscribed();
                        info!("serving");
                    }
                    Event::Refused(filter) => return Some(self.exchange.topic_refused(filter)),
                    Event::Message { topic, payload, retained } => self.exchange.take(&topic, payload, retained),
                    Event::Acked(token) => {
                        self.chunks_in_flight.remove(&token);
                    }
                    Event::Closed(why) => {
                        self.exchange.store();
                        return Some(why);
                    }
                },
                _ = ticks.tick() => {
                    self.exchange.store();
                    if connected && Instant::now() >= look_due {
                        look_due = Instant::now() + LOOK_EVERY;
                        self.depot_budget = self.options.depot_bytes_per_s.map_or(u64::MAX, NonZeroU64::get);
                        self.exchange.look();
                    }
                }
                () = shutdown.cancelled() => break,
            }
            if connected {
                self.send(&mut publisher);
            }
        }
        self.exchange.store();
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

    /// Hands over what the session takes: receipts, what is to be kept, chunks.
    fn send(&mut self, publisher: &mut Publisher) {
        while publisher.room() > 0 {
            let Some(publish) = self.exchange.next_message() else { break };
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
            let Some(chunk) = self.exchange.next_chunk() else { break };
            self.depot_budget = self.depot_budget.saturating_sub(chunk.payload.len() as u64);
            // Refused only when the session is over; then the device asks again.
            if let Ok(token) = publisher.try_publish(chunk) {
                self.chunks_in_flight.insert(token);
                self.chunks += 1;
            }
        }
    }

    fn report(&self) -> ServeReport {
        let counts = self.exchange.counts();
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
