//! Pages of records: sorted (key bytes, value bytes), each put or withdrawn.
//!
//! ```text
//! page    offset of the first record that begins here (2) | number of records that begin here (2) | records
//! record  bytes shared with the key before, in this page (1) | further key bytes (1)
//!         | 0: withdrawn; else length of the value + 1 (varint) | key bytes | value
//! ```
//! A record of at most [`WHOLE_BYTES_MAX`] bytes lies in one page. A longer one may go on in the pages after,
//! behind their first 4 bytes; its head and key lie in one page. A page's first record shares nothing. Where the
//! next record does not fit, the rest of the page is zeros.

use super::{ReadError, bits};

/// Most bytes of a key.
pub const KEY_BYTES_MAX: usize = 80;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 32 * 1024;
/// A record of at most this many bytes never goes on in the next page.
pub const WHOLE_BYTES_MAX: usize = 512;
/// Bytes before a page's first record.
pub const HEAD_BYTES: usize = 4;

const BAD: ReadError = ReadError::Malformed("records");

/// What a record says of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Withdrawn.
    Withdrawn,
    /// Put, with this value.
    Put(&'a [u8]),
    /// Put, with a value of `bytes` bytes that begins so and goes on in the next page.
    Begins {
        /// Length of the whole value.
        bytes: usize,
        /// Its first bytes.
        first: &'a [u8],
    },
}

/// Walks the records that begin in one page.
pub struct Cursor<'a> {
    page: &'a [u8],
    at: usize,
    left: usize,
    key: [u8; KEY_BYTES_MAX],
    key_len: usize,
}

impl<'a> Cursor<'a> {
    /// Reads a page's plaintext.
    pub fn new(page: &'a [u8]) -> Result<Self, ReadError> {
        let (&[f1, f2, c1, c2], _) = page.split_first_chunk::<HEAD_BYTES>().ok_or(BAD)?;
        Ok(Cursor {
            page,
            at: usize::from(u16::from_le_bytes([f1, f2])),
            left: usize::from(u16::from_le_bytes([c1, c2])),
            key: [0; KEY_BYTES_MAX],
            key_len: 0,
        })
    }

    /// The end of a value that began in an earlier page: the bytes before the first record.
    pub fn continued(page: &'a [u8]) -> Result<&'a [u8], ReadError> {
        let first = Cursor::new(page)?.at;
        page.get(HEAD_BYTES..first).ok_or(BAD)
    }

    /// How many records are still to come.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Steps to the next record and reads its value; its key is then [`Cursor::key`].
    pub fn step(&mut self) -> Result<Option<Value<'a>>, ReadError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let rest = self.page.get(self.at..).ok_or(BAD)?;
        let (&[shared, further], rest) = rest.split_first_chunk::<2>().ok_or(BAD)?;
        let (coded, rest) = bits::varint(rest).ok_or(BAD)?;
        let (key, rest) = rest.split_at_checked(usize::from(further)).ok_or(BAD)?;
        let shared = usize::from(shared);
        if shared > self.key_len {
            return Err(BAD);
        }
        self.key_len = shared + key.len();
        self.key.get_mut(shared..self.key_len).ok_or(BAD)?.copy_from_slice(key);
        let Some(bytes) = coded.checked_sub(1).map(|bytes| bytes as usize) else {
            self.at = self.page.len() - rest.len();
            return Ok(Some(Value::Withdrawn));
        };
        if bytes > VALUE_BYTES_MAX {
            return Err(BAD);
        }
        match rest.split_at_checked(bytes) {
            Some((value, rest)) => {
                self.at = self.page.len() - rest.len();
                Ok(Some(Value::Put(value)))
            }
            None if self.left == 0 => {
                self.at = self.page.len();
                Ok(Some(Value::Begins { bytes, first: rest }))
            }
            None => Err(BAD),
        }
    }

    /// The key of the record last stepped to.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.key_len).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn arbitrary_pages_never_panic(page: Vec<u8>) {
            let _ = Cursor::continued(&page);
            if let Ok(mut cursor) = Cursor::new(&page) {
                while let Ok(Some(_)) = cursor.step() {
                    prop_assert!(cursor.key().len() <= KEY_BYTES_MAX);
                }
            }
        }
    }
}
