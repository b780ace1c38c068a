//! What can go wrong at headquarters, in one line each, and what to do about it.

use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use std::path::PathBuf;
use vedette_common::crypto::BadSeal;
use vedette_common::files::FileError;
use vedette_common::mqtt::tls::TlsError;
use vedette_common::roster::Badge;
use vedette_lists::ListError;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::TrustError;

/// Why a command of headquarters failed. [`HqError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum HqError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database refused.
    #[error("the database hq.db: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database is of a later program.
    #[error("the database hq.db has schema {found}, this program knows {known}")]
    Schema {
        /// As found.
        found: i64,
        /// As known.
        known: i64,
    },
    /// No home there.
    #[error("{} is not a home of headquarters", .0.display())]
    NoHome(PathBuf),
    /// A folder to be made exists.
    #[error("{} exists and is not empty", .0.display())]
    Exists(PathBuf),
    /// Another process has the home.
    #[error("another vedette-hq is at work on {}", .0.display())]
    Locked(PathBuf),
    /// A key file that holds no key.
    #[error("{} does not hold a key: 64 hexadecimal digits are wanted", .0.display())]
    BadKey(PathBuf),
    /// Too few root keys in reach.
    #[error("the root needs {needed} signatures, but only {found} of its keys are in keys/")]
    RootKeys {
        /// Keys found.
        found: usize,
        /// Signatures needed.
        needed: u8,
    },
    /// Metadata of our own that does not verify.
    #[error("{what}: {source}")]
    Trust {
        /// Which.
        what: String,
        /// Why.
        source: TrustError,
    },
    /// A certificate could not be made.
    #[error("cannot make {what}: {source}")]
    Certificate {
        /// Which.
        what: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The TLS set-up cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The broker could not be reached, or ended the session.
    #[error("the broker at {broker}: {why}")]
    Broker {
        /// Host and port.
        broker: String,
        /// What happened.
        why: String,
    },
    /// The broker does not let us read what we must.
    #[error("the broker refuses headquarters the topic {0}")]
    TopicRefused(String),
    /// A key that seals or opens nothing.
    #[error("the device's key is unusable: {0}")]
    Seal(#[from] BadSeal),
    /// No such list.
    #[error("no list {0} here")]
    NoList(ListName),
    /// No such encounter is stored.
    #[error("no encounter {0} is stored here")]
    NoEncounter(String),
    /// The list is there already.
    #[error("the list {0} exists")]
    ListExists(ListName),
    /// The root is full.
    #[error("a root names at most {0} lists")]
    TooManyLists(usize),
    /// No such officer, or removed already.
    #[error("no officer has the badge {0}")]
    NoOfficer(Badge),
    /// The roster would break a rule.
    #[error("the roster cannot be signed: {0}")]
    Roster(&'static str),
    /// No such device.
    #[error("no device {0} here")]
    NoDevice(DeviceId),
    /// The device is there already.
    #[error("the device {0} is enrolled")]
    DeviceExists(DeviceId),
    /// The device was revoked before.
    #[error("the device {0} is revoked already")]
    DeviceRevoked(DeviceId),
    /// A value out of its bounds.
    #[error("{what} {value:?}: {rule}")]
    Value {
        /// Which option or field.
        what: &'static str,
        /// What it was.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// A strict import of a file of which something is left out or repaired.
    #[error("{} is not taken as it is written: {} repaired, {} left out", path.display(), report.repaired.count(), report.left_out.count())]
    NotAsWritten {
        /// The file.
        path: PathBuf,
        /// What would be done to it.
        report: Box<Report>,
    },
    /// A file gives no alerts.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Nothing was imported into the list yet.
    #[error("nothing was imported into {0} yet")]
    NothingImported(ListName),
    /// An import waits, and publishing it would undo a change.
    #[error("{0} has an import that is not published yet; nothing was changed")]
    Pending(ListName),
    /// The last edition has no such alert.
    #[error("no alert {id} in {list}; nothing was changed")]
    NoAlert {
        /// The list.
        list: ListName,
        /// The alert's id, printable.
        id: String,
    },
    /// A change that cannot be made.
    #[error("{0}; nothing was changed")]
    Change(String),
    /// The last heartbeat is far in the future.
    #[error("the last heartbeat was signed at {last}, and the clock says {now}: no further one is signed")]
    HeartbeatAhead {
        /// Its time.
        last: String,
        /// The clock's.
        now: String,
    },
    /// A list would lose much of what it holds.
    #[error("{list}: this would withdraw {withdrawn} of its {held} alerts; nothing is published")]
    WithdrawsMuch {
        /// The list.
        list: ListName,
        /// Alerts that the last edition has and what is pending has not.
        withdrawn: u64,
        /// Alerts of the last edition.
        held: u64,
    },
    /// A segment cannot be built, merged or read.
    #[error(transparent)]
    List(#[from] ListError),
    /// What the home holds is not what this program put there.
    #[error("the home is damaged: {0}")]
    Damaged(String),
}

impl HqError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoHome(_) => "make one with `vedette-hq --home DIR init`",
            Self::Exists(_) => "name a folder that does not exist yet",
            Self::Locked(_) => "wait until it is done, or end it",
            Self::RootKeys { .. } => "bring the root key files back into keys/ for this command",
            Self::NoList(_) => {
                "`vedette-hq list create` makes one, `vedette-hq lists` shows those that exist"
            }
            Self::NoEncounter(_) => "`vedette-hq encounters` shows those that are, with their numbers",
            Self::ListExists(_) => "`vedette-hq import` and `publish` change its content",
            Self::DeviceExists(_) => {
                "`--renew` gives it a new certificate; for a device that is lost or new, `vedette-hq revoke` it first"
            }
            Self::NoDevice(_) => "`vedette-hq devices` shows those that exist",
            Self::NoOfficer(_) => "`vedette-hq officer list` shows those that exist",
            Self::Broker { .. } => {
                "is it running, and does its certificate name that host? `--broker HOST:PORT` names another"
            }
            Self::TopicRefused(_) => "its access rules must give the user `headquarters` these topics",
            Self::Pending(_) => "publish it first, or import the list again with the change in it",
            Self::NoAlert { .. } => {
                "an answer on a device names the alert's id, and so does the file that put it there"
            }
            Self::Import(error) => return error.hint(),
            Self::NothingImported(_) => "`vedette-hq import` a file into it first",
            Self::HeartbeatAhead { .. } => {
                "set the clock right; if it was ahead then, `vedette-hq replace-key heartbeat` lets devices start over"
            }
            Self::WithdrawsMuch { .. } => {
                "a file is the whole list: import one that is not cut short, or, if this is meant, publish with --withdraw-many"
            }
            Self::Schema { .. } => "use the newer program",
            _ => return None,
        })
    }

    /// An error about our own signed metadata, for `map_err`.
    pub(crate) fn trust(what: impl Into<String>) -> impl FnOnce(TrustError) -> HqError {
        let what = what.into();
        move |source| HqError::Trust { what, source }
    }
}
