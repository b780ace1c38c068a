//! The whole of Vedette on one machine, as a story: headquarters, a real broker, a device, and a hit that comes home.
//!
//! In a temporary folder, removed at the end: keys and certificates are made, Mosquitto runs with mutual TLS and the
//! shipped rights, an agent runs as a process of its own. A sample list is published, a passport scanned and found
//! clear; it is reported stolen and a delta goes out; the broker goes down and the passport is scanned again: a hit,
//! offline; the broker comes back, the encounter arrives at headquarters and its receipt at the device.
//!
//! Invariant: [`run`] returns `Ok` only if every encounter made is stored at headquarters exactly once, and every
//! receipt is back. Every wait is bounded by [`PATIENCE`]. Failure: [`DemoError`] says what was missing, with the
//! agent's and the broker's words.

pub mod broker;
mod error;
mod stage;
mod view;

use stage::Stage;
use std::collections::BTreeSet;
use std::time::Duration;
use vedette_shim::verdict::Verdict;
use view::View;

pub use error::{DemoError, PATIENCE};

/// How to play it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DemoOptions {
    /// Unattended: nobody is asked to scan.
    pub once: bool,
}

/// A passport that is on the list from its first edition, and one that is reported stolen while we watch.
const LISTED: &str = "L898902C3";
const REPORTED: &str = "X20261124";
/// One of a range of stolen blanks on the list.
const BLANK: &str = "M2200123";

/// Plays it. Must not be called from within an async runtime.
pub fn run(options: DemoOptions) -> Result<(), DemoError> {
    let mut view = View::new(options.once);
    let mut stage = Stage::set(&mut view)?;
    // The scans that met an alert: what headquarters must have in the end, each once.
    let mut hits = BTreeSet::new();

    let first = stage.publish(&[])?;
    let took = stage.wait_for_edition(first.edition)?;
    view.step(&format!("edition 1, {} alerts: published, fetched, verified, in use", first.entries), took);
    scan(&mut stage, &mut view, REPORTED, Verdict::Clear, &mut hits)?;
    invite(&mut stage, &mut view, &mut hits)?;

    let second = stage.publish(&[REPORTED])?;
    let took = stage.wait_for_edition(second.edition)?;
    let delta = second.delta_bytes;
    view.step(&format!("{REPORTED} is reported stolen: a signed delta of {delta} bytes arrives"), took);

    let took = stage.stop_broker()?;
    view.step("the broker is taken down; the device is alone", took);
    scan(&mut stage, &mut view, REPORTED, Verdict::Hit, &mut hits)?;
    invite(&mut stage, &mut view, &mut hits)?;
    let waiting = stage.spool()?;
    view.note(&format!("sealed and kept on the device until headquarters' receipt: {waiting}"));

    let took = stage.start_broker()?;
    view.step("the broker is back", took);
    let took = stage.wait_for_encounters(&hits)?;
    view.step(&format!("encounters at headquarters: {} of {}", hits.len(), hits.len()), took);
    let took = stage.wait_for_receipts()?;
    view.step("signed receipts are back, the device's spool is empty", took);
    stage.check_exactly_once(&hits)?;
    stage.end()?;
    view.end(&format!(
        "nothing lost, nothing twice: {} made, {} stored, {} waiting",
        hits.len(),
        hits.len(),
        0
    ));
    Ok(())
}

/// Scans the passport with this number; another verdict than `expected` is an error.
fn scan(
    stage: &mut Stage,
    view: &mut View,
    number: &str,
    expected: Verdict,
    hits: &mut BTreeSet<String>,
) -> Result<(), DemoError> {
    let answer = stage.scan(&stage::passport(number)).map_err(DemoError::Wrong)?;
    view.step(&format!("passport {number} is scanned"), Duration::from_micros(answer.elapsed_us));
    view.verdict(&answer);
    if answer.verdict != expected {
        return Err(DemoError::Wrong(format!(
            "the verdict must be {expected:?}, it is {:?}",
            answer.verdict
        )));
    }
    if !answer.alerts.is_empty() {
        hits.insert(answer.scan_id);
    }
    Ok(())
}

/// Lets the person scan, as often as they like.
fn invite(stage: &mut Stage, view: &mut View, hits: &mut BTreeSet<String>) -> Result<(), DemoError> {
    let samples = [LISTED, BLANK, REPORTED].map(stage::passport);
    while let Some(zone) = view.ask_for_zone(&samples, || stage.is_interrupted()) {
        match stage.scan(&zone) {
            Ok(answer) => {
                view.verdict(&answer);
                if !answer.alerts.is_empty() {
                    hits.insert(answer.scan_id);
                }
            }
            Err(problem) => view.note(&problem),
        }
    }
    if stage.is_interrupted() { Err(DemoError::Interrupted) } else { Ok(()) }
}
