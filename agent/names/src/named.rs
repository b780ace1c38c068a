//! The documents that a person's alert names -> numbers that a zone's can be compared with.
//!
//! Lists write them for people: `No. AB 765432`, `C705775, AA7530281`, `A123 issued 10 Oct 2001`. What is a number is taken, also
//! without the check digit typed with it; a kind or state that is not said or not known stays open, so that a match is
//! possible at most. Numbers that no travel document bears (of a tax office, of a company) are none.
//!
//! Invariant: any text gives at most [`NUMBERS_MAX`] numbers; nothing is refused here, for the alert counts whatever its
//! documents say.

use super::person::PersonDocument;
use vedette_shim::document::{DocumentKey, Number, State};
use vedette_shim::mrz::check_digit;
use vedette_shim::states::is_code;

/// Most numbers of one entry.
const NUMBERS_MAX: usize = 16;
/// Fewest characters of a number; without a known state, when it may be anybody's.
const CHARS_MIN: usize = 4;
const CHARS_MIN_OF_ANY_STATE: usize = 6;

/// One number that an alert names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedDocument {
    /// The number.
    pub number: Number,
    /// The issuing state, if it is said and known.
    pub state: Option<State>,
    /// The letter of the zone's type, if the kind is known.
    pub kind: Option<char>,
}

/// How far a named document is one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agrees {
    /// The number; state or kind are not said, or the kind is another.
    Number,
    /// Number, state and kind.
    Wholly,
}

impl NamedDocument {
    /// How far this is the document of `key`; `None` if it is another.
    pub fn agrees(&self, key: &DocumentKey) -> Option<Agrees> {
        if self.number != *key.number() || self.state.is_some_and(|state| state != key.state()) {
            return None;
        }
        let wholly = self.state.is_some() && self.kind == Some(key.kind());
        Some(if wholly { Agrees::Wholly } else { Agrees::Number })
    }
}

impl PersonDocument {
    /// Whether a zone may show its number: not that of a tax office or a company.
    pub fn may_be_shown(&self) -> bool {
        let words = plain_words(&self.kind);
        !NO_TRAVEL_DOCUMENT.iter().any(|word| words.contains(word))
    }

    /// The numbers that this entry names.
    pub fn named(&self) -> Vec<NamedDocument> {
        if !self.may_be_shown() {
            return Vec::new();
        }
        let words = plain_words(&self.kind);
        let kind = KINDS.iter().find(|(_, known)| known.iter().any(|word| words.contains(word)));
        let state =
            Some(self.state.as_str()).filter(|text| is_code(text)).and_then(|text| State::new(text).ok());
        let least = if state.is_some() { CHARS_MIN } else { CHARS_MIN_OF_ANY_STATE };
        let mut numbers = numbers(&self.number);
        numbers.retain(|number| number.chars().len() >= least);
        numbers.truncate(NUMBERS_MAX);
        numbers
            .into_iter()
            .map(|number| NamedDocument { number, state, kind: kind.map(|(kind, _)| *kind) })
            .collect()
    }
}

/// Words in the kind of a document, and its letter in a zone.
const KINDS: &[(char, &[&str])] = &[
    ('V', &["VISA"]),
    (
        'P',
        &[
            "PASSPORT",
            "PASSEPORT",
            "PASAPORTE",
            "PASSAPORTO",
            "REISEPASS",
            "PASPOORT",
            "LAISSEZ",
            "TRAVEL DOC",
        ],
    ),
    (
        'I',
        &[
            "IDENTI",
            "ID CARD",
            "NATIONAL ID",
            "CEDULA",
            "AUSWEIS",
            "CARTE",
            "CARD",
            "RESIDEN",
            "PERMIT",
            "DNI",
            "C.I.",
        ],
    ),
];

/// Words in the kind of what no zone shows.
const NO_TRAVEL_DOCUMENT: &[&str] = &[
    "SOCIAL SECURITY",
    "SSN",
    "TAX",
    "PHONE",
    "COMPANY",
    "REGISTRATION",
    "BIRTH CERT",
    "LICENSE",
    "LICENCE",
    "BANK",
    "SWIFT",
    "EMAIL",
    "D-U-N-S",
    "VESSEL",
    "IMO",
];

