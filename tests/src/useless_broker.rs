//! A broker that takes every client and is of no use to it: it grants no subscription, as one does whose rights are wrong, or
//! grants them and closes. Mosquitto does neither, so it cannot play this part.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CONNECT: u8 = 1;
const SUBSCRIBE: u8 = 8;
const PING: u8 = 12;

/// What it does to a client that subscribes.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It grants nothing.
    Refuses,
    /// Right after it granted everything.
    Closes,
}

/// The broker; it runs until the test ends.
pub struct UselessBroker {
    port: u16,
    failed: Arc<AtomicUsize>,
}

impl UselessBroker {
    /// Starts one with the broker's certificate of a home.
    pub fn start(home: &Path, fault: Fault) -> UselessBroker {
        let file = |name: &str| home.join("pki").join(name);
        let certificate =
            CertificateDer::from_pem_file(file("broker.pem")).expect("the broker's certificate");
        let key = PrivateKeyDer::from_pem_file(file("broker.key")).expect("the broker's key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("they belong together");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let failed = Arc::new(AtomicUsize::new(0));
        let (config, counter) = (Arc::new(config), failed.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, counter) = (config.clone(), counter.clone());
                // A client that goes away ends its session with an error, which is what is wanted.
                std::thread::spawn(move || serve(client, config, fault, &counter));
            }
        });
        UselessBroker { port, failed }
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many clients it failed.
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }
}

fn serve(client: TcpStream, config: Arc<ServerConfig>, fault: Fault, failed: &AtomicUsize) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, client);
    loop {
        let (kind, body) = packet(&mut stream)?;
        match kind {
            CONNECT => stream.write_all(&[0x20, 2, 0, 0])?,
            SUBSCRIBE => {
                let filters = filters(&body[2..]);
                stream.write_all(&[0x90, filters + 2, body[0], body[1]])?;
                let code = if matches!(fault, Fault::Refuses) { 0x80 } else { 0 };
                stream.write_all(&vec![code; filters.into()])?;
                failed.fetch_add(1, Ordering::SeqCst);
                if matches!(fault, Fault::Closes) {
                    return Ok(());
                }
            }
            PING => stream.write_all(&[0xd0, 0])?,
            _ => {}
        }
    }
}

/// The next MQTT packet: its kind and what follows the length.
fn packet(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut byte = || {
        let mut byte = [0];
        stream.read_exact(&mut byte).map(|()| byte[0])
    };
    let kind = byte()? >> 4;
    let (mut length, mut shift) = (0, 0);
    loop {
        let part = byte()?;
        length |= usize::from(part & 0x7f) << shift;
        shift += 7;
        if part & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((kind, body))
}

/// How many filters a subscription names: each is a length, so many bytes, and a quality of service.
fn filters(mut rest: &[u8]) -> u8 {
    let mut count = 0;
    while let [high, low, after @ ..] = rest {
        rest = &after[usize::from(u16::from_be_bytes([*high, *low])) + 1..];
        count += 1;
    }
    count
}
