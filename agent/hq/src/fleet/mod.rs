//! The fleet: devices and the officers who sign in at them.
//!
//! | file | what it does |
//! |---|---|
//! | [`devices`] | the inventory of copies |
//! | [`enrol`], [`revoke`] | devices come and go |
//! | [`grants`] | which list keys each device may have |
//! | [`officer`] | who may sign in: the signed roster |
//! | [`scanner`] | which scanners hang at which device |

pub mod devices;
pub mod enrol;
mod error;
pub mod grants;
pub mod officer;
pub mod revoke;
pub mod scanner;

pub use error::FleetError;
