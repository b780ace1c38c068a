//! `[link]` of the configuration: headquarters' broker.

use super::value::{WrongValue, within, wrong};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// So long after its last confirmation a list is stale, seconds: heartbeats were missed.
    pub stale_after_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLink {
    #[serde(default = "enabled_default")]
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
    #[serde(default = "stale_after_default")]
    stale_after_s: u64,
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
        if self.host.is_empty() {
            return Err(wrong("link.host", "\"\"", "must be the broker's host name"));
        }
        within("link.port", self.port.into(), 1..=65_535)?;
        within("link.keep_alive_s", self.keep_alive_s, 5..=3_600)?;
        within("link.retry_max_s", self.retry_max_s, 1..=86_400)?;
        within("link.stale_after_s", self.stale_after_s, 10..=31_536_000)?;
        Ok(LinkConfig {
            enabled: self.enabled,
            host: self.host,
            port: self.port,
            ca: folder.join(self.ca),
            certificate: folder.join(self.certificate),
            key: folder.join(self.key),
            crl: self.crl.map(|crl| folder.join(crl)),
            keep_alive: Duration::from_secs(self.keep_alive_s),
            retry_max: Duration::from_secs(self.retry_max_s),
            stale_after_s: self.stale_after_s,
        })
    }
}
