//! Open hits across a restart: what was shown of them is stored, sealed to the device's own key, until every alert has its
//! outcome.
//!
//! Stored is what each role saw, in the words of the local API ([`super::Parts::views`]): what the list says now may be another
//! thing. Each alert is sealed by itself, because it goes with its own list's keys. Failure: logged; the answer was given, and is remembered until the restart.

use super::Post;
use super::recent::{Stored, StoredAlert};
use crate::check::Answer;
use crate::check::outcome::OutcomeTaken;
use crate::store::DbError;
use crate::store::open_hits::{self as rows, AlertRow, Given, Row};
use vedette_common::crypto::BoxKey;

/// What seals are bound to.
const INFO: &[u8] = b"vedette open hit";

impl Post {
    /// Stores an answer with an alert that awaits an outcome.
    pub(super) fn store_open(&self, answer: &Answer) {
        if answer.alerts.iter().all(|alert| alert.encounter.is_none()) {
            return;
        }
        let (key, views) = (self.checker().box_key(), (self.parts.views)(answer));
        let sealed = |text: &str| {
            let sealed = key.seal_to(&key.public(), INFO, &answer.scan_id, text.as_bytes());
            sealed.expect("the device's own key is a key")
        };
        let alerts = answer.alerts.iter().zip(&views.alerts).map(|(alert, views)| AlertRow {
            encounter: alert.encounter.map(|encounter| encounter.id),
            list: alert.found.list.to_string(),
            sealed: sealed(views),
            given: None,
        });
        let alerts = alerts.collect();
        let hit = Row { scan: answer.scan_id, at: self.now(), sealed: sealed(&views.answer), alerts };
        if let Err(error) = rows::add(self.db(), &hit) {
            tracing::error!(%error, "an open hit is not remembered across a restart");
        }
    }

    /// Takes what the last run stored.
    pub(super) fn restore_open(&self) {
        match stored(self) {
            Ok(hits) => hits.into_iter().for_each(|hit| self.recent.restore(hit)),
            Err(error) => tracing::error!(%error, "open hits of the last run cannot be read"),
        }
    }
}

fn stored(post: &Post) -> Result<Vec<Stored>, DbError> {
    let mut hits = Vec::new();
    for row in rows::all(post.db())? {
        // What does not open was sealed to another enrolment's key.
        hits.extend(open(post.checker().box_key(), row));
    }
    Ok(hits)
}

fn open(key: &BoxKey, row: Row) -> Option<Stored> {
    let text = |sealed: &[u8]| {
        let plain = key.open_from(&key.public(), INFO, &row.scan, sealed).ok()?;
        std::str::from_utf8(&plain).ok().map(String::from)
    };
    let answer = text(&row.sealed)?;
    let (mut alerts, mut outcomes) = (Vec::new(), Vec::new());
    for alert in row.alerts {
        let (encounter, list, views) = (alert.encounter, alert.list.parse().ok()?, text(&alert.sealed)?);
        alerts.push(StoredAlert { encounter, list, views });
        outcomes.extend(alert.given.and_then(taken));
    }
    Some(Stored { at: row.at, answer, alerts, outcomes })
}

fn taken(given: Given) -> Option<OutcomeTaken> {
    let outcome = serde_json::from_value(given.outcome.into()).ok()?;
    Some(OutcomeTaken {
        outcome_id: given.id,
        encounter: given.encounter,
        outcome,
        who: given.who,
        at: given.at,
    })
}
