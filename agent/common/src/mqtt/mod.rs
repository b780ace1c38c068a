//! MQTT 3.1.1 over mutual TLS 1.3, for device and headquarters.
//!
//! | module | what it is |
//! |---|---|
//! | [`topics`] | every topic, named and parsed |
//! | [`tls`] | PEM -> a rustls configuration |
//! | [`ca`], [`crl`] | what our CA signed; which certificates are revoked |
//! | `pem` | reads PEM without quoting it |
//! | [`session`] | the one file that knows rumqttc: a session from connect to its first error |
//! | [`backoff`] | the waits between sessions |
//! | [`brokers`] | several addresses, which of them is tried next |

pub mod backoff;
pub mod brokers;
pub mod ca;
pub mod crl;
mod link_key;
mod pem;
pub mod session;
pub mod tls;
#[cfg(feature = "pkcs11")]
pub mod token;
pub mod topics;

/// How long before its end a device's certificate is warned of, seconds: headquarters gives a new one.
pub const CERTIFICATE_WARN_S: u64 = 30 * 86_400;
/// How long an owner's answer is retained at the broker, and a confirmation clock on the device, seconds: a week.
pub const OWNER_ANSWER_KEPT_S: u64 = 7 * 24 * 3600;
