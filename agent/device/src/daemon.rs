//! `vedette run`: the parts, the channels between them, and the order in which they stop.
//!
//! ```text
//! MQTT -> uplink -> mailbox (updates, chunks: bounded) -> intake thread -> ArcSwap of the lists in use
//!           ^                                       |  watch: what the link is to bring
//!           +---------------------------------------+
//! socket, loopback -> desk -> post -> checker (reads the lists in use; writes journal and spool) -> wakes the uplink
//!                  readers ----^
//! ```
//!
//! Stopping: the desk answers what it has begun, the uplink disconnects, the intake thread finishes its job; then the store
//! is released. None of it may take long: a merge that is not finished in [`INTAKE_GOODBYE_MAX`] is left, and done again at
//! the next start, as after a power cut.
//!
//! systemd's watchdog, if it is set, hears from the agent while its tasks run and the intake is not stuck in one job.

use crate::config::Config;
use crate::desk;
use crate::link::authorities::Authorities;
use crate::link::exchange::Exchange;
use crate::link::renewal::Renewal;
use crate::link::revocations::Revocations;
use crate::link::uplink::Uplink;
use crate::open::{AgentError, Opened};
use crate::post::Post;
use crate::post::housekeeping::Housekeeper;
use crate::scanner::Scanners;
use crate::store::segments::SegmentStore;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest wait at the end for the intake's present job.
const INTAKE_GOODBYE_MAX: Duration = Duration::from_secs(2);
/// An intake that is at one job for so long is stuck: merging and indexing the largest lists takes minutes.
const INTAKE_STUCK_AFTER: Duration = Duration::from_secs(15 * 60);

/// How often to see whether the database was found to be damaged.
const DAMAGE_CHECK_EVERY: Duration = Duration::from_secs(1);

/// Runs until `stop`.
///
/// # Errors
/// The store cannot be opened or is in use, or the local API cannot be served: without it no officer gets an answer.
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), AgentError> {
    let Opened { checker, post, drill, link, intake, thread, lock } = Opened::alone(&config)?;
    let keeper = tokio::spawn(Housekeeper::new(post.clone()).run(stop.clone()));
    let watchdog = tokio::spawn(watchdog(post.clone(), stop.clone()));
    let damage = tokio::spawn(end_when_damaged(post.clone(), stop.clone()));
    let uplink = intake.filter(|_| config.link.enabled).map(|(door, needs)| {
        let (own, folder) = (config.link.clone(), config.state.join("certificate"));
        let authorities = Authorities::of(&own, folder.clone());
        let uplink = Uplink {
            config: config.link.clone(),
            exchange: Exchange::new(checker.clone()),
            intake: door,
            needs,
            state: link,
            hold: drill.hold(),
            revocations: Revocations::of(own.clone(), authorities.clone(), folder.clone()),
            renewal: Renewal::of(own, authorities.clone(), checker.device().clone(), folder),
            authorities,
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
        let (post, config, stop) = (post.clone(), config.desk.clone(), stop.clone());
        async move { desk::serve(post, &config, stop).await }
    });
    notify_systemd("READY=1");
    let served = served.await;
    notify_systemd("STOPPING=1");
    stop.cancel();
    for task in [Some(keeper), Some(scanners), Some(watchdog), Some(damage), uplink].into_iter().flatten() {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task did not end well");
        }
    }
    // Every door is closed now, so the thread ends after its last job; until then nobody else gets the store.
    let ended = tokio::task::spawn_blocking(move || {
        drop(thread);
        drop(lock);
    });
    if tokio::time::timeout(INTAKE_GOODBYE_MAX, ended).await.is_err() {
        tracing::warn!("the intake is in the middle of a job: it is left, and done again at the next start");
    }
    match served {
        Ok(Ok(())) if post.db().is_damaged() => Err(AgentError::Damaged),
        Ok(served) => Ok(served?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// Ends the agent once the database is found to be damaged: the next start sets it aside and goes on with what can be read.
async fn end_when_damaged(post: Arc<Post>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(DAMAGE_CHECK_EVERY);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        if post.db().is_damaged() {
            tracing::error!("the store is damaged: the agent ends, and its next start sets it aside");
            stop.cancel();
        }
    }
}

/// Notifies systemd's watchdog until `stop`, or until the intake is stuck.
async fn watchdog(post: Arc<Post>, stop: CancellationToken) {
    let microseconds = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
    let Some(period) = microseconds.map(Duration::from_micros).filter(|period| !period.is_zero()) else {
        return;
    };
    let mut tick = tokio::time::interval(period / 2);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match post.intake_busy_for().filter(|busy| *busy >= INTAKE_STUCK_AFTER) {
            None => notify_systemd("WATCHDOG=1"),
            Some(busy) => tracing::error!(busy_s = busy.as_secs(), "the intake is stuck: no updates come in"),
        }
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
