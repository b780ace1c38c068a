//! The calls. Thin: each hands over to the post, and makes views of what it says.

use super::access::{Caller, Gate};
use super::api::{
    AnswerView, ConfirmationView, FindRequest, Import, ImportView, LateView, ListView, OpenHitView,
    OutcomeRequest, OutcomeView, Problem, ScanRequest, StatusView,
};
use super::error::{ApiError, InPath, Input};
use super::metrics;
use crate::check::outcome::OutcomeError;
use crate::check::slips::Slip;
use crate::check::{Answer, CheckError};
use crate::intake::bundle;
use crate::post::ImportError;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use std::sync::Arc;
use vedette_common::roster::Role;
use vedette_shim::ids::from_hex;

type Answered<T> = Result<Json<T>, ApiError>;

/// Checks a document.
#[utoipa::path(post, path = "/v1/scans", request_body = ScanRequest, security(("token" = [])), responses(
    (status = 200, body = AnswerView, description = "The answer, recorded before it is given."),
    (status = 422, body = Problem, description = "The zone cannot be read: where, and how it was likely meant."),
))]
pub(super) async fn scan(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(request): Input<ScanRequest>,
) -> Answered<AnswerView> {
    let who = caller.who(&request.who);
    let mut scan = request.by(who);
    give_purpose(&gate, &caller, &mut scan.why);
    let zone = scan.mrz.clone();
    answered(&caller.clone(), &zone, move || {
        leave_reserve(&gate, &caller)?;
        gate.post.check(&scan)
    })
    .await
}

/// Checks what somebody typed without a zone.
#[utoipa::path(post, path = "/v1/finds", request_body = FindRequest, security(("token" = [])), responses(
    (status = 200, body = AnswerView, description = "The answer, recorded as typed before it is given."),
    (status = 422, body = Problem, description = "What was typed cannot be searched, or may be too many documents."),
))]
pub(super) async fn find(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(request): Input<FindRequest>,
) -> Answered<AnswerView> {
    let who = caller.who(&request.who);
    let mut find = request.by(who).ok_or_else(|| {
        let error = "exactly one of number, name and identifier is searched";
        ApiError::new(StatusCode::BAD_REQUEST, error, "GET /v1/openapi.json tells what each call takes")
    })?;
    give_purpose(&gate, &caller, &mut find.why);
    answered(&caller.clone(), "", move || {
        leave_reserve(&gate, &caller)?;
        gate.post.find(&find)
    })
    .await
}

/// A program knows why it asks; the page asks nobody.
fn give_purpose(gate: &Gate, caller: &Caller, why: &mut String) {
    if matches!(caller, Caller::Console | Caller::Officer { .. }) {
        gate.post.give_purpose(why);
    }
}

/// Of the journal a part is kept for those whom nobody on this machine can pose as.
fn leave_reserve(gate: &Gate, caller: &Caller) -> Result<(), CheckError> {
    match caller {
        Caller::Console | Caller::Program { .. } => gate.post.leave_reserve(),
        Caller::Officer { .. } | Caller::Local => Ok(()),
    }
}

/// The answer of a check as the caller may see it. The journal's fsync blocks, so it runs beside the async workers.
async fn answered(
    caller: &Caller,
    zone: &str,
    check: impl FnOnce() -> Result<Arc<Answer>, CheckError> + Send + 'static,
) -> Answered<AnswerView> {
    match tokio::task::spawn_blocking(check).await.map_err(ApiError::internal)? {
        Ok(answer) => Ok(Json((&answer.seen_by(caller.role())).into())),
        Err(error) => {
            let status = match error {
                CheckError::Unreadable(_) | CheckError::Find(_) => StatusCode::UNPROCESSABLE_ENTITY,
                CheckError::Asker { .. } => StatusCode::BAD_REQUEST,
                CheckError::NobodySignedIn => StatusCode::UNAUTHORIZED,
                CheckError::Record(_) => StatusCode::INTERNAL_SERVER_ERROR,
                CheckError::JournalFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            };
            let slip = match &error {
                CheckError::Unreadable(unreadable) => Slip::of(zone, unreadable),
                _ => None,
            };
            Err(ApiError::new(status, &error, error.hint()).with_phrase(error.phrase()).with_slip(slip))
        }
    }
}

/// The answer of a recent scan.
#[utoipa::path(get, path = "/v1/scans/{scan_id}", params(("scan_id" = String, Path)), security(("token" = [])), responses(
    (status = 200, body = AnswerView, description = "As it was given."),
    (status = 404, body = Problem, description = "Not, or no longer, remembered."),
))]
pub(super) async fn answer(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    InPath(scan_id): InPath,
) -> Answered<AnswerView> {
    let answer = from_hex(&scan_id).and_then(|scan_id| gate.post.answer(&scan_id)).ok_or_else(|| {
        let hint = "an answer is kept in memory for a while: limits.scans_kept_max and limits.scans_kept_s";
        ApiError::new(StatusCode::NOT_FOUND, "no such scan is remembered", hint)
    })?;
    Ok(Json((&answer.seen_by(caller.role())).into()))
}

