//! `vedette run`: the parts, the channels between them, and the order in which they stop.
//!
//! ```text
//! MQTT -> uplink -> mailbox (updates, chunks: bounded) -> intake thread -> ArcSwap of the lists in use
//!           ^                                       |  watch: what is missing
//!           +---------------------------------------+
//! socket, loopback -> desk -> checker (reads the lists in use; writes journal and spool) -> rings the uplink
//! ```
//!
//! One agent a store: a lock file is held while it runs. Stopping: the desk answers what it has begun, the uplink says
//! goodbye, the intake thread finishes its job; then the lock goes.

use crate::check::{self, Checker};
use crate::config::Config;
use crate::desk::{self, Desk};
use crate::drill::Drill;
use crate::intake::bundle;
use crate::intake::door::IntakeDoor;
use crate::intake::{Intake, IntakeError, Parts, Update};
use crate::link::LinkState;
use crate::link::uplink::Uplink;
use crate::officers::Officers;
use crate::retro;
use crate::scanner::Scanners;
use crate::store::segments::SegmentStore;
use crate::store::{Db, DbError, trust};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vedette_common::clock::Clock;
use vedette_common::crypto::BoxKey;
use vedette_common::files::{self, FileError};
use vedette_lists::Edition;
use vedette_shim::ids::{ListName, from_hex};
use vedette_shim::trust::METADATA_BYTES_MAX;
use zeroize::{Zeroize, Zeroizing};

/// How often the intake looks at what changes with time: leases, first of all.
const TICK: Duration = Duration::from_secs(1);

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Trust or segments.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The device's key.
    #[error("{}: not a key of 64 hexadecimal digits", path.display())]
    BoxKey {
        /// The file.
        path: PathBuf,
    },
    /// Another process has the store.
    #[error("another agent uses the store {}", path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
}

/// Everything that a device's store and configuration give: enough to answer scans, with or without a daemon.
pub struct Opened {
    /// Answers scans.
    pub checker: Arc<Checker>,
    /// Signs officers in.
    pub officers: Arc<Officers>,
    /// Takes what arrives.
    pub intake: Intake,
    /// Held: no other process takes the store.
    pub lock: Option<File>,
}

/// Opens the store of `config`, and makes it if it is not there. While another process has it, its lists are only
/// looked at: what that process takes and merges must not be swept away under it. Scans are recorded all the same.
pub fn open(config: &Config) -> Result<Opened, DaemonError> {
    match lock(&config.state) {
        Ok(lock) => open_store(config, Some(lock)),
        Err(DaemonError::Locked { .. }) => open_store(config, None),
        Err(other) => Err(other),
    }
}

/// The same, for this process alone.
pub fn open_alone(config: &Config) -> Result<Opened, DaemonError> {
    open_store(config, Some(lock(&config.state)?))
}

fn open_store(config: &Config, lock: Option<File>) -> Result<Opened, DaemonError> {
    let db = Arc::new(Db::open_in(&config.state)?);
    let clock = Arc::new(Clock::starting_at(trust::clock_floor(&db)?));
    let box_key = Arc::new(read_box_key(&config.box_key)?);
    let parts = Parts {
        device: config.device.clone(),
        box_key: box_key.clone(),
        db: db.clone(),
        store: SegmentStore::open(&config.state)?,
        clock: clock.clone(),
        anchor: files::read(&config.root, METADATA_BYTES_MAX as u64)?,
        segment_bytes_max: config.limits.segment_bytes_max,
        // Who only looks is gone before a filter would be built.
        filter_bytes_max: if lock.is_some() { config.limits.filter_bytes_max } else { 0 },
    };
    let intake = if lock.is_some() {
        let mut intake = Intake::open(parts)?;
        // Also whatever an earlier configuration kept longer.
        retro::forget_due(&db, clock.now(), config.retro_keep_s)?;
        take_enrolment_grants(&mut intake, &config.grants)?;
        intake
    } else {
        Intake::open_read_only(parts)?
    };
    let officers = Arc::new(Officers::new(db.clone(), clock.clone(), config.officers.clone()));
    let settings = check::Settings {
        device: config.device.clone(),
        post: config.post.clone(),
        box_key,
        limits: config.limits.clone(),
        retro_keep_s: config.retro_keep_s,
    };
    let checker = Arc::new(Checker::new(settings, db, intake.shared(), clock));
    Ok(Opened { checker, officers, intake, lock })
}

