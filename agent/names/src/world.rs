//! How common a name is in the world: the share of people who bear it where it is most common.
//!
//! `world.bin` is made by `agent/names/world/build.py` from the US censuses of 1990 and 2010 (public domain), Brazil's census
//! of 2010 (IBGE, open data), the locales of Faker (MIT), and, for cultures that these do not count, this project's own
//! estimate in `agent/names/world/model.txt`; both files name packages, licences and sources. It has the 9,000 most common
//! names, each as a hash: a name that is not there has the hash of one that is once in some 7,000 times, and then counts as
//! common.
//!
//! Bytes, little-endian: for each of [`BUCKETS`] buckets the end of its names as u16; the names' fingerprints, u16 each, in
//! order within a bucket; a byte for each, the share as -ln in 1/[`STEPS`] nats. Bucket and fingerprint are bits 0 to 9 and
//! 10 to 25 of the FNV-1a hash of the name's letters, its halves xored.

/// The table.
const TABLE: &[u8] = include_bytes!("world.bin");
const BUCKETS: usize = 1024;
const STEPS: f32 = 16.0;
/// People among whom a name's share is counted, as ln: a hundred million, a large culture.
pub(super) const PEOPLE_OF_A_CULTURE: f32 = 18.4;
/// Of those, the ones who travel to where a list is asked, as ln: some hundred thousand.
pub(super) const TRAVELLERS_OF_A_CULTURE: f32 = 13.0;
/// Nats of a name that hardly anybody of such a culture has beside the one listed: four people are expected.
pub(super) const RARE: f32 = 17.0;
/// Nats of a name below which some ten thousand people or more of such a culture have it.
pub(super) const COMMON: f32 = 9.3;
/// What names of one to four letters say at most, in nats: there are few such names, so many people share each.
const SHORT: [f32; 4] = [2.5, 5.0, 7.5, 9.5];
/// What a name says at most that the table lacks.
const UNKNOWN: f32 = 11.5;

/// What it says, in nats, that somebody bears this name: -ln of its share; at most [`UNKNOWN`].
pub(super) fn weight(token: &str) -> f32 {
    let most = token.len().checked_sub(1).and_then(|at| SHORT.get(at).copied()).unwrap_or(UNKNOWN);
    listed(token).map_or(most, |share| share.min(most))
}

fn listed(token: &str) -> Option<f32> {
    let hash = hash(token.as_bytes());
    let (bucket, print) = (hash as usize % BUCKETS, (hash >> 10) as u16);
    let names = usize::from(end(BUCKETS - 1));
    let from = bucket.checked_sub(1).map_or(0, |before| usize::from(end(before)));
    let prints = BUCKETS * 2;
    let at = (from..usize::from(end(bucket))).find(|at| word(prints + at * 2) == print)?;
    Some(f32::from(TABLE[prints + names * 2 + at]) / STEPS)
}

fn word(at: usize) -> u16 {
    u16::from_le_bytes([TABLE[at], TABLE[at + 1]])
}

fn end(bucket: usize) -> u16 {
    word(bucket * 2)
}

/// FNV-1a of 64 bits, its halves xored into the lower one.
fn hash(letters: &[u8]) -> u64 {
    let hash = letters.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &letter| {
        (hash ^ u64::from(letter)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(TABLE.len(), BUCKETS * 2 + usize::from(end(BUCKETS - 1)) * 3);
        assert!((1..BUCKETS).all(|bucket| end(bucket - 1) <= end(bucket)));
    }

    #[test]
    fn common_names_of_every_culture_say_little_and_others_much() {
        for common in "SMITH JOHN NGUYEN MOHAMED KHAN KIM WANG GARCIA SILVA IVANOV KUMAR DIALLO TRAORE ABEBE YILMAZ COHEN
            SATO MUELLER AUNG ADEBAYO OTIENO MUHAMMAD SINGH PHAM AHMADI"
            .split_whitespace()
        {
            assert!(weight(common) < 5.5, "{common} {}", weight(common));
        }
        for rare in ["TARZIMAL", "QUILLFEATHER", "DZHANSUGUROV", "WIJEKULASURIYA", "OKONJARU"] {
            assert_eq!(weight(rare), UNKNOWN, "{rare}");
        }
        assert!(weight("A") < weight("XQ") && weight("XQ") < weight("XQZ"));
    }
}
