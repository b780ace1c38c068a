//! The task that keeps a session with headquarters open: connects, carries messages both ways, and starts over.
//!
//! Rule: on any error the client is dropped and made again after a jittered wait; certificates are read again each
//! time, so a renewed one is used without a restart. The broker stores nothing we could not rebuild: encounters stay
//! in the spool until their receipt, and everything signed is retained there for us. It never waits for the intake.

use super::LinkState;
use super::asking::Asking;
use super::early::EarlyAnswers;
use super::session::LinkSession;
use crate::config::LinkConfig;
use crate::intake::door::IntakeDoor;
use crate::intake::{Needs, Update};
use crate::store::spool::Spooled;
use crate::store::{confirmations, spool};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use vedette_common::clock::rfc3339;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_common::mqtt::CERTIFICATE_WARN_S;
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::session::{self as mqtt, Event, Events, MqttSettings, Publish, Publisher};
use vedette_common::mqtt::tls;
use vedette_common::mqtt::topics::{DeviceTopic, Topic, device_subscriptions};
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::trust::{OwnerAnswer, Receipt, TrustError};
use vedette_shim::wire::{self, HeldList, OVERDUE_MAX, Status};
use zeroize::Zeroizing;

/// A PEM file larger than this is not one.
const PEM_BYTES_MAX: u64 = 1024 * 1024;
/// How often the session checks for overdue receipts and chunks.
const TICK: Duration = Duration::from_secs(1);
/// A session that lasted this long was a good one: the next wait is short again.
const GOOD_SESSION: Duration = Duration::from_secs(20);
/// How often our certificate is read, besides at each session's start: it may have been renewed.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(3600);
/// Why there is no session during a drill.
const DRILL: &str = "suspended by a drill";
/// Why a session ends with the agent.
const STOPPING: &str = "the agent is stopping";
/// How long a graceful disconnect may take.
const DISCONNECT_WAIT: Duration = Duration::from_secs(2);

/// What the uplink works with.
pub struct Uplink {
    /// Where to connect.
    pub config: LinkConfig,
    /// Reads the spool, the lists in use and the clock.
    pub checker: Arc<crate::check::Checker>,
    /// Takes what arrives.
    pub intake: IntakeDoor,
    /// What to bring: a segment, or statements again.
    pub needs: watch::Receiver<Needs>,
    /// Shown at the desk.
    pub state: watch::Sender<LinkState>,
    /// While it is true there is no session: a drill.
    pub hold: watch::Receiver<bool>,
    /// Owners' answers that wait for a newer root.
    pub early: EarlyAnswers,
}

