//! What can go wrong with operators.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::authority::AuthorityError;
use crate::db::DbError;
use vedette_common::clock::rfc3339;
use vedette_common::files::FileError;

/// Why somebody may not act, or an operator is not added or removed. [`OperatorError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    /// There are operators, and nobody said who acts.
    #[error("{act} needs an operator with the role {roles}")]
    NobodyActs { act: String, roles: String },
    /// The operator's roles do not cover the act.
    #[error("the operator {name} may not {act}: that needs the role {roles}")]
    NotCovered { name: String, act: String, roles: String },
    /// A folder that does not make an operator.
    #[error("{folder} is no operator of this home: {why}")]
    NotAnOperator { folder: String, why: String },
    #[error("the certificate of the operator {name} ended at {}", rfc3339(*.at))]
    Expired { name: String, at: u64 },
    #[error("no operator {0} here")]
    NoOperator(String),
    /// The next act would be nobody's to allow.
    #[error("{0} is the last administrator; nothing was changed")]
    LastAdministrator(String),
    #[error("the first operator must be an administrator: nobody could add the next")]
    FirstOperator,
    /// A new operator needs a certificate.
    #[error("the operator {0} has no certificate yet")]
    NoCertificate(String),
    #[error("the request {path} cannot be used: {why}")]
    BadRequest { path: String, why: String },
    /// An option is out of its bounds: which, what it was, what it must be.
    #[error("{what} {value:?}: {rule}")]
    Value { what: &'static str, value: String, rule: &'static str },
}

impl OperatorError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Authority(error) => error.hint(),
            Self::Db(error) => error.hint(),
            Self::NobodyActs { .. } => Some(
                "say who acts: --operator FOLDER, or VEDETTE_OPERATOR; `vedette-hq operator roles` shows the roles",
            ),
            Self::NotCovered { .. } => Some(
                "the refusal is recorded; an administrator can change roles: `vedette-hq operator add NAME --roles ...`",
            ),
            Self::NotAnOperator { .. } => {
                Some("a folder that `vedette-hq operator add NAME --out FOLDER` made is expected")
            }
            Self::Expired { .. } => Some(
                "an administrator makes the next: `vedette-hq operator add NAME --roles ... --out FOLDER`",
            ),
            Self::NoOperator(_) => Some("`vedette-hq operator list` shows those that exist"),
            Self::LastAdministrator(_) => {
                Some("make another first: `vedette-hq operator add NAME --roles administrator --out FOLDER`")
            }
            Self::NoCertificate(_) => Some(
                "`--out FOLDER` makes one with its key; with `--csr FILE` for a key that the operator has",
            ),
            Self::BadRequest { .. } => {
                Some("a certificate signing request (PEM) for an ECDSA P-256 key is expected")
            }
            Self::File(_) | Self::FirstOperator | Self::Value { .. } => None,
        }
    }
}
