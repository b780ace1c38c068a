//! Asks one list: what it has of a reading, or why it cannot be asked.

use super::alert::{Home, Match, Part, Reason, Subject};
use super::answer::{Asked, Checked, Gap};
use super::reading::Reading;
use crate::action::Action;
use crate::holdings::{Content, Held, Unavailable};
use serde_json::Value;
use vedette_lists::{DocumentAlert, DocumentMatches, Edition, ListError};
use vedette_names::person::PersonName;
use vedette_names::{PersonAlert, PersonIndex, PersonMatch, PersonQuery};
use vedette_shim::query::{How, Lookup};
use vedette_shim::verdict::{Basis, ListResult};

/// Asks a list at `now`. At most `limit` persons that may be shown, and as many discreet alerts, are found.
pub(super) fn ask(held: &Held, reading: &Reading, limit: usize, now: u64) -> Asked {
    // At the level of errors, so that whoever logs only those reads which list failed.
    let _span = tracing::error_span!("ask", list = %held.list, edition = held.edition).entered();
    let (age_s, freshness) = held.freshness(now);
    let doubt = match &held.content {
        Content::Documents(_) if reading.number_doubtful => Some(Gap::NumberMisread),
        Content::Persons(..) if reading.bearer_doubtful => Some(Gap::BearerMisread),
        _ => None,
    };
    let mut basis = Basis { freshness: Some(freshness), doubtful: doubt.is_some(), complete: true };
    let mut matches = Vec::new();
    let looked_up = if basis.may_ask() {
        // Discreet alerts must not crowd out others: there is room for both.
        look_up(held, reading, &basis, 2 * limit, &mut matches)
    } else {
        Err(Gap::Unavailable(match held.content {
            Content::Nothing(why) => why,
            _ => Unavailable::PastLease,
        }))
    };
    basis.complete = looked_up.is_ok();
    let checked = Checked {
        list: held.list.clone(),
        edition: held.edition,
        issued: held.issued,
        age_s,
        freshness,
        result: basis.result([]),
        gap: looked_up.err().or(doubt),
    };
    Asked { checked, basis, matches }
}

/// Adds what a list has to `matches`. If not all of it could be asked, says why; what was found until then is found.
fn look_up(
    held: &Held,
    reading: &Reading,
    basis: &Basis,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), Gap> {
    let damaged = |error: ListError| {
        tracing::error!(%error, "the list cannot be read");
        Gap::Damaged
    };
    match &held.content {
        Content::Nothing(why) => Err(Gap::Unavailable(*why)),
        Content::Documents(edition) => {
            let mut read = Ok(());
            for lookup in reading.lookups.as_ref().map_err(|error| Gap::NoNumber(error.clone()))? {
                if lookup.how != How::Read && !edition.may_list(&lookup.key) {
                    continue;
                }
                let mut found = DocumentMatches::default();
                read = read.and(edition.find_into(&mut found, &lookup.key));
                for alert in found.exact.iter().chain(&found.ranges) {
                    let found = document_match(held, alert, reading, basis, lookup);
                    // A range may hold several readings; what was read comes first.
                    if !matches.iter().any(|earlier| earlier.alert_id == found.alert_id) {
                        matches.push(found);
                    }
                }
            }
            read.map_err(damaged)
        }
        Content::Persons(edition, index) => {
            let mut read = Ok(());
            for (query, sure) in &reading.persons {
                let mut found = Vec::new();
                read = read.and(look_up_persons(held, edition, index, query, limit, &mut found));
                if reading.bearer_doubtful || !sure {
                    for found in &mut found {
                        found.result = ListResult::Possible;
                        found.reasons.push(Reason::BearerMisread);
                    }
                }
                found.into_iter().for_each(|found| add_person(matches, found));
            }
            read.map_err(damaged)
        }
    }
}

/// Adds a person, or puts it in the place of the same alert found by a worse reading of the name.
fn add_person(matches: &mut Vec<Match>, found: Match) {
    let rank = |found: &Match| (found.result == ListResult::Hit, found.score);
    match matches.iter_mut().find(|earlier| earlier.alert_id == found.alert_id) {
        Some(earlier) if rank(earlier) < rank(&found) => *earlier = found,
        Some(_) => {}
        None => matches.push(found),
    }
}

