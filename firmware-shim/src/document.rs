//! (state, type, number) of a travel document -> the key that a list is asked for.
//!
//! Purpose: a scan and a list entry that mean the same document must make the same key, however each was
//! written down. So the key is normal: one spelling for a state, one letter for a type, and a number of
//! `A-Z0-9` only.
//!
//! | part | rule | why |
//! |---|---|---|
//! | state | upper case, fillers `<` trimmed, 1 to 3 letters | ICAO Doc 9303-3, 5 |
//! | | `D` becomes `DEU` | machine readable zones write Germany as `D` (9303-3, 5 part A), lists as `DEU` |
//! | | `XKX` becomes `RKS` | Kosovo's documents carry `RKS`; lists often use the user-assigned `XKX` |
//! | type | `P..` -> `P`, `V..` -> `V`, `A..`, `C..`, `I..` -> `I`, others their first letter | the second letter is the issuer's choice and changes (9303-4, 9303-5); A, C and I all mean an official document of TD1 or TD2 size |
//! | number | upper case, all but `A-Z0-9` dropped, 1 to 32 characters | the zone writes `<` for what print shows as space, dash, slash or dot (9303-3, 4.6) |
//!
//! Order: by state, type, length, pattern of letters and digits, then characters. It is the order of every
//! document segment: the keys of one national format stand side by side.
//!
//! Failure: a part that cannot be made normal is refused with its text; nothing is guessed. A letter outside
//! A-Z is refused, not dropped: two numbers must not become one.

use core::fmt;

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use crate::states::State;

/// Most characters of a document number.
pub const NUMBER_CHARS_MAX: usize = 32;
/// Most bytes of a key's sorted form: state 2, type 1, length 1, pattern 4, characters 32.
pub const SORT_BYTES_MAX: usize = 8 + NUMBER_CHARS_MAX;

impl State {
    /// Reads `text` by the rules of this module.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        State::normal(text).ok_or_else(|| KeyError::State(Excerpt::of(text)))
    }
}

/// A document number in normal form. Sorts by length, then pattern, then characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    len: u8,
    pattern: u32,
    chars: [u8; NUMBER_CHARS_MAX],
}

