//! Headquarters: makes and publishes lists, enrols devices, serves segments, stores encounters.
//!
//! | module | what it does |
//! |---|---|
//! | [`home`] | the folder everything lives in, its lock |
//! | [`init`] | makes a home: root, CA, roles |
//! | [`keys`] | the seed files, one role each |
//! | [`root`] | reads the roots, issues the next one |
//! | [`renew`] | a new term for the root and for the services' certificates |
//! | [`replace`] | a new key for a role that is online |
//! | [`pki`] | the CA: broker's, headquarters' and devices' certificates, the CRL |
//! | [`list`] | creates lists, shows them |
//! | [`officer`] | who may sign in: the signed roster |
//! | [`enrol`], [`revoke`] | devices come and go |
//! | [`grants`] | which list keys each device may have |
//! | [`import`], [`publish`], [`bundle`] | a file -> pending -> the next edition -> a folder for a stick |
//! | [`screen`] | names against a list before it is published |
//! | [`devices`] | the fleet: the inventory of copies |
//! | [`serve`] | collector and depot in one process, over `encounters`, `depot`, `heartbeat` and `retained` |
//! | [`encounters`] | stores encounters, shows them |
//! | [`broadcast`] | sends once what the broker should keep |
//! | `db` | the SQLite database |
//!
//! Every command of `vedette-hq` is a function `(&Home, options) -> Result<Report, HqError>`, so that the demo and the
//! tests call what the command line calls. Private keys are read where they are used and nowhere kept.

pub mod answer;
pub mod broadcast;
pub mod bundle;
mod cells;
mod db;
mod depot;
pub mod devices;
mod documents;
pub mod encounters;
pub mod enrol;
mod error;
pub mod grants;
pub mod heartbeat;
pub mod home;
pub mod import;
pub mod import_report;
pub mod init;
pub mod keys;
pub mod list;
pub mod officer;
mod persons;
pub mod pki;
pub mod publish;
pub mod renew;
pub mod replace;
mod retained;
pub mod revoke;
pub mod root;
mod rows;
pub mod screen;
pub mod serve;
mod xml;

pub use error::HqError;
pub use home::Home;

#[cfg(test)]
mod publish_tests;
#[cfg(test)]
mod tests;
