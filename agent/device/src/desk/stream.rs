//! `GET /v1/events`: what happens at the post, as server-sent events.
//!
//! | `event:` | `data:`, JSON |
//! |---|---|
//! | `state` | [`StatusView`]: at once, and whenever it changes by more than ages |
//! | `answer` | a scan's answer, as every officer may see it |
//! | `refused` | [`ReaderRefusalView`]: a reader's scan has no answer |
//! | `outcome` | [`OutcomeView`] |
//! | `confirmation` | [`ConfirmationView`]: an owner answered |
//! | `session` | `{}`: who is signed in changed |
//! | `lagged` | [`LaggedView`]: this listener was too slow, and must read again what it needs |
//!
//! The stream ends when the caller may no longer hear it: that is asked before each event.

use super::access::{Caller, Gate};
use super::api::{AnswerView, ConfirmationView, LaggedView, OutcomeView, ReaderRefusalView, StatusView};
use super::error::ApiError;
use crate::post::events::{Listener, PostEvent};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;

/// First the state as it is, then everything that happens.
#[utoipa::path(get, path = "/v1/events", security(("token" = [])), responses(
    (status = 200, content_type = "text/event-stream", body = String, description = "Server-sent events, their data \
        as JSON: `state` (StatusView), `answer` (Answer), `refused` (ReaderRefused: a reader's scan has no answer), `outcome` \
        (OutcomeTaken), `confirmation` (Confirmation: an owner answered), `session` (who is signed in changed), `lagged` (Lagged: this listener was too slow, read again)."),
))]
pub(super) async fn events(
    State(gate): State<Gate>,
    Extension(caller): Extension<Caller>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let listener = gate.post.listen().ok_or_else(|| {
        let hint = "close a stream first: one is enough for a program";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too many listen to events already", hint)
    })?;
    let status = gate.post.status().map_err(ApiError::internal)?;
    let first = PostEvent::Status(Arc::new(status));
    Ok(Sse::new(heard(first, listener, gate, caller)).keep_alive(KeepAlive::default()))
}

/// `first`, and then what the listener hears, for as long as the caller may.
fn heard(
    first: PostEvent,
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
            let encoded = encode(&event, &gate);
            gate.still_open_to(&caller).then_some((Ok(encoded), (None, listener)))
        }
    })
}

fn encode(event: &PostEvent, gate: &Gate) -> sse::Event {
    match event {
        PostEvent::Answer(answer) => named("answer", &AnswerView::from(&**answer)),
        PostEvent::Refused(refusal) => named("refused", &ReaderRefusalView::from(refusal)),
        PostEvent::Outcome(taken) => named("outcome", &OutcomeView::from(taken)),
        PostEvent::Confirmation(clock) => {
            named("confirmation", &ConfirmationView::at(gate.post.now(), clock))
        }
        PostEvent::Status(status) => named("state", &StatusView::new(status, gate.listen)),
        PostEvent::Session => named("session", &serde_json::Map::new()),
        PostEvent::Lagged(missed) => named("lagged", &LaggedView { missed: *missed }),
    }
}

fn named(name: &str, data: &impl Serialize) -> sse::Event {
    let data = serde_json::to_string(data).expect("plain data with text keys is JSON");
    sse::Event::default().event(name).data(data)
}
