//! `vedette-hq officer`: the roster on the command line. PINs come from a prompt or standard input, never as arguments.

use crate::door::Door;
use crate::print;
use clap::Subcommand;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Read};
use vedette_common::clock::{rfc3339, system_now};
use vedette_common::pin::{PIN_BYTES_MAX, Pin};
use vedette_common::roster::{Badge, PinCost, Role};
use vedette_hq::audit::Act;
use vedette_hq::officer::{self, NewOfficer, OfficerView};
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Put an officer on the roster, or change one: the PIN is asked for, or read as a line from standard input.
    Add {
        /// What the badge's barcode says: A-Z, a-z, 0-9, '-', '_' or '.'.
        badge: Badge,
        /// The name as the console shows it.
        #[arg(long)]
        name: String,
        /// officer, supervisor or administrator.
        #[arg(long, default_value = "officer")]
        role: Role,
        /// May reveal discreet alerts.
        #[arg(long)]
        discreet: bool,
        /// The language the console starts in, such as fr; else the device's.
        #[arg(long, default_value = "")]
        language: String,
        /// Memory for hashing the PIN, KiB; a device spends it at every sign-in.
        #[arg(long, value_name = "KIB", default_value_t = PinCost::default().memory_kib)]
        pin_memory: u32,
        /// Passes over that memory.
        #[arg(long, value_name = "N", default_value_t = PinCost::default().passes)]
        pin_passes: u32,
    },
    /// Revoke a badge.
    Remove {
        /// The badge.
        badge: Badge,
    },
    /// Show the officers.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add { badge, name, role, discreet, language, pin_memory, pin_passes } => {
            let home = door.open(Act::OfficerAdd)?;
            let cost = PinCost { memory_kib: pin_memory, passes: pin_passes, ..PinCost::default() };
            anyhow::ensure!(cost.is_bearable(), "--pin-memory is 1024 to 65536 KiB, --pin-passes 1 to 10");
            let pin = read_pin()?;
            let number =
                officer::add(&home, &badge, &NewOfficer { name, role, discreet, language, pin, cost })?;
            println!(
                "{badge}: on roster {number}; `serve`, `publish --broker` or a bundle brings it to the devices"
            );
        }
        Command::Remove { badge } => {
            let number = officer::remove(&door.open(Act::OfficerRemove)?, &badge)?;
            println!("{badge}: revoked on roster {number}");
        }
        Command::List { json } => print::rows(json, officer::officers(&door.open(Act::Officers)?)?, show)?,
    }
    Ok(())
}

/// The PIN: typed twice, unseen, on a terminal; else one line.
fn read_pin() -> anyhow::Result<Pin> {
    if !std::io::stdin().is_terminal() {
        return Ok(Pin::chosen(read_line()?)?);
    }
    let once = ask("PIN: ")?;
    let pin = Pin::chosen(once.clone())?;
    anyhow::ensure!(ask("PIN once more: ")? == once, "the two PINs differ");
    Ok(pin)
}

fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    eprint!("{prompt}");
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &unseen)?;
    let line = read_line();
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    eprintln!();
    line
}

fn read_line() -> anyhow::Result<Zeroizing<String>> {
    // Room for all of it from the start: a growing buffer would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(PIN_BYTES_MAX + 4));
    std::io::stdin().lock().take(PIN_BYTES_MAX as u64 + 3).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn show(rows: &[OfficerView]) -> String {
    let line = |o: &OfficerView| {
        let discreet = if o.discreet { ", discreet" } else { "" };
        let removed =
            o.removed_at.map_or(String::new(), |at| format!(", revoked {}", rfc3339(at.min(system_now()))));
        format!("{}  {}  {}{discreet}{removed}\n", o.badge, o.name, o.role)
    };
    rows.iter().map(line).collect::<String>() + &format!("{} officer(s)\n", rows.len())
}
