//! Letters outside A to Z -> the letters a machine readable zone writes for them.
//!
//! Source: ICAO Doc 9303 part 3, section 6: A Latin, B Cyrillic, C Arabic with its X escapes, and the readings
//! that hold for one language only (Ukrainian, Belarusian, Serbian, Macedonian, Bulgarian). Two outputs:
//! - [`to_mrz`] writes what an issuer prints, escapes included (`XSH` for Arabic ش);
//! - `plain_letters`, for matching, writes the escape's sound (`SH`), since passports of Arabic states print a
//!   transcription and never the escapes.
//!
//! A letter with several permitted readings gives the first (Ä is AE, not A); the matcher bridges the others. Teh
//! marbuta is XAH at a word's end and XTA within.

/// A language whose readings differ from the common ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Not known: guessed from letters that only one language uses, else the common readings.
    #[default]
    Unknown,
    /// The common readings, as for Russian.
    Common,
    /// Belarusian: Г is H, Ё is IO.
    Belarusian,
    /// Ukrainian: Г is H, И is Y, and Є Ї Й Ю Я begin a word with Y.
    Ukrainian,
    /// Serbian: Ж Ч Ш without H, Х is H, Ц is C.
    Serbian,
    /// Macedonian: Х is H, Ц is C, Ѓ is GJ, Ќ is KJ.
    Macedonian,
    /// Bulgarian: Щ is SHT.
    Bulgarian,
}

impl Language {
    /// The language of a state's names, from its ICAO three-letter code.
    pub fn of_state(code: &str) -> Language {
        match code {
            "BLR" => Language::Belarusian,
            "UKR" => Language::Ukrainian,
            "SRB" | "MNE" => Language::Serbian,
            "MKD" => Language::Macedonian,
            "BGR" => Language::Bulgarian,
            _ => Language::Unknown,
        }
    }

    /// This language, or, when unknown, the one whose own letters occur in `text`.
    pub fn or_guess(self, text: &str) -> Language {
        if self != Language::Unknown || text.is_ascii() {
            return self;
        }
        for letter in text.chars().map(upper) {
            match letter {
                'Ў' => return Language::Belarusian,
                'Ї' | 'Є' | 'Ґ' => return Language::Ukrainian,
                'Ђ' | 'Ћ' => return Language::Serbian,
                'Ѓ' | 'Ќ' | 'Ѕ' => return Language::Macedonian,
                _ => {}
            }
        }
        Language::Common
    }
}

/// Readings of single letters common to all languages: `letters=reading`, upper case.
const LATIN: &[(&str, &str)] = &[
    ("ÀÁÂÃĀĂĄ", "A"),
    ("Ä", "AE"),
    ("Å", "AA"),
    ("Æ", "AE"),
    ("ÇĆĈĊČ", "C"),
    ("ÐĎĐ", "D"),
    ("ÈÉÊËĒĔĖĘĚ", "E"),
    ("ĜĞĠĢ", "G"),
    ("ĤĦ", "H"),
    ("ÌÍÎÏĨĪĬĮİ", "I"),
    ("Ĳ", "IJ"),
    ("Ĵ", "J"),
    ("Ķ", "K"),
    ("ĹĻĽĿŁ", "L"),
    ("ÑŃŅŇŊ", "N"),
    ("ÒÓÔÕŌŎŐ", "O"),
    ("ÖØŒ", "OE"),
    ("ŔŖŘ", "R"),
    ("ŚŜŞŠȘ", "S"),
    ("ẞ", "SS"),
    ("ŢŤŦȚ", "T"),
    ("Þ", "TH"),
    ("ÙÚÛŨŪŬŮŰŲ", "U"),
    ("Ü", "UE"),
    ("Ŵ", "W"),
    ("ÝŶŸ", "Y"),
    ("ŹŻŽ", "Z"),
    ("Ə", "E"),
];

const CYRILLIC: &[(&str, &str)] = &[
    ("А", "A"),
    ("Б", "B"),
    ("В", "V"),
    ("ГҐҒ", "G"),
    ("Д", "D"),
    ("ЕЁЭ", "E"),
    ("Ж", "ZH"),
    ("З", "Z"),
    ("ИЙІЇ", "I"),
    ("К", "K"),
    ("Л", "L"),
    ("М", "M"),
    ("Н", "N"),
    ("О", "O"),
    ("П", "P"),
    ("Р", "R"),
    ("С", "S"),
    ("Т", "T"),
    ("УЎѪ", "U"),
    ("Ф", "F"),
    ("Х", "KH"),
    ("Ц", "TS"),
    ("Ч", "CH"),
    ("Ш", "SH"),
    ("Щ", "SHCH"),
    ("ЪЄ", "IE"),
    ("ЫѴ", "Y"),
    ("Ю", "IU"),
    ("Я", "IA"),
    ("Ђ", "D"),
    ("Ѓ", "G"),
    ("Ѕ", "DZ"),
    ("Ј", "J"),
    ("Љ", "LJ"),
    ("Њ", "NJ"),
    ("Ќ", "K"),
    ("Џ", "DZ"),
    ("Ћ", "C"),
    ("Һ", "C"),
    ("Ь", ""),
];