fn plain_words(text: &str) -> String {
    text.to_uppercase().replace(['É', 'È'], "E")
}

/// The numbers in a text.
fn numbers(text: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let outside = without_brackets(text);
    let parts = outside
        .split([',', ';', '|'])
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" or "));
    for part in parts {
        let words = part.split_whitespace().skip_while(|word| is_prose(word));
        let joined: String = words.take_while(|word| !is_prose(word)).collect();
        let Ok(number) = Number::new(&joined) else { continue };
        if !number.chars().iter().any(u8::is_ascii_digit) {
            continue;
        }
        // Nine characters and the digit that a zone has behind them.
        if let Some((last, nine)) = number.chars().split_last()
            && nine.len() == 9
            && check_digit(nine) == *last
        {
            found.extend(Number::from_chars(nine));
        }
        found.push(number);
    }
    found.dedup();
    found
}

/// Up to the first bracket of each pair and behind its last.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let keep = |c: char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => return (depth == 0).then_some(c),
        }
        Some(' ')
    };
    text.chars().filter_map(keep).collect()
}

/// A word of letters alone that is no series before a number: `No.`, `number`, `issued`; `AB` is one.
fn is_prose(word: &str) -> bool {
    const SHORT: [&str; 6] = ["no", "nr", "n\u{b0}", "n\u{ba}", "num", "\u{2116}"];
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation()).to_lowercase();
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    SHORT.contains(&bare.as_str()) || (letters >= 4 && !bare.chars().any(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(kind: &str, number: &str, state: &str) -> PersonDocument {
        PersonDocument {
            kind: kind.into(),
            number: number.into(),
            state: state.into(),
            remark: String::new(),
        }
    }

    #[test]
    fn numbers_are_found_as_lists_write_them() {
        let found = |text: &str| numbers(text).iter().map(|n| n.as_str().to_owned()).collect::<Vec<_>>();
        for (text, wanted) in [
            ("N1234567", &["N1234567"][..]),
            ("No. AB 765432", &["AB765432"]),
            ("C705775 ,AA7530281", &["C705775", "AA7530281"]),
            ("AB7654322 (expired)", &["AB7654322"]),
            ("A123456 issued 10 Oct 2001", &["A123456"]),
            ("Utopian passport number D00012345", &["D00012345"]),
            ("OR 801168 or OR 901168", &["OR801168", "OR901168"]),
            ("66-093017", &["66093017"]),
            ("L898902C36", &["L898902C3", "L898902C36"]),
            ("unknown", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_stays_open_and_other_numbers_are_none() {
        let key = DocumentKey::new("UTO", "P", "N1234567").unwrap();
        let agrees = |kind, number, state| {
            document(kind, number, state).named().first().and_then(|one| one.agrees(&key))
        };
        assert_eq!(agrees("Passport", "N1234567", "UTO"), Some(Agrees::Wholly));
        assert_eq!(agrees("Diplomatic passport", "N 123-4567", "UTO"), Some(Agrees::Wholly));
        for (kind, state) in
            [("passport", ""), ("passport", "Atlantis"), ("identity card", "UTO"), ("", "UTO")]
        {
            assert_eq!(agrees(kind, "N1234567", state), Some(Agrees::Number), "{kind} {state}");
        }
        assert_eq!(agrees("passport", "N1234567", "NOR"), None);
        assert_eq!(agrees("Tax ID No.", "N1234567", "UTO"), None);
        assert!(document("passport", "12345", "").named().is_empty(), "anybody's");
        assert_eq!(document("passport", "12345", "UTO").named().len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_gives_few_numbers(kind in any::<String>(), number in any::<String>(), many in "[A-Z0-9, ]{0,200}") {
            prop_assert!(document(&kind, &number, "UTO").named().len() <= NUMBERS_MAX);
            prop_assert!(document("passport", &many, "").named().len() <= NUMBERS_MAX);
        }
    }
}
