//! A token's sound: one spelling for the ways in which Arabic, Persian, Slavic, Chinese and European names are
//! written in Latin letters, and the keys under which tokens that may be the same name are found.
//!
//! The fold is a string over one alphabet: the vowels `A E I O U`, and the consonants, of which `X` is kh,
//! `c` is sh, `C` is ch and `J` is j, dj and zh. SERGEY, SERGEI and SERGUEY differ little in it, and YURY is
//! IURII. What the fold does not make equal, the costs in `distance` make cheap.

/// Folds `token` (A to Z) into `out`, which is cleared first.
pub(super) fn fold_into(token: &str, out: &mut Vec<u8>) {
    out.clear();
    let letters = token.as_bytes();
    let mut at = 0;
    while at < letters.len() {
        let (sound, used) = sound_at(letters, at);
        for &letter in sound {
            if out.last() != Some(&letter) {
                out.push(letter);
            }
        }
        at += used;
    }
}

/// The fold of `token` as a new vector.
pub(super) fn fold(token: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(token.len());
    fold_into(token, &mut out);
    out
}

/// Letter groups with a sound of their own, longest first where one begins another.
const GROUPS: &[(&[u8], &[u8])] = &[
    (b"SHCH", b"cC"),
    (b"SCHTSCH", b"cC"),
    (b"TSCH", b"C"),
    (b"DSCH", b"J"),
    (b"SCH", b"c"),
    (b"TCH", b"C"),
    (b"DZH", b"J"),
    (b"SH", b"c"),
    (b"CH", b"C"),
    (b"CZ", b"C"),
    (b"ZH", b"J"),
    (b"DJ", b"J"),
    (b"KH", b"X"),
    (b"GH", b"G"),
    (b"PH", b"F"),
    (b"TH", b"T"),
    (b"DH", b"D"),
    (b"CK", b"K"),
    (b"KS", b"KS"),
    (b"OU", b"U"),
    (b"OO", b"U"),
    (b"EE", b"I"),
    (b"TZ", b"TS"),
    (b"HS", b"c"),
];

/// Escapes that some issuers of Arabic names do print, where no other language writes these letters.
const ESCAPES: &[(&[u8], &[u8])] = &[
    (b"XKH", b"X"),
    (b"XSH", b"c"),
    (b"XTH", b"T"),
    (b"XDH", b"D"),
    (b"XSS", b"S"),
    (b"XDZ", b"D"),
    (b"XTT", b"T"),
    (b"XZZ", b"Z"),
    (b"XAH", b"A"),
    (b"XTA", b"T"),
];

/// The letters that follow each letter at the start of a group, as bits: most pairs of letters begin none.
const GROUP_PAIRS: [u32; 32] = {
    let (mut pairs, mut at) = ([0; 32], 0);
    while at < GROUPS.len() {
        let group = GROUPS[at].0;
        pairs[(group[0] & 31) as usize] |= 1 << (group[1] & 31);
        at += 1;
    }
    pairs
};

fn sound_at(letters: &[u8], at: usize) -> (&'static [u8], usize) {
    let rest = &letters[at..];
    let next = rest.get(1).copied().unwrap_or(0);
    if GROUP_PAIRS[usize::from(rest[0] & 31)] >> (next & 31) & 1 == 1 {
        for &(group, sound) in GROUPS {
            // Two letters decide nearly always, and comparing slices calls a function.
            if group[..2] == [rest[0], next] && rest.starts_with(group) && !(group == b"HS" && at > 0) {
                return (sound, group.len());
            }
        }
    }
    let sound: &[u8] = match rest[0] {
        b'A' => b"A",
        b'B' => b"B",
        b'C' if matches!(next, b'E' | b'I' | b'Y') => b"S",
        b'C' => b"K",
        b'D' => b"D",
        b'E' => b"E",
        b'F' => b"F",
        b'G' if next == b'U' && matches!(rest.get(2), Some(b'E' | b'I')) => return (b"G", 2),
        b'G' => b"G",
        b'H' => b"H",
        b'I' | b'Y' => b"I",
        b'J' => b"J",
        b'K' => b"K",
        b'L' => b"L",
        b'M' => b"M",
        b'N' => b"N",
        b'O' => b"O",
        b'P' => b"P",
        b'Q' if next == b'U' && matches!(rest.get(2), Some(b'E' | b'I')) => return (b"K", 2),
        b'Q' => b"K",
        b'R' => b"R",
        b'S' => b"S",
        b'T' => b"T",
        b'U' | b'W' => b"U",
        b'V' => b"V",
        b'X' => {
            for &(escape, sound) in ESCAPES {
                if rest.starts_with(escape) {
                    return (sound, escape.len());
                }
            }
            if at == 0 { b"c" } else { b"KS" }
        }
        _ => b"Z",
    };
    (sound, 1)
}

