//! What of a zone may not be what is printed, so that not finding it in a list means nothing.
//!
//! Misreadings show in two ways: a check digit that does not agree, and a character where its format has none of that kind
//! (check digits alone miss some: `UT0` for `UTO` has none, and a letter in a date can satisfy its digit). What a failing
//! digit guards besides, an expiry date or optional data, is looked up nowhere and raises no doubt.
//!
//! A part of a zone, from a reader that stopped early, can have the length of another format; then it is in doubt too.

use super::check::CheckResult;
use super::layout::{CheckName, Field};
use super::lines::Lines;
use super::number::NumberForm;
use super::readable::readable;

/// Of what a document is looked up by. Its number's digit passes by chance in one part of ten of a longer zone; there
/// other fields hold what they cannot. A long number may be a short one whose digit was misread as `<`, with optional
/// data that happens to end in the right digit: the composite digit covers both. A national format is known by little,
/// so all of it must agree.
pub(crate) fn of_number(lines: &Lines, checks: &[CheckResult], form: NumberForm) -> bool {
    let telling: &[Field] = if lines.format().is_icao() {
        &[Field::Code, Field::State, Field::Number, Field::Nationality, Field::Birth]
    } else {
        &[]
    };
    let long = form != NumberForm::Short;
    let counts =
        |name| telling.is_empty() || name == CheckName::Number || (long && name == CheckName::Composite);
    checks.iter().any(|check| counts(check.name) && !check.check.passes()) || unreadable(lines, telling)
}

/// Of what a person is looked up by: surname and birth date. A digit in a name is no doubt: names are compared with
/// misreadings in mind.
pub(crate) fn of_bearer(lines: &Lines, checks: &[CheckResult], surname: &str) -> bool {
    let birth_fails = checks.iter().any(|check| check.name == CheckName::Birth && !check.check.passes());
    surname.is_empty() || birth_fails || unreadable(lines, &[Field::Birth])
}

/// Whether one of these fields holds what it cannot; of no fields: any.
fn unreadable(lines: &Lines, of: &[Field]) -> bool {
    let format = lines.format();
    format.layout().fields.iter().any(|(field, span)| {
        (of.is_empty() || of.contains(field)) && !readable(format, *field, lines.str(span.range()))
    })
}
