//! `vedette drill`: begin, end and show an outage exercise, through the running agent.

use super::{Failure, print};
use clap::Subcommand;
use vedette::config::Config;
use vedette::desk::client;
use vedette::desk::drill::Begin;
use vedette::drill::DrillView;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Hold the link back and measure how ready the post is.
    Start {
        /// For so many minutes, 1 to 120.
        #[arg(long, default_value_t = 15)]
        minutes: u32,
        /// Who begins it (badge), for the journal.
        #[arg(long, default_value = "")]
        who: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End it now.
    Stop {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the one that runs, or the last.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<u8, Failure> {
    let socket = &config.desk.socket;
    let (json, drill): (bool, DrillView) = match command {
        Command::Start { minutes, who, json } => {
            (json, client::post(socket, "/v1/drill", &Begin { minutes, who }).await?)
        }
        Command::Stop { json } => (json, client::delete(socket, "/v1/drill").await?),
        Command::Show { json } => (json, client::get(socket, "/v1/drill").await?),
    };
    print(json, &drill, shown)
}

fn shown(drill: &DrillView) -> String {
    let report = &drill.report;
    let state = if drill.running { "running until" } else { "ended" };
    let home = match (drill.running, report.home_after_s) {
        (true, _) => String::new(),
        (false, Some(after)) => {
            format!("encounters home after {after} s of {} that waited\n", report.spooled)
        }
        (false, None) => format!("{} encounters waited, not all are home yet\n", report.spooled),
    };
    let ready = match (drill.running, report.shortcomings.as_slice()) {
        (true, _) => String::new(),
        (false, []) => "the post is ready\n".into(),
        (false, some) => some.iter().map(|code| format!("not ready: {}\n", words(code))).collect(),
    };
    format!(
        "drill of {}, {state} {}\n{} checks: {} hit, {} possible, {} clear, {} not checked\n\
         an answer took {} us, the slowest of a hundred {} us\n{home}{ready}",
        drill.started,
        drill.ends,
        report.checks,
        report.hits,
        report.possible,
        report.clear,
        report.not_checked,
        report.median_us,
        report.p99_us,
    )
}

fn words(code: &str) -> &str {
    match code {
        "drill.nobody_scanned" => "nobody scanned a document",
        "drill.not_checked" => "documents were not checked",
        "drill.expired_lists" => "lists were past their lease",
        "drill.slow" => "answers took more than a second",
        "drill.not_home" => "encounters were not home within a minute after the end",
        other => other,
    }
}
