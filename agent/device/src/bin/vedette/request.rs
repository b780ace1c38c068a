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
    let Arguments { device, out } = arguments;
    let made = enrolment::request(device, out)
        .map_err(|error| Failure::new(FAILED, error, "name a folder that has no keys yet"))?;
    let (file, out) = (made.file.display(), out.display());
    println!(
        "request: {file}\nfingerprint: {}\n\
         next, at headquarters: vedette-hq enrol {device} --request FILE --fingerprint TEXT --out DIR\n\
         bring the fingerprint by another way than the file; then copy what is in DIR into {out}",
        made.fingerprint
    );
    Ok(0)
}
