//! The device's configuration: raw TOML (unknown keys refused) -> checked values.
//!
//! Invariants: every bound the agent has is a named key with its unit and a default; paths are absolute after
//! loading (relative ones are relative to the file). Failure: one error that names the file, the key and a hint;
//! nothing is started.

use crate::officers::sign_in::Rules;
use crate::retro::KEEP_H_MAX;
use crate::scanner::{RawScanner, SCANNERS_MAX, ScannerConfig};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vedette_common::files::{self, FileError};
use vedette_shim::ids::DeviceId;

/// A configuration file larger than this is not one.
const CONFIG_BYTES_MAX: u64 = 256 * 1024;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not TOML, an unknown key, or a value of the wrong type; the parser's words name line and key.
    #[error("{}: {why}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, column, key and what is wrong.
        why: String,
    },
    /// A value out of its range.
    #[error("{}: {key} = {value}: {rule}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// `section.key`.
        key: &'static str,
        /// What it was.
        value: String,
        /// What it must be.
        rule: String,
    },
}

/// Everything `vedette` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// This device's id, the CN of its certificate.
    pub device: DeviceId,
    /// The post's name, as encounters carry it.
    pub post: String,
    /// Folder of the store: state, segments, partial downloads.
    pub state: PathBuf,
    /// The root this device was enrolled with.
    pub root: PathBuf,
    /// The device's X25519 private key.
    pub box_key: PathBuf,
    /// Folder of the grants it was enrolled with.
    pub grants: PathBuf,
    /// Where headquarters' broker is and how to speak to it.
    pub link: LinkConfig,
    /// The officer's side.
    pub desk: DeskConfig,
    /// The rules of signing in.
    pub officers: Rules,
    /// The scanners at serial ports.
    pub scanners: Vec<ScannerConfig>,
    /// How long the keyed hashes of documents that met no alert are kept, seconds; 0: they are not.
    pub retro_keep_s: u64,
    /// The bounds.
    pub limits: Limits,
}

/// Section `[link]`.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// False: never connect; lists come by `vedette import`.
    pub enabled: bool,
    /// Broker's host name, as its certificate says.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// Headquarters' CA, PEM.
    pub ca: PathBuf,
    /// Our certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Revoked certificates, PEM; optional.
    pub crl: Option<PathBuf>,
    /// MQTT keep-alive.
    pub keep_alive: Duration,
    /// Longest wait between two tries to connect.
    pub retry_max: Duration,
}

/// Section `[desk]`.
#[derive(Debug, Clone)]
pub struct DeskConfig {
    /// Unix socket of the local API.
    pub socket: PathBuf,
    /// Loopback address of the console and the local API; `None`: the socket only.
    pub listen: Option<SocketAddr>,
    /// Why documents are checked on the console and at readers, for the journal.
    pub purpose: String,
}

