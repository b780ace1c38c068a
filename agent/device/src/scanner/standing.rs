//! How it stands with what is at each port: told by the scanners' tasks, read by the desk.

use super::channel::ScannerState;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use vedette_shim::ids::DeviceId;

/// What is at a port that expects a scanner with the shim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtPort {
    /// The port, as the configuration names it.
    pub port: String,
    pub state: ScannerState,
    /// The name that it says is its own. Only of a connected one is that more than a claim.
    pub claimed: Option<DeviceId>,
}

/// Of all ports.
#[derive(Debug, Clone, Default)]
pub struct Standings(Arc<Mutex<BTreeMap<String, AtPort>>>);

/// Of one port.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    of: Standings,
    port: String,
}

impl Standings {
    /// Every open port, by its name.
    pub fn all(&self) -> Vec<AtPort> {
        self.lock().values().cloned().collect()
    }

    pub(super) fn of(&self, port: &str) -> Standing {
        Standing { of: self.clone(), port: port.into() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, AtPort>> {
        // A map is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// How it stands now; the log hears of it when that is another than before.
    pub(super) fn set(&self, state: ScannerState, claimed: Option<&DeviceId>) {
        let now = AtPort { port: self.port.clone(), state, claimed: claimed.cloned() };
        let before = self.of.lock().insert(self.port.clone(), now.clone());
        if before.as_ref() == Some(&now) {
            return;
        }
        let name = claimed.map_or("", |name| name.as_str());
        match state {
            ScannerState::Silent => tracing::debug!(scanner = %self.port, "nothing answers"),
            ScannerState::Connected => {
                tracing::info!(scanner = %self.port, name, "the scanner has proven its key")
            }
            _ => {
                tracing::warn!(scanner = %self.port, name, ?state, "it gets nothing: `vedette status` says what to do");
            }
        }
    }

    /// The port is closed.
    pub(super) fn remove(&self) {
        self.of.lock().remove(&self.port);
    }
}
