//! Agencies that issue lists on machines of their own, and headquarters, which carries what it cannot read.
//!
//! An agency's home has the keys of its lists: issuers', owners' and the lists' own. There it imports, publishes, grants and
//! opens encounters, by the same commands as in a home that does everything. Headquarters has the root, the CA and the
//! devices. The two give each other folders, by whatever carries a folder: a share, a stick, a program that copies.
//!
//! ```text
//! headquarters' for an agency            an agency's for headquarters
//!   root/<version>.root                    request/<owner>/<list>     lists that the root should name
//!   heartbeat                              list/<owner>/<list>/manifest
//!   device/<id>/<time>  its keys, signed   segment/<digest>
//!   message/<number>    sealed encounter   grant/<device>/<owner>/<list>
//!   messages            which there are
//!                                          answer/<device>/<encounter>
//!                                          taken                      the last message that was taken, signed
//! ```
//!
//! | file | what it does |
//! |---|---|
//! | [`statements`] | what is signed for this alone |
//! | [`notes`] | which messages are given, and were taken |
//! | [`folder`] | reads and writes such folders |
//! | [`home`] | makes an agency's home |
//! | [`carrier`] | headquarters' side |
//! | [`issuer`] | an agency's side |
//!
//! Invariants: a folder is taken piece by piece, each verified by what its taker believes already; taken again, or an older one,
//! it changes nothing; a piece that is refused is named, and the others are taken. Headquarters sees of an encounter what its
//! broker sees. Lists of an agency are named `<agency>/...`, so that none speaks for another.

pub mod carrier;
mod error;
mod folder;
pub mod home;
pub mod issuer;
mod notes;
mod statements;

pub use error::AgencyError;

use serde::Serialize;
use std::fmt::Display;

/// What became of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Roots, devices, manifests, grants and messages that are new here.
    pub new: usize,
    /// Those that were here.
    pub known: usize,
    /// Lists that the root does not name yet.
    pub requested: Vec<String>,
    /// What was refused, and why; [`REFUSED_NAMED_MAX`] at most.
    pub refused: Vec<String>,
    /// Others that were refused.
    pub refused_besides: usize,
}

/// Why a piece of a folder was not taken.
enum NotTaken {
    /// It is not what the other side may say; the other pieces are taken.
    Refused(String),
    /// Nothing can be taken.
    Failed(AgencyError),
}

impl<E: Into<AgencyError>> From<E> for NotTaken {
    fn from(error: E) -> NotTaken {
        NotTaken::Failed(error.into())
    }
}

fn refused(why: impl Display) -> NotTaken {
    NotTaken::Refused(why.to_string())
}

/// Refused pieces that are named, at most: a folder may have many.
pub const REFUSED_NAMED_MAX: usize = 100;

impl Taken {
    /// Counts a piece that is new or known, or names why it was refused; what failed altogether is the caller's error.
    fn count(&mut self, what: &str, done: Result<bool, NotTaken>) -> Result<(), AgencyError> {
        match done {
            Ok(true) => self.new += 1,
            Ok(false) => self.known += 1,
            Err(why) => self.not_taken(what, why)?,
        }
        Ok(())
    }

    fn not_taken(&mut self, what: &str, why: NotTaken) -> Result<(), AgencyError> {
        match why {
            NotTaken::Refused(why) => self.refuse(format!("{what}: {why}")),
            NotTaken::Failed(error) => return Err(error),
        }
        Ok(())
    }

    fn refuse(&mut self, what: String) {
        if self.refused.len() < REFUSED_NAMED_MAX {
            self.refused.push(what);
        } else {
            self.refused_besides += 1;
        }
    }
}
