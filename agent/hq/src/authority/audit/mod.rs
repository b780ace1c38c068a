//! The audit log: every act of headquarters is a line, in the order in which it was done.
//!
//! | file | what it does |
//! |---|---|
//! | `act` | what can be done, and what a line says of it |
//! | `actor` | who does it, and signs for it |
//! | `line` | what a line's hash and signatures cover |
//! | `record` | adds lines |
//! | [`key`] | another audit key |
//! | [`verify`] | finds the first line that is not as it was written |
//! | [`log`] | shows, verifies and exports the log |
//!
//! **To record an act**, call one of two, with what was done to which object:
//!
//! ```text
//! audit::record(home, &change, Act::Publish.of(list).with("edition", 7))?;      on the transaction that does it
//! audit::around(home, Act::Renew.of("root"), || ...)                           where no transaction holds it
//! ```
//!
//! `record` goes directly before `change.commit()`: act and line are stored together or not at all. `around` writes a line
//! before the act (`began`) and one after it (`done`, or `failed` and why, both naming the line that began), so that an act that was cut off
//! shows as one that began and has no end.
//!
//! A line names the hash of the line before, and the audit key of the home (`keys/audit`) signs it; where an operator acted
//! with a key, the operator signs it too. A restored home begins a new segment, whose first line names the last line that the
//! backup had. What this proves and what not: decision 0030.
//!
//! Invariants: an act whose line cannot be written is not done. A line holds no secret and no traveller's data: callers give
//! names, numbers and digests. Bounds: [`act::TEXT_BYTES_MAX`] bytes a text, [`act::DETAILS_MAX`] details, so a line is at most
//! [`line::LINE_BYTES_MAX`] bytes; the log as a whole grows with what is done, and nothing ever leaves it.

pub mod act;
pub mod actor;
pub mod key;
pub mod line;
pub mod log;
mod record;
pub mod verify;

pub use crate::db::audit::{Filter, Line};
pub use act::Act;
pub(crate) use act::Entry;
pub use actor::Actor;
pub(crate) use record::{around, record, refuse};
