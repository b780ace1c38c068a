//! Officers' sessions: sign in, look, sign out. The session's secret is in a cookie that no script can read.
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
//! `POST /v1/discreet` shows discreet alerts to an entitled officer who gives the PIN once more: 403 to all others, 401 and
//! 429 as above.
//!
//! A session ends `officers.idle_s` after the last call that did something; looking (GET) keeps nothing alive, and
//! `PUT /v1/session` says that somebody is there. Whoever
//! holds the cookie is the officer, so it goes to this host's pages only (`SameSite=Strict`) and dies with the browser.

use super::access::{Caller, Door, Gate};
use super::cookie;
use super::events::Event;
use super::refusal::{Input, Refusal};
use super::{Desk, Problem, SignIn};
use crate::check::discreet::DiscreetScan;
use crate::check::{Alert, disclose};
use crate::confirmation::{self, Confirmation};
use crate::journal;
use crate::officers::{SignInError, Signed};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::pin::Pin;

/// A badge, and the PIN where it is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// What the badge says.
    pub badge: String,
    /// The PIN; without it only a shift change gets in.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub pin: Option<Pin>,
}

/// Who may use the console now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Whether officers must sign in.
    pub sign_in: SignIn,
    /// The roster; none where none counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterView>,
    /// Who is signed in with this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Signed>,
}

/// The roster as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterView {
    /// Its number.
    pub number: u64,
    /// When it expires, RFC 3339.
    pub expires: String,
    /// How far it counts.
    pub state: RosterState,
}

/// How far a roster counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterState {
    /// It counts.
    Current,
    /// Expired, in its grace: it serves on, and a new one is overdue.
    Expired,
    /// Its grace is over: administrators only.
    Ended,
}

impl Desk {
    /// The roster held, as shown.
    pub(super) fn roster_view(&self) -> Option<RosterView> {
        let holdings = self.checker.holdings();
        let roster = holdings.roll.roster()?;
        let now = self.checker.now();
        let state = match () {
            () if now < roster.expires => RosterState::Current,
            () if now < roster.expires.saturating_add(self.officers.rules().roster_grace_s) => {
                RosterState::Expired
            }
            () => RosterState::Ended,
        };
        Some(RosterView { number: roster.number, expires: rfc3339(roster.expires), state })
    }

    /// Whether officers must sign in.
    pub(super) fn sign_in(&self) -> SignIn {
        match self.checker.holdings().roll.asks_for_sign_in() {
            true => SignIn::Required,
            false => SignIn::None,
        }
    }

    /// Ends the sessions that may not go on, and cuts their streams.
    pub(super) fn end_sessions(&self) {
        match self.officers.sweep(&self.checker.holdings().roll) {
            Ok(ended) if ended.is_empty() => {}
            Ok(_) => self.events.publish(&Event::Session),
            Err(error) => tracing::error!(%error, "a session's end could not be recorded"),
        }
    }
}

/// Signs an officer in; the session's secret comes as a cookie.
#[utoipa::path(post, path = "/v1/session", request_body = SignInRequest, responses(
    (status = 200, body = Signed, description = "In, by PIN or as a shift change by badge alone."),
    (status = 401, body = Problem, description = "Badge or PIN is wrong."),
    (status = 428, body = Problem, description = "The PIN is needed."),
    (status = 429, body = Problem, description = "Locked after wrong PINs, for `retry_after_s`."),
))]
pub(super) async fn sign_in(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Input(request): Input<SignInRequest>,
) -> Result<Response, Refusal> {
    let current = cookie::token(&headers);
    let desk = gate.desk.clone();
    // Hashing a PIN takes its time.
    let signed = tokio::task::spawn_blocking(move || {
        let roll = desk.checker.holdings().roll.clone();
        let signed = desk.officers.sign_in(&roll, &request.badge, request.pin.as_ref(), current.as_ref());
        signed.map_err(|error| Refusal::sign_in(&error, &roll))
    });
    let (token, signed) = signed.await.map_err(Refusal::internal)??;
    gate.desk.events.publish(&Event::Session);
    Ok((cookie::set(&token), Json(signed)).into_response())
}

/// Who is signed in, and whether anybody must.
#[utoipa::path(get, path = "/v1/session", responses(
    (status = 200, body = SessionView, description = "The officer who is signed in with the cookie, if one is."),
))]
pub(super) async fn session(
    State(gate): State<Gate>,
    headers: HeaderMap,
) -> Result<Json<SessionView>, Refusal> {
    let desk = &gate.desk;
    let officer = match cookie::token(&headers) {
        Some(token) => {
            desk.officers.session(&desk.checker.holdings().roll, &token, false).map_err(Refusal::internal)?
        }
        None => None,
    };
    Ok(Json(SessionView { sign_in: desk.sign_in(), roster: desk.roster_view(), officer }))
}

