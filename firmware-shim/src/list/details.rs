//! What a document list says of a document, and its self-describing bytes.
//!
//! Entries pack the fields by a segment's [`Schema`](super::root::Schema); loose documents, ranges and extras use
//! the bytes of [`write_fields`]: a mask, then the fields named by it, in order.
//!
//! ```text
//! mask        bit i: FIELDS[i] present (i = 1..=5); bit 6: national reference; bit 7: remark; bit 0 unused
//! numbers     3 bytes little-endian each
//! texts       length (1 byte), UTF-8
//! ```
//! A loose document or range puts the status, one byte, before the mask. An absent text is never an empty one.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ReadError;
use crate::document::State;

/// Most bytes of a national reference.
pub const NATIONAL_REF_BYTES_MAX: usize = 64;
/// Most bytes of a remark.
pub const REMARK_BYTES_MAX: usize = 255;
/// Number of fields that are numbers, the status first.
pub const FIELDS: usize = 6;
/// Most bytes that [`write_fields`] makes.
pub const FIELD_BYTES_MAX: usize = 1 + 3 * (FIELDS - 1) + 1 + NATIONAL_REF_BYTES_MAX + 1 + REMARK_BYTES_MAX;

/// A day from 1900-01-01 to 2100-12-31.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// The largest number of days after 1900-01-01: 2100-12-31.
    pub const NUMBER_MAX: u32 = 73_413;

    /// From days after 1900-01-01; `None` beyond 2100.
    pub fn from_number(days: u32) -> Option<Self> {
        (days <= Self::NUMBER_MAX).then_some(Day(days))
    }

    /// Days after 1900-01-01.
    pub fn number(self) -> u32 {
        self.0
    }

    /// From a date of the Gregorian calendar; `None` if there is no such day or it lies outside 1900..=2100.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if !(1900..=2100).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let before = days_before_year(year) + days_before_month(year, month);
        (u32::from(day) <= days_in_month(year, month)).then(|| Day(before + u32::from(day) - 1))
    }

    /// From `YYYY-MM-DD` exactly.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0u16, |n, b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0')))
        };
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return None };
        let (month, day) = (number(&[m1, m2])?, number(&[d1, d2])?);
        Day::new(number(&[y1, y2, y3, y4])?, month as u8, day as u8)
    }

    /// Year, month, day.
    pub fn date(self) -> (u16, u8, u8) {
        let mut year = 1900 + (self.0 / 366) as u16;
        while days_before_year(year + 1) <= self.0 {
            year += 1;
        }
        let rest = self.0 - days_before_year(year);
        let mut month = 1;
        while month < 12 && days_before_month(year, month + 1) <= rest {
            month += 1;
        }
        (year, month, (rest - days_before_month(year, month) + 1) as u8)
    }
}

fn leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from 1900-01-01 to the first day of `year` (1900..=2101).
fn days_before_year(year: u16) -> u32 {
    let (years, last) = (u32::from(year - 1900), u32::from(year - 1));
    years * 365 + (last / 4 - last / 100 + last / 400) - 460
}

fn days_in_month(year: u16, month: u8) -> u32 {
    match month {
        2 => 28 + u32::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_month(year: u16, month: u8) -> u32 {
    (1..month).map(|month| days_in_month(year, month)).sum()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = heapless::String::<10>::deserialize(deserializer)?;
        Day::parse(&text).ok_or_else(|| serde::de::Error::custom("not a day YYYY-MM-DD of 1900 to 2100"))
    }
}

/// Why a document is listed: the SLTD's fraud types, and the one of notices' documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// Taken before it was issued to anyone.
    StolenBlank = 0,
    /// Lost by its bearer.
    Lost = 1,
    /// Stolen from its bearer.
    Stolen = 2,
    /// Declared invalid by its issuer.
    Revoked = 3,
    /// The document is valid; its bearer is sought.
    ValidBearerSought = 4,
}

impl Status {
    /// All of them, by number. Numbers 5 to 15 are kept for later.
    pub const ALL: [Status; 5] =
        [Status::StolenBlank, Status::Lost, Status::Stolen, Status::Revoked, Status::ValidBearerSought];

    /// The word used in files and answers.
    pub fn word(self) -> &'static str {
        match self {
            Status::StolenBlank => "stolen_blank",
            Status::Lost => "lost",
            Status::Stolen => "stolen",
            Status::Revoked => "revoked",
            Status::ValidBearerSought => "valid_bearer_sought",
        }
    }

    /// From its number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// From its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// The fields of a document alert that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details {
    /// Why it is listed.
    pub status: Status,
    /// When the document was issued.
    pub issue_date: Option<Day>,
    /// When it expires.
    pub expiry_date: Option<Day>,
    /// When it was lost or stolen.
    pub theft_date: Option<Day>,
    /// When the alert is to be reviewed.
    pub review_date: Option<Day>,
    /// The country of the loss or theft.
    pub theft_state: Option<State>,
}

impl Details {
    /// Details with a status and nothing else.
    pub fn new(status: Status) -> Self {
        Details {
            status,
            issue_date: None,
            expiry_date: None,
            theft_date: None,
            review_date: None,
            theft_state: None,
        }
    }

    /// The fields as numbers: status, issue, expiry, theft, review, state of theft.
    pub fn numbers(&self) -> [Option<u32>; FIELDS] {
        let day = |day: Option<Day>| day.map(Day::number);
        [
            Some(self.status as u32),
            day(self.issue_date),
            day(self.expiry_date),
            day(self.theft_date),
            day(self.review_date),
            self.theft_state.map(|state| u32::from(state.code())),
        ]
    }

