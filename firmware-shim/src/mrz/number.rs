//! Document numbers, short and long.
//!
//! A number of more than nine characters (TD1 and TD2) puts its first nine in the field and `<` in the
//! check digit's place; the rest follows at the start of the optional data, then the check digit, then
//! `<` (9303-5 and 9303-6, 4.2.2, note j). ICAO computes the digit over the number alone; Portugal and older Belgian cards
//! count the `<` as well, which shifts the weights. Both are accepted, and the reading says which. National layouts that
//! put a number together otherwise are in [`super::printed`].

use heapless::String;
use serde::Serialize;

use super::digit::{self, Check};
use super::layout::{CheckName, Field, Format, MAX_NUMBER, Span};
use super::lines::Lines;
use super::printed::{self, National};

/// How the number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberForm {
    /// Within its own field.
    Short,
    /// Continued, the check digit over the number alone: ICAO's way.
    LongIcao,
    /// Continued, the check digit over the number with the `<` counted as zero.
    LongFillerCounted,
    /// Continued; both ways give the same digit.
    LongBoth,
    /// Continued, but the check digit agrees with neither way.
    LongUnconfirmed,
    /// As a national layout puts it together.
    National,
}

/// A document number as read.
pub(crate) struct Reading {
    pub(crate) number: String<MAX_NUMBER>,
    pub(crate) form: NumberForm,
    pub(crate) check: Check,
    /// Where the rest of a long number and its check digit stand; empty for a short one.
    pub(crate) tail: Span,
}

/// Reads the number of a zone. A format without a check digit for it gives [`Check::Absent`].
pub(crate) fn read(lines: &Lines) -> Reading {
    let layout = lines.format().layout();
    let field = own_span(lines.format()).unwrap_or(Span { start: 0, end: 0 });
    let own = lines.str(field.range());
    let mut number = String::new();
    let _ = number.push_str(own.trim_matches('<'));
    let tail = Span { start: 0, end: 0 };
    let Some(spec) = layout.check(CheckName::Number) else {
        return Reading { number, form: NumberForm::Short, check: Check::Absent, tail };
    };
    let found = lines.bytes()[usize::from(spec.at)];
    if let Some(layout) = printed::national(lines) {
        let check = match layout {
            National::Russian => Check::of(found, digit::expected(lines, spec.over)),
            National::Senegalese => Check::Absent,
        };
        return Reading { number: printed::number(lines, layout), form: NumberForm::National, check, tail };
    }
    if found == b'<'
        && let Some(tail) = tail_span(lines)
    {
        let tail_text = lines.str(tail.range());
        let (rest, digit) = tail_text.split_at(tail_text.len() - 1);
        let found = digit.as_bytes()[0];
        let icao = digit::digit(own.as_bytes().iter().chain(rest.as_bytes()));
        let counted = digit::digit(own.as_bytes().iter().chain(b"<").chain(rest.as_bytes()));
        let form = match (found == icao, found == counted) {
            (true, true) => NumberForm::LongBoth,
            (true, false) => NumberForm::LongIcao,
            (false, true) => NumberForm::LongFillerCounted,
            (false, false) => NumberForm::LongUnconfirmed,
        };
        let check = if found == counted { Check::Valid } else { Check::of(found, icao) };
        let _ = number.push_str(rest);
        return Reading { number, form, check, tail };
    }
    Reading {
        number,
        form: NumberForm::Short,
        check: Check::of(found, digit::expected(lines, spec.over)),
        tail,
    }
}

/// Where a number stands, without its continuation.
pub(crate) fn own_span(format: Format) -> Option<Span> {
    match format {
        // The number printed on the card is month of issue, department and serial number together.
        Format::FrenchId => Some(Span { start: 36, end: 48 }),
        _ => format.layout().span(Field::Number),
    }
}

/// The optional data up to its first `<`, if it can be the rest of a number: the number's own field is full,
/// and there is at least one character and a check digit.
fn tail_span(lines: &Lines) -> Option<Span> {
    let layout = lines.format().layout();
    if !lines.format().has_long_numbers() || lines.raw(Field::Number).ends_with('<') {
        return None;
    }
    let optional = layout.span(Field::Optional1)?;
    let length = lines.raw(Field::Optional1).bytes().take_while(|c| *c != b'<').count() as u8;
    (length >= 2).then_some(Span { start: optional.start, end: optional.start + length })
}
