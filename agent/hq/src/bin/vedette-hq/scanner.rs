//! `vedette-hq scanner`: the scanners with the shim, on the command line.

use crate::door::Door;
use crate::print;
use clap::Subcommand;
use std::path::PathBuf;
use vedette_common::clock::rfc3339;
use vedette_hq::audit::Act;
use vedette_hq::scanner::{self, ScannerOptions, ScannerView};
use vedette_shim::ids::{DeviceId, ListName, from_hex};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Enrol a scanner at a device, or change its device, its lists or its key.
    Enrol {
        /// The name that the scanner says, such as its serial number.
        scanner: DeviceId,
        /// The device that it hangs at.
        #[arg(long)]
        device: DeviceId,
        /// A list it may hold; may be repeated. Else those it had, or every list of documents.
        #[arg(long = "list", value_name = "NAME")]
        lists: Vec<ListName>,
        /// The public key that the scanner made, 64 hexadecimal digits. Else the one it had, or a new pair with --out.
        #[arg(long, value_name = "HEX", value_parser = public_key)]
        key: Option<[u8; 32]>,
        /// A folder to make, with what its factory writes into the scanner; with its private key if that is made here.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Revoke a scanner: it gets nothing more, and erases what it holds when it meets its device.
    Revoke {
        /// The scanner.
        scanner: DeviceId,
    },
    /// Show the scanners.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Enrol { scanner, device, lists, key, out } => {
            let enrolled = scanner::enrol(
                &door.open(Act::ScannerEnrol)?,
                &scanner,
                &device,
                &ScannerOptions { key, lists, out: out.clone() },
            )?;
            let until = rfc3339(enrolled.expires_at);
            println!("{scanner}: enrolled at {device} until {until}, {} list(s)", enrolled.lists.len());
            if let Some(out) = out {
                println!("its factory writes what is in {} into it; then delete scanner.key", out.display());
            }
            println!("`serve`, `publish --broker` or a bundle brings it to the device");
        }
        Command::Revoke { scanner } => {
            let device = scanner::revoke(&door.open(Act::ScannerRevoke)?, &scanner)?.device;
            println!("{scanner}: revoked; {device} tells it to erase what it holds");
        }
        Command::List { json } => print::rows(json, scanner::scanners(&door.open(Act::Scanners)?)?, show)?,
    }
    Ok(())
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    from_hex(text).ok_or_else(|| "64 hexadecimal digits".into())
}

fn show(rows: &[ScannerView]) -> String {
    let line = |s: &ScannerView| {
        let lists = s.lists.iter().map(ListName::as_str).collect::<Vec<_>>().join(", ");
        let state = if s.revoked { "REVOKED".into() } else { format!("until {}", rfc3339(s.expires_at)) };
        format!("{}  at {}  {state}  {lists}\n", s.scanner, s.device)
    };
    rows.iter().map(line).collect::<String>() + &format!("{} scanner(s)\n", rows.len())
}
