//! Why the demo did not come to its good end, and how long it waits.

use super::broker::BrokerError;
use std::time::Duration;
use vedette_common::files::FileError;
use vedette_hq::HqError;

/// Longest wait for anything that takes a second on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Why it did not come to its good end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Headquarters could not do its part.
    #[error("headquarters: {0}")]
    Headquarters(#[from] HqError),
    /// There is no broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The agent could not be started.
    #[error("cannot start the agent: {0}")]
    Agent(std::io::Error),
    /// Something did not happen in time.
    #[error("waited {PATIENCE:?} in vain until {what}\n{logs}")]
    Missing {
        /// What should have happened.
        what: String,
        /// The ends of the agent's and the broker's logs.
        logs: String,
    },
    /// Something happened that must not.
    #[error("{0}")]
    Wrong(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}
