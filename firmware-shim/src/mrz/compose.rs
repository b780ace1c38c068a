//! A zone from its fields, with right check digits: TD1, TD2, TD3, MRV-A and MRV-B.
//!
//! Names may come as people write them, with blanks, hyphens and apostrophes (9303-3, 4.6), in letters A to Z;
//! a name too long for its field is cut by 9303's rules (9303-4 to 7, 4.2.3). Everything else must fit.

use core::fmt;

use super::digit;
use super::layout::{CheckName, Field, Format, Span};
use super::lines::Lines;

/// The fields of a zone. Empty ones are written as fillers.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// TD1, TD2, TD3, MRV-A or MRV-B.
    pub format: Format,
    /// `P`, `ID`; one or two characters.
    pub document_code: &'a str,
    /// `UTO`, `D`.
    pub issuing_state: &'a str,
    /// More than nine characters: TD1 and TD2 only, written the way ICAO says.
    pub document_number: &'a str,
    /// A long number's check digit counts the `<` before its rest, as Portugal does.
    pub counts_filler: bool,
    /// `UTO`, `D`.
    pub nationality: &'a str,
    /// YYMMDD, `<` for what is unknown.
    pub birth_date: &'a str,
    /// `M`, `F`, `X` or `<`.
    pub sex: char,
    /// YYMMDD.
    pub expiry_date: &'a str,
    /// Surname, components parted by blanks or hyphens.
    pub surname: &'a str,
    /// Given names, likewise; may be empty.
    pub given_names: &'a str,
    /// Optional data; what a long number leaves room for.
    pub optional1: &'a str,
    /// Optional data of TD1's second line.
    pub optional2: &'a str,
}

impl<'a> Fields<'a> {
    /// ICAO's specimen passport (Doc 9303-4, Appendix B), of another state and number: for trying things out.
    pub fn specimen_passport(issuing_state: &'a str, document_number: &'a str) -> Fields<'a> {
        Fields {
            format: Format::Td3,
            document_code: "P",
            issuing_state,
            document_number,
            counts_filler: false,
            nationality: issuing_state,
            birth_date: "740812",
            sex: 'F',
            expiry_date: "320415",
            surname: "ERIKSSON",
            given_names: "ANNA MARIA",
            optional1: "",
            optional2: "",
        }
    }
}

/// Why fields do not make a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeError {
    /// The field is longer than its place.
    TooLong {
        /// The field.
        field: Field,
        /// Characters it has room for.
        room: u8,
    },
    /// The field holds a character that a zone has not.
    Character {
        /// The field.
        field: Field,
        /// What was found.
        found: char,
    },
    /// Zones of this format are only read, not composed.
    Format(Format),
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComposeError::TooLong { field, room } => {
                write!(f, "{field:?}: longer than the {room} characters it has in this format")
            }
            ComposeError::Character { field, found } => {
                write!(f, "{field:?}: {found:?} cannot stand in a machine readable zone; transliterate it")
            }
            ComposeError::Format(format) => write!(f, "{format} is only read, not composed"),
        }
    }
}

impl core::error::Error for ComposeError {}

/// Writes a zone.
///
/// # Errors
/// If a field does not fit, holds a character that a zone has not, or the format is a national one.
pub fn compose(fields: &Fields<'_>) -> Result<Lines, ComposeError> {
    if !fields.format.is_icao() {
        return Err(ComposeError::Format(fields.format));
    }
    let mut lines = Lines::blank(fields.format);
    put(&mut lines, Field::Code, fields.document_code)?;
    put(&mut lines, Field::State, fields.issuing_state)?;
    put(&mut lines, Field::Nationality, fields.nationality)?;
    put(&mut lines, Field::Birth, fields.birth_date)?;
    put(&mut lines, Field::Sex, fields.sex.encode_utf8(&mut [0; 4]))?;
    put(&mut lines, Field::Expiry, fields.expiry_date)?;
    put(&mut lines, Field::Optional2, fields.optional2)?;
    put_name(&mut lines, fields.surname, fields.given_names)?;
    let long = put_number(&mut lines, fields)?;
    for spec in fields.format.layout().checks {
        if !(long && spec.name == CheckName::Number) {
            let expected = digit::expected(&lines, spec.over);
            lines.set(usize::from(spec.at), expected);
        }
    }
    Ok(lines)
}

