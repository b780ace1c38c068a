//! Asks one list: what it has of a reading, as alerts, or why it cannot be asked.

use super::answer::{Alert, Checked};
use super::disclose::Asked;
use super::reading::Reading;
use crate::holdings::{Content, Held, Unavailable};
use vedette_common::clock::rfc3339;
use vedette_common::text::json_word;
use vedette_common::words::Phrase;
use vedette_lists::{DocumentAlert, DocumentMatches, Edition, ListError};
use vedette_names::{PersonAlert, PersonIndex, PersonMatch, PersonQuery};

use serde_json::Value;
use vedette_shim::list::Status;
use vedette_shim::query::{How, Lookup};
use vedette_shim::verdict::{Basis, ListResult};

/// Why a list's answer is none, or not the whole: it cannot be read.
pub(super) const DAMAGED: &str = "why.damaged";

/// Asks a list at `now`. At most `limit` persons whom it may show, and as many discreet alerts, are met.
pub(super) fn ask(held: &Held, reading: &Reading, limit: usize, now: u64) -> Asked {
    let (age_s, freshness) = held.freshness(now);
    let doubt = match &held.content {
        Content::Documents(_) if reading.number_doubtful => Some("why.misread"),
        Content::Persons(..) if reading.bearer_doubtful => Some("why.bearer_misread"),
        _ => None,
    };
    let mut basis = Basis { freshness: Some(freshness), doubtful: doubt.is_some(), complete: true };
    let mut alerts = Vec::new();
    let asked = if basis.may_ask() {
        // Discreet alerts must not crowd out others: there is room for both.
        met(held, reading, &basis, 2 * limit, &mut alerts)
    } else {
        Err(not_checked_reason(held))
    };
    basis.complete = asked.is_ok();
    let checked = Checked {
        list: held.list.clone(),
        edition: held.edition,
        issued: rfc3339(held.issued),
        age_s,
        freshness,
        result: basis.result([]),
        why: asked.err().or_else(|| doubt.map(Phrase::new)),
    };
    Asked { checked, basis, alerts }
}

fn not_checked_reason(held: &Held) -> Phrase {
    match held.content {
        Content::Nothing(why) => why.phrase(),
        _ => Unavailable::PastLease.phrase(),
    }
}

/// Adds what a list has to `alerts`. If it could not be asked for all, says why; what was found until then is found.
fn met(
    held: &Held,
    reading: &Reading,
    basis: &Basis,
    limit: usize,
    alerts: &mut Vec<Alert>,
) -> Result<(), Phrase> {
    let damaged = |error: ListError| {
        tracing::error!(list = %held.list, %error, "the list cannot be read");
        Phrase::new(DAMAGED)
    };
    match &held.content {
        Content::Nothing(why) => Err(why.phrase()),
        Content::Documents(edition) => {
            let mut read = Ok(());
            for lookup in reading.lookups.as_ref().map_err(Clone::clone)? {
                if lookup.how != How::Read && !edition.may_list(&lookup.key) {
                    continue;
                }
                let mut found = DocumentMatches::default();
                read = read.and(edition.find_into(&mut found, &lookup.key));
                for alert in found.exact.iter().chain(&found.ranges) {
                    let alert = document_alert(held, alert, reading, basis, lookup);
                    // A range may hold several readings; what was read comes first.
                    if !alerts.iter().any(|met| met.alert_id == alert.alert_id) {
                        alerts.push(alert);
                    }
                }
            }
            read.map_err(damaged)
        }
        Content::Persons(edition, index) => {
            let mut read = Ok(());
            for (query, sure) in &reading.persons {
                let mut met = Vec::new();
                read = read.and(persons_met(held, edition, index, query, limit, &mut met));
                if reading.bearer_doubtful || !sure {
                    for alert in &mut met {
                        alert.result = ListResult::Possible;
                        alert.reasons.push(Phrase::new("reason.bearer_misread"));
                    }
                }
                met.into_iter().for_each(|alert| add_person(alerts, alert));
            }
            read.map_err(damaged)
        }
    }
}

/// Adds a person's alert, or puts it in the place of the same alert met by a worse reading of the name.
fn add_person(alerts: &mut Vec<Alert>, alert: Alert) {
    let rank = |alert: &Alert| (alert.result == ListResult::Hit, alert.score);
    match alerts.iter_mut().find(|met| met.alert_id == alert.alert_id) {
        Some(met) if rank(met) < rank(&alert) => *met = alert,
        Some(_) => {}
        None => alerts.push(alert),
    }
}

