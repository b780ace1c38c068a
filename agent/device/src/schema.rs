//! Descriptions of the shim's enums for OpenAPI. The shim is without std, so they are described here; a test compares them
//! with what the shim writes.

use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $($word:literal),+) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl $name {
            const WORDS: &[&str] = &[$($word),+];
        }

        impl PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

words!(
    /// A scan's answer.
    Verdict, "clear", "not_checked", "possible", "hit"
);
words!(
    /// A list's answer.
    ListResult, "clear", "possible", "hit", "not_checked"
);
words!(
    /// How far a list may be relied on.
    Freshness, "fresh", "stale", "expired"
);
words!(
    /// What a list is about.
    Kind, "documents", "persons"
);
words!(
    /// What an owner says of an encounter.
    OwnerWord, "confirmed", "not_the_person", "withdrawn"
);
words!(
    /// What came of an encounter.
    Outcome, "confirmed", "not_the_person", "seized", "released", "passed_on"
);

#[cfg(test)]
mod tests {
    use vedette_shim::list::Kind;
    use vedette_shim::trust::{Freshness, OwnerWord};
    use vedette_shim::verdict::{ListResult, Verdict};
    use vedette_shim::wire::Outcome;

    #[test]
    fn the_shim_s_words_are_described_as_it_writes_them() {
        fn written<T: serde::Serialize, const N: usize>(all: [T; N]) -> Vec<String> {
            all.map(|word| serde_json::to_value(word).unwrap().as_str().unwrap().to_string()).into()
        }
        use {Freshness::*, Kind::*};
        assert_eq!(
            written([Verdict::Clear, Verdict::NotChecked, Verdict::Possible, Verdict::Hit]),
            super::Verdict::WORDS
        );
        assert_eq!(
            written([ListResult::Clear, ListResult::Possible, ListResult::Hit, ListResult::NotChecked]),
            super::ListResult::WORDS
        );
        assert_eq!(written([Fresh, Stale, Expired]), super::Freshness::WORDS);
        assert_eq!(written([Documents, Persons]), super::Kind::WORDS);
        use OwnerWord as Word;
        assert_eq!(written([Word::Confirmed, Word::NotThePerson, Word::Withdrawn]), super::OwnerWord::WORDS);
        use Outcome::*;
        assert_eq!(written([Confirmed, NotThePerson, Seized, Released, PassedOn]), super::Outcome::WORDS);
    }
}
