//! A bare MQTT client with whatever certificate it is given, and statements signed by whoever: what an attacker has.

use crate::device::Device;
use crate::headquarters::Headquarters;
use crate::program::PATIENCE;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use vedette_common::crypto::{SigningKey, random, sign_statement};
use vedette_common::mqtt::session::{self as mqtt, Event, Events, MqttSettings, Publish, Publisher};
use vedette_common::mqtt::tls;
use vedette_common::mqtt::topics::Subscription;
use vedette_shim::ids::Hex;
use vedette_shim::trust::{Envelope, Manifest, SignedKind, decode_body};

/// Whom a client says it is.
pub struct Identity(Arc<ClientConfig>);

impl Identity {
    /// A certificate and key, believing the broker's authority `ca`.
    pub fn of(ca: &Path, certificate: &Path, key: &Path) -> Identity {
        let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let identity =
            tls::Identity::from_pem(&read(certificate), &read(key)).unwrap_or_else(|error| panic!("{error}"));
        let config = tls::client_config(&read(ca), &identity, None, Default::default());
        Identity(config.unwrap_or_else(|error| panic!("{error}")))
    }

    /// A device's.
    pub fn of_device(device: &Device) -> Identity {
        let file = |name| device.folder().join(name);
        Identity::of(&file("ca.pem"), &file("device.pem"), &file("device.key"))
    }

    /// Headquarters' own.
    pub fn of_headquarters(hq: &Headquarters) -> Identity {
        Self::of_service(hq, "headquarters")
    }

    /// That of `publish --broker`, which may be connected beside `serve`.
    pub fn of_publisher(hq: &Headquarters) -> Identity {
        Self::of_service(hq, "publisher")
    }

    fn of_service(hq: &Headquarters, name: &str) -> Identity {
        let file = |name: &str| hq.home().join("pki").join(name);
        Identity::of(&file("ca.pem"), &file(&format!("{name}.pem")), &file(&format!("{name}.key")))
    }

    /// Somebody without a certificate.
    pub fn none(ca: &Path) -> Identity {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(ca).expect("the authority has a certificate");
        roots.add(certificate).expect("it can be believed");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Identity(Arc::new(config))
    }
}

/// A client that is connected.
pub struct Intruder {
    runtime: Runtime,
    publisher: Publisher,
    events: Events,
}

impl Intruder {
    /// Connects to the broker on `port`, or says why it is not let in.
    pub fn connect(port: u16, identity: &Identity) -> Result<Intruder, String> {
        Self::connect_as(&format!("intruder-{}", Hex(&random::<8>())), port, identity)
    }

    /// The same, under an MQTT client id of its choice.
    pub fn connect_as(client_id: &str, port: u16, identity: &Identity) -> Result<Intruder, String> {
        let runtime = Runtime::new().expect("a runtime can be made");
        let settings = MqttSettings {
            host: "localhost".into(),
            port,
            client_id: client_id.into(),
            tls: identity.0.clone(),
            keep_alive: Duration::from_secs(60),
            connect_wait: mqtt::CONNECT_WAIT,
            last_will: None,
        };
        let (publisher, events) = runtime.block_on(async { mqtt::open(settings) });
        let mut intruder = Intruder { runtime, publisher, events };
        match intruder.next_event() {
            Event::Connected => Ok(intruder),
            Event::Closed(reason) => Err(reason),
            other => panic!("{other:?} before a connection"),
        }
    }

    /// Publishes; `Ok` when the broker has acknowledged, which does not mean that anybody gets it.
    pub fn publish(&mut self, topic: &str, payload: &[u8], retain: bool) -> Result<(), String> {
        let publish = Publish { topic: topic.into(), payload: payload.into(), retain };
        let token = self.publisher.try_publish(publish).map_err(|full| full.to_string())?;
        loop {
            match self.next_event() {
                Event::Acked(acked) if acked == token => return Ok(()),
                Event::Closed(reason) => return Err(reason),
                _ => {}
            }
        }
    }

    /// Subscribes; what the broker grants says nothing about what it delivers.
    #[track_caller]
    pub fn subscribe(&mut self, filter: &str) {
        let subscription = Subscription { filter: filter.into(), acknowledged: true };
        self.publisher.subscribe(&[subscription]).expect("a new session takes a subscription");
        match self.next_event() {
            Event::Subscribed => {}
            other => panic!("{other:?} instead of a subscription"),
        }
    }

    /// The topics of all messages that come, up to one of `last`.
    #[track_caller]
    pub fn topics_until(&mut self, last: &str) -> Vec<String> {
        let mut topics = Vec::new();
        while topics.last().is_none_or(|topic| topic != last) {
            match self.next_event() {
                Event::Message { topic, .. } => topics.push(topic),
                Event::Closed(reason) => panic!("closed ({reason}) after {topics:?}, before {last}"),
                _ => {}
            }
        }
        topics
    }

    #[track_caller]
    fn next_event(&mut self) -> Event {
        let next = async { tokio::time::timeout(PATIENCE, self.events.next()).await };
        self.runtime.block_on(next).expect("the broker answers")
    }
}

/// A published manifest's content.
pub fn read_manifest(bytes: &[u8]) -> Manifest {
    let envelope = Envelope::read(bytes, SignedKind::Manifest).expect("headquarters signs manifests");
    decode_body(SignedKind::Manifest, envelope.body).expect("headquarters writes what can be read")
}

/// A manifest signed by `key`.
pub fn sign_manifest(manifest: &Manifest, key: &SigningKey) -> Vec<u8> {
    sign_statement(SignedKind::Manifest, manifest, &[key])
}
