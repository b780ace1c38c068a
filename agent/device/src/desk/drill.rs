//! The drill over HTTP: an administrator begins and ends it, everybody sees it.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /v1/drill` | [`Begin`] | [`DrillView`]; 409 if one runs, 400 if it is too long |
//! | `GET /v1/drill` | | the [`DrillView`] of the one that runs, or of the last since the agent began; 404 for none |
//! | `DELETE /v1/drill?who=` | | ends it now: [`DrillView`]; 409 if none runs |
//!
//! Who may begin one ends it: an administrator who signed in, or whoever the Unix socket lets in. Its begin and its end
//! are in the journal, each under whoever caused it.

use super::access::{Caller, Gate};
use super::refusal::{Input, Refusal};
use super::{Desk, Problem};
use crate::drill::{DrillError, DrillView};
use crate::journal;
use crate::store::DbError;
use crate::store::spool;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vedette_common::roster::Role;

/// How long the link is to be held back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// Minutes, 1 to [`crate::drill::MINUTES_MAX`].
    pub minutes: u32,
    /// Who begins it, over the Unix socket; a session says it itself.
    #[serde(default)]
    pub who: String,
}

/// Who ends it.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct End {
    /// Who ends it, over the Unix socket; a session says it itself.
    pub who: String,
}

impl Desk {
    /// Looks after the drill, once a second: ends one whose time is over.
    pub(super) fn look_after_drill(&self) -> Result<(), DbError> {
        let now = self.checker.now();
        match self.drill.tick(now, spool::depth_shown(self.checker.db())?) {
            // By itself: it is the one's who began it.
            Some(ended) => self.record_drill(&ended.who, ended_words(&ended)),
            None => Ok(()),
        }
    }

    fn record_drill(&self, who: &str, what: String) -> Result<(), DbError> {
        let event = journal::Event::Drill { who: who.into(), what };
        journal::record(self.checker.db(), self.checker.now(), event)
    }
}

/// What the journal says of a drill that ended.
fn ended_words(drill: &DrillView) -> String {
    let report = &drill.report;
    format!(
        "ended: {} checks, {} not checked, p99 {} us, {} encounters wait",
        report.checks, report.not_checked, report.p99_us, report.spooled
    )
}

/// Begins an outage exercise: the link is held back, and readiness measured.
#[utoipa::path(post, path = "/v1/drill", request_body = Begin, security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 409, body = Problem, description = "One is running."),
))]
pub(super) async fn begin(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(begin): Input<Begin>,
) -> Result<Json<DrillView>, Refusal> {
    let (desk, who) = (&gate.desk, may(&caller)?.who(&begin.who));
    let drill = desk.drill.start(&who, begin.minutes, desk.checker.now()).map_err(refusal)?;
    if let Err(error) = desk.record_drill(&who, format!("started: {} minutes", begin.minutes)) {
        // Unrecorded it must not go on; that one runs is sure.
        let _ = desk.drill.stop(desk.checker.now(), 0);
        return Err(Refusal::internal(error));
    }
    Ok(Json(drill))
}

/// Ends the running exercise.
#[utoipa::path(delete, path = "/v1/drill", params(End), security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 409, body = Problem, description = "None is running."),
))]
pub(super) async fn end(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Query(end): Query<End>,
) -> Result<Json<DrillView>, Refusal> {
    let (desk, who) = (&gate.desk, may(&caller)?.who(&end.who));
    let spooled = spool::depth_shown(desk.checker.db()).map_err(Refusal::internal)?;
    let ended = desk.drill.stop(desk.checker.now(), spooled).map_err(refusal)?;
    desk.record_drill(&who, ended_words(&ended)).map_err(Refusal::internal)?;
    Ok(Json(ended))
}

/// The running exercise, or the last since the agent began.
#[utoipa::path(get, path = "/v1/drill", security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 404, body = Problem, description = "There was none."),
))]
pub(super) async fn show(State(gate): State<Gate>) -> Result<Json<DrillView>, Refusal> {
    let hint = "an administrator begins one: POST /v1/drill, or `vedette drill start`";
    let none = || Refusal::new(StatusCode::NOT_FOUND, "there was no drill since the agent began", hint);
    gate.desk.drill.view().map(Json).ok_or_else(none)
}

fn may(caller: &Caller) -> Result<&Caller, Refusal> {
    match caller {
        Caller::Local => Ok(caller),
        Caller::Officer { signed, .. } if signed.role == Role::Administrator => Ok(caller),
        Caller::Officer { .. } | Caller::Program { .. } | Caller::Console => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "only an administrator begins or ends a drill",
            "sign in as one, or run `vedette drill` on this machine",
        )),
    }
}

fn refusal(error: DrillError) -> Refusal {
    match error {
        DrillError::Running => Refusal::new(StatusCode::CONFLICT, error, "GET /v1/drill shows it"),
        DrillError::NotRunning => Refusal::new(StatusCode::CONFLICT, error, "GET /v1/drill shows the last"),
        DrillError::Minutes => Refusal::new(StatusCode::BAD_REQUEST, error, "15 is a good length"),
    }
}
