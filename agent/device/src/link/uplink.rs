//! The task that keeps a session with headquarters open: connects, carries messages both ways, and starts over.
//!
//! Rule: on any error the client is dropped and made anew after a jittered wait; certificates are read again each
//! time, so a renewed one is used without a restart. The broker holds nothing we could not rebuild: encounters stay
//! in the spool until their receipt, and everything signed is retained there for us. The intake is never waited for.

use super::LinkState;
use super::forward::{Arrival, Forward};
use super::session::Session;
use crate::config::LinkConfig;
use crate::intake::door::IntakeDoor;
use crate::intake::{Missing, Offer};
use crate::store::spool::Spooled;
use crate::store::{confirmations, spool};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use vedette_common::clock::rfc3339;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_common::mqtt::CERTIFICATE_WARN_S;
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::session::{self as mqtt, Event, Events, MqttSettings, Publish, Publisher};
use vedette_common::mqtt::tls;
use vedette_common::mqtt::topics::{DeviceTopic, Topic, device_subscriptions};
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::trust::{Answer, Receipt, TrustError};
use vedette_shim::wire::{self, HeldList, OVERDUE_MAX, Status};
use zeroize::Zeroizing;

/// A PEM file larger than this is not one.
const PEM_BYTES_MAX: u64 = 1024 * 1024;
/// How often the session looks after overdue receipts and chunks.
const TICK: Duration = Duration::from_secs(1);
/// A session that lasted this long was a good one: the next wait is short again.
const GOOD_SESSION: Duration = Duration::from_secs(20);
/// How often our certificate is looked at, besides at each session's start: it may have been renewed.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// Why there is no session during a drill.
const HELD: &str = "held back by a drill";
/// Answers that wait for a newer root, at most.
const EARLY_ANSWERS_MAX: usize = 64;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// What the uplink works with.
pub struct Uplink {
    /// Where to connect.
    pub config: LinkConfig,
    /// Reads the spool, the lists in use and the clock.
    pub checker: Arc<crate::check::Checker>,
    /// Takes what arrives.
    pub intake: IntakeDoor,
    /// What to ask for.
    pub missing: watch::Receiver<Option<Missing>>,
    /// Tells the desk.
    pub state: watch::Sender<LinkState>,
    /// While it says true there is no session: a drill.
    pub hold: watch::Receiver<bool>,
    /// Owners' answers that only a newer root can explain.
    pub early: EarlyAnswers,
}

/// Owners' answers that came before the root which names the key that signed them.
#[derive(Default)]
pub struct EarlyAnswers {
    root_version: u32,
    answers: VecDeque<bytes::Bytes>,
}

