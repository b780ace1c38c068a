//! The cells of a list of documents -> what a machine readable zone can carry.
//!
//! A list is written for people, a zone is read by machines: a cell that no zone can ever carry would be an alert that
//! never matches, and its document would read Clear. So a cell is taken as it is, translated (and the report says so), or
//! refused with the reason; nothing is guessed in silence.
//!
//! | cell | translated | refused |
//! |---|---|---|
//! | issuing state | names, ISO 3166-1 alpha-2 | what is no code of ISO 3166-1 or ICAO Doc 9303-3 |
//! | document type | words for kinds of document in several languages | what is neither a zone's code nor such a word |
//! | document number | several numbers in one cell, `No.` before one, a check digit behind it | prose, brackets, scientific notation, no digit |

use crate::publishing::imports::states::state_code;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use vedette_shim::document::{Number, State};
use vedette_shim::mrz;
use vedette_shim::states::is_code;

const WITH_CHECK_DIGIT: &str = "number ends with its own check digit: listed with and without it";

/// Most numbers in one cell.
const NUMBERS_MAX: usize = 8;
/// A word of at least so many letters, without a digit, is prose and no part of a number.
const PROSE_LETTERS_MIN: usize = 4;

/// A cell's value, and how it was translated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cell<T> {
    pub(crate) value: T,
    /// What was done to it, for the report; none if it is taken as it is.
    pub(crate) repaired: Option<&'static str>,
}

fn plain<T>(value: T) -> Cell<T> {
    Cell { value, repaired: None }
}

/// An issuing state.
pub(crate) fn state(text: &str) -> Result<Cell<State>, String> {
    let upper = text.trim_matches('<').to_ascii_uppercase();
    if is_code(&upper) {
        return State::new(&upper).map(plain).map_err(|error| error.to_string());
    }
    let translated = state_code(text).filter(|code| is_code(code)).and_then(|code| State::new(&code).ok());
    translated
        .map(|value| Cell { value, repaired: Some("issuing state translated to its ICAO code") })
        .ok_or_else(|| {
            "it is no code of ISO 3166-1 or ICAO Doc 9303-3, and no state's name in English".into()
        })
}

/// Words for kinds of document, without accents, and the letter of a zone's code that such a document has.
const TYPES: &[(&str, &[&str])] = &[
    (
        "P",
        &[
            "PASSPORT",
            "ORDINARY PASSPORT",
            "NATIONAL PASSPORT",
            "ELECTRONIC PASSPORT",
            "EPASSPORT",
            "E PASSPORT",
            "BIOMETRIC PASSPORT",
            "DIPLOMATIC PASSPORT",
            "SERVICE PASSPORT",
            "OFFICIAL PASSPORT",
            "SPECIAL PASSPORT",
            "EMERGENCY PASSPORT",
            "TEMPORARY PASSPORT",
            "ALIENS PASSPORT",
            "PASSPORT BOOK",
            "TRAVEL DOCUMENT",
            "REFUGEE TRAVEL DOCUMENT",
            "CONVENTION TRAVEL DOCUMENT",
            "EMERGENCY TRAVEL DOCUMENT",
            "LAISSEZ PASSER",
            "PASSEPORT",
            "PASSEPORT DIPLOMATIQUE",
            "PASSEPORT DE SERVICE",
            "TITRE DE VOYAGE",
            "REISEPASS",
            "DIPLOMATENPASS",
            "DIENSTPASS",
            "PASS",
            "PASAPORTE",
            "PASAPORTE DIPLOMATICO",
            "PASSAPORTO",
            "PASSAPORTE",
            "PASPOORT",
            "PASPORT",
            "PASZPORT",
            "PASAPORT",
            "PAS",
            "DIPLOMATIC",
            "SERVICE",
            "OFFICIAL",
            "D",
            "S",
            "O",
            "E",
            "T",
        ],
    ),
    (
        "I",
        &[
            "IDENTITY CARD",
            "ID CARD",
            "NATIONAL ID",
            "NATIONAL ID CARD",
            "NATIONAL IDENTITY CARD",
            "NATIONAL IDENTIFICATION CARD",
            "IDENTIFICATION CARD",
            "IDENTITY DOCUMENT",
            "PASSPORT CARD",
            "PERMANENT RESIDENT CARD",
            "GREEN CARD",
            "RESIDENCE PERMIT",
            "RESIDENT PERMIT",
            "RESIDENCE CARD",
            "RESIDENT CARD",
            "BORDER CROSSING CARD",
            "CREW MEMBER CERTIFICATE",
            "CARTE D IDENTITE",
            "CARTE NATIONALE D IDENTITE",
            "CNI",
            "TITRE DE SEJOUR",
            "CARTE DE SEJOUR",
            "PERSONALAUSWEIS",
            "AUSWEIS",
            "AUFENTHALTSTITEL",
            "DOCUMENTO DE IDENTIDAD",
            "DOCUMENTO NACIONAL DE IDENTIDAD",
            "DNI",
            "CEDULA",
            "CEDULA DE IDENTIDAD",
            "CEDULA DE CIUDADANIA",
            "PERMISO DE RESIDENCIA",
            "CARTA D IDENTITA",
            "PERMESSO DI SOGGIORNO",
            "BILHETE DE IDENTIDADE",
            "CARTAO DE CIDADAO",
            "IDENTITEITSKAART",
            "VERBLIJFSDOCUMENT",
            "DOWOD OSOBISTY",
            "NIC",
        ],
    ),
    ("V", &["VISA", "VISUM", "VISADO", "VISTO", "ENTRY VISA", "SCHENGEN VISA"]),
];

