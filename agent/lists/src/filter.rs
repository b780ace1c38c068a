//! A segment's documents as a filter in memory, for workstations: nearly every miss touches no page.
//!
//! A binary fuse filter of 8 bits, in shards by the hash's top bits: 1.13 bytes a document, one false "maybe" in 256, never
//! a false "no". It contains every document that the segment puts or withdraws. It belongs to a segment and not to an
//! edition, because segments stay in use while editions come and go. `filtering` builds it.
//!
//! Ranges are not in it; a lookup asks for them whatever the filter says.

use vedette_shim::document::DocumentKey;
use xorf::{BinaryFuse8, Filter as _};

use super::SegmentInfo;
use super::error::ListError;

/// The documents that a segment may put or withdraw.
#[derive(Debug)]
pub struct Filter {
    pub(super) shards: Vec<Shard>,
}

/// The documents whose hashes begin alike; `None` is empty.
pub(super) type Shard = Option<BinaryFuse8>;

impl Filter {
    /// About the memory that the filter of such a segment takes, bytes.
    pub fn bytes_for(segment: &SegmentInfo) -> u64 {
        Self::documents(segment).saturating_mul(115) / 100
    }

    /// Documents in the filter of such a segment.
    pub(super) fn documents(segment: &SegmentInfo) -> u64 {
        segment.entries.saturating_add(segment.withdrawals)
    }

    /// `false`: the segment neither puts nor withdraws the document. `true`: it may.
    pub fn may_hold(&self, key: &DocumentKey) -> bool {
        let hash = hash(key);
        match self.shards.get(shard(hash, self.shards.len())) {
            Some(Some(shard)) => shard.contains(&hash),
            _ => false,
        }
    }

    /// The memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.shards.iter().flatten().map(|shard| shard.fingerprints.len()).sum()
    }
}

/// A shard of these hashes, in any order.
pub(super) fn fuse(mut hashes: Vec<u64>) -> Result<Shard, ListError> {
    if hashes.is_empty() {
        return Ok(None);
    }
    // Two keys of one hash are one to the filter.
    hashes.sort_unstable();
    hashes.dedup();
    BinaryFuse8::try_from(&hashes[..]).map(Some).map_err(|_| ListError::Filter)
}

/// Which of `count` shards a hash belongs to.
pub(super) fn shard(hash: u64, count: usize) -> usize {
    ((u128::from(hash) * count as u128) >> 64) as usize
}

/// Mixes format and characters, 8 at a time, by folded multiplication.
pub(super) fn hash(key: &DocumentKey) -> u64 {
    let fold = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
        wide as u64 ^ (wide >> 64) as u64
    };
    let characters = key.number().chars().chunks(8).map(|chunk| vedette_shim::list::bits::word(chunk, 0));
    // The constants are the fractions of the golden ratio and of pi: nothing up the sleeve.
    characters.fold(fold(0x243f_6a88_85a3_08d3, key.format()), fold)
}
