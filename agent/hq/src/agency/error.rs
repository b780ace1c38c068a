//! What can go wrong between headquarters and an agency.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::authority::AuthorityError;
use crate::collector::CollectorError;
use crate::db::DbError;
use crate::fleet::FleetError;
use crate::publishing::PublishingError;
use std::path::PathBuf;
use vedette_common::files::FileError;

/// Why a folder was not given or taken. [`AgencyError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgencyError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Publishing(#[from] PublishingError),
    #[error(transparent)]
    Collector(#[from] CollectorError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    /// An agency's home and headquarters' have other commands.
    #[error("{} is an agency's home: this is headquarters' to do", .0.display())]
    IsAgencys(PathBuf),
    #[error("{} is headquarters' home: this is an agency's to do", .0.display())]
    IsHeadquarters(PathBuf),
    #[error("no agency {0} here")]
    NoAgency(String),
    #[error("the agency {0} is here, with another key")]
    OtherKey(String),
    #[error("{what} {value:?}: {rule}")]
    Value { what: &'static str, value: String, rule: &'static str },
    #[error("{} is not what the other side gives: {what}", path.display())]
    NotAFolder { path: PathBuf, what: String },
}

impl AgencyError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Authority(error) => error.hint(),
            Self::Fleet(error) => error.hint(),
            Self::Publishing(error) => error.hint(),
            Self::Collector(error) => error.hint(),
            Self::Db(error) => error.hint(),
            Self::NoAgency(_) => {
                Some("`vedette-hq agency add NAME KEY`; the agency's `agency init` prints its key")
            }
            Self::OtherKey(_) => Some("if its home was made again, `agency remove` the old one first"),
            Self::IsAgencys(_) | Self::IsHeadquarters(_) => Some("--home names another home"),
            Self::File(_) | Self::Value { .. } | Self::NotAFolder { .. } => None,
        }
    }
}
