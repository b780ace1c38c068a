//! Whether a field holds what its format demands there: letters, digits, a date.
//!
//! Check digits do not see everything: a letter in a date can satisfy its digit, a name has none. For the
//! national formats, some of which have hardly any check digit, this is what makes a zone valid.

use super::date::MrzDate;
use super::layout::{Field, Format, Span};
use super::lines::Lines;
use super::spelling;
use crate::states::is_code;

/// Whether `field`, which stands at `span`, holds what it can.
pub(crate) fn readable(lines: &Lines, field: Field, span: Span) -> bool {
    let (format, text) = (lines.format(), lines.str(span.range()));
    let chars = text.as_bytes();
    let letters = |s: &[u8]| s.iter().all(|c| matches!(c, b'A'..=b'Z' | b'<'));
    let digits = |s: &[u8]| s.iter().all(u8::is_ascii_digit);
    match (field, format) {
        // The second character may be a numeral (9303-5, notes a and b).
        (Field::Code, _) => matches!(chars, [b'A'..=b'Z', ..]),
        (Field::State, Format::SwissDriving) => matches!(text, "CHE" | "LIE"),
        (Field::State, _) => is_code(text),
        (Field::Nationality, _) => letters(chars) && !text.starts_with('<'),
        (Field::Number, Format::SwissDriving) => match chars {
            [first @ .., a, b, c, language, b'<', b'<'] => {
                !first.contains(&b'<')
                    && digits(&[*a, *b, *c])
                    && matches!(language, b'D' | b'F' | b'I' | b'R')
            }
            _ => false,
        },
        (Field::Number, _) => !text.starts_with('<'),
        (Field::Birth | Field::Expiry, _) => MrzDate::new(text).parts().is_some(),
        (Field::IssueMonth, _) => match chars {
            [year1, year2, month1, month2] => {
                MrzDate::from_month([*year1, *year2, *month1, *month2]).parts().is_some()
            }
            _ => false,
        },
        (Field::Sex, _) => matches!(chars, [b'M' | b'F' | b'X' | b'<']),
        (Field::Name, _) if spelling::is_coded(lines) => {
            chars.iter().all(|c| *c == b'<' || c.is_ascii_alphanumeric())
        }
        (Field::Name | Field::Surname | Field::GivenNames, _) => letters(chars),
        (Field::Language, _) => matches!(chars, [b'D' | b'F' | b'I' | b'R']),
        (Field::Pin | Field::Version, _) => digits(chars),
        (Field::Separator, _) => chars.iter().all(|c| *c == b'<'),
        (Field::Optional1 | Field::Optional2 | Field::Office | Field::Department, _) => true,
    }
}
