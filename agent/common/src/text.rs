//! Text that leaves the program: bounded, printable, and the words that codes have in JSON.
//!
//! Invariant: nothing a list or a document says can forge a terminal ([`printable`]).

use serde::Serialize;
use vedette_shim::ids::from_hex;
use vedette_shim::trust::OwnerWord;
use vedette_shim::verdict::Verdict;

/// As much of `text` as fits, cut between characters.
pub fn cut<const N: usize>(text: &str) -> heapless::String<N> {
    let mut bounded = heapless::String::new();
    for c in text.chars() {
        if bounded.push(c).is_err() {
            break;
        }
    }
    bounded
}

/// Bytes of hexadecimal, either case; `None` if it is anything else.
pub fn bytes_of_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| from_hex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte)).collect()
}

/// The word an enum has in JSON.
pub fn json_word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

/// The verdict's word in the journal and on the terminal.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Hit => "hit",
        Verdict::Possible => "possible",
        Verdict::Clear => "clear",
        Verdict::NotChecked => "not_checked",
    }
}

/// The word in the state and on the command line.
pub fn owner_word(word: OwnerWord) -> &'static str {
    match word {
        OwnerWord::Confirmed => "confirmed",
        OwnerWord::NotThePerson => "not_the_person",
        OwnerWord::Withdrawn => "withdrawn",
    }
}

/// `42s`, `12m`, `5h`, `3d`.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Most characters of one text from a list or a document.
const PRINTED_MAX: usize = 200;
/// Most marks over one letter.
const MARKS_MAX: usize = 3;

/// Controls, directions and other characters that nobody sees (Unicode's Cc, Cf, Zl, Zp and private use).
const UNSEEN: &[std::ops::RangeInclusive<u32>] = &[
    0x0..=0x1f,
    0x7f..=0x9f,
    0xad..=0xad,
    0x600..=0x605,
    0x61c..=0x61c,
    0x6dd..=0x6dd,
    0x70f..=0x70f,
    0x890..=0x891,
    0x8e2..=0x8e2,
    0x180e..=0x180e,
    0x200b..=0x200f,
    0x2028..=0x202e,
    0x2060..=0x206f,
    0xe000..=0xf8ff,
    0xfeff..=0xfeff,
    0xfff9..=0xfffb,
    0x110bd..=0x110bd,
    0x110cd..=0x110cd,
    0x13430..=0x1343f,
    0x1bca0..=0x1bca3,
    0x1d173..=0x1d17a,
    0xe0000..=0x10ffff,
];
/// Marks that pile up on the letter before (the blocks of combining diacritical marks).
const MARKS: &[std::ops::RangeInclusive<u32>] =
    &[0x300..=0x36f, 0x1ab0..=0x1aff, 0x1dc0..=0x1dff, 0x20d0..=0x20ff, 0xfe20..=0xfe2f];

/// Whether a character is a control, a direction or another that nobody sees.
pub fn is_unseen(c: char) -> bool {
    UNSEEN.iter().any(|range| range.contains(&(c as u32)))
}

/// Text from a list or a document on a terminal, so that it cannot forge what the officer reads: characters that nobody
/// sees show their code, marks do not pile up, and it is cut where it is too long. As on the page.
pub fn printable(text: &str) -> String {
    let within =
        |ranges: &[std::ops::RangeInclusive<u32>], c: char| ranges.iter().any(|r| r.contains(&(c as u32)));
    let mut out = String::new();
    let (mut count, mut marks) = (0, 0);
    for c in text.chars() {
        marks = if within(MARKS, c) { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        count += 1;
        if count > PRINTED_MAX {
            out.push('…');
            break;
        }
        match is_unseen(c) {
            true => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_cannot_forge_the_terminal() {
        assert_eq!(printable("red\x1b[2J\u{202e}kcab\n"), "red⟨U+001B⟩[2J⟨U+202E⟩kcab⟨U+000A⟩");
        assert_eq!(printable(&"x".repeat(10_000)), "x".repeat(PRINTED_MAX) + "…");
        assert_eq!(printable(&format!("e{}!", "\u{301}".repeat(10_000))), "e\u{301}\u{301}\u{301}!");
        assert_eq!(printable("Ångström نور"), "Ångström نور");
    }

    #[test]
    fn ages_are_short() {
        assert_eq!([age(5), age(600), age(7200), age(400_000)], ["5s", "10m", "2h", "4d"]);
    }
}
