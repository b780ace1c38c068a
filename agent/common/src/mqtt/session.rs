//! The one file that knows rumqttc: one MQTT 3.1.1 session over TLS, from connect to its first error.
//!
//! rumqttc reconnects by itself without a pause and then drops or repeats what was under way, so we never let it: one
//! task polls it and forwards events; at the first error that task ends with [`Event::Closed`], and the caller drops
//! [`Publisher`] and [`Events`] and opens a new session (clean: the broker remembers nothing of ours).
//!
//! Invariants: publishing never waits ([`Publisher::try_publish`] says [`Full`] instead), so the caller cannot
//! deadlock with the polling task; both queues are bounded; every publish gets a [`Token`] and, when the broker has
//! it, an [`Event::Acked`] with it (FIFO of Outgoing::Publish to packet id, then PubAck); sizes are checked before a
//! packet is handed over, because rumqttc would take an oversized one and fail on it forever; a subscription that the broker
//! refuses, or leaves without a word, is said and never taken for granted.
//!
//! What we rely on in rumqttc, and which of its faults are kept out here: docs/decisions/0020-rumqttc.md.

use super::topics::Subscription;
use bytes::Bytes;
use rumqttc::{
    AsyncClient, Event as Raw, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS, SubscribeFilter,
    SubscribeReasonCode, TlsConfiguration, Transport,
};
use rustls::ClientConfig;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use vedette_shim::wire;

/// Publishes handed over and not yet acknowledged, at most.
pub const WINDOW_MAX: usize = 128;
/// Largest MQTT packet taken or given, bytes: a chunk of 64 KiB with its topic, and room.
pub const PACKET_BYTES_MAX: usize = 256 * 1024;
/// Events waiting for the caller, at most.
const EVENTS_MAX: usize = 64;
/// rumqttc numbers packets from 1 to its in-flight limit; far above our window no number is ever used twice at once.
const PACKET_IDS: u16 = 4096;
/// Requests queued between us and the polling task: the window, and room for subscribe and disconnect.
const REQUESTS_MAX: usize = WINDOW_MAX + 8;
/// First wait for a broker to take us: connect, TLS and MQTT together.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Longest such wait: three round trips of half a minute each, with room.
pub const CONNECT_WAIT_MAX: Duration = Duration::from_secs(120);

/// Where and as whom to connect.
#[derive(Clone)]
pub struct MqttSettings {
    /// Host name or address, as the broker's certificate names it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// MQTT client id.
    pub client_id: String,
    /// From [`super::tls::client_config`].
    pub tls: Arc<ClientConfig>,
    /// A session silent for twice this long is dead.
    pub keep_alive: Duration,
    /// How long the broker may take to take us: [`CONNECT_WAIT`], and longer after tries that failed.
    pub connect_wait: Duration,
    /// What the broker publishes, retained, when the session breaks.
    pub last_will: Option<Publish>,
}

/// A message to publish, QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// Topic name.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
}

/// The bytes of a message of the link.
///
/// # Panics
/// If it has more than `bytes_max`, which whoever makes it must bound.
pub fn encoded(message: &impl Serialize, bytes_max: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes_max];
    let used = wire::encode(message, &mut buffer).expect("a message of the link is below its bound").len();
    buffer.truncate(used);
    buffer
}

/// Names one publish of a session: 0, 1, 2 ... in the order they were handed over.
pub type Token = u64;

/// Why a publish was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// [`WINDOW_MAX`] publishes await their acknowledgement; try again after the next [`Event::Acked`].
    #[error("{WINDOW_MAX} messages await the broker's acknowledgement")]
    Window,
    /// The message would not fit a packet.
    #[error("message of {0} bytes is over the limit of {PACKET_BYTES_MAX}")]
    Oversized(usize),
    /// The session has ended.
    #[error("the session has ended")]
    Closed,
}

/// What happened on the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The broker took us. Nothing is subscribed yet.
    Connected,
    /// Every filter of the last [`Publisher::subscribe`] was granted.
    Subscribed,
    /// The broker refused a filter.
    Refused(String),
    /// A message came.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Bytes,
        /// Kept by the broker from earlier.
        retained: bool,
    },
    /// The broker has this publish.
    Acked(Token),
    /// The session is over, and why, in words. Always the last event.
    Closed(String),
}

/// The sending half of a session.
pub struct Publisher {
    client: AsyncClient,
    next: Token,
    /// Shared with the polling task, which counts down at each acknowledgement.
    awaited: Arc<AtomicUsize>,
    filters: mpsc::Sender<Vec<String>>,
}

/// The receiving half of a session. Dropping it ends the session.
pub struct Events {
    events: mpsc::Receiver<Event>,
    poller: JoinHandle<()>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.poller.abort();
    }
}

