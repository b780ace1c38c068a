//! A device without lists and its desk, behind connections that are no sockets and a clock that waits for nobody.

use crate::new_folder;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use std::fs;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use vedette::desk::access::{Door, Gate};
use vedette::desk::{answer, router};
use vedette::{Agent, Config};
use vedette_common::roster::testing::write_enrolment;

/// The port that loopback is said to be served at: that of the seeds.
const PORT: u16 = 8470;
/// No connection may last longer without a request, by tokio's clock.
const CONNECTION_MAX: Duration = Duration::from_secs(60);
/// A call that is left out: it has a thread read a folder, for which the clock here does not wait.
const IMPORTS: &[u8] = b"/v1/imports";
/// A refusal is not longer, bytes.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;

/// A desk with both of its doors.
pub struct Desk {
    runtime: Runtime,
    doors: [Router; 2],
    _agent: Agent,
}

impl Desk {
    /// Of a device that was enrolled, and has no list and no roster.
    pub fn new() -> Desk {
        let folder = new_folder();
        write_enrolment(&folder).expect("the folder is writable");
        let path = folder.join("agent.toml");
        let text = fs::read_to_string(&path).expect("it was written");
        let limits = "[limits]\nrequests_per_s_max = 100000\nanswer_step_ms = 0\n";
        let config = Config::parse(&format!("{text}\n{limits}"), &path).expect("a configuration");
        let agent = Agent::open_alone(&config).expect("the store is made");
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let doors = [Door::Socket, Door::Loopback { port: PORT }].map(|door| {
            let gate = Gate::new(agent.post(), None, door, CancellationToken::new());
            router(gate).layer(map_response(check))
        });
        Desk { runtime: runtime.expect("a runtime is made"), doors, _agent: agent }
    }

    /// Says all but the first byte at the door that it chooses, and hears whatever is answered.
    pub fn answer(&self, bytes: &[u8]) {
        let Some((door, said)) = bytes.split_first() else { return };
        if contains(said, IMPORTS) {
            return;
        }
        let door = self.doors[usize::from(*door) % 2].clone();
        self.runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let (mut hear, mut say) = tokio::io::split(ours);
            let mut heard = Vec::new();
            let talk = async {
                let _ = tokio::join!(say.write_all(said), hear.read_to_end(&mut heard));
            };
            let both = async { tokio::join!(answer(theirs, door, CancellationToken::new()), talk) };
            let ended = tokio::time::timeout(CONNECTION_MAX, both).await.is_ok();
            // Only a stream of events is there to stay.
            assert!(ended || contains(&heard, b"text/event-stream"));
        });
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Default for Desk {
    fn default() -> Self {
        Desk::new()
    }
}

/// No answer is the desk's own failure, and every refusal says why.
async fn check(response: Response) -> Response {
    assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    if !response.status().is_client_error() {
        return response;
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, PROBLEM_BYTES_MAX).await.expect("a refusal is short");
    // A refusal of a HEAD has none.
    if !body.is_empty() {
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("a refusal is JSON");
        assert!(problem["error"].as_str().is_some_and(|error| !error.is_empty()), "{problem}");
    }
    Response::from_parts(head, Body::from(body))
}
