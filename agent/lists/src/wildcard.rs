//! A document number of which not all can be read -> the numbers that a list may have for it.
//!
//! `?` stands for one unreadable character, one `*` for any count of them, none included. What else a number cannot hold
//! (blanks, dashes, dots) is dropped, as from every number.
//!
//! Invariant: a document or range of an edition that fits is found by looking up [`Edition::candidates`], one after the
//! other: in a format of the list, an unreadable character is each one that the list has at that place; in the formats of
//! ranges, and of documents in no class, each letter or each digit.
//!
//! Bounds: at least [`READABLE_MIN`] characters can be read, so that nobody pages through a list; more candidates than the
//! caller allows are none, and their count.

use vedette_shim::document::{DocumentKey, NUMBER_CHARS_MAX, Number, State};
use vedette_shim::list::class::{DIGITS, LETTERS, bit};

use super::edition::Edition;

/// Characters of a number that must be readable.
pub const READABLE_MIN: usize = 3;

/// A number as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    /// Before the `*`, or all of it; `None` for an unreadable character.
    head: Vec<Option<u8>>,
    /// What follows a `*`.
    tail: Option<Vec<Option<u8>>>,
}

/// Why a text is no number that can be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WildcardError {
    /// Too little of it can be read.
    #[error("{readable} characters of the number can be read, and {READABLE_MIN} are needed")]
    Unreadable {
        /// Characters that can be read.
        readable: usize,
    },
    /// A second `*`.
    #[error("column {column}: a number has one * at most; use ? for each single character")]
    SecondStar {
        /// From 1.
        column: usize,
    },
    /// A letter or digit of another script.
    #[error("column {column}: {found:?} is no letter A-Z and no digit 0-9")]
    Letter {
        /// From 1.
        column: usize,
        /// What was found.
        found: char,
    },
    /// Longer than any number.
    #[error("the number has more than {NUMBER_CHARS_MAX} characters")]
    Long,
}

/// Why an edition gives no candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCandidates {
    /// There are so many.
    TooMany(u64),
    /// The formats of the list could not all be read.
    Unreadable,
}

impl Wildcard {
    /// Reads a number as typed.
    ///
    /// # Errors
    /// See [`WildcardError`]; columns count the characters of `text`.
    pub fn new(text: &str) -> Result<Wildcard, WildcardError> {
        let (mut head, mut tail) = (Vec::new(), None::<Vec<Option<u8>>>);
        for (column, c) in (1..).zip(text.chars()) {
            let part = match c {
                '*' if tail.is_some() => return Err(WildcardError::SecondStar { column }),
                '*' => {
                    tail = Some(Vec::new());
                    continue;
                }
                '?' => None,
                c if c.is_ascii_alphanumeric() => Some(c.to_ascii_uppercase() as u8),
                c if c.is_alphanumeric() => return Err(WildcardError::Letter { column, found: c }),
                _ => continue,
            };
            tail.as_mut().unwrap_or(&mut head).push(part);
        }
        let wildcard = Wildcard { head, tail };
        let (count, readable) = (wildcard.parts().count(), wildcard.parts().flatten().count());
        if count > NUMBER_CHARS_MAX {
            return Err(WildcardError::Long);
        }
        if readable == 0 || (readable < READABLE_MIN && wildcard.whole().is_none()) {
            return Err(WildcardError::Unreadable { readable });
        }
        Ok(wildcard)
    }

    /// The number, if all of it can be read.
    pub fn whole(&self) -> Option<Number> {
        let chars: Option<Vec<u8>> = self.head.iter().copied().collect();
        chars.filter(|_| self.tail.is_none()).and_then(|chars| Number::from_chars(&chars))
    }

    /// Whether a number, normal or as printed, fits.
    pub fn fits(&self, number: &str) -> bool {
        let number: Vec<u8> = number.bytes().filter(u8::is_ascii_alphanumeric).collect();
        let number = number.to_ascii_uppercase();
        let masks = self.masks(&vec![DIGITS | LETTERS; number.len()]);
        masks.is_some_and(|masks| masks.iter().zip(&number).all(|(mask, c)| mask & bit(*c) != 0))
    }

    fn parts(&self) -> impl Iterator<Item = Option<u8>> {
        self.head.iter().chain(self.tail.iter().flatten()).copied()
    }

    /// The characters that may be at each place of a number that has these; `None` if no number of that length fits.
    fn masks(&self, all: &[u64]) -> Option<Vec<u64>> {
        let tail = self.tail.as_deref().unwrap_or_default();
        let between = all.len().checked_sub(self.head.len() + tail.len())?;
        if self.tail.is_none() && between > 0 {
            return None;
        }
        let parts =
            self.head.iter().copied().chain(std::iter::repeat_n(None, between)).chain(tail.iter().copied());
        let masks = parts.zip(all).map(|(part, all)| part.map_or(*all, |c| bit(c) & all));
        Some(masks.collect()).filter(|masks: &Vec<u64>| !masks.contains(&0))
    }
}

