//! What a list returned for a scan ([`Match`]), and what the officer is shown of it ([`Alert`]). Plain data.

use crate::action::Action;
use crate::snapshot::SnapshotList;
use serde_json::Value;
use std::fmt;
use vedette_common::text::json_word;
use vedette_common::words::Phrase;
use vedette_names::handling::{Field, Handling, Restriction};
use vedette_names::person::{self, Warning};
use vedette_shim::ids::{EncounterId, ListName};
use vedette_shim::list::Status;
use vedette_shim::mrz::Change;
use vedette_shim::verdict::ListResult;

/// What a list returned. It is not recorded, and nobody has seen it.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub list: ListName,
    /// Whose alert it is, as the officer reads it.
    pub owner: String,
    /// The alert in the list.
    pub alert_id: String,
    /// [`ListResult::Hit`] or [`ListResult::Possible`].
    pub result: ListResult,
    pub subject: Subject,
    pub action: Action,
    /// How much it is alike, 0 to 1.
    pub score: f32,
    /// Which facts decided.
    pub reasons: Vec<Reason>,
    /// For the officer's safety and others'; never withheld.
    pub warnings: Vec<Warning>,
    /// How far what the alert says may go; shown with it.
    pub handling: Option<Handling>,
    /// Fields that its owner keeps to a role.
    pub restricted: Vec<Restriction>,
    /// Everything the list says of it; null where that is withheld.
    pub details: Value,
    pub(super) home: Home,
}

/// What it takes to bring an encounter with a match home to its owner.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Home {
    /// The edition that has the alert.
    pub(super) edition: u64,
    /// Encounters are sealed to this X25519 key.
    pub(super) owner_key: [u8; 32],
    /// Within how many seconds the owner must confirm; 0: it needs no confirmation.
    pub(super) confirm_s: u32,
}

impl Home {
    pub(super) fn of(held: &SnapshotList) -> Home {
        Home { edition: held.edition, owner_key: held.owner_key, confirm_s: held.confirm_s }
    }
}

/// A match as it is shown, and its encounter, which is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    pub found: Match,
    /// None if it could not be stored: then its owner never hears of it, and no outcome can be given.
    pub encounter: Option<Encountered>,
}

/// An encounter that goes home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encountered {
    pub id: EncounterId,
    /// By when the owner must confirm it, seconds since 1970; none if it needs no confirmation.
    pub confirm_by: Option<u64>,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Document {
        /// Why it is listed; none where that is withheld.
        status: Option<Status>,
    },
    Person {
        /// None where it is withheld, or cannot be read.
        kind: Option<person::AlertKind>,
        /// As listed; none where it is withheld, or cannot be read.
        name: Option<String>,
    },
}

impl Subject {
    /// The kind's word in JSON and in messages: `document`, `person` where no kind may be named, `red`, `sis_arrest` ...
    pub fn kind_word(&self) -> String {
        match self {
            Subject::Document { .. } => "document".into(),
            Subject::Person { kind: None, .. } => "person".into(),
            Subject::Person { kind: Some(kind), .. } => json_word(kind),
        }
    }

    pub fn is_document(&self) -> bool {
        matches!(self, Subject::Document { .. })
    }
}

/// The status of a document, the name of a person, or the kind of either.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Document { status: Some(status) } => f.write_str(status.word()),
            Subject::Person { name: Some(name), .. } => f.write_str(name),
            other => f.write_str(&other.kind_word()),
        }
    }
}

/// What of a document's key a list has otherwise than the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    State,
    Kind,
    Number,
}

/// One fact that decided a match, or that limits it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    NumberEqual,
    NumberInRange,
    /// The document's number or state may be misread.
    NumberMisread,
    /// Found by the number as repaired.
    NumberRepaired,
    /// Found by a number in which this character stands for one that looks like it.
    LookAlike(Change),
    /// Found by another state, type or form of the number than was read.
    Other {
        what: Part,
        read: String,
        listed: String,
    },
    /// Found by a number that was typed without a state: the list has it under this one.
    StateNotTyped(String),
    /// The same of the type.
    TypeNotTyped(String),
    /// The person's alert names this document.
    DocumentNamed(String),
    /// How the document that the person's alert names was found.
    OfNamed(Box<Reason>),
    /// It is the alert's own id.
    AlertId,
    /// It is the reference that the alert gives.
    Reference,
    /// The birth date or name may be misread.
    BearerMisread,
    /// Found by one year of several that were asked for.
    BirthRange,
    Person(vedette_names::Reason),
    /// Details are withheld from this officer.
    Withheld,
}

impl Reason {
    /// As the officer reads it, in any language.
    pub fn phrase(&self) -> Phrase {
        match self {
            Reason::NumberEqual => Phrase::new("reason.number_equal"),
            Reason::NumberInRange => Phrase::new("reason.number_in_range"),
            Reason::NumberMisread => Phrase::new("reason.number_misread"),
            Reason::NumberRepaired => Phrase::new("reason.number_repaired"),
            Reason::LookAlike(place) => Phrase::with(
                "reason.look_alike",
                [
                    ("line", place.line.to_string()),
                    ("column", place.column.to_string()),
                    ("read", place.from.to_string()),
                    ("listed", place.to.to_string()),
                ],
            ),
            Reason::Other { what, read, listed } => {
                let code = match what {
                    Part::State => "reason.state_other",
                    Part::Kind => "reason.type_other",
                    Part::Number => "reason.number_other",
                };
                Phrase::with(code, [("read", read.clone()), ("listed", listed.clone())])
            }
            Reason::StateNotTyped(listed) => {
                Phrase::with("reason.state_not_typed", [("listed", listed.clone())])
            }
            Reason::TypeNotTyped(listed) => {
                Phrase::with("reason.type_not_typed", [("listed", listed.clone())])
            }
            Reason::DocumentNamed(listed) => {
                Phrase::with("reason.document_named", [("listed", listed.clone())])
            }
            Reason::OfNamed(reason) => reason.phrase(),
            Reason::AlertId => Phrase::new("reason.alert_id"),
            Reason::Reference => Phrase::new("reason.reference"),
            Reason::BirthRange => Phrase::new("reason.birth_range"),
            Reason::BearerMisread => Phrase::new("reason.bearer_misread"),
            Reason::Person(reason) => reason.phrase(),
            Reason::Withheld => Phrase::new("reason.withheld"),
        }
    }

    /// The field of the alert that it reveals.
    pub(super) fn reveals(&self) -> Option<Field> {
        match self {
            Reason::Person(reason) => Some(reason.reveals()),
            Reason::DocumentNamed(_) | Reason::OfNamed(_) => Some(Field::Documents),
            Reason::Reference => Some(Field::Reference),
            Reason::BirthRange => Some(Field::BirthDates),
            Reason::NumberEqual
            | Reason::NumberInRange
            | Reason::NumberMisread
            | Reason::NumberRepaired
            | Reason::LookAlike(_)
            | Reason::Other { .. }
            | Reason::StateNotTyped(_)
            | Reason::TypeNotTyped(_)
            | Reason::AlertId
            | Reason::BearerMisread
            | Reason::Withheld => None,
        }
    }
}
