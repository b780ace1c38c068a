//! The sealed segment format: what a list is on disk, in flash and on the wire, and how it is asked.
//!
//! A segment is the canonical encoding of a *set* of changes: its bytes follow from the changes, the kind and the
//! list key alone. `FORMAT.md` beside this crate specifies every byte; the agent writes segments, here they are
//! read.
//!
//! ```text
//! entries | loose | records | extras | classes | directory | root | footer
//! ```
//!
//! | part | module | holds |
//! |---|---|---|
//! | entries | [`entries`] | documents of a class: Elias-Fano ranks and bit-packed details, one page a lookup |
//! | loose | [`records`] | documents that fit no class: sorted bytes |
//! | records | [`records`] | documents: ranges of numbers; persons: the alerts |
//! | extras | [`extras`] | what does not pack: texts and rare fields of entries |
//! | classes | [`class`] | the national formats of this segment and where their entries are |
//! | directory | [`segment`] | the first entry of each page of entries |
//! | root | [`root`] | sizes, counts, how details are packed |
//! | footer | [`root`] | in the clear: magic, kind, salt of the key |
//!
//! An edition is up to eight of them: [`edition`] asks them together.
//!
//! Every part but the footer is sealed in pages of [`PAGE_BYTES`]; a part's last page may be shorter.
//!
//! Failure: bytes that do not open or do not parse give an error, never an answer and never a panic.

pub mod bits;
pub mod class;
pub mod details;
pub mod edition;
pub mod entries;
pub mod extras;
pub mod records;
pub mod root;
pub mod segment;
#[cfg(all(test, feature = "soft"))]
mod tests;

use core::fmt;

use serde::{Deserialize, Serialize};

pub use details::{Day, Details, Status, Texts};
pub use segment::{Found, Scratch, Segment};

use crate::seal::TAG_BYTES;

/// Bytes of a sealed page, its tag included: the unit of reading.
pub const PAGE_BYTES: usize = 1024;
/// Bytes of a page before sealing.
pub const PLAIN_BYTES: usize = PAGE_BYTES - TAG_BYTES;

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Travel documents by number.
    Documents,
    /// Persons by name.
    Persons,
}

/// Where sealed bytes come from: a map, a file, flash.
pub trait BlockRead {
    /// Bytes of the segment.
    fn size(&self) -> u64;
    /// Fills `out` from `offset`. Anything less than all of it is an error.
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError>;
}

/// The bytes could not be read: beyond the end, or the device failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockError;

impl BlockRead for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        let bytes = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)?.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(BlockError)?);
        Ok(())
    }
}

/// Why a segment cannot be opened or asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The storage gave no bytes at this offset.
    Block {
        /// First byte asked for.
        offset: u64,
    },
    /// No footer: not a segment, or cut short.
    NotASegment,
    /// A segment of a later format.
    Version(u8),
    /// The page with this number does not open: damaged, forged, or another list's key.
    Seal {
        /// Number of the page in the file.
        page: u64,
    },
    /// A page opened but says what no builder writes.
    Malformed(&'static str),
    /// A question for documents to a list of persons, or the reverse.
    Kind,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Block { offset } => write!(f, "cannot read the segment at byte {offset}"),
            ReadError::NotASegment => f.write_str("not a segment, or cut short: no footer at its end"),
            ReadError::Version(version) => {
                write!(f, "segment of format {version}; this program reads format 1")
            }
            ReadError::Seal { page } => {
                write!(f, "page {page} does not open: damaged, forged, or sealed under another list's key")
            }
            ReadError::Malformed(what) => {
                write!(f, "malformed {what} in a page that opens: a faulty builder")
            }
            ReadError::Kind => f.write_str("a list of the other kind was asked"),
        }
    }
}

impl core::error::Error for ReadError {}
