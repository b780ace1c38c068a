//! `vedette drill`: begin, end and show an outage exercise, through the running agent.

use super::failure::Failure;
use super::output::{environment_language, print};
use clap::Subcommand;
use vedette::Config;
use vedette::desk::api::{DrillRequest, DrillView};
use vedette::desk::client;
use vedette_common::words::Words;

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
        /// Who ends it (badge), for the journal.
        #[arg(long, default_value = "")]
        who: String,
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
            (json, client::post(socket, "/v1/drill", &DrillRequest { minutes, who }).await?)
        }
        Command::Stop { who, json } => {
            (json, client::delete(socket, &format!("/v1/drill?who={}", escaped(&who))).await?)
        }
        Command::Show { json } => (json, client::get(socket, "/v1/drill").await?),
    };
    print(json, &drill, shown)
}

/// A text as part of a URL.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// The report in the words of the console, in the environment's language.
fn shown(drill: &DrillView) -> String {
    let words = Words::of(environment_language());
    let report = &drill.report;
    let say = |key: &str, values: &[(&str, String)]| {
        words.fill(key, &values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())
    };
    let mut lines = Vec::new();
    if drill.running {
        lines.push(say("drill.running", &[("time", drill.ends.clone())]));
    } else {
        let ready = if report.shortcomings.is_empty() { "drill.ready" } else { "drill.not_ready" };
        lines.push(say(ready, &[]));
        lines.extend(report.shortcomings.iter().map(|code| format!("- {}", words.say(code))));
    }
    let ms = report.p99_us.div_ceil(1_000).to_string();
    let (checks, not_checked) = (report.checks.to_string(), report.not_checked.to_string());
    lines.push(say("drill.counted", &[("checks", checks), ("not_checked", not_checked), ("ms", ms)]));
    let spooled = ("spooled", report.spooled.to_string());
    match report.home_after_s {
        _ if drill.running => {}
        Some(after) => lines.push(say("drill.home", &[spooled, ("n", after.to_string())])),
        None => lines.push(say("drill.waits", &[spooled])),
    }
    lines.join("\n") + "\n"
}
