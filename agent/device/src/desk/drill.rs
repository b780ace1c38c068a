//! The drill over HTTP: an administrator begins and ends it, everybody sees it.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /v1/drill` | [`DrillRequest`] | [`DrillView`]; 409 if one runs, 400 if it is too long |
//! | `GET /v1/drill` | | the [`DrillView`] of the one that runs, or of the last since the agent began; 404 for none |
//! | `DELETE /v1/drill?who=` | | ends it now: [`DrillView`]; 409 if none runs |
//!
//! Who may begin one ends it: an administrator who signed in, or whoever the Unix socket lets in. Its begin and its end
//! are in the journal, each under whoever caused it.

use super::access::{Caller, Gate};
use super::api::{DrillRequest, DrillView, EndDrill, Problem};
use super::error::{ApiError, InQuery, Input};
use crate::drill::DrillError;
use crate::post::exercise::ExerciseError;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use vedette_common::roster::Role;

/// Begins an outage exercise: the link is held back, and readiness measured.
#[utoipa::path(post, path = "/v1/drill", request_body = DrillRequest, security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 409, body = Problem, description = "One is running."),
))]
pub(super) async fn begin(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(request): Input<DrillRequest>,
) -> Result<Json<DrillView>, ApiError> {
    let who = may(&caller)?.who(&request.who);
    Ok(Json(gate.post.start_drill(&who, request.minutes).map_err(refused)?.into()))
}

/// Ends the running exercise.
#[utoipa::path(delete, path = "/v1/drill", params(EndDrill), security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 409, body = Problem, description = "None is running."),
))]
pub(super) async fn end(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    InQuery(end): InQuery<EndDrill>,
) -> Result<Json<DrillView>, ApiError> {
    let who = may(&caller)?.who(&end.who);
    Ok(Json(gate.post.stop_drill(&who).map_err(refused)?.into()))
}

/// The running exercise, or the last since the agent began.
#[utoipa::path(get, path = "/v1/drill", security(("token" = [])), responses(
    (status = 200, body = DrillView),
    (status = 404, body = Problem, description = "There was none."),
))]
pub(super) async fn show(State(gate): State<Gate>) -> Result<Json<DrillView>, ApiError> {
    let hint = "an administrator begins one: POST /v1/drill, or `vedette drill start`";
    let none = || ApiError::new(StatusCode::NOT_FOUND, "there was no drill since the agent began", hint);
    gate.post.drill().map(|drill| Json(drill.into())).ok_or_else(none)
}

fn may(caller: &Caller) -> Result<&Caller, ApiError> {
    match caller {
        Caller::Local => Ok(caller),
        Caller::Officer { signed, .. } if signed.role == Role::Administrator => Ok(caller),
        Caller::Officer { .. } | Caller::Program { .. } | Caller::Console => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "only an administrator begins or ends a drill",
            "sign in as one, or run `vedette drill` on this machine",
        )),
    }
}

fn refused(error: ExerciseError) -> ApiError {
    let (status, hint) = match &error {
        ExerciseError::Drill(DrillError::Running) => (StatusCode::CONFLICT, "GET /v1/drill shows it"),
        ExerciseError::Drill(DrillError::NotRunning) => {
            (StatusCode::CONFLICT, "GET /v1/drill shows the last")
        }
        ExerciseError::Drill(DrillError::Minutes) => (StatusCode::BAD_REQUEST, "15 is a good length"),
        ExerciseError::Record(_) => return ApiError::internal(error),
    };
    ApiError::new(status, error, hint)
}
