//! What of a zone may not be what is printed, so that not finding it in a list means nothing.
//!
//! Misreadings show in two ways: a check digit that does not agree, and a character where its format has none of that kind
//! (check digits alone miss some: `UT0` for `UTO` has none, and a letter in a date can satisfy its digit). What a failing
//! digit guards besides, an expiry date or optional data, is looked up nowhere and raises no doubt.
//!
//! A document code that is none of ICAO's may be misread or a state's own: the digits decide. If all of them agree, the
//! document is believed, and that its code is unknown is said.
//!
//! A part of a zone, from a reader that stopped early, can have the length of another format; then it is in doubt too.

use super::check::CheckResult;
use super::layout::{CheckName, Field, Format};
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
    let counts = |name| match name {
        CheckName::Number => true,
        CheckName::Composite if long => true,
        // Russia keeps a digit of the series in the optional data.
        CheckName::Personal if form == NumberForm::National => true,
        _ => telling.is_empty(),
    };
    checks.iter().any(|check| !check.check.passes() && (counts(check.name) || !code_known(lines)))
        || unreadable(lines, telling)
}

/// Whether the document code is one that documents of this format have. 9303-4 has P, 9303-5 and -6 have A, C and I,
/// 9303-7 has V; what else occurs for real is X on booklets, P on cards, and R on residence permits. The other formats
/// are known by their code.
pub(crate) fn code_known(lines: &Lines) -> bool {
    let first = lines.raw(Field::Code).as_bytes()[0];
    match lines.format() {
        Format::Td3 => matches!(first, b'P' | b'X'),
        Format::Td1 | Format::Td2 => matches!(first, b'A' | b'C' | b'I' | b'P' | b'R'),
        _ => true,
    }
}

/// Of what a person is looked up by: name and birth date. A digit in a name is no doubt: names are compared with
/// misreadings in mind; nor is a missing surname, which India's and other passports have.
pub(crate) fn of_bearer(lines: &Lines, checks: &[CheckResult], nameless: bool) -> bool {
    let birth_fails = checks.iter().any(|check| check.name == CheckName::Birth && !check.check.passes());
    nameless || birth_fails || unreadable(lines, &[Field::Birth])
}

/// Whether one of these fields holds what it cannot; of no fields: any.
fn unreadable(lines: &Lines, of: &[Field]) -> bool {
    lines
        .format()
        .layout()
        .fields
        .iter()
        .any(|(field, span)| (of.is_empty() || of.contains(field)) && !readable(lines, *field, *span))
}
