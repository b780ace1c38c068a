//! The scripts of India: Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam, and Sinhala.
//!
//! Source: the Hunterian system, in which Indian, Nepalese and Bangladeshi passports are spelt by and large (CH, SH and
//! AI, no marks). Nine of the blocks lie alike in Unicode, since all come from ISCII, so one table of Devanagari's
//! serves them; Sinhala's letters are first moved to their places. A consonant sounds with an A unless a vowel sign or
//! the virama follows; where speech drops it (RAMDAS, PRASENJIT) it is dropped, in the northern scripts.

use super::packed::item;

/// Readings from 0x901 on, by offset.
const READINGS: &str = "N N H A A A I I U U RI LI E E E AI O O O AU K KH G GH N CH CHH J JH N T TH D DH N T TH D DH N N \
P PH B BH M Y R R L L L V SH SH S H - - - - A I I U U RI RI E E E AI O O O AU - - - - - - - - - - AU Q KH G Z R RH F Y";

const FIRST: u32 = 0x900;
const VOWELS: std::ops::RangeInclusive<u32> = 0x05..=0x14;
const CONSONANTS: std::ops::RangeInclusive<u32> = 0x15..=0x39;
const NUKTA_CONSONANTS: std::ops::RangeInclusive<u32> = 0x58..=0x5F;
const SIGNS: std::ops::RangeInclusive<u32> = 0x3E..=0x4C;
const NUKTA: u32 = 0x3C;
const VIRAMA: u32 = 0x4D;
const AI_MARK: u32 = 0x56;
const AU_MARK: u32 = 0x57;

/// Blocks, each of 0x80 letters, counted from Devanagari.
const BENGALI: u32 = 1;
const GURMUKHI: u32 = 2;
const GUJARATI: u32 = 3;
const TAMIL: u32 = 5;
const MALAYALAM: u32 = 8;
const SINHALA: u32 = 9;

/// Sinhala's letters from 0xD80 to 0xDDF, as offsets of Devanagari's; 0 for none.
#[rustfmt::skip]
const SINHALA_PLACES: [u8; 0x60] = [
    0x00, 0x01, 0x02, 0x03, 0x00, 0x05, 0x06, 0x05, 0x05, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0B, 0x0C,
    0x0C, 0x0E, 0x0F, 0x10, 0x12, 0x13, 0x14, 0x00, 0x00, 0x00, 0x15, 0x16, 0x17, 0x18, 0x19, 0x17,
    0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1E, 0x1C, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x21, 0x24, 0x25, 0x26,
    0x27, 0x28, 0x00, 0x26, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2C, 0x2F, 0x30, 0x00, 0x32, 0x00, 0x00,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x33, 0x5E, 0x00, 0x00, 0x00, 0x4D, 0x00, 0x00, 0x00, 0x00, 0x3E,
    0x3E, 0x3E, 0x3F, 0x40, 0x41, 0x00, 0x42, 0x00, 0x43, 0x46, 0x47, 0x48, 0x4A, 0x4B, 0x4C, 0x57,
];

/// A letter's place in its block and the block, as if it were Devanagari; None where it has no sound.
fn place(letter: char) -> Option<(u32, u32)> {
    let code = u32::from(letter) - FIRST;
    let (block, offset) = (code / 0x80, code % 0x80);
    let offset = match (block, offset) {
        (SINHALA, _) => u32::from(*SINHALA_PLACES.get(offset as usize)?),
        (BENGALI, 0x4E) => 0x24,   // khanda ta, which has no vowel
        (BENGALI, 0x70) => 0x30,   // Assamese ra
        (BENGALI, 0x71) => 0x35,   // Assamese va
        (GURMUKHI, 0x70) => 0x02,  // tippi
        (MALAYALAM, 0x7A) => 0x23, // chillus: consonants without a vowel
        (MALAYALAM, 0x7B) => 0x28,
        (MALAYALAM, 0x7C) => 0x30,
        (MALAYALAM, 0x7D) => 0x32,
        (MALAYALAM, 0x7E) => 0x33,
        (MALAYALAM, 0x7F) => 0x15,
        _ => offset,
    };
    (offset != 0).then_some((offset, block))
}