/// A document's type: the letters that begin its zone.
pub(crate) fn kind(text: &str) -> Result<Cell<String>, String> {
    let code = text.trim_matches(['<', ' ']).to_ascii_uppercase();
    let is_zone_code = |code: &str| {
        let mut letters = code.bytes();
        matches!(letters.next(), Some(b'A' | b'C' | b'I' | b'P' | b'R' | b'V'))
            && letters.all(|b| b.is_ascii_uppercase())
            && code.len() <= 2
    };
    if is_zone_code(&code) {
        return Ok(plain(code));
    }
    let word = plain_word(text);
    let known = TYPES.iter().find(|(_, words)| words.contains(&word.as_str()));
    known.map(|(code, _)| Cell { value: (*code).to_string(), repaired: Some("document type translated to a zone's code") }).ok_or_else(
        || {
            "it is no code of a zone (P, I, V, A, C, R and a second letter) and no known word (passport, identity card, \
             residence permit, visa, ...)"
                .into()
        },
    )
}

/// Upper case, without accents or punctuation, words parted by one blank.
fn plain_word(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_uppercase()
}

/// The numbers of a cell: usually one.
pub(crate) fn numbers(text: &str) -> Result<Cell<Vec<Number>>, String> {
    // Nearly every number is letters and digits alone; of those only one that begins like a word for "number" needs more.
    if text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
        && !text.starts_with(['N', 'n'])
    {
        let number = Number::new(text).map_err(|error| error.to_string())?;
        return Ok(match without_check_digit(&number) {
            Some(bare) => Cell { value: vec![bare, number], repaired: Some(WITH_CHECK_DIGIT) },
            None => plain(vec![number]),
        });
    }
    if is_scientific(text) {
        return Err(
            "it is in scientific notation, its last digits are lost: format the column as text".into()
        );
    }
    if let Some(c) =
        text.chars().find(|c| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ':' | '?' | '*' | '='))
    {
        return Err(format!("it has {c:?}: only the number belongs here, all else into remark"));
    }
    let parts: Vec<&str> =
        text.split([',', ';', '|']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > NUMBERS_MAX {
        return Err(format!("more than {NUMBERS_MAX} numbers in one cell"));
    }
    let mut repaired = (parts.len() > 1).then_some("several numbers in one cell, each listed");
    let mut numbers = Vec::new();
    for part in &parts {
        let bare = without_word_for_number(part);
        if bare.len() != part.len() {
            repaired = repaired.or(Some("the word for \"number\" left out"));
        }
        if let Some(word) = bare.split_whitespace().find(|word| is_prose(word)) {
            return Err(format!("{word:?} is a word: only the number belongs here, all else into remark"));
        }
        let number = Number::new(bare).map_err(|error| error.to_string())?;
        if !number.as_str().bytes().any(|b| b.is_ascii_digit()) {
            return Err("it has no digit, and a document's number has".into());
        }
        if let Some(bare) = without_check_digit(&number) {
            repaired = repaired.or(Some(WITH_CHECK_DIGIT));
            numbers.push(bare);
        }
        numbers.push(number);
    }
    match numbers.is_empty() {
        true => Err("it has no letter or digit".into()),
        false => Ok(Cell { value: numbers, repaired }),
    }
}

