//! What can go wrong with the home and with what speaks for it.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::db::DbError;
use crate::db::next_ca::NotOver;
use std::fmt::Display;
use std::path::PathBuf;
use vedette_common::files::FileError;
use vedette_common::mqtt::tls::TlsError;
use vedette_shim::trust::{SignedKind, TrustError};

/// Why the home could not be opened, or something not be signed. [`AuthorityError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{} is not a home of headquarters", .0.display())]
    NoHome(PathBuf),
    /// A folder to be made is there already.
    #[error("{} exists and is not empty", .0.display())]
    Exists(PathBuf),
    /// Another process has the home.
    #[error("another vedette-hq is at work on {}", .0.display())]
    Locked(PathBuf),
    #[error("{} is not a key file: 64 hexadecimal digits are expected", .0.display())]
    BadKey(PathBuf),
    #[error("the root needs {needed} signatures, but only {found} of its keys are in keys/")]
    RootKeys { found: usize, needed: u8 },
    #[error("a root names at most {0} lists")]
    TooManyLists(usize),
    /// Metadata of our own that does not verify.
    #[error("{what}: {source}")]
    Trust { what: String, source: TrustError },
    #[error("cannot make {what}: {source}")]
    Certificate { what: String, source: rcgen::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The roster would break a rule.
    #[error("the roster cannot be signed: {0}")]
    Roster(&'static str),
    /// The last heartbeat is far in the future; times as RFC 3339.
    #[error("the last heartbeat was signed at {last}, and the clock says {now}: no further one is signed")]
    HeartbeatAhead { last: String, now: String },
    /// The clock is far past all that was signed; times as RFC 3339.
    #[error(
        "the clock says {now}, but the last signature was made at {last}: more than 36 hours before, so nothing is signed"
    )]
    ClockAhead { last: String, now: String },
    /// Devices' own verifier refuses what was to be signed: an error of this program or of the home's keys.
    #[error("internal error: devices would refuse this {kind}: {source}; nothing was changed")]
    NotAccepted { kind: SignedKind, source: TrustError },
    /// A home is never restored over another.
    #[error("{} exists: a backup is restored into a new folder", .0.display())]
    HomeExists(PathBuf),
    #[error("the backup {} cannot be used: {what}", backup.display())]
    BadBackup { backup: PathBuf, what: String },
    #[error("the CA is not being replaced")]
    NoNextCa,
    /// The replacement of the CA can only be completed.
    #[error("the old CA has ended already, and its replacement is not complete; nothing was changed")]
    CaHasEnded,
    /// Devices would be cut off.
    #[error("the old CA is needed by {}; nothing was changed", few(.0))]
    OldCaNeeded(Vec<NotOver>),
    #[error(
        "keys/audit is missing, and the audit log has lines that it signed: nothing more is done without it"
    )]
    NoAuditKey,
    /// A line of the audit log is not as it was written.
    #[error("the audit log is not as it was written: line {line}: {why}")]
    BadLine { line: u64, why: String },
    /// What the home holds is not what this program put there.
    #[error("the home is damaged: {0}")]
    Damaged(String),
}

impl AuthorityError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Db(error) => error.hint(),
            Self::NoHome(_) => Some("make one with `vedette-hq --home DIR init`"),
            Self::Exists(_) => Some("name a folder that does not exist yet"),
            Self::Locked(_) => Some("wait until it is done, or end it"),
            Self::BadKey(_) => {
                Some("restore the file from a backup; `vedette-hq replace-key` replaces an online role's")
            }
            Self::RootKeys { .. } => Some("bring the root key files back into keys/ for this command"),
            Self::HeartbeatAhead { .. } => Some(
                "set the clock right; if it was ahead then, `vedette-hq replace-key heartbeat` lets devices start over",
            ),
            Self::ClockAhead { .. } => Some(
                "if the clock is wrong, set it right; if it is right, because nothing was signed for so long, run the \
                 command again with --clock-is-right",
            ),
            Self::NotAccepted { source: TrustError::Expired { kind: SignedKind::Root, .. }, .. } => {
                Some("the root has ended: `vedette-hq renew` issues the next one")
            }
            Self::NoAuditKey => Some("restore the file from a backup"),
            Self::BadLine { .. } => Some(
                "the lines before it are good; compare with the last good export or backup, and find out who could write the file",
            ),
            Self::NoNextCa => Some("`vedette-hq replace-ca` begins"),
            Self::CaHasEnded => Some("`vedette-hq replace-ca --finish` completes it"),
            Self::OldCaNeeded(_) => Some(
                "wait until they are connected to `serve` with a certificate by the new CA (the broker must have the new ca.pem), and \
                 revoke those that are lost; `vedette-hq replace-ca` lists them all; with --anyway they are cut off until somebody \
                 brings them what `enrol DEVICE --renew` makes",
            ),
            Self::HomeExists(_) => {
                Some("name a folder that does not exist; remove the old home when the new one serves")
            }
            Self::BadBackup { .. } => Some("restore another backup"),
            Self::NotAccepted { .. } => Some(
                "keys/ and root/ must belong together: restore both from one backup; `vedette-hq replace-key` replaces an \
                 online role's key",
            ),
            _ => None,
        }
    }

    /// An error about our own signed metadata, for `map_err`.
    pub(crate) fn trust(what: impl Into<String>) -> impl FnOnce(TrustError) -> AuthorityError {
        let what = what.into();
        move |source| AuthorityError::Trust { what, source }
    }
}

/// The first of these devices by name.
pub(crate) fn few(devices: &[impl Display]) -> String {
    const NAMED_MAX: usize = 5;
    let named: Vec<String> = devices.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    match devices.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more devices", named.join(", ")),
    }
}
