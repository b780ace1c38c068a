//! Machine readable zones: lines -> fields, with a result for every check digit.
//!
//! [`parse`] takes what a keyboard or scanner gives ([`Lines`] says what it forgives) and returns a [`Mrz`]
//! by value, or a [`MrzError`] that names what is wrong and where. A zone whose check digits fail is still
//! read: the officer sees which digit failed. [`repair`] proposes the one correction the check digits
//! allow; nothing is corrected in passing. [`compose`] writes a zone from its fields.
//!
//! Any text whatever gives a value or an error, never a panic. `Debug` shows no personal data.

mod alike;
mod check;
mod compose;
mod date;
mod digit;
mod doubt;
mod layout;
mod lines;
mod name;
mod number;
mod printed;
mod readable;
mod repair;
mod shape;
mod spelling;
#[cfg(test)]
mod tests;
mod twins;

use core::fmt;

use heapless::{String, Vec};
use serde::Serialize;

pub use check::{CheckResult, Checks};
pub use compose::{ComposeError, Fields, compose};
pub use date::{DateParts, MrzDate};
pub use digit::{Check, digit as check_digit};
pub use layout::MAX_NUMBER;
pub use layout::{CheckName, Field, Format, MAX_CHARS};
pub use lines::{Lines, MrzError};
pub use name::{MAX_NAME, Name};
pub use number::NumberForm;
pub use repair::{Change, Fix, MAX_GUESSES, Repair, mend_issuer, repair};
pub use shape::Shapes;
pub use spelling::{NAME_BYTES_MAX, NAME_READINGS_MAX, NameReading};
pub use twins::{TWINS_MAX, Twin, twins};

/// Sex as the zone gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// `M`
    Male,
    /// `F`
    Female,
    /// `X`: 9303 has it in the visual zone only and demands `<` here, documents do otherwise.
    X,
    /// `<`
    Unspecified,
    /// Another character, or the format has no such field.
    Unknown,
}

/// A zone that was read. Text fields come without their trailing fillers, numbers and optional data without leading
/// ones too: data begins "with the left-hand character position" (9303-3, 4.10), so those carry nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    lines: Lines,
    name: Name,
    number: String<MAX_NUMBER>,
    number_form: NumberForm,
    /// Characters of the optional data that belong to the number, its check digit and its `<`.
    number_tail: u8,
    checks: Checks,
}

/// Reads a zone from text with any line breaks.
///
/// # Errors
/// If the text is no zone: a character that cannot be, or a count of characters no format has.
pub fn parse(text: &str) -> Result<Mrz, MrzError> {
    parse_lines(&[text])
}

/// Reads a zone from its lines, which may be joined or split otherwise than printed.
///
/// # Errors
/// As [`parse`].
pub fn parse_lines(lines: &[&str]) -> Result<Mrz, MrzError> {
    Lines::read(lines).map(Mrz::from)
}

impl From<Lines> for Mrz {
    fn from(lines: Lines) -> Mrz {
        let number = number::read(&lines);
        let tail = number.tail.end - number.tail.start;
        Mrz {
            name: Name::read(&lines),
            number: number.number,
            number_form: number.form,
            number_tail: if tail > 0 { tail + 1 } else { 0 },
            checks: check::all(&lines),
            lines,
        }
    }
}

impl Mrz {
    /// The format.
    pub fn format(&self) -> Format {
        self.lines.format()
    }

    /// The normalised lines.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Whether every check digit passes and there is a surname (9303-3, 4.6: the primary identifier is
    /// mandatory); for a national format also whether every field holds what the format demands.
    pub fn valid(&self) -> bool {
        self.checks.iter().all(|c| c.check.passes())
            && !self.surname().is_empty()
            && (self.format().is_icao() || self.unreadable_fields().next().is_none())
    }

    /// Whether the number, the state or the code may be misread: then a miss in a list of documents means nothing.
    pub fn number_doubtful(&self) -> bool {
        doubt::of_number(&self.lines, &self.checks, self.number_form)
    }

    /// Whether the birth date may be misread or there is no name: then a miss in a list of persons means nothing.
    pub fn bearer_doubtful(&self) -> bool {
        let nameless = self.surname().is_empty() && self.given_names().is_empty();
        doubt::of_bearer(&self.lines, &self.checks, nameless)
    }

