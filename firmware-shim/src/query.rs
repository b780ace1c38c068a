//! What lists of documents are asked for, read from a zone.
//!
//! | lookup | when | why |
//! |---|---|---|
//! | as read | always | |
//! | [`How::Misread`] | the number has twins | what no check digit sees, or each repair of what one sees: see [`mrz::twins`] |
//! | [`How::State`] | the issuer has other codes; its code is none; a passport's is another than the nationality | lists and zones write ROM and ROU, HKG and CHN; a code has no check digit |
//! | [`How::Kind`] | cards and permits, passport cards, unknown codes | states use other letters for the same document: see [`other_kinds`] |
//! | [`How::Number`] | the number is printed otherwise than its field has it; or as people mistype it | see `mrz::printed`; zeros in front lost, the check digit typed with the number, O for 0 |
//!
//! Invariants: only a match by what was read is a hit, and only if nothing of it may be misread ([`DocumentQuery::doubtful`]);
//! a match by any other lookup may be another document, so it is possible at most. A miss of all of them is Clear unless the
//! zone is in doubt. Lookups are not combined: a number read with a slip under another state's code is asked for under the
//! code that was read only.
//!
//! Bounds: [`LOOKUPS_MAX`]; about ten for most zones. Most have a format that no document of their state has. A list that knows
//! its formats ([`DocumentQuery::visit_listed`]) is spared them before they are made: that is most of what they would cost.

use core::fmt;

use heapless::Vec;

use crate::document::{DocumentKey, NUMBER_CHARS_MAX, Number};
use crate::mrz::{self, Change, Format, Mrz, NumberForm, Repair, Shapes};
use crate::states::{self, RELATED_MAX, State};

/// Most lookups of one zone: as read, twins, states, types, and other forms of the number.
pub const LOOKUPS_MAX: usize = 1 + mrz::TWINS_MAX + RELATED_MAX + STATES_MAX + KINDS_MAX + NUMBERS_MAX;
/// Most states asked for beside those of one issuer: the nationality's, and what a code that is none may be.
const STATES_MAX: usize = 5;
/// Most other types asked for.
const KINDS_MAX: usize = 2;
/// Most other forms of a number: two as printed, two as typed, and one O for a 0 or the other way round, or all of them.
const NUMBERS_MAX: usize = 4 + NUMBER_CHARS_MAX + 1;

/// One question to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup {
    /// What is looked up.
    pub key: DocumentKey,
    /// How that differs from what was read.
    pub how: How,
}

/// How a lookup differs from what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Not at all.
    Read,
    /// The reader's slips, one or two: the first character of each, as read and as it would have stood.
    Misread([Option<Change>; 2]),
    /// Another state.
    State,
    /// Another type.
    Kind,
    /// Another form of the number.
    Number,
}

/// For a line of a log or a display, behind the alert: ` [2:1 6>G]` says that in line 2, column 1 a 6 was read for a G.
impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Read => Ok(()),
            How::Misread(places) => places.iter().flatten().try_for_each(|place| {
                write!(f, " [{}:{} {}>{}]", place.line, place.column, place.from, place.to)
            }),
            How::State => f.write_str(" [state]"),
            How::Kind => f.write_str(" [type]"),
            How::Number => f.write_str(" [number]"),
        }
    }
}

/// The lookups that one zone asks of every list of documents.
#[derive(Debug, Clone, Copy)]
pub struct DocumentQuery<'a> {
    zone: &'a Mrz,
    /// As read; `None` if the zone has no number or state that a list could have.
    pub read: Option<DocumentKey>,
    /// The number, the state or the type may be misread.
    pub doubtful: bool,
}

impl<'a> DocumentQuery<'a> {
    /// Of a zone.
    pub fn new(zone: &'a Mrz) -> Self {
        DocumentQuery { zone, read: key_of(zone), doubtful: zone.number_doubtful() }
    }

    /// Calls `visit` with every lookup, as read first.
    pub fn visit(&self, visit: &mut dyn FnMut(&Lookup)) {
        self.visit_listed(None, visit);
    }

