//! The link to headquarters: MQTT 3.1.1 over mutual TLS 1.3.
//!
//! | module | what it is |
//! |---|---|
//! | [`topics`] | every topic, named and parsed |
//! | [`tls`] | PEM -> a rustls configuration |
//! | [`mqtt`] | the one file that knows rumqttc: a session from connect to its first error |
//! | [`backoff`] | the waits between sessions |

pub mod backoff;
pub mod mqtt;
pub mod tls;
pub mod topics;
