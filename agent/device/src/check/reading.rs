//! What is asked of the lists: the document's keys and the person, read from a zone.
//!
//! Invariants: what may be misread is said to be so, and asked as read and, if there is exactly one repair, as repaired.

use vedette_common::clock::rfc3339;
use vedette_common::words::Phrase;
use vedette_names::{BirthDate, PersonQuery};
use vedette_shim::document::{DocumentKey, KeyError};
use vedette_shim::mrz::{self, Mrz, Repair, Sex};

/// What is asked of the lists.
pub(super) struct Reading {
    /// As read, and as repaired if there is exactly one repair.
    pub(super) keys: Result<Vec<(DocumentKey, Option<&'static str>)>, Phrase>,
    /// The number or the state may be misread: a miss means nothing.
    pub(super) number_doubtful: bool,
    pub(super) person: PersonQuery,
    /// The birth date or the name may be misread: a miss means nothing.
    pub(super) bearer_doubtful: bool,
}

impl Reading {
    pub(super) fn of(zone: &Mrz, now: u64) -> (Reading, Vec<Phrase>) {
        let (number_doubtful, bearer_doubtful) = (zone.number_doubtful(), zone.bearer_doubtful());
        let repaired = match mrz::repair(zone.lines()) {
            Repair::Unique(fix) if number_doubtful || bearer_doubtful => Some(Mrz::from(*fix.lines())),
            _ => None,
        };
        let mut notices = Vec::new();
        if number_doubtful {
            notices.push(Phrase::new("notice.misread"));
        }
        if bearer_doubtful {
            notices.push(Phrase::new("notice.bearer_misread"));
        }
        let keys = keys(zone, repaired.as_ref().filter(|_| number_doubtful), number_doubtful);
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let mut person = person(repaired.as_ref().unwrap_or(zone), today);
        if bearer_doubtful && repaired.is_none() {
            // A wrong date would make another person of them; without one the name decides.
            person.birth_date = None;
        }
        (Reading { keys, number_doubtful, person, bearer_doubtful }, notices)
    }
}

fn keys(
    zone: &Mrz,
    repaired: Option<&Mrz>,
    doubtful: bool,
) -> Result<Vec<(DocumentKey, Option<&'static str>)>, Phrase> {
    let key =
        |zone: &Mrz| DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number());
    let repaired = repaired.and_then(|zone| key(zone).ok()).map(|key| (key, Some("reason.number_repaired")));
    match key(zone) {
        Ok(read) => {
            let repaired = repaired.filter(|(key, _)| *key != read);
            let read = (read, doubtful.then_some("reason.number_misread"));
            Ok([Some(read), repaired].into_iter().flatten().collect())
        }
        Err(error) => repaired.map(|key| vec![key]).ok_or_else(|| unusable(&error)),
    }
}

fn unusable(error: &KeyError) -> Phrase {
    Phrase::with("why.number", [("error", error.to_string())])
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
