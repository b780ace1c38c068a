//! `vedette run`: the parts, the channels between them, and the order in which they stop.
//!
//! ```text
//! MQTT -> uplink -> mailbox (updates, chunks: bounded) -> intake thread -> ArcSwap of the lists in use
//!           ^                                       |  watch: what is missing
//!           +---------------------------------------+
//! socket, loopback -> desk -> post -> checker (reads the lists in use; writes journal and spool) -> wakes the uplink
//!                  readers ----^
//! ```
//!
//! Stopping: the desk answers what it has begun, the uplink disconnects, the intake thread finishes its job; then the store
//! is released.

use crate::config::Config;
use crate::desk;
use crate::link::uplink::Uplink;
use crate::open::{AgentError, Opened};
use crate::post::housekeeping::Housekeeper;
use crate::scanner::Scanners;
use crate::store::segments::SegmentStore;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs until `stop`.
///
/// # Errors
/// The store cannot be opened or is in use, or the local API cannot be served: without it no officer gets an answer.
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), AgentError> {
    let Opened { checker, post, drill, link, intake, thread, lock } = Opened::alone(&config)?;
    let keeper = tokio::spawn(Housekeeper::new(post.clone()).run(stop.clone()));
    let uplink = intake.filter(|_| config.link.enabled).map(|(door, missing)| {
        let uplink = Uplink {
            config: config.link.clone(),
            checker: checker.clone(),
            intake: door,
            missing,
            state: link,
            hold: drill.hold(),
            early: Default::default(),
        };
        tokio::spawn(uplink.run(stop.clone()))
    });
    let scanners = Scanners {
        configs: config.scanners.clone(),
        checker,
        store: SegmentStore::open(&config.state)?,
        standings: post.standings().clone(),
        check: Arc::new({
            let post = post.clone();
            move |scan| post.check_at_reader(scan)
        }),
    };
    let scanners = tokio::spawn(scanners.run(stop.clone()));
    // Whatever ends the desk ends the agent.
    let served = tokio::spawn({
        let (config, stop) = (config.desk.clone(), stop.clone());
        async move { desk::serve(post, &config, stop).await }
    });
    notify_systemd("READY=1");
    let served = served.await;
    notify_systemd("STOPPING=1");
    stop.cancel();
    for task in [Some(keeper), Some(scanners), uplink].into_iter().flatten() {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task did not end well");
        }
    }
    // Every door is closed now, so the thread ends after its last job.
    let _ = tokio::task::spawn_blocking(move || drop(thread)).await;
    drop(lock);
    match served {
        Ok(served) => Ok(served?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// Notifies systemd, if it asked for it.
fn notify_systemd(what: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let sent = std::os::unix::net::UnixDatagram::unbound().and_then(|s| s.send_to(what.as_bytes(), &socket));
    if let Err(error) = sent {
        tracing::warn!(%error, "systemd cannot be notified");
    }
}
