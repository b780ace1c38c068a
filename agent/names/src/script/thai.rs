//! Thai, and Lao, whose block lies like Thai's.
//!
//! Source: the Royal Thai General System of 1999, which Thai passports follow but for aspiration, that owners write or
//! not: K, P and T stand here for KH, PH and TH, which the matcher takes for the same. Tones are not
//! written. Thai writes no spaces and not every vowel: syllables are found by rule, which is right for most names.

use super::packed::item;

/// Readings of the 46 consonants at a syllable's start, and at its end.
const STARTS: &str =
    "K K K K K K NG CH CH CH S CH Y D T T T T N D T T T T N B P P F P F P M Y R RUE L LUE W S S S H L - H";
const ENDS: &str =
    "K K K K K K NG T T T T T N T T T T T N T T T T T N P P P P P P P M I N RUE N LUE O T T T - N - -";

const FIRST: u32 = 0xE01;
const VO: char = 'ว';
const CARRIER: char = 'อ';
/// Thai's dot below, which names do not have, for Lao's own sign of IA.
const LAO_IA: char = '\u{E3A}';
const SHORT_A: char = '\u{E31}';

fn is_consonant(letter: char) -> bool {
    ('\u{E01}'..='\u{E2E}').contains(&letter)
}

fn start(letter: char) -> &'static str {
    item(STARTS, (u32::from(letter) - FIRST) as usize)
}

fn end(letter: char) -> &'static str {
    item(ENDS, (u32::from(letter) - FIRST) as usize)
}

/// A vowel written before its consonant.
fn is_before(letter: char) -> bool {
    ('เ'..='ไ').contains(&letter)
}

/// A vowel written after, above or below its consonant.
fn is_after(letter: char) -> bool {
    matches!(letter, 'ะ'..='\u{E3A}' | 'ๅ')
}

/// The letters that sound, as Thai: tones go, and with the cancelling mark the consonant below it.
fn sounding(word: &[char]) -> Vec<char> {
    let mut letters = Vec::with_capacity(word.len());
    for &letter in word {
        // Lao's block lies 0x80 above, with a few letters of its own.
        let thai = match letter {
            'ຼ' => 'ล',
            'ຽ' => LAO_IA,
            'ໜ' => 'น',
            'ໝ' => 'ม',
            'ົ' => '\u{E31}',
            'ຢ' => 'ย',
            'ຍ' => 'ย',
            _ if letter > '\u{E80}' => char::from_u32(u32::from(letter) - 0x80).unwrap_or(letter),
            _ => letter,
        };
        match thai {
            '\u{E4C}' => while letters.pop().is_some_and(|gone| !is_consonant(gone)) {},
            '\u{E47}'..='\u{E4E}' | 'ๆ' | 'ฯ' => {}
            'ำ' => letters.extend(['\u{E31}', 'ม']),
            _ => letters.push(thai),
        }
    }
    letters
}

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    let letters = sounding(word);
    let mut at = 0;
    while at < letters.len() {
        at = syllable(&letters, at, out).max(at + 1);
    }
}

/// Reads the syllable at `at`; where it ends.
fn syllable(letters: &[char], mut at: usize, out: &mut String) -> usize {
    let get = |at: usize| letters.get(at).copied().unwrap_or('\0');
    let before = is_before(get(at)).then(|| get(at));
    if before.is_some() {
        at += 1;
    }
    if !is_consonant(get(at)) {
        return at + 1;
    }
    at = onset(letters, at, before.is_some(), out);
    let (vowel, next) = nucleus(letters, at, before);
    out.push_str(vowel);
    at = next;
    if !is_consonant(get(at)) || before.is_some_and(|sign| matches!(sign, 'ใ' | 'ไ')) || get(at - 1) == 'ะ'
    {
        return at;
    }
    if get(at - 1) == SHORT_A {
        // This vowel always has a consonant after it, whose own short vowel at a name's end is silent (SOMBAT).
        out.push_str(end(get(at)));
        return at + 1 + usize::from(is_after(get(at + 1)) && at + 2 == letters.len());
    }
    // What follows closes the syllable unless it begins the next one.
    let begins = is_after(get(at + 1)) || get(at) == CARRIER || get(at + 1) == CARRIER;
    let last_pair = is_consonant(get(at + 1)) && at + 2 == letters.len();
    let cluster = get(at + 1) == 'ร' && is_after(get(at + 2));
    if begins || vowel != "O" && (last_pair || cluster) || vowel == "A" && get(at - 1) != 'า' {
        return at;
    }
    out.push_str(end(get(at)));
    at + 1
}