    /// The inverse of [`Details::numbers`].
    pub fn from_numbers(numbers: [Option<u32>; FIELDS]) -> Result<Self, ReadError> {
        let [status, issue, expiry, theft, review, state] = numbers;
        let day = |number: Option<u32>| match number {
            None => Ok(None),
            Some(number) => Day::from_number(number).map(Some).ok_or(ReadError::Malformed("date")),
        };
        let state = match state {
            None => None,
            Some(code) => {
                let state = u16::try_from(code).ok().and_then(State::from_code);
                Some(state.ok_or(ReadError::Malformed("state of theft"))?)
            }
        };
        Ok(Details {
            status: status.and_then(Status::from_number).ok_or(ReadError::Malformed("status"))?,
            issue_date: day(issue)?,
            expiry_date: day(expiry)?,
            theft_date: day(theft)?,
            review_date: day(review)?,
            theft_state: state,
        })
    }
}

/// The fields of a document alert that are texts; an absent one is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// The issuer's own reference.
    pub national_ref: heapless::String<NATIONAL_REF_BYTES_MAX>,
    /// A remark that names no person.
    pub remark: heapless::String<REMARK_BYTES_MAX>,
}

impl Texts {
    /// Neither text.
    pub const NEW: Texts = Texts { national_ref: heapless::String::new(), remark: heapless::String::new() };

    /// Neither text is there.
    pub fn is_empty(&self) -> bool {
        self.national_ref.is_empty() && self.remark.is_empty()
    }
}

/// Writes the mask and the fields after the status into `out`; returns how many bytes.
pub fn write_fields(
    numbers: &[Option<u32>; FIELDS],
    texts: [&str; 2],
    out: &mut [u8; FIELD_BYTES_MAX],
) -> usize {
    let (mut mask, mut at) = (0u8, 1);
    let mut put = |bytes: &[u8]| {
        // FIELD_BYTES_MAX is the sum of the longest fields, so the slice is there.
        if let Some(to) = out.get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
        at += bytes.len();
    };
    for (i, number) in numbers.iter().enumerate().skip(1) {
        if let Some(number) = number {
            mask |= 1 << i;
            put(number.to_le_bytes().get(..3).unwrap_or(&[]));
        }
    }
    for (i, (text, max)) in texts.into_iter().zip([NATIONAL_REF_BYTES_MAX, REMARK_BYTES_MAX]).enumerate() {
        if !text.is_empty() && text.len() <= max {
            mask |= 1 << (FIELDS + i);
            put(&[text.len() as u8]);
            put(text.as_bytes());
        }
    }
    out[0] = mask;
    at
}

/// Reads what [`write_fields`] wrote, adding to `numbers`; all of `bytes` must be used.
pub fn read_fields(
    bytes: &[u8],
    numbers: &mut [Option<u32>; FIELDS],
    texts: &mut Texts,
) -> Result<(), ReadError> {
    let bad = ReadError::Malformed("fields");
    let (&mask, mut rest) = bytes.split_first().ok_or(bad)?;
    for (i, number) in numbers.iter_mut().enumerate().skip(1) {
        if mask >> i & 1 == 1 {
            let (&[a, b, c], tail) = rest.split_first_chunk::<3>().ok_or(bad)?;
            (*number, rest) = (Some(u32::from_le_bytes([a, b, c, 0])), tail);
        }
    }
    texts.national_ref.clear();
    texts.remark.clear();
    if mask >> FIELDS & 1 == 1 {
        rest = read_text(rest, &mut texts.national_ref)?;
    }
    if mask >> (FIELDS + 1) & 1 == 1 {
        rest = read_text(rest, &mut texts.remark)?;
    }
    if mask & 1 == 0 && rest.is_empty() { Ok(()) } else { Err(bad) }
}

fn read_text<'a, const N: usize>(
    bytes: &'a [u8],
    text: &mut heapless::String<N>,
) -> Result<&'a [u8], ReadError> {
    let bad = ReadError::Malformed("text");
    let (&len, rest) = bytes.split_first().ok_or(bad)?;
    let (read, rest) = rest.split_at_checked(usize::from(len)).ok_or(bad)?;
    text.push_str(core::str::from_utf8(read).map_err(|_| bad)?).map_err(|_| bad)?;
    if text.is_empty() { Err(bad) } else { Ok(rest) }
}

/// Reads a loose document's or range's value: status, mask, fields.
pub fn read_loose(value: &[u8], texts: &mut Texts) -> Result<Details, ReadError> {
    let (&status, fields) = value.split_first().ok_or(ReadError::Malformed("fields"))?;
    let mut numbers = [None; FIELDS];
    numbers[0] = Some(u32::from(status));
    read_fields(fields, &mut numbers, texts)?;
    Details::from_numbers(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn every_day_has_one_number() {
        let mut days = 0;
        for year in 1900..=2100 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(found) = Day::new(year, month, day) {
                        assert_eq!(found.number(), days);
                        assert_eq!(found.date(), (year, month, day));
                        assert_eq!(Day::parse(&found.to_string()), Some(found));
                        days += 1;
                    }
                }
            }
        }
        assert_eq!(days, Day::NUMBER_MAX + 1);
    }

    #[test]
    fn no_such_day() {
        for text in
            ["1899-12-31", "2101-01-01", "2026-02-29", "2026-13-01", "2026-1-01", "2026-01-00", "20260101"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_fields_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut texts = Texts::default();
            if let Ok(details) = read_loose(&bytes, &mut texts) {
                let mut out = [0; FIELD_BYTES_MAX];
                let len = write_fields(&details.numbers(), [&texts.national_ref, &texts.remark], &mut out);
                prop_assert_eq!(&out[..len], &bytes[1..]);
            }
        }
    }
}
