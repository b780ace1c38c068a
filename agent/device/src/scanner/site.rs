//! What one scanner's task works with.

use super::pace::Pace;
use super::standing::Standing;
use crate::check::{Answer, CheckError, Checker, Scan};
use crate::store::segments::SegmentStore;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Answers a scan, and tells everybody who listens: the desk's. Blocks for the journal's fsync.
pub type Check = Arc<dyn Fn(&Scan) -> Result<Arc<Answer>, CheckError> + Send + Sync>;

/// What one scanner's task works with.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) check: Check,
    pub(super) checker: Arc<Checker>,
    pub(super) store: SegmentStore,
    pub(super) standing: Standing,
    /// How many scans may come.
    pub(super) scans: Arc<Mutex<Pace>>,
    /// How many notes may come.
    pub(super) notes: Arc<Mutex<Pace>>,
}

fn lock(pace: &Mutex<Pace>) -> MutexGuard<'_, Pace> {
    // Numbers are whole after any panic.
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// Takes a note's turn, if it has come.
    pub(super) fn may_note(&self) -> bool {
        let (mut pace, now) = (lock(&self.notes), Instant::now());
        pace.is_due(now) && pace.take(now).is_zero()
    }

    /// Checks a zone once its turn has come; meanwhile the port is not read. Nothing when there is no answer, which the log says, and whoever checks tells the desk.
    pub(super) async fn check(&self, mrz: String) -> Option<Arc<Answer>> {
        let wait = lock(&self.scans).take(Instant::now());
        if !wait.is_zero() {
            tracing::warn!(scanner = %self.name, ?wait, "more scans than `limits.scans_per_minute_max`: they wait");
            tokio::time::sleep(wait).await;
        }
        let scan = Scan { mrz, who: self.name.clone(), why: String::new() };
        let check = self.check.clone();
        // The journal's fsync blocks, so a check runs beside the async workers.
        match tokio::task::spawn_blocking(move || check(&scan)).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error @ CheckError::Unreadable(_))) => {
                tracing::warn!(scanner = %self.name, %error, "read the document again");
                None
            }
            Ok(Err(error)) => {
                tracing::error!(scanner = %self.name, %error, "no answer");
                None
            }
            Err(error) => {
                tracing::error!(scanner = %self.name, %error, "no answer");
                None
            }
        }
    }
}
