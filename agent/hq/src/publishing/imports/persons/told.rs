//! Dates and states of a record, and what is told of those that cannot be read: a published list is taken although one of its
//! cells says nothing, but never in silence.

use super::dates::dates;
use crate::publishing::imports::import_report::Report;
use crate::publishing::imports::states::codes;
use std::cell::RefCell;
use vedette_names::BirthDate;
use vedette_shim::states::is_code;

/// What is told of one record of a file.
pub(super) struct Told<'a> {
    pub(super) report: &'a RefCell<Report>,
    pub(super) line: u64,
}

impl Told<'_> {
    /// Birth dates; a text that tells none is doubtful.
    pub(super) fn dates(&self, text: &str) -> Vec<BirthDate> {
        let found = dates(text);
        if found.is_empty() && !text.is_empty() {
            self.doubtful("birth date that says nothing", text);
        }
        found
    }

    /// States as ICAO codes; a text that names none is doubtful.
    pub(super) fn states(&self, text: &str) -> Vec<String> {
        let mut found = codes(text);
        found.retain(|code| is_code(code));
        if found.is_empty() && !text.is_empty() {
            self.doubtful("state that is not known", text);
        }
        found
    }

    /// The issuing state of a document, as its code where it is known; an unknown one stays as it is written.
    pub(super) fn issuer(&self, text: &str) -> String {
        self.states(text).into_iter().next().unwrap_or_else(|| text.to_owned())
    }

    pub(super) fn doubtful(&self, what: &str, text: &str) {
        self.report.borrow_mut().doubtful.add(what, self.line, text);
    }

    pub(super) fn repaired(&self, what: &str, text: &str) {
        self.report.borrow_mut().repaired.add(what, self.line, text);
    }

    pub(super) fn left_out(&self, what: &str, text: &str) {
        self.report.borrow_mut().left_out.add(what, self.line, text);
    }
}
