//! A device's configuration and store -> its parts, ready to work.
//!
//! One process has the store: it holds a lock file, and runs the intake's thread. A process beside it reads the lists as
//! they were when it opened the store: what the other stores and merges must not be swept away under it.
//!
//! Failure: [`AgentError`] names the file; nothing was started.

use crate::box_key::{self, KeyError, Protection};
use crate::check::{self, Checker};
use crate::config::Config;
use crate::desk;
use crate::drill::Drill;
use crate::intake::bundle;
use crate::intake::door::IntakeDoor;
use crate::intake::{Intake, IntakeError, Needs, Parts, Update};
use crate::journal::{self, AuditEvent};
use crate::link::LinkState;
use crate::officers::Officers;
use crate::post::{self, Post};
use crate::retro;
use crate::store::salvage::{self, Restarted};
use crate::store::segments::SegmentStore;
use crate::store::{Db, DbError, trust};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;
use vedette_common::clock::{Clock, system_now};
use vedette_common::files::{self, FileError};
use vedette_lists::Edition;
use vedette_shim::ids::ListName;
use vedette_shim::trust::METADATA_BYTES_MAX;

/// Why the agent cannot be opened, or not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// `state.db` of the store.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Trust or segments.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The device's key.
    #[error(transparent)]
    BoxKey(#[from] KeyError),
    /// The last run found the database to be damaged.
    #[error("the store is damaged")]
    Damaged,
    /// Another process has the store.
    #[error("another agent uses the store {}", path.display())]
    Locked {
        /// As `device.state` of the configuration names it.
        path: PathBuf,
    },
    /// The system has no thread to give.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
}

impl AgentError {
    /// Whether the database's file is damaged.
    fn is_damage(&self) -> bool {
        match self {
            AgentError::Damaged => true,
            AgentError::Db(error) | AgentError::Intake(IntakeError::Db(error)) => error.is_damage(),
            _ => false,
        }
    }
}

/// The parts of one device.
pub(crate) struct Opened {
    pub(crate) checker: Arc<Checker>,
    pub(crate) post: Arc<Post>,
    pub(crate) drill: Arc<Drill>,
    /// Where the link says how it is.
    pub(crate) link: watch::Sender<LinkState>,
    /// The way to the intake, and what the link is to bring; none while another process has the store.
    pub(crate) intake: Option<(IntakeDoor, watch::Receiver<Needs>)>,
    pub(crate) thread: Option<IntakeThread>,
    /// Held: no other process takes the store.
    pub(crate) lock: Option<File>,
}

/// The intake's thread. It ends once every door to it is gone; dropping this waits for that.
pub(crate) struct IntakeThread(Option<JoinHandle<()>>);

impl Drop for IntakeThread {
    fn drop(&mut self) {
        // An error means that it panicked, which standard error shows; there is nothing else to end.
        let _ = self.0.take().map(JoinHandle::join);
    }
}

impl Opened {
    /// For this process alone.
    pub(crate) fn alone(config: &Config) -> Result<Opened, AgentError> {
        let lock = lock(&config.state)?;
        open(config, Some(lock))
    }

    /// Beside another process, if one has the store.
    pub(crate) fn shared(config: &Config) -> Result<Opened, AgentError> {
        match lock(&config.state) {
            Ok(lock) => open(config, Some(lock)),
            Err(AgentError::Locked { .. }) => open(config, None),
            Err(other) => Err(other),
        }
    }
}

/// Opens the store, and where it is damaged, what can be saved of it.
fn open(config: &Config, lock: Option<File>) -> Result<Opened, AgentError> {
    if lock.is_none() {
        return open_store(config, false);
    }
    let folder = &config.state;
    let mut restarted = salvage::note_made(folder)?;
    let mut opened = match salvage::is_marked(folder) {
        true => Err(AgentError::Damaged),
        false => open_store(config, true),
    };
    if opened.as_ref().is_err_and(AgentError::is_damage) {
        tracing::error!("the store is damaged: it is set aside, and what can be read of it is saved");
        restarted = Some(salvage::start_again(folder, system_now())?);
        opened = open_store(config, true);
    }
    let mut opened = opened?;
    if let Some(Restarted { set_aside, journal_lines: lines, encounters }) = restarted {
        tracing::error!(%set_aside, lines, encounters, "the store was damaged or missing, and was started again");
        let event = AuditEvent::StoreRestarted { set_aside, lines, encounters };
        journal::record(opened.checker.db(), opened.checker.now(), event)?;
    }
    opened.lock = lock;
    Ok(opened)
}

