//! The device's agent, as a library for embedders, and headquarters behind the feature `hq`.

pub mod check;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod daemon;
#[cfg(feature = "hq")]
pub mod demo;
pub mod desk;
pub mod encounter;
pub mod files;
pub mod holdings;
#[cfg(feature = "hq")]
pub mod hq;
pub mod intake;
pub mod journal;
pub mod link;
pub mod lists;
pub mod mrz_view;
pub mod names;
pub mod show;
pub mod spool;
pub mod state;
pub mod store;
