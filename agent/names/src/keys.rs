//! Which tokens of a vocabulary share a key: a table from hashes to token numbers.
//!
//! Layout: entries are sorted by what is kept of the hash, then by number. The first bits of a hash choose a bucket, of which `ends` has the ends; of
//! the rest each entry keeps the next 16 bits. So a lookup reads one bucket of some [`BUCKET_ENTRIES`] entries, and an entry
//! takes little more than its number. Keys may share what is kept of their hashes; whoever asks compares the tokens anyway.

/// Entries of a bucket, about.
const BUCKET_ENTRIES: usize = 4;
/// Bits of a hash.
const HASH_BITS: u32 = 32;
/// Bits of a hash that an entry keeps.
const TAIL_BITS: u32 = u16::BITS;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Keys {
    /// Bits that choose the bucket, 1 to 24.
    bits: u32,
    ends: Vec<u32>,
    tails: Vec<u16>,
    tokens: Vec<u32>,
}

/// Without any key.
impl Default for Keys {
    fn default() -> Keys {
        Keys { bits: 1, ends: vec![0; 2], tails: Vec::new(), tokens: Vec::new() }
    }
}

impl Keys {
    /// The table of pairs of a key's hash and a token, in any order and any number of times.
    pub(super) fn build(mut pairs: Vec<(u32, u32)>) -> Keys {
        let bits = (pairs.len() / BUCKET_ENTRIES).max(2).ilog2().clamp(1, 24);
        let kept = u32::MAX << (HASH_BITS - (bits + TAIL_BITS).min(HASH_BITS));
        pairs.iter_mut().for_each(|pair| pair.0 &= kept);
        pairs.sort_unstable();
        pairs.dedup();
        let mut ends = vec![0u32; 1 << bits];
        let (mut tails, mut tokens) = (Vec::with_capacity(pairs.len()), Vec::with_capacity(pairs.len()));
        for (hash, token) in pairs {
            ends[(hash >> (HASH_BITS - bits)) as usize] += 1;
            tails.push(tail(hash, bits));
            tokens.push(token);
        }
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total;
        }
        Keys { bits, ends, tails, tokens }
    }

    /// The tokens of a key, in order.
    pub(super) fn tokens_of(&self, hash: u32) -> &[u32] {
        let bucket = (hash >> (HASH_BITS - self.bits)) as usize;
        let from = if bucket == 0 { 0 } else { self.ends[bucket - 1] as usize };
        let tails = &self.tails[from..self.ends[bucket] as usize];
        let wanted = tail(hash, self.bits);
        let skipped = tails.iter().take_while(|&&tail| tail < wanted).count();
        let same = tails[skipped..].iter().take_while(|&&tail| tail == wanted).count();
        &self.tokens[from + skipped..from + skipped + same]
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.ends.len() + self.tokens.len()) * 4 + self.tails.len() * 2
    }
}

/// What an entry keeps of a hash.
fn tail(hash: u32, bits: u32) -> u16 {
    (hash << bits >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_pair_is_found_again_and_nothing_else(
            pairs in proptest::collection::vec((any::<u32>(), 0u32..1000), 0..200),
            other in any::<u32>(),
        ) {
            let keys = Keys::build(pairs.clone());
            for hash in pairs.iter().map(|pair| pair.0).chain([other]) {
                let alike = |one: u32| one >> (HASH_BITS - keys.bits) == hash >> (HASH_BITS - keys.bits)
                    && tail(one, keys.bits) == tail(hash, keys.bits);
                let wanted = pairs.iter().filter(|pair| alike(pair.0)).map(|pair| pair.1);
                let wanted: Vec<u32> = wanted.collect::<std::collections::BTreeSet<u32>>().into_iter().collect();
                prop_assert_eq!(keys.tokens_of(hash), &wanted[..]);
            }
        }
    }
}
