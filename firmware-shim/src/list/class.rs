//! A class: the documents of one state, type and national format, as the numbers 0, 1, 2 ... of their universe.
//!
//! The characters seen at each position are the digits of a mixed-radix number, the *rank*; ranks sort as numbers
//! do. A segment's class table holds a row for each class, in the form of [`records`](super::records):
//!
//! ```text
//! key     the first bytes of DocumentKey::sort_bytes: state, type, length, pattern
//! value   class index (2), first page of entries (varint), further pages (varint), alphabets
//! ```
//! An alphabet is `what << 5 | run - 1` for `run` positions: 0 all digits, 1 all letters; for one position each:
//! 2 digits by a 2-byte mask, 3 letters by a 4-byte mask, 4 the one character that follows.

use super::{ReadError, bits};
use crate::document::{NUMBER_CHARS_MAX, Number};

/// Ranks take at most this many bits; a format with a larger universe has no class.
pub const RANK_BITS_MAX: u32 = 56;
/// Most classes of a segment.
pub const CLASSES_MAX: usize = u16::MAX as usize;
/// Most bytes of a row's value.
pub const ROW_BYTES_MAX: usize = 2 + 5 + 5 + 5 * NUMBER_CHARS_MAX;

/// All digits: bits 0 to 9 of a position's mask.
pub const DIGITS: u64 = (1 << 10) - 1;
/// All letters: bits 10 to 35 of a position's mask.
pub const LETTERS: u64 = ((1 << 26) - 1) << 10;

/// The bit of a character in a position's mask; 0 for what no number holds.
pub fn bit(c: u8) -> u64 {
    match c {
        b'0'..=b'9' => 1 << (c - b'0'),
        b'A'..=b'Z' => 1 << (c - b'A' + 10),
        _ => 0,
    }
}

fn char_of(bit: u32) -> u8 {
    if bit < 10 { b'0' + bit as u8 } else { b'A' + (bit as u8 - 10).min(25) }
}

/// A national format with the characters seen at each position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    masks: [u64; NUMBER_CHARS_MAX],
    len: usize,
    universe: u64,
}

impl Class {
    /// A class of numbers as long as `masks`. `None` unless every position has characters, of digits or letters
    /// alone, and the universe fits [`RANK_BITS_MAX`].
    pub fn new(masks: &[u64]) -> Option<Self> {
        let mut class = Class { masks: [0; NUMBER_CHARS_MAX], len: masks.len(), universe: 1 };
        class.masks.get_mut(..masks.len())?.copy_from_slice(masks);
        for &mask in masks {
            let pure = mask & !DIGITS == 0 || mask & !LETTERS == 0;
            class.universe = class.universe.checked_mul(u64::from(mask.count_ones()))?;
            if !pure || mask == 0 || class.universe > 1 << RANK_BITS_MAX {
                return None;
            }
        }
        (!masks.is_empty()).then_some(class)
    }

    /// How many numbers the class could hold.
    pub fn universe(&self) -> u64 {
        self.universe
    }

    /// The masks of its positions.
    pub fn masks(&self) -> &[u64] {
        self.masks.get(..self.len).unwrap_or(&self.masks)
    }

    /// The rank of a number; `None` if it holds a character that the class has not at that position.
    pub fn rank(&self, number: &Number) -> Option<u64> {
        let chars = number.chars();
        if chars.len() != self.len {
            return None;
        }
        let mut rank = 0;
        for (&mask, &c) in self.masks.iter().zip(chars) {
            let bit = bit(c);
            if mask & bit == 0 {
                return None;
            }
            // Digits and letters are all of the alphabet, or nothing below the bit is missing, in most positions.
            let index = match mask {
                DIGITS => u64::from(c - b'0'),
                LETTERS => u64::from(c - b'A'),
                _ => u64::from((mask & (bit - 1)).count_ones()),
            };
            rank = rank * u64::from(mask.count_ones()) + index;
        }
        Some(rank)
    }

    /// The number of a rank; `None` beyond the universe.
    pub fn number(&self, mut rank: u64) -> Option<Number> {
        if rank >= self.universe {
            return None;
        }
        let mut chars = [0; NUMBER_CHARS_MAX];
        for (&mask, c) in self.masks().iter().zip(&mut chars).rev() {
            let radix = u64::from(mask.count_ones()).max(1);
            let index = rank % radix;
            rank /= radix;
            *c = match mask {
                DIGITS => b'0' + index as u8,
                LETTERS => b'A' + index as u8,
                _ => {
                    let rest = (0..index).fold(mask, |mask, _| mask & mask.wrapping_sub(1));
                    char_of(rest.trailing_zeros())
                }
            };
        }
        Number::from_chars(chars.get(..self.len)?)
    }
}

