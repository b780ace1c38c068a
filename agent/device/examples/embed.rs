//! A program with the agent inside it: opens a device's store, checks one document, prints the answer.
//!
//! ```sh
//! cargo run -p vedette --example embed -- post-7/agent.toml 'P<UTOERIKSSON<<...' 'L898902C36UTO...'
//! ```
//!
//! It needs no daemon, and may run beside one. What it meets waits in the spool until a link brings it home: run
//! `vedette run` on the same store later, or `vedette::daemon::run` instead of `Agent::open`.

use std::path::Path;
use vedette::{Agent, Config, Scan};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let config = arguments.next().ok_or("usage: embed AGENT_TOML LINE...")?;
    let mrz = arguments.collect::<Vec<_>>().join("\n");

    let agent = Agent::open(&Config::load(Path::new(&config))?)?;
    // Blocks for the journal's fsync, a millisecond or so: in async code, call it in spawn_blocking.
    let answer = agent.check(&Scan { mrz, who: "gate 4".into(), why: "entry".into() })?;

    println!("{}: {}", answer.document.fields.number, answer.verdict);
    for alert in &answer.alerts {
        let found = &alert.found;
        println!("{} of {}: {}, {}", found.alert_id, found.list, found.subject, found.action);
    }
    for list in &answer.checked {
        println!("asked {} edition {}, {} s old", list.list, list.edition, list.age_s);
    }
    Ok(())
}
