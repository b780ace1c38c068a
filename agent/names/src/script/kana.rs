//! Hiragana and katakana.
//!
//! Source: Hepburn as the Japanese passport regulations have it: SHI, CHI, TSU, FU, M before B, M and P, no mark and no
//! second letter for a long O or U (Ōno is ONO).

use super::packed::item;

/// Readings from U+3041 on; a small letter has the reading of the large one, but ya, yu, yo (see `small`).
const READINGS: &str = "A A I I U U E E O O KA GA KI GI KU GU KE GE KO GO SA ZA SHI JI SU ZU SE ZE SO ZO TA DA CHI JI - TSU ZU \
TE DE TO DO NA NI NU NE NO HA BA PA HI BI PI FU BU PU HE BE PE HO BO PO MA MI MU ME MO YA YA YU YU YO YO RA RI RU RE RO WA WA \
I E O N VU KA KE";

const FIRST: u32 = 0x3041;
const KATAKANA: u32 = 0x60;
const SMALL_TSU: u32 = 0x3063;
const SYLLABIC_N: u32 = 0x3093;
const VOICED: char = '\u{3099}';
const HALF_VOICED: char = '\u{309A}';

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    let mut text = String::with_capacity(word.len() * 2);
    let (mut double, mut nasal) = (false, false);
    for &letter in word {
        let code = match u32::from(letter) {
            0x30FC..=0x30FE | 0x309D..=0x309E => continue, // a long vowel, a repetition
            code @ 0x30F7..=0x30FA => {
                text.push_str(["VA", "VI", "VE", "VO"][(code - 0x30F7) as usize]);
                continue;
            }
            code @ 0x30A1..=0x30F6 => code - KATAKANA,
            code => code,
        };
        let reading = item(READINGS, (code - FIRST) as usize);
        if is_small(code) && !text.is_empty() {
            small(reading, &mut text);
        } else {
            if double {
                text.push_str(if reading.starts_with("CH") { "T" } else { reading.get(..1).unwrap_or("") });
            }
            if nasal && reading.starts_with(['B', 'M', 'P']) {
                text.pop();
                text.push('M');
            }
            text.push_str(reading);
        }
        (double, nasal) = (code == SMALL_TSU, code == SYLLABIC_N);
    }
    out.push_str(&text.replace("OU", "O").replace("OO", "O").replace("UU", "U"));
}

fn is_small(code: u32) -> bool {
    matches!(code, 0x3041 | 0x3043 | 0x3045 | 0x3047 | 0x3049 | 0x3083 | 0x3085 | 0x3087 | 0x308E)
}

/// A small vowel takes the place of the last one: KI and a small YA are KYA, FU and a small A are FA.
fn small(reading: &str, out: &mut String) {
    let last = out.pop();
    if last == Some('U') && out.is_empty() {
        out.push('W');
    }
    let hushed = out.ends_with("SH") || out.ends_with("CH") || out.ends_with('J');
    out.push_str(if hushed { reading.trim_start_matches('Y') } else { reading });
}

/// The letter that a base and a following sound mark are, where they come apart: KA and the mark are GA.
pub(super) fn voiced(base: char, mark: char) -> Option<char> {
    let code = u32::from(base);
    let step = match mark {
        VOICED => 1,
        HALF_VOICED => 2,
        _ => return None,
    };
    let flat = if code >= 0x30A1 { code - KATAKANA } else { code };
    let takes = matches!(flat, 0x304B..=0x3062 | 0x3064..=0x3069 | 0x306F..=0x307D);
    if matches!(code, 0x30EF..=0x30F2) && step == 1 {
        return char::from_u32(code + 8); // VA, VI, VE, VO
    }
    if flat == 0x3046 && step == 1 {
        return char::from_u32(code + 0x4E); // VU
    }
    char::from_u32(code + step).filter(|_| takes)
}
