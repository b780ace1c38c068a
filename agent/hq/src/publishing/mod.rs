//! Lists: a file -> pending -> the next edition -> a folder for a stick.
//!
//! | file | what it does |
//! |---|---|
//! | [`list`] | creates lists, shows them |
//! | [`import`] | takes a file as the whole of a list |
//! | [`imports`] | reads the formats that lists come in |
//! | [`publish`] | makes what is pending the next edition |
//! | [`change`] | single alerts onto the last edition |
//! | [`issue`] | signs and records an edition |
//! | `next` | what the next edition is made of |
//! | `presence` | which editions an alert is in |
//! | [`draft`], [`approval`] | editions that need two operators |
//! | [`bundle`] | writes what devices need into a folder |
//! | [`replace`] | a new key for a list's issuer or owner |
//! | [`screen`] | names against a list before it is published |

pub mod approval;
pub mod bundle;
pub mod change;
pub mod draft;
mod error;
pub mod import;
pub mod imports;
pub mod issue;
pub mod list;
mod next;
pub(crate) mod presence;
pub mod publish;
pub mod replace;
pub mod screen;

pub use error::PublishingError;
