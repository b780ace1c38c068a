//! What runs against the broker: the depot of segments, the collector of encounters, what the broker retains.
//!
//! | file | what it does |
//! |---|---|
//! | [`serve`] | collector and depot in one process: what is said, carried over MQTT |
//! | [`exchange`] | what is said with devices, whatever carries it |
//! | `homecoming` | what comes from devices: stored, then receipted |
//! | `suspicions` | alarms about what devices say that cannot be true |
//! | `renewals` | devices' new certificates |
//! | `watch` | heartbeats, receipts, terms: what `serve` signs |
//! | [`alarms`] | what `serve` cannot do at present |
//! | `depot` | which chunk is sent next |
//! | [`encounters`] | stores encounters sealed, shows those that are opened |
//! | `opening` | opens those whose owner's key is here |
//! | [`answer`] | the owner's answer to an encounter |
//! | `retained` | what the broker should keep |
//! | [`broadcast`] | sends once what the broker should keep |

pub mod alarms;
pub mod answer;
pub mod broadcast;
mod depot;
pub mod encounters;
mod error;
pub mod exchange;
pub(crate) mod homecoming;
pub(crate) mod opening;
pub(crate) mod renewals;
mod retained;
pub mod serve;
mod suspicions;
pub(crate) mod watch;

pub use error::CollectorError;
