//! `vedette mrz`: what machine readable zones say, without a device.

use super::failure::{Failure, UNREADABLE, USAGE};
use std::io::BufReader;
use vedette::mrz_view;
use vedette_shim::mrz::{Fields, compose};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print one JSON object a sample.
    #[arg(long)]
    json: bool,
    /// Print a passport's zone for STATE:NUMBER instead (for trying things out).
    #[arg(long, value_name = "STATE:NUMBER")]
    specimen: Option<String>,
}

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    if let Some(of) = arguments.specimen {
        return specimen(&of);
    }
    let input = BufReader::new(std::io::stdin().lock());
    let readable = mrz_view::run(input, std::io::stdout().lock(), arguments.json)?;
    Ok(if readable { 0 } else { UNREADABLE })
}

fn specimen(of: &str) -> Result<u8, Failure> {
    let usage =
        |error: &dyn ToString| Failure::new(USAGE, error.to_string(), "for example --specimen UTO:L898902C3");
    let (state, number) = of.split_once(':').ok_or_else(|| usage(&"not STATE:NUMBER"))?;
    let lines = compose(&Fields::specimen_passport(state, number)).map_err(|error| usage(&error))?;
    lines.iter().for_each(|line| println!("{line}"));
    Ok(0)
}