/// Opens a session. Returns at once: success is [`Event::Connected`], failure [`Event::Closed`].
pub fn open(settings: MqttSettings) -> (Publisher, Events) {
    let mut options = MqttOptions::new(settings.client_id, settings.host, settings.port);
    options
        .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(settings.tls)))
        .set_keep_alive(settings.keep_alive)
        .set_clean_session(true)
        .set_inflight(PACKET_IDS)
        .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
    if let Some(will) = settings.last_will {
        options.set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, will.retain));
    }
    let (client, mut event_loop) = AsyncClient::new(options, REQUESTS_MAX);
    let mut network = event_loop.network_options();
    network.set_connection_timeout(settings.connect_wait.as_secs());
    network.set_tcp_nodelay(true);
    event_loop.set_network_options(network);

    let (to_caller, events) = mpsc::channel(EVENTS_MAX);
    let (filters, asked) = mpsc::channel(REQUESTS_MAX);
    let awaited = Arc::new(AtomicUsize::new(0));
    let poller = tokio::spawn(poll(event_loop, to_caller, asked, awaited.clone()));
    (Publisher { client, next: 0, awaited, filters }, Events { events, poller })
}

impl Publisher {
    /// Hands a message over, or says why not. Never waits.
    pub fn try_publish(&mut self, publish: Publish) -> Result<Token, Full> {
        // Fixed header 5, topic length 2, packet id 2.
        let bytes = publish.payload.len() + publish.topic.len() + 9;
        if bytes > PACKET_BYTES_MAX {
            return Err(Full::Oversized(bytes));
        }
        if self.room() == 0 {
            return Err(Full::Window);
        }
        // Counted before it is handed over: the acknowledgement may come before this line returns.
        self.awaited.fetch_add(1, Ordering::Relaxed);
        self.client
            .try_publish(publish.topic, QoS::AtLeastOnce, publish.retain, publish.payload)
            .map_err(|_| Full::Closed)?;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// How many more messages [`try_publish`](Self::try_publish) takes now.
    pub fn room(&self) -> usize {
        WINDOW_MAX.saturating_sub(self.awaited.load(Ordering::Relaxed))
    }

    /// Subscribes; answered by [`Event::Subscribed`] or [`Event::Refused`]. Needed after every connect.
    pub fn subscribe(&mut self, subscriptions: &[Subscription]) -> Result<(), Full> {
        let filters = subscriptions.iter().map(|one| one.filter.clone()).collect();
        self.filters.try_send(filters).map_err(|_| Full::Closed)?;
        let filters = subscriptions.iter().map(|one| {
            let qos = if one.acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            SubscribeFilter::new(one.filter.clone(), qos)
        });
        self.client.try_subscribe_many(filters).map_err(|_| Full::Closed)
    }

    /// Says goodbye, so that the broker does not publish the last will; the session then closes.
    pub fn disconnect(&mut self) {
        // When the session is already gone there is nobody to say goodbye to.
        let _ = self.client.try_disconnect();
    }
}

impl Events {
    /// The next event; [`Event::Closed`] is the last.
    pub async fn next(&mut self) -> Event {
        self.events.recv().await.unwrap_or_else(|| Event::Closed("the session has ended".into()))
    }
}

/// Polls until the first error. Alone in its task: `poll` must not be cancelled and nothing else may wait on it.
async fn poll(
    mut event_loop: EventLoop,
    to_caller: mpsc::Sender<Event>,
    mut asked: mpsc::Receiver<Vec<String>>,
    awaited: Arc<AtomicUsize>,
) {
    let mut next: Token = 0;
    let mut tokens: HashMap<u16, Token> = HashMap::with_capacity(WINDOW_MAX);
    loop {
        let event = match event_loop.poll().await {
            Ok(Raw::Incoming(Packet::ConnAck(_))) => Event::Connected,
            Ok(Raw::Incoming(Packet::SubAck(ack))) => {
                let filters = asked.try_recv().unwrap_or_default();
                match refused(&filters, &ack.return_codes) {
                    Some(filter) => Event::Refused(filter),
                    None => Event::Subscribed,
                }
            }
            Ok(Raw::Incoming(Packet::Publish(message))) => {
                Event::Message { topic: message.topic, payload: message.payload, retained: message.retain }
            }
            Ok(Raw::Incoming(Packet::PubAck(ack))) => match tokens.remove(&ack.pkid) {
                Some(token) => {
                    awaited.fetch_sub(1, Ordering::Relaxed);
                    Event::Acked(token)
                }
                None => continue,
            },
            Ok(Raw::Outgoing(Outgoing::Publish(packet_id))) => {
                tokens.insert(packet_id, next);
                next += 1;
                continue;
            }
            Ok(_) => continue,
            Err(error) => {
                // The caller may have gone already; then nobody needs the reason.
                let _ = to_caller.send(Event::Closed(error.to_string())).await;
                return;
            }
        };
        if to_caller.send(event).await.is_err() {
            return;
        }
    }
}

/// The first filter that the broker's answer does not grant.
fn refused(filters: &[String], answer: &[SubscribeReasonCode]) -> Option<String> {
    let granted = |at: usize| matches!(answer.get(at), Some(SubscribeReasonCode::Success(_)));
    let refused = filters.iter().enumerate().find(|(at, _)| !granted(*at))?;
    Some(refused.1.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_granted_only_in_so_many_words() {
        let filters = ["a", "b"].map(String::from);
        let yes = SubscribeReasonCode::Success(QoS::AtMostOnce);
        assert_eq!(refused(&filters, &[yes, yes]), None);
        assert_eq!(refused(&filters, &[yes, SubscribeReasonCode::Failure]).as_deref(), Some("b"));
        assert_eq!(refused(&filters, &[yes]).as_deref(), Some("b"), "an answer that is too short");
        assert_eq!(refused(&filters, &[]).as_deref(), Some("a"));
    }
}
