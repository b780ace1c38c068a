//! How the API refuses: a fitting status and [`Problem`] as JSON, also for what axum itself refuses.

use super::api::{PlaceView, Problem};
use crate::check::slips::Slip;
use crate::officers::sign_in::SignInRefusal;
use crate::officers::{RosterState, SignInError};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::time::Duration;
use vedette_common::words::Phrase;

/// For a request that is none of those that the call takes.
const CALLS_HINT: &str = "GET /v1/openapi.json tells what each call takes";
/// Longest wait for a request's body.
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);

/// A request that is not answered as asked.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    /// What and where, and what to do about it.
    pub(super) problem: Problem,
}

impl ApiError {
    /// `hint` may be empty.
    pub(super) fn new(status: StatusCode, error: impl ToString, hint: &str) -> ApiError {
        ApiError {
            status,
            problem: Problem { error: error.to_string(), hint: hint.into(), ..Problem::default() },
        }
    }

    /// The same, with what the officer reads.
    pub(super) fn with_phrase(mut self, why: Phrase) -> ApiError {
        self.problem.why = Some(why);
        self
    }

    /// The same, with where a zone cannot be read.
    pub(super) fn with_slip(mut self, slip: Option<Slip>) -> ApiError {
        if let Some(Slip { line, column, likely }) = slip {
            self.problem.place = Some(PlaceView { line, column });
            self.problem.likely = likely.unwrap_or_default();
        }
        self
    }

    /// Something went wrong here; the caller can do nothing about it.
    pub(super) fn internal(error: impl ToString) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error, "see the agent's log")
    }

    /// Why somebody was not signed in, or a PIN not confirmed.
    pub(super) fn sign_in(error: &SignInError, roster_state: &RosterState) -> ApiError {
        let (status, hint) = match error {
            SignInError::Refused(SignInRefusal::Wrong) => {
                (StatusCode::UNAUTHORIZED, "try again; after a few the badge is locked")
            }
            SignInError::Refused(SignInRefusal::PinNeeded) => {
                (StatusCode::PRECONDITION_REQUIRED, "send the PIN with the badge")
            }
            SignInError::Refused(SignInRefusal::Locked { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, "wait, or another badge signs in")
            }
            SignInError::Refused(SignInRefusal::RosterEnded) => {
                (StatusCode::FORBIDDEN, "an administrator imports a new roster")
            }
            SignInError::NoRoster if roster_state.asks_for_sign_in() => {
                (StatusCode::FORBIDDEN, "import a bundle with a roster, or wait for headquarters")
            }
            SignInError::NoRoster => {
                (StatusCode::NOT_FOUND, "the console works without until a roster comes")
            }
            SignInError::Busy => (StatusCode::TOO_MANY_REQUESTS, "try again"),
            SignInError::NoSession => (StatusCode::UNAUTHORIZED, "sign in: POST /v1/session"),
            SignInError::Db(_) => return ApiError::internal(error),
        };
        let mut refused = ApiError::new(status, error, hint);
        if let SignInError::Refused(SignInRefusal::Locked { retry_after_s }) = error {
            refused.problem.retry_after_s = Some(*retry_after_s);
        }
        refused
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let header = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Some((header::RETRY_AFTER, self.problem.retry_after_s.unwrap_or(1).into()))
            }
            _ => None,
        };
        let mut response = (self.status, Json(self.problem)).into_response();
        response.headers_mut().extend(header);
        response
    }
}

/// A request's JSON body; it must say that it is JSON, because a foreign page cannot say so unasked.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let refused = |rejection: JsonRejection| {
            let hint = match &rejection {
                JsonRejection::MissingJsonContentType(_) => "send Content-Type: application/json",
                _ => CALLS_HINT,
            };
            // A body that is JSON but not what the call takes is the caller's mistake as well.
            let status = match rejection.status() {
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                status => status,
            };
            ApiError::new(status, rejection.body_text(), hint)
        };
        let read = tokio::time::timeout(BODY_WAIT_MAX, Json::from_request(request, state)).await;
        let read = read.map_err(|_| {
            let error = format!("the body did not come within {} s", BODY_WAIT_MAX.as_secs());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, error, "send it at once")
        })?;
        read.map(|Json(body)| Input(body)).map_err(refused)
    }
}

/// What a request's query says.
pub(super) struct InQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Query::from_request_parts(parts, state).await;
        read.map(|Query(query)| InQuery(query)).map_err(|refused| not_taken(refused.body_text()))
    }
}

/// The text of a call's path that is in braces.
pub(super) struct InPath(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for InPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(text)| InPath(text)).map_err(|refused| not_taken(refused.body_text()))
    }
}

fn not_taken(error: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, CALLS_HINT)
}
