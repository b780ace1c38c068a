//! The link to headquarters: MQTT 3.1.1 over mutual TLS 1.3.
//!
//! | module | what it is |
//! |---|---|
//! | [`session`] | what to send next: pure |
//! | [`exchange`] | what is said in a session, whatever carries it |
//! | [`uplink`] | the task that keeps a session open and carries messages both ways |
//! | [`asking`] | when to ask again for what the broker retains: pure |
//! | `renewal`, `csr` | which certificate is shown, and how the next is asked for |
//! | `authorities` | which CAs count |
//! | `revocations` | which brokers' certificates are refused |
//! | `pace` | how many encounters may be under way: pure |
//! | `early` | owners' answers that wait for a newer root |

pub mod asking;
pub mod authorities;
pub(crate) mod csr;
mod early;
pub mod exchange;
mod pace;
pub mod renewal;
pub mod revocations;
mod self_report;
pub mod session;
pub mod uplink;

use std::path::Path;
use vedette_common::files;

/// A file of certificates, a key or a list of what is revoked is not larger, bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads one, or says in words why not.
fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, String> {
    files::read(path.as_ref(), FILE_BYTES_MAX).map_err(|error| error.to_string())
}

/// The link's state, as the desk shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkState {
    /// Whether the session is up.
    pub online: bool,
    /// The broker's address while it is; else the one that was tried last, if any was.
    pub broker: String,
    /// Why not.
    pub why: String,
    /// When our certificate ends, seconds since 1970, if it could be read.
    pub certificate_ends: Option<u64>,
}
