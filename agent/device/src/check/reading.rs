//! What is asked of the lists: the document's keys and the person, read from a zone.
//!
//! Invariants: what may be misread is said to be so, and asked as read and, if there is exactly one repair, as repaired.

use super::alert::Reason;
use super::answer::Notice;
use vedette_common::clock::rfc3339;
use vedette_names::{BirthDate, PersonQuery};
use vedette_shim::document::{DocumentKey, KeyError};
use vedette_shim::mrz::{Mrz, Sex};
use vedette_shim::query::{self, DocumentQuery};

/// What is asked of the lists.
pub(super) struct Reading {
    /// As read, and as repaired if there is exactly one repair; each with what limits a match by it.
    pub(super) keys: Result<Vec<(DocumentKey, Option<Reason>)>, KeyError>,
    /// The number or the state may be misread: a miss means nothing.
    pub(super) number_doubtful: bool,
    pub(super) person: PersonQuery,
    /// The birth date or the name may be misread: a miss means nothing.
    pub(super) bearer_doubtful: bool,
}

impl Reading {
    pub(super) fn of(zone: &Mrz, now: u64) -> (Reading, Vec<Notice>) {
        let (number_doubtful, bearer_doubtful) = (zone.number_doubtful(), zone.bearer_doubtful());
        let repaired = if number_doubtful || bearer_doubtful { query::repaired(zone) } else { None };
        let mut notices = Vec::new();
        if number_doubtful {
            notices.push(Notice::Misread);
        }
        if bearer_doubtful {
            notices.push(Notice::BearerMisread);
        }
        let keys = keys(zone, &DocumentQuery::new(zone, repaired.as_ref()));
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let mut person = person(repaired.as_ref().unwrap_or(zone), today);
        if bearer_doubtful && repaired.is_none() {
            // A wrong date would make another person of them; without one the name decides.
            person.birth_date = None;
        }
        (Reading { keys, number_doubtful, person, bearer_doubtful }, notices)
    }
}

/// The keys to be looked up, each with what limits a match by it.
fn keys(zone: &Mrz, query: &DocumentQuery) -> Result<Vec<(DocumentKey, Option<Reason>)>, KeyError> {
    let read = query.read.map(|key| (key, query.doubtful.then_some(Reason::NumberMisread)));
    let repaired = query.repaired.map(|key| (key, Some(Reason::NumberRepaired)));
    let keys: Vec<_> = read.into_iter().chain(repaired).collect();
    if keys.is_empty() {
        // Again, for what is wrong with it.
        DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number())?;
    }
    Ok(keys)
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
