//! The agent of one device inside a program: opens its store, and answers scans.
//!
//! Whoever has the store keeps house: leases end, sessions end and hashes are destroyed on time, whether or not anybody
//! scans, and without HTTP or an async runtime. [`crate::daemon::run`] is the whole agent, with its link, readers and local
//! API.
//!
//! Failure: [`AgentError`] names the file; nothing is started. Dropping the agent ends its threads, then releases the store.

use crate::check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
use crate::check::{Answer, CheckError, Find, Scan};
use crate::config::Config;
use crate::intake::bundle::Report;
pub use crate::open::AgentError;
use crate::open::{IntakeThread, Opened};
use crate::post::housekeeping::{self, KeeperThread};
use crate::post::status::ListStatus;
use crate::post::{ImportError, Post};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use vedette_shim::ids::EncounterId;

/// A device's agent inside a program.
pub struct Agent {
    // Dropped in this order: the keeper uses the post, the post's door keeps the intake's thread alive, and the store is
    // released last.
    _keeper: Option<KeeperThread>,
    post: Arc<Post>,
    _intake: Option<IntakeThread>,
    _lock: Option<File>,
}

impl Agent {
    /// Opens the store of `config`, and makes it if it is not there. While another process has it, the lists stay as they
    /// are now; scans are recorded all the same.
    ///
    /// # Errors
    /// A file that cannot be used, a root that is not trusted, a state of a newer program.
    pub fn open(config: &Config) -> Result<Agent, AgentError> {
        Agent::with(Opened::shared(config)?)
    }

    /// The same, for this process alone.
    ///
    /// # Errors
    /// As [`Agent::open`], and [`AgentError::Locked`] while another process has the store.
    pub fn open_alone(config: &Config) -> Result<Agent, AgentError> {
        Agent::with(Opened::alone(config)?)
    }

    fn with(opened: Opened) -> Result<Agent, AgentError> {
        let Opened { post, thread, lock, .. } = opened;
        // A process that only reads leaves retention to the one that has the store.
        let keeper = match &lock {
            Some(_) => Some(housekeeping::on_thread(post.clone()).map_err(AgentError::Thread)?),
            None => None,
        };
        Ok(Agent { _keeper: keeper, post, _intake: thread, _lock: lock })
    }

    /// Answers a scan, as an officer may see it. Blocks for the journal's fsync, a millisecond or so: from async code use
    /// `spawn_blocking`.
    ///
    /// # Errors
    /// There is no answer: the zone is unreadable, or the check could not be recorded.
    pub fn check(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        self.post.check(scan)
    }

    /// Answers what somebody typed without a zone, by the same rules. Blocks as [`Agent::check`] does.
    ///
    /// # Errors
    /// There is no answer: what was typed cannot be searched, or the check could not be recorded.
    pub fn find(&self, find: &Find) -> Result<Arc<Answer>, CheckError> {
        self.post.find(find)
    }

    /// Records what came of an encounter that an answer's alert names; it goes home as the encounter does. Blocks as [`Agent::check`] does.
    ///
    /// # Errors
    /// Nothing is recorded.
    pub fn outcome(
        &self,
        encounter: &EncounterId,
        given: &OutcomeGiven,
    ) -> Result<OutcomeTaken, OutcomeError> {
        self.post.outcome(encounter, given)
    }

    /// Every list that the device was granted, as it stands now.
    pub fn lists(&self) -> Vec<ListStatus> {
        self.post.lists()
    }

    /// What the desk serves, for who brings its own connections.
    #[doc(hidden)]
    pub fn post(&self) -> Arc<Post> {
        self.post.clone()
    }

    /// Imports a bundle from a folder; `who` asked for it, for the journal.
    ///
    /// # Errors
    /// Nothing in the folder can be used, or another process has the store. A file that is refused is in the report.
    pub async fn import(&self, folder: &Path, who: &str) -> Result<Report, ImportError> {
        self.post.import(folder.into(), who.into()).await
    }
}
