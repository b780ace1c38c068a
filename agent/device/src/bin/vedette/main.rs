//! `vedette`: arguments -> configuration -> one command -> exit code. A file a command.

mod asking;
mod drill;
mod failure;
mod find;
mod import;
mod journal;
mod lists;
mod mrz;
mod officer;
mod output;
mod owners;
mod request;
mod scan;
mod seal_key;
mod status;
mod token;

use clap::{CommandFactory, Parser, Subcommand};
use failure::{Failure, USAGE};
use std::path::PathBuf;
use std::process::ExitCode;
use vedette::{Config, daemon, show};
use vedette_common::memory::{self, Memory};
use vedette_common::shutdown;

/// Signed watchlists beside the officer: answers offline, brings every hit home.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes of scan and find: 0 Clear, 10 Hit, 11 Possible, 12 NotChecked, 64 usage, \
65 unreadable MRZ, or nothing that can be searched. Others: 1 failed, 69 no agent answers, 78 configuration."
)]
struct Cli {
    /// Configuration file.
    #[arg(long, short, global = true, env = "VEDETTE_CONFIG", default_value = "/etc/vedette/agent.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the agent: link, intake, local API, spool.
    Run,
    /// Check a document: MRZ lines as arguments, or on standard input.
    Scan(scan::Arguments),
    /// Find a document or a person without a zone: by number, name or another identifier.
    #[command(subcommand)]
    Find(find::Command),
    /// Read machine readable zones from standard input, samples separated by a blank line.
    Mrz(mrz::Arguments),
    /// Show the stored lists, their editions and ages.
    Lists(lists::Arguments),
    /// Show the agent's state: link, spool, lists.
    Status(status::Arguments),
    /// Show which alerts their owners must still confirm, what they answered, and what was listed after its scan.
    Owners(owners::Arguments),
    /// Import a bundle, such as from a USB stick. Uses the running agent, or the store itself when none runs.
    Import(import::Arguments),
    /// Make a new device's keys, here, and a request that `vedette-hq enrol --request` takes: headquarters never has them.
    Request(request::Arguments),
    /// Check the configuration file and say what it means.
    CheckConfig,
    /// Verify, show or export the record of who searched what, when and why.
    #[command(subcommand)]
    Journal(journal::Command),
    /// An outage exercise: hold the link back for some minutes and measure how ready the post is.
    #[command(subcommand)]
    Drill(drill::Command),
    /// Officers: unlock a badge.
    #[command(subcommand)]
    Officer(officer::Command),
    /// Client tokens: what programs show to call the API on loopback.
    #[command(subcommand)]
    Token(token::Command),
    /// Seal the device's key to this machine's TPM 2, so that a copy of its disk opens no list. As root, on the device.
    SealKey(seal_key::Arguments),
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let memory = memory::keep_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each goes to.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    vedette_common::log::start(match cli.command {
        Command::Run => "info,rumqttc=warn",
        _ => "error",
    });
    if memory == Memory::Swappable {
        tracing::info!("memory may be written to swap: LimitMEMLOCK=infinity of the unit locks it");
    }
    let done = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        let done = runtime.block_on(command(cli));
        // Not waiting for what blocks: the agent was given its time to end.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code)
        }
    }
}

async fn command(cli: Cli) -> Result<u8, Failure> {
    let config = || Config::load(&cli.config).map_err(Failure::from);
    match cli.command {
        Command::Run => {
            let config = config()?;
            daemon::run(config, shutdown::on_signal()?).await?;
            Ok(0)
        }
        Command::Scan(arguments) => scan::run(arguments, config).await,
        Command::Find(command) => find::run(command, &config()?).await,
        Command::Mrz(arguments) => mrz::run(arguments),
        Command::Lists(arguments) => lists::run(&arguments, &config()?).await,
        Command::Status(arguments) => status::run(&arguments, &config()?).await,
        Command::Owners(arguments) => owners::run(&arguments, &config()?).await,
        Command::Import(arguments) => import::run(&arguments, &config()?).await,
        Command::Request(arguments) => request::run(&arguments),
        Command::CheckConfig => {
            print!("{}", show::config(&cli.config, &config()?));
            Ok(0)
        }
        Command::Journal(command) => journal::run(command, &config()?),
        Command::Drill(command) => drill::run(command, &config()?).await,
        Command::Officer(command) => officer::run(command, &config()?),
        Command::SealKey(arguments) => seal_key::run(arguments, config),
        Command::Token(command) => token::run(command, &config()?),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "vedette", &mut std::io::stdout());
            Ok(0)
        }
    }
}
