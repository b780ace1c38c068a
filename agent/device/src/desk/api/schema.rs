//! Types of other modules and crates, described for OpenAPI. They know nothing of the API, so they are described here; a
//! test compares each description with what the type writes.

use std::collections::BTreeMap;
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $($word:literal),+) => {
        $(#[$doc])*
        pub(super) struct $name;

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
    /// How it stands with what is at a port.
    ScannerState, "silent", "connected", "unknown", "elsewhere", "expired", "revoked", "unproven", "foreign"
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

words!(
    /// What to do about a document or a person.
    Action,
    "arrest",
    "bearer_sought",
    "protect",
    "specific_check",
    "seize_document",
    "refuse_entry",
    "return",
    "inquiry_check",
    "locate",
    "inform",
    "discreet_check"
);
words!(
    /// For the officer's safety and others'.
    Warning, "armed", "violent", "escaped", "suicide_risk", "public_health", "terrorism"
);
words!(
    /// What an officer may do; each may what those before it may.
    Role, "officer", "supervisor", "administrator"
);
words!(
    /// How far a roster is in effect: `behind` a newer one that has not arrived; `expired` is in its grace, after `ended` only administrators sign in.
    RosterState, "current", "behind", "expired", "ended"
);
words!(
    /// What a copy of the disk needs besides to open the lists: this machine's TPM 2; nothing, if the whole disk was copied; nothing.
    KeyProtection, "tpm2", "host_key", "file"
);
words!(
    /// A field that an owner may restrict to a role.
    Field,
    "kind",
    "names",
    "birth_dates",
    "birth_places",
    "nationalities",
    "sex",
    "documents",
    "reason",
    "authority",
    "reference",
    "remark"
);

/// A sentence for the officer: a code for programs and other languages, what fills it, and the English text.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes vedette_common::words::Phrase")]
pub(super) struct Phrase {
    /// The key of the message, such as `reason.name_equal`.
    code: String,
    /// What stands in it, by name; text of a list or a document as it is, so show it with care.
    values: Option<BTreeMap<String, String>>,
    /// In English.
    text: String,
}

/// A handling code: how far what an alert says may go.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes vedette_names::handling::Handling")]
pub(super) struct Handling {
    /// Whose code it is: `europol` for H0 to H3.
    scale: String,
    code: String,
    /// What the owner adds; for H3 it says what is meant.
    text: String,
}

/// A field that only a role may see, and those above it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes vedette_names::handling::Restriction")]
pub(super) struct Restriction {
    field: Field,
    /// The least role that may see it.
    role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action as Act;
    use crate::post::status::RosterStanding as Roster;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use vedette_common::roster::Role as Officer;
    use vedette_names::handling;
    use vedette_names::person::Warning as Warn;
    use vedette_shim::list::Kind as List;
    use vedette_shim::trust::{Freshness as Fresh, OwnerWord as Owner};
    use vedette_shim::verdict::{ListResult as Result, Verdict as Answer};
    use vedette_shim::wire::Outcome as Came;

    #[test]
    fn the_words_of_other_modules_are_described_as_they_write_them() {
        fn written<T: serde::Serialize, const N: usize>(all: [T; N]) -> Vec<String> {
            all.map(|word| json!(word).as_str().unwrap().to_string()).into()
        }
        let verdicts = [Answer::Clear, Answer::NotChecked, Answer::Possible, Answer::Hit];
        assert_eq!(written(verdicts), Verdict::WORDS);
        let results = [Result::Clear, Result::Possible, Result::Hit, Result::NotChecked];
        assert_eq!(written(results), ListResult::WORDS);
        assert_eq!(written([Fresh::Fresh, Fresh::Stale, Fresh::Expired]), Freshness::WORDS);
        use crate::scanner::channel::ScannerState as At;
        let at = [At::Silent, At::Connected, At::Unknown, At::Elsewhere];
        let more = [At::Expired, At::Revoked, At::Unproven, At::Foreign];
        assert_eq!([written(at), written(more)].concat(), ScannerState::WORDS);
        assert_eq!(written([List::Documents, List::Persons]), Kind::WORDS);
        assert_eq!(written([Owner::Confirmed, Owner::NotThePerson, Owner::Withdrawn]), OwnerWord::WORDS);
        let came = [Came::Confirmed, Came::NotThePerson, Came::Seized, Came::Released, Came::PassedOn];
        assert_eq!(written(came), Outcome::WORDS);
        assert_eq!(written(Act::ALL), Action::WORDS);
        use Warn::*;
        let warnings = [Armed, Violent, Escaped, SuicideRisk, PublicHealth, Terrorism];
        assert_eq!(written(warnings), Warning::WORDS);
        assert_eq!(written([Officer::Officer, Officer::Supervisor, Officer::Administrator]), Role::WORDS);
        assert_eq!(
            written([Roster::Current, Roster::Behind, Roster::Expired, Roster::Ended]),
            RosterState::WORDS
        );
        use crate::box_key::Protection;
        let protections = [Protection::Tpm2, Protection::HostKey, Protection::File];
        assert_eq!(written(protections), KeyProtection::WORDS);
        use handling::Field as F;
        let fields = [
            F::Kind,
            F::Names,
            F::BirthDates,
            F::BirthPlaces,
            F::Nationalities,
            F::Sex,
            F::Documents,
            F::Reason,
            F::Authority,
            F::Reference,
            F::Remark,
        ];
        assert_eq!(written(fields), Field::WORDS);
    }

    #[test]
    fn the_objects_of_other_crates_are_described_with_the_fields_they_write() {
        fn described<T: PartialSchema>() -> BTreeSet<String> {
            let schema = serde_json::to_value(T::schema()).unwrap();
            schema["properties"].as_object().unwrap().keys().cloned().collect()
        }
        let written = |value: Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let phrase = vedette_common::words::Phrase::with("why.number", [("error", "x".into())]);
        assert_eq!(described::<Phrase>(), written(json!(phrase)));
        assert_eq!(described::<Handling>(), written(json!(handling::Handling::europol("H1"))));
        let restriction = handling::Restriction { field: handling::Field::Kind, role: Officer::Supervisor };
        assert_eq!(described::<Restriction>(), written(json!(restriction)));
    }
}