fn persons_met(
    held: &Held,
    edition: &Edition,
    index: &PersonIndex,
    query: &PersonQuery,
    limit: usize,
    alerts: &mut Vec<Alert>,
) -> Result<(), ListError> {
    let mut read = Ok(());
    for found in index.search(query, limit, held.possible_from) {
        match edition.find_record(found.alert_id.as_bytes()) {
            Ok(record) => {
                let alert = record.and_then(|bytes| vedette_names::person::decode(&bytes).ok());
                alerts.push(person_alert(held, &found, alert.as_ref()));
            }
            // Not shown without its record: that may say that the alert is discreet.
            Err(error) => read = Err(error),
        }
    }
    read
}

fn document_alert(
    held: &Held,
    alert: &DocumentAlert,
    reading: &Reading,
    basis: &Basis,
    lookup: &Lookup,
) -> Alert {
    let result = basis.match_result(lookup.how == How::Read);
    let reasons = document_reasons(alert, reading, lookup);
    Alert {
        encounter_id: String::new(),
        confirm_by: None,
        list: held.list.clone(),
        alert_id: alert.alert_id(),
        kind: "document".into(),
        result,
        status: json_word(&alert.payload.status),
        action: document_action(alert.payload.status).into(),
        score: if result == ListResult::Hit { 1.0 } else { 0.5 },
        reasons,
        warnings: Vec::new(),
        owner: held.owner.clone(),
        handling: held.handling.clone(),
        restricted: Vec::new(),
        details: serde_json::to_value(&alert.payload).unwrap_or_default(),
    }
}

/// How a document's alert was met: each fact with both readings.
fn document_reasons(alert: &DocumentAlert, reading: &Reading, lookup: &Lookup) -> Vec<Phrase> {
    let [state, kind, number] = &reading.as_read;
    let key = &lookup.key;
    let both = |code, read: &String, listed: String| {
        Phrase::with(code, [("read", read.clone()), ("listed", listed)])
    };
    let equal = reading.read.is_none_or(|read| read.number() == key.number());
    let met = match alert.to {
        Some(_) => Some("reason.number_in_range"),
        None => equal.then_some("reason.number_equal"),
    };
    let mut reasons: Vec<_> = met.into_iter().map(Phrase::new).collect();
    match lookup.how {
        How::Read if reading.number_doubtful => reasons.push(Phrase::new("reason.number_misread")),
        How::Read => {}
        How::Misread(places) => {
            if reading.number_doubtful {
                reasons.push(Phrase::new("reason.number_repaired"));
            }
            reasons.extend(places.iter().flatten().map(|place| {
                let values = [
                    ("line", place.line.to_string()),
                    ("column", place.column.to_string()),
                    ("read", place.from.to_string()),
                    ("listed", place.to.to_string()),
                ];
                Phrase::with("reason.look_alike", values)
            }));
        }
        How::State => reasons.push(both("reason.state_other", state, key.state().to_string())),
        How::Kind => reasons.push(both("reason.type_other", kind, key.kind().to_string())),
        How::Number => reasons.push(both("reason.number_other", number, key.number().to_string())),
    }
    reasons
}

/// What to do with a listed document: one that is valid is not taken, its bearer is held.
pub(super) fn document_action(status: Status) -> &'static str {
    if status == Status::ValidBearerSought { "bearer_sought" } else { "seize_document" }
}

fn person_alert(held: &Held, found: &PersonMatch, alert: Option<&PersonAlert>) -> Alert {
    let name = alert.and_then(|alert| alert.names.first()).map(|name| {
        if name.full.is_empty() {
            format!("{} {}", name.given, name.surname).trim().to_string()
        } else {
            name.full.clone()
        }
    });
    Alert {
        encounter_id: String::new(),
        confirm_by: None,
        list: held.list.clone(),
        alert_id: found.alert_id.clone(),
        kind: alert.map_or_else(|| "person".into(), |alert| json_word(&alert.kind)),
        result: if found.score >= held.hit_from { ListResult::Hit } else { ListResult::Possible },
        status: name.unwrap_or_default(),
        action: alert.map_or_else(|| "inform".into(), |alert| json_word(&alert.action)),
        score: found.score,
        reasons: found.reasons.iter().map(vedette_names::Reason::phrase).collect(),
        warnings: alert.map_or_else(Vec::new, |alert| alert.warnings.iter().map(json_word).collect()),
        owner: held.owner.clone(),
        handling: alert.and_then(|alert| alert.handling.clone()).or_else(|| held.handling.clone()),
        restricted: alert.map_or_else(Vec::new, |alert| alert.restricted.clone()),
        details: alert.map_or(Value::Null, details),
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