impl Uplink {
    /// Keeps a session open until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::up_to(self.config.retry_max);
        let forward = self.forward();
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
        while !stop.is_cancelled() {
            if *self.hold.borrow_and_update() {
                self.tell(false, HELD.into());
                tokio::select! {
                    // Without its other end nobody can hold the link any more.
                    _ = self.hold.wait_for(|held| !held) => {}
                    () = stop.cancelled() => return,
                }
                backoff.reset();
            }
            let start = Instant::now();
            let why = match self.settings() {
                Ok(settings) => {
                    let (publisher, events) = mqtt::open(settings);
                    self.session(publisher, events, &forward, &mut look, &stop).await
                }
                Err(why) => why,
            };
            if stop.is_cancelled() {
                return;
            }
            if *self.hold.borrow() {
                continue;
            }
            tracing::warn!(%why, "no session with headquarters");
            self.tell(false, why);
            if start.elapsed() >= GOOD_SESSION {
                backoff.reset();
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.next_delay()) => {}
                _ = self.hold.wait_for(|held| *held) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// The way to the intake; it outlives sessions, so that what one brought is not lost with it.
    fn forward(&self) -> Forward {
        let intake = self.intake.clone();
        Forward::to(move |arrival| {
            let intake = intake.clone();
            async move {
                match arrival {
                    Arrival::Offer(offer) => intake.offer(offer).await,
                    Arrival::Chunk(message) => intake.chunk(message).await,
                }
            }
        })
    }

    fn settings(&self) -> Result<MqttSettings, String> {
        let read = |path| files::read(path, PEM_BYTES_MAX).map_err(|error| error.to_string());
        let config = &self.config;
        let crl = config.crl.as_deref().map(read).transpose()?.unwrap_or_default();
        let key = Zeroizing::new(read(&config.key)?);
        let tls = tls::client_config(&read(&config.ca)?, &read(&config.certificate)?, &key, &crl)
            .map_err(|error| error.to_string())?;
        Ok(MqttSettings {
            host: config.host.clone(),
            port: config.port,
            client_id: self.checker.device().to_string(),
            tls,
            keep_alive: config.keep_alive,
            last_will: Some(self.status(false)),
        })
    }

    fn tell(&self, online: bool, why: String) {
        self.state.send_modify(|state| (state.online, state.why) = (online, why));
    }

    /// Tells when our certificate ends, and warns of it in time: past its end there is no session, nor a way to say so.
    /// `again`: also of what was told before.
    fn look_at_certificate(&self, again: bool) {
        let chain = files::read(&self.config.certificate, PEM_BYTES_MAX);
        // One that cannot be read ends the next session, with the reason.
        let ends = chain.ok().and_then(|chain| tls::ends_at(&chain).ok());
        let news =
            self.state.send_if_modified(|state| std::mem::replace(&mut state.certificate_ends, ends) != ends);
        let soon = ends.filter(|at| *at < self.checker.now() + CERTIFICATE_WARN_S);
        if let Some(at) = soon.filter(|_| news || again) {
            let (device, at) = (self.checker.device(), rfc3339(at));
            tracing::warn!(
                "our certificate ends at {at}: `vedette-hq enrol {device} --renew` makes the next"
            );
        }
    }

    /// One session, from connect to its end; returns why it ended.
    async fn session(
        &mut self,
        mut publisher: Publisher,
        mut events: Events,
        forward: &Forward,
        look: &mut Interval,
        stop: &CancellationToken,
    ) -> String {
        let mut session = Session::new(self.checker.limits());
        let start = Instant::now();
        let mut tick = tokio::time::interval(TICK);
        self.look_at_certificate(false);
        let (mut ready, mut hold) = (false, self.hold.clone());
        let mut held = self.held();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Event::Connected => {
                        if let Err(error) = publisher.subscribe(&device_subscriptions(self.checker.device())) {
                            return error.to_string();
                        }
                    }
                    Event::Subscribed => {
                        ready = true;
                        tracing::info!(broker = %self.config.host, "session with headquarters");
                        self.tell(true, String::new());
                    }
                    Event::Refused(filter) => return format!("the broker refuses the subscription to {filter}"),
                    Event::Message { topic, payload, .. } => self.take(&mut session, forward, &topic, payload),
                    Event::Acked(_) => {}
                    Event::Closed(why) => return why,
                },
                _ = tick.tick() => self.answer_again(),
                _ = look.tick() => self.look_at_certificate(true),
                () = self.checker.spooled() => {}
                changed = hold.changed() => match changed.is_ok() && *hold.borrow() {
                    true => {
                        self.goodbye(publisher, events).await;
                        return HELD.into();
                    }
                    false if changed.is_err() => return "the agent is stopping".into(),
                    false => {}
                },
                changed = self.missing.changed() => if changed.is_err() { return "the agent is stopping".into() },
                () = stop.cancelled() => {
                    self.goodbye(publisher, events).await;
                    return "the agent is stopping".into();
                }
            }
            if ready {
                let now = start.elapsed().as_secs();
                let holds = self.held();
                let news = holds != held;
                held = holds;
                if let Err(why) = self.send(&mut session, &mut publisher, now, news) {
                    return why;
                }
            }
        }
    }

    /// Sends what is due, as far as the window allows.
    fn send(
        &mut self,
        session: &mut Session,
        publisher: &mut Publisher,
        now: u64,
        news: bool,
    ) -> Result<(), String> {
        let own = |what| Topic::Device(self.checker.device().clone(), what).name();
        let missing = self.missing.borrow_and_update().clone();
        let mut out = Vec::new();
        if let Some(want) = session.want(now, missing.as_ref()) {
            out.push(message(own(DeviceTopic::Want), &want, false));
        }
        if session.status_due(now, news) {
            out.push(self.status(true));
        }
        let room = publisher.room().saturating_sub(out.len());
        let state = self.checker.db();
        let encounters = session.encounters(now, room, |after, limit| spool::after(state, after, limit));
        let encounters = encounters.map_err(|error| error.to_string())?;
        let publish =
            |s: Spooled| Publish { topic: own(DeviceTopic::Encounter), payload: s.message, retain: false };
        for publish in out.into_iter().chain(encounters.into_iter().map(publish)) {
            match publisher.try_publish(publish) {
                Ok(_) | Err(mqtt::Full::Window) => {} // what does not fit now is overdue later
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Takes a message; one that is not ours or cannot be read is said so and dropped.
    fn take(&mut self, session: &mut Session, forward: &Forward, topic: &str, payload: bytes::Bytes) {
        let offer = match Topic::parse(topic) {
            Some(Topic::Root(version)) => Offer::Root(version, payload.into()),
            Some(Topic::Heartbeat) => Offer::Heartbeat(payload.into()),
            Some(Topic::Roster) => Offer::Roster(payload.into()),
            Some(Topic::Manifest(list)) => Offer::Manifest(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Grant(list))) => Offer::Grant(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Order)) if payload.is_empty() => return, // a cleared order
            Some(Topic::Device(_, DeviceTopic::Order)) => Offer::Order(payload.into()),
            Some(Topic::Segment(..) | Topic::Device(_, DeviceTopic::Have)) => {
                return forward.put(Arrival::Chunk(payload));
            }
            Some(Topic::Device(_, DeviceTopic::Receipt)) => return self.receipt(session, &payload),
            Some(Topic::Device(_, DeviceTopic::Answer(_))) if payload.is_empty() => return, // a cleared answer
            Some(Topic::Device(_, DeviceTopic::Answer(_))) => return self.answer(payload),
            _ => return tracing::warn!(%topic, "a message nobody asked for"),
        };
        forward.put(Arrival::Offer(offer));
    }

    fn receipt(&self, session: &mut Session, bytes: &[u8]) {
        let root = &self.checker.holdings().root;
        let receipt = match Receipt::accept(bytes, self.checker.device(), root, &RingVerify) {
            Ok(receipt) => receipt,
            Err(error) => return tracing::warn!(%error, "receipt refused"),
        };
        match spool::receipted(self.checker.db(), &receipt.entries) {
            // Not louder: after a Clear, this line would tell of a discreet alert.
            Ok(removed) => tracing::debug!(removed, "encounters are home"),
            Err(error) => return tracing::error!(%error, "a receipt cannot be stored"),
        }
        session.receipted(receipt.entries.iter().map(|entry| entry.id));
    }

    /// Takes the answers that came too early, once there is another root.
    fn answer_again(&mut self) {
        if self.early.answers.is_empty() || self.checker.holdings().root.version == self.early.root_version {
            return;
        }
        for bytes in std::mem::take(&mut self.early.answers) {
            self.answer(bytes);
        }
    }

    fn answer(&mut self, bytes: bytes::Bytes) {
        let holdings = self.checker.holdings();
        let answer = match Answer::accept(&bytes, self.checker.device(), &holdings.root, &RingVerify) {
            Ok(answer) => answer,
            Err(TrustError::Signatures { .. }) if self.early.answers.len() < EARLY_ANSWERS_MAX => {
                tracing::debug!("an owner's answer waits for a newer root");
                self.early.root_version = holdings.root.version;
                return self.early.answers.push_back(bytes);
            }
            Err(error) => return tracing::warn!(%error, "an owner's answer refused"),
        };
        match confirmations::answered(self.checker.db(), &answer) {
            // Not louder, as above: owners answer discreet alerts too.
            Ok(true) => tracing::debug!(encounter = %Hex(&answer.encounter), "the owner has answered"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "an owner's answer cannot be stored"),
        }
    }

    /// The editions held and what is overdue, to notice when they change.
    fn held(&self) -> (Vec<u64>, usize) {
        let editions = self.checker.holdings().lists.iter().map(|held| held.edition).collect();
        (editions, self.overdue().len())
    }

    fn overdue(&self) -> heapless::Vec<EncounterId, OVERDUE_MAX> {
        confirmations::overdue(self.checker.db(), self.checker.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "what is overdue cannot be told");
            heapless::Vec::new()
        })
    }

    fn status(&self, online: bool) -> Publish {
        let now = self.checker.now();
        let holdings = self.checker.holdings();
        let held = |held: &crate::holdings::Held| HeldList {
            list: held.list.clone(),
            edition: held.edition,
            age_s: held.freshness(now).0,
        };
        let status = Status {
            online,
            at: now,
            version: env!("CARGO_PKG_VERSION").try_into().unwrap_or_default(),
            spool: spool::depth(self.checker.db())
                .map_or(u32::MAX, |depth| u32::try_from(depth).unwrap_or(u32::MAX)),
            lists: holdings.lists.iter().map(held).take(vedette_shim::trust::LISTS_MAX).collect(),
            overdue: self.overdue(),
        };
        message(Topic::Device(self.checker.device().clone(), DeviceTopic::Status).name(), &status, true)
    }

    /// Tells headquarters that we go on purpose.
    async fn goodbye(&self, mut publisher: Publisher, mut events: Events) {
        let Ok(last) = publisher.try_publish(self.status(false)) else { return };
        let said = async {
            loop {
                match events.next().await {
                    Event::Acked(token) if token == last => publisher.disconnect(),
                    Event::Closed(_) => return,
                    _ => {}
                }
            }
        };
        // A broker that does not answer will publish the last will, which says the same.
        let _ = tokio::time::timeout(GOODBYE, said).await;
    }
}

fn message(topic: String, body: &impl serde::Serialize, retain: bool) -> Publish {
    let mut buffer = vec![0; 8 * 1024];
    let used =
        wire::encode(body, &mut buffer).expect("the link's messages are bounded below the buffer").len();
    buffer.truncate(used);
    Publish { topic, payload: buffer, retain }
}
