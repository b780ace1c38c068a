//! Headquarters: makes and publishes lists, enrols devices, serves segments, stores encounters.
//!
//! | folder | what is in it |
//! |---|---|
//! | [`authority`] | the home and who may speak for it: keys, roots, certificates, the heartbeat |
//! | [`operators`] | who may act here, in which roles |
//! | [`fleet`] | the devices and their officers: enrolled, granted, revoked |
//! | [`inventory`] | who holds which list, and what is wrong with devices |
//! | [`publishing`] | lists: imported, screened, published, bundled for a stick |
//! | [`collector`] | what runs against the broker: depot, encounters, owners' answers |
//! | [`agency`] | agencies that issue lists on machines of their own, and what is exchanged with them |
//! | [`backup`] | the whole home as a folder, and back |
//! | `db` | the SQLite database |
//!
//! Every command of `vedette-hq` is a function `(&Home, options) -> Result<what was done, the folder's error>`, so that the
//! demo and the tests call what the command line calls. The home carries the clock. Private keys are read where they are used and not kept in memory longer.

pub mod agency;
pub mod authority;
pub mod backup;
pub mod collector;
mod db;
mod error;
pub mod fleet;
pub mod inventory;
pub mod operators;
pub mod publishing;

pub use authority::AuthorityError;
pub use authority::home::{self, Home};
pub use authority::{
    audit, heartbeat, init, keys, pki, renew, replace, replace_ca, replace_root, root, roster, signing_time,
};
pub use collector::CollectorError;
pub use collector::{alarms, answer, broadcast, encounters, exchange, serve};
pub use db::DbError;
pub use error::{HqError, hint};
pub use fleet::FleetError;
pub use fleet::{devices, enrol, grants, officer, orders, revoke, scanner};
pub use inventory::{flags, holders};
pub use operators::OperatorError;
pub use publishing::PublishingError;
pub use publishing::imports::{error::ImportError, import_report};
pub use publishing::{
    approval, bundle, change, draft, import, issue, list, publish, replace as replace_list, screen,
};

#[cfg(test)]
mod tests;
