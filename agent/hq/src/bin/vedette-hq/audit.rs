//! `audit`: the log of every act, on the command line.

use crate::door::Door;
use crate::print;
use clap::Subcommand;
use std::path::PathBuf;
use vedette_common::clock::{parse_rfc3339, rfc3339};
use vedette_common::text::printable;
use vedette_hq::audit::Act;
use vedette_hq::audit::log;
use vedette_hq::audit::verify::Verified;
use vedette_hq::audit::{Filter, Line};
use vedette_shim::ids::{Hex, from_hex};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the log, the oldest line first.
    Show {
        /// From this time on: 2026-11-29, or 2026-11-29T08:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<u64>,
        /// Of this operator only.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Of this act only, such as publish.
        #[arg(long)]
        act: Option<String>,
        /// Of what was done to this only: a list, a device.
        #[arg(long)]
        object: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Verify the log, or an exported one: chain, hashes, signatures. The first bad line is named.
    Verify {
        /// An exported log; without, the home's own.
        file: Option<PathBuf>,
        /// The audit key's public half, as `audit verify` of the home prints it; without, the home's.
        #[arg(long, value_name = "HEX", value_parser = bytes, requires = "file")]
        key: Option<[u8; 32]>,
        /// The hash of a line that must be in it, noted earlier: shows whether the end was cut off since.
        #[arg(long, value_name = "HEX", value_parser = bytes)]
        has: Option<[u8; 32]>,
    },
    /// Write the whole log into a file, a line of JSON each.
    Export {
        /// The file.
        file: PathBuf,
    },
}

pub(super) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show { since, by, act, object, json } => {
            let wanted = Filter { since: since.unwrap_or(0), operator: by, act, object };
            let count = print::pages(json, log::pages(&door.open(Act::AuditShow)?, wanted)?, show)?;
            if !json {
                println!("{count} line(s)");
            }
        }
        Command::Verify { file: None, has, .. } => say(&log::verify(&door.open(Act::AuditVerify)?, has)?),
        Command::Verify { file: Some(file), key, has } => {
            let key = match key {
                Some(key) => key,
                None => log::public_key(&door.open(Act::AuditVerify)?)?,
            };
            say(&log::verify_file(&file, key, has)?);
        }
        Command::Export { file } => {
            let lines = log::export(&door.open(Act::AuditExport)?, &file)?;
            println!("{} has {lines} line(s)", file.display());
        }
    }
    Ok(())
}

fn say(verified: &Verified) {
    println!("{} line(s), each as it was written", verified.lines);
    println!("signed by the audit key {}", verified.key);
    if verified.last_key != verified.key {
        println!("and since a replacement by {}", verified.last_key);
    }
    println!("the last line is {} with the hash {}", verified.lines, Hex(&verified.head));
    if let Some(line) = verified.found {
        println!("the line that was asked for is {line}");
    }
    for line in &verified.restores {
        println!(
            "GAP before line {line}: there the home was restored from a backup; what was done since line {} is lost",
            line - 1
        );
    }
    for (line, act) in &verified.open {
        println!("line {line}: {act} began and has no end: it was cut off, or goes on");
    }
}

fn show(lines: &[Line]) -> String {
    let show = |line: &Line| {
        let Line { number, at, operator, act, state, object, reason, details, .. } = line;
        let state = if state == "done" { String::new() } else { format!(" {}", state.to_uppercase()) };
        let detail = |(name, value): (&String, &serde_json::Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            format!(", {name} {}", printable(&value))
        };
        let details: String = details.iter().map(detail).collect();
        let reason =
            if reason.is_empty() { String::new() } else { format!("\n    reason: {}", printable(reason)) };
        let (at, object) = (rfc3339(*at), printable(object));
        format!("{number}  {at}  {}  {act}{state}  {object}{details}{reason}\n", printable(operator))
    };
    lines.iter().map(show).collect()
}

fn time(text: &str) -> Result<u64, String> {
    parse_rfc3339(text).ok_or_else(|| "a date or time, such as 2026-11-29 or 2026-11-29T08:00:00Z".into())
}

fn bytes(text: &str) -> Result<[u8; 32], String> {
    from_hex(text).ok_or_else(|| "64 hexadecimal digits".into())
}
