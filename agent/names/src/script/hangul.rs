//! Hangul: each syllable by itself, as South Korean passports spell names.
//!
//! Source: the Revised Romanization of 2000, without what neighbours change in speech; family names as most of their
//! bearers spell them. The matcher takes the many other spellings for the same. Syllables are split by arithmetic, and
//! single jamo read as the syllable they make.

use super::packed::{item, packed};

/// Separates tokens within what a script reads as one word.
pub(in super::super) const BREAK: char = '<';

const LEADS: &str = "G KK N D TT R M B PP S SS - J JJ CH K T P H";
const VOWELS: &str = "A AE YA YAE EO E YEO YE O WA WAE OE YO U WO WE WI YU EU UI I";
const TAILS: &str = "- K K K N N N T L K M L L L P L M P P T T NG T T K T P T";

/// Family names that few bearers spell by rule.
const FAMILIES: &str =
    "이=LEE 김=KIM 박=PARK 최=CHOI 오=OH 우=WOO 임=LIM 신=SHIN 노=ROH 유=YOO 문=MOON 구=KOO 심=SHIM";
/// Family names of two syllables.
const LONG_FAMILIES: &str = "남궁 황보 제갈 사공 선우 서문 독고 동방";

/// Appends the reading of a word. A word of three syllables or more is a whole name, since the family name is written
/// onto the given one.
pub(super) fn read(word: &[char], out: &mut String) {
    let syllables = syllables(word);
    let letters: String =
        syllables.iter().filter_map(|&[l, v, t]| char::from_u32(0xAC00 + (l * 21 + v) * 28 + t)).collect();
    let long = LONG_FAMILIES.split(' ').any(|family| letters.starts_with(family));
    let family = match syllables.len() {
        1 => 1,
        2 if long => 0,
        3.. => 1 + usize::from(long),
        _ => 0,
    };
    for (at, (&[lead, vowel, tail], letter)) in syllables.iter().zip(letters.chars()).enumerate() {
        match packed(FAMILIES, letter).filter(|_| at == 0 && family == 1) {
            Some(reading) => out.push_str(reading),
            None => {
                out.push_str(item(LEADS, lead as usize));
                out.push_str(item(VOWELS, vowel as usize));
                out.push_str(item(TAILS, tail as usize));
            }
        }
        if at + 1 == family && syllables.len() > family {
            out.push(BREAK);
        }
    }
}

/// Numbers of lead, vowel and tail of each syllable.
fn syllables(word: &[char]) -> Vec<[u32; 3]> {
    let mut syllables: Vec<[u32; 3]> = Vec::with_capacity(word.len());
    let mut lead = None;
    for &letter in word {
        let code = u32::from(letter);
        match code {
            0xAC00..=0xD7A3 => {
                let number = code - 0xAC00;
                syllables.push([number / 588, number / 28 % 21, number % 28]);
            }
            0x1100..=0x1112 => lead = Some(code - 0x1100),
            0x1161..=0x1175 => syllables.push([lead.take().unwrap_or(11), code - 0x1161, 0]),
            0x11A8..=0x11C2 => {
                if let Some(last) = syllables.last_mut() {
                    last[2] = code - 0x11A7;
                }
            }
            _ => {}
        }
    }
    syllables
}
