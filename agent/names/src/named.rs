//! The documents that a person's alert names -> numbers that a zone's can be compared with.
//!
//! Lists write them for people: `No. AB 765432`, `C705775, AA7530281`, `A123 issued 10 Oct 2001`. What is a number is taken, also
//! without the check digit typed with it; a kind or state that is not said or not known stays open, so that a match is
//! possible at most. Numbers that no travel document bears (of a tax office, of a company) are none.
//!
//! Invariant: any text gives at most [`NUMBERS_MAX`] numbers; nothing is refused here, for the alert counts whatever its
//! documents say.

use super::index::PersonIndex;
use super::person::{PersonAlert, PersonDocument};
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

impl PersonIndex {
    /// Notes the documents of a person's alert.
    pub(super) fn add_documents(&mut self, alert: &PersonAlert, person: u32) {
        let named = alert.documents.iter().flat_map(PersonDocument::named);
        self.documents.extend(named.map(|named| (hash(&named.number), person)));
    }

    /// Whether any alert names a document.
    pub fn names_documents(&self) -> bool {
        !self.documents.is_empty()
    }

    /// The ids of the alerts that name a document of this number, and of hardly any other: the numbers are stored as hashes
    /// of 32 bits, so look what [`PersonDocument::named`] says of the alert.
    pub fn naming(&self, number: &Number) -> impl Iterator<Item = &str> {
        let hash = hash(number);
        let first = self.documents.partition_point(|(other, _)| *other < hash);
        let named = self.documents[first..].iter().take_while(move |(other, _)| *other == hash);
        named.map(|(_, person)| self.id(*person))
    }
}

/// Folded multiplication, 8 characters at a time; the constants are of the golden ratio.
fn hash(number: &Number) -> u32 {
    let fold = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
        wide as u64 ^ (wide >> 64) as u64
    };
    let words = number.chars().chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    (words.fold(number.chars().len() as u64, fold) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::PersonName;
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

    #[test]
    fn an_index_finds_every_alert_that_names_a_number_and_few_others() {
        let alert = |n: u32| PersonAlert {
            id: format!("p{n}"),
            names: vec![PersonName { full: format!("ANN MOE {n}"), ..PersonName::default() }],
            documents: vec![document("passport", &format!("A{n:07}, B{:07}", n % 100), "UTO")],
            ..PersonAlert::default()
        };
        let index = PersonIndex::build((0..5_000).map(alert));
        let mut others = 0;
        for n in 0..5_000 {
            let own: Vec<&str> = index.naming(&Number::new(&format!("A{n:07}")).unwrap()).collect();
            assert!(own.contains(&format!("p{n}").as_str()));
            others += own.len() - 1;
        }
        assert!(others < 10, "{others} of 5,000");
        let shared: Vec<&str> = index.naming(&Number::new("B0000007").unwrap()).collect();
        assert!(
            shared.len() >= 50 && (0..50).all(|n| shared.contains(&format!("p{}", n * 100 + 7).as_str()))
        );
        assert!(index.names_documents() && !PersonIndex::default().names_documents());
    }

    proptest! {
        #[test]
        fn any_text_gives_few_numbers(kind in any::<String>(), number in any::<String>(), many in "[A-Z0-9, ]{0,200}") {
            prop_assert!(document(&kind, &number, "UTO").named().len() <= NUMBERS_MAX);
            prop_assert!(document("passport", &many, "").named().len() <= NUMBERS_MAX);
        }
    }
}
