//! What the local API shows of the device, as plain data.

use super::session::RosterView;
use crate::check::Answer;
use crate::check::outcome::OutcomeTaken;
use crate::confirmation::Counts;
use crate::holdings::{Content, Doubt, Held, Holdings, Unavailable};
use crate::schema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::words::Phrase;
use vedette_shim::list::Kind;
use vedette_shim::trust::Freshness;

/// A bundle to import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Its folder, absolute.
    #[schema(value_type = String)]
    pub path: PathBuf,
}

/// An error as the API says it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What and where.
    pub error: String,
    /// What to do about it; may be empty.
    #[serde(default)]
    pub hint: String,
    /// For the officer, in every language of the page; none where it is no officer's matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Phrase>,
    /// After how many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// One list as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListView {
    /// `owner/name`.
    pub list: String,
    /// Documents or persons.
    #[schema(value_type = schema::Kind)]
    pub kind: Kind,
    /// Its owner.
    pub owner: String,
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Alerts in it.
    pub entries: u64,
    /// When it was issued, RFC 3339; empty for none.
    pub issued: String,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    /// Its lease, seconds.
    pub lease_s: u64,
    /// How far it may be relied on.
    #[schema(value_type = schema::Freshness)]
    pub freshness: Freshness,
    /// Why it cannot be asked; none if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Phrase>,
    /// Why it cannot be known whether it is the newest; none if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Phrase>,
}

/// An answer with an alert that has no outcome yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenHit {
    /// Seconds since it was given.
    pub age_s: u64,
    /// The answer.
    pub answer: Answer,
    /// What came of its other alerts.
    pub outcomes: Vec<OutcomeTaken>,
}

/// Whether officers sign in on the console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// The device holds no roster: the console works without, and says so.
    #[default]
    None,
    /// By badge and PIN.
    Required,
}

/// The device's state as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// This device.
    pub device: String,
    /// The post.
    pub post: String,
    /// The program's version.
    pub version: String,
    /// Whether the session with headquarters is up.
    pub online: bool,
    /// Why not, or the last error; empty if there was none.
    pub link: String,
    /// When the certificate of the link ends, RFC 3339; none while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_ends: Option<String>,
    /// Whether officers sign in on the console.
    #[serde(default)]
    pub sign_in: SignIn,
    /// The roster held; none where none counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterView>,
    /// Address of the console and the API on this machine's loopback; empty if there is none.
    #[serde(default)]
    pub listen: String,
    /// Encounters that wait for a receipt.
    pub spool: u64,
    /// The confirmation clocks.
    #[serde(default)]
    pub confirmations: Counts,
    /// Late encounters of the last week: documents listed only after they were scanned.
    #[serde(default)]
    pub late: u64,
    /// While a drill holds the link back: until when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill_until: Option<String>,
    /// The version of the root believed.
    pub root: u32,
    /// The lists.
    pub lists: Vec<ListView>,
}

impl StatusView {
    /// Whether the difference to `other` is worth telling: ages alone are not.
    pub fn differs(&self, other: &StatusView) -> bool {
        let ageless = |view: &StatusView| {
            let mut view = view.clone();
            view.lists.iter_mut().for_each(|list| list.age_s = 0);
            view
        };
        ageless(self) != ageless(other)
    }
}

/// Every list, as shown at `now` (seconds since 1970).
pub fn list_views(holdings: &Holdings, now: u64) -> Vec<ListView> {
    holdings.lists.iter().map(|held| list_view(held, now)).collect()
}

fn list_view(held: &Held, now: u64) -> ListView {
    let (age_s, freshness) = held.freshness(now);
    ListView {
        list: held.list.to_string(),
        kind: held.kind,
        owner: held.owner.clone(),
        edition: held.edition,
        newest_known: held.newest_known,
        entries: held.entries,
        issued: if held.edition == 0 { String::new() } else { rfc3339(held.issued) },
        age_s,
        lease_s: held.lease_s.into(),
        freshness,
        why: match held.content {
            Content::Nothing(why) => Some(why.phrase()),
            _ if freshness == Freshness::Expired => Some(Unavailable::PastLease.phrase()),
            _ => None,
        },
        doubt: held.doubt.map(Doubt::phrase),
    }
}
