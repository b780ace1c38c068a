//! Open hits across a restart: what was shown of them is stored, sealed to the device's own key, until every alert has its
//! outcome.
//!
//! Stored is what each role saw, in the words of the local API ([`super::Parts::views`]): what the list says now may be another
//! thing, and its keys may be gone. Failure: logged; the answer was given, and is remembered until the restart.

use super::Post;
use super::recent::Stored;
use crate::check::Answer;
use crate::check::outcome::OutcomeTaken;
use crate::store::DbError;
use crate::store::open_hits::{self as rows, Given, Row};
use vedette_common::crypto::BoxKey;
use vedette_shim::ids::{EncounterId, ListName};

/// What seals are bound to.
const INFO: &[u8] = b"vedette open hit";

impl Post {
    /// Stores an answer with an alert that awaits an outcome.
    pub(super) fn store_open(&self, answer: &Answer) {
        let alerts: Vec<(EncounterId, &ListName)> =
            answer.alerts.iter().filter_map(|alert| Some((alert.encounter?.id, &alert.found.list))).collect();
        if alerts.is_empty() {
            return;
        }
        let (key, views) = (self.checker().box_key(), (self.parts.views)(answer));
        let sealed = key.seal_to(&key.public(), INFO, &answer.scan_id, views.as_bytes());
        let sealed = sealed.expect("the device's own key is a key");
        let hit = Row { scan: answer.scan_id, at: self.now(), sealed };
        if let Err(error) = rows::add(self.db(), &hit, &alerts) {
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
        let alerts = rows::alerts(post.db(), &row.scan)?;
        // What does not open was sealed to another enrolment's key.
        let Some(views) = open(post.checker().box_key(), &row) else { continue };
        let encounters = alerts.iter().map(|alert| alert.encounter).collect();
        let lists = alerts.iter().filter_map(|alert| alert.list.parse().ok()).collect();
        let outcomes = alerts.into_iter().filter_map(|alert| taken(alert.given?)).collect();
        hits.push(Stored { at: row.at, encounters, lists, outcomes, views });
    }
    Ok(hits)
}

fn open(key: &BoxKey, row: &Row) -> Option<String> {
    let plain = key.open_from(&key.public(), INFO, &row.scan, &row.sealed).ok()?;
    std::str::from_utf8(&plain).ok().map(String::from)
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