/// Arabic letters with their escapes; the hamza carriers, the shadda and the vowel signs are in the code below.
const ARABIC: &[(char, &str)] = &[
    ('ء', "XE"),
    ('آ', "XAA"),
    ('أ', "XAE"),
    ('ؤ', "U"),
    ('إ', "I"),
    ('ئ', "XI"),
    ('ا', "A"),
    ('ب', "B"),
    ('ة', "XTA"),
    ('ت', "T"),
    ('ث', "XTH"),
    ('ج', "J"),
    ('ح', "XH"),
    ('خ', "XKH"),
    ('د', "D"),
    ('ذ', "XDH"),
    ('ر', "R"),
    ('ز', "Z"),
    ('س', "S"),
    ('ش', "XSH"),
    ('ص', "XSS"),
    ('ض', "XDZ"),
    ('ط', "XTT"),
    ('ظ', "XZZ"),
    ('ع', "E"),
    ('غ', "G"),
    ('ـ', ""),
    ('ف', "F"),
    ('ق', "Q"),
    ('ك', "K"),
    ('ل', "L"),
    ('م', "M"),
    ('ن', "N"),
    ('ه', "H"),
    ('و', "W"),
    ('ى', "XAY"),
    ('ي', "Y"),
    ('ٱ', "XXA"),
    ('ٹ', "XXT"),
    ('ټ', "XRT"),
    ('پ', "P"),
    ('ځ', "XKE"),
    ('څ', "XXH"),
    ('چ', "XC"),
    ('ڈ', "XXD"),
    ('ډ', "XDR"),
    ('ڑ', "XXR"),
    ('ړ', "XRR"),
    ('ږ', "XRX"),
    ('ژ', "XJ"),
    ('ښ', "XXS"),
    ('ڜ', ""),
    ('ڢ', ""),
    ('ڧ', ""),
    ('ڨ', ""),
    ('ک', "XKK"),
    ('ګ', "XXK"),
    ('ڭ', "XNG"),
    ('گ', "XGG"),
    ('ں', "XNN"),
    ('ڼ', "XXN"),
    ('ھ', "XDO"),
    ('ۀ', "XYH"),
    ('ہ', "XXG"),
    ('ۂ', "XGE"),
    ('ۃ', "XTG"),
    ('ی', "XYA"),
    ('ۍ', "XXY"),
    ('ې', "Y"),
    ('ے', "XYB"),
    ('ۓ', "XBE"),
];

/// How an escaped Arabic reading sounds, for the matcher: (escape, letters).
const SOUNDS: &[(&str, &str)] = &[
    ("XE", ""),
    ("XAA", "A"),
    ("XAE", "A"),
    ("XI", "I"),
    ("XTA", "A"),
    ("XTH", "TH"),
    ("XH", "H"),
    ("XKH", "KH"),
    ("XDH", "DH"),
    ("XSH", "SH"),
    ("XSS", "S"),
    ("XDZ", "D"),
    ("XTT", "T"),
    ("XZZ", "Z"),
    ("E", "A"),
    ("G", "GH"),
    ("XAY", "A"),
    ("XXA", "A"),
    ("XXT", "T"),
    ("XRT", "T"),
    ("XKE", "DZ"),
    ("XXH", "TS"),
    ("XC", "CH"),
    ("XXD", "D"),
    ("XDR", "D"),
    ("XXR", "R"),
    ("XRR", "R"),
    ("XRX", "ZH"),
    ("XJ", "ZH"),
    ("XXS", "SH"),
    ("XKK", "K"),
    ("XXK", "G"),
    ("XNG", "NG"),
    ("XGG", "G"),
    ("XNN", "N"),
    ("XXN", "N"),
    ("XDO", "H"),
    ("XYH", "H"),
    ("XXG", "H"),
    ("XGE", "H"),
    ("XTG", "A"),
    ("XYA", "Y"),
    ("XXY", "Y"),
    ("XYB", "Y"),
    ("XBE", "Y"),
];

const SHADDA: char = '\u{0651}';

fn upper(letter: char) -> char {
    letter.to_uppercase().next().unwrap_or(letter)
}

