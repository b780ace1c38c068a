//! Every check digit of a zone, with its result and place.

use heapless::Vec;

use super::digit::{Check, expected};
use super::layout::{CheckAt, CheckName, Field};
use super::lines::Lines;
use super::number;

/// One check digit of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// What it guards.
    pub name: CheckName,
    /// What it says.
    pub check: Check,
    /// Its line, from 1.
    pub line: u8,
    /// Its column, from 1.
    pub column: u8,
}

/// The check digits of a zone, in the order they stand in the format's description.
pub type Checks = Vec<CheckResult, 5>;

fn evaluate(lines: &Lines, spec: &CheckAt) -> Check {
    let found = lines.bytes()[usize::from(spec.at)];
    match spec.name {
        CheckName::Number => number::read(lines).check,
        CheckName::Personal if found == b'<' && lines.raw(Field::Optional1).bytes().all(|c| c == b'<') => {
            Check::Absent
        }
        _ => Check::of(found, expected(lines, spec.over)),
    }
}

/// Every check digit of the zone.
pub(crate) fn all(lines: &Lines) -> Checks {
    let layout = lines.format().layout();
    let results = layout.checks.iter().map(|spec| {
        let (line, column) = layout.place(usize::from(spec.at));
        CheckResult { name: spec.name, check: evaluate(lines, spec), line, column }
    });
    results.collect()
}
