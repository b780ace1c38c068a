//! The fleet: devices and the officers who sign in at them.
//!
//! | file | what it does |
//! |---|---|
//! | [`devices`] | the inventory of copies |
//! | `cut_off` | certificates whose making was cut off |
//! | [`enrol`], [`revoke`] | devices come and go |
//! | `enrolment_keys` | a device's keys: brought by it, or made here |
//! | `renewal` | a device's new certificate over the link |
//! | [`orders`] | orders to devices; asks for encounters again |
//! | [`grants`] | which list keys each device may have |
//! | [`officer`] | who may sign in: the signed roster |
//! | `status` | what devices say of themselves |
//! | [`scanner`] | which scanners hang at which device |

mod cut_off;
pub mod devices;
pub mod enrol;
mod enrolment_keys;
mod error;
pub mod grants;
pub mod officer;
pub mod orders;
pub(crate) mod renewal;
pub mod revoke;
pub mod scanner;
pub(crate) mod status;

pub use error::FleetError;
