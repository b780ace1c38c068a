//! What runs against the broker: the depot of segments, the collector of encounters, what the broker retains.
//!
//! | file | what it does |
//! |---|---|
//! | [`serve`] | collector and depot in one process |
//! | `depot` | which chunk is sent next |
//! | [`encounters`] | stores encounters, shows them |
//! | [`answer`] | the owner's answer to an encounter |
//! | `retained` | what the broker should keep |
//! | [`broadcast`] | sends once what the broker should keep |

pub mod answer;
pub mod broadcast;
mod depot;
pub mod encounters;
mod error;
mod retained;
pub mod serve;

pub use error::CollectorError;
