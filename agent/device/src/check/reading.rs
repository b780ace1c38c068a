//! What is asked of the lists: the document and the person, read from a zone or typed ([`super::find`]).
//!
//! Invariants: what may be misread is said to be so. What a document may be listed as beside what was read is
//! [`DocumentQuery`]'s to say; a name that can be read in several ways is asked in each.

use super::alert::Reason;
use super::answer::Notice;
use vedette_common::clock::rfc3339;
use vedette_common::text::cut;
use vedette_lists::Wildcard;
use vedette_names::{BirthDate, PersonQuery};
use vedette_shim::document::{DocumentKey, KeyError, State};
use vedette_shim::list::Kind;
use vedette_shim::mrz::{Mrz, Sex};
use vedette_shim::query::{self, DocumentQuery, Lookup};
use vedette_shim::wire::ScannedDocument;

/// What is asked of the lists.
pub(super) struct Reading {
    /// Of lists of documents; none: they are not asked.
    pub(super) documents: Option<Documents>,
    /// The number, the state or the type may be misread: a miss means nothing.
    pub(super) number_doubtful: bool,
    /// The person, by each reading of the name and of the birth date, with what limits a match by it: then it is possible
    /// at most.
    pub(super) persons: Vec<(PersonQuery, Option<Reason>)>,
    /// The birth date or the name may be misread: a miss means nothing.
    pub(super) bearer_doubtful: bool,
    /// What was typed that persons' alerts may name; a zone's document is asked of them too.
    pub(super) named: Option<Named>,
}

/// What lists of documents are asked.
pub(super) enum Documents {
    Zone(ZoneNumber),
    Typed(TypedNumber),
}

/// A document as its zone has it.
pub(super) struct ZoneNumber {
    zone: Box<Mrz>,
    /// The key as read, if there is one.
    pub(super) read: Option<DocumentKey>,
    /// Why nothing can be looked up, if so.
    pub(super) refused: Option<KeyError>,
}

/// A document as far as somebody typed it.
pub(super) struct TypedNumber {
    pub(super) text: String,
    pub(super) wildcard: Wildcard,
    pub(super) state: Option<State>,
    /// The type's letter, by the rules of keys.
    pub(super) kind: Option<char>,
}

/// An identifier that a person's alert may name.
pub(super) struct Named {
    pub(super) wildcard: Wildcard,
    /// The state that issued the document; none where it is not known.
    pub(super) state: Option<State>,
    /// Not only documents: alerts' ids and references too.
    pub(super) any: bool,
    /// A document of that state with that number is a hit; otherwise possible.
    pub(super) sure: bool,
}

impl ZoneNumber {
    fn of(zone: &Mrz) -> ZoneNumber {
        let query = DocumentQuery::new(zone);
        let mut any = query.read.is_some();
        if !any {
            query.visit(&mut |_| any = true);
        }
        let named = || DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number());
        let refused = if any { None } else { named().err() };
        ZoneNumber { zone: Box::new(zone.clone()), read: query.read, refused }
    }

    /// Shows `visit` every lookup of a list that has only documents of these formats, as read first; `None`: of any.
    pub(super) fn visit(&self, formats: Option<&[u64]>, visit: &mut dyn FnMut(&Lookup)) {
        DocumentQuery::new(&self.zone).visit_listed(formats, visit);
    }

    /// State, type and number as they stand in the zone, for reasons that name both readings.
    pub(super) fn as_read(&self) -> [&str; 3] {
        [self.zone.issuing_state(), self.zone.document_code(), self.zone.document_number()]
    }
}

impl TypedNumber {
    /// The key, if all of it was typed.
    pub(super) fn key(&self) -> Option<DocumentKey> {
        DocumentKey::from_parts(self.state?, u8::try_from(self.kind?).ok()?, self.wildcard.whole()?)
    }
}

