//! Characters that optical readers take for each other.
//!
//! Sources: the reports of people who read zones (mistakes of O for 0, I for 1, B for 8, S for 5, Z for 2, G for 6, L for 1,
//! and of D and Q for 0), and 126 observed misreadings measured in the repository SynthPass: O for 0 is by far the
//! commonest, mostly in twos; a filler read as K or another letter, and a 0 read as a filler, occur.
//!
//! Left out: pairs of two digits (2 and 7) or two letters (M and N). They lead from one number of a national format to
//! another of the same, and a list of most lost and stolen documents has about one in a hundred of some formats: each such
//! pair would be met by chance as often.

/// Letters that readers give for fillers, in numbers and between names.
pub(crate) const FOR_FILLERS: [u8; 6] = *b"KCESLX";

/// The letter that is taken for this digit, or the digit for this letter, where each is the other's commonest.
pub(crate) fn look_alike(c: u8) -> Option<u8> {
    let other = *look_alikes(c).first()?;
    (look_alikes(other).first() == Some(&c)).then_some(other)
}

/// Every letter that is taken for this digit, or the digit for this letter, the commonest first.
pub(crate) fn look_alikes(c: u8) -> &'static [u8] {
    match c {
        b'0' => b"ODQ",
        b'1' => b"IL",
        b'2' => b"Z",
        b'5' => b"S",
        b'6' => b"G",
        b'8' => b"B",
        b'O' | b'D' | b'Q' => b"0",
        b'I' | b'L' => b"1",
        b'Z' => b"2",
        b'S' => b"5",
        b'G' => b"6",
        b'B' => b"8",
        _ => b"",
    }
}
