//! The confirmation clocks as the desk shows them; [`crate::store::confirmations`] stores them.

use crate::store::confirmations::{self, Audience};
use crate::store::{Db, DbError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_shim::ids::Hex;
use vedette_shim::trust::OwnerWord;

/// One clock as the desk shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    /// The encounter, 32 hexadecimal digits.
    pub encounter_id: String,
    /// Its list.
    pub list: String,
    /// Its alert.
    pub alert_id: String,
    /// When the encounter was made, RFC 3339.
    pub made_at: String,
    /// By when the owner must have answered, RFC 3339.
    pub due_at: String,
    /// Seconds left; negative when it is overdue.
    pub left_s: i64,
    /// Whether the officer has said what came of it.
    #[serde(default)]
    pub reported: bool,
    /// The owner's answer, if it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answered>,
}

/// The owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    /// When it was given, RFC 3339.
    pub at: String,
    /// What the owner says.
    #[schema(value_type = crate::schema::OwnerWord)]
    pub word: OwnerWord,
    /// What the owner adds; may be empty.
    pub text: String,
}

/// How many clocks there are that may be shown to every officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Still running.
    pub waiting: u64,
    /// Run out without an answer.
    pub overdue: u64,
    /// Answered by the owner.
    pub answered: u64,
}

/// The clocks of discreet alerts, or those of all others; the newest first.
pub fn shown(db: &Db, now: u64, discreet: bool) -> Result<Vec<Confirmation>, DbError> {
    let audience = if discreet { Audience::Entitled } else { Audience::Everybody };
    let clocks = confirmations::shown(db, audience)?;
    Ok(clocks.into_iter().map(|clock| view(clock, now)).collect())
}

/// Counts the clocks that are not discreet.
pub fn counts(db: &Db, now: u64) -> Result<Counts, DbError> {
    let confirmations::Counts { waiting, overdue, answered } = confirmations::counts(db, now)?;
    Ok(Counts { waiting, overdue, answered })
}

fn view(clock: confirmations::Confirmation, now: u64) -> Confirmation {
    Confirmation {
        encounter_id: Hex(&clock.encounter).to_string(),
        list: clock.list,
        alert_id: clock.alert_id,
        made_at: rfc3339(clock.made_at),
        due_at: rfc3339(clock.due_at),
        left_s: clock.due_at as i64 - now as i64,
        reported: clock.reported,
        answer: clock.answer.map(|answer| Answered {
            at: rfc3339(answer.at),
            word: answer.word,
            text: answer.text,
        }),
    }
}
