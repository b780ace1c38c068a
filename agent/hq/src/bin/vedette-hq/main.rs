//! `vedette-hq`: arguments -> library call -> exit code.

mod changes;
mod officer;
mod show;

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vedette_common::clock::{Clock, rfc3339};
use vedette_common::files;
use vedette_hq::change::Changes;
use vedette_hq::import::ImportOptions;
use vedette_hq::import_report::Report;
use vedette_hq::serve::ServeOptions;
use vedette_hq::{
    Home, HqError, answer, broadcast, bundle, devices, encounters, enrol, import, init, keys, list, publish,
    renew, replace, revoke, screen, serve,
};
use vedette_shim::ids::{DeviceId, ListName, from_hex};
use vedette_shim::list::Kind;
use vedette_shim::trust::OwnerWord;

const FAILED: u8 = 1;
const USAGE: u8 = 64;

/// Headquarters: makes and publishes watchlists, enrols devices, serves segments, stores encounters.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 failed, 64 usage. Every error is one line, with a hint."
)]
struct Cli {
    /// The folder that headquarters keeps everything in.
    #[arg(long, global = true, env = "VEDETTE_HQ_HOME", default_value = "hq")]
    home: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a home: root keys (two of three sign), CA, roles.
    Init {
        /// A name or address of the broker besides localhost; devices are told the first.
        #[arg(long, value_name = "NAME")]
        broker_host: Vec<String>,
        /// The broker's port.
        #[arg(long, default_value_t = 8883)]
        broker_port: u16,
    },
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
    /// Put every alert of a file onto the last edition, which keeps all others, and publish it.
    Put {
        /// The list.
        list: ListName,
        /// The file, in any form that `import` takes.
        file: PathBuf,
        #[command(flatten)]
        how: changes::How,
    },
    /// Withdraw alerts from the last edition by their ids, and publish it.
    Withdraw {
        /// The list.
        list: ListName,
        /// Ids, such as UTO-P-L898902C3; of persons the issuer's own.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        how: changes::How,
    },
    /// Apply a file of changes to the last edition, and publish it: JSON lines, `{"put": {...}}` or `{"withdraw": "ID"}`.
    Change {
        /// The list.
        list: ListName,
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: changes::How,
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
    /// Enrol a device: certificate, grants, trust anchor and an agent.toml it runs with.
    Enrol {
        /// Its id, such as post-7-scanner-2.
        device: DeviceId,
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Where it stands, as encounters name it.
        #[arg(long)]
        post: Option<String>,
        /// Life of its certificate, days.
        #[arg(long, default_value_t = 90)]
        cert_days: u32,
        /// It is enrolled: make a new certificate and key only, to be copied over its own. It keeps all else.
        #[arg(long, conflicts_with = "post")]
        renew: bool,
    },
    /// Say who may sign in at the devices.
    #[command(subcommand)]
    Officer(officer::Command),
    /// Revoke a device: its certificate, its grants; order it to erase; new list keys for the next editions. What is
    /// published already stays under the keys it has; `publish --whole` reseals a list.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// Give the root, the roster and the broker's and headquarters' certificates a new term; `serve` warns when it is time.
    Renew,
    /// Replace the key of an online role, because somebody may have copied it or it is lost: the next root names the new
    /// one. Cut off, the same command again finishes.
    ReplaceKey {
        /// `heartbeat`, `roster`, `collector` or `orders`.
        #[arg(value_parser = online_role)]
        role: keys::OnlineRole,
    },
    /// Serve: depot (segments) and collector (encounters, receipts), until Ctrl-C.
    Serve {
        /// Another broker than the home's.
        #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
        broker: Option<(String, u16)>,
        /// How often the heartbeat is signed anew.
        #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
        heartbeat: Duration,
        /// Chunks sent, bytes a second; as fast as they are taken without it.
        #[arg(long, value_name = "BYTES")]
        depot_rate: Option<NonZeroU64>,
    },
    /// Show the encounters stored.
    Encounters {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Answer an encounter as the alert's owner: the officer at the post sees it.
    Answer {
        /// The encounter, 32 hexadecimal digits, as `encounters` shows it.
        encounter: String,
        /// `confirmed`, `not_the_person` or `withdrawn`.
        #[arg(value_parser = owner_word)]
        word: OwnerWord,
        /// What the officer should know besides; at most 255 bytes.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Show the devices: who holds which edition, how old, and what waits there.
    Devices {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the lists.
    Lists {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
enum ListCommand {
    /// Make a list: its issuer, its owner, its key; the next root names it.
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
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "documents" => Ok(Kind::Documents),
        "persons" => Ok(Kind::Persons),
        _ => Err("documents or persons".into()),
    }
}

fn owner_word(text: &str) -> Result<OwnerWord, String> {
    [OwnerWord::Confirmed, OwnerWord::NotThePerson, OwnerWord::Withdrawn]
        .into_iter()
        .find(|word| vedette_common::text::owner_word(*word) == text)
        .ok_or_else(|| "confirmed, not_the_person or withdrawn".into())
}

fn online_role(text: &str) -> Result<keys::OnlineRole, String> {
    let mut roles = keys::OnlineRole::ALL.into_iter();
    roles.find(|role| role.name() == text).ok_or_else(|| "heartbeat, roster, collector or orders".into())
}

fn duration(text: &str) -> Result<Duration, String> {
    let rule = || "a number and s, m, h or d, such as 48h".to_string();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(rule()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| rule())?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(rule)
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let rule = || "HOST:PORT, such as mqtt.example:8883".to_string();
    let (host, port) = text.rsplit_once(':').ok_or_else(rule)?;
    match (host.is_empty(), port.parse()) {
        (false, Ok(port)) => Ok((host.into(), port)),
        _ => Err(rule()),
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Where help cannot be written there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VEDETTE_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| "info,rumqttc=warn".into()))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match command(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.downcast_ref::<HqError>().and_then(HqError::hint) {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(FAILED)
        }
    }
}

fn command(cli: Cli) -> anyhow::Result<()> {
    let dir = cli.home.clone();
    let clock = || Arc::new(Clock::default());
    let home = || Home::open(&dir, clock());
    match cli.command {
        Command::Init { broker_host, broker_port } => {
            init::init(&dir, &init::InitOptions { broker_hosts: broker_host, broker_port }, clock())?;
            println!("headquarters is in {}", dir.display());
        }
        Command::List(ListCommand::Create { name, kind, lease, owner, possible, hit, handling, confirm }) => {
            let lease_s = u32::try_from(lease.as_secs()).unwrap_or(u32::MAX);
            let options = list::CreateOptions {
                kind,
                lease_s,
                owner,
                possible_from: possible,
                hit_from: hit,
                handling,
                confirm_s: confirm.map_or(0, |within| u32::try_from(within.as_secs()).unwrap_or(u32::MAX)),
            };
            list::create(&home()?, &name, &options)?;
            println!("{name}: made; import a file into it, then publish it");
        }
        Command::Import { list, file, report, strict, allow_empty } => {
            let options = ImportOptions { strict, allow_empty };
            import_list(&home()?, &list, &file, report.as_deref(), options)?;
        }
        Command::Publish { list, bundle, whole, withdraw_many, broker } => {
            let options = publish::PublishOptions { whole, withdraw_many };
            publish_list(&home()?, list, bundle, &options, broker)?;
        }
        Command::Put { list, file, how } => changes::run(&home()?, list, &Changes::Put(file), &how)?,
        Command::Withdraw { list, ids, how } => changes::run(&home()?, list, &Changes::Withdraw(ids), &how)?,
        Command::Change { list, file, how } => changes::run(&home()?, list, &Changes::File(file), &how)?,
        Command::Screen { list, queries } => {
            screen::screen(&list, &queries, std::io::BufWriter::new(std::io::stdout().lock()))?;
        }
        Command::Enrol { device, out, cert_days, renew: true, .. } => {
            let until = rfc3339(enrol::renew(&home()?, &device, &out, cert_days)?);
            println!("{device}: a certificate until {until}; it keeps its keys, lists and encounters");
            println!("copy device.pem and device.key of {} over the device's own", out.display());
        }
        Command::Enrol { device, out, post, cert_days, renew: false } => {
            let options =
                enrol::EnrolOptions { post, certificate_days: cert_days, ..enrol::EnrolOptions::into(out) };
            let enrolled = enrol::enrol(&home()?, &device, &options)?;
            let until = rfc3339(enrolled.certificate_expires_at);
            println!("{device}: enrolled until {until}, {} list(s) granted", enrolled.lists.len());
            println!("run it with: vedette run --config {}", enrolled.agent_toml.display());
        }
        Command::Revoke { device } => {
            let rotated = revoke::revoke(&home()?, &device)?.rotated.len();
            println!("{device}: revoked; {rotated} list(s) get a new key with their next edition");
            println!("the broker must read {} again", dir.join("pki/crl.pem").display());
        }
        Command::Officer(command) => officer::run(&home()?, command)?,
        Command::Renew => {
            let renewed = renew::renew(&home()?)?;
            println!("root {} counts until {}", renewed.root_version, rfc3339(renewed.root_expires_at));
            println!("the certificates in {} are new: restart broker and serve", dir.join("pki").display());
        }
        Command::ReplaceKey { role } => {
            let replaced = replace::replace_key(&home()?, role)?;
            let (version, name) = (replaced.root_version, role.name());
            if replaced.finished {
                println!("finished what was cut off before; for another new key, say it again");
            }
            println!(
                "{name}: new key, named by root {version}; it goes out with serve, a bundle or publish --broker"
            );
            println!("keys/{name}.until-{version} is the old one: nothing needs it any more");
            if role == keys::OnlineRole::Heartbeat {
                println!("{}", replace::SCANNERS_HINT);
            }
        }
        Command::Serve { broker, heartbeat, depot_rate } => {
            let options = ServeOptions { broker, heartbeat_every: heartbeat, depot_bytes_per_s: depot_rate };
            let report = runtime()?.block_on(serve_until_told(&home()?, options))?;
            println!(
                "{} encounters stored, {} known already, {} refused",
                report.stored, report.known, report.refused
            );
        }
        Command::Answer { encounter, word, text } => {
            let id = from_hex(&encounter).ok_or(HqError::NoEncounter(encounter))?;
            let device = answer::answer(&home()?, id, word, &text)?;
            println!("{device} gets the answer as soon as it is connected; `serve` keeps it at the broker");
        }
        Command::Encounters { json } => print(json, &encounters::encounters(&home()?)?, show::encounters)?,
        Command::Devices { json } => print(json, &devices::devices(&home()?)?, show::devices)?,
        Command::Lists { json } => print(json, &list::lists(&home()?)?, show::lists)?,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "vedette-hq", &mut std::io::stdout());
        }
    }
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new()
}

fn publish_list(
    home: &Home,
    name: ListName,
    bundle: Option<PathBuf>,
    options: &publish::PublishOptions,
    broker: bool,
) -> anyhow::Result<()> {
    let spinner = spinner(&format!("publishing {name}"));
    let published = publish::publish(home, &name, options)?;
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

/// Sends a list's newest edition to the broker.
fn send(home: &Home, list: ListName) -> anyhow::Result<()> {
    let sent = runtime()?.block_on(broadcast::broadcast(home, &[list], None))?;
    println!("the broker has it: {} messages kept, {} chunks sent to all", sent.retained, sent.chunks);
    Ok(())
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

async fn serve_until_told(home: &Home, options: ServeOptions) -> anyhow::Result<serve::ServeReport> {
    let stop = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let signalled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        signalled.cancel();
    });
    Ok(serve::run(home, options, stop).await?)
}

fn print<T: serde::Serialize>(json: bool, rows: &[T], show: impl Fn(&[T]) -> String) -> anyhow::Result<()> {
    let out = if json { serde_json::to_string(rows)? + "\n" } else { show(rows) };
    Ok(std::io::stdout().write_all(out.as_bytes())?)
}

fn import_list(
    home: &Home,
    list: &ListName,
    file: &Path,
    report_file: Option<&Path>,
    options: ImportOptions,
) -> anyhow::Result<()> {
    let imported = match import::import(home, list, file, options) {
        Err(HqError::NotAsWritten { path, report }) => {
            eprintln!("{report}");
            write_report(report_file, &report)?;
            return Err(HqError::NotAsWritten { path, report }.into());
        }
        other => other?,
    };
    write_report(report_file, &imported.report)?;
    println!("{}", imported.report);
    println!("{list}: {} alerts pending ({} bytes)", imported.entries, imported.bytes);
    Ok(())
}

/// Writes a report as JSON, where one is wanted.
fn write_report(file: Option<&Path>, report: &Report) -> anyhow::Result<()> {
    match file {
        Some(path) => Ok(files::write(path, &serde_json::to_vec_pretty(report)?)?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("48h"), Ok(Duration::from_secs(172_800)));
        for bad in ["48", "h", "-1h", "0s", "1.5h", "99999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
