//! `vedette request`: a new device's keys, made where they stay.

use super::failure::{FAILED, Failure};
use clap::Args;
use std::path::PathBuf;
use vedette::enrolment;
use vedette_shim::ids::DeviceId;

#[derive(Args)]
pub(super) struct Arguments {
    /// The device's id, such as post-7.
    device: DeviceId,
    /// The device's folder; its keys are made in it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let made = enrolment::request(&arguments.device, &arguments.out)
        .map_err(|error| Failure::new(FAILED, error, "name a folder that has no keys yet"))?;
    println!("request: {}", made.file.display());
    println!("fingerprint: {}", made.fingerprint);
    println!("next, at headquarters: vedette-hq enrol {} --request FILE --out DIR", arguments.device);
    println!("it shows the same fingerprint; then copy what is in DIR into {}", arguments.out.display());
    Ok(0)
}
