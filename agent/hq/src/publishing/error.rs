//! What can go wrong between a file and an edition.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::authority::{AuthorityError, few};
use crate::db::DbError;
use crate::fleet::FleetError;
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use std::path::PathBuf;
use vedette_common::clock::rfc3339;
use vedette_common::files::FileError;
use vedette_lists::ListError;
use vedette_shim::ids::{DeviceId, ListName};

/// Why a list is not made, imported or published. [`PublishingError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishingError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    /// A file gives no alerts.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A segment cannot be built, merged or read.
    #[error(transparent)]
    List(#[from] ListError),
    #[error("no list {0} here")]
    NoList(ListName),
    #[error("the list {0} exists, and was made with other options")]
    ListExists(ListName),
    /// Its keys are not here.
    #[error("{list} is issued by {agency}, in that agency's home")]
    IssuedElsewhere { list: ListName, agency: String },
    /// The root does not name an agency's list yet.
    #[error("no root that was taken from headquarters names {0} yet")]
    NotNamed(ListName),
    #[error("nothing was imported into {0} yet")]
    NothingImported(ListName),
    #[error("{0} has no edition yet, so no device knows its keys; nothing was changed")]
    NotPublished(ListName),
    /// A strict import of a file of which something would be left out or repaired.
    #[error(
        "{} is not taken as it is written: {} repaired, {} left out",
        path.display(), report.repaired.count(), report.left_out.count()
    )]
    NotAsWritten { path: PathBuf, report: Box<Report> },
    /// A list would lose much of what its last edition holds, counted in alerts.
    #[error("{list}: this would withdraw {withdrawn} of its {held} alerts; nothing is published")]
    WithdrawsMuch { list: ListName, withdrawn: u64, held: u64 },
    /// An import waits, and publishing it would undo a change.
    #[error("{0} has an import that is not published yet; nothing was changed")]
    Pending(ListName),
    /// The last edition has no such alert; the id is printable.
    #[error("no alert {id} in {list}; nothing was changed")]
    NoAlert { list: ListName, id: String },
    #[error("{list} has no edition {edition} here")]
    NoEdition { list: ListName, edition: u64 },
    /// It is no id of this list's kind; printable.
    #[error("{id} is no alert's id: {why}")]
    NoAlertId { id: String, why: String },
    /// A change that cannot be made.
    #[error("{0}; nothing was changed")]
    Change(String),
    /// An owner's old key opens what is still on its way; seconds since 1970.
    #[error("{list}: encounters sealed to the old key may come home until {}; nothing was erased", rfc3339(*.until))]
    OldKeyNeeded { list: ListName, until: u64 },
    /// Devices may hold encounters sealed to an owner's old key.
    #[error("{list}: {} may hold encounters sealed to the old key; nothing was erased", few(.devices))]
    DevicesAway { list: ListName, devices: Vec<DeviceId> },
    /// Encounters that are stored here are not opened yet, and the old key may be the one that opens them.
    #[error("{list}: {messages} message(s) stored here are not opened; nothing was erased")]
    StillSealed { list: ListName, messages: u64 },
    /// Two-person approval without operators.
    #[error("two operators are needed, and nobody acts as one; nothing was changed")]
    NoOperators,
    #[error("withdrawals of {0} need a second operator, also urgent ones; nothing was changed")]
    NotUrgent(ListName),
    #[error("{0} has 16 drafts; nothing was changed")]
    TooManyDrafts(ListName),
    #[error("{list} has no draft {draft}")]
    NoDraft { list: ListName, draft: u64 },
    #[error("the draft {0} is your own: another operator approves it")]
    OwnDraft(u64),
    #[error("the draft {draft} cannot be approved: {why}")]
    DraftOver { draft: u64, why: &'static str },
    #[error("the draft {0} is not the one that its proposer signed")]
    DraftNotSigned(u64),
    /// An option is out of its bounds: which, what it was, what it must be.
    #[error("{what} {value:?}: {rule}")]
    Value { what: &'static str, value: String, rule: &'static str },
}

impl PublishingError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Authority(error) => error.hint(),
            Self::Fleet(error) => error.hint(),
            Self::Db(error) => error.hint(),
            Self::Import(error) => error.hint(),
            Self::NoList(_) => {
                Some("`vedette-hq list create` makes one, `vedette-hq lists` shows those that exist")
            }
            Self::ListExists(_) => Some("`vedette-hq import` and `publish` change its content"),
            Self::Pending(_) => Some("publish it first, or import the list again with the change in it"),
            Self::NoAlert { .. } => {
                Some("an answer on a device names the alert's id, and so does the file that put it there")
            }
            Self::NothingImported(_) => Some("`vedette-hq import` a file into it first"),
            Self::NotPublished(_) => Some("publish its first edition, then do this"),
            Self::WithdrawsMuch { .. } => Some(
                "a file is the whole list: import one that is not cut short, or, if this is meant, publish with --withdraw-many",
            ),
            Self::OldKeyNeeded { .. } | Self::DevicesAway { .. } => Some(
                "wait until they have been connected, revoke those that are lost; with --anyway it is erased now, and what \
                 is sealed to it can never be read",
            ),
            Self::IssuedElsewhere { .. } => None,
            Self::NotNamed(_) => Some(
                "`agency give DIR` asks for it; headquarters takes that with --name-lists and gives the new root, which `agency take DIR` takes",
            ),
            Self::StillSealed { .. } => Some(
                "restore the owner's keys that are missing and run `serve`, which opens what it can; with --anyway the old keys are \
                 erased now, and what is sealed to them can never be read",
            ),
            Self::NoOperators => {
                Some("`vedette-hq operator add` makes operators; --operator FOLDER says who acts")
            }
            Self::NotUrgent(_) => {
                Some("`vedette-hq list set LIST --approvals 2 --urgent-withdrawals` lets them need one only")
            }
            Self::TooManyDrafts(_) | Self::NoDraft { .. } => {
                Some("`vedette-hq drafts` shows them; `approve` and `reject` end them")
            }
            Self::DraftOver { .. } => Some("propose it again, and `reject` this one"),
            Self::DraftNotSigned(_) => Some("`reject` it; somebody changed the database"),
            Self::OwnDraft(_)
            | Self::File(_)
            | Self::List(_)
            | Self::NotAsWritten { .. }
            | Self::NoEdition { .. }
            | Self::NoAlertId { .. }
            | Self::Change(_)
            | Self::Value { .. } => None,
        }
    }
}
