//! Cyrillic letters of the Slavic, Turkic, Iranian, Mongolic and Caucasian alphabets.
//!
//! Source: ICAO Doc 9303 part 3, section 6 B, with the readings that hold for one language only; what it does not
//! name reads as in the passports of the states that write it (Kazakhstan, Kyrgyzstan, Tajikistan, Uzbekistan,
//! Mongolia, the republics of Russia). Its Һ for C is a misprint of Ћ: Һ is an H wherever it is written.

use super::packed::packed;

/// A language whose readings differ from the common ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
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
    pub(crate) fn of_state(code: &str) -> Language {
        match code {
            "BLR" => Language::Belarusian,
            "UKR" => Language::Ukrainian,
            "SRB" | "MNE" => Language::Serbian,
            "MKD" => Language::Macedonian,
            "BGR" => Language::Bulgarian,
            _ => Language::Unknown,
        }
    }

    /// This language, or, when unknown, the one whose own letters occur among `letters`, composed and upper case.
    pub(crate) fn or_guess(self, letters: &[char]) -> Language {
        if self != Language::Unknown {
            return self;
        }
        let (mut uzbek, mut belarusian) = (false, false);
        for letter in letters {
            match letter {
                'Ї' | 'Є' | 'Ґ' => return Language::Ukrainian,
                'Ђ' | 'Ћ' => return Language::Serbian,
                'Ѓ' | 'Ќ' | 'Ѕ' => return Language::Macedonian,
                'Ў' => belarusian = true,
                'Щ' | 'Ъ' | 'Қ' | 'Ғ' | 'Ҳ' => uzbek = true, // it has the Ў too
                _ => {}
            }
        }
        if belarusian && !uzbek { Language::Belarusian } else { Language::Common }
    }
}

const LETTERS: &str = "АӐӒӘӚ=A Б=B В=V ГҐҒҔӶӺЃ=G ДԀԂ=D ЕЁЭЀӖӬѢԐ=E Ӕ=AE Ѥ=IE ЖӁӜҖ=ZH ЗӞҘԄԆ=Z ИЙІЇЍӢӤҊ=I КҚҜҞҠӃҀ=K ЛӅԒԈԠԮ=L МӍ=M \
НҢӇӉԢԊԨ=N Ҥ=NG ОӦӨӪҨѠѺ=O ПҦԤ=P РҎ=R СҪԌ=S ТҬԎ=T УЎҮҰӮӰӲѪ=U ФѲ=F Х=KH ҲҺӼӾԦ=H ЦҴ=TS Ԫ=DZ Ԭ=CH Ԕ=L Ԗ=R Ԙ=IA Ԟ=K Ѹ=U ѠѼ=O Ԑ=E ЧӴҼҾ=CH Ш=SH Щ=SHCH ЪЄ=IE ЫӸ=Y \
ѴѶ=Y ЮѬ=IU ЯѦѨ=IA Ђ=D Ѕ=DZ Ӡ=DZ ЈҶҸӋ=J Љ=LJ Њ=NJ Ќ=K Џ=DZ Ћ=C Ѯ=KS Ѱ=PS Ѿ=OT Ԛ=Q Ԝ=W ЬӀҌ=";

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
        ('Ѓ', Macedonian) => "GJ",
        ('Щ', Bulgarian) => "SHT",
        _ => return None,
    })
}

/// Appends the reading of a word.
pub(super) fn read(word: &[char], language: Language, out: &mut String) {
    for (at, &letter) in word.iter().enumerate() {
        let reading = own_reading(letter, language, at == 0).or_else(|| packed(LETTERS, letter));
        out.push_str(reading.unwrap_or(""));
    }
}
