//! The command line's side of the local API: one request over the Unix socket.

use super::api::Problem;
use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No agent serves the socket.
    #[error("no agent answers at {}: {source}", socket.display())]
    NoAgent {
        socket: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The connection broke, or the answer is not what it must be.
    #[error("the agent's answer cannot be used: {0}")]
    Answer(String),
    /// The agent says no.
    #[error("{}", problem.error)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        problem: Problem,
    },
}

/// `GET path`.
pub async fn get<A: DeserializeOwned>(socket: &Path, path: &str) -> Result<A, ClientError> {
    send(socket, Request::get(path), Body::empty()).await
}

/// `DELETE path`.
pub async fn delete<A: DeserializeOwned>(socket: &Path, path: &str) -> Result<A, ClientError> {
    send(socket, Request::delete(path), Body::empty()).await
}

/// `POST path` with a JSON body.
pub async fn post<A: DeserializeOwned>(
    socket: &Path,
    path: &str,
    body: &impl Serialize,
) -> Result<A, ClientError> {
    let body = serde_json::to_vec(body).map_err(|e| ClientError::Answer(e.to_string()))?;
    send(socket, Request::post(path).header("content-type", "application/json"), Body::from(body)).await
}

async fn send<A: DeserializeOwned>(
    socket: &Path,
    request: hyper::http::request::Builder,
    body: Body,
) -> Result<A, ClientError> {
    let broken = |error: &dyn std::fmt::Display| ClientError::Answer(error.to_string());
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| ClientError::NoAgent { socket: socket.into(), source })?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    tokio::spawn(connection);
    let request = request.header("host", "vedette").body(body).map_err(|e| broken(&e))?;
    let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|e| broken(&e))?
        .to_bytes();
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|e| broken(&e));
    }
    let problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem {
        error: String::from_utf8_lossy(&body).into_owned(),
        ..Problem::default()
    });
    Err(ClientError::Refused { status: status.as_u16(), problem })
}
