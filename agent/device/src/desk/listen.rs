//! Where the desk is reached: a Unix socket, trusted by its rights, and loopback, where callers show who they are.
//!
//! Failure: an address that is taken is said at once, and the agent does not run without its desk.

use super::access::{Door, Gate};
use super::{connections, router};
use crate::config::DeskConfig;
use crate::post::Post;
use rustix::fs::{Mode, fchmod};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener, UnixSocket};
use tokio_util::sync::CancellationToken;
use vedette_common::files::{self, FileError};

/// Rights of the socket: its group asks the agent.
const SOCKET_MODE: u32 = 0o660;
/// Calls that wait to be taken, at most.
const CALLS_WAITING_MAX: u32 = 128;

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
    let on_socket = connections::serve(socket, router::router(gate(Door::Socket)), &stop);
    let on_loopback = async {
        if let Some((listener, at)) = loopback {
            connections::serve(listener, router::router(gate(Door::Loopback { port: at.port() })), &stop)
                .await;
        }
    };
    tokio::join!(on_socket, on_loopback);
    files::remove(&config.socket)
}

async fn listen(socket: &Path) -> Result<UnixListener, FileError> {
    if tokio::net::UnixStream::connect(socket).await.is_ok() {
        let taken = io::Error::other("another agent already serves it");
        return Err(FileError::at("listen on", socket)(taken));
    }
    files::remove(socket)?;
    bind(socket).map_err(FileError::at("listen on", socket))
}

/// The socket has its rights before anybody can reach it, whatever the umask.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    fchmod(&socket, Mode::from_raw_mode(SOCKET_MODE))?;
    socket.bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?; // what the umask took away
    socket.listen(CALLS_WAITING_MAX)
}
