//! `vedette-hq`: arguments -> library call -> exit code. One file a group of commands.

mod agency;
mod approvals;
mod audit;
mod changes;
mod devices;
mod door;
mod holders;
mod home;
mod lists;
mod officer;
mod operator;
mod print;
mod scanner;
mod service;
mod show;
mod values;

use crate::door::Door;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use vedette_common::memory;
use vedette_hq::audit::Act;

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
    /// Say that the clock is right, where a command refuses to sign because it is more than 36 hours past the last signature.
    /// It is logged, and a `serve` that runs goes on signing by itself.
    #[arg(long, global = true)]
    clock_is_right: bool,
    /// The folder of the operator who acts, with certificate and key; needed once there are operators.
    #[arg(long, global = true, env = "VEDETTE_OPERATOR", value_name = "FOLDER")]
    operator: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Home(home::Command),
    #[command(flatten)]
    Lists(lists::Command),
    #[command(flatten)]
    Changes(changes::Command),
    #[command(flatten)]
    Approvals(approvals::Command),
    #[command(flatten)]
    Devices(devices::Command),
    /// Show who holds a list, an edition or an alert, who may, and until when.
    Holders(holders::HoldersArgs),
    /// Say who may sign in at the devices.
    #[command(subcommand)]
    Officer(officer::Command),
    /// Say which scanners with the shim hang at which device.
    #[command(subcommand)]
    Scanner(scanner::Command),
    /// Exchange lists and encounters with agencies that issue on machines of their own.
    #[command(subcommand)]
    Agency(agency::Command),
    /// Say who may act at headquarters, in which roles.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Show, verify and export the log of every act.
    #[command(subcommand)]
    Audit(audit::Command),
    #[command(flatten)]
    Service(service::Command),
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    memory::keep_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Where help cannot be written there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    vedette_common::log::start("info,rumqttc=warn");
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = vedette_hq::hint(error.as_ref()) {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let restores = matches!(cli.command, Command::Home(home::Command::Restore { .. }));
    let door = Door { dir: cli.home, operator: cli.operator };
    if cli.clock_is_right && !restores {
        vedette_hq::signing_time::confirm_clock(&door.open(Act::ConfirmClock)?)?;
    }
    match cli.command {
        Command::Home(command) => home::run(&door, command, cli.clock_is_right),
        Command::Lists(command) => lists::run(&door, command),
        Command::Changes(command) => changes::run(&door, command),
        Command::Approvals(command) => approvals::run(&door, command),
        Command::Devices(command) => devices::run(&door, command),
        Command::Holders(args) => holders::run(&door, args),
        Command::Officer(command) => officer::run(&door, command),
        Command::Scanner(command) => scanner::run(&door, command),
        Command::Agency(command) => agency::run(&door, command),
        Command::Operator(command) => operator::run(&door, command),
        Command::Audit(command) => audit::run(&door, command),
        Command::Service(command) => service::run(&door, command),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "vedette-hq", &mut std::io::stdout());
            Ok(())
        }
    }
}