/// A passport's number without the check digit that was typed with it: nine characters and the digit that a zone has
/// behind them. One number of ten in ten ends so by chance, so the whole is listed too.
fn without_check_digit(number: &Number) -> Option<Number> {
    let (last, nine) = number.chars().split_last()?;
    (nine.len() == 9 && last.is_ascii_digit() && mrz::check_digit(nine) == *last)
        .then(|| Number::from_chars(nine))
        .flatten()
}

/// `1.23457E+08`: what a spreadsheet makes of a long number. A number such as `1E5` may be a document's own.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.trim().split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let signed = exponent.starts_with(['+', '-']);
    let exponent = exponent.trim_start_matches(['+', '-']);
    let fraction =
        mantissa.split_once(['.', ',']).map_or(!signed, |(whole, part)| !(digits(whole) && digits(part)));
    digits(exponent) && (signed && digits(mantissa) || !fraction)
}

fn is_prose(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).count() >= PROSE_LETTERS_MIN
        && !word.chars().any(|c| c.is_numeric())
}

/// The number without the "No." before it.
fn without_word_for_number(text: &str) -> &str {
    const WORDS: [&str; 8] = ["no.", "nr.", "n\u{b0}", "n\u{ba}", "num.", "number", "\u{2116}", "#"];
    let lower = text.to_lowercase();
    let word = WORDS.iter().find(|word| lower.starts_with(**word));
    match word {
        // Lower case keeps these characters' lengths, so the place is the same in both.
        Some(word) => text.get(word.len()..).map_or(text, |rest| rest.trim_start_matches(['.', ':', ' '])),
        None => match lower.strip_prefix("no ").or_else(|| lower.strip_prefix("nr ")) {
            Some(rest) => text.get(text.len() - rest.len()..).unwrap_or(text),
            None => text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_codes_or_translated_or_refused() {
        for (text, code, is_translated) in [
            ("UTO", "UTO", false),
            ("d", "DEU", false),
            ("ROM", "ROM", false),
            ("XXA", "XXA", false),
            ("DE", "DEU", true),
            ("GB", "GBR", true),
            ("UK", "GBR", true),
            ("Norway", "NOR", true),
        ] {
            let cell = state(text).unwrap();
            assert_eq!(
                (cell.value.letters().as_str(), cell.repaired.is_some()),
                (code, is_translated),
                "{text}"
            );
        }
        for text in ["ENG", "EUT", "Atlantis", "12", "", "USAX"] {
            assert!(state(text).is_err(), "{text}");
        }
    }

    #[test]
    fn types_are_codes_or_known_words_or_refused() {
        for (text, code) in [
            ("P", "P"),
            ("pd", "PD"),
            ("I<", "I"),
            ("RP", "RP"),
            ("Reisepass", "P"),
            ("Service passport", "P"),
            ("D", "P"),
            ("Travel document", "P"),
            ("National ID", "I"),
            ("Permanent resident card", "I"),
            ("Carte d'identité", "I"),
            ("Visa", "V"),
        ] {
            assert_eq!(kind(text).unwrap().value, code, "{text}");
        }
        for text in ["Driving licence", "7", "X", "IDENTITY", "Birth certificate"] {
            assert!(kind(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_numbers_and_nothing_else() {
        let found = |text: &str| {
            numbers(text).map(|cell| cell.value.iter().map(|n| n.as_str().to_string()).collect::<Vec<_>>())
        };
        for (text, wanted) in [
            ("4509 123456", &["4509123456"][..]),
            ("ab-12/3.4", &["AB1234"]),
            ("No. AB7654321", &["AB7654321"]),
            ("N\u{b0} 123", &["123"]),
            ("C705775 ,AA7530281", &["C705775", "AA7530281"]),
            ("1E5", &["1E5"]),
            ("L898902C36", &["L898902C3", "L898902C36"]),
            ("NO123456", &["NO123456"]),
        ] {
            assert_eq!(found(text).unwrap(), wanted, "{text}");
        }
        for text in [
            "1.23457E+08",
            "1E+08",
            "AB7654322 (expired)",
            "Utopian passport number D00012345",
            "123456780 (issued 10 Oct. 2001)",
            "UNKNOWN",
            "---",
            ",",
        ] {
            assert!(found(text).is_err(), "{text}");
        }
    }
}
