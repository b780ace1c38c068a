//! Signals -> one token that ends a program: SIGINT (Ctrl-C) and SIGTERM (systemd) mean the same.
//!
//! Failure: a signal that cannot be listened for is an error at the start, because a program that cannot be stopped in order
//! must not run.

use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first such signal. Call it in a runtime.
pub fn on_signal() -> io::Result<CancellationToken> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let signalled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        signalled.cancel();
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_of_both_signals_ends_the_program_in_order() {
        for name in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
            let stop = on_signal().unwrap();
            rustix::process::kill_process(rustix::process::getpid(), name).unwrap();
            stop.cancelled().await;
        }
    }
}
