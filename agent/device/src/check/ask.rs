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
            for (key, doubt) in reading.keys.as_ref().map_err(Clone::clone)? {
                let mut found = DocumentMatches::default();
                read = read.and(edition.find_into(&mut found, key));
                let met = found.exact.iter().chain(&found.ranges);
                alerts.extend(met.map(|alert| document_alert(held, alert, basis.match_result(), *doubt)));
            }
            read.map_err(damaged)
        }
        Content::Persons(edition, index) => {
            let read = persons_met(held, edition, index, &reading.person, limit, alerts);
            if reading.bearer_doubtful {
                for alert in alerts {
                    alert.result = basis.match_result();
                    alert.reasons.push(Phrase::new("reason.bearer_misread"));
                }
            }
            read.map_err(damaged)
        }
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
    result: ListResult,
    doubt: Option<&'static str>,
) -> Alert {
    let met = if alert.to.is_some() { "reason.number_in_range" } else { "reason.number_equal" };
    let reasons = [met].into_iter().chain(doubt).map(Phrase::new).collect();
    Alert {
        encounter_id: String::new(),
        confirm_by: None,
        list: held.list.clone(),
        alert_id: alert.alert_id(),
        kind: "document".into(),
        result,
        status: json_word(&alert.payload.status),
        action: document_action(alert.payload.status).into(),
        score: if doubt.is_some() { 0.5 } else { 1.0 },
        reasons,
        warnings: Vec::new(),
        owner: held.owner.clone(),
        handling: held.handling.clone(),
        restricted: Vec::new(),
        details: serde_json::to_value(&alert.payload).unwrap_or_default(),
    }
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
