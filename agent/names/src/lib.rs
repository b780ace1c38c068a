//! Recognising a person by name, birth date, nationality and sex.
//!
//! `normalise` makes tokens of A to Z from any script by the readings of `script`, and `readings` adds at import what takes
//! a dictionary; `placeholders` name nobody. `fold` and `equivalents` hear what tokens sound like, `national` how other
//! states spell them, `syllables` how Chinese and Korean names are cut and spelt, `forms` what looks alike. `query` matches
//! a traveller's tokens against the `vocabulary` of a list's, once, with `respelt` for other states' spellings; `gather`
//! finds in the `index` the persons they lead to, `align` puts tokens of query and name together, `birth` compares dates,
//! `nation` nationalities, `score` adds up what was seen by its `weights` with how rare the name is in the `world`, and
//! `explain` says it. `search` runs all of that; `person` is an alert and its bytes, `handling` how far it may go, and
//! `named` the documents it names. A search reads memory only: no lock, no clock, no file.

pub mod handling;
pub mod person;

mod align;
mod birth;
mod distance;
mod equivalents;
mod explain;
mod fold;
mod forms;
mod gather;
mod index;
mod keys;
mod known;
mod named;
mod nation;
mod national;
mod normalise;
mod placeholders;
mod query;
mod readings;
mod respelt;
mod score;
mod script;
mod search;
mod syllables;
mod vocabulary;
mod weights;
mod world;

pub use birth::Birth;
pub use explain::{Reason, Standing};
pub use index::PersonIndex;
pub use named::{Agrees, NamedDocument};
pub use person::{BirthDate, NameKind, PersonAlert, PersonDocument, PersonName, Sex, decode, encode};
pub use readings::READINGS_MAX;

/// What was read of a traveller. Empty and unknown fields are no evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonQuery {
    /// Family names, `<` or spaces between them; the whole name where the parts are not known apart.
    pub surname: String,
    /// Given names.
    pub given: String,
    /// The name fills its field of the machine readable zone, so it may be cut.
    pub name_truncated: bool,
    /// Birth date as far as it is known; None when not even the year is.
    pub birth_date: Option<BirthDate>,
    /// Nationality, ICAO three-letter code.
    pub nationality: String,
    /// Sex.
    pub sex: Sex,
}

/// A person that a traveller may be.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonMatch {
    /// The alert's id.
    pub alert_id: String,
    /// From 0 to 1; what it takes to be a possible or a hit is the list's to say.
    pub score: f32,
    /// Which facts decided.
    pub reasons: Vec<Reason>,
}
