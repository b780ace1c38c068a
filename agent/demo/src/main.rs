//! `vedette-demo`: plays the whole job on this machine. The device's agent is this program again, as a process of its own.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use vedette::config::Config;
use vedette_demo::DemoOptions;

/// Play the whole job on this machine: keys, broker, list, agent, an outage, an encounter and its receipt.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Unattended; exit 0 only if the encounter arrived and nothing was lost.
    #[arg(long)]
    once: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// The device's agent, as the demo starts it.
    #[command(hide = true)]
    Agent {
        /// Its configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.part {
        Some(Part::Agent { config }) => agent(&config),
        None => vedette_demo::run(DemoOptions { once: cli.once }).map_err(anyhow::Error::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn agent(config: &Path) -> anyhow::Result<()> {
    vedette_common::log::start("info");
    let config = Config::load(config)?;
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime.block_on(vedette::daemon::run(config, CancellationToken::new()))?)
}