/// `alone`: for the one process that has the store.
fn open_store(config: &Config, alone: bool) -> Result<Opened, AgentError> {
    let db = Arc::new(Db::open_in(&config.state)?);
    let clock = Arc::new(Clock::starting_at(trust::clock_floor(&db)?));
    let (box_key, key_protection) = box_key::read(&config.box_key)?;
    let box_key = Arc::new(box_key);
    if alone && key_protection != Protection::Tpm2 {
        tracing::warn!(key = ?key_protection, "a copy of this disk opens the lists: `vedette seal-key` seals the key to the TPM");
    }
    let parts = Parts {
        device: config.device.clone(),
        box_key: box_key.clone(),
        db: db.clone(),
        store: SegmentStore::open(&config.state)?,
        clock: clock.clone(),
        anchor: files::read(&config.root, METADATA_BYTES_MAX as u64)?,
        segment_bytes_max: config.limits.segment_bytes_max,
        stale_after_s: config.link.enabled.then_some(config.link.stale_after_s),
        // A process that only reads the lists exits before a filter would be ready.
        filter_bytes_max: if alone { config.limits.filter_bytes_max } else { 0 },
    };
    let intake = if alone {
        let mut intake = Intake::open(parts)?;
        // Also whatever an earlier configuration kept longer.
        retro::forget_due(&db, clock.now(), config.retro_keep_s)?;
        take_enrolment_grants(&mut intake, &config.grants)?;
        intake
    } else {
        Intake::open_read_only(parts)?
    };
    let settings = check::Settings {
        device: config.device.clone(),
        post: config.post.clone(),
        box_key,
        limits: config.limits.clone(),
        retro_keep_s: config.retro_keep_s,
    };
    let checker = Arc::new(Checker::new(settings, db.clone(), intake.shared(), clock.clone()));
    let (intake, thread) = if alone {
        let (door, needs, thread) = IntakeDoor::open(intake, look_back(&checker));
        (Some((door, needs)), Some(IntakeThread(Some(thread))))
    } else {
        (None, None)
    };
    let (link, link_state) =
        watch::channel(LinkState { why: "not connected yet".into(), ..LinkState::default() });
    let drill = Arc::new(Drill::default());
    let post = Arc::new(Post::new(post::Parts {
        checker: checker.clone(),
        officers: Arc::new(Officers::new(db, clock, config.officers.clone())),
        intake: intake.as_ref().map(|(door, _)| door.clone()),
        link: link_state,
        drill: drill.clone(),
        purpose: config.desk.purpose.clone(),
        key_protection,
        views: desk::api::views,
    }));
    Ok(Opened { checker, post, drill, link, intake, thread, lock: None })
}

/// What is done with a new edition: its documents are compared with those scanned before.
fn look_back(checker: &Arc<Checker>) -> impl Fn(&ListName, Option<&Edition>) + Send + use<> {
    let checker = checker.clone();
    move |list, before| {
        let snapshot = checker.snapshot();
        let Some(held) = snapshot.lists.iter().find(|held| held.list == *list) else { return };
        if let Err(error) = checker.look_back(held, before) {
            tracing::error!(%list, %error, "not all documents scanned before could be compared with this edition");
        }
    }
}

/// Takes the store for this process alone, until the file is dropped.
fn lock(state: &Path) -> Result<File, AgentError> {
    files::make_folder(state)?;
    let path = state.join("lock");
    let file = files::create(&path).map_err(FileError::at("make", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AgentError::Locked { path: state.into() }),
        Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
    }
}

/// Takes the grants the device was enrolled with, once: they are removed, so that a key erased at its lease's end does
/// not come back with a restart.
fn take_enrolment_grants(intake: &mut Intake, folder: &Path) -> Result<(), AgentError> {
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
