//! The link to headquarters: MQTT 3.1.1 over mutual TLS 1.3.
//!
//! | module | what it is |
//! |---|---|
//! | [`topics`] | every topic, named and parsed |
//! | [`tls`] | PEM -> a rustls configuration |
//! | [`mqtt`] | the one file that knows rumqttc: a session from connect to its first error |
//! | [`session`] | what to send next: pure |
//! | [`uplink`] | the task that keeps a session open and carries messages both ways |
//! | [`forward`] | what arrived and waits for the intake, so that the session does not |
//! | [`backoff`] | the waits between sessions |

pub mod backoff;
pub mod forward;
pub mod mqtt;
pub mod session;
pub mod tls;
pub mod topics;
pub mod uplink;

/// How long before its end a device's certificate is warned of, seconds: headquarters gives a new one.
pub const CERTIFICATE_WARN_S: u64 = 30 * 86_400;

/// The link's state as the desk shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkState {
    /// Whether the session is up.
    pub online: bool,
    /// Why not.
    pub why: String,
    /// When our certificate ends, seconds since 1970, if it could be read.
    pub certificate_ends: Option<u64>,
}
