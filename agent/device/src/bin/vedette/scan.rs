//! `vedette scan`: a document's zone -> the running agent's answer, or the store's own.

use super::asking::Asking;
use super::failure::{Failure, UNREADABLE};
use std::io::{IsTerminal, Read};
use vedette::check::slips::Slip;
use vedette::desk::api::{AnswerView, PlaceView, ScanRequest};
use vedette::desk::client::{self, ClientError};
use vedette::{Agent, CheckError, Config};
use vedette_common::text::printable;

/// A machine readable zone on standard input is shorter than this, bytes.
const ZONE_BYTES_MAX: u64 = 4096;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The lines of the machine readable zone.
    lines: Vec<String>,
}

pub(super) async fn run(
    arguments: Arguments,
    config: impl FnOnce() -> Result<Config, Failure>,
) -> Result<u8, Failure> {
    let Arguments { asking, lines } = arguments;
    let request = ScanRequest { mrz: zone(lines)?, who: asking.who.clone(), why: asking.why.clone() };
    let config = config()?;
    let answer: AnswerView = match asking.standalone {
        true => match Agent::open(&config)?.check(&request.clone().by(asking.who.clone())) {
            Ok(answer) => (&*answer).into(),
            Err(CheckError::Unreadable(error)) => {
                let slip = Slip::of(&request.mrz, &error);
                return Err(unreadable(CheckError::Unreadable(error), &request.mrz, slip));
            }
            Err(other) => return Err(other.into()),
        },
        false => match client::post(&config.desk.socket, "/v1/scans", &request).await {
            Err(ClientError::Refused { status: 422, problem }) => {
                let likely = Some(problem.likely).filter(|lines| !lines.is_empty());
                let slip = problem.place.map(|PlaceView { line, column }| Slip { line, column, likely });
                return Err(unreadable(problem.error, &request.mrz, slip));
            }
            other => other?,
        },
    };
    asking.show(&answer)
}

/// Shows what was typed, so that it is not lost, the place that is wrong, and how it was likely meant.
fn unreadable(error: impl ToString, typed: &str, slip: Option<Slip>) -> Failure {
    let mut shown = String::new();
    for (line, text) in (1..).zip(typed.split(['\n', '\r']).filter(|line| !line.trim().is_empty())) {
        shown += &format!("  {}\n", printable(text));
        if let Some(column) = slip.as_ref().filter(|slip| slip.line == line).and_then(|slip| slip.column) {
            shown += &format!("  {}^ line {line}, column {column}\n", " ".repeat(usize::from(column) - 1));
        }
    }
    let hint = match slip.and_then(|slip| slip.likely) {
        Some(lines) => {
            let lines: Vec<_> = lines.iter().map(|line| format!("'{}'", printable(line))).collect();
            format!("compare with the document, and if it has this, run: vedette scan {}", lines.join(" "))
        }
        None => "compare with the document, and type the line again".into(),
    };
    Failure::new(UNREADABLE, format!("{}\n{}", error.to_string(), shown.trim_end_matches('\n')), &hint)
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
