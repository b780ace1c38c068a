//! What can be done at headquarters, and what a line of the audit log says of it.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use vedette_common::text::json_word;

/// Longest text of a line (object, reason, a detail), bytes; what is longer is cut.
pub const TEXT_BYTES_MAX: usize = 512;
/// Longest of several words in one detail, bytes; what is longer is cut.
pub const WORD_BYTES_MAX: usize = 64;
/// Most details of a line, and most words of a detail that lists several.
pub const DETAILS_MAX: usize = 16;

/// The object of a `replace-key` of the audit key itself.
pub(crate) const AUDIT_KEY: &str = "audit";
/// What became of an act: it is done,
pub(crate) const DONE: &str = "done";
/// it began, and another line says how it ended,
pub(crate) const BEGAN: &str = "began";
/// it began and failed,
pub(crate) const FAILED: &str = "failed";
/// whoever wanted to may not.
pub(crate) const REFUSED: &str = "refused";

/// An act. In the log and on the command line it is its name in small letters with hyphens: `replace-key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // each is the command of its name, but for those that say more
pub enum Act {
    /// The log's first line; names the audit key.
    LogBegins,
    Init,
    Backup,
    /// The first line of a home that was made from a backup; names the line that the backup ended with.
    Restore,
    Renew,
    ReplaceKey,
    ReplaceCa,
    ReplaceRootKeys,
    EraseOldKeys,
    /// `--clock-is-right`.
    ConfirmClock,
    ListCreate,
    ListSet,
    Import,
    Publish,
    Put,
    Withdraw,
    Change,
    /// What an operator proposes, where a list needs two.
    Draft,
    Drafts,
    Approve,
    Reject,
    Enrol,
    /// `enrol --renew`.
    RenewDevice,
    Revoke,
    SendAgain,
    OfficerAdd,
    OfficerRemove,
    ScannerEnrol,
    ScannerRevoke,
    /// Reading what came home.
    Encounters,
    Answer,
    /// Looking at the log is not recorded, and neither is looking at lists, devices, officers, scanners and operators.
    AuditShow,
    AuditVerify,
    AuditExport,
    Lists,
    /// Asking who holds an alert.
    Holders,
    Devices,
    Officers,
    Scanners,
    Operators,
    OperatorAdd,
    OperatorRemove,
    /// Headquarters has another agency, which issues lists in a home of its own.
    AgencyAdd,
    AgencyGive,
    AgencyTake,
    Agencies,
    /// A device's certificate that `serve` gave over the link.
    GiveCertificate,
    /// `serve` raised an alarm.
    Alarm,
    /// It is over.
    AlarmEnds,
}

impl Act {
    /// The act's name.
    pub fn name(self) -> String {
        json_word(&self)
    }

    /// What is recorded of it, done to `object`.
    pub(crate) fn of(self, object: impl Display) -> Entry {
        Entry { act: self, object: cut(&object.to_string()), reason: String::new(), details: BTreeMap::new() }
    }
}

/// What is recorded of an act; who, when and the proofs are added to it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) act: Act,
    pub(crate) object: String,
    pub(crate) reason: String,
    pub(crate) details: BTreeMap<String, Value>,
}

impl Entry {
    /// With a detail: a number, a word, or several words.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Entry {
        debug_assert!(self.details.len() < DETAILS_MAX, "{:?} has too many details", self.act);
        self.details.insert(name.into(), bounded(value.into()));
        self
    }

    /// With the operator's reason or purpose.
    pub(crate) fn because(mut self, reason: &str) -> Entry {
        self.reason = cut(reason);
        self
    }
}

fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(mut words) => {
            let more = words.len().saturating_sub(DETAILS_MAX);
            words.truncate(DETAILS_MAX);
            words.extend((more > 0).then(|| format!("and {more} more").into()));
            Value::Array(words.into_iter().map(word).collect())
        }
        other => other,
    }
}

fn word(value: Value) -> Value {
    match value {
        Value::String(text) => {
            Value::String(vedette_common::text::cut::<WORD_BYTES_MAX>(&text).as_str().into())
        }
        other => other,
    }
}

/// As much of a text as a line takes, cut between characters.
fn cut(text: &str) -> String {
    vedette_common::text::cut::<TEXT_BYTES_MAX>(text).as_str().into()
}