/// The reading that holds in one language only, of an upper-case letter.
fn own_reading(letter: char, language: Language, first: bool) -> Option<&'static str> {
    use Language::*;
    Some(match (letter, language) {
        ('Ё', Belarusian) => "IO",
        ('Г', Belarusian | Serbian | Ukrainian) => "H",
        ('И', Ukrainian) => "Y",
        ('Є', Ukrainian) if first => "YE",
        ('Ї', Ukrainian) if first => "YI",
        ('Й', Ukrainian) if first => "Y",
        ('Ю', Ukrainian) if first => "YU",
        ('Я', Ukrainian) if first => "YA",
        ('Ж', Serbian) => "Z",
        ('Ч', Serbian) => "C",
        ('Ш', Serbian) => "S",
        ('Х', Serbian | Macedonian) => "H",
        ('Ц', Serbian | Macedonian) => "C",
        ('Ќ', Macedonian) => "KJ",
        ('Џ', Macedonian) => "DJ",
        ('Ѓ' | 'Ғ', Macedonian) => "GJ",
        ('Щ', Bulgarian) => "SHT",
        _ => return None,
    })
}

/// ICAO's reading of one letter, or None where the table has none.
fn reading(letter: char, language: Language, first: bool) -> Option<&'static str> {
    if letter == 'ß' {
        return Some("SS");
    }
    let capital = upper(letter);
    if let Some(own) = own_reading(capital, language, first) {
        return Some(own);
    }
    if let Some((_, arabic)) = ARABIC.iter().find(|(known, _)| *known == letter) {
        return Some(arabic);
    }
    if matches!(letter, '\u{064B}'..='\u{0650}' | '\u{0652}' | '\u{0670}') {
        return Some(""); // vowel signs are not written
    }
    let table = if ('\u{0400}'..='\u{052F}').contains(&capital) { CYRILLIC } else { LATIN };
    table.iter().find(|(letters, _)| letters.contains(capital)).map(|(_, text)| *text)
}

/// `text` as an issuer writes it in a machine readable zone: A to Z, `<` between words, escapes for Arabic.
///
/// An apostrophe is left out and any other character without a reading becomes one `<` (Doc 9303-3, 4.6).
pub fn to_mrz(text: &str, language: Language) -> String {
    let language = language.or_guess(text);
    let mut out = String::with_capacity(text.len());
    let mut last_start = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let start = out.len();
        if letter == SHADDA {
            let doubled = out[last_start..].to_owned(); // a shadda doubles the letter before it
            out.push_str(&doubled);
            continue;
        }
        if letter.is_ascii_alphabetic() {
            out.push(letter.to_ascii_uppercase());
        } else if matches!(letter, '\'' | '\u{2019}' | '\u{02BC}') {
            continue;
        } else {
            let first = out.is_empty() || out.ends_with('<');
            match reading(letter, language, first) {
                Some("XTA") if !letters.peek().is_some_and(|next| next.is_alphabetic()) => {
                    out.push_str("XAH")
                }
                Some(text) => out.push_str(text),
                None if !first => out.push('<'),
                None => {}
            }
        }
        last_start = start;
    }
    out.trim_end_matches('<').to_owned()
}

/// Appends how `letter` sounds in A to Z to `token`; false when the letter ends the token.
///
/// `first` says that the letter begins its word. A shadda doubles nothing here: the matcher folds doubles.
pub(super) fn plain_letters(letter: char, language: Language, first: bool, token: &mut String) -> bool {
    if letter == SHADDA {
        return true;
    }
    let Some(text) = reading(letter, language, first) else {
        return false;
    };
    let arabic = ('\u{0600}'..='\u{06FF}').contains(&letter);
    let sound = SOUNDS.iter().find(|(escape, _)| arabic && *escape == text).map_or(text, |(_, sound)| *sound);
    token.push_str(sound);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doc_9303_readings() {
        let common = |text| to_mrz(text, Language::Common);
        assert_eq!(common("Åsa Müller-Øst"), "AASA<MUELLER<OEST");
        assert_eq!(common("Straße"), "STRASSE");
        assert_eq!(common("Щукин Юрий"), "SHCHUKIN<IURII");
        assert_eq!(to_mrz("Щукин", Language::Bulgarian), "SHTUKIN");
        assert_eq!(to_mrz("Гнатюк Юрій", Language::Ukrainian), "HNATIUK<YURII");
        assert_eq!(to_mrz("Їжак", Language::Unknown), "YIZHAK");
        assert_eq!(to_mrz("Жарко Чолић", Language::Serbian), "ZARKO<COLIC");
        assert_eq!(common("محمّد"), "MXHMMD");
        assert_eq!(common("شريف"), "XSHRYF");
        assert_eq!(common("فاطمة"), "FAXTTMXAH");
    }

    #[test]
    fn the_matcher_hears_the_escapes() {
        let mut token = String::new();
        for letter in "شريف".chars() {
            assert!(plain_letters(letter, Language::Common, false, &mut token));
        }
        assert_eq!(token, "SHRYF");
    }
}
