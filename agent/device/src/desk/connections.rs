//! The connections of one door: how many, how long one may be silent, and which goes when there is no room.
//!
//! Anybody on the machine can connect to loopback and say nothing. So a connection that has not said a whole request head
//! within [`HEAD_WAIT_MAX`] is closed (one that rests between two requests, too), and when [`CONNECTIONS_MAX`] are open, the
//! oldest one that nobody let in came by makes room for the next. Those of callers who were let in stay: a program that
//! opens connections without end costs an officer nothing.
//!
//! At the end what was begun is answered, within [`GOODBYE_MAX`].

use axum::serve::Listener;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Connections open at once at one door.
const CONNECTIONS_MAX: usize = 128;
/// Longest wait for a request's head.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest wait at the end for answers that were begun.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// Whether a caller was let in by this connection; an extension of its requests.
#[derive(Debug, Clone, Default)]
pub(super) struct LetIn(Arc<AtomicBool>);

impl LetIn {
    /// A caller was let in.
    pub(super) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An open connection.
struct Open {
    let_in: LetIn,
    task: AbortHandle,
}

/// Serves `app` at one door until `stop`, and then as long as it takes to answer what was begun.
pub(super) async fn serve<L: Listener>(mut listener: L, app: Router, stop: &CancellationToken) {
    let mut tasks = JoinSet::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let stream = tokio::select! {
            (stream, _) = listener.accept() => stream,
            Some(_) = tasks.join_next() => continue,
            () = stop.cancelled() => break,
        };
        if !make_room(&mut open) {
            continue; // all are callers who were let in: this one is closed
        }
        let let_in = LetIn::default();
        let app = app.clone().layer(Extension(let_in.clone()));
        let task = tasks.spawn(answer(stream, app, stop.clone()));
        open.push(Open { let_in, task });
    }
    drop(listener);
    let all = async { while tasks.join_next().await.is_some() {} };
    // What is not answered by then is cut off with the set.
    let _ = tokio::time::timeout(GOODBYE_MAX, all).await;
}

/// Whether one more may be opened; closes the oldest by which nobody was let in, if need be.
fn make_room(open: &mut Vec<Open>) -> bool {
    open.retain(|connection| !connection.task.is_finished());
    if open.len() < CONNECTIONS_MAX {
        return true;
    }
    let stranger = open.iter().position(|connection| !connection.let_in.is_noted());
    stranger.map(|at| open.remove(at).task.abort()).is_some()
}

/// Answers what is asked on one connection, until it ends or, after what was begun, at `stop`.
pub async fn answer<I>(stream: I, app: Router, stop: CancellationToken)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT_MAX);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = stop.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the desk ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// A desk that lets in whoever asks for `/in`.
    async fn desk() -> (std::net::SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let let_in = async |Extension(let_in): Extension<LetIn>| let_in.note();
        let app = Router::new().route("/in", axum::routing::get(let_in));
        let until = stop.clone();
        tokio::spawn(async move { serve(listener, app, &until).await });
        (address, stop)
    }

    async fn ask(stream: &mut TcpStream) -> Option<String> {
        stream.write_all(b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n").await.ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.ok()?;
        // The rest of the head; there is no body.
        let mut rest = [0; 1024];
        let _ = stream.read(&mut rest).await.ok()?;
        Some(String::from_utf8_lossy(&head).into())
    }

    #[tokio::test]
    async fn silent_connections_make_room_and_those_of_callers_stay() {
        let (address, stop) = desk().await;
        let mut caller = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut caller).await.unwrap(), "HTTP/1.1 200");
        let mut silent = Vec::new();
        for _ in 0..3 * CONNECTIONS_MAX {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        assert_eq!(ask(&mut caller).await.unwrap(), "HTTP/1.1 200", "it was let in before");
        let mut late = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut late).await.unwrap(), "HTTP/1.1 200", "a new caller finds room");
        let mut byte = [0];
        assert_eq!(silent[0].read(&mut byte).await.unwrap_or(0), 0, "the oldest silent one is closed");
        stop.cancel();
    }

    #[tokio::test]
    async fn callers_who_were_let_in_are_not_put_out_by_more_of_them() {
        let (address, stop) = desk().await;
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            let mut caller = TcpStream::connect(address).await.unwrap();
            assert!(ask(&mut caller).await.is_some());
            callers.push(caller);
        }
        let mut more = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut more).await, None, "closed");
        assert_eq!(ask(&mut callers[0]).await.unwrap(), "HTTP/1.1 200");
        stop.cancel();
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_not_waited_for() {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let serving = tokio::spawn(answer(theirs, Router::new(), CancellationToken::new()));
        ours.write_all(b"GET /in HTTP/1.1\r\nHost:").await.unwrap();
        let before = tokio::time::Instant::now();
        serving.await.unwrap();
        assert!(before.elapsed() >= HEAD_WAIT_MAX && before.elapsed() < 2 * HEAD_WAIT_MAX);
    }
}
