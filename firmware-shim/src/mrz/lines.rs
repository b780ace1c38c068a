//! From what was typed or scanned to the characters of a zone.
//!
//! Lower case becomes upper case; blanks, tabs, control characters and line breaks are dropped, and the
//! count of what remains says the format, so it does not matter where a scanner broke the lines. If the
//! count fits no format, or the lines have the lengths of a format only with their blanks, blanks are taken for fillers
//! once: keyboards have people type a blank for `<`, and some readers give one.
//! `«` and `‹`, which optical readers give for `<<` and `<`, are read as such. Any other character is an
//! error with its place. Nothing is padded, cut or guessed here.

use core::fmt;

use super::layout::{Field, Format, MAX_CHARS};

/// The normalised lines of a zone: only `A-Z`, `0-9` and `<`, exactly as many as the format has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    format: Format,
    chars: [u8; MAX_CHARS],
}

/// Why a text is not a machine readable zone. Lines and columns count from 1, in the text as it was given;
/// lines without any character are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzError {
    /// There is no character at all.
    Empty,
    /// A character that no machine readable zone has.
    Character {
        /// Line, from 1.
        line: u8,
        /// Column, from 1.
        column: u16,
        /// What was found.
        found: char,
    },
    /// The other lines look like `format`, this one does not.
    LineLength {
        /// Line, from 1.
        line: u8,
        /// Characters in it; 0: the line is missing.
        found: u16,
        /// Characters it should have; 0: there should be no such line.
        expected: u8,
        /// The format the other lines look like.
        format: Format,
    },
    /// No format has this many characters.
    Length {
        /// Characters in all lines together.
        found: u16,
        /// Lines they came in.
        lines: u8,
    },
}

impl fmt::Display for MrzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            MrzError::Empty => {
                f.write_str("no machine readable zone: the text is empty; give the two or three lines with <")
            }
            MrzError::Character { line, column, found } => write!(
                f,
                "line {line}, column {column}: {found:?} cannot stand in a machine readable zone; \
                 it has only A to Z, 0 to 9 and <"
            ),
            MrzError::LineLength { line, found: 0, expected, format } => {
                write!(f, "line {line} is missing: {format} needs it, with {expected} characters")
            }
            MrzError::LineLength { line, expected: 0, format, .. } => {
                write!(f, "line {line} is too much: {format} has no such line; give one document at a time")
            }
            MrzError::LineLength { line, found, expected, format } => write!(
                f,
                "line {line} has {found} characters, {format} needs {expected}; \
                 look for a character {}, fillers < at the end count too",
                if found < u16::from(expected) { "left out" } else { "read twice" }
            ),
            MrzError::Length { found, lines } => write!(
                f,
                "{found} characters in {lines} line(s) are no known format: passports have 2 lines of 44, \
                 cards 3 of 30 or 2 of 36; fillers < at the end count too"
            ),
        }
    }
}

impl core::error::Error for MrzError {}

/// What a blank stands for.
#[derive(Clone, Copy, PartialEq)]
enum Blank {
    Nothing,
    Filler,
}

/// The characters found, and how long each line was.
struct Found {
    chars: [u8; MAX_CHARS],
    total: u16,
    lengths: [u16; 4],
    lines: u8,
}

impl Found {
    fn in_text(text: &[&str], blank: Blank) -> Result<Found, MrzError> {
        let mut found = Found { chars: [b'<'; MAX_CHARS], total: 0, lengths: [0; 4], lines: 0 };
        for line in text.iter().flat_map(|part| part.split(['\n', '\r'])) {
            if line.chars().all(is_blank) {
                continue;
            }
            found.lines = found.lines.saturating_add(1);
            let before = found.total;
            for (column, c) in line.chars().enumerate() {
                match c {
                    'A'..='Z' | '0'..='9' | '<' => found.push(c as u8),
                    'a'..='z' => found.push(c.to_ascii_uppercase() as u8),
                    '‹' => found.push(b'<'),
                    '«' => {
                        found.push(b'<');
                        found.push(b'<');
                    }
                    ' ' if blank == Blank::Filler => found.push(b'<'),
                    c if is_blank(c) => {}
                    found_char => {
                        return Err(MrzError::Character {
                            line: found.lines,
                            column: u16::try_from(column + 1).unwrap_or(u16::MAX),
                            found: found_char,
                        });
                    }
                }
            }
            if let Some(length) = found.lengths.get_mut(usize::from(found.lines) - 1) {
                *length = found.total - before;
            }
        }
        Ok(found)
    }

