//! The device's agent, as a library for embedders, and headquarters behind the feature `hq`.

pub mod clock;
pub mod config;
pub mod crypto;
#[cfg(feature = "hq")]
pub mod demo;
pub mod encounter;
pub mod files;
#[cfg(feature = "hq")]
pub mod hq;
pub mod journal;
pub mod link;
pub mod mrz_view;
pub mod names;
pub mod spool;
pub mod state;
