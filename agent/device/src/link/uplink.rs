//! The task that keeps a session with headquarters open: connects, carries messages both ways, and starts over.
//!
//! Rule: on any error the client is dropped and made again after a jittered wait; certificates are read again each
//! time, so a renewed one is used without a restart. Of several addresses of the broker the next is tried. The broker stores nothing we could not rebuild: encounters stay
//! in the spool until their receipt, and everything signed is retained there for us. It never waits for the intake.

use super::LinkState;
use super::asking::Asking;
use super::authorities::Authorities;
use super::exchange::{Exchange, ForIntake};
use super::renewal::Renewal;
use super::revocations::Revocations;
use super::session::LinkSession;
use crate::config::LinkConfig;
use crate::intake::Needs;
use crate::intake::door::IntakeDoor;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use vedette_common::clock::rfc3339;
use vedette_common::mqtt::CERTIFICATE_WARN_S;
use vedette_common::mqtt::backoff::Backoff;
use vedette_common::mqtt::brokers::{Failover, Reached, SessionEnd};
use vedette_common::mqtt::session::{self as mqtt, Event, Events, MqttSettings, Publish, Publisher};
use vedette_common::mqtt::tls;
use vedette_common::mqtt::topics::{DeviceTopic, Topic, device_subscriptions};

/// How often the session checks for overdue receipts and chunks.
const TICK: Duration = Duration::from_secs(1);
/// How often our certificate is read, besides at each session's start: it may have been renewed.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(3600);
/// Why there is no session during a drill.
const DRILL: &str = "suspended by a drill";
/// Why a session ends when more certificates are revoked.
const REVOKED: &str = "the list of revoked certificates is newer";
/// Why a session ends when other CAs count.
const REPLACED: &str = "headquarters' CA is replaced";
/// Why a session ends for a new certificate.
const TRYING: &str = "a new certificate is tried";
/// Why a session ends with the agent.
const STOPPING: &str = "the agent is stopping";
/// How long a graceful disconnect may take.
const DISCONNECT_WAIT: Duration = Duration::from_secs(2);

/// What the uplink works with.
pub struct Uplink {
    /// Where to connect.
    pub config: LinkConfig,
    /// What is said in a session.
    pub exchange: Exchange,
    /// Takes what arrives.
    pub intake: IntakeDoor,
    /// What to bring: a segment, or statements again.
    pub needs: watch::Receiver<Needs>,
    /// Shown at the desk.
    pub state: watch::Sender<LinkState>,
    /// While it is true there is no session: a drill.
    pub hold: watch::Receiver<bool>,
    /// Which certificate is shown.
    pub renewal: Renewal,
    /// Which CAs count.
    pub authorities: Authorities,
    /// Which brokers' certificates are refused.
    pub revocations: Revocations,
}

