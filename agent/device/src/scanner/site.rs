//! What one scanner's task works with.

use super::standing::Standing;
use crate::check::{Answer, CheckError, Checker, Scan};
use crate::store::segments::SegmentStore;
use std::sync::Arc;

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
}

impl Site {
    /// Checks a zone; nothing when there is no answer, which the log says, and whoever checks tells the desk.
    pub(super) async fn check(&self, mrz: String) -> Option<Arc<Answer>> {
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
