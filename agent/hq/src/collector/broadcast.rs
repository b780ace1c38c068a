//! Sends to the broker what it should keep, and a new delta's chunks to all devices at once.
//!
//! For headquarters without a running `serve`, or when a delta should not wait to be asked for. Returns when the broker
//! has acknowledged every message, or with the reason why it did not.

use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{self, PUBLISHER};
use crate::authority::services;
use crate::collector::depot::read_chunk;
use crate::collector::error::CollectorError;
use crate::collector::retained;
use crate::db;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::timeout;
use vedette_common::mqtt::crl::Crl;
use vedette_common::mqtt::session::{self as mqtt, Event, Full, MqttSettings, Publish};
use vedette_common::mqtt::tls::{Identity, client_config};
use vedette_common::mqtt::topics::Topic;
use vedette_shim::ids::ListName;
use vedette_shim::wire::{CHUNK_BYTES, Chunk};

/// Largest delta that is sent to all unasked, bytes.
pub const PUSH_BYTES_MAX: u64 = 256 * 1024;
/// The broker acknowledges something at least this often, or is taken for dead.
const ACK_WAIT: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Broadcasted {
    /// Messages the broker keeps.
    pub retained: usize,
    /// Chunks sent to all.
    pub chunks: usize,
}

/// Sends everything the broker should keep, and the newest delta of each of `lists` if it is small. `broker` is another
/// one than the home's.
pub async fn broadcast(
    home: &Home,
    lists: &[ListName],
    broker: Option<(String, u16)>,
) -> Result<Broadcasted, CollectorError> {
    // Chunks first: whoever hears of the edition has its delta already.
    let mut publishes = VecDeque::new();
    for list in lists {
        publishes.extend(delta_chunks(home, list)?);
    }
    let chunks = publishes.len();
    let mut failed = Ok(());
    publishes.extend(retained::all(home, home.database()?.read(), home.now(), |error| failed = Err(error)));
    failed?;
    let sent = Broadcasted { retained: publishes.len() - chunks, chunks };
    let settings = settings(home, PUBLISHER, broker)?;
    send(settings, publishes).await?;
    Ok(sent)
}

/// How headquarters connects with the certificate `name`, which is its MQTT client id too.
pub(crate) fn settings(
    home: &Home,
    name: &str,
    broker: Option<(String, u16)>,
) -> Result<MqttSettings, CollectorError> {
    let (host, port) = match broker {
        Some(broker) => broker,
        None => db::settings::broker(home.database()?.read())?,
    };
    let read = |name: &str| pki::read_text(home, name);
    let key = zeroize::Zeroizing::new(read(&format!("{name}.key"))?);
    let identity = Identity::from_pem(read(&format!("{name}.pem"))?.as_bytes(), key.as_bytes())
        .map_err(AuthorityError::from)?;
    let ca = read("ca.pem")?;
    let crl = Crl::from_pem(read(services::FOR_DEVICES)?.as_bytes()).map_err(AuthorityError::from)?;
    let tls = client_config(ca.as_bytes(), &identity, Some(&crl), Default::default())
        .map_err(AuthorityError::from)?;
    Ok(MqttSettings {
        host,
        port,
        client_id: name.into(),
        tls,
        keep_alive: KEEP_ALIVE,
        connect_wait: mqtt::CONNECT_WAIT,
        last_will: None,
    })
}

/// The chunks of the newest delta of a list, if it is small enough to send to all.
fn delta_chunks(home: &Home, list: &ListName) -> Result<Vec<Publish>, CollectorError> {
    let manifest = db::editions::newest(home.database()?.read(), list)?;
    let Some(delta) = manifest.and_then(|m| m.delta).filter(|delta| delta.bytes <= PUSH_BYTES_MAX) else {
        return Ok(Vec::new());
    };
    let mut publishes = Vec::new();
    while let Some(bytes) = read_chunk(home, &delta.digest, publishes.len() as u32)? {
        let index = publishes.len() as u32;
        let topic = Topic::Segment(delta.digest, index).name();
        let payload = chunk_message(&Chunk { segment: delta.digest, index, bytes: &bytes });
        publishes.push(Publish { topic, payload, retain: false });
    }
    Ok(publishes)
}

/// A chunk as its message.
pub(crate) fn chunk_message(chunk: &Chunk<'_>) -> Vec<u8> {
    mqtt::encoded(chunk, CHUNK_BYTES + 64)
}

async fn send(settings: MqttSettings, mut publishes: VecDeque<Publish>) -> Result<(), CollectorError> {
    let broker = format!("{}:{}", settings.host, settings.port);
    let failed = |why: String| CollectorError::Broker { broker: broker.clone(), why };
    let (mut publisher, mut events) = mqtt::open(settings);
    let mut connected = false;
    let mut awaited = 0usize;
    while !connected || awaited > 0 || !publishes.is_empty() {
        match timeout(ACK_WAIT, events.next()).await {
            Err(_) => return Err(failed(format!("no acknowledgement for {} s", ACK_WAIT.as_secs()))),
            Ok(Event::Closed(why)) => return Err(failed(why)),
            Ok(Event::Connected) => connected = true,
            Ok(Event::Acked(_)) => awaited -= 1,
            Ok(_) => {}
        }
        while connected && publisher.room() > 0 {
            let Some(publish) = publishes.pop_front() else { break };
            match publisher.try_publish(publish) {
                Ok(_) => awaited += 1,
                // The session's end comes as an event with its reason.
                Err(Full::Window | Full::Closed) => break,
                Err(error @ Full::Oversized(_)) => return Err(failed(error.to_string())),
            }
        }
    }
    publisher.disconnect();
    // The goodbye should leave before the session is dropped; if it does not, nothing is lost by it.
    let _ =
        timeout(Duration::from_secs(1), async { while !matches!(events.next().await, Event::Closed(_)) {} })
            .await;
    Ok(())
}
