//! A check without a zone: what an officer typed -> what is asked of the lists.
//!
//! | typed | is asked of |
//! |---|---|
//! | a document's number, with state and type where they are known | lists of documents; of persons, for documents that their alerts name |
//! | a name, with a birth date as far as it is known | lists of persons |
//! | any other identifier: a national number, an alert's id or reference | lists of persons; of documents, as a number |
//!
//! Invariants: only a whole number under the state and type that were typed is a hit; whatever else matches by number is
//! possible at most, as is everything found by a birth year that is not known. Nothing typed is a name of nobody: too little
//! is an error, and nothing was asked.

use vedette_lists::{Wildcard, WildcardError};
use vedette_names::{BirthDate, PersonQuery};
use vedette_shim::document::{DocumentKey, KeyError, State};
use vedette_shim::wire::ScannedDocument;

use super::alert::Reason;
use super::reading::{Named, Reading, TypedNumber};
use vedette_common::text::cut;

/// Most lookups of one list for a number that cannot all be read.
pub const CANDIDATES_MAX: u64 = 1_000;
/// Most birth years that are asked for one after the other.
pub const BIRTH_YEARS_MAX: u16 = 20;
/// Longest text that is searched, bytes.
pub const TYPED_BYTES_MAX: usize = 200;
/// Letters and digits of the shortest identifier.
const IDENTIFIER_MIN: usize = 3;

/// What is searched, who searches, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    pub typed: Typed,
    /// Badge or program, for the journal.
    pub who: String,
    /// For the journal.
    pub why: String,
}

/// What was typed. An empty text is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    Number {
        /// `?` stands for one unreadable character, one `*` for any count of them.
        number: String,
        /// ICAO code of the issuing state.
        state: String,
        /// The document's code: `P`, `ID`.
        kind: String,
    },
    Name {
        surname: String,
        given_names: String,
        /// `1974-08-12`, `1974-08`, `1974`, or a range of years, `1970..1975`.
        birth_date: String,
        /// ICAO code.
        nationality: String,
        /// `M`, `F` or `X`.
        sex: String,
    },
    /// `?` and `*` as in a number.
    Identifier(String),
}

/// Why nothing was searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    #[error("number: {0}")]
    Number(#[from] WildcardError),
    #[error("{0}")]
    Key(#[from] KeyError),
    /// Neither date nor range.
    #[error("birth date {0:?} is none")]
    BirthDate(String),
    #[error("birth date {text:?}: {years} years, and at most {BIRTH_YEARS_MAX} are searched")]
    Years { text: String, years: u16 },
    /// There is no letter in it.
    #[error("the name has no letter")]
    NoName,
    #[error("sex {0:?} is none of M, F and X")]
    Sex(String),
    #[error("the identifier has fewer than {IDENTIFIER_MIN} letters and digits that can be read")]
    Identifier,
    #[error("{what} has more than {TYPED_BYTES_MAX} bytes")]
    Long { what: &'static str },
    /// A number that cannot all be read may be too many.
    #[error("{number:?} may be {candidates} numbers of {list}, and at most {CANDIDATES_MAX} are searched")]
    TooWide { number: String, list: String, candidates: u64 },
}

impl FindError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            FindError::Number(WildcardError::Letter { .. }) => {
                "type ? for a character that cannot be read, and Latin letters as printed in the zone"
            }
            FindError::Number(_) | FindError::Identifier => {
                "read more of it; ? stands for one character that cannot be read, * for any count of them"
            }
            FindError::Key(_) => "leave out what is not known",
            FindError::BirthDate(_) => {
                "for example 1974-08-12, 1974-08, 1974 or 1970..1975; leave it out if it is not known"
            }
            FindError::Years { .. } => "search a shorter range, or leave the birth date out",
            FindError::NoName => "give the family name, or the whole name where its parts are not known",
            FindError::Sex(_) => "leave it out if it is not known",
            FindError::Long { .. } => "type only what is searched",
            FindError::TooWide { .. } => "read more of the number, or give state and type",
        }
    }
}

