//! One check digit: weights 7-3-1, modulo 10 (ICAO Doc 9303-3, 4.9), and what it says.

use super::layout::Span;
use super::lines::Lines;

/// What a check digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It agrees with what it guards.
    Valid,
    /// There is none, as the format allows: `<` where what it would guard is empty (9303-4: personal number), or a
    /// national layout whose number has no digit of its own.
    Absent,
    /// It does not agree.
    Invalid {
        /// The character that stands there.
        found: char,
        /// The digit that should.
        expected: char,
    },
}

impl Check {
    /// Valid, or absent where the format allows it.
    pub fn passes(self) -> bool {
        !matches!(self, Check::Invalid { .. })
    }

    pub(crate) fn of(found: u8, expected: u8) -> Check {
        if found == expected {
            Check::Valid
        } else {
            Check::Invalid { found: char::from(found), expected: char::from(expected) }
        }
    }
}

/// The weight of the `n`-th character that a digit is computed over, from 0.
pub(crate) fn weight(n: usize) -> u8 {
    [7, 3, 1][n % 3]
}

/// 0 to 9, A = 10 to Z = 35, the filler 0.
pub(crate) fn value(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        b'A'..=b'Z' => c - b'A' + 10,
        _ => 0,
    }
}

/// The digit over these runs taken together, as a character.
pub fn digit<'a>(chars: impl IntoIterator<Item = &'a u8>) -> u8 {
    let weighted = chars.into_iter().enumerate().map(|(n, c)| u32::from(value(*c)) * u32::from(weight(n)));
    b'0' + (weighted.sum::<u32>() % 10) as u8
}

/// The digit over these spans of a zone, as a character.
pub(crate) fn expected(lines: &Lines, over: &[Span]) -> u8 {
    digit(over.iter().flat_map(|span| &lines.bytes()[span.range()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_9303_3() {
        // Appendix A to 9303-3: a date, a padded number, the composite digits of TD3, TD1 and TD2.
        assert_eq!(digit(b"520727"), b'3');
        assert_eq!(digit(b"AB2134<<<"), b'5');
        assert_eq!(digit(b"HA672242<658022549601086<<<<<<<<<<<<<<0"), b'8');
        assert_eq!(digit(b"D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<<"), b'2');
        assert_eq!(digit(b"HA672242<658022549601086<<<<<<<"), b'8');
    }
}
