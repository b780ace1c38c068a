//! The device's agent, as a library for embedders, and headquarters behind the feature `hq`.

pub mod clock;
pub mod crypto;
#[cfg(feature = "hq")]
pub mod demo;
pub mod files;
pub mod link;