/// Answers with an alert that has no outcome yet, the newest first; those of a week are there after a restart, too.
#[utoipa::path(get, path = "/v1/open", security(("token" = [])), responses((status = 200, body = Vec<OpenHitView>)))]
pub(super) async fn open(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<OpenHitView>> {
    Json(gate.post.open_hits(caller.role()).iter().filter_map(OpenHitView::of).collect())
}

/// What came of an encounter; goes home as the encounter did.
#[utoipa::path(post, path = "/v1/encounters/{encounter_id}/outcome", params(("encounter_id" = String, Path)),
    request_body = OutcomeRequest, security(("token" = [])), responses(
    (status = 200, body = OutcomeView, description = "Recorded, and on its way."),
    (status = 404, body = Problem, description = "Not an encounter of this device."),
    (status = 507, body = Problem, description = "The spool is full."),
))]
pub(super) async fn outcome(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    InPath(encounter_id): InPath,
    Input(given): Input<OutcomeRequest>,
) -> Answered<OutcomeView> {
    let who = caller.who(&given.who);
    let taken = match from_hex(&encounter_id) {
        Some(id) => tokio::task::spawn_blocking(move || gate.post.outcome(&id, &given.by(who))).await,
        None => Ok(Err(OutcomeError::Unknown(encounter_id))),
    };
    taken.map_err(ApiError::internal)?.map(|taken| Json((&taken).into())).map_err(|error| {
        let why = error.phrase();
        let refused = match error {
            OutcomeError::Unknown(_) => ApiError::new(
                StatusCode::NOT_FOUND,
                error,
                "an alert of POST /v1/scans names its encounter_id, if its encounter could be kept",
            ),
            OutcomeError::TooLong { .. } => {
                ApiError::new(StatusCode::BAD_REQUEST, error, "say it in fewer words")
            }
            OutcomeError::Full => ApiError::new(
                StatusCode::INSUFFICIENT_STORAGE,
                error,
                "report it by other means; room comes back with receipts",
            ),
            OutcomeError::Seal(_) | OutcomeError::Record(_) => ApiError::internal(error),
        };
        refused.with_phrase(why)
    })
}

/// The lists held.
#[utoipa::path(get, path = "/v1/lists", security(("token" = [])), responses(
    (status = 200, body = Vec<ListView>, description = "Every list that the device was granted."),
))]
pub(super) async fn lists(State(gate): State<Gate>) -> Json<Vec<ListView>> {
    Json(gate.post.lists().iter().map(ListView::from).collect())
}

/// The device's state.
#[utoipa::path(get, path = "/v1/status", security(("token" = [])), responses(
    (status = 200, body = StatusView, description = "Link, spool, lists."),
))]
pub(super) async fn status(State(gate): State<Gate>) -> Answered<StatusView> {
    gate.status().map(Json).map_err(ApiError::internal)
}

/// Documents that were listed only after they had been scanned; the newest first.
#[utoipa::path(get, path = "/v1/late", security(("token" = [])), responses((status = 200, body = Vec<LateView>)))]
pub(super) async fn late_encounters(State(gate): State<Gate>) -> Answered<Vec<LateView>> {
    let late = gate.post.late_encounters().map_err(ApiError::internal)?;
    Ok(Json(late.iter().map(LateView::from).collect()))
}

/// The clocks of hits that their owners must confirm; the newest first.
#[utoipa::path(get, path = "/v1/confirmations", security(("token" = [])), responses((status = 200, body = Vec<ConfirmationView>)))]
pub(super) async fn confirmations(State(gate): State<Gate>) -> Answered<Vec<ConfirmationView>> {
    let clocks = gate.post.confirmations().map_err(ApiError::internal)?;
    let now = gate.post.now();
    Ok(Json(clocks.iter().map(|clock| ConfirmationView::at(now, clock)).collect()))
}

/// Takes a bundle from a folder of this machine.
#[utoipa::path(post, path = "/v1/imports", request_body = Import, security(("token" = [])), responses(
    (status = 200, body = ImportView, description = "What was taken and what was refused."),
    (status = 422, body = Problem, description = "Nothing in the folder could be read."),
))]
pub(super) async fn import(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(import): Input<Import>,
) -> Answered<ImportView> {
    let may = match &caller {
        Caller::Local | Caller::Program { .. } => true,
        Caller::Console => false,
        Caller::Officer { signed, .. } => signed.role == Role::Administrator,
    };
    if !may {
        let hint = "an administrator may, or run `vedette import PATH` on this machine";
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "the console may not name folders of this machine",
            hint,
        ));
    }
    let imported = gate.post.import(import.path, caller.who("")).await;
    imported.map(|report| Json(report.into())).map_err(|error| match error {
        ImportError::Bundle(_) => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error, bundle::HINT),
        ImportError::Stopping => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, error, ""),
        ImportError::Record(_) | ImportError::ReadOnly => ApiError::internal(error),
    })
}

/// Figures for Prometheus, without personal data.
#[utoipa::path(get, path = "/metrics", security(("token" = [])), responses(
    (status = 200, content_type = "text/plain", body = String, description = "Prometheus' text format."),
))]
pub(super) async fn metrics(State(gate): State<Gate>) -> Result<Response, ApiError> {
    let figures = gate.post.figures().map_err(ApiError::internal)?;
    let text = metrics::text(&figures, &gate.status().map_err(ApiError::internal)?);
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}
