//! The operators of headquarters: people with a certificate and roles, who sign what they do.
//!
//! | file | what it does |
//! |---|---|
//! | [`roles`] | which role may do what |
//! | [`account`] | operators come and go |
//! | [`enter`] | who acts, and whether they may |
//!
//! While there is no operator, everybody who can write the home may do everything, and the audit log says `local:USER`. From the
//! first administrator on, each act needs an operator whose roles cover it.
//!
//! What it holds: an operator who acts through `vedette-hq` (by `sudo`, a forced command, or later the API) does what the roles
//! say, and nobody acts in another's name. What not: whoever can write the home's files is not bound by this program.

pub mod account;
pub mod enter;
mod error;
pub mod roles;

pub use error::OperatorError;
pub use roles::Role;