impl Uplink {
    /// Keeps a session open until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::up_to(self.config.retry_max);
        let mut connect_wait = mqtt::CONNECT_WAIT;
        let mut certificate_due =
            tokio::time::interval_at(tokio::time::Instant::now() + CERTIFICATE_EVERY, CERTIFICATE_EVERY);
        while !stop.is_cancelled() {
            if *self.hold.borrow_and_update() {
                self.report(false, DRILL.into());
                tokio::select! {
                    // An error: the other end is gone, so no drill can begin any more.
                    _ = self.hold.wait_for(|held| !held) => {}
                    () = stop.cancelled() => return,
                }
                backoff.reset();
            }
            let start = Instant::now();
            let mut taken = false;
            let why = match self.settings(connect_wait) {
                Ok(settings) => {
                    let (publisher, events) = mqtt::open(settings);
                    let span = tracing::info_span!("session", broker = %self.config.host);
                    self.session(publisher, events, &mut certificate_due, &mut taken, &stop)
                        .instrument(span)
                        .await
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
            self.report(false, why);
            if start.elapsed() >= GOOD_SESSION {
                backoff.reset();
            }
            // A link that is only slow must not be given up for ever at the same point.
            connect_wait = match taken {
                true => mqtt::CONNECT_WAIT,
                false => (connect_wait * 2).min(mqtt::CONNECT_WAIT_MAX),
            };
            tokio::select! {
                () = tokio::time::sleep(backoff.next_delay()) => {}
                _ = self.hold.wait_for(|held| *held) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    fn settings(&self, connect_wait: Duration) -> Result<MqttSettings, String> {
        let read = |path| files::read(path, PEM_BYTES_MAX).map_err(|error| error.to_string());
        let config = &self.config;
        let crl = config.crl.as_deref().map(read).transpose()?.unwrap_or_default();
        let key = Zeroizing::new(read(&config.key)?);
        let tls = tls::client_config(
            &read(&config.ca)?,
            &read(&config.certificate)?,
            &key,
            &crl,
            self.checker.clock(),
        )
        .map_err(|error| error.to_string())?;
        Ok(MqttSettings {
            host: config.host.clone(),
            port: config.port,
            client_id: self.checker.device().to_string(),
            tls,
            keep_alive: config.keep_alive,
            connect_wait,
            last_will: Some(self.status(false)),
        })
    }

    fn report(&self, online: bool, why: String) {
        self.state.send_modify(|state| (state.online, state.why) = (online, why));
    }

    /// Reports when our certificate ends, and warns in time: past its end there is no session, nor a way to say so.
    /// `again`: also if that was said before.
    fn check_certificate(&self, again: bool) {
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

    /// One session, from connect to its end; returns why it ended. `taken`: whether the broker took us.
    async fn session(
        &mut self,
        mut publisher: Publisher,
        mut events: Events,
        certificate_due: &mut Interval,
        taken: &mut bool,
        stop: &CancellationToken,
    ) -> String {
        let mut session = LinkSession::new(self.checker.limits());
        let mut asking = Asking::default();
        let start = Instant::now();
        let mut tick = tokio::time::interval(TICK);
        self.check_certificate(false);
        let (mut ready, mut hold) = (false, self.hold.clone());
        let mut reported = self.reported();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Event::Connected => {
                        *taken = true;
                        if let Err(error) = publisher.subscribe(&device_subscriptions(self.checker.device())) {
                            return error.to_string();
                        }
                    }
                    Event::Subscribed if ready => {}
                    Event::Subscribed => {
                        ready = true;
                        tracing::info!("session with headquarters");
                        self.report(true, String::new());
                    }
                    Event::Refused(filter) => return format!("the broker refuses the subscription to {filter}"),
                    Event::Message { topic, payload, .. } => self.receive(&mut session, &topic, payload),
                    Event::Acked(_) => {}
                    Event::Closed(why) => return why,
                },
                _ = tick.tick() => {
                    self.answer_again();
                    self.send_again();
                }
                _ = certificate_due.tick() => self.check_certificate(true),
                () = self.checker.spooled() => {}
                changed = hold.changed() => match changed.is_ok() && *hold.borrow() {
                    true => {
                        self.disconnect(publisher, events).await;
                        return DRILL.into();
                    }
                    false if changed.is_err() => return STOPPING.into(),
                    false => {}
                },
                changed = self.needs.changed() => if changed.is_err() { return STOPPING.into() },
                () = stop.cancelled() => {
                    self.disconnect(publisher, events).await;
                    return STOPPING.into();
                }
            }
            if ready {
                let now = start.elapsed().as_secs();
                let current = self.reported();
                let news = current != reported;
                reported = current;
                let sent = self.send(&mut session, &mut publisher, now, news);
                if let Err(why) = sent.and_then(|()| self.ask_again(&mut asking, &mut publisher, now)) {
                    return why;
                }
            }
        }
    }

    /// Sends what is due, as far as the window allows.
    fn send(
        &mut self,
        session: &mut LinkSession,
        publisher: &mut Publisher,
        now: u64,
        news: bool,
    ) -> Result<(), String> {
        let own = |what| Topic::Device(self.checker.device().clone(), what).name();
        let missing = self.needs.borrow_and_update().segment.clone();
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

    /// Subscribes again to what the broker retains and is not here.
    fn ask_again(&self, asking: &mut Asking, publisher: &mut Publisher, now: u64) -> Result<(), String> {
        let kinds = asking.due(now, &self.needs.borrow().behind);
        if kinds.is_empty() {
            return Ok(());
        }
        tracing::info!(?kinds, "asking the broker again for what is signed and not here");
        let filters: Vec<String> = kinds.iter().map(|kind| kind.filter(self.checker.device())).collect();
        publisher.subscribe(&filters).map_err(|error| error.to_string())
    }

    /// Hands a message on; one that is not ours or cannot be read is logged and dropped.
    fn receive(&mut self, session: &mut LinkSession, topic: &str, payload: bytes::Bytes) {
        let update = match Topic::parse(topic) {
            Some(Topic::Root(version)) => Update::Root(version, payload.into()),
            Some(Topic::Heartbeat) => Update::Heartbeat(payload.into()),
            Some(Topic::Roster) => Update::Roster(payload.into()),
            Some(Topic::Manifest(list)) => Update::Manifest(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Grant(list))) => Update::Grant(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Order)) if payload.is_empty() => return, // a cleared order
            Some(Topic::Device(_, DeviceTopic::Order)) => Update::Order(payload.into()),
            Some(Topic::Device(_, DeviceTopic::Scanner(scanner))) => Update::Scanner(scanner, payload.into()),
            Some(Topic::Segment(..) | Topic::Device(_, DeviceTopic::Have)) => {
                return self.intake.chunk(payload);
            }
            Some(Topic::Device(_, DeviceTopic::Receipt)) => return self.receipt(session, &payload),
            Some(Topic::Device(_, DeviceTopic::Answer(_))) if payload.is_empty() => return, // a cleared answer
            Some(Topic::Device(_, DeviceTopic::Answer(_))) => return self.answer(payload),
            _ => return tracing::warn!(%topic, "a message on an unexpected topic"),
        };
        self.intake.update(update);
    }

    fn receipt(&self, session: &mut LinkSession, bytes: &[u8]) {
        let root = &self.checker.snapshot().root;
        let receipt = match Receipt::accept(bytes, self.checker.device(), root, &RingVerify) {
            Ok(receipt) => receipt,
            Err(error) => {
                return tracing::warn!(reason = %error.reason(), %error, "a receipt is refused");
            }
        };
        let kept_at = (self.checker.limits().keep_receipted_days > 0).then(|| self.checker.now());
        match spool::receipted(self.checker.db(), &receipt.entries, kept_at) {
            // Not louder: after a Clear, this line would tell of a discreet alert.
            Ok(removed) => tracing::debug!(removed, "encounters are receipted"),
            Err(error) => return tracing::error!(%error, "a receipt cannot be stored"),
        }
        session.settled(receipt.entries.iter().map(|entry| entry.id));
        if !receipt.refused.is_empty() {
            self.set_aside(session, &receipt.refused);
        }
    }

    fn set_aside(&self, session: &mut LinkSession, refused: &[[u8; 16]]) {
        let (db, now) = (self.checker.db(), self.checker.now());
        match spool::set_aside(db, &session.in_flight(), refused, now) {
            Ok((aside, shown)) => {
                if shown > 0 {
                    tracing::error!(
                        shown,
                        "headquarters refuses encounters: they are kept, and sent again in a day"
                    );
                }
                session.settled(aside.into_iter());
            }
            Err(error) => tracing::error!(%error, "refused encounters cannot be set aside"),
        }
    }

    /// Sends again what was refused a day ago, and what headquarters ordered of what it had receipted.
    fn send_again(&self) {
        let (db, now) = (self.checker.db(), self.checker.now());
        let done = spool::refused_again(db, now.saturating_sub(spool::REFUSED_AGAIN_S))
            .and_then(|_| spool::receipted_again(db, self.checker.limits().spool_bytes_max));
        if let Err(error) = done {
            tracing::error!(%error, "encounters cannot be sent again");
        }
    }

    /// Verifies the answers again that came before their root.
    fn answer_again(&mut self) {
        for bytes in self.early.due(self.checker.snapshot().root.version) {
            self.answer(bytes);
        }
    }

    fn answer(&mut self, bytes: bytes::Bytes) {
        let root = &self.checker.snapshot().root;
        let answer = match OwnerAnswer::accept(&bytes, self.checker.device(), root, &RingVerify) {
            Ok(answer) => answer,
            Err(TrustError::Signatures { .. }) if self.early.add(bytes.clone(), root.version) => {
                return tracing::debug!("an owner's answer waits for a newer root");
            }
            Err(error) => {
                return tracing::warn!(reason = %error.reason(), %error, "an owner's answer is refused");
            }
        };
        match confirmations::answered(self.checker.db(), &answer) {
            // Not louder, as above: owners answer discreet alerts too.
            Ok(true) => tracing::debug!(encounter = %Hex(&answer.encounter), "the owner has answered"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "an owner's answer cannot be stored"),
        }
    }

    /// The editions in use and what is overdue, to notice when they change.
    fn reported(&self) -> (Vec<u64>, usize) {
        let editions = self.checker.snapshot().lists.iter().map(|held| held.edition).collect();
        (editions, self.overdue().len())
    }

    fn overdue(&self) -> heapless::Vec<EncounterId, OVERDUE_MAX> {
        confirmations::overdue(self.checker.db(), self.checker.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "overdue confirmations cannot be read");
            heapless::Vec::new()
        })
    }

    fn status(&self, online: bool) -> Publish {
        let now = self.checker.now();
        let snapshot = self.checker.snapshot();
        let held = |held: &crate::snapshot::SnapshotList| HeldList {
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
            refused: spool::refused(self.checker.db())
                .map_or(u32::MAX, |refused| u32::try_from(refused).unwrap_or(u32::MAX)),
            lists: snapshot.lists.iter().map(held).take(vedette_shim::trust::LISTS_MAX).collect(),
            overdue: self.overdue(),
        };
        message(Topic::Device(self.checker.device().clone(), DeviceTopic::Status).name(), &status, true)
    }

    /// Disconnects gracefully: headquarters gets a last status that says we are offline on purpose.
    async fn disconnect(&self, mut publisher: Publisher, mut events: Events) {
        let Ok(last) = publisher.try_publish(self.status(false)) else { return };
        let acknowledged = async {
            loop {
                match events.next().await {
                    Event::Acked(token) if token == last => publisher.disconnect(),
                    Event::Closed(_) => return,
                    _ => {}
                }
            }
        };
        // A broker that does not answer will publish the last will, which says the same.
        let _ = tokio::time::timeout(DISCONNECT_WAIT, acknowledged).await;
    }
}

fn message(topic: String, body: &impl serde::Serialize, retain: bool) -> Publish {
    let mut buffer = vec![0; 8 * 1024];
    let used =
        wire::encode(body, &mut buffer).expect("the link's messages are bounded below the buffer").len();
    buffer.truncate(used);
    Publish { topic, payload: buffer, retain }
}
