//! A segment's documents -> its [`Filter`].
//!
//! Building holds the hashes of [`HASHES_IN_MEMORY_MAX`] documents in memory at once, 256 MB; more documents take more
//! passes over the segment. Failure: a segment that cannot be read gives no filter.

use super::error::ListError;
use super::filter::{Filter, fuse, hash, shard};
use super::segment::SegmentFile;
use std::sync::{Arc, OnceLock};

/// About the keys of one shard.
const SHARD_KEYS: u64 = 1 << 20;
/// Hashes in memory while building.
const HASHES_IN_MEMORY_MAX: u64 = 1 << 25;

impl Filter {
    /// Reads all documents of a segment, once for each [`HASHES_IN_MEMORY_MAX`] of them. `None` as soon as `wanted`,
    /// which is asked before each document, says no.
    pub fn build(segment: &SegmentFile, wanted: impl Fn() -> bool) -> Result<Option<Self>, ListError> {
        Self::build_in_passes(segment, wanted, SHARD_KEYS, HASHES_IN_MEMORY_MAX)
    }

    pub(super) fn build_in_passes(
        segment: &SegmentFile,
        wanted: impl Fn() -> bool,
        shard_keys: u64,
        hashes: u64,
    ) -> Result<Option<Self>, ListError> {
        let count = Self::documents(&segment.info()).div_ceil(shard_keys).max(1) as usize;
        let shards_a_pass = (hashes / shard_keys).max(1) as usize;
        let mut shards = Vec::with_capacity(count);
        while shards.len() < count {
            let first = shards.len();
            let mut hashes = vec![Vec::new(); shards_a_pass.min(count - first)];
            for document in segment.documents() {
                if !wanted() {
                    return Ok(None);
                }
                let hash = hash(&document?.key);
                if let Some(shard) = shard(hash, count).checked_sub(first).and_then(|at| hashes.get_mut(at)) {
                    shard.push(hash);
                }
            }
            for hashes in hashes {
                shards.push(fuse(hashes)?);
            }
        }
        Ok(Some(Filter { shards }))
    }
}

impl SegmentFile {
    /// Builds a filter in memory, 1.13 bytes a document: where memory is no concern. Reads every page of entries.
    pub fn with_filter(mut self) -> Result<Self, ListError> {
        let filter = Filter::build(&self, || true)?.map_or_else(OnceLock::new, OnceLock::from);
        self.set_filter(Arc::new(filter));
        Ok(self)
    }
}
