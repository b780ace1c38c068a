//! Lists: built, merged, compared and asked. The engine only: what is active, trusted or fetched is others' business.
//!
//! | file | what it does |
//! |---|---|
//! | [`documents`] | alerts and changes as programs handle them |
//! | [`build`] | changes in any order -> a segment, in bounded memory |
//! | [`mod@merge`] | segments -> one segment; two editions -> the changes between |
//! | [`tiers`] | which segments a publisher joins |
//! | [`segment`], [`edition`] | a file; up to eight of them, open for questions |
//! | [`wildcard`] | a number that cannot all be read -> the numbers a list may have for it |
//! | [`filter`], `filtering` | a segment's documents in memory, so that a miss touches no page; building that |
//! | [`mod@file`], `map`, [`seal`] | the bytes, mapped; their sealing |
//! | survey, pack, write | the two passes of building; aside: pages that wait for their key |
//! | stream, cursor, run | changes in order, from memory, from segments and from sorted batches |
//!
//! ```text
//! import -> build -> Edition::open -> write_delta(last edition, this one) -> publish
//! fetch  -> SegmentFile::open_verified -> [merge] -> Edition::open -> find
//! ```
//! The bytes of a segment follow from its changes alone (the shim's `list` and `FORMAT.md`), so a device that merges
//! gets the very file whose digest the manifest names.

mod aside;
mod batches;
pub mod build;
mod cursor;
pub mod documents;
pub mod edition;
pub mod error;
pub mod file;
pub mod filter;
mod filtering;
mod formats;
#[cfg(target_pointer_width = "64")]
#[allow(unsafe_code)]
mod map;
pub mod merge;
mod pack;
mod run;
pub mod seal;
pub mod segment;
mod stream;
mod survey;
mod temporary;
#[cfg(test)]
mod tests;
pub mod tiers;
pub mod wildcard;
mod write;

pub use build::{BuildError, build_documents, build_records};
pub use documents::{Change, DocumentAlert, DocumentChange, DocumentId, DocumentPayload, Record};
pub use edition::{DocumentMatches, Edition, RANGE_HITS_MAX};
pub use error::{ListError, RangeError};
pub use filter::Filter;
pub use merge::{changed_records, changes, diff, diff_records, merge, write_delta};
pub use seal::Ring;
pub use segment::SegmentFile;
pub use tiers::{FAN_OUT, SEGMENTS_MAX, compact};
pub use vedette_shim::list::{Day, Kind, ReadError, Status};
pub use vedette_shim::seal::ListKey;
pub use wildcard::{NoCandidates, Wildcard, WildcardError};

/// What a manifest says of a segment, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentInfo {
    /// SHA-256 of the sealed file; in hexadecimal, with `.seg`, its name.
    pub digest: [u8; 32],
    /// Documents or persons.
    pub kind: Kind,
    /// Length of the sealed file.
    pub bytes: u64,
    /// Alerts it puts: documents, ranges, persons.
    pub entries: u64,
    /// Alerts it withdraws.
    pub withdrawals: u64,
}
