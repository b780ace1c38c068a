//! A reader that sends zones as lines of text: each is checked like any other scan, and its answer told to the desk.
//!
//! Back-pressure: one zone is checked at a time; meanwhile the port is not read, so what comes waits in the kernel.
//! Failure: a zone without an answer is said in the log and told to the desk, whose screens put older answers away; a port that fails ends this.

use super::port::{Port, PortError};
use super::site::Site;
use super::zone::Zones;
use crate::config::Framing;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes read at once.
const READ_BYTES: usize = 256;

/// Serves the reader until its port fails.
pub(super) async fn serve(port: &mut Port, framing: &Framing, gap: Duration, site: &Site) -> PortError {
    let mut zones = Zones::new(framing.clone());
    let mut buffer = [0; READ_BYTES];
    loop {
        let read = match zones.pending() {
            true => timeout(gap, port.read(&mut buffer)).await,
            false => Ok(port.read(&mut buffer).await),
        };
        match read {
            Ok(Ok(length)) => {
                for byte in buffer.iter().take(length) {
                    if let Some(zone) = zones.push(*byte) {
                        site.check(zone).await;
                    }
                }
            }
            Ok(Err(error)) => return error,
            Err(_) => {
                if let Some(zone) = zones.silence() {
                    site.check(zone).await;
                }
            }
        }
    }
}