/// Takes the store for this process alone, until the file is dropped.
pub fn lock(state: &Path) -> Result<File, DaemonError> {
    files::make_folder(state)?;
    let path = state.join("lock");
    let file = File::create(&path).map_err(FileError::at("make", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DaemonError::Locked { path: state.into() }),
        Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
    }
}

/// Runs until `stop`.
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), DaemonError> {
    let Opened { checker, officers, intake, lock: _lock } = open_alone(&config)?;
    let looking = checker.clone();
    let look_back = move |list: &ListName, before: Option<&Edition>| {
        let holdings = looking.holdings();
        let Some(held) = holdings.lists.iter().find(|held| held.list == *list) else { return };
        if let Err(error) = looking.look_back(held, before) {
            tracing::error!(%list, %error, "scans before this edition were not all looked for");
        }
    };
    let (door, missing, thread) = IntakeDoor::open(intake, look_back);
    let (link_state, link) =
        watch::channel(LinkState { why: "not connected yet".into(), ..LinkState::default() });

    let ticker = tokio::spawn(tick(door.clone(), stop.clone()));
    let drill = Arc::new(Drill::default());
    let uplink = config.link.enabled.then(|| {
        let uplink = Uplink {
            config: config.link.clone(),
            checker: checker.clone(),
            intake: door.clone(),
            missing,
            state: link_state,
            hold: drill.hold(),
            early: Default::default(),
        };
        tokio::spawn(uplink.run(stop.clone()))
    });
    let desk = Arc::new(Desk::new(checker.clone(), officers, door, link, drill, config.desk.purpose.clone()));
    let scanners = Scanners {
        configs: config.scanners.clone(),
        checker,
        store: SegmentStore::open(&config.state)?,
        check: Arc::new({
            let desk = desk.clone();
            move |scan| desk.check_at_reader(scan)
        }),
    };
    let scanners = tokio::spawn(scanners.run(stop.clone()));
    // Whatever ends the desk ends the agent: without it no officer gets an answer.
    let served = tokio::spawn({
        let (config, stop) = (config.desk.clone(), stop.clone());
        async move { desk::serve(desk, &config, stop).await }
    });
    notify_systemd("READY=1");
    let served = served.await;
    notify_systemd("STOPPING=1");
    stop.cancel();
    for task in [Some(ticker), Some(scanners), uplink].into_iter().flatten() {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task did not end well");
        }
    }
    // Every door is closed now, so the thread ends after its last job.
    let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    match served {
        Ok(served) => Ok(served?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn tick(door: IntakeDoor, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => door.tick(),
            () = stop.cancelled() => return,
        }
    }
}

/// Takes the grants the device was enrolled with, once: they are removed, so that a key erased at its lease's end does
/// not come back with a restart.
fn take_enrolment_grants(intake: &mut Intake, folder: &Path) -> Result<(), DaemonError> {
    for (list, path) in bundle::grants(folder)? {
        let envelope = files::read(&path, METADATA_BYTES_MAX as u64)?;
        match intake.apply(Update::Grant(list.clone(), envelope)) {
            Ok(_) => {
                if let Err(error) = files::remove(&path) {
                    tracing::warn!(%error, "the enrolment grant was taken but not removed");
                }
            }
            Err(error) => tracing::warn!(%list, %error, "an enrolment grant was not taken"),
        }
    }
    Ok(())
}

fn read_box_key(path: &Path) -> Result<BoxKey, DaemonError> {
    let text = Zeroizing::new(files::read(path, 1024)?);
    let digits = std::str::from_utf8(&text).ok().map(str::trim);
    let mut key = digits.and_then(from_hex::<32>).ok_or_else(|| DaemonError::BoxKey { path: path.into() })?;
    let private = Zeroizing::new(key);
    key.zeroize();
    Ok(BoxKey::from_private(private))
}

/// Tells systemd, if it asked to be told.
fn notify_systemd(what: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let sent = std::os::unix::net::UnixDatagram::unbound().and_then(|s| s.send_to(what.as_bytes(), &socket));
    if let Err(error) = sent {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
