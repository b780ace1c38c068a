//! Chinese and Korean names as syllables: SIU MING is XIAOMING, and SHIN-YOUNG is SINYEONG.
//!
//! A Chinese syllable has many spellings: pinyin, Wade-Giles, and what Hong Kong, Macao, Singapore and Malaysia print of the
//! southern languages; the same spelling stands for several syllables. `chinese.txt` has a line a syllable, pinyin first.
//! Korean has official and customary spellings of each sound; its syllables are told apart by class of beginning, vowel and
//! end. Passports join given names or do not, so a token is read as one syllable or two.
//!
//! Such short words meet others by chance, so they are only compared so where the whole name read is of such syllables, and
//! for a Korean one a family name among them. Bounds: [`KEYS_MAX`] keys a token, [`TOKENS_MAX`] tokens a key.
//!
//! Sources: pinyin, Wade-Giles and Jyutping of Unicode's Unihan database, as `readings` spells them, for some 580 characters
//! that names are written with; customary family names; South Korea's Revised Romanization and McCune-Reischauer.

use super::fold::hash;
use super::vocabulary::{Near, Vocabulary};
use std::collections::HashMap;
use std::sync::OnceLock;

const CHINESE: &str = include_str!("chinese.txt");
/// Letters of the longest token that is read so.
const LETTERS_MAX: usize = 13;
/// Keys of one token.
const KEYS_MAX: usize = 16;
/// Tokens of one key that are looked at.
const TOKENS_MAX: usize = 500;
/// Cost of the same syllables in another spelling.
const SYLLABLES_COST: f32 = 0.1;
/// Korean classes begin here; below are lines of `chinese.txt`.
const KOREAN: u16 = 1 << 12;

/// Korean family names, one spelling of each.
const FAMILIES: &str = "KIM LEE PARK CHOI JUNG KANG CHO YOON JANG LIM HAN OH SEO SHIN KWON HWANG AHN SONG RYU HONG JEON KO MOON YANG SON BAE \
BAEK HEO NAM NOH HA KWAK CHA WOO MIN NA JI WON CHAE BANG KONG HAM BYUN YEOM DO SEOL MA GIL WI PYO KI BAN OK YUK IN MAENG JE TAK";

/// How a name's tokens may be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Syllables {
    chinese: bool,
    korean: bool,
}

impl Syllables {
    /// How a name of these tokens may be read: not at all for most.
    pub(super) fn of_name<'a>(tokens: impl Iterator<Item = &'a str> + Clone) -> Syllables {
        let all = |syllable: fn(&str) -> bool| {
            let two = |token: &str| cuts(token).any(|(left, right)| syllable(left) && syllable(right));
            tokens.clone().count() > 1 && tokens.clone().all(|token| syllable(token) || two(token))
        };
        let family =
            |token: &str| korean(token).iter().flatten().any(|class| table().families.contains(class));
        Syllables {
            chinese: all(|part| table().chinese.contains_key(part)),
            korean: tokens.clone().any(family) && all(|part| korean(part)[0].is_some()),
        }
    }

    pub(super) fn is_none(self) -> bool {
        self == Syllables::default()
    }

    fn classes(self, syllable: &str) -> impl Iterator<Item = u16> {
        let chinese = table().chinese.get(syllable).filter(|_| self.chinese).into_iter().flatten().copied();
        chinese.chain(korean(syllable).into_iter().flatten().filter(move |_| self.korean))
    }

    /// The keys of a token as one syllable.
    fn single(self, token: &str) -> impl Iterator<Item = u32> {
        self.classes(token).map(|class| hash(b'y', &class.to_le_bytes(), None))
    }

    /// The keys of a token as one syllable or two, at most [`KEYS_MAX`].
    fn keys(self, token: &str) -> Vec<u32> {
        let mut keys: Vec<u32> = self.single(token).collect();
        for (left, right) in cuts(token) {
            for first in self.classes(left) {
                let second = self.classes(right).filter(|second| (first < KOREAN) == (*second < KOREAN));
                keys.extend(second.map(|second| {
                    let [[a, b], [c, d]] = [first.to_le_bytes(), second.to_le_bytes()];
                    hash(b'y', &[a, b, c, d], None)
                }));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(KEYS_MAX);
        keys
    }
}

/// The keys of a listed token, however it may be read.
pub(super) fn keys(token: &str) -> Vec<u32> {
    Syllables { chinese: true, korean: true }.keys(token)
}

impl Vocabulary {
    /// Adds what a token may be by its syllables to what it is near to: `out` from `first` on.
    pub(super) fn near_syllables(
        &self,
        token: &str,
        syllables: Syllables,
        first: usize,
        out: &mut Vec<Near>,
    ) {
        if !syllables.is_none() {
            self.add_of_keys(&syllables.keys(token), out);
            self.keep_nearest(token, first, out);
        }
    }

    /// What half a token may be that is one syllable.
    pub(super) fn near_syllable(&self, half: &str, syllables: Syllables) -> Vec<Near> {
        let mut out: Vec<Near> =
            self.find(half).map(|token| Near { token, cost: 0.0, weight: 0.0 }).into_iter().collect();
        let keys: Vec<u32> = syllables.single(half).collect();
        self.add_of_keys(&keys, &mut out);
        self.keep_nearest(half, 0, &mut out);
        out
    }

    fn add_of_keys(&self, wanted: &[u32], out: &mut Vec<Near>) {
        for &key in wanted {
            // A hash may be another key's too, once in millions: such a token still needs the rest of the name.
            let tokens = self.plain_tokens_of(key).iter().take(TOKENS_MAX);
            out.extend(tokens.map(|&token| Near { token, cost: SYLLABLES_COST, weight: 0.0 }));
        }
    }
}

struct Table {
    /// Spelling -> lines of `chinese.txt`.
    chinese: HashMap<&'static str, Vec<u16>>,
    /// Classes of Korean family names.
    families: Vec<u16>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut chinese: HashMap<&str, Vec<u16>> = HashMap::new();
        for (line, number) in CHINESE.lines().zip(0..) {
            for spelling in line.split(' ') {
                chinese.entry(spelling).or_default().push(number);
            }
        }
        let families = FAMILIES.split(' ').flat_map(korean).flatten().collect();
        Table { chinese, families }
    })
}