impl Edition {
    /// Every number that `wildcard` may be in the formats of this list whose state and type `wanted` takes; at most `max`.
    ///
    /// # Errors
    /// There are more, or it cannot be determined which.
    pub fn candidates(
        &self,
        wildcard: &Wildcard,
        wanted: impl Fn(State, char) -> bool,
        max: u64,
    ) -> Result<Vec<DocumentKey>, NoCandidates> {
        let mut fitting = Vec::new();
        for (format, all) in self.alphabets().ok_or(NoCandidates::Unreadable)? {
            let (state, kind) = (State::from_code((format >> 48) as u16), (format >> 40) as u8);
            let Some(state) = state.filter(|state| wanted(*state, char::from(kind))) else { continue };
            fitting.extend(wildcard.masks(&all).map(|masks| (state, kind, masks)));
        }
        let count = |masks: &[u64]| {
            masks.iter().fold(1u64, |count, mask| count.saturating_mul(u64::from(mask.count_ones())))
        };
        let total = fitting.iter().fold(0u64, |total, (.., masks)| total.saturating_add(count(masks)));
        if total > max {
            return Err(NoCandidates::TooMany(total));
        }
        let keys = fitting.iter().flat_map(|(state, kind, masks)| {
            numbers(masks).into_iter().filter_map(|number| DocumentKey::from_parts(*state, *kind, number))
        });
        Ok(keys.collect())
    }

    /// Every format with the characters that the list may have at each place; `None` if they could not all be read.
    fn alphabets(&self) -> Option<Vec<(u64, Vec<u64>)>> {
        let formats = self.formats()?;
        let classes = self.segments().iter().flat_map(|segment| &segment.classes);
        let mut seen: Vec<_> = classes.map(|class| (class.format, class.row.class.masks())).collect();
        seen.sort_unstable_by_key(|(format, _)| *format);
        let mut alphabets: Vec<(u64, Vec<u64>)> = Vec::with_capacity(formats.len());
        for format in formats {
            let of_format = &seen[seen.partition_point(|(of, _)| of < format)..];
            let classes = of_format.iter().take_while(|(of, _)| of == format);
            let (length, pattern) = ((format >> 32) as u8, *format as u32);
            let mut all = vec![0; usize::from(length)];
            if self.is_loose(*format) {
                let letter = |at: usize| pattern << at >> 31 == 1;
                all.iter_mut().enumerate().for_each(|(at, mask)| {
                    *mask = if letter(at) { LETTERS } else { DIGITS };
                });
            }
            for (_, masks) in classes {
                all.iter_mut().zip(*masks).for_each(|(all, mask)| *all |= mask);
            }
            alphabets.push((*format, all));
        }
        Some(alphabets)
    }
}

/// Every number that has one of these characters at each place.
fn numbers(masks: &[u64]) -> Vec<Number> {
    let mut texts = vec![Vec::with_capacity(masks.len())];
    for mask in masks {
        let chars: Vec<u8> = (b'0'..=b'9').chain(b'A'..=b'Z').filter(|c| mask & bit(*c) != 0).collect();
        texts = texts
            .iter()
            .flat_map(|text| chars.iter().map(move |c| [text.as_slice(), &[*c]].concat()))
            .collect();
    }
    texts.iter().filter_map(|text| Number::from_chars(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_searched_says_where() {
        let refused = |text: &str| Wildcard::new(text).unwrap_err();
        assert_eq!(refused("AB?"), WildcardError::Unreadable { readable: 2 });
        assert_eq!(refused("*"), WildcardError::Unreadable { readable: 0 });
        assert_eq!(refused("A*12*3"), WildcardError::SecondStar { column: 5 });
        assert_eq!(refused("12Ж4"), WildcardError::Letter { column: 3, found: 'Ж' });
        assert_eq!(refused(&"1".repeat(33)), WildcardError::Long);
        assert!(Wildcard::new(&"1".repeat(32)).is_ok());
        assert_eq!(Wildcard::new("a-7").unwrap().whole(), Number::from_chars(b"A7"), "all of it can be read");
    }

    #[test]
    fn a_number_fits_or_not() {
        let fits = |wildcard: &str, number: &str| Wildcard::new(wildcard).unwrap().fits(number);
        for (wildcard, number) in
            [("12?4", "12X4"), ("12*4", "124"), ("12*4", "12-AB 4"), ("*124", "9124"), ("124*", "1240")]
        {
            assert!(fits(wildcard, number), "{wildcard} {number}");
        }
        for (wildcard, number) in [("12?4", "124"), ("12?4", "12345"), ("12*4", "12"), ("124", "1240")] {
            assert!(!fits(wildcard, number), "{wildcard} {number}");
        }
    }
}