impl Uplink {
    /// Keeps a session open until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::up_to(self.config.retry_max);
        let mut failover = Failover::over(self.config.brokers.clone());
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
            let mut reached = Reached::Nobody;
            let why = match self.settings(&failover) {
                Ok(settings) => {
                    let (publisher, events) = mqtt::open(settings);
                    let broker = failover.current().to_string();
                    let span = tracing::info_span!("session", %broker);
                    self.state.send_modify(|state| state.broker = broker);
                    self.session(publisher, events, &mut certificate_due, &mut reached, &stop)
                        .instrument(span)
                        .await
                }
                Err(why) => why,
            };
            self.renewal.ended();
            if stop.is_cancelled() {
                return;
            }
            if *self.hold.borrow() {
                continue;
            }
            tracing::warn!(%why, broker = %failover.current(), "no session with headquarters");
            self.report(false, why);
            let end = reached.end(Instant::now());
            if matches!(end, SessionEnd::Good | SessionEnd::Ours) {
                backoff.reset();
            }
            failover.ended(end);
            tokio::select! {
                () = tokio::time::sleep(backoff.next_delay()) => {}
                _ = self.hold.wait_for(|held| *held) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    fn settings(&mut self, failover: &Failover) -> Result<MqttSettings, String> {
        let identity = self.renewal.for_session()?;
        let serial = identity.serial().map_err(|error| error.to_string())?;
        let config = &self.config;
        let ca = self.authorities.pem()?;
        let crl = self.revocations.current(&ca)?;
        let clock = self.exchange.checker().clock();
        let tls =
            tls::client_config(&ca, &identity, crl.as_ref(), clock).map_err(|error| error.to_string())?;
        Ok(MqttSettings {
            host: failover.current().host.clone(),
            port: failover.current().port,
            client_id: self.exchange.checker().device().to_string(),
            tls,
            keep_alive: config.keep_alive,
            connect_wait: failover.connect_wait(),
            last_will: Some(self.exchange.will(&serial)),
        })
    }

    fn report(&self, online: bool, why: String) {
        self.state.send_modify(|state| (state.online, state.why) = (online, why));
    }

    /// Reports when our certificate ends, and warns in time: past its end there is no session, nor a way to say so.
    /// `again`: also if that was said before.
    fn check_certificate(&self, again: bool) {
        // One that cannot be read ends the next session, with the reason.
        let ends = self.renewal.term().map(|term| term.ends);
        let news =
            self.state.send_if_modified(|state| std::mem::replace(&mut state.certificate_ends, ends) != ends);
        let soon = ends.filter(|at| *at < self.exchange.checker().now() + CERTIFICATE_WARN_S);
        if let Some(at) = soon.filter(|_| news || again) {
            let (device, at) = (self.exchange.checker().device(), rfc3339(at));
            tracing::warn!(
                "our certificate ends at {at}, and headquarters gave no other: `vedette-hq enrol {device} --renew` makes the next"
            );
        }
    }

    /// One session, from connect to its end; returns why it ended. `reached`: how far it came.
    async fn session(
        &mut self,
        mut publisher: Publisher,
        mut events: Events,
        certificate_due: &mut Interval,
        reached: &mut Reached,
        stop: &CancellationToken,
    ) -> String {
        let mut session = LinkSession::new(self.exchange.checker().limits());
        let mut asking = Asking::default();
        let start = Instant::now();
        let mut tick = tokio::time::interval(TICK);
        self.check_certificate(false);
        let (mut ready, mut hold) = (false, self.hold.clone());
        let mut reported = self.exchange.reported();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Event::Connected => {
                        *reached = Reached::Broker;
                        if let Err(error) = publisher.subscribe(&device_subscriptions(self.exchange.checker().device())) {
                            return error.to_string();
                        }
                    }
                    Event::Subscribed if ready => {}
                    Event::Subscribed => {
                        ready = true;
                        *reached = Reached::Subscribed(Instant::now());
                        tracing::info!("session with headquarters");
                        self.renewal.worked();
                        self.check_certificate(false);
                        self.report(true, String::new());
                    }
                    Event::Refused(filter) => return format!("the broker refuses the subscription to {filter}"),
                    Event::Message { topic, payload, .. } => if let Some(why) = self.receive(&mut session, &topic, payload) {
                        // The broker of this session may be one that counts no more.
                        *reached = Reached::Enough;
                        return why.into();
                    },
                    Event::Acked(_) => {}
                    Event::Closed(why) => return why,
                },
                _ = tick.tick() => if let Some(why) = self.again() {
                    *reached = Reached::Enough;
                    return why.into();
                },
                _ = certificate_due.tick() => self.check_certificate(true),
                () = self.exchange.checker().spooled() => {}
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
                let current = self.exchange.reported();
                let news = current != reported;
                reported = current;
                if self.renewal.waits() {
                    *reached = Reached::Enough;
                    self.disconnect(publisher, events).await;
                    return TRYING.into();
                }
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
        let checker = self.exchange.checker();
        if let Some(payload) = self.renewal.request(checker.clock().since_boot(), checker.now()) {
            let topic = Topic::Device(checker.device().clone(), DeviceTopic::Renewal).name();
            tracing::info!("asking headquarters for a new certificate");
            // What finds no room is asked for again.
            let _ = publisher.try_publish(Publish { topic, payload, retain: false });
        }
        let missing = self.needs.borrow_and_update().segment.clone();
        let due = self.exchange.outgoing(session, missing.as_ref(), publisher.room(), now, news);
        for publish in due.map_err(|error| error.to_string())? {
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
        let device = self.exchange.checker().device();
        let subscriptions: Vec<_> = kinds.iter().map(|kind| kind.subscription(device)).collect();
        publisher.subscribe(&subscriptions).map_err(|error| error.to_string())
    }

    /// Takes a message; why another is needed than this session, if it is.
    fn receive(
        &mut self,
        session: &mut LinkSession,
        topic: &str,
        payload: bytes::Bytes,
    ) -> Option<&'static str> {
        match Topic::parse(topic) {
            Some(Topic::Revoked) => return self.revocations.take(&payload).then_some(REVOKED),
            Some(Topic::Authorities) => {
                let is_new = self.authorities.take(&payload, &self.exchange.checker().snapshot().root);
                return self.replaced(is_new);
            }
            Some(Topic::Device(_, DeviceTopic::Certificate)) => {
                self.renewal.take(&payload, self.exchange.checker().now());
                return None;
            }
            _ => {}
        }
        match self.exchange.receive(session, topic, payload) {
            Some(ForIntake::Update(update)) => self.intake.update(update),
            Some(ForIntake::Chunk(message)) => self.intake.chunk(message),
            None => {}
        }
        None
    }

    /// Takes and sends again what waited; why another session is needed than this, if it is.
    fn again(&mut self) -> Option<&'static str> {
        self.exchange.answer_again();
        self.exchange.send_again();
        let is_new = self.authorities.take_early(&self.exchange.checker().snapshot().root);
        self.replaced(is_new)
    }

    /// Whether other CAs count now: why another session is needed then.
    fn replaced(&mut self, is_new: bool) -> Option<&'static str> {
        if is_new {
            self.renewal.ask_at_once();
        }
        is_new.then_some(REPLACED)
    }

    /// Disconnects gracefully: headquarters gets a last status that says we are offline on purpose.
    async fn disconnect(&self, mut publisher: Publisher, mut events: Events) {
        let Ok(last) = publisher.try_publish(self.exchange.status(false)) else { return };
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