    /// The same of a list that has only documents of these formats ([`DocumentKey::format`]), in order; `None`: of any. What
    /// was read is asked for whatever its format.
    #[inline(never)]
    pub fn visit_listed(&self, formats: Option<&[u64]>, visit: &mut dyn FnMut(&Lookup)) {
        let ask: &mut dyn FnMut(DocumentKey, How) = &mut |key, how| visit(&Lookup { key, how });
        if let Some(read) = self.read {
            ask(read, How::Read);
        }
        let listed = |key: &DocumentKey| formats.is_none_or(|all| all.binary_search(&key.format()).is_ok());
        let ask: &mut dyn FnMut(DocumentKey, How) = &mut |key, how| {
            if listed(&key) {
                ask(key, how);
            }
        };
        // Letters where a state or a type cannot have other characters are sure; what follows goes by them.
        let mended = if self.doubtful { mrz::mend_issuer(self.zone.lines()) } else { None };
        let places = mended.as_ref().map(|fix| {
            let mut changes = fix.changes();
            [changes.next(), changes.next()]
        });
        let mended = mended.map(|fix| Mrz::from(*fix.lines()));
        let zone = mended.as_ref().unwrap_or(self.zone);
        let base = if mended.is_some() { key_of(zone) } else { self.read };
        if let (Some(base), Some(places)) = (base, places) {
            ask(base, How::Misread(places));
        }
        if let Some(base) = base {
            let wanted = formats.map_or(Shapes::ANY, |all| Shapes::of(of_serial(all, &base)));
            // Twins, and numbers as people type them, have another format than what was read.
            let others = wanted.has_other_than((base.number().chars().len() as u8, base.number().pattern()));
            if others {
                mrz::twins(zone, wanted, |twin| {
                    if let Some(number) = number_of(twin.number()) {
                        ask(base.with_number(number), How::Misread(twin.places()));
                    }
                });
            }
            states::related(base.state()).for_each(|state| ask(base.with_state(state), How::State));
            other_kinds(zone).for_each(|kind| ask(base.with_kind(kind), How::Kind));
            let mut ask_number = |number: Number| ask(base.with_number(number), How::Number);
            zone.other_numbers(|text| {
                if let Some(number) = number_of(text).filter(|number| number != base.number()) {
                    ask_number(number);
                }
            });
            if others {
                typed(zone, base.number(), wanted, &mut ask_number);
            }
        }
        // Of a state that is no letters there is no key so far.
        let elsewhere = || DocumentKey::of_zone("UTO", zone.document_code(), zone.document_number());
        if let Some(any) = base.or_else(elsewhere) {
            other_states(zone, &mut |state| ask(any.with_state(state), How::State));
        }
    }
}

/// Those of `formats` that are of a key's state and type.
fn of_serial<'a>(formats: &'a [u64], key: &DocumentKey) -> &'a [u64] {
    let first = key.format() >> 40 << 40;
    let from = formats.partition_point(|format| *format < first);
    let own = formats[from..].iter().take_while(|format| **format >> 40 << 40 == first).count();
    &formats[from..from + own]
}

fn key_of(zone: &Mrz) -> Option<DocumentKey> {
    DocumentKey::of_zone(zone.issuing_state(), zone.document_code(), zone.document_number())
}

/// Shows `ask` the states that a zone may mean beside its issuer's: the nationality's, where a passport's two differ or the
/// issuer's code is none; and those that a code that is none looks like.
fn other_states(zone: &Mrz, ask: &mut dyn FnMut(State)) {
    let (read, nationality) = (zone.issuing_state(), zone.nationality());
    let known = states::is_code(read);
    if known && read == nationality {
        return;
    }
    let counts = states::is_code(nationality) && (!known || zone.document_code().starts_with('P'));
    let nationality = State::normal(nationality).filter(|code| counts && Some(*code) != State::normal(read));
    if let Some(state) = nationality {
        ask(state);
    }
    if known {
        return;
    }
    let mut left = STATES_MAX - usize::from(nationality.is_some());
    states::look_alikes(zone.lines().raw(mrz::Field::State), &mut |state| {
        if left > 0 && Some(state) != nationality {
            left -= 1;
            ask(state);
        }
    });
}

