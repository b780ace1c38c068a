//! What becomes of encounters: outcomes, owners' confirmations, documents listed only after their scan.

use super::schema;
use crate::action::Action;
use crate::check::outcome::{OutcomeGiven, OutcomeTaken};
use crate::store::confirmations::{Answered, Confirmation};
use crate::store::late::LateEncounter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_shim::ids::Hex;
use vedette_shim::trust::OwnerWord;
use vedette_shim::wire::{FormField, Outcome};

/// What the officer says came of an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutcomeGiven)]
pub struct OutcomeRequest {
    #[schema(value_type = schema::Outcome)]
    pub outcome: Outcome,
    /// In words; at most 1024 bytes.
    #[serde(default)]
    pub note: String,
    /// Who says so: badge or program.
    #[serde(default)]
    pub who: String,
    /// The form of a discreet check, as far as it was filled in; each text at most 512 bytes.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub form: BTreeMap<FormField, String>,
}

impl OutcomeRequest {
    /// The outcome, given by `who`.
    pub fn by(self, who: String) -> OutcomeGiven {
        OutcomeGiven { outcome: self.outcome, note: self.note, who, form: self.form }
    }
}

/// An outcome that is on its way home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OutcomeTaken)]
pub struct OutcomeView {
    /// Names the outcome, 32 hexadecimal digits.
    pub outcome_id: String,
    pub encounter_id: String,
    #[schema(value_type = schema::Outcome)]
    pub outcome: Outcome,
    /// Badge or program.
    pub who: String,
    pub at: String,
}

impl From<&OutcomeTaken> for OutcomeView {
    fn from(taken: &OutcomeTaken) -> OutcomeView {
        OutcomeView {
            outcome_id: Hex(&taken.outcome_id).to_string(),
            encounter_id: Hex(&taken.encounter).to_string(),
            outcome: taken.outcome,
            who: taken.who.clone(),
            at: rfc3339(taken.at),
        }
    }
}

/// The time that an alert's owner has to confirm an encounter, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Confirmation)]
pub struct ConfirmationView {
    pub encounter_id: String,
    pub list: String,
    pub alert_id: String,
    /// When the encounter was made.
    pub made_at: String,
    /// By when the owner must have answered.
    pub due_at: String,
    /// Seconds left; negative when it is overdue.
    pub left_s: i64,
    /// Whether an outcome was recorded.
    #[serde(default)]
    pub reported: bool,
    /// The owner's answer, if it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<OwnerAnswerView>,
}

/// An owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Answered)]
pub struct OwnerAnswerView {
    /// When it was given.
    pub at: String,
    #[schema(value_type = schema::OwnerWord)]
    pub word: OwnerWord,
    /// What the owner adds; may be empty.
    pub text: String,
}

impl ConfirmationView {
    /// A clock as it stands at `now`, seconds since 1970.
    pub fn at(now: u64, clock: &Confirmation) -> ConfirmationView {
        let answer = |answer: &Answered| OwnerAnswerView {
            at: rfc3339(answer.at),
            word: answer.word,
            text: answer.text.clone(),
        };
        ConfirmationView {
            encounter_id: Hex(&clock.encounter).to_string(),
            list: clock.list.clone(),
            alert_id: clock.alert_id.clone(),
            made_at: rfc3339(clock.made_at),
            due_at: rfc3339(clock.due_at),
            left_s: clock.due_at as i64 - now as i64,
            reported: clock.reported,
            answer: clock.answer.as_ref().map(answer),
        }
    }
}

/// A document that was listed only after it had been scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LateEncounter)]
pub struct LateView {
    pub encounter_id: String,
    pub list: String,
    /// The alert, which names the document.
    pub alert_id: String,
    /// The scan that had met nothing.
    pub scan_id: String,
    pub scanned_at: String,
    /// When the alert came.
    pub raised_at: String,
    /// What to do, as an answer says it: `seize_document`, or `bearer_sought` of a valid one.
    #[schema(value_type = schema::Action)]
    pub action: Action,
    /// Whether an outcome was recorded.
    #[serde(default)]
    pub reported: bool,
}

impl From<&LateEncounter> for LateView {
    fn from(late: &LateEncounter) -> LateView {
        LateView {
            encounter_id: Hex(&late.encounter).to_string(),
            list: late.list.clone(),
            alert_id: late.alert_id.clone(),
            scan_id: Hex(&late.scan).to_string(),
            scanned_at: rfc3339(late.scanned_at),
            raised_at: rfc3339(late.raised_at),
            action: late.action,
            reported: late.reported,
        }
    }
}
