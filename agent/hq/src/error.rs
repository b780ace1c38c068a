//! What can go wrong at headquarters, whichever folder it comes from.

use crate::agency::AgencyError;
use crate::authority::AuthorityError;
use crate::collector::CollectorError;
use crate::db::DbError;
use crate::fleet::FleetError;
use crate::operators::OperatorError;
use crate::publishing::PublishingError;
use crate::publishing::imports::error::ImportError;
use std::error::Error;

/// The error of any command, for a program that calls several. [`HqError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum HqError {
    /// Of the database.
    Db(#[from] DbError),
    /// Of the home, its keys and what they sign.
    Authority(#[from] AuthorityError),
    /// Of devices and officers.
    Fleet(#[from] FleetError),
    /// Of operators.
    Operator(#[from] OperatorError),
    /// Of a file to be imported.
    Import(#[from] ImportError),
    /// Of lists.
    Publishing(#[from] PublishingError),
    /// Of what runs against the broker.
    Collector(#[from] CollectorError),
    /// Of the exchange with agencies.
    Agency(#[from] AgencyError),
}

impl HqError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Db(error) => error.hint(),
            Self::Authority(error) => error.hint(),
            Self::Fleet(error) => error.hint(),
            Self::Operator(error) => error.hint(),
            Self::Import(error) => error.hint(),
            Self::Publishing(error) => error.hint(),
            Self::Collector(error) => error.hint(),
            Self::Agency(error) => error.hint(),
        }
    }
}

/// The hint of an error that a command of headquarters gave, if it is one and has any.
pub fn hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    fn of<E: Error + 'static>(
        error: &(dyn Error + 'static),
        hint: fn(&E) -> Option<&'static str>,
    ) -> Option<&'static str> {
        error.downcast_ref().and_then(hint)
    }
    of(error, HqError::hint)
        .or_else(|| of(error, DbError::hint))
        .or_else(|| of(error, AuthorityError::hint))
        .or_else(|| of(error, FleetError::hint))
        .or_else(|| of(error, OperatorError::hint))
        .or_else(|| of(error, ImportError::hint))
        .or_else(|| of(error, PublishingError::hint))
        .or_else(|| of(error, CollectorError::hint))
        .or_else(|| of(error, AgencyError::hint))
}
