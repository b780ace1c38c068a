//! How the API says no: a fitting status and [`Problem`] as JSON, also for what axum itself refuses.

use super::Problem;
use crate::officers::sign_in::Refusal as By;
use crate::officers::{Roll, SignInError};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use vedette_common::words::Phrase;

/// A request that is not answered as asked.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What and where, and what to do about it.
    pub problem: Problem,
}

impl Refusal {
    /// `hint` may be empty.
    pub fn new(status: StatusCode, error: impl ToString, hint: &str) -> Refusal {
        Refusal {
            status,
            problem: Problem { error: error.to_string(), hint: hint.into(), why: None, retry_after_s: None },
        }
    }

    /// The same, with what the officer reads.
    pub fn told(mut self, why: Phrase) -> Refusal {
        self.problem.why = Some(why);
        self
    }

    /// Something went wrong here; the caller can do nothing about it.
    pub fn internal(error: impl ToString) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "see the agent's log")
    }

    /// Why somebody was not signed in, or a PIN not confirmed.
    pub(super) fn sign_in(error: &SignInError, roll: &Roll) -> Refusal {
        let (status, hint) = match error {
            SignInError::Refused(By::Wrong) => {
                (StatusCode::UNAUTHORIZED, "try again; after a few the badge is locked")
            }
            SignInError::Refused(By::PinNeeded) => {
                (StatusCode::PRECONDITION_REQUIRED, "send the PIN with the badge")
            }
            SignInError::Refused(By::Locked { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, "wait, or another badge signs in")
            }
            SignInError::Refused(By::RosterEnded) => {
                (StatusCode::FORBIDDEN, "an administrator imports a new roster")
            }
            SignInError::NoRoster if roll.asks_for_sign_in() => {
                (StatusCode::FORBIDDEN, "import a bundle with a roster, or wait for headquarters")
            }
            SignInError::NoRoster => {
                (StatusCode::NOT_FOUND, "the console works without until a roster comes")
            }
            SignInError::Busy => (StatusCode::TOO_MANY_REQUESTS, "try again"),
            SignInError::NoSession => (StatusCode::UNAUTHORIZED, "sign in: POST /v1/session"),
            SignInError::Db(_) => return Refusal::internal(error),
        };
        let mut refusal = Refusal::new(status, error, hint);
        if let SignInError::Refused(By::Locked { retry_after_s }) = error {
            refusal.problem.retry_after_s = Some(*retry_after_s);
        }
        refusal
    }
}

impl IntoResponse for Refusal {
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
pub struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let refused = |rejection: JsonRejection| {
            let hint = match &rejection {
                JsonRejection::MissingJsonContentType(_) => "send Content-Type: application/json",
                _ => "GET /v1/openapi.json tells what each call takes",
            };
            // A body that is JSON but not what the call takes is the caller's mistake as well.
            let status = match rejection.status() {
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                status => status,
            };
            Refusal::new(status, rejection.body_text(), hint)
        };
        Json::from_request(request, state).await.map(|Json(body)| Input(body)).map_err(refused)
    }
}