/// Reads the consonants that begin a syllable; where its vowel begins.
fn onset(letters: &[char], at: usize, before: bool, out: &mut String) -> usize {
    let get = |at: usize| letters.get(at).copied().unwrap_or('\0');
    let (first, second) = (get(at), get(at + 1));
    let third = get(at + 2);
    let vowelled = before && is_consonant(third) || is_after(third) || third == CARRIER;
    if first == 'ห' && vowelled && matches!(second, 'ง' | 'ญ' | 'น' | 'ม' | 'ย' | 'ร' | 'ล' | 'ว')
    {
        out.push_str(start(second)); // a silent H that sets the tone
        return at + 2;
    }
    if vowelled
        && matches!(second, 'ร' | 'ล' | 'ว')
        && !matches!(first, 'ร' | 'ล' | 'ว' | 'น' | 'ม' | 'ง' | 'ย' | 'อ')
    {
        out.push_str(if (first, second) == ('ท', 'ร') { "S" } else { start(first) });
        if (first, second) != ('ท', 'ร') {
            out.push_str(start(second));
        }
        return at + 2;
    }
    out.push_str(start(first));
    at + 1
}

/// How many consonants without a vowel sign stand from `at` on: of an odd number the first closes a syllable (SOM), of
/// an even one the syllable is open (NA-RONG).
fn bare_run(letters: &[char], at: usize) -> usize {
    let get = |at: usize| letters.get(at).copied().unwrap_or('\0');
    (at..letters.len())
        .take_while(|&at| is_consonant(get(at)) && !is_after(get(at + 1)) && get(at + 1) != CARRIER)
        .count()
}

/// The vowel after a syllable's first consonants, and where what follows it begins.
fn nucleus(letters: &[char], at: usize, before: Option<char>) -> (&'static str, usize) {
    let get = |at: usize| letters.get(at).copied().unwrap_or('\0');
    match (before, get(at), get(at + 1)) {
        (Some('เ'), '\u{E35}', 'ย') => ("IA", at + 2),
        (Some('เ'), '\u{E37}', CARRIER) => ("UEA", at + 2),
        (Some('เ'), 'า', 'ะ') => ("O", at + 2),
        (Some('เ'), 'า', _) => ("AO", at + 1),
        (Some('เ'), CARRIER | '\u{E34}', _) => ("OE", at + 1),
        (Some('เ'), 'ย', _) => ("OEI", at + 1),
        (Some('เ'), _, _) => ("E", at),
        (Some('แ'), _, _) => ("AE", at),
        (Some('โ'), _, _) => ("O", at),
        (Some(_), 'ย', _) => ("AI", at + 1),
        (Some(_), _, _) => ("AI", at),
        (None, '\u{E31}', VO) => ("UA", at + 2),
        (None, '\u{E31}' | 'า' | 'ะ' | 'ๅ', _) => ("A", at + 1),
        (None, '\u{E34}' | '\u{E35}', _) => ("I", at + 1),
        (None, '\u{E37}', CARRIER) => ("UE", at + 2),
        (None, '\u{E36}' | '\u{E37}', _) => ("UE", at + 1),
        (None, LAO_IA, _) => ("IA", at + 1),
        (None, '\u{E38}' | '\u{E39}', _) => ("U", at + 1),
        (None, 'ร', 'ร') if is_consonant(get(at + 2)) && !is_after(get(at + 3)) => ("A", at + 2),
        (None, 'ร', 'ร') => ("AN", at + 2),
        (None, CARRIER, _) => ("O", at + 1),
        (None, VO, next) if is_consonant(next) && !is_after(get(at + 2)) => ("UA", at + 1),
        (None, next, _) if is_consonant(next) => (if bare_run(letters, at) % 2 == 1 { "O" } else { "A" }, at),
        (None, next, _) if is_before(next) => ("A", at),
        _ => ("", at),
    }
}
