//! The calls. Thin: each hands over to the part that does the work.

use super::access::{Caller, Gate};
use super::events::{Encoded, Event, Listener};
use super::refusal::{Input, Refusal};
use super::{Import, ListView, OpenHit, Problem, StatusView, list_views, metrics};
use crate::check::late::{self, LateEncounter};
use crate::check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
use crate::check::{Answer, CheckError, Scan};
use crate::confirmation::{self, Confirmation};
use crate::intake::bundle::{self, Report};
use crate::journal;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use vedette_common::roster::Role;

/// Open hits told at once, at most.
const OPEN_MAX: usize = 20;

type Answered<T> = Result<Json<T>, Refusal>;

/// Checks a document.
#[utoipa::path(post, path = "/v1/scans", request_body = Scan, security(("token" = [])), responses(
    (status = 200, body = Answer, description = "The answer, recorded before it is given."),
    (status = 422, body = Problem, description = "The zone cannot be read."),
))]
pub(super) async fn scan(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(mut scan): Input<Scan>,
) -> Result<Response, Refusal> {
    scan.who = caller.who(&scan.who);
    // A program knows why it asks; the page asks nobody.
    if matches!(caller, Caller::Console | Caller::Officer { .. }) {
        gate.desk.give_purpose(&mut scan);
    }
    let role = caller.role();
    // The journal's fsync blocks, so a check runs beside the async workers.
    let checked = tokio::task::spawn_blocking(move || gate.desk.check(&scan)).await;
    match checked.map_err(Refusal::internal)? {
        Ok(answer) => Ok(Json(answer.seen_by(role)).into_response()),
        Err(error) => {
            let status = match error {
                CheckError::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
                CheckError::NobodySignedIn => StatusCode::UNAUTHORIZED,
                CheckError::Record(_) => StatusCode::INTERNAL_SERVER_ERROR,
                CheckError::JournalFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            };
            Err(Refusal::new(status, &error, error.hint()).told(error.phrase()))
        }
    }
}

/// The answer of a recent scan.
#[utoipa::path(get, path = "/v1/scans/{scan_id}", params(("scan_id" = String, Path)), security(("token" = [])), responses(
    (status = 200, body = Answer, description = "As it was given."),
    (status = 404, body = Problem, description = "Not, or no longer, remembered."),
))]
pub(super) async fn answer(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Path(scan_id): Path<String>,
) -> Result<Response, Refusal> {
    let answer = gate.desk.answer(&scan_id).ok_or_else(|| {
        let hint = "an answer is kept in memory for a while: limits.scans_kept_max and limits.scans_kept_s";
        Refusal::new(StatusCode::NOT_FOUND, "no such scan is remembered", hint)
    })?;
    Ok(Json(answer.seen_by(caller.role())).into_response())
}

/// Answers with an alert that has no outcome yet, the newest first: kept in memory, so not across a restart.
#[utoipa::path(get, path = "/v1/open", security(("token" = [])), responses((status = 200, body = Vec<OpenHit>)))]
pub(super) async fn open(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<OpenHit>> {
    Json(gate.desk.recent.open(caller.role(), OPEN_MAX, gate.desk.checker.now()))
}

/// What came of an encounter; goes home as the encounter did.
#[utoipa::path(post, path = "/v1/encounters/{encounter_id}/outcome", params(("encounter_id" = String, Path)),
    request_body = OutcomeGiven, security(("token" = [])), responses(
    (status = 200, body = OutcomeTaken, description = "Recorded, and on its way."),
    (status = 404, body = Problem, description = "Not an encounter of this device."),
    (status = 507, body = Problem, description = "The spool is full."),
))]
pub(super) async fn outcome(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Path(encounter_id): Path<String>,
    Input(mut given): Input<OutcomeGiven>,
) -> Answered<OutcomeTaken> {
    given.who = caller.who(&given.who);
    let taken = tokio::task::spawn_blocking(move || gate.desk.outcome(&encounter_id, &given)).await;
    taken.map_err(Refusal::internal)?.map(Json).map_err(|error| {
        let why = error.phrase();
        let refusal = match error {
            OutcomeError::Unknown(_) => Refusal::new(
                StatusCode::NOT_FOUND,
                error,
                "an alert of POST /v1/scans names its encounter_id, if its encounter could be kept",
            ),
            OutcomeError::TooLong { .. } => {
                Refusal::new(StatusCode::BAD_REQUEST, error, "say it in fewer words")
            }
            OutcomeError::Full => Refusal::new(
                StatusCode::INSUFFICIENT_STORAGE,
                error,
                "report it by other means; room comes back with receipts",
            ),
            OutcomeError::Seal(_) | OutcomeError::Record(_) => Refusal::internal(error),
        };
        refusal.told(why)
    })
}

