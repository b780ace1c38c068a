//! What the officer reads, in the officer's language: one file of messages each, the same for terminal and page.
//!
//! A file of `messages/` is one flat JSON object: key -> text, in which `{name}` stands for a value. Every
//! file has the same keys and the same values in each. What a list or a document says is a value, never a key.
//!
//! Failure: a key that no file has shows as itself, so that nothing the officer must know is ever left out.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A language the officer may choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Arabic.
    Ar,
}

/// Every language, and its file.
pub const FILES: [(Language, &str, &str); 4] = [
    (Language::En, "en", include_str!("messages/en.json")),
    (Language::Fr, "fr", include_str!("messages/fr.json")),
    (Language::Es, "es", include_str!("messages/es.json")),
    (Language::Ar, "ar", include_str!("messages/ar.json")),
];

impl Language {
    /// The language of a tag or locale: `fr`, `fr-CA`, `fr_FR.UTF-8`; `None` for one that has no messages.
    pub fn of(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        FILES.iter().find(|(_, code, _)| code.eq_ignore_ascii_case(primary)).map(|(language, ..)| *language)
    }
}

/// A sentence for the officer: a code for programs and other languages, what fills it, and the English text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// The key of the message, such as `reason.name_equal`.
    pub code: String,
    /// What stands in it, by name; text of a list or a document as it is, so show it with care.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// In English.
    pub text: String,
}

impl Phrase {
    /// A sentence without values.
    pub fn new(code: &str) -> Phrase {
        Phrase::with(code, [])
    }

    /// A sentence with values.
    pub fn with<const N: usize>(code: &str, values: [(&str, String); N]) -> Phrase {
        let values = values.map(|(name, value)| (name.to_string(), value)).into();
        let text = Words::of(Language::En).fill(code, &values);
        Phrase { code: code.into(), values, text }
    }
}

/// The messages of one language.
#[derive(Debug)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// The messages of a language.
    pub fn of(language: Language) -> &'static Words {
        static WORDS: OnceLock<[Words; FILES.len()]> = OnceLock::new();
        let read = |(_, code, file): (Language, &str, &str)| {
            Words(serde_json::from_str(file).unwrap_or_else(|error| panic!("messages/{code}.json: {error}")))
        };
        // The files are part of the program and a test reads them: none can fail to parse here.
        &WORDS.get_or_init(|| FILES.map(read))[language as usize]
    }

    /// A message without values.
    pub fn say<'a>(&'a self, key: &'a str) -> &'a str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// Whether there is such a message.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Every key.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// A message with its values.
    pub fn fill(&self, key: &str, values: &BTreeMap<String, String>) -> String {
        let mut rest = self.say(key);
        let mut out = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, then)) = after.split_once('}') else { break };
            out.push_str(values.get(name).map_or("", String::as_str));
            rest = then;
        }
        out.push_str(rest);
        out
    }

    /// A sentence in this language; in English if this language lacks it.
    pub fn phrase(&self, phrase: &Phrase) -> String {
        match self.has(&phrase.code) {
            true => self.fill(&phrase.code, &phrase.values),
            false => phrase.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(text: &str) -> Vec<&str> {
        let mut slots: Vec<_> =
            text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|t| t.0).collect();
        slots.sort_unstable();
        slots
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_values() {
        let english = Words::of(Language::En);
        for (language, code, file) in FILES {
            let words = Words::of(language);
            assert!(words.0.keys().eq(english.0.keys()), "{code}.json: {:?}", differing(words, english));
            for (key, text) in &words.0 {
                assert!(!text.trim().is_empty(), "{code}.json: {key} is empty");
                assert_eq!(slots(text), slots(english.say(key)), "{code}.json: {key}");
                assert_eq!(
                    file.matches(&format!("\"{key}\":")).count(),
                    1,
                    "{code}.json: {key} stands twice"
                );
            }
        }
    }

    fn differing<'a>(one: &'a Words, other: &'a Words) -> Vec<&'a String> {
        let lacks = |of: &'a Words, from: &'a Words| of.0.keys().filter(|key| !from.has(key));
        lacks(one, other).chain(lacks(other, one)).collect()
    }

    #[test]
    fn values_fill_a_message_and_are_not_filled_themselves() {
        let words = Words([("k".to_string(), "{a} and {b}, {a}".to_string())].into());
        let values = [("a".to_string(), "{b}".to_string()), ("b".to_string(), "2".to_string())].into();
        assert_eq!(words.fill("k", &values), "{b} and 2, {b}");
        assert_eq!(words.say("no.such.key"), "no.such.key");
    }

    #[test]
    fn a_locale_names_its_language() {
        assert_eq!(Language::of("fr_FR.UTF-8"), Some(Language::Fr));
        assert_eq!(Language::of("AR"), Some(Language::Ar));
        assert_eq!(Language::of("en-GB"), Some(Language::En));
        assert_eq!((Language::of("C"), Language::of("")), (None, None));
    }
}
