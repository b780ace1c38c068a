//! Chunks that were pushed before their manifest: a delta is sent once to all, and may overtake the manifest that names it.
//!
//! Bound: [`PUSHED_BYTES_MAX`] of memory; the oldest go first. They are believed only by the segment's digest.

use std::collections::{BTreeMap, VecDeque};
use vedette_shim::ids::Digest;
use vedette_shim::wire::{CHUNK_BYTES, Chunk};

/// Memory for pushed chunks, bytes.
const PUSHED_BYTES_MAX: usize = 1024 * 1024;
/// About what storing a chunk takes beside its bytes.
const OVERHEAD_BYTES: usize = 96;

/// Pushed chunks, oldest first.
#[derive(Default)]
pub(super) struct Pushed {
    chunks: VecDeque<(Digest, u32, Vec<u8>)>,
    bytes: usize,
}

impl Pushed {
    pub(super) fn add(&mut self, chunk: &Chunk<'_>) {
        if chunk.bytes.is_empty() || chunk.bytes.len() > CHUNK_BYTES {
            return; // no segment has such a chunk
        }
        self.chunks.push_back((chunk.segment, chunk.index, chunk.bytes.to_vec()));
        self.bytes += chunk.bytes.len() + OVERHEAD_BYTES;
        while self.bytes > PUSHED_BYTES_MAX {
            let Some((_, _, dropped)) = self.chunks.pop_front() else { break };
            self.bytes -= dropped.len() + OVERHEAD_BYTES;
        }
    }

    /// Takes out the chunks of one segment, by index.
    pub(super) fn take(&mut self, segment: &Digest) -> BTreeMap<u32, Vec<u8>> {
        let mut taken = BTreeMap::new();
        for (of, index, bytes) in std::mem::take(&mut self.chunks) {
            match of == *segment {
                true => {
                    self.bytes -= bytes.len() + OVERHEAD_BYTES;
                    taken.insert(index, bytes);
                }
                false => self.chunks.push_back((of, index, bytes)),
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(n: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&n.to_le_bytes());
        digest
    }

    fn push(pushed: &mut Pushed, n: u32, index: u32, bytes: &[u8]) {
        pushed.add(&Chunk { segment: segment(n), index, bytes });
    }

    #[test]
    fn the_oldest_chunks_go_when_there_is_no_room() {
        let mut pushed = Pushed::default();
        (0..50_000).for_each(|n| push(&mut pushed, n, 0, &[]));
        assert_eq!((pushed.chunks.len(), pushed.bytes), (0, 0), "empty ones are none");
        push(&mut pushed, 0, 0, &[1; CHUNK_BYTES + 1]);
        assert_eq!(pushed.chunks.len(), 0, "nor are ones that are too large");
        (0..50_000).for_each(|n| push(&mut pushed, n, 0, &[7]));
        assert!(pushed.chunks.len() < 12_000 && pushed.bytes <= PUSHED_BYTES_MAX);
        assert!(pushed.take(&segment(0)).is_empty());
        assert_eq!(pushed.take(&segment(49_999)), BTreeMap::from([(0, vec![7])]));
    }

    #[test]
    fn a_segment_s_chunks_are_taken_out_and_the_room_comes_back() {
        let mut pushed = Pushed::default();
        for index in [1, 0, 1] {
            push(&mut pushed, 1, index, &[index as u8]);
            push(&mut pushed, 2, index, &[9]);
        }
        assert_eq!(pushed.take(&segment(1)), BTreeMap::from([(0, vec![0]), (1, vec![1])]));
        assert!(pushed.take(&segment(1)).is_empty());
        assert_eq!(pushed.take(&segment(2)).len(), 2);
        assert_eq!((pushed.chunks.len(), pushed.bytes), (0, 0));
    }
}
