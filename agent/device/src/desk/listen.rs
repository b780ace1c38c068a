//! Where the desk is reached: a Unix socket, trusted by its rights, and loopback, where callers show who they are.
//!
//! Bounds: [`CONNECTIONS_MAX`] each; further ones wait to be taken. At the end what was begun is answered, within
//! [`GOODBYE_MAX`]. Failure: an address that is taken is said at once, and the agent does not run without its desk.

use super::access::{Door, Gate};
use super::router;
use crate::config::DeskConfig;
use crate::post::Post;
use axum::serve::Listener;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use vedette_common::files::{self, FileError};

/// Connections open at once, on the socket and on loopback each.
const CONNECTIONS_MAX: usize = 128;
/// Longest wait at the end for answers that were begun.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// Serves until `stop`. Takes over a socket that a killed process left behind; refuses one that is alive.
pub async fn serve(post: Arc<Post>, config: &DeskConfig, stop: CancellationToken) -> Result<(), FileError> {
    let socket = listen(&config.socket).await?;
    let loopback = match config.listen {
        Some(address) => {
            let at = || FileError::at("listen on", address.to_string());
            let listener = TcpListener::bind(address).await.map_err(at())?;
            let address = listener.local_addr().map_err(at())?;
            tracing::info!("console at http://{address}/");
            Some((listener, address))
        }
        None => None,
    };
    let address = loopback.as_ref().map(|(_, address)| *address);
    let gate = |door| Gate::new(post.clone(), address, door, stop.clone());
    let on_socket = serve_at(socket, gate(Door::Socket), &stop);
    let on_loopback = async {
        match loopback {
            Some((listener, at)) => serve_at(listener, gate(Door::Loopback { port: at.port() }), &stop).await,
            None => Ok(()),
        }
    };
    let served = tokio::try_join!(on_socket, on_loopback);
    files::remove(&config.socket)?;
    served.map(|_| ()).map_err(FileError::at("serve on", &config.socket))
}

/// Serves at one door until `stop`, and then as long as it takes to answer what was begun.
async fn serve_at<L: Listener<Addr: std::fmt::Debug>>(
    listener: L,
    gate: Gate,
    stop: &CancellationToken,
) -> io::Result<()> {
    let app = router::router(gate);
    let listener = Bounded { listener, room: Arc::new(Semaphore::new(CONNECTIONS_MAX)) };
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(GOODBYE_MAX).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = too_long => Ok(()),
    }
}

async fn listen(socket: &Path) -> Result<UnixListener, FileError> {
    if tokio::net::UnixStream::connect(socket).await.is_ok() {
        let taken = io::Error::other("another agent already serves it");
        return Err(FileError::at("listen on", socket)(taken));
    }
    files::remove(socket)?;
    let listener = UnixListener::bind(socket).map_err(FileError::at("listen on", socket))?;
    fs::set_permissions(socket, Permissions::from_mode(0o660))
        .map_err(FileError::at("set rights of", socket))?;
    Ok(listener)
}

/// A listener that takes a connection only while there is room.
struct Bounded<L> {
    listener: L,
    room: Arc<Semaphore>,
}

/// A connection that gives its room back when it is closed.
struct Connection<I> {
    stream: I,
    _room: OwnedSemaphorePermit,
}

impl<L: Listener> Listener for Bounded<L> {
    type Io = Connection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let room = self.room.clone().acquire_owned().await.expect("it is never closed");
        let (stream, address) = self.listener.accept().await;
        (Connection { stream, _room: room }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Connection<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Connection<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
