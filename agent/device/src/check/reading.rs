//! What is asked of the lists: the document and the person, read from a zone.
//!
//! Invariants: what may be misread is said to be so. What a document may be listed as beside what was read is
//! [`DocumentQuery`]'s to say; a name that can be read in several ways is asked in each.

use super::answer::Notice;
use vedette_common::clock::rfc3339;
use vedette_names::{BirthDate, PersonQuery};
use vedette_shim::document::{DocumentKey, KeyError};
use vedette_shim::mrz::{Mrz, Sex};
use vedette_shim::query::{self, DocumentQuery, Lookup};

/// What is asked of the lists.
pub(super) struct Reading {
    /// As read first; or why the number cannot be looked up.
    pub(super) lookups: Result<Vec<Lookup>, KeyError>,
    /// The key as read, if there is one.
    pub(super) read: Option<DocumentKey>,
    /// State, type and number as they stand in the zone, for reasons that name both readings.
    pub(super) as_read: [String; 3],
    /// The number, the state or the type may be misread: a miss means nothing.
    pub(super) number_doubtful: bool,
    /// The person, by each reading of the name, and whether that is sure: if not, what it meets is possible at most.
    pub(super) persons: Vec<(PersonQuery, bool)>,
    /// The birth date or the name may be misread: a miss means nothing.
    pub(super) bearer_doubtful: bool,
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
        let query = DocumentQuery::new(zone);
        let lookups = lookups(zone, &query);
        let repaired = if bearer_doubtful { query::repaired(zone) } else { None };
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let mut persons = persons(repaired.as_ref().unwrap_or(zone), today);
        if bearer_doubtful && repaired.is_none() {
            // A wrong date would make another person of them; without one the name decides.
            persons.iter_mut().for_each(|(person, _)| person.birth_date = None);
        }
        let as_read = [zone.issuing_state(), zone.document_code(), zone.document_number()].map(str::to_owned);
        let read = query.read;
        (Reading { lookups, read, as_read, number_doubtful, persons, bearer_doubtful }, notices)
    }
}

fn lookups(zone: &Mrz, query: &DocumentQuery<'_>) -> Result<Vec<Lookup>, KeyError> {
    let mut lookups = Vec::with_capacity(16);
    query.visit(&mut |lookup| lookups.push(*lookup));
    if lookups.is_empty() {
        // Again, for what is wrong with it.
        DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number())?;
    }
    Ok(lookups)
}

/// The bearer: by the name as read, unless the zone itself says that it is to be read otherwise, and by other readings.
fn persons(zone: &Mrz, today: u16) -> Vec<(PersonQuery, bool)> {
    let read = person(zone, today);
    let others = zone.name_readings();
    let otherwise = others.iter().any(|name| name.sure);
    let mut persons: Vec<_> = if otherwise { Vec::new() } else { vec![(read.clone(), true)] };
    persons.extend(others.iter().map(|name| {
        let (surname, given) = (name.surname.as_str().into(), name.given_names.as_str().into());
        (PersonQuery { surname, given, ..read.clone() }, name.sure)
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