/// Section `[limits]`: the bound of every queue, buffer and wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sealed encounters kept until their receipt, bytes. Past it a scan is still answered, and says that its
    /// encounter could not be kept.
    pub spool_bytes_max: u64,
    /// Encounters sent and not yet receipted.
    pub encounters_in_flight_max: usize,
    /// An encounter without a receipt is sent again after a second, then after twice as long each time, up to this.
    pub receipt_wait_s: u64,
    /// Chunks asked for at once.
    pub chunks_in_flight_max: u16,
    /// A chunk that has not come after this is asked for again.
    pub chunk_wait_s: u64,
    /// Largest segment downloaded; a manifest that names a larger one waits for a bundle.
    pub segment_bytes_max: u64,
    /// Memory for filters over lists of documents, so that a document that is not listed touches no page: 1.15 bytes a
    /// document; 0 for none.
    pub filter_bytes_max: u64,
    /// The journal's lines, bytes. Past nine tenths every answer says so; at the bound there are no answers until older
    /// lines are exported.
    pub journal_bytes_max: u64,
    /// An answer is given at the next multiple of this after it was asked for, milliseconds, so that its time does not tell
    /// of a discreet alert; 0 for at once.
    pub answer_step_ms: u64,
    /// Alerts shown for one scan.
    pub alerts_max: usize,
    /// How often the device says what it holds, at least.
    pub status_every_s: u64,
    /// Answers kept in memory, for `GET /v1/scans/{id}`.
    pub scans_kept_max: usize,
    /// An answer without an alert is forgotten after this.
    pub scans_kept_s: u64,
    /// Requests a second that one caller may make over loopback.
    pub requests_per_s_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            spool_bytes_max: 64 * 1024 * 1024,
            encounters_in_flight_max: 64,
            receipt_wait_s: 30,
            chunks_in_flight_max: 16,
            chunk_wait_s: 10,
            segment_bytes_max: 4 * 1024 * 1024 * 1024,
            filter_bytes_max: 0,
            journal_bytes_max: 256 * 1024 * 1024,
            answer_step_ms: 2,
            alerts_max: 10,
            status_every_s: 60,
            scans_kept_max: 1_000,
            scans_kept_s: 300,
            requests_per_s_max: 100,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    device: RawDevice,
    trust: RawTrust,
    link: RawLink,
    #[serde(default)]
    desk: RawDesk,
    #[serde(default)]
    officers: Rules,
    #[serde(default)]
    scanner: Vec<RawScanner>,
    #[serde(default)]
    retro: RawRetro,
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawRetro {
    keep_h: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
    id: String,
    #[serde(default)]
    post: String,
    #[serde(default = "state_default")]
    state: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrust {
    root: PathBuf,
    box_key: PathBuf,
    grants: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLink {
    #[serde(default = "yes")]
    enabled: bool,
    host: String,
    #[serde(default = "port_default")]
    port: u16,
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    crl: Option<PathBuf>,
    #[serde(default = "keep_alive_default")]
    keep_alive_s: u64,
    #[serde(default = "retry_max_default")]
    retry_max_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawDesk {
    socket: PathBuf,
    listen: String,
    purpose: String,
}

impl Default for RawDesk {
    fn default() -> Self {
        RawDesk { socket: "vedette.sock".into(), listen: String::new(), purpose: "border check".into() }
    }
}

fn yes() -> bool {
    true
}
fn state_default() -> PathBuf {
    "state".into()
}
fn port_default() -> u16 {
    8883
}
fn keep_alive_default() -> u64 {
    30
}
fn retry_max_default() -> u64 {
    60
}

impl Config {
    /// Reads and checks a configuration file.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let bytes = files::read(path, CONFIG_BYTES_MAX)?;
        let text = String::from_utf8(bytes)
            .map_err(|e| ConfigError::Toml { path: path.into(), why: format!("not UTF-8: {e}") })?;
        Self::parse(&text, path)
    }

    /// Checks a configuration's text; `path` is where it came from.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let raw: Raw = toml::from_str(text)
            .map_err(|e| ConfigError::Toml { path: path.into(), why: e.to_string().trim_end().into() })?;
        let folder = std::path::absolute(path)
            .ok()
            .and_then(|p| p.parent().map(Path::to_path_buf))
            .unwrap_or_else(|| PathBuf::from("."));
        let at = |p: PathBuf| folder.join(p);
        let value =
            |key, value: String, rule: String| ConfigError::Value { path: path.into(), key, value, rule };

        let device = raw
            .device
            .id
            .parse::<DeviceId>()
            .map_err(|e| value("device.id", format!("{:?}", raw.device.id), e.to_string()))?;
        if raw.device.post.len() > 64 {
            return Err(value("device.post", raw.device.post, "at most 64 bytes".into()));
        }
        if !(1..=64).contains(&raw.desk.purpose.len()) {
            return Err(value("desk.purpose", format!("{:?}", raw.desk.purpose), "1 to 64 bytes".into()));
        }
        if raw.link.host.is_empty() {
            return Err(value("link.host", "\"\"".into(), "the broker's host name".into()));
        }
        let listen = match raw.desk.listen.as_str() {
            "" => None,
            text => {
                Some(text.parse().ok().filter(|a: &SocketAddr| a.ip().is_loopback()).ok_or_else(|| {
                    let rule = "an address of this machine's loopback and a port, such as 127.0.0.1:8470";
                    value("desk.listen", format!("{text:?}"), rule.into())
                })?)
            }
        };
        if raw.scanner.len() > SCANNERS_MAX {
            return Err(value("scanner", raw.scanner.len().to_string(), format!("at most {SCANNERS_MAX}")));
        }
        let scanners = raw.scanner.into_iter().map(RawScanner::check).collect::<Result<_, _>>();
        let scanners = scanners.map_err(|(key, found, rule)| value(key, found, rule))?;
        let limits = raw.limits;
        let officers = raw.officers;
        let ranges: [(&'static str, u64, std::ops::RangeInclusive<u64>); 20] = [
            ("link.port", raw.link.port.into(), 1..=65_535),
            ("link.keep_alive_s", raw.link.keep_alive_s, 5..=3_600),
            ("link.retry_max_s", raw.link.retry_max_s, 1..=86_400),
            ("limits.spool_bytes_max", limits.spool_bytes_max, 64 * 1024..=1 << 40),
            ("limits.encounters_in_flight_max", limits.encounters_in_flight_max as u64, 1..=100),
            ("limits.receipt_wait_s", limits.receipt_wait_s, 1..=3_600),
            ("limits.chunks_in_flight_max", limits.chunks_in_flight_max.into(), 1..=64),
            ("limits.chunk_wait_s", limits.chunk_wait_s, 1..=3_600),
            ("limits.journal_bytes_max", limits.journal_bytes_max, 64 * 1024..=1 << 40),
            ("limits.answer_step_ms", limits.answer_step_ms, 0..=100),
            ("limits.alerts_max", limits.alerts_max as u64, 1..=100),
            ("limits.scans_kept_max", limits.scans_kept_max as u64, 1..=100_000),
            ("limits.scans_kept_s", limits.scans_kept_s, 1..=86_400),
            ("limits.requests_per_s_max", limits.requests_per_s_max.into(), 1..=100_000),
            ("officers.failures_max", officers.failures_max.into(), 1..=20),
            ("officers.lock_out_s", officers.lock_out_s, 1..=86_400),
            ("officers.idle_s", officers.idle_s, 10..=86_400),
            ("officers.shift_max_s", officers.shift_max_s, 0..=86_400),
            ("officers.roster_grace_s", officers.roster_grace_s, 0..=365 * 86_400),
            ("retro.keep_h", raw.retro.keep_h.into(), 0..=u64::from(KEEP_H_MAX)),
        ];
        for (key, found, range) in ranges {
            if !range.contains(&found) {
                let rule = format!("must be {} to {}", range.start(), range.end());
                return Err(value(key, found.to_string(), rule));
            }
        }
        Ok(Config {
            device,
            post: raw.device.post,
            state: at(raw.device.state),
            root: at(raw.trust.root),
            box_key: at(raw.trust.box_key),
            grants: at(raw.trust.grants),
            link: LinkConfig {
                enabled: raw.link.enabled,
                host: raw.link.host,
                port: raw.link.port,
                ca: at(raw.link.ca),
                certificate: at(raw.link.certificate),
                key: at(raw.link.key),
                crl: raw.link.crl.map(at),
                keep_alive: Duration::from_secs(raw.link.keep_alive_s),
                retry_max: Duration::from_secs(raw.link.retry_max_s),
            },
            desk: DeskConfig { socket: at(raw.desk.socket), listen, purpose: raw.desk.purpose },
            officers,
            retro_keep_s: u64::from(raw.retro.keep_h) * 3_600,
            scanners,
            limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [device]
        id = "post-7"
        [trust]
        root = "root.anchor"
        box_key = "box.key"
        grants = "grants"
        [link]
        host = "localhost"
        ca = "ca.pem"
        certificate = "device.pem"
        key = "device.key"
    "#;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("/etc/vedette/agent.toml")).unwrap_err().to_string()
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = Config::parse(GOOD, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!(config.state, Path::new("/etc/vedette/state"));
        assert_eq!(config.desk.socket, Path::new("/etc/vedette/vedette.sock"));
        assert_eq!(config.link.port, 8883);
    }

    /// The reference in config/ names every key, and its values are the defaults.
    #[test]
    fn the_shipped_reference_is_what_the_program_does() {
        let reference = include_str!("../../../config/agent.toml");
        let config = Config::parse(reference, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!((config.limits, config.officers), (Limits::default(), Rules::default()));
        let bare = Config::parse(GOOD, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!((config.link.port, config.link.keep_alive), (bare.link.port, bare.link.keep_alive));
        assert_eq!((config.link.retry_max, config.link.enabled), (bare.link.retry_max, bare.link.enabled));
        assert_eq!((config.state, config.desk.socket), (bare.state, bare.desk.socket));
        assert_eq!((config.desk.listen, config.desk.purpose), (bare.desk.listen, bare.desk.purpose));
        assert!(reference.contains("\nlisten = "), "desk.listen is missing");
        let default = format!("{:?} {:?}", Limits::default(), Rules::default());
        for key in default.split(['{', ',', ' ', '}']).filter_map(|word| word.strip_suffix(':')) {
            assert!(reference.contains(&format!("\n{key} = ")), "{key} is missing");
        }
    }

    #[test]
    fn every_mistake_is_named_with_its_key() {
        assert!(error(&GOOD.replace("host =", "hots =")).contains("hots"));
        assert!(error(&GOOD.replace("\"post-7\"", "\"post 7\"")).contains("device.id"));
        assert!(error(&GOOD.replace("host = \"localhost\"", "host = \"\"")).contains("link.host"));
        assert!(error(&format!("{GOOD}\n[limits]\nalerts_max = 0")).contains("limits.alerts_max = 0"));
        assert!(error(&format!("{GOOD}\n[limits]\nalerts = 1")).contains("alerts"));
        for outside in ["0.0.0.0:8470", "192.0.2.1:8470", "localhost:8470", "8470"] {
            let desk = format!("{GOOD}\n[desk]\nlisten = \"{outside}\"");
            assert!(error(&desk).contains("desk.listen"), "{outside}");
        }
        assert!(error(&format!("{GOOD}\n[desk]\npurpose = \"\"")).contains("desk.purpose"));
        assert!(error("device = 3").contains("agent.toml"));
    }
}
