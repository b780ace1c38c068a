//! Other ways to read a name, where the zone leaves it open or the reader took its fillers for letters.
//!
//! | zone | reading |
//! |---|---|
//! | `PNRUS3ERNOV<<...` | the name in Cyrillic: Russia's passport for use within it codes every letter of the alphabet by one character (order 773 of the ministry of the interior (2020), appendix 24) |
//! | `P<IND<<ALMADI<<...` | no surname: the only name may stand in either field (India and others) |
//! | `P<UTOLUNDKKPER<<...` | the fillers between surname and given names read as letters |

use heapless::{String, Vec};

use super::alike::FOR_FILLERS;
use super::layout::{Field, Format};
use super::lines::Lines;

/// Most other readings of one name.
pub const NAME_READINGS_MAX: usize = 4;
/// Most bytes of a name in them: 39 letters of two bytes each, and a blank.
pub const NAME_BYTES_MAX: usize = 80;

/// Another reading of a name, its components parted by one blank each.
#[derive(Clone, PartialEq, Eq)]
pub struct NameReading {
    /// The surname.
    pub surname: String<NAME_BYTES_MAX>,
    /// The given names; may be empty.
    pub given_names: String<NAME_BYTES_MAX>,
    /// The zone says so as it is; otherwise only if it was misread.
    pub sure: bool,
}

/// Personal data: never shown.
impl core::fmt::Debug for NameReading {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NameReading(..)")
    }
}

/// Whether letters of the name are coded by digits.
pub(crate) fn is_coded(lines: &Lines) -> bool {
    lines.format() == Format::Td3 && lines.raw(Field::Code) == "PN" && lines.raw(Field::State) == "RUS"
}

/// The letters that A to Z stand for in a coded name, and those that 0 to 9 do; 0, 1 and 5 are O, I and S misread.
const LETTERS: [char; 26] = [
    'А', 'Б', 'Ц', 'Д', 'Е', 'Ф', 'Г', 'Х', 'И', 'Ж', 'К', 'Л', 'М', 'Н', 'О', 'П', 'Й', 'Р', 'С', 'Т', 'У',
    'В', 'Щ', 'Ъ', 'Ы', 'З',
];
const DIGITS: [char; 10] = ['О', 'И', 'Ё', 'Ч', 'Ш', 'С', 'Э', 'Ю', 'Я', 'Ь'];

fn decoded(c: u8) -> char {
    match c {
        b'A'..=b'Z' => LETTERS[usize::from(c - b'A')],
        b'0'..=b'9' => DIGITS[usize::from(c - b'0')],
        other => char::from(other),
    }
}

/// The other readings of a zone's name, the likeliest first.
pub(crate) fn readings(lines: &Lines) -> Vec<NameReading, NAME_READINGS_MAX> {
    let mut readings = Vec::new();
    let name = lines.raw(Field::Name).trim_end_matches('<');
    let (surname, given) = name.split_once("<<").unwrap_or((name, ""));
    if name.is_empty() {
        return readings;
    }
    let mut add = |surname: &str, given: &str, letter: fn(u8) -> char, sure| {
        let reading =
            NameReading { surname: parts(surname, letter), given_names: parts(given, letter), sure };
        // The likeliest come first: what has no room is left out.
        let _ = readings.push(reading);
    };
    if is_coded(lines) {
        add(surname, given, decoded, true);
    } else if surname.is_empty() {
        let given = given.trim_matches('<');
        let (others, last) = given.rsplit_once('<').unwrap_or(("", given));
        add(last, others, char::from, true);
        if !others.is_empty() {
            add(given, "", char::from, true);
        }
    } else if given.is_empty() {
        misread_fillers(surname, |surname, given| add(surname, given, char::from, false));
    }
    readings
}

/// Letters of the shortest name beside two fillers read as letters.
const LETTERS_MIN: usize = 2;
/// Fewest of one letter at a name's end that stand for its fillers.
const FILLERS_MIN: usize = 3;

/// Parts a name in which no filler was read at two letters that readers give for them; the same letter alone may then
/// stand for the single filler between given names.
fn misread_fillers(name: &str, mut add: impl FnMut(&str, &str)) {
    for letter in FOR_FILLERS {
        let last = name.trim_end_matches(char::from(letter));
        let name = if name.len() - last.len() < FILLERS_MIN { name } else { last };
        for at in LETTERS_MIN..name.len().saturating_sub(1 + LETTERS_MIN) {
            if name.as_bytes()[at..at + 2] != [letter, letter] {
                continue;
            }
            let (surname, given) = (&name[..at], &name[at + 2..]);
            add(surname, given);
            let mut parted = String::<NAME_BYTES_MAX>::new();
            for c in given.bytes() {
                let _ = parted.push(if c == letter { '<' } else { char::from(c) });
            }
            if parted != given {
                add(surname, &parted);
            }
        }
    }
}

/// The components of a name, one blank between them.
fn parts(text: &str, letter: fn(u8) -> char) -> String<NAME_BYTES_MAX> {
    let mut name = String::new();
    for component in text.split('<').filter(|component| !component.is_empty()) {
        if !name.is_empty() {
            let _ = name.push(' ');
        }
        for c in component.bytes() {
            let _ = name.push(letter(c));
        }
    }
    name
}