    fn push(&mut self, c: u8) {
        if let Some(slot) = self.chars.get_mut(usize::from(self.total)) {
            *slot = c;
        }
        self.total = self.total.saturating_add(1);
    }

    fn format(&self) -> Option<Format> {
        Format::of(self.chars.get(..usize::from(self.total))?)
    }

    /// Whether each line is as long as its format has it.
    fn is_as_printed(&self) -> bool {
        let widths = self.format().map_or(&[][..], |format| format.layout().widths);
        let widths = widths.iter().map(|width| u16::from(*width));
        self.format().is_some() && self.lengths.iter().copied().take(usize::from(self.lines)).eq(widths)
    }

    /// What is wrong with a zone whose count fits no format.
    fn length_error(&self) -> MrzError {
        let lengths = &self.lengths[..usize::from(self.lines).min(self.lengths.len())];
        let Some(format) = lengths.iter().find_map(|n| Format::by_width(usize::from(*n))) else {
            return MrzError::Length { found: self.total, lines: self.lines };
        };
        let widths = format.layout().widths;
        for line in 0..widths.len().max(lengths.len()) {
            let found = lengths.get(line).copied().unwrap_or(0);
            let expected = widths.get(line).copied().unwrap_or(0);
            if found != u16::from(expected) {
                return MrzError::LineLength { line: line as u8 + 1, found, expected, format };
            }
        }
        MrzError::Length { found: self.total, lines: self.lines }
    }
}

/// Characters that carry nothing: blanks, tabs, what scanners frame their lines with, byte order marks.
fn is_blank(c: char) -> bool {
    c <= ' ' || matches!(c, '\u{7f}' | '\u{a0}' | '\u{feff}')
}

impl Lines {
    /// Reads lines, however they are broken.
    pub fn read(text: &[&str]) -> Result<Lines, MrzError> {
        let found = Found::in_text(text, Blank::Nothing)?;
        if found.total == 0 {
            return Err(MrzError::Empty);
        }
        let as_typed = |found: Found| found.format().map(|format| Lines { format, chars: found.chars });
        let error = found.length_error();
        if !found.is_as_printed()
            && let Ok(filled) = Found::in_text(text, Blank::Filler)
            && (found.format().is_none() || filled.is_as_printed())
        {
            return as_typed(filled).ok_or(error);
        }
        as_typed(found).ok_or(error)
    }

    /// A zone of fillers, to be written.
    pub(crate) fn blank(format: Format) -> Lines {
        Lines { format, chars: [b'<'; MAX_CHARS] }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole zone in one run, without line breaks.
    pub fn text(&self) -> &str {
        self.str(0..self.format.layout().len())
    }

    /// The lines, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.format.layout().widths.iter().scan(0, |start, width| {
            let range = *start..*start + usize::from(*width);
            *start = range.end;
            Some(self.str(range))
        })
    }

    /// A field as it stands, fillers and all; empty if the format has no such field.
    pub fn raw(&self, field: Field) -> &str {
        self.format.layout().span(field).map_or("", |span| self.str(span.range()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.chars[..self.format.layout().len()]
    }

    pub(crate) fn set(&mut self, at: usize, c: u8) {
        self.chars[at] = c;
    }

    pub(crate) fn str(&self, range: core::ops::Range<usize>) -> &str {
        core::str::from_utf8(&self.chars[range]).unwrap_or_default()
    }
}

/// The lines with a line break between them.
impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, line) in self.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

/// Personal data: shows the format only.
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({})", self.format)
    }
}