/// A sound of a word.
#[derive(Clone, Copy, PartialEq)]
enum Sound {
    Consonant(&'static str),
    Vowel(&'static str),
    /// The A that a consonant has of itself.
    Own,
    Nasal,
}

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    let mut sounds: Vec<Sound> = Vec::with_capacity(word.len() * 2);
    let mut northern = true;
    let mut before = 0; // offset of the letter before
    for &letter in word {
        let Some((offset, block)) = place(letter) else {
            before = 0;
            continue;
        };
        northern = block <= GUJARATI;
        let bare = matches!((block, u32::from(letter) & 0x7F), (BENGALI, 0x4E) | (MALAYALAM, 0x7A..=0x7F));
        match offset {
            _ if CONSONANTS.contains(&offset) || NUKTA_CONSONANTS.contains(&offset) => {
                let reading = consonant(block, offset, before == VIRAMA, &sounds);
                sounds.push(Sound::Consonant(reading));
                if !bare {
                    sounds.push(Sound::Own);
                }
            }
            NUKTA => soften(&mut sounds, before),
            VIRAMA => drop_own(&mut sounds),
            _ if SIGNS.contains(&offset) || matches!(offset, AI_MARK | AU_MARK) => sign(&mut sounds, offset),
            _ if VOWELS.contains(&offset) => sounds.push(Sound::Vowel(reading(offset))),
            0x01 | 0x02 => sounds.push(Sound::Nasal),
            0x03 => sounds.push(Sound::Consonant(reading(offset))),
            _ => {}
        }
        before = offset;
    }
    write(&sounds, northern, out);
}

fn reading(offset: u32) -> &'static str {
    item(READINGS, offset as usize - 1)
}

/// A consonant's reading, where one block's speech differs from the others'; `joined` to the one before it.
fn consonant(block: u32, offset: u32, joined: bool, sounds: &[Sound]) -> &'static str {
    let after_lips = matches!(sounds.last(), Some(Sound::Consonant("M" | "B" | "R")));
    match (block, offset) {
        (BENGALI, 0x2F) if !joined => "J",
        (BENGALI, 0x2C) if joined && !after_lips => "W",
        (BENGALI, 0x35) => "W",
        (TAMIL, 0x1A) => "S",
        (TAMIL | MALAYALAM, 0x34) => "ZH",
        _ => reading(offset),
    }
}

fn drop_own(sounds: &mut Vec<Sound>) {
    if sounds.last() == Some(&Sound::Own) {
        sounds.pop();
    }
}

/// A dot below, which makes the consonant at `offset` one of Persian or of speech.
fn soften(sounds: &mut [Sound], offset: u32) {
    const DOTTED: [u32; 8] = [0x15, 0x16, 0x17, 0x1C, 0x21, 0x22, 0x2B, 0x2F];
    if let [.., Sound::Consonant(letters), Sound::Own] = sounds {
        if let Some(at) = DOTTED.iter().position(|&plain| plain == offset) {
            *letters = reading(*NUKTA_CONSONANTS.start() + at as u32);
        } else if *letters == "S" {
            *letters = "SH";
        }
    }
}

/// A vowel sign takes the place of the consonant's own A; two signs around a consonant are one vowel.
fn sign(sounds: &mut Vec<Sound>, offset: u32) {
    match sounds.last_mut() {
        Some(own @ Sound::Own) => *own = Sound::Vowel(reading(offset)),
        Some(vowel @ Sound::Vowel("E")) if matches!(offset, 0x3E | 0x42) => *vowel = Sound::Vowel("O"),
        Some(vowel @ Sound::Vowel("E")) if offset == AI_MARK => *vowel = Sound::Vowel("AI"),
        Some(vowel @ Sound::Vowel("E" | "O")) if offset == AU_MARK => *vowel = Sound::Vowel("AU"),
        _ => sounds.push(Sound::Vowel(reading(offset))),
    }
}

fn write(sounds: &[Sound], northern: bool, out: &mut String) {
    let vowel = |at: usize| matches!(sounds.get(at), Some(Sound::Vowel(_) | Sound::Own | Sound::Nasal));
    let consonant = |at: usize| matches!(sounds.get(at), Some(Sound::Consonant(_)));
    for (at, sound) in sounds.iter().enumerate() {
        match sound {
            Sound::Consonant(letters) | Sound::Vowel(letters) => out.push_str(letters),
            Sound::Nasal => {
                let next = sounds.get(at + 1);
                let lips =
                    matches!(next, Some(Sound::Consonant(letters)) if letters.starts_with(['P', 'B', 'M']));
                out.push(if lips { 'M' } else { 'N' });
            }
            Sound::Own => {
                // After one consonant that a vowel precedes, the A is silent at the end and before a full syllable.
                let single = at >= 2 && vowel(at - 2);
                let full = consonant(at + 1) && matches!(sounds.get(at + 2), Some(Sound::Vowel(_)));
                let silent = northern && single && (at + 1 == sounds.len() || full);
                if !silent {
                    out.push('A');
                }
            }
        }
    }
}
