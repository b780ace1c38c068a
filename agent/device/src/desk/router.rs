//! Every call and the page -> one router, as each door serves it.

use super::access::{self, Gate};
use super::refusal::Refusal;
use super::{console, drill, openapi, routes, session};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

/// Largest request body, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

const HINT: &str = "GET /v1/openapi.json tells every call";

/// Every call and the page, as one door serves them.
pub(super) fn router(gate: Gate) -> Router {
    let calls = Router::new()
        .route("/v1/scans", post(routes::scan))
        .route("/v1/scans/{scan_id}", get(routes::answer))
        .route("/v1/open", get(routes::open))
        .route("/v1/encounters/{encounter_id}/outcome", post(routes::outcome))
        .route("/v1/lists", get(routes::lists))
        .route("/v1/status", get(routes::status))
        .route("/v1/confirmations", get(routes::confirmations))
        .route("/v1/late", get(routes::late_encounters))
        .route("/v1/drill", post(drill::begin).get(drill::show).delete(drill::end))
        .route("/v1/imports", post(routes::import))
        .route("/v1/events", get(routes::events))
        .route("/v1/discreet", post(session::reveal))
        .route("/metrics", get(routes::metrics))
        .route_layer(from_fn_with_state(gate.clone(), access::check_caller));
    let session = post(session::sign_in).get(session::session).put(session::renew).delete(session::sign_out);
    let sessions = Router::new()
        .route("/v1/session", session)
        .route_layer(from_fn_with_state(gate.clone(), session::on_loopback_only));
    Router::new()
        .merge(calls)
        .merge(sessions)
        .merge(console::router())
        .route("/v1/openapi.json", get(openapi::description))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing here", HINT))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here", HINT)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(gate.clone(), access::check_origin))
        .with_state(gate)
}