impl Number {
    /// Reads `text` by the rules of this module.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let (mut len, mut chars) = (0, [0; NUMBER_CHARS_MAX]);
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                *chars.get_mut(len).ok_or_else(|| KeyError::LongNumber(Excerpt::of(text)))? =
                    c.to_ascii_uppercase() as u8;
                len += 1;
            } else if c.is_alphanumeric() {
                return Err(KeyError::NumberLetter(c, Excerpt::of(text)));
            }
        }
        if len == 0 {
            return Err(KeyError::EmptyNumber(Excerpt::of(text)));
        }
        Ok(Number::from_normal(len, chars))
    }

    fn from_normal(len: usize, chars: [u8; NUMBER_CHARS_MAX]) -> Self {
        let letters = chars.iter().take(len).enumerate();
        let pattern = letters.fold(0, |bits, (i, c)| bits | u32::from(c.is_ascii_uppercase()) << (31 - i));
        Number { len: len as u8, pattern, chars }
    }

    /// From characters that are normal already: 1 to 32 of `A-Z0-9`, else `None`.
    pub fn from_chars(text: &[u8]) -> Option<Self> {
        let mut chars = [0; NUMBER_CHARS_MAX];
        chars.get_mut(..text.len())?.copy_from_slice(text);
        let normal = text.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        (normal && !text.is_empty()).then(|| Number::from_normal(text.len(), chars))
    }

    /// The characters, 1 to 32.
    pub fn chars(&self) -> &[u8] {
        self.chars.get(..usize::from(self.len)).unwrap_or(&self.chars)
    }

    /// The characters as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.chars()).unwrap_or("")
    }

    /// Where the letters are: the top bit for the first character, 1 for a letter.
    pub fn pattern(&self) -> u32 {
        self.pattern
    }

    /// Same length, and letters and digits in the same places: numbers of one serial.
    pub fn same_format(&self, other: &Number) -> bool {
        self.len == other.len && self.pattern == other.pattern
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Number::new(&heapless::String::<64>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What a document list is asked for: state, type and number in normal form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey {
    state: State,
    kind: u8,
    number: Number,
}

impl DocumentKey {
    /// Reads the three parts by the rules of this module. `document_code` is the zone's first one or two letters,
    /// or a list's type.
    pub fn new(state: &str, document_code: &str, number: &str) -> Result<Self, KeyError> {
        let state = State::new(state)?;
        let kind = normal_kind(document_code).ok_or_else(|| KeyError::Type(Excerpt::of(document_code)))?;
        Ok(DocumentKey { state, kind, number: Number::new(number)? })
    }

    /// The same of a zone's own fields, which hold only `A-Z`, `0-9` and `<`; `None` where [`DocumentKey::new`] says
    /// what is wrong. A scanner's firmware calls no other, so the letters of all scripts stay out of it.
    pub fn of_zone(state: &str, document_code: &str, number: &str) -> Option<Self> {
        let mut chars = heapless::Vec::<u8, NUMBER_CHARS_MAX>::new();
        for c in number.bytes().filter(u8::is_ascii_alphanumeric) {
            chars.push(c).ok()?;
        }
        let number = Number::from_chars(&chars)?;
        Some(DocumentKey { state: State::normal(state)?, kind: normal_kind(document_code)?, number })
    }

    /// The type's letter that a document's code or a list's type stands for; `None` if it begins with no letter.
    pub fn kind_of(code: &str) -> Option<u8> {
        normal_kind(code)
    }

    /// From parts that are normal already; `None` if `kind` is no letter that [`DocumentKey::new`] gives.
    pub fn from_parts(state: State, kind: u8, number: Number) -> Option<Self> {
        (kind.is_ascii_uppercase() && !matches!(kind, b'A' | b'C')).then_some(DocumentKey {
            state,
            kind,
            number,
        })
    }

    /// The issuing state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The type's letter: `P`, `V`, `I` or another.
    pub fn kind(&self) -> char {
        char::from(self.kind)
    }

    /// The number.
    pub fn number(&self) -> &Number {
        &self.number
    }

    /// The same state and type with another number: an end of a range.
    pub fn with_number(&self, number: Number) -> Self {
        DocumentKey { number, ..*self }
    }

    /// The same type and number of another state.
    pub fn with_state(&self, state: State) -> Self {
        DocumentKey { state, ..*self }
    }

    /// The same state and number of another type, `I`, `P`, `R`, `V` or any letter but `A` and `C`, which are `I`.
    pub fn with_kind(&self, kind: u8) -> Self {
        DocumentKey { kind, ..*self }
    }

    /// State, type, length and pattern in one number that sorts as keys do: one value per national format.
    pub fn format(&self) -> u64 {
        u64::from(self.state.code()) << 48
            | u64::from(self.kind) << 40
            | u64::from(self.number.len) << 32
            | u64::from(self.number.pattern)
    }

    /// Bytes that sort as keys do: state (2, big-endian), type, length, pattern (one byte for 8 characters),
    /// characters.
    pub fn sort_bytes(&self) -> heapless::Vec<u8, SORT_BYTES_MAX> {
        let mut bytes = heapless::Vec::new();
        let pattern = self.number.pattern.to_be_bytes();
        let pattern_bytes = usize::from(self.number.len).div_ceil(8).min(4);
        // The parts' longest forms fill the capacity exactly, so nothing is cut.
        let _ = bytes.extend_from_slice(&self.state.code().to_be_bytes());
        let _ = bytes.extend_from_slice(&[self.kind, self.number.len]);
        let _ = bytes.extend_from_slice(pattern.get(..pattern_bytes).unwrap_or(&pattern));
        let _ = bytes.extend_from_slice(self.number.chars());
        bytes
    }

    /// The inverse of [`DocumentKey::sort_bytes`], and what follows the key in `bytes`; `None` if no key has it.
    pub fn from_sort_bytes(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[s1, s2, kind, len], rest) = bytes.split_first_chunk::<4>()?;
        let (pattern, rest) = rest.split_at_checked(usize::from(len).div_ceil(8))?;
        let (chars, rest) = rest.split_at_checked(usize::from(len))?;
        let number = Number::from_chars(chars)?;
        let key = DocumentKey::from_parts(State::from_code(u16::from_be_bytes([s1, s2]))?, kind, number)?;
        number.pattern.to_be_bytes().starts_with(pattern).then_some((key, rest))
    }
}

/// The type that a document's code or a list's type stands for.
fn normal_kind(code: &str) -> Option<u8> {
    let code = code.trim_matches(|c: char| c == '<' || c.is_ascii_whitespace());
    match code.bytes().next()?.to_ascii_uppercase() {
        b'A' | b'C' | b'I' => Some(b'I'),
        letter @ b'A'..=b'Z' => Some(letter),
        _ => None,
    }
}

/// `{state}-{type}-{number}`: the alert's identity.
impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.state, self.kind(), self.number)
    }
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As `{"state": "UTO", "type": "P", "number": "L898902C3"}`.
impl Serialize for DocumentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_struct("DocumentKey", 3)?;
        parts.serialize_field("state", &self.state)?;
        parts.serialize_field("type", &self.kind())?;
        parts.serialize_field("number", self.number.as_str())?;
        parts.end()
    }
}

impl<'de> Deserialize<'de> for DocumentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            state: heapless::String<8>,
            r#type: heapless::String<8>,
            number: heapless::String<64>,
        }
        let parts = Parts::deserialize(deserializer)?;
        DocumentKey::new(&parts.state, &parts.r#type, &parts.number).map_err(D::Error::custom)
    }
}

/// The first characters of a text that was refused, for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(heapless::String<48>);

impl Excerpt {
    fn of(text: &str) -> Self {
        let mut excerpt = heapless::String::new();
        for c in text.chars() {
            if excerpt.push(c).is_err() {
                break;
            }
        }
        Excerpt(excerpt)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_str())
    }
}

