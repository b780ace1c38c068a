//! Asks a list of persons: by name, and by the documents and identifiers that its alerts name.

use super::documents::reasons_of_zone;
use crate::action::Action;
use crate::check::alert::{Home, Match, Reason, Subject};
use crate::check::answer::Gap;
use crate::check::reading::{Documents, Named, Reading, ZoneNumber};
use crate::snapshot::{Persons, SnapshotList};
use serde_json::Value;
use vedette_lists::{ListError, Wildcard};
use vedette_names::person::{PersonDocument, PersonName};
use vedette_names::{Agrees, PersonAlert, PersonMatch, PersonQuery};
use vedette_shim::document::{DocumentKey, State};
use vedette_shim::query::How;
use vedette_shim::states;
use vedette_shim::verdict::ListResult;

/// Adds what the list has; if not all of it could be read, says so.
pub(super) fn look_up(
    held: &SnapshotList,
    persons: &Persons,
    reading: &Reading,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), Gap> {
    let mut read = Ok(());
    for (query, limited) in &reading.persons {
        let mut found = Vec::new();
        read = read.and(by_name(held, persons, query, limit, &mut found));
        let limited = limited.clone().or(reading.bearer_doubtful.then_some(Reason::BearerMisread));
        for mut found in found {
            if let Some(reason) = &limited {
                found.result = ListResult::Possible;
                found.reasons.push(reason.clone());
            }
            add_named(matches, found);
        }
    }
    if let Some(Documents::Zone(zone)) = &reading.documents {
        read = read.and(by_document(held, persons, zone, reading.number_doubtful, limit, matches));
    }
    if let Some(named) = &reading.named {
        read = read.and(by_identifier(held, persons, named, limit, matches));
    }
    read.map_err(Gap::damaged)
}

/// Adds a person, or puts it in the place of the same alert found by a worse reading of the name.
fn add_named(matches: &mut Vec<Match>, found: Match) {
    let rank = |found: &Match| (found.result == ListResult::Hit, found.score);
    match matches.iter_mut().find(|earlier| earlier.alert_id == found.alert_id) {
        Some(earlier) if rank(earlier) < rank(&found) => *earlier = found,
        Some(_) => {}
        None => matches.push(found),
    }
}

fn by_name(
    held: &SnapshotList,
    persons: &Persons,
    query: &PersonQuery,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), ListError> {
    let mut read = Ok(());
    for found in persons.index.search(query, limit, held.possible_from) {
        match alert(persons, &found.alert_id) {
            Ok(alert) => matches.push(name_match(held, &found, alert.as_ref())),
            // Not shown without its record: that may say that the alert is discreet.
            Err(error) => read = Err(error),
        }
    }
    read
}

/// Adds the alerts that name an identifier; of one that was found by name as well, only how it names it.
fn by_identifier(
    held: &SnapshotList,
    persons: &Persons,
    named: &Named,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), ListError> {
    let mut read = Ok(());
    for id in persons.identifiers.find(&named.wildcard, limit) {
        let Some(alert) = alert_or_note(persons, id, &mut read) else { continue };
        let Some((result, reason)) = names_it(&alert, named) else { continue };
        add_identified(held, &alert, result, vec![reason], matches);
    }
    read
}

/// Adds the alerts that name the document of a zone, by each of its readings, at most `limit` each: as read, of the state and
/// type that the alert says, it is a hit; by another reading, or where the alert does not say whose it is, possible.
fn by_document(
    held: &SnapshotList,
    persons: &Persons,
    zone: &ZoneNumber,
    doubtful: bool,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), ListError> {
    let (mut read, mut seen) = (Ok(()), Vec::new());
    zone.visit(None, &mut |lookup| {
        let Ok(number) = Wildcard::new(lookup.key.number().as_str()) else { return };
        for id in persons.identifiers.find(&number, limit) {
            // As read comes first, and says most.
            if seen.contains(&id) {
                continue;
            }
            let Some(alert) = alert_or_note(persons, id, &mut read) else { continue };
            let Some((agrees, document)) = best(&alert, &lookup.key) else { continue };
            seen.push(id);
            let sure = lookup.how == How::Read && agrees == Agrees::Wholly && !doubtful;
            let result = if sure { ListResult::Hit } else { ListResult::Possible };
            let how = reasons_of_zone(false, zone, doubtful, lookup).into_iter();
            let how = how
                .filter(|reason| *reason != Reason::NumberEqual)
                .map(|reason| Reason::OfNamed(reason.into()));
            let reasons = [Reason::DocumentNamed(text_of(document))].into_iter().chain(how).collect();
            add_identified(held, &alert, result, reasons, matches);
        }
    });
    read
}

