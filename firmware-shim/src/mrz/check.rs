//! Check digits: weights 7-3-1, modulo 10 (ICAO Doc 9303-3, 4.9), and one result for each.

use heapless::Vec;

use super::layout::{CheckAt, CheckName, Field, Span};
use super::lines::Lines;
use super::number;

/// What a check digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It agrees with what it guards.
    Valid,
    /// The format allows `<` here because what it guards is empty (9303-4: personal number), and `<` it is.
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

/// One check digit of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// What it guards.
    pub name: CheckName,
    /// What it says.
    pub check: Check,
    /// Its line, from 1.
    pub line: u8,
    /// Its column, from 1.
    pub column: u8,
}

/// The check digits of a zone, in the order they stand in the format's description.
pub type Checks = Vec<CheckResult, 5>;

/// The digit over these runs taken together, as a character.
pub(crate) fn digit<'a>(chars: impl IntoIterator<Item = &'a u8>) -> u8 {
    let weights = [7, 3, 1].into_iter().cycle();
    let sum: u32 = chars.into_iter().zip(weights).map(|(c, weight)| value(*c) * weight).sum();
    b'0' + (sum % 10) as u8
}

/// 0 to 9, A = 10 to Z = 35, the filler 0.
fn value(c: u8) -> u32 {
    match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'Z' => u32::from(c - b'A') + 10,
        _ => 0,
    }
}

/// The digit that `check` should be.
pub(crate) fn expected(lines: &Lines, over: &[Span]) -> u8 {
    digit(over.iter().flat_map(|span| &lines.bytes()[span.range()]))
}

fn evaluate(lines: &Lines, spec: &CheckAt) -> Check {
    let found = lines.bytes()[usize::from(spec.at)];
    match spec.name {
        CheckName::Number => number::read(lines).check,
        CheckName::Personal if found == b'<' && lines.raw(Field::Optional1).bytes().all(|c| c == b'<') => {
            Check::Absent
        }
        _ => Check::of(found, expected(lines, spec.over)),
    }
}

/// Every check digit of the zone.
pub(crate) fn all(lines: &Lines) -> Checks {
    let layout = lines.format().layout();
    let results = layout.checks.iter().map(|spec| {
        let (line, column) = layout.place(usize::from(spec.at));
        CheckResult { name: spec.name, check: evaluate(lines, spec), line, column }
    });
    results.collect()
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
