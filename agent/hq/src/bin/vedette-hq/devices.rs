//! `enrol`, `revoke`, `devices`: devices come and go.

use crate::door::Door;
use crate::{print, show};
use clap::Subcommand;
use std::path::PathBuf;
use vedette_common::clock::rfc3339;
use vedette_hq::audit::Act;
use vedette_hq::enrol::{self, EnrolOptions};
use vedette_hq::flags::Flag;
use vedette_hq::inventory::devices as flagged;
use vedette_hq::{orders, revoke};
use vedette_shim::ids::DeviceId;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enrol a device: certificate, grants, trust anchor and an agent.toml it runs with.
    Enrol {
        /// Its id, such as post-7-scanner-2.
        device: DeviceId,
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Where it stands, as encounters name it.
        #[arg(long)]
        post: Option<String>,
        /// Life of its certificate, days.
        #[arg(long, default_value_t = 90)]
        cert_days: u32,
        /// The request that `vedette request` made on the device: its private keys stay there.
        #[arg(long, value_name = "FILE", conflicts_with = "renew")]
        request: Option<PathBuf>,
        /// It is enrolled: make a new certificate and key only, to be copied over its own. It keeps all else.
        #[arg(long, conflicts_with = "post")]
        renew: bool,
    },
    /// Revoke a device: its certificate, its grants; order it to erase; new list keys for the next editions. What is
    /// published already stays under the keys it has; `publish --whole` reseals a list.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// Ask devices for encounters again: those that were refused here, and those that they still have of what was receipted.
    SendAgain {
        /// The devices; every enrolled one without.
        devices: Vec<DeviceId>,
    },
    /// Show the devices: who holds which edition, how old, and what waits there.
    Devices {
        /// Only those with this flag: `lag`, `conflict`, `clone`, `clock`, `disk`, `certificate` or `silent`.
        #[arg(long)]
        flag: Option<Flag>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Enrol { device, out, cert_days, renew: true, .. } => {
            let until = rfc3339(enrol::renew(&door.open(Act::RenewDevice)?, &device, &out, cert_days)?);
            println!("{device}: a certificate until {until}; it keeps its keys, lists and encounters");
            println!("copy device.pem and device.key of {} over the device's own", out.display());
        }
        Command::Enrol { device, out, post, cert_days, request, renew: false } => {
            let options =
                EnrolOptions { post, certificate_days: cert_days, request, ..EnrolOptions::into(out) };
            let enrolled = enrol::enrol(&door.open(Act::Enrol)?, &device, &options)?;
            let until = rfc3339(enrolled.certificate_expires_at);
            let before = if enrolled.before { "was enrolled before, " } else { "enrolled " };
            println!("{device}: {before}until {until}, {} list(s) granted", enrolled.lists.len());
            match enrolled.fingerprint {
                Some(fingerprint) => {
                    println!("fingerprint: {fingerprint}");
                    println!(
                        "if the device showed the same, copy what is in the folder to it; else `vedette-hq revoke {device}`"
                    );
                }
                None => println!("run it with: vedette run --config {}", enrolled.agent_toml.display()),
            }
        }
        Command::Revoke { device } => {
            let revoked = revoke::revoke(&door.open(Act::Revoke)?, &device)?;
            match revoked.before {
                true => println!("{device}: was revoked before; nothing else changes"),
                false => println!(
                    "{device}: revoked; {} list(s) get a new key with their next edition",
                    revoked.rotated.len()
                ),
            }
            println!("the broker must read {} again", door.dir().join("pki/crl.pem").display());
        }
        Command::SendAgain { devices } => {
            let count = orders::send_again(&door.open(Act::SendAgain)?, &devices)?;
            println!(
                "{count} device(s) are ordered to send again; the order goes out with serve or publish --broker"
            );
        }
        Command::Devices { flag, json } => {
            let home = door.open(Act::Devices)?;
            print::pages(json, flagged::pages(&home, flag)?, show::devices)?;
            print::alarms(&home)?;
        }
    }
    Ok(())
}
