//! The answer to a scan. Plain data; [`super::disclose`] says what of it a role may see.

use super::alert::{Alert, Match};
use crate::snapshot::Unavailable;
use vedette_common::words::Phrase;
use vedette_lists::ListError;
use vedette_shim::document::KeyError;
use vedette_shim::ids::ListName;
use vedette_shim::mrz::{Change, CheckName, Format};
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{Basis, ListResult, Verdict};
use vedette_shim::wire::ScannedDocument;

/// Names one scan.
pub type ScanId = [u8; 16];

/// The answer to a scan: recorded, and as an officer may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub scan_id: ScanId,
    pub verdict: Verdict,
    pub document: Document,
    /// Every list that should have been asked.
    pub checked: Vec<Checked>,
    /// Alerts of documents first, then of persons by score.
    pub alerts: Vec<Alert>,
    pub notices: Vec<Notice>,
    /// From the zone's text to the answer, recorded, in microseconds.
    pub elapsed_us: u64,
    /// The alerts in full, for [`Answer::seen_by`].
    pub(super) full: Vec<Alert>,
}

/// What was read, or typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// None if it was typed without a zone.
    pub format: Option<Format>,
    /// Whether every check digit agrees; nothing typed has one that does not.
    pub valid: bool,
    /// As printed or typed; dates are YYMMDD, the sex is `M`, `F`, `X` or empty.
    pub fields: ScannedDocument,
}

/// One list's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub list: ListName,
    /// The edition asked; 0 for none.
    pub edition: u64,
    /// When that was issued, seconds since 1970.
    pub issued: u64,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    pub freshness: Freshness,
    pub result: ListResult,
    /// Why it was not checked, or, beside a match, not as a whole.
    pub gap: Option<Gap>,
}

/// Why a list did not answer in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    Unavailable(Unavailable),
    /// Some of it cannot be read.
    Damaged,
    /// The document's number or state may be misread: a miss means nothing.
    NumberMisread,
    /// The birth date or the name may be misread: a miss means nothing.
    BearerMisread,
    /// The document has no number or state that a list could have.
    NoNumber(KeyError),
}

impl Gap {
    /// A list that cannot be read to its end; the log says why.
    pub(super) fn damaged(error: ListError) -> Gap {
        tracing::error!(%error, "the list cannot be read");
        Gap::Damaged
    }

    /// For the officer.
    pub fn phrase(&self) -> Phrase {
        match self {
            Gap::Unavailable(why) => why.phrase(),
            Gap::Damaged => Phrase::new("why.damaged"),
            Gap::NumberMisread => Phrase::new("why.misread"),
            Gap::BearerMisread => Phrase::new("why.bearer_misread"),
            Gap::NoNumber(error) => Phrase::with("why.number", [("error", error.to_string())]),
        }
    }
}

/// What the officer should know besides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    JournalNearlyFull,
    /// The device was granted no list.
    NoList,
    /// The document's number or state was misread.
    Misread,
    /// The birth date or the name was misread.
    BearerMisread,
    /// The document's code, as read, is none that states use.
    CodeUnknown(String),
    /// One character of the zone, as every check digit would agree.
    LikelyRead(Change),
    /// A check digit that does not agree, and no single repair that mends it.
    CheckDigit {
        name: CheckName,
        /// From 1, as the column.
        line: u8,
        column: u8,
        found: char,
        expected: char,
    },
    /// So many encounters could not be stored: the spool is full.
    SpoolFull(usize),
    /// So many encounters could not be stored: they cannot be sealed to their list's owner.
    NotSealed(usize),
}

impl Notice {
    /// In the officer's words.
    pub fn phrase(&self) -> Phrase {
        let count = |count: &usize| [("count", count.to_string())];
        match self {
            Notice::JournalNearlyFull => Phrase::new("notice.journal_nearly_full"),
            Notice::NoList => Phrase::new("notice.no_list"),
            Notice::Misread => Phrase::new("notice.misread"),
            Notice::BearerMisread => Phrase::new("notice.bearer_misread"),
            Notice::CodeUnknown(code) => Phrase::with("notice.code_unknown", [("code", code.clone())]),
            Notice::LikelyRead(change) => Phrase::with(
                "notice.likely_read",
                [
                    ("line", change.line.to_string()),
                    ("column", change.column.to_string()),
                    ("read", change.from.to_string()),
                    ("likely", change.to.to_string()),
                ],
            ),
            Notice::CheckDigit { name, line, column, found, expected } => {
                let code = match name {
                    CheckName::Number => "notice.digit_number",
                    CheckName::Birth => "notice.digit_birth",
                    CheckName::Expiry => "notice.digit_expiry",
                    CheckName::Personal => "notice.digit_personal",
                    CheckName::Composite => "notice.digit_composite",
                };
                Phrase::with(
                    code,
                    [
                        ("line", line.to_string()),
                        ("column", column.to_string()),
                        ("found", found.to_string()),
                        ("expected", expected.to_string()),
                    ],
                )
            }
            Notice::SpoolFull(lost) => Phrase::with("notice.spool_full", count(lost)),
            Notice::NotSealed(lost) => Phrase::with("notice.not_sealed", count(lost)),
        }
    }
}

/// What one list said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// Its answer if it had no match: Clear, or NotChecked and why.
    pub(super) checked: Checked,
    /// What its answer rests on, beside its matches.
    pub(super) basis: Basis,
    pub(super) matches: Vec<Match>,
}
