//! `vedette scan`: a document's zone -> the running agent's answer, or the store's own.

use super::asking::Asking;
use super::failure::{Failure, UNREADABLE};
use std::io::{IsTerminal, Read};
use vedette::desk::api::{AnswerView, ScanRequest};
use vedette::desk::client;
use vedette::{Agent, Config};

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
        true => (&*Agent::open(&config)?.check(&request.by(asking.who.clone()))?).into(),
        false => client::post(&config.desk.socket, "/v1/scans", &request).await?,
    };
    asking.show(&answer)
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