/// Whether a fold's letter is a vowel.
pub(super) fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U')
}

/// The class of a consonant in a skeleton: letters that languages exchange fall together. 0 for the rest.
fn skeleton_class(letter: u8) -> u8 {
    match letter {
        b'K' | b'G' | b'X' => b'K',
        b'S' | b'c' | b'Z' => b'S',
        b'C' | b'J' => b'J',
        b'T' | b'D' => b'T',
        b'P' | b'B' => b'P',
        b'F' | b'V' => b'V',
        b'L' | b'M' | b'N' | b'R' => letter,
        _ => 0, // vowels, and H, which comes and goes
    }
}

/// Letters of a skeleton kept in a key; what follows is left to the distance.
const SKELETON_MAX: usize = 10;
/// Consonants from which on one may be left out of a key and the rest still says enough.
const SLIP_CONSONANTS_MIN: usize = 5;

/// Calls `emit` with each key of a fold. Two tokens may be the same name only if they share a key:
/// - their consonants by class: every vowel may differ, and every consonant that languages exchange (a last U may be
///   the V of the same ending);
/// - their consonants less one, vowels aside: one slip in a long token;
/// - their letters less one: one slip in a short token, where the consonants alone would say too little.
///
/// Without `slips` the last two are left out, for tokens that must be nearly one sound.
pub(super) fn keys(fold: &[u8], slips: bool, mut emit: impl FnMut(u32)) {
    let (mut classes, mut consonants) = (Letters::default(), Letters::default());
    for &letter in fold {
        let class = skeleton_class(letter);
        if class != 0 {
            classes.push(class);
            consonants.push(letter);
        }
    }
    if classes.length >= 2 {
        emit(hash(b's', classes.get(), None));
        if fold.last() == Some(&b'U') {
            classes.push(b'V'); // the Belarusian -AU and -OU of -OV
            emit(hash(b's', classes.get(), None));
        }
    }
    let consonants = consonants.get();
    if consonants.len() >= SLIP_CONSONANTS_MIN - 1 {
        emit(hash(b'd', consonants, None));
    }
    if consonants.len() >= SLIP_CONSONANTS_MIN {
        for skip in 0..if slips { consonants.len() } else { 0 } {
            emit(hash(b'd', consonants, Some(skip)));
        }
    } else {
        emit(hash(b'f', fold, None));
        for skip in 0..if slips { fold.len().min(SKELETON_MAX) } else { 0 } {
            if fold.len() > 2 {
                emit(hash(b'f', fold, Some(skip)));
            }
        }
    }
}

/// A short word without doubles.
#[derive(Default)]
struct Letters {
    letters: [u8; SKELETON_MAX],
    length: usize,
}

impl Letters {
    fn push(&mut self, letter: u8) {
        let last = self.length.checked_sub(1).map_or(0, |at| self.letters[at]);
        if letter != last && self.length < SKELETON_MAX {
            self.letters[self.length] = letter;
            self.length += 1;
        }
    }

    fn get(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

/// FNV-1a over a tag and the letters without the one at `skip`, finished by a mix: fixed for all time and hosts.
pub(super) fn hash(tag: u8, letters: &[u8], skip: Option<usize>) -> u32 {
    let mut hash: u32 = 0x811c_9dc5 ^ u32::from(tag);
    hash = hash.wrapping_mul(0x0100_0193);
    for (at, &letter) in letters.iter().enumerate() {
        if Some(at) != skip {
            hash = (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193);
        }
    }
    hash ^= hash >> 15;
    hash.wrapping_mul(0x2c1b_3c6d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn key_set(token: &str) -> HashSet<u32> {
        let mut set = HashSet::new();
        keys(&fold(token), true, |key| {
            set.insert(key);
        });
        set
    }

    #[test]
    fn spellings_of_one_sound_fold_together() {
        for (one, other) in
            [("YURIY", "IURII"), ("OUALID", "WALID"), ("DJAMEL", "JAMEL"), ("HUSSAYN", "HUSAIN")]
        {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn variants_and_single_errors_share_a_key() {
        for (one, other) in [
            ("MOHAMMED", "MHMD"),
            ("KHALAF", "QALAF"),
            ("TARANOV", "TARANOU"),
            ("LINDQVIST", "LINDVIST"),
            ("MORAVEK", "MORAWEK"),
            ("ALI", "ALY"),
            ("KIM", "KIN"),
        ] {
            assert!(!key_set(one).is_disjoint(&key_set(other)), "{one} {other}");
        }
    }
}
