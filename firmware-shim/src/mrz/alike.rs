//! Characters that optical readers take for each other.
//!
//! Sources: the reports of people who read zones (mistakes of O for 0, I for 1, B for 8, S for 5, Z for 2, G for 6, L for 1,
//! and of D and Q for 0), and 126 observed misreadings measured in the repository SynthPass: O for 0 is by far the
//! commonest, mostly in twos; a filler read as K or another letter, and a 0 read as a filler, occur.
//!
//! Left out: pairs of two digits (2 and 7) or two letters (M and N). They lead from one number of a national format to
//! another of the same, and a list of most lost and stolen documents has about one in a hundred of some formats: each such
//! pair would be met by chance as often.

/// Digit and letter, the commonest first.
const PAIRS: [(u8, u8); 9] = [
    (b'0', b'O'),
    (b'1', b'I'),
    (b'8', b'B'),
    (b'5', b'S'),
    (b'2', b'Z'),
    (b'6', b'G'),
    (b'1', b'L'),
    (b'0', b'D'),
    (b'0', b'Q'),
];

/// Letters that readers give for fillers, in numbers and between names.
pub(crate) const FOR_FILLERS: [u8; 6] = *b"KCESLX";

/// The letter that is taken for this digit, or the digit for this letter, by the first six pairs: each has but one.
pub(crate) fn look_alike(c: u8) -> Option<u8> {
    PAIRS[..6].iter().find_map(|pair| other(*pair, c))
}

/// Every letter that is taken for this digit, or the digit for this letter, the commonest first.
pub(crate) fn look_alikes(c: u8) -> impl Iterator<Item = u8> {
    PAIRS.into_iter().filter_map(move |pair| other(pair, c))
}

fn other((digit, letter): (u8, u8), c: u8) -> Option<u8> {
    match c {
        _ if c == digit => Some(letter),
        _ if c == letter => Some(digit),
        _ => None,
    }
}
