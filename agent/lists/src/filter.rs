//! A segment's documents as a filter in memory, for workstations: nearly every miss touches no page.
//!
//! A binary fuse filter of 8 bits: 1.13 bytes a document, one false "maybe" in 256, never a false "no". It is built in
//! shards of [`SHARD_KEYS`] keys, the shard by the hash's top bits, so that building needs memory for the hashes of
//! [`HASHES_IN_MEMORY_MAX`] documents at once; more documents take more passes over the segment. It holds what the
//! segment says anything of, withdrawals too. Of a segment, for those stay while editions come and go.
//!
//! Ranges are not in it: they are asked for whatever it says.

use vedette_shim::document::DocumentKey;
use xorf::{BinaryFuse8, Filter as _};

use super::SegmentInfo;
use super::error::ListError;
use super::segment::SegmentFile;

/// Keys of a shard, about.
const SHARD_KEYS: u64 = 1 << 20;
/// Hashes held while building: 256 MB.
const HASHES_IN_MEMORY_MAX: u64 = 1 << 25;

/// The documents that a segment may say something of.
#[derive(Debug)]
pub struct Filter {
    /// By the hash's top bits. `None` holds nothing.
    shards: Vec<Option<BinaryFuse8>>,
}

impl Filter {
    /// Reads all documents of a segment, once for each [`HASHES_IN_MEMORY_MAX`] of them. `None` if `wanted` says that
    /// it is not any more; it is asked all the time.
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
            for shard in hashes {
                shards.push(fuse(shard)?);
            }
        }
        Ok(Some(Filter { shards }))
    }

    /// The memory that the filter of such a segment takes, about.
    pub fn bytes_for(segment: &SegmentInfo) -> u64 {
        Self::documents(segment).saturating_mul(115) / 100
    }

    fn documents(segment: &SegmentInfo) -> u64 {
        segment.entries.saturating_add(segment.withdrawals)
    }

    /// `false`: the segment says nothing of the document. `true`: it may.
    pub fn may_hold(&self, key: &DocumentKey) -> bool {
        let hash = hash(key);
        match self.shards.get(shard(hash, self.shards.len())) {
            Some(Some(shard)) => shard.contains(&hash),
            _ => false,
        }
    }

    /// Memory it takes.
    pub fn bytes(&self) -> usize {
        self.shards.iter().flatten().map(|shard| shard.fingerprints.len()).sum()
    }
}

fn fuse(mut hashes: Vec<u64>) -> Result<Option<BinaryFuse8>, ListError> {
    if hashes.is_empty() {
        return Ok(None);
    }
    // Two keys of one hash are one to the filter.
    hashes.sort_unstable();
    hashes.dedup();
    BinaryFuse8::try_from(&hashes[..]).map(Some).map_err(|_| ListError::Filter)
}

fn shard(hash: u64, count: usize) -> usize {
    ((u128::from(hash) * count as u128) >> 64) as usize
}

/// Mixes format and characters, 8 at a time, by folded multiplication.
fn hash(key: &DocumentKey) -> u64 {
    let fold = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
        wide as u64 ^ (wide >> 64) as u64
    };
    let characters = key.number().chars().chunks(8).map(|chunk| vedette_shim::list::bits::word(chunk, 0));
    // The constants are the fractions of the golden ratio and of pi: nothing up the sleeve.
    characters.fold(fold(0x243f_6a88_85a3_08d3, key.format()), fold)
}
