//! What is asked of the lists: the document's keys and the person, read from a zone.

use crate::clock::rfc3339;
use crate::names::{self, BirthDate, PersonQuery};
use crate::words::Phrase;
use vedette_shim::document::{DocumentKey, KeyError};
use vedette_shim::mrz::{self, CheckName, Mrz, Repair, Sex};

/// What is asked of the lists.
pub(super) struct Reading {
    /// As read, and as repaired if there is exactly one repair.
    pub(super) keys: Result<Vec<(DocumentKey, Option<&'static str>)>, Phrase>,
    /// The number's check digit fails: a miss means nothing.
    pub(super) uncertain: bool,
    pub(super) person: PersonQuery,
}

impl Reading {
    pub(super) fn of(zone: &Mrz, now: u64) -> (Reading, Vec<Phrase>) {
        let key =
            |zone: &Mrz| DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number());
        let uncertain = zone.checks().iter().any(|c| c.name == CheckName::Number && !c.check.passes());
        let mut notices = Vec::new();
        let unusable = |error: KeyError| Phrase::with("why.number", [("error", error.to_string())]);
        let keys = key(zone).map_err(unusable).map(|read| {
            let mut keys = vec![(read, uncertain.then_some("reason.number_misread"))];
            if uncertain && let Repair::Unique(fix) = mrz::repair(zone.lines()) {
                let repaired = Mrz::from(*fix.lines());
                if let Ok(repaired) = key(&repaired)
                    && repaired != read
                {
                    keys.push((repaired, Some("reason.number_repaired")));
                }
            }
            keys
        });
        if uncertain {
            notices.push(Phrase::new("notice.misread"));
        }
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let person = PersonQuery {
            surname: zone.surname().into(),
            given: zone.given_names().into(),
            name_truncated: zone.name_truncated(),
            birth_date: birth_date(zone, today),
            nationality: zone.nationality().into(),
            sex: match zone.sex() {
                Sex::Male => names::Sex::Male,
                Sex::Female => names::Sex::Female,
                Sex::X | Sex::Unspecified => names::Sex::Unspecified,
                Sex::Unknown => names::Sex::Unknown,
            },
        };
        (Reading { keys, uncertain, person }, notices)
    }
}

fn birth_date(zone: &Mrz, today: u16) -> Option<BirthDate> {
    let date = zone.birth_date()?;
    let parts = date.parts()?;
    Some(BirthDate { year: parts.birth_year(today)?, month: parts.month, day: parts.day, circa: false })
}
