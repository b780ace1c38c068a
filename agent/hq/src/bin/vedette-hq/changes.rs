//! `vedette-hq put`, `withdraw` and `change`: alerts onto the last edition, on the command line.

use super::{send, write_report};
use clap::Args;
use std::path::PathBuf;
use vedette_hq::change::{ChangeOptions, Changes, change};
use vedette_hq::{Home, HqError};
use vedette_shim::ids::ListName;

/// What all three take.
#[derive(Args)]
pub(super) struct How {
    /// Write the report into this file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Refuse a file of which anything is left out or repaired.
    #[arg(long)]
    strict: bool,
    /// Withdraw also more than ten alerts and a quarter of the list, or all of it.
    #[arg(long)]
    withdraw_many: bool,
    /// Send it to the broker now, and wait until the broker has it. (`serve` sends it within a second anyway.)
    #[arg(long)]
    broker: bool,
}

pub(super) fn run(home: &Home, list: ListName, changes: &Changes, how: &How) -> anyhow::Result<()> {
    let options = ChangeOptions { strict: how.strict, withdraw_many: how.withdraw_many };
    let changed = match change(home, &list, changes, options) {
        Err(HqError::NotAsWritten { path, report }) => {
            eprintln!("{report}");
            write_report(how.report.as_deref(), &report)?;
            return Err(HqError::NotAsWritten { path, report }.into());
        }
        other => other?,
    };
    write_report(how.report.as_deref(), &changed.report)?;
    println!("{}", changed.report);
    let published = &changed.published;
    match published.is_new {
        true => println!(
            "{list}: edition {}, {} put, {} withdrawn, {} bytes to fetch",
            published.edition, published.puts, published.withdrawals, published.delta_bytes
        ),
        false => println!("{list}: nothing changes; edition {} stands", published.edition),
    }
    if how.broker { send(home, list) } else { Ok(()) }
}
