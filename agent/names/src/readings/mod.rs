//! More ways in which a passport may spell a listed name: added to alerts at import, at headquarters or at the issuer's.
//!
//! A device reads alphabets and syllabaries itself (`script`), one reading a word. What takes a dictionary is read here, so
//! that no device carries one: Han characters (pinyin, Wade-Giles, Hong Kong's spelling, Japanese and Korean readings),
//! Hebrew names without their vowels, letters that Unicode keeps for the sake of older codes, and
//! as a last resort any script that the crate any_ascii spells. Each reading is one more name of the alert, of the same
//! kind, after those that the issuer gave; officers see it beside them.
//!
//! Invariants: a name that a device reads as well as this module gets no reading; at most [`READINGS_MAX`] a name, and
//! never more names than an alert may have; the same alert gets the same readings; none is added twice.

mod chinese;
mod han;
mod hebrew;
mod japanese;
mod parts;

use super::normalise::{is_known, tokens};
use super::person::{NAMES_MAX, PersonAlert, PersonName};
use super::script::{Language, Script, script_of};
use parts::Parts;
use unicode_normalization::UnicodeNormalization;

/// Readings of one name, at most.
pub const READINGS_MAX: usize = 24;

impl PersonName {
    /// Whether a device can match this name: whether any letter of it has a Latin reading there.
    pub fn is_readable(&self) -> bool {
        [&self.surname, &self.given, &self.full]
            .iter()
            .any(|text| !tokens(text, Language::Unknown).is_empty())
    }
}

impl PersonAlert {
    /// Adds the readings of its names; how many were added.
    pub fn add_readings(&mut self) -> usize {
        let given = self.names.len();
        for at in 0..given {
            if is_plain(&self.names[at]) {
                continue;
            }
            for (surname, given) in readings(&self.names[at], &self.nationalities) {
                let name = &self.names[at];
                let whole = name.surname.is_empty() && name.given.is_empty() && given.is_empty();
                let reading = if whole {
                    PersonName { kind: name.kind, full: surname, ..PersonName::default() }
                } else {
                    PersonName { kind: name.kind, surname, given, ..PersonName::default() }
                };
                if self.names.len() < NAMES_MAX && !self.names.contains(&reading) {
                    self.names.push(reading);
                }
            }
        }
        self.names.len() - given
    }
}

/// Whether a device reads all of the name in the only way there is.
fn is_plain(name: &PersonName) -> bool {
    let plain = |letter: char| {
        letter.is_ascii() || matches!(script_of(letter), Some(script) if script != Script::Hebrew)
    };
    [&name.surname, &name.given, &name.full].iter().all(|text| text.chars().all(plain))
}

/// The readings of a name, the likeliest first.
fn readings(name: &PersonName, nationalities: &[String]) -> Vec<Parts> {
    let compatible = |text: &str| text.nfkc().collect::<String>();
    let parts = if name.surname.is_empty() && name.given.is_empty() {
        (compatible(&name.full), String::new())
    } else {
        (compatible(&name.surname), compatible(&name.given))
    };
    let has = |test: fn(char) -> bool| parts.0.chars().chain(parts.1.chars()).any(test);
    let mut found = Vec::new();
    if has(han::is_han) {
        let kana = has(|letter| script_of(letter) == Some(Script::Kana));
        let of = |states: &[&str]| nationalities.iter().any(|code| states.contains(&code.as_str()));
        let (chinese, japanese, korean) =
            (of(&["CHN", "TWN", "HKG", "MAC", "SGP", "MYS"]), of(&["JPN"]) || kana, of(&["KOR", "PRK"]));
        let unknown = !chinese && !japanese && !korean;
        if chinese || unknown {
            found.extend(chinese::readings(&parts));
        }
        if japanese || unknown {
            found.extend(japanese::readings(&parts));
        }
        if korean || unknown {
            found.extend(chinese::korean(&parts));
        }
    } else if has(|letter| script_of(letter) == Some(Script::Hebrew)) {
        found.extend(hebrew::readings(&parts));
    } else if has(|letter| letter.is_alphabetic() && !is_known(letter)) {
        found.push((any_ascii::any_ascii(&parts.0), any_ascii::any_ascii(&parts.1)));
    } else {
        found.push((read(&parts.0), read(&parts.1))); // what compatibility alone made readable
    }
    let own = (read(&name.surname) + &read(&name.full), read(&name.given));
    let mut known = vec![own];
    for reading in found {
        let reading = (read(&reading.0), read(&reading.1));
        let silent = reading.0.is_empty() && reading.1.is_empty();
        if !silent && !known.contains(&reading) {
            known.push(reading);
        }
    }
    known.drain(1..).take(READINGS_MAX).collect()
}

/// The tokens of a text as one text.
fn read(text: &str) -> String {
    tokens(text, Language::Unknown).join(" ")
}

#[cfg(test)]
mod tests;
