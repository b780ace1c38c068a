//! `vedette seal-key`: the device's key is sealed to this machine, so that a copy of its disk opens no list.

use super::failure::{FAILED, Failure};
use clap::Args;
use std::path::PathBuf;
use vedette::Config;
use vedette::box_key::Protection;
use vedette::box_key::seal::{SEALED_IN, SealError, Sealing, seal};

#[derive(Args)]
pub(super) struct Arguments {
    /// The file with the key; it is destroyed. Otherwise the one that the configuration names.
    key: Option<PathBuf>,
    /// Seal with systemd's host key, on a machine without a TPM 2: a copy of the whole disk still opens the lists.
    #[arg(long, conflicts_with = "tpm2_device")]
    host_key: bool,
    /// The TPM, as `systemd-creds --tpm2-device` takes it.
    #[arg(long, value_name = "DEVICE")]
    tpm2_device: Option<String>,
    /// The folder for the sealed key, in which systemd looks for it.
    #[arg(long, value_name = "FOLDER", default_value = SEALED_IN)]
    into: PathBuf,
}

pub(super) fn run(
    arguments: Arguments,
    config: impl FnOnce() -> Result<Config, Failure>,
) -> Result<u8, Failure> {
    let Arguments { key, host_key, tpm2_device, into } = arguments;
    let key = match key {
        Some(key) => key,
        None => config()?.box_key,
    };
    let with = if host_key { Protection::HostKey } else { Protection::Tpm2 };
    let path = seal(&Sealing { key: key.clone(), into, with, tpm2_device }).map_err(|error| {
        let hint = match &error {
            SealError::Run(_) => {
                "it comes with systemd (250 or newer); agent/docs/device.md tells of machines without it"
            }
            SealError::Refused { .. } if !host_key => {
                "without a TPM 2 only --host-key is left, and an encrypted disk"
            }
            _ => "",
        };
        Failure::new(FAILED, error, hint)
    })?;
    println!("sealed into {}; {} is destroyed", path.display(), key.display());
    println!("next: systemctl restart vedette; `vedette status` says what protects the key");
    Ok(0)
}
