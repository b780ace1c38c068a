//! The link to headquarters: MQTT 3.1.1 over mutual TLS 1.3.

pub mod topics;
