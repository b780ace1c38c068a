//! Little-endian bit fields at any position. Bits beyond the end of the bytes read as zero, so no position panics.

/// Most bits that [`get`] reads at once.
pub const WIDTH_MAX: u32 = 57;

/// The 8 bytes from `byte` on as a number, zeros after the end.
pub fn word(bytes: &[u8], byte: usize) -> u64 {
    let Some(tail) = bytes.get(byte..) else { return 0 };
    match tail.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => tail.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b)),
    }
}

/// `width` bits (at most [`WIDTH_MAX`]) from bit `position` on.
pub fn get(bytes: &[u8], position: usize, width: u32) -> u64 {
    let bits = word(bytes, position / 8) >> (position % 8);
    bits & ((1 << width.min(WIDTH_MAX)) - 1)
}

/// How many of the first `end` bits are set.
pub fn count(bytes: &[u8], end: usize) -> usize {
    let whole: u32 = bytes.iter().take(end / 8).map(|b| b.count_ones()).sum();
    let part = bytes.get(end / 8).map_or(0, |b| (b & ((1 << (end % 8)) - 1)).count_ones());
    (whole + part) as usize
}

/// Bits needed to write `value`: 0 for 0.
pub fn width(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// A number of 7 bits a byte, lowest first, the top bit set on all but the last; and what follows it.
/// `None` if the bytes end too early or the number exceeds 32 bits.
pub fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u64;
    for (i, &b) in bytes.iter().take(5).enumerate() {
        value |= u64::from(b & 0x7f) << (7 * i);
        if b < 0x80 {
            return Some((u32::try_from(value).ok()?, bytes.get(i + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_bit_by_bit(bytes in proptest::collection::vec(any::<u8>(), 0..40),
                                  at in 0usize..400, width in 0u32..=WIDTH_MAX) {
            let bit = |i: usize| u64::from(bytes.get(i / 8).is_some_and(|b| b >> (i % 8) & 1 == 1));
            let slow = (0..width as usize).fold(0, |sum, i| sum | bit(at + i) << i);
            prop_assert_eq!(get(&bytes, at, width), slow);
            prop_assert_eq!(count(&bytes, at) as u64, (0..at).map(bit).sum::<u64>());
        }
    }
}
