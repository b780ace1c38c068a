//! Beginning and ending a drill ([`crate::drill`]) at the post: each is journalled under whoever caused it, and a drill
//! that cannot be journalled does not go on.

use super::Post;
use crate::drill::{DrillError, DrillState};
use crate::journal;
use crate::store::DbError;
use crate::store::spool;

/// Why a drill was not begun or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExerciseError {
    /// By its rules.
    #[error(transparent)]
    Drill(#[from] DrillError),
    /// It could not be recorded.
    #[error("the drill could not be recorded: {0}")]
    Record(#[from] DbError),
}

impl Post {
    /// Begins a drill of so many minutes.
    pub fn start_drill(&self, who: &str, minutes: u32) -> Result<DrillState, ExerciseError> {
        let started = self.parts.drill.start(who, minutes, self.now())?;
        if let Err(error) = self.record_drill(who, format!("started: {minutes} minutes")) {
            // One that runs unrecorded must not go on; that one is running is certain.
            let _ = self.parts.drill.stop(self.now(), 0);
            return Err(error.into());
        }
        Ok(started)
    }

    /// Ends the running one.
    pub fn stop_drill(&self, who: &str) -> Result<DrillState, ExerciseError> {
        let spooled = spool::depth_shown(self.db())?;
        let ended = self.parts.drill.stop(self.now(), spooled)?;
        self.record_drill(who, ended_words(&ended))?;
        Ok(ended)
    }

    /// The running one, or the last since the start.
    pub fn drill(&self) -> Option<DrillState> {
        self.parts.drill.view()
    }

    /// Ends a drill whose time is over, in the name of whoever began it; call it every second.
    pub(super) fn tick_drill(&self) -> Result<(), DbError> {
        match self.parts.drill.tick(self.now(), spool::depth_shown(self.db())?) {
            Some(ended) => self.record_drill(&ended.who, ended_words(&ended)),
            None => Ok(()),
        }
    }

    fn record_drill(&self, who: &str, what: String) -> Result<(), DbError> {
        journal::record(self.db(), self.now(), journal::AuditEvent::Drill { who: who.into(), what })
    }
}

/// What the journal says of a drill that ended.
fn ended_words(drill: &DrillState) -> String {
    let report = &drill.report;
    format!(
        "ended: {} checks, {} not checked, p99 {} us, {} encounters wait",
        report.checks, report.not_checked, report.p99_us, report.spooled
    )
}