    /// Whether the document code is one that documents of this format have. If not, the check digits say whether it
    /// may be misread, see [`Mrz::number_doubtful`].
    pub fn code_known(&self) -> bool {
        doubt::code_known(&self.lines)
    }

    /// Calls `visit` with every other number by which lists may have the document, beside
    /// [`Mrz::document_number`]: at most two, by its state's layout.
    pub fn other_numbers(&self, visit: impl FnMut(&str)) {
        printed::others(&self.lines, &self.number, self.number_form == NumberForm::National, visit);
    }

    /// Other ways to read the name, the likeliest first: none for most zones.
    pub fn name_readings(&self) -> Vec<NameReading, NAME_READINGS_MAX> {
        spelling::readings(&self.lines)
    }

    /// Every check digit of the format, with its result and place.
    pub fn checks(&self) -> &[CheckResult] {
        &self.checks
    }

    /// Fields that hold what they cannot: a letter in a date, a digit in a name. Check digits may pass
    /// nevertheless.
    pub fn unreadable_fields(&self) -> impl Iterator<Item = Field> {
        let fields = self.format().layout().fields.iter();
        fields
            .filter(|(field, span)| !readable::readable(&self.lines, *field, *span))
            .map(|(field, _)| *field)
    }

    /// The document code, `P`, `ID`, `PD`.
    pub fn document_code(&self) -> &str {
        self.field(Field::Code)
    }

    /// The issuing state or organisation, `UTO`, `D`.
    pub fn issuing_state(&self) -> &str {
        self.field(Field::State)
    }

    /// The whole document number, long ones assembled; where a national layout keeps part of the printed number
    /// elsewhere, as it is printed.
    pub fn document_number(&self) -> &str {
        &self.number
    }

    /// The check digit that was read behind the number's field, if it is one.
    pub fn number_digit(&self) -> Option<char> {
        let spec = self.format().layout().check(CheckName::Number)?;
        Some(char::from(self.lines.bytes()[usize::from(spec.at)])).filter(char::is_ascii_digit)
    }

    /// How the number is written, and for long ones which convention its check digit follows.
    pub fn number_form(&self) -> NumberForm {
        self.number_form
    }

    /// The nationality; empty if the format does not tell it.
    pub fn nationality(&self) -> &str {
        self.field(Field::Nationality)
    }

    /// The birth date; `None` if the format does not tell it.
    pub fn birth_date(&self) -> Option<MrzDate> {
        self.date(Field::Birth)
    }

    /// The expiry date; `None` if the format does not tell it.
    pub fn expiry_date(&self) -> Option<MrzDate> {
        self.date(Field::Expiry)
    }

    /// The sex.
    pub fn sex(&self) -> Sex {
        match self.lines.raw(Field::Sex) {
            "M" => Sex::Male,
            "F" => Sex::Female,
            "X" => Sex::X,
            "<" => Sex::Unspecified,
            _ => Sex::Unknown,
        }
    }

    /// Surname, its components parted by one blank.
    pub fn surname(&self) -> &str {
        self.name.surname()
    }

    /// Given names, parted by one blank; empty if there are none.
    pub fn given_names(&self) -> &str {
        self.name.given_names()
    }

    /// Whether the name may have been cut to fit its field.
    pub fn name_truncated(&self) -> bool {
        self.name.truncated()
    }

    /// The first optional data (TD3: personal number), less what belongs to a long document number.
    pub fn optional1(&self) -> &str {
        let all = self.lines.raw(Field::Optional1);
        all.get(usize::from(self.number_tail)..).unwrap_or_default().trim_matches('<')
    }

    /// The second optional data (TD1).
    pub fn optional2(&self) -> &str {
        self.lines.raw(Field::Optional2).trim_matches('<')
    }

    /// A field without its trailing fillers; empty if the format has no such field.
    pub fn field(&self, field: Field) -> &str {
        let text = self.lines.raw(field);
        text.get(..text.bytes().rposition(|c| c != b'<').map_or(0, |last| last + 1)).unwrap_or_default()
    }

    fn date(&self, field: Field) -> Option<MrzDate> {
        self.format().layout().span(field).map(|_| MrzDate::new(self.lines.raw(field)))
    }
}

/// Personal data: shows the format and the verdict only.
impl fmt::Debug for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mrz({}, {})", self.format(), if self.valid() { "valid" } else { "not valid" })
    }
}