/// The document of an alert that agrees most with the one asked for, and how far.
fn best<'a>(alert: &'a PersonAlert, key: &DocumentKey) -> Option<(Agrees, &'a PersonDocument)> {
    let documents = alert.documents.iter();
    let named =
        documents.flat_map(|document| document.named().into_iter().map(move |named| (named, document)));
    named
        .filter_map(|(named, document)| Some((named.agrees(key)?, document)))
        .max_by_key(|(agrees, _)| *agrees)
}

/// Adds an alert found by an identifier; to one that was found by name as well, only how it names it.
fn add_identified(
    held: &SnapshotList,
    alert: &PersonAlert,
    result: ListResult,
    reasons: Vec<Reason>,
    matches: &mut Vec<Match>,
) {
    let score = if result == ListResult::Hit { 1.0 } else { 0.5 };
    match matches.iter_mut().find(|earlier| earlier.alert_id == alert.id) {
        Some(earlier) => {
            if result == ListResult::Hit {
                earlier.result = result;
            }
            earlier.score = earlier.score.max(score);
            earlier.reasons.splice(0..0, reasons);
        }
        None => matches.push(person_match(held, &alert.id, Some(alert), result, score, reasons)),
    }
}

fn alert(persons: &Persons, id: &str) -> Result<Option<PersonAlert>, ListError> {
    let record = persons.edition.find_record(id.as_bytes())?;
    Ok(record.and_then(|bytes| vedette_names::person::decode(&bytes).ok()))
}

/// The alert with this id, if it is there; that it cannot be read is noted.
fn alert_or_note(persons: &Persons, id: &str, read: &mut Result<(), ListError>) -> Option<PersonAlert> {
    alert(persons, id).unwrap_or_else(|error| {
        *read = Err(error);
        None
    })
}

/// How an alert names what was asked for, and what that counts for.
fn names_it(alert: &PersonAlert, named: &Named) -> Option<(ListResult, Reason)> {
    let documents = alert.documents.iter().filter(|document| named.wildcard.fits(&document.number));
    let documents = documents.filter_map(|document| {
        let result = match (named.state, State::normal(&document.state)) {
            (Some(asked), Some(listed)) if asked == listed && named.sure => ListResult::Hit,
            (Some(asked), Some(listed))
                if asked != listed && !states::related(asked).any(|s| s == listed) =>
            {
                return None;
            }
            _ => ListResult::Possible,
        };
        Some((result, Reason::DocumentNamed(text_of(document))))
    });
    let found = documents.max_by_key(|(result, _)| *result == ListResult::Hit);
    let by_id = || named.wildcard.fits(&alert.id).then_some(Reason::AlertId);
    let by_reference = || named.wildcard.fits(&alert.reference).then_some(Reason::Reference);
    found.or_else(|| {
        let reason = by_id().or_else(by_reference).filter(|_| named.any)?;
        Some((ListResult::Possible, reason))
    })
}

fn text_of(document: &PersonDocument) -> String {
    let parts = [&document.kind, &document.state, &document.number].map(|part| part.trim());
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn name_match(held: &SnapshotList, found: &PersonMatch, alert: Option<&PersonAlert>) -> Match {
    let result = if found.score >= held.hit_from { ListResult::Hit } else { ListResult::Possible };
    let reasons = found.reasons.iter().cloned().map(Reason::Person).collect();
    person_match(held, &found.alert_id, alert, result, found.score, reasons)
}

fn person_match(
    held: &SnapshotList,
    id: &str,
    alert: Option<&PersonAlert>,
    result: ListResult,
    score: f32,
    reasons: Vec<Reason>,
) -> Match {
    Match {
        list: held.list.clone(),
        owner: held.owner.clone(),
        alert_id: id.into(),
        result,
        subject: Subject::Person {
            kind: alert.map(|alert| alert.kind),
            name: alert.and_then(|alert| alert.names.first()).map(whole),
        },
        action: alert.map_or(Action::Inform, |alert| alert.action.into()),
        score,
        reasons,
        warnings: alert.map_or_else(Vec::new, |alert| alert.warnings.clone()),
        handling: alert.and_then(|alert| alert.handling.clone()).or_else(|| held.handling.clone()),
        restricted: alert.map_or_else(Vec::new, |alert| alert.restricted.clone()),
        details: alert.map_or(Value::Null, details),
        home: Home::of(held),
    }
}

/// A name in one text.
fn whole(name: &PersonName) -> String {
    match name.full.as_str() {
        "" => format!("{} {}", name.given, name.surname).trim().to_string(),
        full => full.to_string(),
    }
}

/// Everything else the list says of a person.
fn details(alert: &PersonAlert) -> Value {
    let mut details = serde_json::to_value(alert).unwrap_or_default();
    if let Value::Object(fields) = &mut details {
        // They stand beside the details.
        fields.retain(|field, _| !["handling", "restricted"].contains(&field.as_str()));
    }
    details
}

#[cfg(test)]
mod tests;
