//! Ethiopic: a sign is a consonant with one of seven vowels, eight signs a consonant.
//!
//! Source: BGN/PCGN's system for Amharic without its marks, as Ethiopian and Eritrean passports spell. The sixth form has
//! no vowel or a short one: an I is written where two consonants would begin a word.

use super::packed::item;

/// The consonants of 0x1200 on, eight signs each; `-` is the glottal stop, which is not written.
const CONSONANTS: &str =
    "H L H M S R S SH Q Q Q Q B V T CH H H N N - K K H H W - Z ZH Y D D J G G G T CH P TS TS F P";
const VOWELS: &str = "E U I A E - O WA";
/// Rows of consonants that a W follows.
const ROUNDED: [usize; 6] = [9, 11, 17, 22, 24, 34];
const FIRST: u32 = 0x1200;

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    let mut bare = true; // no vowel since the last consonant
    for (at, &letter) in word.iter().enumerate() {
        let code = u32::from(letter) - FIRST;
        let (row, form) = ((code / 8) as usize, (code % 8) as usize);
        let consonant = item(CONSONANTS, row);
        out.push_str(consonant);
        if ROUNDED.contains(&row) {
            out.push('W');
        }
        // What is said far back in the throat turns the first vowel to A.
        let throat = form == 0 && (consonant.is_empty() || consonant == "H");
        let vowel = if throat { "A" } else { item(VOWELS, form) };
        out.push_str(vowel);
        if vowel.is_empty() && (consonant.is_empty() || bare && at + 1 < word.len()) {
            out.push('I');
            bare = false;
        } else {
            bare = vowel.is_empty();
        }
    }
}
