//! `[desk]` of the configuration: the local API and the console.

use super::value::{WrongValue, bytes_within, wrong};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Longest purpose, bytes.
const PURPOSE_BYTES_MAX: usize = 64;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDesk {
    socket: PathBuf,
    listen: String,
    purpose: String,
}

impl Default for RawDesk {
    fn default() -> Self {
        RawDesk { socket: "vedette.sock".into(), listen: String::new(), purpose: "border check".into() }
    }
}

impl RawDesk {
    pub(super) fn check(self, folder: &Path) -> Result<DeskConfig, WrongValue> {
        bytes_within("desk.purpose", &self.purpose, 1..=PURPOSE_BYTES_MAX)?;
        let listen = match self.listen.as_str() {
            "" => None,
            text => {
                Some(text.parse().ok().filter(|a: &SocketAddr| a.ip().is_loopback()).ok_or_else(|| {
                    let rule =
                        "must be a loopback address of this machine and a port, such as 127.0.0.1:8470";
                    wrong("desk.listen", format_args!("{text:?}"), rule)
                })?)
            }
        };
        Ok(DeskConfig { socket: folder.join(self.socket), listen, purpose: self.purpose })
    }
}