/// The types, beside its own, under which lists may have a zone's document.
///
/// | document | also asked as |
/// |---|---|
/// | card `IP`, `AP`, `CP` (9303-5: the second letter is the state's choice) | `P`: passport cards are listed as passports |
/// | other card `A`, `C`, `I` | `R`: residence permits are `IR` in zones, `RP` in lists |
/// | card `P`, `R`, `V` or a letter that no card has | `I` |
/// | booklet `PD`, `PS`, `PT` and others | `D`, `S`, `T`: lists have diplomatic and service passports so |
/// | booklet of a letter that is not `P` | `P` |
fn other_kinds(zone: &Mrz) -> impl Iterator<Item = u8> {
    let mut letters = zone.document_code().bytes();
    let (first, second) = (letters.next(), letters.next());
    let own_second = second.filter(|c| c.is_ascii_uppercase() && !matches!(c, b'A' | b'C' | b'I' | b'P'));
    let kinds = match (zone.format(), first) {
        (Format::Td1 | Format::Td2, Some(b'A' | b'C' | b'I')) => {
            [(second == Some(b'P')).then_some(b'P'), Some(b'R')]
        }
        (Format::Td1 | Format::Td2, _) => [Some(b'I'), None],
        (Format::Td3, Some(b'P')) => [own_second, None],
        (Format::Td3, _) => [Some(b'P'), None],
        _ => [None; 2],
    };
    kinds.into_iter().flatten()
}

/// Other forms of a number, as people type it into lists.
fn typed(zone: &Mrz, read: &Number, wanted: Shapes<'_>, ask: &mut dyn FnMut(Number)) {
    let chars = read.chars();
    let mut ask = |length: usize, pattern: u32, chars: &[u8]| {
        if wanted.has((length as u8, pattern))
            && let Some(number) = Number::from_chars(chars)
        {
            ask(number);
        }
    };
    if zone.number_form() == NumberForm::Short
        && let Some(digit) = zone.number_digit()
    {
        let mut with_digit = Vec::<u8, NUMBER_CHARS_MAX>::new();
        let _ = with_digit.extend_from_slice(chars);
        let _ = with_digit.push(digit as u8);
        ask(with_digit.len(), read.pattern(), &with_digit);
    }
    if read.pattern() == 0 && chars[0] == b'0' {
        // Spreadsheets take such a number for a quantity.
        let zeros = chars.iter().take_while(|c| **c == b'0').count();
        ask(chars.len() - zeros, 0, &chars[zeros..]);
    }
    // A bit for each O or 0, as patterns have them.
    let places = chars.iter().enumerate().filter(|(_, c)| matches!(c, b'0' | b'O'));
    let places = places.fold(0u32, |places, (at, _)| places | 1 << 31 >> at);
    let mut swap = |at: u32| {
        let swapped = chars.iter().enumerate().map(|(n, c)| match c {
            b'0' if at << n >> 31 == 1 => b'O',
            b'O' if at << n >> 31 == 1 => b'0',
            other => *other,
        });
        ask(chars.len(), read.pattern() ^ at, &swapped.collect::<Vec<u8, NUMBER_CHARS_MAX>>());
    };
    let mut left = places;
    while left != 0 {
        let first = 1 << 31 >> left.leading_zeros();
        swap(first);
        left ^= first;
    }
    if places.count_ones() > 1 {
        swap(places);
    }
}

fn number_of(text: &str) -> Option<Number> {
    let mut chars = Vec::<u8, NUMBER_CHARS_MAX>::new();
    text.bytes().filter(u8::is_ascii_alphanumeric).try_for_each(|c| chars.push(c)).ok()?;
    Number::from_chars(&chars)
}

/// The zone with its check digits repaired, if there is exactly one way to do so.
#[inline(never)]
pub fn repaired(zone: &Mrz) -> Option<Mrz> {
    match mrz::repair(zone.lines()) {
        Repair::Unique(fix) => Some(Mrz::from(*fix.lines())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
