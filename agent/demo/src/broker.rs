//! A real Mosquitto on a free loopback port, as the demo and the tests need it: started, killed, brought back.
//!
//! It runs the project's own `config/mosquitto.conf` and `config/mosquitto.acl`; only port, paths and user are
//! replaced, each exactly once, so what is shown and tested is what is shipped.
//!
//! Invariants: the port stays this broker's, dead or alive (see [`Port`]); the child dies with its [`Broker`].
//! Failure: [`BrokerError`] carries the end of the broker's own log.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use vedette_common::files::{self, FileError};

const CONFIG: &str = include_str!("../../../config/mosquitto.conf");
const ACL: &str = include_str!("../../../config/mosquitto.acl");

/// How long the broker may take to start, stop or re-read its configuration.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// What Mosquitto logs when it is ready for connections and signals, and when it reads its configuration anew.
const RUNNING: &str = " running";
const RELOADING: &str = "Reloading config";
/// Bytes of log shown with an error.
const LOG_TAIL_BYTES: usize = 2_000;

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No `mosquitto` on this machine.
    #[error(
        "mosquitto is not installed (looked in PATH and in {SYSTEM_FOLDERS:?})\nhint: apt-get install -y mosquitto"
    )]
    NotInstalled,
    /// No port could be had.
    #[error("cannot reserve a loopback port: {0}")]
    Port(io::Error),
    /// Its files could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The process could not be started or signalled.
    #[error("cannot {what} mosquitto: {source}")]
    Process {
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("mosquitto ended instead of a {what} ({status}); the end of its log:\n{log}")]
    Ended {
        /// What was waited for.
        what: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It lives but did not do what was asked in time.
    #[error("mosquitto did not {what} within {PATIENCE:?}; the end of its log:\n{log}")]
    Silent {
        /// What was waited for.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
}

/// A loopback port that nobody else is given as long as this lives.
///
/// It is held by a socket that is bound but does not listen: the kernel then hands the port to no other program that
/// asks for a free one, while a listener that asks for this port by number (SO_REUSEADDR, as Mosquitto sets it) gets it.
pub struct Port {
    _socket: TcpSocket,
    number: u16,
}

impl Port {
    /// Takes a free one.
    pub fn reserve() -> Result<Port, BrokerError> {
        let reserve = || {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let number = socket.local_addr()?.port();
            Ok(Port { _socket: socket, number })
        };
        reserve().map_err(BrokerError::Port)
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// The broker's certificate and key, and those of the authority that devices' certificates come from.
#[derive(Debug, Clone)]
pub struct BrokerPki {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The broker's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Certificates revoked.
    pub crl: PathBuf,
}

impl BrokerPki {
    /// As headquarters lays it out in its home.
    pub fn in_home(home: &Path) -> Self {
        let file = |name: &str| home.join("pki").join(name);
        BrokerPki {
            ca: file("ca.pem"),
            certificate: file("broker.pem"),
            key: file("broker.key"),
            crl: file("crl.pem"),
        }
    }
}

/// A running, or stopped, Mosquitto.
pub struct Broker {
    child: Option<Child>,
    port: Port,
    folder: PathBuf,
}

impl Broker {
    /// Writes its configuration into `folder`, made when it is not there, and starts it; returns when it accepts
    /// connections. Its log and its persistence are kept in `folder`.
    pub fn start(folder: &Path, pki: &BrokerPki, port: Port) -> Result<Broker, BrokerError> {
        files::make_folder(folder)?;
        let folder = fs::canonicalize(folder).map_err(FileError::at("find", folder))?;
        files::write(&folder.join("mosquitto.acl"), ACL.as_bytes())?;
        files::write(&folder.join("mosquitto.conf"), configuration(&folder, pki, port.number).as_bytes())?;
        let mut broker = Broker { child: None, port, folder };
        broker.restart()?;
        Ok(broker)
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// Where it writes its log.
    pub fn log_path(&self) -> PathBuf {
        self.folder.join("mosquitto.log")
    }

    /// Its access rights, a copy of `config/mosquitto.acl`; what is changed there counts after [`Broker::reload`].
    pub fn acl_path(&self) -> PathBuf {
        self.folder.join("mosquitto.acl")
    }

    /// The end of its log, for error messages.
    pub fn log_tail(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned()
    }

    /// Starts it again after [`Broker::stop`] or [`Broker::kill`], with the same port and what it had kept; kills it
    /// first when it runs. Returns when it accepts connections.
    pub fn restart(&mut self) -> Result<(), BrokerError> {
        self.kill()?;
        let log_path = self.log_path();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(FileError::at("open", &log_path))?;
        let starts_before = self.log_count(RUNNING);
        let child = Command::new(find_mosquitto().ok_or(BrokerError::NotInstalled)?)
            .arg("-c")
            .arg(self.folder.join("mosquitto.conf"))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|source| BrokerError::Process { what: "start", source })?;
        self.child = Some(child);
        // The port answers earlier, but then a signal would still kill it instead of being handled.
        self.wait_until("start", |broker| broker.log_count(RUNNING) > starts_before)
    }

    /// Ends it as a system's shutdown would: it stores what it keeps.
    pub fn stop(&mut self) -> Result<(), BrokerError> {
        if self.child.is_none() {
            return Ok(());
        }
        self.signal(Signal::TERM, "stop")?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(child) = &mut self.child {
            match child.try_wait() {
                Ok(None) if Instant::now() > deadline => {
                    return Err(BrokerError::Silent { what: "stop", log: self.log_tail() });
                }
                Ok(None) => std::thread::sleep(POLL_INTERVAL),
                Ok(Some(_)) => self.child = None,
                Err(source) => return Err(BrokerError::Process { what: "wait for", source }),
            }
        }
        Ok(())
    }

    /// Ends it as a power cut would. Nothing happens when it does not run.
    pub fn kill(&mut self) -> Result<(), BrokerError> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let ended = child.kill().and_then(|()| child.wait());
        ended.map(drop).map_err(|source| BrokerError::Process { what: "kill", source })
    }

    /// Makes it read certificates, the revocation list and rights anew; returns when it has begun to, which is before
    /// it accepts another connection.
    pub fn reload(&mut self) -> Result<(), BrokerError> {
        let reloads_before = self.log_count(RELOADING);
        self.signal(Signal::HUP, "reload")?;
        self.wait_until("reload", |broker| broker.log_count(RELOADING) > reloads_before)
    }

    fn log_count(&self, phrase: &str) -> usize {
        fs::read_to_string(self.log_path()).unwrap_or_default().matches(phrase).count()
    }

    fn signal(&self, signal: Signal, what: &'static str) -> Result<(), BrokerError> {
        let process = |source| BrokerError::Process { what, source };
        let pid = self.child.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed()));
        let pid = pid.ok_or_else(|| process(io::Error::other("it does not run")))?;
        kill_process(pid, signal).map_err(|error| process(error.into()))
    }

    fn wait_until(&mut self, what: &'static str, done: impl Fn(&Broker) -> bool) -> Result<(), BrokerError> {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                self.child = None;
                return Err(BrokerError::Ended { what, status, log: self.log_tail() });
            }
            if Instant::now() > deadline {
                return Err(BrokerError::Silent { what, log: self.log_tail() });
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Nothing can be done about a child that will not die.
        let _ = self.kill();
    }
}

