//! Headquarters: makes and publishes lists, enrols devices, serves segments, stores encounters.
//!
//! | module | what it does |
//! |---|---|
//! | [`home`] | the folder everything lives in, its lock |
//! | [`init`] | makes a home: root, CA, roles |
//! | [`keys`] | the seed files, one role each |
//! | [`root`] | reads the roots, issues the next one |
//! | [`pki`] | the CA: broker's, headquarters' and devices' certificates, the CRL |
//! | [`list`] | creates lists, shows them |
//! | [`enrol`], [`revoke`] | devices come and go |
//! | [`grants`] | which list keys each device may have |
//! | [`devices`] | the fleet: the inventory of copies |
//! | `db` | the SQLite database |
//!
//! Every command of `vedette-hq` is a function `(&Home, options) -> Result<Report, HqError>`, so that the demo and the
//! tests call what the command line calls. Private keys are read where they are used and nowhere kept.

mod db;
pub mod devices;
pub mod enrol;
mod error;
pub mod grants;
pub mod home;
pub mod init;
pub mod keys;
pub mod list;
pub mod pki;
pub mod revoke;
pub mod root;

pub use error::HqError;
pub use home::Home;

#[cfg(test)]
mod tests;