/// A token in two, in every way that could be two syllables: NG is one only by itself.
fn cuts(token: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = if token.len() <= LETTERS_MAX { token.len() } else { 0 };
    let has_vowel = |part: &str| part.bytes().any(|letter| b"AEIOUY".contains(&letter));
    (1..ends).map(|at| token.split_at(at)).filter(move |(left, right)| has_vowel(left) && has_vowel(right))
}

/// The classes of a Korean syllable; none where it is no such. L and R before a vowel with I or Y may be left out, and before
/// others be an N.
fn korean(syllable: &str) -> [Option<u16>; 2] {
    let letters = syllable.as_bytes();
    let start = letters.iter().take_while(|&&letter| !b"AEIOUWY".contains(&letter)).count();
    let (beginning, rest) = letters.split_at(start);
    let Some(class) = beginning_class(beginning) else {
        return [None, None];
    };
    for at in (1..=rest.len().min(3)).rev() {
        let (vowel, end) = rest.split_at(at);
        if let (Some(vowel), Some(end)) = (vowel_class(vowel), end_class(end)) {
            let of = |class: u16| Some(KOREAN + class * 128 + vowel * 8 + end);
            let soft = if matches!(vowel, 1 | 3 | 5 | 6) { of(0) } else { of(2) };
            return [of(class), soft.filter(|_| class == 4)];
        }
    }
    [None, None]
}

/// The class of what a Korean syllable begins with.
fn beginning_class(letters: &[u8]) -> Option<u16> {
    Some(match letters {
        b"" => 0,
        b"K" | b"G" | b"KK" | b"GG" | b"KH" => 1,
        b"N" => 2,
        b"D" | b"T" | b"TT" | b"TH" => 3,
        b"R" | b"L" | b"RH" => 4,
        b"M" => 5,
        b"B" | b"P" | b"PP" | b"PH" => 6,
        b"S" | b"SS" | b"SH" => 7,
        b"J" | b"CH" | b"JJ" => 8,
        b"H" => 9,
        _ => return None,
    })
}

/// The class of a Korean vowel. EO, O and U are one: customary spellings do not tell them apart (SEONG, SONG, SUNG).
fn vowel_class(letters: &[u8]) -> Option<u16> {
    Some(match letters {
        b"A" | b"AH" | b"AR" => 0,
        b"YA" | b"YAH" => 1,
        b"EO" | b"O" | b"U" | b"OU" | b"OO" | b"EU" | b"UH" | b"OH" | b"WOO" | b"WU" | b"UR" => 2,
        b"YEO" | b"YO" | b"YU" | b"YOU" | b"YOO" | b"YUH" => 3,
        b"E" | b"AE" | b"AI" | b"AY" | b"EH" | b"EI" => 4,
        b"YE" | b"YAE" | b"YEH" => 5,
        b"I" | b"EE" | b"UI" | b"EUI" | b"YI" | b"IH" => 6,
        b"WA" => 7,
        b"WAE" | b"OE" | b"OI" | b"WE" | b"OY" => 8,
        b"WO" | b"WEO" => 9,
        b"WI" | b"WEE" => 10,
        _ => return None,
    })
}

/// The class of what a Korean syllable ends with.
fn end_class(letters: &[u8]) -> Option<u16> {
    Some(match letters {
        b"" => 0,
        b"K" | b"G" | b"CK" => 1,
        b"N" => 2,
        b"T" | b"D" => 3,
        b"L" | b"R" | b"LL" => 4,
        b"M" => 5,
        b"B" | b"P" => 6,
        b"NG" => 7,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Syllables {
        Syllables::of_name(name.split(' '))
    }

    fn share(one: &str, other: &str) -> bool {
        keys(one).iter().any(|key| keys(other).contains(key))
    }

    #[test]
    fn spellings_of_a_syllable_share_a_key() {
        for (one, other) in [
            ("WU", "NG"),
            ("ZHANG", "CHEUNG"),
            ("XIAOMING", "SIUMING"),
            ("GUOQIANG", "KWOKKEUNG"),
            ("LEE", "YI"),
            ("ROH", "NO"),
            ("SINYEONG", "SHINYOUNG"),
            ("DONGJIN", "TONGJIN"),
            ("SEONGNAM", "SUNGNAM"),
            ("CHOI", "CHOE"),
        ] {
            assert!(share(one, other), "{one} {other}");
        }
        assert!(!share("WANG", "HUANG") && !share("KIM", "PARK") && !share("MINHO", "MINSU"));
    }

    #[test]
    fn only_names_of_such_syllables_are_read_so() {
        let (chinese, korean) = (of("WONG SIU MING"), of("PARK DONGJIN"));
        assert!(chinese.chinese && korean.korean);
        for other in ["ALI HASSAN", "MARIA SILVA", "TARZIMAL GULBAR", "ERIKSSON ANNA", "KIM"] {
            assert!(of(other).is_none(), "{other}");
        }
    }
}