/// Why no key can be made of what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The issuing state is not one to three letters.
    State(Excerpt),
    /// The document type does not begin with a letter.
    Type(Excerpt),
    /// The number holds neither letter nor digit.
    EmptyNumber(Excerpt),
    /// The number has more than [`NUMBER_CHARS_MAX`] letters and digits.
    LongNumber(Excerpt),
    /// The number holds a letter or digit outside A-Z and 0-9.
    NumberLetter(char, Excerpt),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::State(text) => {
                write!(f, "issuing state {text} is not 1 to 3 letters A-Z (as in UTO, D)")
            }
            KeyError::Type(text) => {
                write!(f, "document type {text} does not begin with a letter (as in P, ID, V)")
            }
            KeyError::EmptyNumber(text) => write!(f, "document number {text} holds no letter or digit"),
            KeyError::LongNumber(text) => {
                write!(f, "document number {text} has more than {NUMBER_CHARS_MAX} letters and digits")
            }
            KeyError::NumberLetter(c, text) => {
                write!(f, "document number {text} holds {c:?}, outside A-Z and 0-9: transliterate it first")
            }
        }
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn id(state: &str, code: &str, number: &str) -> std::string::String {
        DocumentKey::new(state, code, number).unwrap().to_string()
    }

    #[test]
    fn a_scan_and_a_list_agree() {
        assert_eq!(id("UTO", "P<", "L898902C3"), "UTO-P-L898902C3");
        assert_eq!(id("uto", "PP", "l898902c<3"), "UTO-P-L898902C3");
        assert_eq!(id("D<<", "P", "C01X00T47"), id("DEU", "P<", "C01X-00T 47"));
        assert_eq!(id("XKX", "P", "1"), id("RKS", "P", "1"));
        assert_eq!(id("UTO", "ID", "92/664"), id("UTO", "C", "92664"));
        assert_eq!(id("UTO", "AC", "7"), id("UTO", "I<", "7"));
        assert_eq!(id("UNK", "T", "7"), "UNK-T-7");
    }

    #[test]
    fn what_is_no_key_is_named() {
        let refused = |s, t, n| DocumentKey::new(s, t, n).unwrap_err().to_string();
        assert!(refused("UT0", "P", "1").contains("\"UT0\""));
        assert!(refused("", "P", "1").contains("state"));
        assert!(refused("UTOP", "P", "1").contains("UTOP"));
        assert!(refused("UTO", "<", "1").contains("type"));
        assert!(refused("UTO", "P", "<< -").contains("no letter"));
        assert!(refused("UTO", "P", "АВ123").contains("transliterate"));
        assert!(refused("UTO", "P", &"9".repeat(33)).contains("more than 32"));
        assert!(DocumentKey::new("UTO", "P", &"9".repeat(32)).is_ok());
    }

    #[test]
    fn every_state_has_one_code() {
        let mut seen = 0;
        for code in 0..=u16::MAX {
            if let Some(state) = State::from_code(code) {
                assert_eq!(State::new(&state.letters()), Ok(state));
                assert_eq!(state.code(), code);
                seen += 1;
            }
        }
        assert_eq!(seen, 26 + 26 * 26 + 26 * 26 * 26 - 2);
    }

    proptest! {
        #[test]
        fn a_zones_fields_make_the_same_key_either_way(
            state in "[A-Z<]{0,4}", code in "[A-Z0-9<]{0,2}", number in "[A-Z0-9<]{0,34}",
        ) {
            prop_assert_eq!(DocumentKey::of_zone(&state, &code, &number), DocumentKey::new(&state, &code, &number).ok());
        }

        #[test]
        fn sorted_bytes_sort_as_keys_and_come_back(
            a in ("[A-Z]{1,3}", "[A-Z]", "[A-Z0-9]{1,32}"),
            b in ("[A-Z]{1,3}", "[A-Z]", "[A-Z0-9]{1,32}"),
        ) {
            let a = DocumentKey::new(&a.0, &a.1, &a.2).unwrap();
            let b = DocumentKey::new(&b.0, &b.1, &b.2).unwrap();
            prop_assert_eq!(a.cmp(&b), a.sort_bytes().cmp(&b.sort_bytes()));
            let bytes = a.sort_bytes();
            prop_assert_eq!(DocumentKey::from_sort_bytes(&bytes), Some((a, &[][..])));
            prop_assert_eq!(a.format() == b.format(), a.state == b.state && a.kind == b.kind
                && a.number.same_format(&b.number));
        }

        #[test]
        fn arbitrary_bytes_are_no_key_or_a_whole_one(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some((key, rest)) = DocumentKey::from_sort_bytes(&bytes) {
                let mut again = key.sort_bytes().to_vec();
                again.extend_from_slice(rest);
                prop_assert_eq!(again, bytes);
            }
        }

        #[test]
        fn any_text_gives_a_key_or_an_error(s in ".{0,5}", t in ".{0,3}", n in ".{0,40}") {
            if let Ok(key) = DocumentKey::new(&s, &t, &n) {
                let again = DocumentKey::new(&key.state.letters(), &key.kind().to_string(), key.number.as_str());
                prop_assert_eq!(again, Ok(key));
            }
        }
    }
}
