//! Name text -> tokens of the letters A to Z, the one form in which names are compared.
//!
//! Takes what an MRZ, a list or a keyboard holds: `<` or spaces between tokens, any script that the
//! transliteration table knows, lower case, accents, digits that a reader took for letters. Never fails: a
//! character without a Latin reading separates tokens.
//!
//! A hyphen separates tokens and an apostrophe joins them, as ICAO Doc 9303-3 section 4.6 asks of issuers.

use super::transliterate::{Language, plain_letters};

/// Tokens kept of one name field: real names have fewer, and a bound keeps a query's cost known.
pub(super) const TOKENS_MAX: usize = 24;
/// Letters kept of one token.
pub(super) const TOKEN_LETTERS_MAX: usize = 40;

/// The tokens of `text`, upper case A to Z, at most [`TOKENS_MAX`] of at most [`TOKEN_LETTERS_MAX`] letters.
///
/// `language` chooses between a letter's readings (Ukrainian Г is H); [`Language::Unknown`] guesses from the
/// letters themselves.
pub(super) fn tokens(text: &str, language: Language) -> Vec<String> {
    let language = language.or_guess(text);
    let mut tokens = Vec::new();
    let mut token = String::new();
    for character in text.chars() {
        match character {
            'A'..='Z' => token.push(character),
            'a'..='z' => token.push(character.to_ascii_uppercase()),
            '0'..='9' => token.push(letter_for_digit(character)),
            '\'' | '`' | '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{02BB}' => continue,
            _ => {
                if !plain_letters(character, language, token.is_empty(), &mut token) {
                    finish(&mut tokens, &mut token);
                }
            }
        }
    }
    finish(&mut tokens, &mut token);
    tokens
}

fn finish(tokens: &mut Vec<String>, token: &mut String) {
    if !token.is_empty() && tokens.len() < TOKENS_MAX {
        token.truncate(TOKEN_LETTERS_MAX); // ASCII only, so every index is a boundary
        tokens.push(std::mem::take(token));
    }
    token.clear();
}

/// The letter that OCR most often turns into this digit: a name has no digits, so one is always a misreading.
fn letter_for_digit(digit: char) -> char {
    match digit {
        '0' => 'O',
        '1' => 'I',
        '2' => 'Z',
        '3' => 'E',
        '4' => 'A',
        '5' => 'S',
        '6' => 'G',
        '7' => 'T',
        '8' => 'B',
        _ => 'G',
    }
}

/// Words that join names without naming anybody: articles, "son of", "of". Their absence is no evidence.
const PARTICLES: &[&str] = &[
    "AL", "EL", "UL", "UD", "UR", "US", "ED", "ES", "AS", "AD", "AR", "AZ", "ASH", "BIN", "BEN", "IBN",
    "BINT", "BINTI", "BNT", "BT", "BN", "OULD", "WALAD", "WALD", "WLD", "OGLU", "OGLI", "OGLY", "KYZY",
    "QIZI", "ZADEH", "ZADA", "DE", "DEL", "DELA", "DELLA", "DI", "DA", "DO", "DOS", "DAS", "DU", "DES", "LA",
    "LE", "LAS", "LOS", "LES", "Y", "E", "I", "VAN", "VON", "DER", "DEN", "TER", "TEN", "ZU", "ZUR", "AF",
    "AV", "MAC", "MC", "ST", "SAN", "SANTA", "AP", "AB", "NEE", "BORN", "THE", "OF", "SON",
];

/// Titles and forms of address that travel with names on lists and never reach a passport's MRZ.
const TITLES: &[&str] = &[
    "DR",
    "PROF",
    "MR",
    "MRS",
    "MS",
    "MISS",
    "SIR",
    "HAJI",
    "HAJJI",
    "HAJ",
    "HAJJ",
    "HADJI",
    "HADJ",
    "ALHAJI",
    "SHEIKH",
    "SHEIK",
    "SHAYKH",
    "SHAIKH",
    "CHEIKH",
    "CHEIK",
    "SHIEKH",
    "MULLAH",
    "MOLLA",
    "MULLA",
    "MAULANA",
    "MAWLANA",
    "MAULAVI",
    "MAWLAWI",
    "MAULVI",
    "MOLVI",
    "MUFTI",
    "QARI",
    "HAFIZ",
    "USTAD",
    "USTADZ",
    "IMAM",
    "SAYYID",
    "SEYYED",
    "SEYED",
    "SAYED",
    "SAYYED",
    "SYED",
    "SAIYID",
    "AYATOLLAH",
    "GENERAL",
    "GEN",
    "COLONEL",
    "COL",
    "CAPTAIN",
    "CAPT",
    "MAJOR",
    "MAJ",
    "COMMANDER",
    "COMANDANTE",
    "LT",
    "BRIGADIER",
    "JUNIOR",
    "JR",
    "SENIOR",
    "SR",
    "II",
    "III",
    "ENG",
    "ENGINEER",
    "HON",
    "REV",
    "FATHER",
    "DON",
    "DONA",
    "SENOR",
];

/// Whether a token is a particle such as AL, BIN or DE.
pub(super) fn is_particle(token: &str) -> bool {
    PARTICLES.contains(&token)
}

/// Whether a token is a title such as DR, HAJI or GENERAL.
pub(super) fn is_title(token: &str) -> bool {
    TITLES.contains(&token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<String> {
        tokens(text, Language::Unknown)
    }

    #[test]
    fn mrz_and_keyboard_forms_give_the_same_tokens() {
        assert_eq!(split("ERIKSSON<<ANNA<MARIA<<<<"), ["ERIKSSON", "ANNA", "MARIA"]);
        assert_eq!(split("eriksson, anna-maria"), ["ERIKSSON", "ANNA", "MARIA"]);
        assert_eq!(split("O'CONNOR d\u{2019}Arc"), ["OCONNOR", "DARC"]);
        assert_eq!(split("ERIK550N"), ["ERIKSSON"]);
        assert_eq!(split("Ødegård Müller"), ["OEDEGAARD", "MUELLER"]);
    }

    proptest! {
        #[test]
        fn any_text_gives_bounded_tokens_of_a_to_z(text in any::<String>()) {
            let all = split(&text);
            prop_assert!(all.len() <= TOKENS_MAX);
            for token in all {
                prop_assert!(!token.is_empty() && token.len() <= TOKEN_LETTERS_MAX);
                prop_assert!(token.bytes().all(|b| b.is_ascii_uppercase()), "{token}");
            }
        }
    }
}