/// One row of the class table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The class.
    pub class: Class,
    /// Its number in entries and directory.
    pub index: u16,
    /// The page of entries where its first entry is.
    pub first_page: u32,
    /// The page of entries where its last entry is.
    pub last_page: u32,
}

impl Row {
    /// Reads a row whose key says that numbers have `len` characters.
    pub fn read(value: &[u8], len: usize) -> Result<Self, ReadError> {
        Self::parse(value, len).ok_or(ReadError::Malformed("class"))
    }

    fn parse(value: &[u8], len: usize) -> Option<Self> {
        let (&index, rest) = value.split_first_chunk::<2>()?;
        let (first_page, rest) = bits::varint(rest)?;
        let (further, mut rest) = bits::varint(rest)?;
        let mut masks = heapless::Vec::<u64, NUMBER_CHARS_MAX>::new();
        while let Some((&token, tail)) = rest.split_first() {
            let (mask, tail) = match token >> 5 {
                0 => (DIGITS, tail),
                1 => (LETTERS, tail),
                2 => tail.split_first_chunk().map(|(&m, t)| (u64::from(u16::from_le_bytes(m)), t))?,
                3 => tail.split_first_chunk().map(|(&m, t)| (u64::from(u32::from_le_bytes(m)) << 10, t))?,
                4 => tail.split_first().map(|(&c, t)| (bit(c), t))?,
                _ => return None,
            };
            for _ in 0..=(token & 31) {
                masks.push(mask).ok()?;
            }
            rest = tail;
        }
        let class = Class::new(&masks)?;
        let last_page = first_page.checked_add(further)?;
        (masks.len() == len).then_some(Row { class, index: u16::from_le_bytes(index), first_page, last_page })
    }

    /// Writes the row's value into `out`; returns how many bytes.
    pub fn write(&self, out: &mut [u8; ROW_BYTES_MAX]) -> usize {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            // ROW_BYTES_MAX is the sum of the longest parts, so the slice is there.
            if let Some(to) = out.get_mut(at..at + bytes.len()) {
                to.copy_from_slice(bytes);
            }
            at += bytes.len();
        };
        put(&self.index.to_le_bytes());
        for mut number in [self.first_page, self.last_page - self.first_page] {
            while number >= 0x80 {
                put(&[number as u8 | 0x80]);
                number >>= 7;
            }
            put(&[number as u8]);
        }
        let mut masks = self.class.masks();
        while let Some(&mask) = masks.first() {
            let full = match mask {
                DIGITS => Some(0u8),
                LETTERS => Some(1),
                _ => None,
            };
            let run = full.map_or(1, |_| masks.iter().take_while(|&&m| m == mask).count());
            let head = |what: u8| what << 5 | (run - 1) as u8;
            match full {
                Some(what) => put(&[head(what)]),
                None if mask.count_ones() == 1 => put(&[head(4), char_of(mask.trailing_zeros())]),
                None if mask & DIGITS != 0 => {
                    put(&[head(2)]);
                    put(&(mask as u16).to_le_bytes());
                }
                None => {
                    put(&[head(3)]);
                    put(&((mask >> 10) as u32).to_le_bytes());
                }
            }
            masks = masks.get(run..).unwrap_or(&[]);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn mask() -> impl Strategy<Value = u64> {
        prop_oneof![
            Just(DIGITS),
            Just(LETTERS),
            (1u64..=DIGITS),
            (1u64..1 << 26).prop_map(|m| m << 10),
            (0u32..36).prop_map(|b| 1 << b),
        ]
    }

    proptest! {
        #[test]
        fn ranks_sort_as_numbers_and_come_back(masks in proptest::collection::vec(mask(), 1..12), a: u64, b: u64) {
            let Some(class) = Class::new(&masks) else { return Ok(()) };
            let (a, b) = (a % class.universe(), b % class.universe());
            let (x, y) = (class.number(a).unwrap(), class.number(b).unwrap());
            prop_assert_eq!(class.rank(&x), Some(a));
            prop_assert_eq!(a.cmp(&b), x.chars().cmp(y.chars()));
            prop_assert_eq!(class.number(class.universe()), None);
        }

        #[test]
        fn rows_come_back(masks in proptest::collection::vec(mask(), 1..32), index: u16, first in 0u32..1 << 30,
                          more in 0u32..1 << 30) {
            let Some(class) = Class::new(&masks) else { return Ok(()) };
            let row = Row { class, index, first_page: first, last_page: first + more };
            let mut out = [0; ROW_BYTES_MAX];
            let len = row.write(&mut out);
            prop_assert_eq!(Row::read(&out[..len], masks.len()), Ok(row));
            prop_assert!(Row::read(&out[..len], masks.len() + 1).is_err());
        }

        #[test]
        fn arbitrary_rows_never_panic(value: Vec<u8>, len in 0usize..40) {
            let _ = Row::read(&value, len);
        }
    }
}
