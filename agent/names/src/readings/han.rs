//! What Han characters sound like, from `han.txt`: 19,125 characters that names are written with.
//!
//! A line is a character, its pinyin without tones (the second reading where it is common too), its Cantonese in Jyutping
//! without tones, its Japanese on and kun readings, and its Korean reading, `-` where there is none. Source: the Unihan
//! database of Unicode 15.0 (kMandarin and kHanyuPinlu, kCantonese, kJapaneseOn, kJapaneseKun, kHangul), for characters
//! of kTGH, kGB0, kBigFive, kHKSCS, kIICore, kJis0, kJinmeiyoKanji, kKoreanName or kKoreanEducationHanja; © Unicode, Inc.,
//! under the Unicode License v3 (https://www.unicode.org/license.txt).

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use std::collections::HashMap;
use std::sync::OnceLock;

/// `han.txt`, compressed by `build.rs` to a third of its size: a device's program is bounded.
const TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/han.deflate"));
/// Bytes of `han.txt`, a bound on what the table becomes.
const TABLE_BYTES_MAX: usize = 1 << 19;

/// The readings of one character; texts are empty, and lists have no item, where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Han {
    pub(super) pinyin: &'static str,
    pub(super) jyutping: &'static str,
    on: &'static str,
    kun: &'static str,
    pub(super) hangul: &'static str,
}

impl Han {
    pub(super) fn on(self) -> impl Iterator<Item = &'static str> {
        self.on.split(',').filter(|reading| !reading.is_empty())
    }

    pub(super) fn kun(self) -> impl Iterator<Item = &'static str> {
        self.kun.split(',').filter(|reading| !reading.is_empty())
    }
}

/// Whether a letter is a Han character.
pub(super) fn is_han(letter: char) -> bool {
    matches!(u32::from(letter), 0x3005 | 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// The readings of a character, if the table has it.
pub(super) fn han(letter: char) -> Option<Han> {
    static LINES: OnceLock<HashMap<char, Han>> = OnceLock::new();
    LINES.get_or_init(|| table().lines().filter_map(line).collect()).get(&letter).copied()
}

/// The table's text, kept for the life of the process.
fn table() -> &'static str {
    let bytes = decompress_to_vec_with_limit(TABLE, TABLE_BYTES_MAX).expect("build.rs compressed it");
    String::from_utf8(bytes).expect("the table is UTF-8").leak()
}

fn line(text: &'static str) -> Option<(char, Han)> {
    let mut columns = text.split(' ').map(|column| if column == "-" { "" } else { column });
    let letter = columns.next()?.chars().next()?;
    let mut next = || columns.next().unwrap_or("");
    let pinyin = next();
    let pinyin = pinyin.split(',').next().unwrap_or(pinyin);
    Some((letter, Han { pinyin, jyutping: next(), on: next(), kun: next(), hangul: next() }))
}
