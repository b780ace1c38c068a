//! Pages of extras: the bytes that entries have beside their packed fields, in the order of the entries.
//!
//! ```text
//! page    number of extras (2) | for each: length (2), the bytes of details::write_fields
//! ```
//! An extra lies in one page whole. An entry's is found by counting on from its page's first one.

use super::{ReadError, bits};

/// Bytes before a page's first extra.
pub const HEAD_BYTES: usize = 2;
/// Bytes before each extra.
pub const LENGTH_BYTES: usize = 2;

/// How many extras a page holds.
pub fn count(page: &[u8]) -> usize {
    (bits::word(page, 0) & 0xffff) as usize
}

/// The extras of a page, in order.
pub struct Extras<'a> {
    left: usize,
    rest: &'a [u8],
}

impl<'a> Extras<'a> {
    /// Reads a page's plaintext.
    pub fn new(page: &'a [u8]) -> Self {
        Extras { left: count(page), rest: page.get(HEAD_BYTES..).unwrap_or(&[]) }
    }
}

impl<'a> Iterator for Extras<'a> {
    type Item = Result<&'a [u8], ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let extra = self
            .rest
            .split_first_chunk::<LENGTH_BYTES>()
            .and_then(|(&len, rest)| rest.split_at_checked(usize::from(u16::from_le_bytes(len))));
        let Some((extra, rest)) = extra else {
            self.left = 0;
            return Some(Err(ReadError::Malformed("extras")));
        };
        self.rest = rest;
        Some(Ok(extra))
    }
}