fn look_up_persons(
    held: &Held,
    edition: &Edition,
    index: &PersonIndex,
    query: &PersonQuery,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<(), ListError> {
    let mut read = Ok(());
    for found in index.search(query, limit, held.possible_from) {
        match edition.find_record(found.alert_id.as_bytes()) {
            Ok(record) => {
                let alert = record.and_then(|bytes| vedette_names::person::decode(&bytes).ok());
                matches.push(person_match(held, &found, alert.as_ref()));
            }
            // Not shown without its record: that may say that the alert is discreet.
            Err(error) => read = Err(error),
        }
    }
    read
}

fn document_match(
    held: &Held,
    alert: &DocumentAlert,
    reading: &Reading,
    basis: &Basis,
    lookup: &Lookup,
) -> Match {
    let result = basis.match_result(lookup.how == How::Read);
    let status = alert.payload.status;
    Match {
        list: held.list.clone(),
        owner: held.owner.clone(),
        alert_id: alert.alert_id(),
        result,
        subject: Subject::Document { status: Some(status) },
        action: Action::of_document(status),
        score: if result == ListResult::Hit { 1.0 } else { 0.5 },
        reasons: document_reasons(alert, reading, lookup),
        warnings: Vec::new(),
        handling: held.handling.clone(),
        restricted: Vec::new(),
        details: serde_json::to_value(&alert.payload).unwrap_or_default(),
        home: home(held),
    }
}

/// How a document was found: each fact with both readings.
fn document_reasons(alert: &DocumentAlert, reading: &Reading, lookup: &Lookup) -> Vec<Reason> {
    let [state, kind, number] = &reading.as_read;
    let key = &lookup.key;
    let other = |what, read: &String, listed: String| Reason::Other { what, read: read.clone(), listed };
    let equal = reading.read.is_none_or(|read| read.number() == key.number());
    let by = match alert.to {
        Some(_) => Some(Reason::NumberInRange),
        None => equal.then_some(Reason::NumberEqual),
    };
    let mut reasons: Vec<_> = by.into_iter().collect();
    match lookup.how {
        How::Read if reading.number_doubtful => reasons.push(Reason::NumberMisread),
        How::Read => {}
        How::Misread(places) => {
            if reading.number_doubtful {
                reasons.push(Reason::NumberRepaired);
            }
            reasons.extend(places.into_iter().flatten().map(Reason::LookAlike));
        }
        How::State => reasons.push(other(Part::State, state, key.state().to_string())),
        How::Kind => reasons.push(other(Part::Kind, kind, key.kind().to_string())),
        How::Number => reasons.push(other(Part::Number, number, key.number().to_string())),
    }
    reasons
}

fn person_match(held: &Held, found: &PersonMatch, alert: Option<&PersonAlert>) -> Match {
    Match {
        list: held.list.clone(),
        owner: held.owner.clone(),
        alert_id: found.alert_id.clone(),
        result: if found.score >= held.hit_from { ListResult::Hit } else { ListResult::Possible },
        subject: Subject::Person {
            kind: alert.map(|alert| alert.kind),
            name: alert.and_then(|alert| alert.names.first()).map(whole),
        },
        action: alert.map_or(Action::Inform, |alert| alert.action.into()),
        score: found.score,
        reasons: found.reasons.iter().cloned().map(Reason::Person).collect(),
        warnings: alert.map_or_else(Vec::new, |alert| alert.warnings.clone()),
        handling: alert.and_then(|alert| alert.handling.clone()).or_else(|| held.handling.clone()),
        restricted: alert.map_or_else(Vec::new, |alert| alert.restricted.clone()),
        details: alert.map_or(Value::Null, details),
        home: home(held),
    }
}

fn home(held: &Held) -> Home {
    Home { edition: held.edition, owner_key: held.owner_key, confirm_s: held.confirm_s }
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
