//! `list create`, `import`, `publish`, `screen`, `lists`: from a file to the devices.

use crate::door::Door;
use crate::values::{duration, kind};
use crate::{print, show};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;
use vedette_common::files;
use vedette_hq::audit::Act;
use vedette_hq::draft::{self, Approvals};
use vedette_hq::import::{self, ImportOptions};
use vedette_hq::import_report::Report;
use vedette_hq::list::{self, CreateOptions};
use vedette_hq::publish::{self, PublishOptions, Published};
use vedette_hq::{Home, PublishingError, broadcast, bundle, screen};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a list.
    #[command(subcommand)]
    List(ListCommand),
    /// Import a file as the whole of a list: CSV for documents, JSON lines for persons. Publish it afterwards.
    Import {
        /// The list, such as interpol/sltd.
        list: ListName,
        /// The file.
        file: PathBuf,
        /// Write the report of the import into this file, as JSON.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Refuse a file of which anything is left out or repaired.
        #[arg(long)]
        strict: bool,
        /// Take a file without an alert: the list is cleared with its next edition.
        #[arg(long)]
        allow_empty: bool,
    },
    /// Publish what was imported: the difference to the last edition becomes a signed delta.
    Publish {
        /// The list.
        list: ListName,
        /// Write a bundle (for a stick) into this folder; one that is there is replaced.
        #[arg(long, value_name = "DIR")]
        bundle: Option<PathBuf>,
        /// Make the edition one whole segment under the list's newest key: all devices fetch it whole, and one revoked
        /// before cannot read it.
        #[arg(long)]
        whole: bool,
        /// Publish also what withdraws more than ten alerts and a quarter of the list, or all of it: without, a file cut short clears no list.
        #[arg(long)]
        withdraw_many: bool,
        /// Send it to the broker now, and wait until the broker has it. (`serve` sends it within a second anyway.)
        #[arg(long)]
        broker: bool,
    },
    /// Screen names against a persons file before it is published: prints `query number TAB alert id TAB score`.
    Screen {
        /// The persons, JSON lines as for import.
        #[arg(long, value_name = "FILE.jsonl")]
        list: PathBuf,
        /// A TSV with the columns query_name (SURNAME<<GIVEN), query_dob and query_nat.
        #[arg(long, value_name = "FILE.tsv")]
        queries: PathBuf,
    },
    /// Show the lists.
    Lists {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum ListCommand {
    /// Make a list: its issuer, its owner, its key. Devices hear of it with its first edition.
    Create {
        /// Its name: owner/list.
        name: ListName,
        /// Of documents or of persons.
        #[arg(long, value_parser = kind)]
        kind: Kind,
        /// How long after its last confirmation an edition may be used: 90s, 30m, 48h, 7d.
        #[arg(long, default_value = "48h", value_parser = duration)]
        lease: Duration,
        /// The owner as the officer sees it.
        #[arg(long)]
        owner: Option<String>,
        /// Persons: score from which a match is Possible.
        #[arg(long, default_value_t = 0.77)]
        possible: f32,
        /// Persons: score from which a match is a Hit.
        #[arg(long, default_value_t = 0.95)]
        hit: f32,
        /// The handling code (H0 to H3) of alerts that have none of their own.
        #[arg(long, value_name = "CODE")]
        handling: Option<String>,
        /// Within this an alert met must be confirmed by the owner (`answer`): 10m, 1h, 12h; officers see the clock.
        #[arg(long, value_parser = duration)]
        confirm: Option<Duration>,
    },
    /// Say how many operators an edition of a list needs.
    Set(Set),
}

/// What `list set` takes.
#[derive(clap::Args)]
pub(crate) struct Set {
    /// The list.
    list: ListName,
    /// So many operators an edition needs, with the one who proposes it: 1 or 2.
    #[arg(long, value_name = "N")]
    approvals: u8,
    /// A withdrawal with --urgent needs one only.
    #[arg(long)]
    urgent_withdrawals: bool,
}

pub(crate) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(ListCommand::Create { name, kind, lease, owner, possible, hit, handling, confirm }) => {
            let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
            let options = CreateOptions {
                kind,
                lease_s: seconds(lease),
                owner,
                possible_from: possible,
                hit_from: hit,
                handling,
                confirm_s: confirm.map_or(0, seconds),
            };
            match list::create(&door.open(Act::ListCreate)?, &name, &options)? {
                true => println!(
                    "{name}: made; import a file into it, then publish it: devices hear of it with its first edition"
                ),
                false => println!("{name}: was made before with these options; nothing changes"),
            }
            Ok(())
        }
        Command::List(ListCommand::Set(Set { list, approvals, urgent_withdrawals })) => {
            let needs = Approvals { operators: approvals, urgent_withdrawals };
            draft::set_approvals(&door.open(Act::ListSet)?, &list, needs)?;
            println!("{list}: an edition needs {approvals} operator(s)");
            Ok(())
        }
        Command::Import { list, file, report, strict, allow_empty } => {
            let options = ImportOptions { strict, allow_empty };
            import_list(&door.open(Act::Import)?, &list, &file, report.as_deref(), options)
        }
        Command::Publish { list, bundle, whole, withdraw_many, broker } => {
            let options = PublishOptions { whole, withdraw_many };
            publish_list(&door.open(Act::Publish)?, list, bundle, &options, broker)
        }
        Command::Screen { list, queries } => {
            screen::screen(&list, &queries, std::io::BufWriter::new(std::io::stdout().lock()))?;
            Ok(())
        }
        Command::Lists { json } => {
            let home = door.open(Act::Lists)?;
            print::rows(json, list::lists(&home)?, show::lists)?;
            print::alarms(&home)
        }
    }
}

