//! The inventory of copies: who holds which list, by what devices have signed, and what is wrong with devices.
//!
//! | file | what it does |
//! |---|---|
//! | [`holders`] | asks of every enrolment whether it holds, or may hold, an edition or an alert |
//! | [`devices`] | the devices with their flags |
//! | `judge` | the judgement of one enrolment |
//! | [`flags`] | what is wrong with a device: behind, contradicts itself, silent ... |

pub mod devices;
pub mod flags;
pub mod holders;
mod judge;
