//! What can go wrong between headquarters and the broker.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::authority::AuthorityError;
use crate::db::DbError;
use crate::fleet::FleetError;
use vedette_common::clock::rfc3339;
use vedette_common::files::FileError;
use vedette_common::text::owner_word;
use vedette_shim::trust::OwnerWord;

/// Why nothing is served, sent or answered. [`CollectorError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectorError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    /// It could not be reached, or ended the session; `broker` is HOST:PORT.
    #[error("the broker at {broker}: {why}")]
    Broker { broker: String, why: String },
    #[error("the broker refuses headquarters the topic {0}")]
    TopicRefused(String),
    /// None with this id, hexadecimal, is stored.
    #[error("no encounter {0} is stored here")]
    NoEncounter(String),
    /// Of this id, hexadecimal.
    #[error("several devices have made an encounter {0}")]
    SeveralEncounters(String),
    /// Another answer is in effect.
    #[error("{operator} answered {} at {}; nothing was changed", owner_word(*.word), rfc3339(*.at))]
    Contradicts { operator: String, at: u64, word: OwnerWord },
    #[error("what are the encounters read for?")]
    NoPurpose,
    /// An option is out of its bounds: which, what it was, what it must be.
    #[error("{what} {value:?}: {rule}")]
    Value { what: &'static str, value: String, rule: &'static str },
}

impl CollectorError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Authority(error) => error.hint(),
            Self::Fleet(error) => error.hint(),
            Self::Db(error) => error.hint(),
            Self::Broker { .. } => Some(
                "is it running, and does its certificate name that host? `--broker HOST:PORT` names another",
            ),
            Self::TopicRefused(_) => Some("its access rules must give the user `headquarters` these topics"),
            Self::NoEncounter(_) => Some("`vedette-hq encounters` shows those that are, with their numbers"),
            Self::Contradicts { .. } => {
                Some("ask them; `--even-so REASON` answers all the same, and records why")
            }
            Self::NoPurpose => Some("`--purpose TEXT` says it; it is recorded"),
            Self::SeveralEncounters(_) => Some("`--device` says whose is answered"),
            Self::File(_) | Self::Value { .. } => None,
        }
    }
}
