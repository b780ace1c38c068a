//! Officers' sessions: sign in, read, go on, sign out. Of the session's secret one half is in a cookie that no script can read,
//! the other is the page's (see `cookie`).
//!
//! | answer of `POST /v1/session` | when |
//! |---|---|
//! | 200 | in, by PIN or as a shift change by badge alone |
//! | 401 | badge or PIN is wrong |
//! | 428 | the PIN is needed |
//! | 429 | locked after wrong PINs, for `retry_after_s`; or another sign-in is under way |
//! | 403 | the roster's grace is over, and this is no administrator; or it was erased |
//! | 404 | no roster is held: nobody signs in here |
//!
//! `POST /v1/discreet` shows discreet alerts to an entitled officer who gives the PIN again: 403 to all others, 401 and
//! 429 as above.
//!
//! A session ends `officers.idle_s` after the last call that did something; reading (GET) keeps nothing alive, and
//! `PUT /v1/session` says that somebody is there. Whoever
//! holds both halves is the officer.

use super::access::{Caller, Door, Gate};
use super::api::{
    Problem, RevealRequest, RevealedView, RosterView, SessionView, SignIn, SignInRequest, SignInView,
    SignedView,
};
use super::cookie;
use super::error::{ApiError, Input};
use crate::officers::SignInError;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use vedette_shim::ids::from_hex;

/// Signs an officer in. The session's secret comes in two halves: a cookie, and `page`, which every further call shows as the
/// header `vedette-page` (the stream of events: as `?page=`).
#[utoipa::path(post, path = "/v1/session", request_body = SignInRequest, responses(
    (status = 200, body = SignInView, description = "In, by PIN or as a shift change by badge alone."),
    (status = 401, body = Problem, description = "Badge or PIN is wrong."),
    (status = 428, body = Problem, description = "The PIN is needed."),
    (status = 429, body = Problem, description = "Locked after wrong PINs, for `retry_after_s`."),
))]
pub(super) async fn sign_in(
    State(gate): State<Gate>,
    target: Uri,
    headers: HeaderMap,
    Input(request): Input<SignInRequest>,
) -> Result<Response, ApiError> {
    let (current, post) = (cookie::token(&target, &headers), gate.post.clone());
    // Hashing a PIN takes its time.
    let signed = tokio::task::spawn_blocking(move || {
        let signed = post.sign_in(&request.badge, request.pin.as_ref(), current.as_ref());
        signed.map_err(|error| ApiError::sign_in(&error, &post.roster_state()))
    });
    let (token, signed) = signed.await.map_err(ApiError::internal)??;
    let view = SignInView { officer: signed.into(), page: token.for_page().to_string() };
    Ok((cookie::set(&token), Json(view)).into_response())
}

/// Who is signed in, and whether anybody must.
#[utoipa::path(get, path = "/v1/session", responses(
    (status = 200, body = SessionView, description = "The officer who is signed in with the cookie, if one is."),
))]
pub(super) async fn session(
    State(gate): State<Gate>,
    target: Uri,
    headers: HeaderMap,
) -> Result<Json<SessionView>, ApiError> {
    let post = &gate.post;
    let officer = match cookie::token(&target, &headers) {
        Some(token) => post.session(&token).map_err(ApiError::internal)?,
        None => None,
    };
    Ok(Json(SessionView {
        sign_in: SignIn::of(post.roster_state().asks_for_sign_in()),
        roster: post.roster_status().map(RosterView::from),
        officer: officer.map(SignedView::from),
    }))
}

/// Says that somebody is there: the session goes on.
#[utoipa::path(put, path = "/v1/session", responses(
    (status = 200, body = SignedView, description = "The officer, and how long the session lasts without another use."),
    (status = 401, body = Problem, description = "Nobody is signed in."),
))]
pub(super) async fn renew(
    State(gate): State<Gate>,
    target: Uri,
    headers: HeaderMap,
) -> Result<Json<SignedView>, ApiError> {
    let signed = match cookie::token(&target, &headers) {
        Some(token) => gate.post.use_session(&token).map_err(ApiError::internal)?,
        None => None,
    };
    let none = || ApiError::sign_in(&SignInError::NoSession, &gate.post.roster_state());
    signed.map(|signed| Json(signed.into())).ok_or_else(none)
}

/// Signs out; done as well when nobody was signed in.
#[utoipa::path(delete, path = "/v1/session", responses((status = 204, description = "Out.")))]
pub(super) async fn sign_out(
    State(gate): State<Gate>,
    target: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = cookie::token(&target, &headers) {
        gate.post.sign_out(&token).map_err(ApiError::internal)?;
    }
    Ok((StatusCode::NO_CONTENT, cookie::clear()).into_response())
}

/// Sessions are loopback's; on the socket nobody signs in.
pub(super) async fn on_loopback_only(
    State(gate): State<Gate>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Result<Response, ApiError> {
    match gate.door {
        Door::Loopback { .. } => Ok(next.run(request).await),
        Door::Socket => {
            let hint = "the socket is trusted by its rights: say who asks with `who`";
            Err(ApiError::new(StatusCode::NOT_FOUND, "officers sign in on loopback", hint))
        }
    }
}

/// Shows the discreet alerts of the last hour to an entitled officer, newest first; journalled before it is told.
#[utoipa::path(post, path = "/v1/discreet", request_body = RevealRequest, responses(
    (status = 200, body = RevealedView, description = "Newest first, with the form to be filled in."),
    (status = 403, body = Problem, description = "Not an officer whom the roster entitles."),
))]
pub(super) async fn reveal(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(request): Input<RevealRequest>,
) -> Result<Json<RevealedView>, ApiError> {
    let entitled = match caller {
        Caller::Officer { signed, session } if signed.discreet => session,
        _ => {
            let hint = "an officer whom the roster entitles signs in on the console";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "not entitled to discreet alerts", hint));
        }
    };
    // An id that is none names no scan, so nothing of it is shown.
    let scan_id = request.scan_id.as_ref().map(|text| from_hex(text).unwrap_or_default());
    let post = gate.post.clone();
    let revealed = tokio::task::spawn_blocking(move || {
        let revealed = post.reveal(&entitled, &request.pin, scan_id.as_ref());
        revealed.map_err(|error| ApiError::sign_in(&error, &post.roster_state()))
    });
    let revealed = revealed.await.map_err(ApiError::internal)??;
    Ok(Json(RevealedView::at(gate.post.now(), revealed)))
}