impl Typed {
    /// What is asked of the lists.
    pub(super) fn reading(&self) -> Result<Reading, FindError> {
        self.bounded()?;
        match self {
            Typed::Number { number, state, kind } => {
                let state = Some(state.as_str()).filter(|text| !text.trim().is_empty());
                let kind = Some(kind.as_str()).filter(|text| !text.trim().is_empty());
                let wildcard = Wildcard::new(number)?;
                let state = state.map(State::new).transpose()?;
                // Any state and number do to read the type by the rules of keys.
                let kind =
                    kind.map(|kind| DocumentKey::new("UTO", kind, "0")).transpose()?.map(|key| key.kind());
                let sure = state.is_some() && wildcard.whole().is_some();
                let named = Named { wildcard: wildcard.clone(), state, any: false, sure };
                let typed = TypedNumber { text: number.trim().into(), wildcard, state, kind };
                Ok(Reading::typed(Some(typed), Vec::new(), Some(named)))
            }
            Typed::Name { surname, given_names, birth_date, nationality, sex } => {
                if !surname.chars().chain(given_names.chars()).any(char::is_alphabetic) {
                    return Err(FindError::NoName);
                }
                let read = PersonQuery {
                    surname: surname.clone(),
                    given: given_names.clone(),
                    name_truncated: false,
                    birth_date: None,
                    nationality: nationality.trim().to_uppercase(),
                    sex: self::sex(sex)?,
                };
                let persons = births(birth_date)?
                    .into_iter()
                    .map(|(birth_date, limit)| (PersonQuery { birth_date, ..read.clone() }, limit));
                Ok(Reading::typed(None, persons.collect(), None))
            }
            Typed::Identifier(text) => {
                let wildcard = Wildcard::new(text).map_err(|error| match error {
                    WildcardError::Unreadable { .. } => FindError::Identifier,
                    other => other.into(),
                })?;
                let named = Named { wildcard: wildcard.clone(), state: None, any: true, sure: false };
                let typed = TypedNumber { text: text.trim().into(), wildcard, state: None, kind: None };
                Ok(Reading::typed(Some(typed), Vec::new(), Some(named)))
            }
        }
    }

    /// As an encounter carries it: cut where that has no room.
    pub(super) fn fields(&self) -> ScannedDocument {
        match self {
            Typed::Number { number, state, kind } => ScannedDocument {
                code: cut(kind.trim()),
                issuing_state: cut(state.trim()),
                number: cut(number.trim()),
                ..ScannedDocument::default()
            },
            Typed::Name { surname, given_names, birth_date, nationality, sex } => ScannedDocument {
                surname: cut(surname.trim()),
                given_names: cut(given_names.trim()),
                birth_date: cut(&zone_date(birth_date)),
                nationality: cut(nationality.trim()),
                sex: cut(sex.trim()),
                ..ScannedDocument::default()
            },
            Typed::Identifier(text) => {
                ScannedDocument { number: cut(text.trim()), ..ScannedDocument::default() }
            }
        }
    }

    fn bounded(&self) -> Result<(), FindError> {
        let texts = match self {
            Typed::Number { number, state, kind } => {
                vec![("number", number), ("state", state), ("type", kind)]
            }
            Typed::Name { surname, given_names, birth_date, nationality, sex } => vec![
                ("surname", surname),
                ("given names", given_names),
                ("birth date", birth_date),
                ("nationality", nationality),
                ("sex", sex),
            ],
            Typed::Identifier(text) => vec![("identifier", text)],
        };
        match texts.into_iter().find(|(_, text)| text.len() > TYPED_BYTES_MAX) {
            Some((what, _)) => Err(FindError::Long { what }),
            None => Ok(()),
        }
    }
}

/// A birth date as it is asked for, and what limits a match by it.
type Birth = (Option<BirthDate>, Option<Reason>);

/// The birth dates to be asked for.
fn births(text: &str) -> Result<Vec<Birth>, FindError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(vec![(None, None)]);
    }
    let wrong = || FindError::BirthDate(text.into());
    let Some((from, to)) = text.split_once("..") else {
        return Ok(vec![(Some(BirthDate::parse(text).ok_or_else(wrong)?), None)]);
    };
    let year = |text: &str| {
        let date = BirthDate::parse(text).filter(|date| date.month.is_none()).ok_or_else(wrong)?;
        Ok::<u16, FindError>(date.year)
    };
    let (from, to) = (year(from)?, year(to)?);
    let years = to.checked_sub(from).ok_or_else(wrong)? + 1;
    if years > BIRTH_YEARS_MAX {
        return Err(FindError::Years { text: text.into(), years });
    }
    Ok((from..=to).map(|year| (Some(BirthDate::of_year(year)), Some(Reason::BirthRange))).collect())
}

