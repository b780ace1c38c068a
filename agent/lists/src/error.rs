//! What can go wrong with lists, by operation.

use std::io;
use std::path::PathBuf;

use vedette_shim::document::Number;
use vedette_shim::list::ReadError;

/// A segment could not be built, merged, opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The segment is damaged, forged, of another list or of a later format.
    #[error("segment {path}: {source}")]
    Segment {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: ReadError,
    },
    /// The file is not the one that the manifest names.
    #[error("segment {path} has SHA-256 {found}, not {expected}: damaged or exchanged; fetch it again")]
    Digest {
        /// Which file.
        path: PathBuf,
        /// The digest asked for, in hexadecimal.
        expected: String,
        /// The digest of the file.
        found: String,
    },
    /// Two alerts with one identity and different content.
    #[error("alert {id} is given twice with different content: keep one")]
    Duplicate {
        /// The alert.
        id: String,
    },
    /// A text of an alert exceeds its bound.
    #[error("alert {id}: {what} has {bytes} bytes, at most {max} fit")]
    TooLong {
        /// The alert.
        id: String,
        /// Which part.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The most it may have.
        max: usize,
    },
    /// The two ends of a range do not fit.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Segments of documents and of persons in one operation.
    #[error("segments of documents and of persons cannot be joined")]
    Kinds,
    /// An edition of too many segments.
    #[error("an edition of {found} segments: at most 8 are allowed")]
    Segments {
        /// How many there are.
        found: usize,
    },
    /// More pages than a segment's directory can number.
    #[error("the list is too large: more than 2^32 pages in one part")]
    TooLarge,
    /// No filter was found for a shard's keys, after hundreds of tries.
    #[error("no filter could be built for the list: ask without it")]
    Filter,
    /// Two passes over the same input gave different segments.
    #[error("the input changed while the segment was built: nothing was written")]
    Unstable,
}

impl ListError {
    /// Wraps a refusal of the file system.
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| ListError::File { action, path, source }
    }
}

/// The two ends are no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Other length, or letters and digits at other places.
    #[error("range {from} to {to}: both numbers must have the same length, and letters in the same places")]
    Format {
        /// First number.
        from: Number,
        /// Last number.
        to: Number,
    },
    /// The last comes before the first.
    #[error("range {from} to {to}: the first number comes after the last")]
    Order {
        /// First number.
        from: Number,
        /// Last number.
        to: Number,
    },
}