/// The lists held.
#[utoipa::path(get, path = "/v1/lists", security(("token" = [])), responses(
    (status = 200, body = Vec<ListView>, description = "Every list that the device was granted."),
))]
pub(super) async fn lists(State(gate): State<Gate>) -> Json<Vec<ListView>> {
    let checker = &gate.desk.checker;
    Json(list_views(&checker.holdings(), checker.now()))
}

/// The device's state.
#[utoipa::path(get, path = "/v1/status", security(("token" = [])), responses(
    (status = 200, body = StatusView, description = "Link, spool, lists."),
))]
pub(super) async fn status(State(gate): State<Gate>) -> Answered<StatusView> {
    gate.desk.status().map(Json).map_err(Refusal::internal)
}

/// Documents that were listed only after they had been scanned; the newest first.
#[utoipa::path(get, path = "/v1/late", security(("token" = [])), responses((status = 200, body = Vec<LateEncounter>)))]
pub(super) async fn late_encounters(State(gate): State<Gate>) -> Answered<Vec<LateEncounter>> {
    let checker = &gate.desk.checker;
    late::shown(checker.db(), checker.now()).map(Json).map_err(Refusal::internal)
}

/// The clocks of hits that their owners must confirm; the newest first.
#[utoipa::path(get, path = "/v1/confirmations", security(("token" = [])), responses((status = 200, body = Vec<Confirmation>)))]
pub(super) async fn confirmations(State(gate): State<Gate>) -> Answered<Vec<Confirmation>> {
    let checker = &gate.desk.checker;
    // Discreet ones are shown with the discreet alerts, to whom those are shown.
    let shown = confirmation::shown(checker.db(), checker.now(), false);
    shown.map(Json).map_err(Refusal::internal)
}

/// Takes a bundle from a folder of this machine.
#[utoipa::path(post, path = "/v1/imports", request_body = Import, security(("token" = [])), responses(
    (status = 200, body = Report, description = "What was taken and what was refused."),
    (status = 422, body = Problem, description = "Nothing in the folder could be read."),
))]
pub(super) async fn import(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(import): Input<Import>,
) -> Answered<Report> {
    let may = match &caller {
        Caller::Local | Caller::Program { .. } => true,
        Caller::Console => false,
        Caller::Officer { signed, .. } => signed.role == Role::Administrator,
    };
    if !may {
        let hint = "an administrator may, or run `vedette import PATH` on this machine";
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "the console may not name folders of this machine",
            hint,
        ));
    }
    match gate.desk.intake.import(import.path).await {
        Some(Ok(report)) => {
            let (taken, refused) = (report.applied as u64, report.refused.len() as u64);
            let event = journal::Event::Import { who: caller.who(""), taken, refused };
            let checker = &gate.desk.checker;
            journal::record(checker.db(), checker.now(), event).map_err(Refusal::internal)?;
            Ok(Json(report))
        }
        Some(Err(error)) => Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error, bundle::HINT)),
        None => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping", "")),
    }
}

/// First the state as it is, then everything that happens.
#[utoipa::path(get, path = "/v1/events", security(("token" = [])), responses(
    (status = 200, content_type = "text/event-stream", body = String, description = "Server-sent events, their data \
        as JSON: `state` (StatusView), `answer` (Answer), `refused` (ReaderRefused: a reader's scan has no answer), `outcome` \
        (OutcomeTaken), `confirmation` (Confirmation: an owner answered), `session` (who is signed in changed), `lagged` (Lagged: this listener was too slow, read again)."),
))]
pub(super) async fn events(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    let listener = gate.desk.events.listen().ok_or_else(|| {
        let hint = "close a stream first: one is enough for a program";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many listen to events already", hint)
    })?;
    let state = Event::State(Box::new(gate.desk.status().map_err(Refusal::internal)?)).encode();
    Ok(Sse::new(told(state, listener, gate, caller)).keep_alive(KeepAlive::default()))
}

/// Figures for Prometheus, without personal data.
#[utoipa::path(get, path = "/metrics", security(("token" = [])), responses(
    (status = 200, content_type = "text/plain", body = String, description = "Prometheus' text format."),
))]
pub(super) async fn metrics(State(gate): State<Gate>) -> Result<Response, Refusal> {
    let text = gate.desk.metrics().map_err(Refusal::internal)?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// `first`, and then what the listener hears, for as long as the caller may.
fn told(
    first: Encoded,
    listener: Listener,
    gate: Gate,
    caller: Caller,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold((Some(first), listener), move |(first, mut listener)| {
        let (gate, caller) = (gate.clone(), caller.clone());
        async move {
            let event = match first {
                Some(first) => first,
                None => tokio::select! {
                    event = listener.next() => event?,
                    () = gate.stop.cancelled() => return None,
                },
            };
            let event_out = sse::Event::default().event(event.name).data(event.data);
            gate.still_open_to(&caller).then_some((Ok(event_out), (None, listener)))
        }
    })
}