/// The document number and the first optional data. Whether the number is a long one.
fn put_number(lines: &mut Lines, fields: &Fields<'_>) -> Result<bool, ComposeError> {
    let number = fields.document_number;
    let (Some((own, rest)), true) = (number.split_at_checked(9), fields.format.has_long_numbers()) else {
        put(lines, Field::Number, number)?;
        put(lines, Field::Optional1, fields.optional1)?;
        return Ok(false);
    };
    if rest.is_empty() {
        put(lines, Field::Number, number)?;
        put(lines, Field::Optional1, fields.optional1)?;
        return Ok(false);
    }
    let Some(optional) = lines.format().layout().span(Field::Optional1) else { return Ok(false) };
    put(lines, Field::Number, own)?;
    // The rest, its digit and a filler must fit; what remains is for the optional data.
    let room = (optional.end - optional.start).saturating_sub(2);
    if rest.len() > usize::from(room) {
        return Err(ComposeError::TooLong { field: Field::Number, room: 9 + room });
    }
    let end = optional.start + rest.len() as u8;
    put_at(lines, Field::Number, Span { start: optional.start, end }, rest)?;
    put_at(lines, Field::Optional1, Span { start: end + 2, end: optional.end }, fields.optional1)?;
    let filler: &[u8] = if fields.counts_filler { b"<" } else { b"" };
    let check = digit::digit(own.as_bytes().iter().chain(filler).chain(rest.as_bytes()));
    lines.set(usize::from(end), check);
    Ok(true)
}

fn put(lines: &mut Lines, field: Field, text: &str) -> Result<(), ComposeError> {
    match lines.format().layout().span(field) {
        Some(span) => put_at(lines, field, span, text),
        None if text.is_empty() => Ok(()),
        None => Err(ComposeError::TooLong { field, room: 0 }),
    }
}

fn put_at(lines: &mut Lines, field: Field, span: Span, text: &str) -> Result<(), ComposeError> {
    let mut places = span.range();
    for c in text.chars() {
        let at = places.next().ok_or(ComposeError::TooLong { field, room: span.end - span.start })?;
        match c {
            'A'..='Z' | '0'..='9' | '<' => lines.set(at, c as u8),
            found => return Err(ComposeError::Character { field, found }),
        }
    }
    Ok(())
}

/// The characters of a name as a zone writes them: components parted by one `<` (9303-3, 4.6: apostrophes
/// are omitted, hyphens and commas part components).
fn zone_name(text: &str) -> impl Iterator<Item = Result<u8, ComposeError>> {
    let components = text.split([' ', '-', ',', '<']).filter(|c| !c.is_empty());
    components.enumerate().flat_map(|(n, component)| {
        let filler = (n > 0).then_some(Ok(b'<'));
        let letters = component.chars().filter(|c| !matches!(c, '\'' | '’' | '.'));
        filler.into_iter().chain(letters.map(|c| match c {
            'a'..='z' | 'A'..='Z' => Ok(c.to_ascii_uppercase() as u8),
            found => Err(ComposeError::Character { field: Field::Name, found }),
        }))
    })
}

fn put_name(lines: &mut Lines, surname: &str, given_names: &str) -> Result<(), ComposeError> {
    let Some(span) = lines.format().layout().span(Field::Name) else { return Ok(()) };
    let field = span.range();
    let has_given = zone_name(given_names).next().is_some();
    // With given names, the surname leaves room for `<<` and a letter of theirs.
    let surname_end = if has_given { field.end - 3 } else { field.end };
    let at = write_cut(lines, field.start..surname_end, field.start, zone_name(surname))?;
    if has_given {
        write_cut(lines, at + 2..field.end, field.start, zone_name(given_names))?;
    }
    Ok(())
}

/// Writes as much as fits into `room`; returns where it stopped. What is cut ends with a letter, to show that it was
/// cut: if the cut falls behind a filler, the last component of the name (which begins at `name_start`) that has more
/// than an initial loses a letter. A cut name of nothing but initials may end with a filler.
fn write_cut(
    lines: &mut Lines,
    room: core::ops::Range<usize>,
    name_start: usize,
    name: impl Iterator<Item = Result<u8, ComposeError>>,
) -> Result<usize, ComposeError> {
    let mut at = room.start;
    let last = room.end - 1;
    for c in name {
        let c = c?;
        if at < room.end {
            lines.set(at, c);
            at += 1;
        } else if lines.bytes()[last] == b'<' {
            let two_letters = |n: &usize| !lines.bytes()[*n - 1..=*n].contains(&b'<');
            if let Some(shorten) = (name_start + 1..last).rev().find(two_letters) {
                for n in shorten..last {
                    lines.set(n, lines.bytes()[n + 1]);
                }
                lines.set(last, c);
            }
        }
    }
    Ok(at)
}