/// Debian installs it where a user's PATH does not lead.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

fn find_mosquitto() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join("mosquitto")).find(|file| file.is_file())
}

/// The shipped configuration with this broker's port, paths and user.
fn configuration(folder: &Path, pki: &BrokerPki, port: u16) -> String {
    // Absolute: the broker's working folder is its own. A path that cannot be made so is named by the broker.
    let path =
        |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string();
    let mut replacements = vec![
        // Mosquitto started by root becomes this user; another's could not read a temporary folder. Ignored otherwise.
        ("user", "root".to_string()),
        ("listener", format!("{port} 127.0.0.1")),
        ("cafile", path(&pki.ca)),
        ("certfile", path(&pki.certificate)),
        ("keyfile", path(&pki.key)),
        ("crlfile", path(&pki.crl)),
        ("acl_file", path(&folder.join("mosquitto.acl"))),
        ("persistence_location", format!("{}/", folder.display())),
    ];
    let mut lines = Vec::new();
    for line in CONFIG.lines() {
        let key = line.split(' ').next().unwrap_or_default();
        match replacements.iter().position(|(replaced, _)| *replaced == key) {
            Some(at) => {
                let (key, value) = replacements.swap_remove(at);
                lines.push(format!("{key} {value}\n"));
            }
            None => lines.push(format!("{line}\n")),
        }
    }
    assert!(replacements.is_empty(), "config/mosquitto.conf lacks {replacements:?}");
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod,
    };
    use rcgen::{KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd};
    use std::net::TcpStream;

    fn pki(folder: &Path) -> BrokerPki {
        let pki = BrokerPki::in_home(folder);
        files::make_folder(&folder.join("pki")).unwrap();
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_string(), "127.0.0.1".to_string()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2120, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        for (path, pem) in [
            (&pki.ca, ca_pem),
            (&pki.certificate, certificate.pem()),
            (&pki.key, key.serialize_pem()),
            (&pki.crl, crl.signed_by(&issuer).unwrap().pem().unwrap()),
        ] {
            files::write(path, pem.as_bytes()).unwrap();
        }
        pki
    }

    fn accepts(broker: &Broker) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).is_ok()
    }

    #[test]
    fn the_broker_keeps_its_port_through_stop_kill_and_restart() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path());
        let mut broker =
            Broker::start(&folder.path().join("broker"), &pki, Port::reserve().unwrap()).unwrap();
        let port = broker.port();
        assert!(accepts(&broker));
        broker.reload().unwrap();
        broker.stop().unwrap();
        assert!(!accepts(&broker));
        assert!(broker.reload().unwrap_err().to_string().contains("does not run"));
        broker.restart().unwrap();
        assert!(accepts(&broker));
        broker.kill().unwrap();
        assert!(!accepts(&broker));
        broker.restart().unwrap();
        assert_eq!(broker.port(), port);
        assert!(accepts(&broker));
    }

    #[test]
    fn a_broker_that_cannot_start_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path());
        fs::write(&pki.certificate, "not a certificate").unwrap();
        let error =
            Broker::start(&folder.path().join("broker"), &pki, Port::reserve().unwrap()).err().unwrap();
        assert!(matches!(error, BrokerError::Ended { .. }), "{error}");
        assert!(error.to_string().contains("broker.pem"), "{error}");
    }

    #[test]
    fn a_reserved_port_is_given_to_nobody_else() {
        let reserved = Port::reserve().unwrap();
        let others: Vec<_> = (0..200).map(|_| Port::reserve().unwrap()).collect();
        assert!(others.iter().all(|other| other.number() != reserved.number()));
    }
}
