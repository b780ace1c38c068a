//! `put`, `withdraw`, `change`: alerts onto the last edition.

use crate::door::Door;
use crate::lists::{say_draft, send, write_report};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use vedette_hq::PublishingError;
use vedette_hq::audit::Act;
use vedette_hq::change::{ChangeOptions, Changes, change};
use vedette_shim::ids::ListName;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Put every alert of a file onto the last edition, which keeps all others, and publish it.
    Put {
        /// The list.
        list: ListName,
        /// The file, in any form that `import` takes.
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Withdraw alerts from the last edition by their ids, and publish it.
    Withdraw {
        /// The list.
        list: ListName,
        /// Ids, such as UTO-P-L898902C3; of persons the issuer's own.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// It cannot wait for a second operator, where the list lets urgent withdrawals. Why; it is recorded.
        #[arg(long, value_name = "REASON")]
        urgent: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Apply a file of changes to the last edition, and publish it: JSON lines, `{"put": {...}}` or `{"withdraw": "ID"}`.
    Change {
        /// The list.
        list: ListName,
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
}

/// What all three take.
#[derive(Args)]
pub(crate) struct How {
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

pub(crate) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    let (act, list, changes, how) = match command {
        Command::Put { list, file, how } => (Act::Put, list, Changes::Put(file), how),
        Command::Withdraw { list, ids, urgent, how } => {
            let changes = match urgent {
                Some(reason) => Changes::WithdrawUrgently(ids, reason),
                None => Changes::Withdraw(ids),
            };
            (Act::Withdraw, list, changes, how)
        }
        Command::Change { list, file, how } => (Act::Change, list, Changes::File(file), how),
    };
    let home = door.open(act)?;
    let options = ChangeOptions { strict: how.strict, withdraw_many: how.withdraw_many };
    let changed = match change(&home, &list, &changes, options) {
        Err(PublishingError::NotAsWritten { path, report }) => {
            eprintln!("{report}");
            write_report(how.report.as_deref(), &report)?;
            return Err(PublishingError::NotAsWritten { path, report }.into());
        }
        other => other?,
    };
    write_report(how.report.as_deref(), &changed.report)?;
    println!("{}", changed.report);
    let published = &changed.published;
    if say_draft(&list, published) {
        return Ok(());
    }
    match published.is_new {
        true => println!(
            "{list}: edition {}, {} put, {} withdrawn, {} bytes to fetch",
            published.edition, published.puts, published.withdrawals, published.delta_bytes
        ),
        false => println!("{list}: nothing changes; edition {} stays", published.edition),
    }
    if how.broker { send(&home, list) } else { Ok(()) }
}
