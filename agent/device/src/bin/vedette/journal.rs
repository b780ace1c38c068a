//! `vedette journal`: verify, show, export.

use super::failure::{EVIDENCE, FAILED, Failure};
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};
use vedette::Config;
use vedette::journal::{self, AuditLine, JournalRow, Verified};
use vedette::show;
use vedette::store::Db;
use vedette_common::clock::{parse_rfc3339, system_now};
use vedette_shim::ids::Hex;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check that no line was changed, removed or inserted.
    Verify {
        /// An exported file instead of the device's own journal.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Show the lines.
    Show {
        /// Print one JSON object a line, as stored, with its number.
        #[arg(long)]
        json: bool,
        /// Only what this badge did.
        #[arg(long, value_name = "BADGE")]
        who: Option<String>,
        /// Only from this time on, such as 2026-11-24 or 2026-11-24T13:30:00Z (UTC).
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<u64>,
        /// Only from before this time.
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: Option<u64>,
        /// An exported file instead of the device's own journal.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Write lines into a new file, whose chain can be followed like the journal's.
    Export {
        /// The file to make.
        file: PathBuf,
        /// Only lines from before this time.
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: Option<u64>,
        /// Then remove them here; the journal goes on from the last one's hash.
        #[arg(long)]
        trim: bool,
    },
}

fn time(text: &str) -> Result<u64, String> {
    parse_rfc3339(text).ok_or_else(|| "a time in UTC, such as 2026-11-24 or 2026-11-24T13:30:00Z".into())
}

pub(super) fn run(command: Command, config: &Config) -> Result<u8, Failure> {
    let db = || Db::open_in(&config.state);
    match command {
        Command::Verify { file } => {
            let verified = match file {
                Some(file) => journal::verify_file(&file)?,
                None => {
                    let verified = journal::verify(&db()?)?;
                    verified.map_err(|broken| Failure::new(FAILED, broken, EVIDENCE))?
                }
            };
            println!("{}", sound(&verified));
        }
        Command::Show { json, who, since, until, file } => {
            let wanted = |line: &AuditLine| {
                who.as_ref().is_none_or(|who| line.event.who() == who)
                    && since.is_none_or(|since| line.at >= since)
                    && until.is_none_or(|until| line.at < until)
            };
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let mut written = Ok(());
            let mut show = |row: &JournalRow| {
                // A line that is none was not written by us: it is shown as it is.
                let line = AuditLine::read(&row.text).ok();
                if line.as_ref().is_none_or(&wanted) {
                    written = match (json, line) {
                        (true, _) => writeln!(out, r#"{{"sequence":{},"line":{}}}"#, row.sequence, row.text),
                        (false, Some(line)) => writeln!(out, "{:>8}  {}", row.sequence, show::line(&line)),
                        (false, None) => writeln!(out, "{:>8}  ? {:?}", row.sequence, row.text),
                    };
                }
                written.is_ok()
            };
            match file {
                Some(file) => journal::walk_file(&file, |_, row| {
                    row.map(&mut show);
                    Ok(())
                })?,
                None => journal::walk(&db()?, show)?,
            }
            written.and_then(|()| out.flush())?;
        }
        Command::Export { file, until, trim } => export(&db()?, &file, until, trim)?,
    }
    Ok(0)
}

fn export(db: &Db, file: &Path, until: Option<u64>, trim: bool) -> Result<(), Failure> {
    let exported = journal::export(db, file, until, trim, system_now())?;
    println!("{}: {}", file.display(), sound(&exported.chain));
    if trim {
        println!("removed here up to line {}", exported.chain.head.sequence);
    }
    Ok(())
}

fn sound(verified: &Verified) -> String {
    let Verified { lines, anchor, head } = verified;
    let after = match anchor.sequence {
        0 => String::new(),
        last => format!(" after line {last}, which was exported"),
    };
    format!(
        "{lines} lines{after}, none changed, removed or inserted; the last one's hash is {}",
        Hex(&head.hash)
    )
}