fn sex(text: &str) -> Result<vedette_names::Sex, FindError> {
    match text.trim().to_uppercase().as_str() {
        "" => Ok(vedette_names::Sex::Unknown),
        "F" => Ok(vedette_names::Sex::Female),
        "M" => Ok(vedette_names::Sex::Male),
        "X" => Ok(vedette_names::Sex::Unspecified),
        _ => Err(FindError::Sex(text.trim().into())),
    }
}

/// As a zone has it, YYMMDD; unknown parts `<<`.
fn zone_date(text: &str) -> String {
    let Some(date) = BirthDate::parse(text) else { return String::new() };
    let two = |part: Option<u8>| part.map_or("<<".into(), |part| format!("{part:02}"));
    format!("{:02}{}{}", date.year % 100, two(date.month), two(date.day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(birth_date: &str) -> Typed {
        let text = |text: &str| text.to_string();
        Typed::Name {
            surname: text("Eriksson"),
            given_names: text("Anna"),
            birth_date: text(birth_date),
            nationality: text("uto"),
            sex: text("f"),
        }
    }

    #[test]
    fn a_birth_date_is_known_whole_in_part_as_a_range_or_not_at_all() {
        let asked = |text: &str| {
            let persons = name(text).reading().unwrap().persons;
            persons.iter().map(|(p, limit)| (p.birth_date, limit.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(asked("1974-08-12"), [(Some(BirthDate::new(1974, 8, 12)), false)]);
        assert_eq!(asked("1974"), [(Some(BirthDate::of_year(1974)), false)]);
        assert_eq!(asked(" "), [(None, false)]);
        let years: Vec<_> = (1970..=1972).map(|year| (Some(BirthDate::of_year(year)), true)).collect();
        assert_eq!(asked("1970..1972"), years);
        let refused = |text: &str| name(text).reading().err();
        assert_eq!(refused("12.8.74"), Some(FindError::BirthDate("12.8.74".into())));
        assert_eq!(refused("1975..1970"), Some(FindError::BirthDate("1975..1970".into())));
        assert_eq!(refused("1970..1990"), Some(FindError::Years { text: "1970..1990".into(), years: 21 }));
        assert!(refused("1971..1990").is_none());
    }

    #[test]
    fn too_little_is_no_search() {
        let number = |number: &str, state: &str, kind: &str| {
            let [number, state, kind] = [number, state, kind].map(str::to_string);
            Typed::Number { number, state, kind }.reading().err()
        };
        assert_eq!(number("L898902C3", "", ""), None);
        assert_eq!(number("L89?902*", "UTO", "P"), None);
        assert!(matches!(number("??", "", ""), Some(FindError::Number(_))));
        assert!(matches!(number("L898902C3", "U70", ""), Some(FindError::Key(KeyError::State(_)))));
        assert!(matches!(number("L898902C3", "UTO", "7"), Some(FindError::Key(KeyError::Type(_)))));
        assert_eq!(number(&"1".repeat(201), "", ""), Some(FindError::Long { what: "number" }));
        assert_eq!(Typed::Identifier("?1".into()).reading().err(), Some(FindError::Identifier));
        let nobody = Typed::Name {
            surname: "-".into(),
            given_names: String::new(),
            birth_date: String::new(),
            nationality: String::new(),
            sex: String::new(),
        };
        assert_eq!(nobody.reading().err(), Some(FindError::NoName));
    }

    #[test]
    fn an_encounter_carries_what_was_typed() {
        let fields = name("1974-08").fields();
        assert_eq!((fields.surname.as_str(), fields.birth_date.as_str()), ("Eriksson", "7408<<"));
        assert_eq!(name("1970..1972").fields().birth_date.as_str(), "");
    }
}
