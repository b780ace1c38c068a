//! The local API: HTTP/1.1 and JSON on a Unix socket. Thin: each handler hands over to the part that does the work.

use super::{Import, Problem, StatusView, list_views};
use crate::check::{CheckError, Checker, Scan};
use crate::files::{self, FileError};
use crate::intake::bundle;
use crate::intake::door::IntakeDoor;
use crate::link::LinkState;
use crate::spool;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Largest request body, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the handlers work with.
pub struct Desk {
    /// Answers scans.
    pub checker: Arc<Checker>,
    /// Takes bundles.
    pub intake: IntakeDoor,
    /// The link's state.
    pub link: watch::Receiver<LinkState>,
}

type Shared = State<Arc<Desk>>;

/// Serves until `stop`. Takes over a socket that a killed process left behind; refuses one that is alive.
pub async fn serve(desk: Desk, socket: &Path, stop: CancellationToken) -> Result<(), FileError> {
    let listener = listen(socket).await?;
    let app = Router::new()
        .route("/v1/scans", post(scan))
        .route("/v1/lists", get(lists))
        .route("/v1/status", get(status))
        .route("/v1/imports", post(import))
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(desk));
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
    files::remove(socket)?;
    served.map_err(FileError::at("serve on", socket))
}

async fn listen(socket: &Path) -> Result<UnixListener, FileError> {
    if tokio::net::UnixStream::connect(socket).await.is_ok() {
        let taken = std::io::Error::other("another agent already serves it");
        return Err(FileError::at("listen on", socket)(taken));
    }
    files::remove(socket)?;
    let listener = UnixListener::bind(socket).map_err(FileError::at("listen on", socket))?;
    fs::set_permissions(socket, Permissions::from_mode(0o660))
        .map_err(FileError::at("set rights of", socket))?;
    Ok(listener)
}

async fn scan(State(desk): Shared, Json(scan): Json<Scan>) -> Response {
    // The journal's fsync blocks, so a check runs beside the async workers.
    let checked = tokio::task::spawn_blocking(move || desk.checker.check(&scan)).await;
    match checked {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error @ CheckError::Unreadable(_))) => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, error, "read the document again")
        }
        Ok(Err(error)) => problem(StatusCode::INTERNAL_SERVER_ERROR, error, "see the agent's log"),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error, "see the agent's log"),
    }
}

async fn lists(State(desk): Shared) -> Response {
    Json(list_views(&desk.checker.shared.load(), desk.checker.clock.now())).into_response()
}

async fn status(State(desk): Shared) -> Response {
    let checker = &desk.checker;
    let holdings = checker.shared.load();
    let depth = match spool::depth(&checker.state) {
        Ok(depth) => depth,
        Err(error) => return problem(StatusCode::INTERNAL_SERVER_ERROR, error, "see the agent's log"),
    };
    let link = desk.link.borrow().clone();
    Json(StatusView {
        device: checker.device.to_string(),
        post: checker.post.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        online: link.online,
        link: link.why,
        spool: depth,
        root: holdings.root.version,
        lists: list_views(&holdings, checker.clock.now()),
    })
    .into_response()
}

async fn import(State(desk): Shared, Json(import): Json<Import>) -> Response {
    match desk.intake.import(import.path).await {
        Some(Ok(report)) => Json(report).into_response(),
        Some(Err(error)) => problem(StatusCode::UNPROCESSABLE_ENTITY, error, bundle::HINT),
        None => problem(StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping", ""),
    }
}

fn problem(status: StatusCode, error: impl ToString, hint: &str) -> Response {
    (status, Json(Problem { error: error.to_string(), hint: hint.into() })).into_response()
}
