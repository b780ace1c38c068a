//! Scanners at serial ports: readers that send zones as lines, and scanners with the shim, which speak frames.
//!
//! | file | what it is |
//! |---|---|
//! | `port` | a serial port: open, read, write |
//! | `zone`, `lines` | bytes -> zones (pure); a reader of lines at a port |
//! | `channel` | the way to a secure channel with an enrolled scanner (pure) |
//! | `session`, `frames` | what to say to a scanner with the shim (pure); such a scanner at a port |
//! | `standing` | how it stands with what is at each port, for the desk |
//! | `pace` | how many scans and notes a port may bring (pure) |
//! | `site` | what a scanner's task works with |
//! | `notes` | what it noted while alone -> encounters on their way home |
//!
//! A task a port. A scan goes to the same [`Checker`] as any other, and its answer is told to the desk as well.
//!
//! Failure: a port that cannot be opened, or that vanishes, is tried again after a wait that grows from
//! [`REOPEN_FIRST`] to [`REOPEN_MAX`]; the rest of the agent does not notice.

pub mod channel;
mod frames;
mod lines;
mod notes;
mod pace;
mod port;
pub mod session;
mod site;
pub mod standing;
pub mod zone;

pub use site::Check;

use crate::check::Checker;
use crate::config::{ScannerConfig, Speaks};
use crate::store::segments::SegmentStore;
use pace::Pace;
use port::{Port, PortError};
use site::Site;
use standing::Standings;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// First wait before a port is opened again.
const REOPEN_FIRST: Duration = Duration::from_millis(250);
/// Longest wait before a port is opened again: somebody stands there with the plug in hand.
const REOPEN_MAX: Duration = Duration::from_secs(4);

/// All scanners of this device.
pub struct Scanners {
    /// Which.
    pub configs: Vec<ScannerConfig>,
    /// Answers scans.
    pub check: Check,
    /// Takes what scanners noted while they were alone.
    pub checker: Arc<Checker>,
    /// Holds the segments that scanners install.
    pub store: SegmentStore,
    /// Where it is told how it stands with each.
    pub standings: Standings,
}

impl Scanners {
    /// Serves them until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let a_minute = self.checker.limits().scans_per_minute_max;
        let pace = || Arc::new(Mutex::new(Pace::of(a_minute, Instant::now())));
        for config in self.configs {
            let site = Site {
                scans: pace(),
                notes: pace(),
                name: config.name.clone(),
                check: self.check.clone(),
                checker: self.checker.clone(),
                store: self.store.clone(),
                standing: self.standings.of(&config.name),
            };
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(keep_serving(&config, &site)).await });
        }
        tasks.join_all().await;
    }
}

/// Opens the port and serves what is there, again and again.
async fn keep_serving(config: &ScannerConfig, site: &Site) {
    let (mut wait, mut told) = (REOPEN_FIRST, String::new());
    loop {
        let error = match Port::open(&config.port, config.baud) {
            Ok(mut port) => {
                tracing::info!(scanner = %site.name, port = %config.port.display(), "port is open");
                wait = REOPEN_FIRST;
                serve(config, &mut port, site).await
            }
            Err(error) => error,
        };
        // Once each: a port that stays away is no news.
        let error = error.to_string();
        if error != told {
            tracing::warn!(scanner = %site.name, %error, "waiting for the scanner");
            told = error;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(REOPEN_MAX);
    }
}

async fn serve(config: &ScannerConfig, port: &mut Port, site: &Site) -> PortError {
    match &config.speaks {
        Speaks::Lines { framing, gap } => lines::serve(port, framing, *gap, site).await,
        Speaks::Frames => frames::serve(port, site).await,
    }
}
