//! The log of a program: lines on stderr, chosen by `VEDETTE_LOG`.
//!
//! `VEDETTE_LOG` is a level (`debug`), or targets with levels (`info,vedette::link=trace`). What cannot be read is said, and the
//! program goes on with its default: a border post does not stand still for a slip in a setting.

use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The variable that says what is logged.
const VARIABLE: &str = "VEDETTE_LOG";

/// Starts the log of this process; without `VEDETTE_LOG` it shows what `default` says, in the same form. Once a process.
///
/// # Panics
/// If `default` is no such text, or a log has been started.
pub fn start(default: &str) {
    let asked = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty());
    let asked = asked.and_then(|text| match text.parse() {
        Ok(targets) => Some(targets),
        Err(error) => {
            eprintln!("warning: {VARIABLE} cannot be read ({error}), so the default is in effect");
            eprintln!("hint: write a level (debug), or targets with levels (info,vedette::link=trace)");
            None
        }
    });
    let targets: Targets =
        asked.unwrap_or_else(|| default.parse().expect("programs give levels and targets"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(targets).with(lines).init();
}
