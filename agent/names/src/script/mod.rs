//! A word of any covered script -> the letters A to Z that a passport's zone would have for it.
//!
//! Latin and Cyrillic letters read as ICAO Doc 9303 part 3, section 6 says; the other scripts as their states' own
//! rules for passports do, each named in its file. One reading a word: where owners choose between several, the
//! matcher bridges them, and what needs a dictionary (Han) is read at import (`readings`).
//!
//! A word is composed (see [`compose`]), upper case and free of what does not sound (see `normalise`). Never fails: a
//! letter of a covered script that is not in its table is left out. Tables are packed texts, since on a small device
//! a slice of pairs takes ten times their room.

mod alphabets;
mod arabic;
mod cyrillic;
mod ethiopic;
mod hangul;
mod indic;
mod kana;
mod latin;
mod packed;
mod thai;

pub(super) use cyrillic::Language;
pub(super) use hangul::BREAK;

/// A script with letters that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    /// Devanagari, Bengali and their kin, whose blocks are alike.
    Indic,
    /// Thai, and Lao as its twin.
    Thai,
    Georgian,
    Hangul,
    Ethiopic,
    Kana,
}

/// The script of a letter or of a sign that belongs to one; None for all else.
pub(super) fn script_of(letter: char) -> Option<Script> {
    Some(match u32::from(letter) {
        0x41..=0x5A | 0xC0..=0xD6 | 0xD8..=0x2AF | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA7A0..=0xA7AF => {
            Script::Latin
        }
        0x370..=0x373 | 0x376..=0x377 | 0x37F..=0x386 | 0x388..=0x3FF | 0x1F00..=0x1FFC
            if letter.is_alphabetic() =>
        {
            Script::Greek
        }
        0x400..=0x481 | 0x48A..=0x52F => Script::Cyrillic,
        0x531..=0x556 => Script::Armenian,
        0x5B0..=0x5BD | 0x5BF | 0x5C1..=0x5C2 | 0x5C7 | 0x5D0..=0x5EA => Script::Hebrew,
        0x620..=0x669 | 0x66E..=0x6D3 | 0x6D5 | 0x6EE..=0x6FF | 0x750..=0x77F => Script::Arabic,
        0x900..=0xDFF => Script::Indic,
        0xE01..=0xE4E | 0xE81..=0xEDF => Script::Thai,
        0x10D0..=0x10FA => Script::Georgian,
        0x1100..=0x11FF | 0xAC00..=0xD7A3 => Script::Hangul,
        0x1200..=0x135A => Script::Ethiopic,
        0x3041..=0x3096 | 0x309D..=0x309E | 0x30A1..=0x30FA | 0x30FC..=0x30FE => Script::Kana,
        _ => return None,
    })
}

/// Appends the reading of `word`, letters of one script, to `out`: A to Z and [`BREAK`].
pub(super) fn read(script: Script, word: &[char], language: Language, out: &mut String) {
    match script {
        Script::Latin => latin::read(word, out),
        Script::Greek => alphabets::greek(word, out),
        Script::Cyrillic => cyrillic::read(word, language, out),
        Script::Armenian => alphabets::armenian(word, out),
        Script::Hebrew => alphabets::hebrew(word, out),
        Script::Arabic => arabic::read(word, out),
        Script::Indic => indic::read(word, out),
        Script::Thai => thai::read(word, out),
        Script::Georgian => alphabets::georgian(word, out),
        Script::Hangul => hangul::read(word, out),
        Script::Ethiopic => ethiopic::read(word, out),
        Script::Kana => kana::read(word, out),
    }
}

/// The letter that `base` and the combining `mark` after it are, where it reads otherwise than `base` alone: a part of
/// Unicode's composition, so that decomposed text reads like composed text.
pub(super) fn compose(base: char, mark: char) -> Option<char> {
    const PAIRS: &str = "A\u{308}Ä O\u{308}Ö U\u{308}Ü A\u{30A}Å A\u{302}Â U\u{302}Û S\u{302}Ŝ C\u{30C}Č S\u{30C}Š Z\u{30C}Ž И\u{306}Й І\u{308}Ї У\u{306}Ў Г\u{301}Ѓ К\u{301}Ќ \
        Е\u{308}Ё Ж\u{308}Ӝ Ч\u{308}Ӵ А\u{306}Ӑ А\u{308}Ӓ Е\u{300}Ѐ Е\u{306}Ӗ Ж\u{306}Ӂ З\u{308}Ӟ И\u{300}Ѝ И\u{304}Ӣ \
        И\u{308}Ӥ О\u{308}Ӧ У\u{304}Ӯ У\u{308}Ӱ У\u{30B}Ӳ Ы\u{308}Ӹ Э\u{308}Ӭ Ι\u{308}Ϊ Υ\u{308}Ϋ \u{627}\u{653}\u{622} \u{627}\u{654}\u{623} \
        \u{627}\u{655}\u{625} \u{648}\u{654}\u{624} \u{64A}\u{654}\u{626} \u{6C1}\u{654}\u{6C2} \
        \u{6D2}\u{654}\u{6D3} \u{6D5}\u{654}\u{6C0}";
    // A second mark makes another letter of these, which reads as the plain one: Vietnamese Ấ is no Â of ISO 9.
    const TWICE_MARKED: [(char, char); 6] =
        [('Â', 'A'), ('Û', 'U'), ('Ŝ', 'S'), ('Č', 'C'), ('Š', 'S'), ('Ž', 'Z')];
    let known = PAIRS.split(' ').find_map(|pair| {
        let mut letters = pair.chars();
        (letters.next() == Some(base) && letters.next() == Some(mark)).then(|| letters.next()).flatten()
    });
    let twice = || TWICE_MARKED.iter().find(|(letter, _)| *letter == base).map(|(_, plain)| *plain);
    known.or_else(|| kana::voiced(base, mark)).or_else(twice)
}

#[cfg(test)]
mod tests;
