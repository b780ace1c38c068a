//! `[link]` of the configuration: headquarters' broker.

use super::value::{WrongValue, within, wrong};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vedette_common::mqtt::brokers::{BROKERS_MAX, BrokerAddress};

/// Section `[link]`.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// False: never connect; lists come by `vedette import`.
    pub enabled: bool,
    /// Where headquarters' broker is, the preferred address first; 1 to [`BROKERS_MAX`].
    pub brokers: Vec<BrokerAddress>,
    /// Headquarters' CA, PEM.
    pub ca: PathBuf,
    /// Our certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: LinkKeyPlace,
    /// Revoked certificates, PEM; optional.
    pub crl: Option<PathBuf>,
    /// MQTT keep-alive.
    pub keep_alive: Duration,
    /// Longest wait between two tries to connect.
    pub retry_max: Duration,
    /// So long after its last confirmation a list is stale, seconds: heartbeats were missed.
    pub stale_after_s: u64,
}

/// Where the private key of the link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkKeyPlace {
    /// In a file, PEM.
    File(PathBuf),
    /// In a PKCS #11 token, by its URI.
    Token(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLink {
    #[serde(default = "enabled_default")]
    enabled: bool,
    host: Hosts,
    #[serde(default = "port_default")]
    port: u16,
    ca: PathBuf,
    certificate: PathBuf,
    key: String,
    crl: Option<PathBuf>,
    #[serde(default = "keep_alive_default")]
    keep_alive_s: u64,
    #[serde(default = "retry_max_default")]
    retry_max_s: u64,
    #[serde(default = "stale_after_default")]
    stale_after_s: u64,
}

/// One address or several, each `HOST` or `HOST:PORT`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a broker's host name, or a list of them")]
enum Hosts {
    One(String),
    Several(Vec<String>),
}

fn enabled_default() -> bool {
    true
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

/// Three heartbeats, which `vedette-hq serve` sends every five minutes.
fn stale_after_default() -> u64 {
    900
}

impl RawLink {
    pub(super) fn check(self, folder: &Path) -> Result<LinkConfig, WrongValue> {
        within("link.port", self.port.into(), 1..=65_535)?;
        let brokers = self.host.check(self.port)?;
        within("link.keep_alive_s", self.keep_alive_s, 5..=3_600)?;
        within("link.retry_max_s", self.retry_max_s, 1..=86_400)?;
        within("link.stale_after_s", self.stale_after_s, 10..=31_536_000)?;
        Ok(LinkConfig {
            enabled: self.enabled,
            brokers,
            ca: folder.join(self.ca),
            certificate: folder.join(self.certificate),
            key: match self.key.starts_with("pkcs11:") {
                true => LinkKeyPlace::Token(self.key),
                false => LinkKeyPlace::File(folder.join(self.key)),
            },
            crl: self.crl.map(|crl| folder.join(crl)),
            keep_alive: Duration::from_secs(self.keep_alive_s),
            retry_max: Duration::from_secs(self.retry_max_s),
            stale_after_s: self.stale_after_s,
        })
    }
}

impl Hosts {
    /// `port`: of those that name none.
    fn check(self, port: u16) -> Result<Vec<BrokerAddress>, WrongValue> {
        let hosts = match self {
            Hosts::One(host) => vec![host],
            Hosts::Several(hosts) => hosts,
        };
        if hosts.is_empty() || hosts.len() > BROKERS_MAX {
            return Err(wrong("link.host", hosts.len(), format!("1 to {BROKERS_MAX} addresses")));
        }
        let read = |host: &String| {
            let rule = "must be the broker's host name, as HOST or HOST:PORT";
            BrokerAddress::parse(host, port).ok_or_else(|| wrong("link.host", format_args!("{host:?}"), rule))
        };
        hosts.iter().map(read).collect()
    }
}
