//! What device and headquarters share, and nothing that only one of them needs.
//!
//! | module | what it is |
//! |---|---|
//! | [`clock`], [`files`] | the one file each that reads the clock and names files |
//! | [`crypto`] | random bytes, signatures, seals |
//! | [`device_key`] | the keys that a device makes of its one private key |
//! | [`encounter`], [`grant`] | a hit sealed to the list's owner; a list's keys sealed to a device |
//! | [`roster`], [`pin`] | who may sign in at a device; hashes of what they type |
//! | [`words`], [`text`] | what officers read, in four languages; text made safe to show |
//! | [`log`], [`shutdown`] | what a program says; the signals that end it |
//! | [`memory`] | no dump, no swap |
//! | [`enrolment_request`] | what a new device brings to headquarters |
//! | [`renewal`] | a device's certificate, renewed over the link |
//! | [`mqtt`] | one MQTT session over mutual TLS, its topics, the waits between sessions |

pub mod clock;
pub mod crypto;
pub mod device_key;
pub mod encounter;
pub mod enrolment_request;
pub mod files;
pub mod grant;
pub mod log;
pub mod memory;
pub mod mqtt;
pub mod pin;
pub mod renewal;
pub mod roster;
pub mod scanner_papers;
pub mod shutdown;
pub mod text;
pub mod words;
