//! `vedette scan`: a document's zone -> the running agent's answer, or the store's own.

use super::failure::{Failure, UNREADABLE};
use super::output::{environment_language, print};
use std::io::{IsTerminal, Read};
use vedette::desk::api::{AnswerView, ScanRequest};
use vedette::desk::client;
use vedette::{Agent, Config, show};
use vedette_common::clock::system_now;
use vedette_common::words::{Language, Words};
use vedette_shim::verdict::Verdict;

const CLEAR: u8 = 0;
const HIT: u8 = 10;
const POSSIBLE: u8 = 11;
const NOT_CHECKED: u8 = 12;

/// A machine readable zone on standard input is shorter than this, bytes.
const ZONE_BYTES_MAX: u64 = 4096;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Open the store itself instead of asking the running agent.
    #[arg(long)]
    standalone: bool,
    /// Who searches (badge), for the journal.
    #[arg(long, default_value = "")]
    who: String,
    /// Why, for the journal.
    #[arg(long, default_value = "")]
    why: String,
    /// Language of the answer: en, fr, es, ar. Default: that of the environment (LC_ALL, LC_MESSAGES, LANG).
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
    /// The lines of the machine readable zone.
    lines: Vec<String>,
}

fn language(tag: &str) -> Result<Language, String> {
    Language::of(tag).ok_or_else(|| "there are en, fr, es and ar".into())
}

pub(super) async fn run(
    arguments: Arguments,
    config: impl FnOnce() -> Result<Config, Failure>,
) -> Result<u8, Failure> {
    let Arguments { json, standalone, who, why, lang, lines } = arguments;
    let request = ScanRequest { mrz: zone(lines)?, who: who.clone(), why };
    let config = config()?;
    let answer: AnswerView = match standalone {
        true => (&*Agent::open(&config)?.check(&request.by(who))?).into(),
        false => client::post(&config.desk.socket, "/v1/scans", &request).await?,
    };
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let words = Words::of(lang.unwrap_or_else(environment_language));
    print(json, &answer, |answer| show::answer(answer, words, colour, system_now()))?;
    Ok(match answer.verdict {
        Verdict::Clear => CLEAR,
        Verdict::Hit => HIT,
        Verdict::Possible => POSSIBLE,
        Verdict::NotChecked => NOT_CHECKED,
    })
}

/// The zone's text: the arguments, or standard input.
fn zone(lines: Vec<String>) -> Result<String, Failure> {
    if !lines.is_empty() {
        return Ok(lines.join("\n"));
    }
    if std::io::stdin().is_terminal() {
        eprintln!("Type or scan the machine readable zone, then Ctrl-D:");
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(ZONE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ZONE_BYTES_MAX {
        let error = format!("unreadable MRZ: standard input has more than {ZONE_BYTES_MAX} bytes");
        return Err(Failure::new(UNREADABLE, error, "give the two or three lines of one document"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let error = format!("unreadable MRZ: not UTF-8 at byte {}", error.utf8_error().valid_up_to());
        Failure::new(UNREADABLE, error, "a machine readable zone holds A-Z, 0-9 and <")
    })
}