fn import_list(
    home: &Home,
    list: &ListName,
    file: &Path,
    report_file: Option<&Path>,
    options: ImportOptions,
) -> anyhow::Result<()> {
    let imported = match import::import(home, list, file, options) {
        Err(PublishingError::NotAsWritten { path, report }) => {
            eprintln!("{report}");
            write_report(report_file, &report)?;
            return Err(PublishingError::NotAsWritten { path, report }.into());
        }
        other => other?,
    };
    write_report(report_file, &imported.report)?;
    println!("{}", imported.report);
    println!("{list}: {} alerts pending ({} bytes)", imported.entries, imported.bytes);
    Ok(())
}

fn publish_list(
    home: &Home,
    name: ListName,
    bundle: Option<PathBuf>,
    options: &PublishOptions,
    broker: bool,
) -> anyhow::Result<()> {
    let spinner = spinner(&format!("publishing {name}"));
    let published = publish::publish(home, &name, options)?;
    if say_draft(&name, &published) {
        return Ok(());
    }
    if let Some(folder) = &bundle {
        bundle::bundle(home, folder)?;
    }
    spinner.finish_and_clear();
    let edition = published.edition;
    match published.is_new {
        true => println!(
            "{name}: edition {edition}, {} alerts in {} segment(s); {} put, {} withdrawn, {} bytes to fetch",
            published.entries,
            published.segments,
            published.puts,
            published.withdrawals,
            published.delta_bytes
        ),
        false => println!("{name}: nothing new since edition {edition}"),
    }
    if let Some(folder) = bundle {
        println!("bundle in {}", folder.display());
    }
    if broker { send(home, name) } else { Ok(()) }
}

/// Says that nothing was published, where a second operator is needed; whether that is so.
pub(crate) fn say_draft(list: &ListName, published: &Published) -> bool {
    let Some(draft) = published.draft else { return false };
    println!(
        "{list}: draft {draft}, {} put, {} withdrawn; nothing is published until another operator approves it: `vedette-hq \
         approve {list} {draft}`",
        published.puts, published.withdrawals
    );
    true
}

/// Sends a list's newest edition to the broker.
pub(crate) fn send(home: &Home, list: ListName) -> anyhow::Result<()> {
    let sent = tokio::runtime::Runtime::new()?.block_on(broadcast::broadcast(home, &[list], None))?;
    println!("the broker has it: {} messages kept, {} chunks sent to all", sent.retained, sent.chunks);
    Ok(())
}

/// Writes a report as JSON, where one is wanted.
pub(crate) fn write_report(file: Option<&Path>, report: &Report) -> anyhow::Result<()> {
    match file {
        Some(path) => Ok(files::write(path, &serde_json::to_vec_pretty(report)?)?),
        None => Ok(()),
    }
}

/// Turns on a terminal while work goes on; shows nothing in a pipe.
fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.to_string());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}
