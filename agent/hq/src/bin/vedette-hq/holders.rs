//! `holders`: who holds a list.

use crate::door::Door;
use clap::Args;
use std::fmt::Write;
use vedette_common::clock::{rfc3339, system_now};
use vedette_common::text::printable;
use vedette_hq::audit::Act;
use vedette_hq::devices::DeviceState;
use vedette_hq::flags::FlagView;
use vedette_hq::holders::{self, CopyView, Holders, Question, Standing};
use vedette_shim::ids::ListName;

/// What `holders` is asked.
#[derive(Args)]
pub(crate) struct HoldersArgs {
    /// The list.
    list: ListName,
    /// Who holds an edition with this alert: `{state}-{type}-{number}`, or a person's id. That one was asked for is recorded.
    #[arg(long, value_name = "ID")]
    alert: Option<String>,
    /// Who holds this edition.
    #[arg(long, value_name = "N")]
    edition: Option<u64>,
    /// Show also those who hold it no longer, or never did.
    #[arg(long)]
    all: bool,
    /// Print JSON, with all of them.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(door: &Door, args: HoldersArgs) -> anyhow::Result<()> {
    let act = if args.alert.is_some() { Act::Holders } else { Act::Devices };
    let question = Question { alert: args.alert, edition: args.edition };
    let found = holders::holders(&door.open(act)?, &args.list, &question)?;
    match args.json {
        true => println!("{}", serde_json::to_string(&found)?),
        false => print!("{}", shown(&found, args.all, system_now())),
    }
    Ok(())
}

fn shown(found: &Holders, all: bool, now: u64) -> String {
    let mut out = String::new();
    let count = |standing| found.copies.iter().filter(|copy| copy.standing == standing).count();
    for copy in &found.copies {
        if all || matches!(copy.standing, Standing::Holds | Standing::MayHold) {
            out += &line(copy, now);
        }
    }
    let range = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    };
    let editions = found.editions.iter().map(range).collect::<Vec<_>>().join(", ");
    let editions = if editions.is_empty() { "none".into() } else { editions };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}, edition(s) {editions}: {} hold(s) it, {} may hold it, {} no longer, {} never did",
        found.list,
        count(Standing::Holds),
        count(Standing::MayHold),
        count(Standing::NoLonger),
        count(Standing::Never),
    );
    if let Some(edition) = found.undetermined_before {
        let _ = writeln!(
            out,
            "whether it is in editions before {edition} cannot be determined: whoever has one may hold it"
        );
    }
    out
}

fn line(copy: &CopyView, now: u64) -> String {
    let standing = match copy.standing {
        Standing::Holds => "holds",
        Standing::MayHold => "MAY HOLD",
        Standing::NoLonger => "no longer holds",
        Standing::Never => "never held",
    };
    let revoked = if copy.state == DeviceState::Revoked { ", REVOKED" } else { "" };
    let edition = copy.edition.map_or(String::new(), |edition| format!(", edition {edition}"));
    let status = match (copy.status, copy.said_at, copy.confirmed_at) {
        (Some(number), Some(at), Some(confirmed)) => {
            format!(" (confirmed {}; status {number} of {})", rfc3339(confirmed), rfc3339(at))
        }
        (Some(number), Some(at), None) => format!(" (status {number} of {})", rfc3339(at)),
        _ => String::new(),
    };
    let mut out = format!(
        "{} ({}){revoked}: {standing}{edition}: {}{status}\n",
        copy.device,
        printable(&copy.post),
        printable(&copy.why)
    );
    let due = |at| format!("{}{}", rfc3339(at), if at < now { " (PAST, and not confirmed)" } else { "" });
    let holding = matches!(copy.standing, Standing::Holds | Standing::MayHold);
    match (copy.lease_ends, copy.grant_ends) {
        (Some(lease), Some(grant)) => {
            out += &format!(
                "    erases it by {} if it hears nothing more, else by {} at the latest\n",
                due(lease.min(grant)),
                due(grant)
            );
        }
        (None, Some(grant)) => out += &format!("    erases it by {} at the latest\n", due(grant)),
        (_, None) if holding => {
            out += "    when it erases it cannot be determined: it cannot tell the time\n"
        }
        _ => {}
    }
    out + &flags(&copy.flags)
}

/// A line a flag.
pub(crate) fn flags<'a>(flags: impl IntoIterator<Item = &'a FlagView>) -> String {
    let line = |flag: &FlagView| {
        format!("    {}: {}\n", flag.flag.to_string().to_uppercase(), printable(&flag.text))
    };
    flags.into_iter().map(line).collect()
}
