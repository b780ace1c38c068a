//! `drafts`, `approve`, `reject`: editions that need a second operator.

use crate::door::Door;
use crate::lists::send;
use crate::print;
use clap::Subcommand;
use vedette_common::clock::rfc3339;
use vedette_common::text::printable;
use vedette_hq::approval::{self, DraftView};
use vedette_hq::audit::Act;
use vedette_shim::ids::ListName;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what waits for a second operator.
    Drafts {
        /// Of this list only.
        list: Option<ListName>,
        /// Also the ids of the first 40 alerts that each changes.
        #[arg(long)]
        changes: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Approve a draft that another operator proposed: it is the list's next edition.
    Approve {
        /// The list.
        list: ListName,
        /// The draft's number, as `drafts` shows it.
        draft: u64,
        /// Send it to the broker now, and wait until the broker has it. (`serve` sends it within a second anyway.)
        #[arg(long)]
        broker: bool,
    },
    /// Reject a draft.
    Reject {
        /// The list.
        list: ListName,
        /// The draft's number, as `drafts` shows it.
        draft: u64,
        /// Why; it is recorded.
        reason: String,
    },
}

pub(crate) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Drafts { list, changes, json } => {
            let home = door.open(Act::Drafts)?;
            print::rows(json, approval::drafts(&home, list.as_ref(), changes)?, show)?;
        }
        Command::Approve { list, draft, broker } => {
            let home = door.open(Act::Approve)?;
            let published = approval::approve(&home, &list, draft)?;
            println!(
                "{list}: edition {}, {} put, {} withdrawn",
                published.edition, published.puts, published.withdrawals
            );
            if broker {
                send(&home, list)?;
            }
        }
        Command::Reject { list, draft, reason } => {
            approval::reject(&door.open(Act::Reject)?, &list, draft, &reason)?;
            println!("{list}: draft {draft} is rejected");
        }
    }
    Ok(())
}

fn show(rows: &[DraftView]) -> String {
    let show = |d: &DraftView| {
        let state = match &d.over {
            Some(why) => format!("OVER: {why}"),
            None => format!("until {}", rfc3339(d.ends_at)),
        };
        let changes: String = d.changes.iter().map(|change| format!("    {}\n", printable(change))).collect();
        let (number, list, act, who, at) = (d.draft, &d.list, &d.act, printable(&d.operator), rfc3339(d.at));
        let (follows, puts, withdrawals) = (d.follows, d.puts, d.withdrawals);
        format!(
            "{number}  {list}  {act} by {who} at {at}, after edition {follows}: {puts} put, {withdrawals} withdrawn  {state}\n{changes}"
        )
    };
    rows.iter().map(show).collect::<String>() + &format!("{} draft(s)\n", rows.len())
}
