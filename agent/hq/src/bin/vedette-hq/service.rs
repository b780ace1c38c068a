//! `serve`, `encounters`, `answer`: what comes from the devices, and what goes back.

use crate::door::Door;
use crate::values::{duration, host_and_port, owner_word};
use crate::{print, show};
use clap::Subcommand;
use std::num::NonZeroU64;
use std::time::Duration;
use vedette_common::shutdown;
use vedette_hq::audit::Act;
use vedette_hq::serve::{self, ServeOptions, ServeReport};
use vedette_hq::{CollectorError, Home, agency, answer, encounters};
use vedette_shim::ids::{DeviceId, from_hex};
use vedette_shim::trust::OwnerWord;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve: depot (segments) and collector (encounters, receipts), until Ctrl-C.
    Serve {
        /// Another broker than the home's; several are tried in turn.
        #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
        broker: Vec<(String, u16)>,
        /// How often the heartbeat is signed again.
        #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
        heartbeat: Duration,
        /// Chunks sent, bytes a second; as fast as they are taken without it.
        #[arg(long, value_name = "BYTES")]
        depot_rate: Option<NonZeroU64>,
    },
    /// Show the encounters stored. That they are read is recorded.
    Encounters {
        /// What they are read for; it is recorded. Operators must say it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        purpose: String,
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
        /// Answer although another answer is in effect that says otherwise. Why; it is recorded.
        #[arg(long, value_name = "REASON")]
        even_so: Option<String>,
        /// The device that made it, where several have made one of this number.
        #[arg(long)]
        device: Option<DeviceId>,
    },
}

pub(crate) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { broker, heartbeat, depot_rate } => {
            let options =
                ServeOptions { brokers: broker, heartbeat_every: heartbeat, depot_bytes_per_s: depot_rate };
            let runtime = tokio::runtime::Runtime::new()?;
            let home = door.open_unasked()?;
            agency::home::check_is_headquarters(&home)?;
            let report = runtime.block_on(serve_until_told(&home, options))?;
            println!(
                "{} encounters stored, {} known already, {} refused",
                report.stored, report.known, report.refused
            );
        }
        Command::Encounters { purpose, json } => {
            let home = door.open(Act::Encounters)?;
            let count = print::pages(json, encounters::pages(&home, &purpose)?, show::encounters)?;
            if !json {
                println!("{count} encounter(s)");
            }
        }
        Command::Answer { encounter, word, text, even_so, device } => {
            let id = from_hex(&encounter).ok_or(CollectorError::NoEncounter(encounter))?;
            let device = answer::answer(
                &door.open(Act::Answer)?,
                id,
                device.as_ref(),
                word,
                &text,
                even_so.as_deref(),
            )?;
            println!("{device} gets the answer as soon as it is connected; `serve` keeps it at the broker");
        }
    }
    Ok(())
}

async fn serve_until_told(home: &Home, options: ServeOptions) -> anyhow::Result<ServeReport> {
    let stop = shutdown::on_signal()?;
    Ok(serve::run(home, options, stop).await?)
}