impl Reading {
    pub(super) fn of(zone: &Mrz, now: u64) -> (Reading, Vec<Notice>) {
        let (number_doubtful, bearer_doubtful) = (zone.number_doubtful(), zone.bearer_doubtful());
        let mut notices = Vec::new();
        if number_doubtful {
            notices.push(Notice::Misread);
        }
        if bearer_doubtful {
            notices.push(Notice::BearerMisread);
        }
        if !zone.code_known() {
            notices.push(Notice::CodeUnknown(zone.document_code().into()));
        }
        let repaired = if bearer_doubtful { query::repaired(zone) } else { None };
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let mut persons = persons(repaired.as_ref().unwrap_or(zone), today);
        if bearer_doubtful && repaired.is_none() {
            // A wrong date would make another person of them; without one the name decides.
            persons.iter_mut().for_each(|(person, _)| person.birth_date = None);
        }
        let reading = Reading {
            documents: Some(Documents::Zone(ZoneNumber::of(zone))),
            number_doubtful,
            persons,
            bearer_doubtful,
            named: None,
        };
        (reading, notices)
    }

    /// What somebody typed. Nothing of it is in doubt: what was typed is what is asked.
    pub(super) fn typed(
        number: Option<TypedNumber>,
        persons: Vec<(PersonQuery, Option<Reason>)>,
        named: Option<Named>,
    ) -> Reading {
        let documents = number.map(Documents::Typed);
        Reading { documents, number_doubtful: false, persons, bearer_doubtful: false, named }
    }

    /// Whether lists of this kind can say anything of it.
    pub(super) fn asks(&self, kind: Kind) -> bool {
        match kind {
            Kind::Documents => self.documents.is_some(),
            Kind::Persons => self.named.is_some() || !self.persons.is_empty(),
        }
    }

    /// The document itself, if it is known whole.
    pub(super) fn document(&self) -> Option<DocumentKey> {
        match self.documents.as_ref()? {
            Documents::Zone(zone) => zone.read,
            Documents::Typed(typed) => typed.key(),
        }
    }
}

/// The bearer: by the name as read, unless the zone itself says that it is to be read otherwise, and by other readings.
fn persons(zone: &Mrz, today: u16) -> Vec<(PersonQuery, Option<Reason>)> {
    let read = person(zone, today);
    let others = zone.name_readings();
    let otherwise = others.iter().any(|name| name.sure);
    let mut persons: Vec<_> = if otherwise { Vec::new() } else { vec![(read.clone(), None)] };
    persons.extend(others.iter().map(|name| {
        let (surname, given) = (name.surname.as_str().into(), name.given_names.as_str().into());
        (PersonQuery { surname, given, ..read.clone() }, (!name.sure).then_some(Reason::BearerMisread))
    }));
    persons
}

fn person(zone: &Mrz, today: u16) -> PersonQuery {
    PersonQuery {
        surname: zone.surname().into(),
        given: zone.given_names().into(),
        name_truncated: zone.name_truncated(),
        birth_date: birth_date(zone, today),
        nationality: zone.nationality().into(),
        sex: match zone.sex() {
            Sex::Male => vedette_names::Sex::Male,
            Sex::Female => vedette_names::Sex::Female,
            Sex::X | Sex::Unspecified => vedette_names::Sex::Unspecified,
            Sex::Unknown => vedette_names::Sex::Unknown,
        },
    }
}

fn birth_date(zone: &Mrz, today: u16) -> Option<BirthDate> {
    let date = zone.birth_date()?;
    let parts = date.parts()?;
    Some(BirthDate { year: parts.birth_year(today)?, month: parts.month, day: parts.day, circa: false })
}

/// What was read, as an encounter carries it.
pub(crate) fn scanned(zone: &Mrz) -> ScannedDocument {
    let sex = match zone.sex() {
        Sex::Male => "M",
        Sex::Female => "F",
        Sex::X => "X",
        Sex::Unspecified | Sex::Unknown => "",
    };
    ScannedDocument {
        code: cut(zone.document_code()),
        issuing_state: cut(zone.issuing_state()),
        number: cut(zone.document_number()),
        surname: cut(zone.surname()),
        given_names: cut(zone.given_names()),
        nationality: cut(zone.nationality()),
        birth_date: cut(zone.birth_date().as_ref().map_or("", |d| d.as_str())),
        sex: cut(sex),
        expiry_date: cut(zone.expiry_date().as_ref().map_or("", |d| d.as_str())),
    }
}
