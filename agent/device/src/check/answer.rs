//! The answer to a scan, as JSON and the terminal show it. Plain data.

use super::disclose::seen_by;
use crate::schema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::roster::Role;
use vedette_common::words::Phrase;
use vedette_names::handling::{Handling, Restriction};
use vedette_shim::ids::ListName;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{ListResult, Verdict};

/// The answer to a scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Names this scan, 32 hexadecimal digits.
    pub scan_id: String,
    /// The verdict.
    #[schema(value_type = schema::Verdict)]
    pub verdict: Verdict,
    /// What was read.
    pub document: Document,
    /// Every list that should have been asked.
    pub checked: Vec<Checked>,
    /// What was met, document alerts first, then persons by score.
    pub alerts: Vec<Alert>,
    /// What the officer should know besides: a misread number, an encounter that could not be kept.
    pub notices: Vec<Phrase>,
    /// From the zone's text to the answer, recorded, in microseconds.
    pub elapsed_us: u64,
    /// The alerts in full, for [`Answer::seen_by`]; never part of what goes out.
    #[serde(skip)]
    full: Vec<Alert>,
}

impl Answer {
    /// An answer that shows what an officer may see; `full` is what was met.
    pub(crate) fn new(
        scan_id: String,
        verdict: Verdict,
        document: Document,
        checked: Vec<Checked>,
        full: Vec<Alert>,
        notices: Vec<Phrase>,
        elapsed_us: u64,
    ) -> Answer {
        let alerts = full.iter().map(|alert| seen_by(alert, Role::Officer)).collect();
        Answer { scan_id, verdict, document, checked, alerts, notices, elapsed_us, full }
    }

    /// The answer as `role` may see it, here where it was made: handling codes and owners' restrictions hide parts of alerts.
    pub fn seen_by(&self, role: Role) -> Answer {
        let alerts = self.full.iter().map(|alert| seen_by(alert, role)).collect();
        Answer { alerts, ..self.clone() }
    }
}

/// What was read, as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// `TD3`, `MRV-A` ...
    pub format: String,
    /// Whether every check digit agrees.
    pub valid: bool,
    /// Document code.
    pub code: String,
    /// Issuing state.
    pub issuing_state: String,
    /// Number.
    pub number: String,
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given_names: String,
    /// Nationality.
    pub nationality: String,
    /// YYMMDD.
    pub birth_date: String,
    /// `M`, `F`, `X` or empty.
    pub sex: String,
    /// YYMMDD.
    pub expiry_date: String,
}

/// One list's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// The list.
    #[schema(value_type = String)]
    pub list: ListName,
    /// The edition asked; 0 for none.
    pub edition: u64,
    /// When that was issued, RFC 3339.
    pub issued: String,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    /// How far it may be relied on.
    #[schema(value_type = schema::Freshness)]
    pub freshness: Freshness,
    /// What it says.
    #[schema(value_type = schema::ListResult)]
    pub result: ListResult,
    /// Why it was not checked, or, beside what it met, not as a whole; none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Phrase>,
}

/// One alert met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Names the encounter that goes home, 32 hexadecimal digits; empty if it could not be kept.
    #[serde(default)]
    pub encounter_id: String,
    /// By when its owner must confirm it, RFC 3339; none if it needs no confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<String>,
    /// The list.
    #[schema(value_type = String)]
    pub list: ListName,
    /// The alert in the list.
    pub alert_id: String,
    /// `document`, or what kind of person's alert.
    pub kind: String,
    /// Hit or Possible.
    #[schema(value_type = schema::ListResult)]
    pub result: ListResult,
    /// Documents: stolen, lost ...; persons: the name listed.
    pub status: String,
    /// What to do.
    pub action: String,
    /// 0 to 1.
    pub score: f32,
    /// Which facts decided.
    pub reasons: Vec<Phrase>,
    /// For the officer's safety and others'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whose alert it is.
    pub owner: String,
    /// How far what the alert says may go; shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// Fields that its owner keeps to a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restricted: Vec<Restriction>,
    /// Everything the list says of it.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}
