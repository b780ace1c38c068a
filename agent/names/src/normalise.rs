//! Name text -> tokens of the letters A to Z, the one form in which names are compared.
//!
//! Takes what an MRZ, a list or a keyboard holds: `<` or spaces between tokens, letters of any script that `script`
//! reads, composed or decomposed, wide or narrow, upper or lower case, digits that a reader took for letters, signs that
//! nobody sees. Never fails: a character of no covered script separates tokens.
//!
//! A hyphen separates tokens and an apostrophe joins them, as ICAO Doc 9303-3 section 4.6 asks of issuers; what Unicode
//! prints nothing for (soft hyphen, ZWNJ, ZWJ) joins as well. Invariant: tokens read again are the same tokens.

use super::script::{self, BREAK, Language, Script};

/// Tokens kept of one name field: real names have fewer, and a bound keeps a query's cost known.
pub(super) const TOKENS_MAX: usize = 24;
/// Letters kept of one token.
pub(super) const TOKEN_LETTERS_MAX: usize = 40;

/// The tokens of `text`, upper case A to Z, at most [`TOKENS_MAX`] of at most [`TOKEN_LETTERS_MAX`] letters.
///
/// `language` chooses between a letter's readings (Ukrainian Г is H); [`Language::Unknown`] guesses from the
/// letters themselves.
pub(super) fn tokens(text: &str, language: Language) -> Vec<String> {
    let letters = letters(text);
    let language = language.or_guess(&letters);
    let mut tokens = Vec::new();
    for word in letters.split(|&letter| letter == BREAK).filter(|word| !word.is_empty()) {
        read(word, language, &mut tokens);
    }
    tokens
}

/// The letters of a text that a script knows, composed and upper case, with [`BREAK`] for all that separates.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'A'..='Z' => letters.push(character),
            'a'..='z' => letters.push(character.to_ascii_uppercase()),
            '0'..='9' => letters.push(letter_for_digit(character)),
            _ if is_silent(character) => {}
            _ if is_mark(character) => mark(&mut letters, character),
            _ => {
                let known = letters.len();
                for letter in narrow(character).to_uppercase().map(unicase) {
                    if is_mark(letter) {
                        mark(&mut letters, letter);
                    } else if script::script_of(letter).is_some() {
                        letters.push(letter);
                    }
                }
                if letters.len() == known {
                    letters.push(BREAK);
                }
            }
        }
    }
    letters
}

/// Whether a letter is one that a script knows, or is left out on purpose.
pub(super) fn is_known(letter: char) -> bool {
    is_silent(letter)
        || is_mark(letter)
        || letters(letter.encode_utf8(&mut [0; 4])).iter().all(|&one| one != BREAK)
}

/// Sets a mark upon the last letter.
fn mark(letters: &mut [char], mark: char) {
    if let Some(last) = letters.last_mut() {
        *last = script::compose(*last, mark).unwrap_or(*last);
    }
}

/// Adds the tokens of a word, which may change its script within.
fn read(word: &[char], language: Language, tokens: &mut Vec<String>) {
    let mut text = String::with_capacity(word.len());
    let script = |letter: &char| script::script_of(*letter).unwrap_or(Script::Latin);
    for run in word.chunk_by(|a, b| script(a) == script(b)) {
        script::read(script(&run[0]), run, language, &mut text);
    }
    for token in text.split(BREAK).filter(|token| !token.is_empty()) {
        if tokens.len() < TOKENS_MAX {
            let mut token = without_escapes(token);
            token.truncate(TOKEN_LETTERS_MAX); // ASCII only, so every index is a boundary
            tokens.push(token);
        }
    }
}

/// NXX for Ñ and UXX for Ü, as Doc 9303-3 section 6 A lets issuers write them, are read as N and U.
fn without_escapes(token: &str) -> String {
    let mut token = token.to_owned();
    while let Some(at) = token.find("NXX").or_else(|| token.find("UXX")) {
        token.replace_range(at + 1..at + 3, "");
    }
    token
}

/// What stands within words and is not read: apostrophes of every shape, what is not printed, and signs of the Arabic
/// and Hebrew scripts that the readings leave out.
fn is_silent(character: char) -> bool {
    matches!(u32::from(character),
        0x27 | 0x60 | 0xB4 | 0x2B0..=0x2FF | 0x2018..=0x201D | 0x2032..=0x2033 | 0x2035 | 0xFF07 | 0xA78B | 0xA78C
        | 0x559..=0x55F | 0x5F3 | 0x5F4
        | 0xAD | 0x34F | 0x61C | 0x180B..=0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2069 | 0xFE00..=0xFE0F | 0xFEFF
        | 0x591..=0x5AF | 0x610..=0x61A | 0x640 | 0x64B..=0x652 | 0x656..=0x65F | 0x670 | 0x6D6..=0x6DC | 0x6DF..=0x6E8 | 0x6EA..=0x6ED)
}

/// A mark that stands upon the letter before it.
fn is_mark(character: char) -> bool {
    matches!(u32::from(character),
        0x300..=0x344 | 0x346..=0x36F | 0x483..=0x489 | 0x653..=0x655 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0x3099 | 0x309A | 0xFE20..=0xFE2F)
}

/// A full-width letter or digit as the ordinary one.
fn narrow(character: char) -> char {
    match u32::from(character) {
        code @ (0xFF21..=0xFF3A | 0xFF41..=0xFF5A) => char::from_u32(code - 0xFEE0).unwrap_or(character),
        code @ 0xFF10..=0xFF19 => letter_for_digit(char::from_u32(code - 0xFEE0).unwrap_or('0')),
        _ => character,
    }
}

/// The letter that the scripts' tables have: Georgian has a capital for headlines only.
fn unicase(letter: char) -> char {
    match u32::from(letter) {
        code @ 0x1C90..=0x1CBA => char::from_u32(code - 0xBC0).unwrap_or(letter),
        _ => letter,
    }
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