/// Says that somebody is there: the session goes on.
#[utoipa::path(put, path = "/v1/session", responses(
    (status = 200, body = Signed, description = "The officer, and how long the session lasts without another use."),
    (status = 401, body = Problem, description = "Nobody is signed in."),
))]
pub(super) async fn renew(State(gate): State<Gate>, headers: HeaderMap) -> Result<Json<Signed>, Refusal> {
    let roll = gate.desk.checker.holdings().roll.clone();
    let signed = match cookie::token(&headers) {
        Some(token) => gate.desk.officers.session(&roll, &token, true).map_err(Refusal::internal)?,
        None => None,
    };
    signed.map(Json).ok_or_else(|| Refusal::sign_in(&SignInError::NoSession, &roll))
}

/// Signs out; done as well when nobody was signed in.
#[utoipa::path(delete, path = "/v1/session", responses((status = 204, description = "Out.")))]
pub(super) async fn sign_out(State(gate): State<Gate>, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(token) = cookie::token(&headers) {
        gate.desk.officers.sign_out(&token).map_err(Refusal::internal)?;
        gate.desk.events.publish(&Event::Session);
    }
    Ok((StatusCode::NO_CONTENT, cookie::clear()).into_response())
}

/// Sessions are loopback's; on the socket nobody signs in.
pub(super) async fn on_loopback_only(
    State(gate): State<Gate>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Result<Response, Refusal> {
    match gate.door {
        Door::Loopback { .. } => Ok(next.run(request).await),
        Door::Socket => {
            let hint = "the socket is trusted by its rights: say who asks with `who`";
            Err(Refusal::new(StatusCode::NOT_FOUND, "officers sign in on loopback", hint))
        }
    }
}

/// The PIN once more, and perhaps one scan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The officer's own PIN: showing what nobody may notice is a deliberate act.
    #[schema(value_type = String)]
    pub pin: Pin,
    /// Only this scan's.
    #[serde(default)]
    pub scan_id: Option<String>,
}

/// What only an entitled officer may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Revealed {
    /// The discreet alerts of the last hour, the newest scan first, each with the form to be filled in.
    pub scans: Vec<DiscreetScan>,
    /// The clocks of discreet alerts that their owners must confirm, and their answers; the newest first, of a week.
    pub confirmations: Vec<Confirmation>,
}

/// Shows the discreet alerts of the last hour to an entitled officer, newest first; journalled before it is told.
#[utoipa::path(post, path = "/v1/discreet", request_body = Reveal, responses(
    (status = 200, body = Revealed, description = "Newest first, with the form to be filled in."),
    (status = 403, body = Problem, description = "Not an officer whom the roster entitles."),
))]
pub(super) async fn reveal(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
    Input(request): Input<Reveal>,
) -> Result<Json<Revealed>, Refusal> {
    let entitled = match caller {
        Caller::Officer { signed, session } if signed.discreet => session,
        _ => {
            let hint = "an officer whom the roster entitles signs in on the console";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "not entitled to discreet alerts", hint));
        }
    };
    let desk = gate.desk.clone();
    let revealed = tokio::task::spawn_blocking(move || {
        let roll = desk.checker.holdings().roll.clone();
        let signed = desk.officers.confirm(&roll, &entitled, &request.pin);
        let signed = signed.map_err(|error| Refusal::sign_in(&error, &roll))?;
        let checker = &desk.checker;
        let now = checker.now();
        let mut scans = checker.discreet().recent(request.scan_id.as_deref(), now);
        for alert in scans.iter_mut().flat_map(|scan| &mut scan.alerts) {
            *alert = disclose::seen_by(alert, signed.role);
        }
        let confirmations = confirmation::shown(checker.db(), now, true).map_err(Refusal::internal)?;
        let named = |alert: &Alert| format!("{}/{}", alert.list, alert.alert_id);
        let mut alerts: Vec<String> = scans.iter().flat_map(|scan| &scan.alerts).map(named).collect();
        for clock in confirmations.iter().map(|clock| format!("{}/{}", clock.list, clock.alert_id)) {
            if !alerts.contains(&clock) {
                alerts.push(clock);
            }
        }
        let event = journal::Event::Revealed { who: signed.badge, alerts };
        journal::record(checker.db(), now, event).map_err(Refusal::internal)?;
        Ok(Revealed { scans, confirmations })
    });
    revealed.await.map_err(Refusal::internal)?.map(Json)
}
