//! `init`, `renew`, `replace-key`: the home and its keys.

use crate::values::online_role;
use clap::Subcommand;
use std::path::Path;
use std::sync::Arc;
use vedette_common::clock::{Clock, rfc3339};
use vedette_hq::init::{InitOptions, init};
use vedette_hq::keys::OnlineRole;
use vedette_hq::{AuthorityError, Home, renew, replace};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a home: root keys (two of three sign), CA, roles.
    Init {
        /// A name or address of the broker besides localhost; devices connect to the first.
        #[arg(long, value_name = "NAME")]
        broker_host: Vec<String>,
        /// The broker's port.
        #[arg(long, default_value_t = 8883)]
        broker_port: u16,
    },
    /// Give the root, the roster and the broker's and headquarters' certificates a new term; `serve` warns when it is time.
    Renew,
    /// Replace the key of an online role, because somebody may have copied it or it is lost: the next root names the new
    /// one. If it is interrupted, the same command again finishes.
    ReplaceKey {
        /// `heartbeat`, `roster`, `collector` or `orders`.
        #[arg(value_parser = online_role)]
        role: OnlineRole,
    },
}

/// Opens the home, with the machine's clock.
pub(crate) fn open(dir: &Path) -> Result<Home, AuthorityError> {
    Home::open(dir, clock())
}

fn clock() -> Arc<Clock> {
    Arc::new(Clock::default())
}

pub(crate) fn run(dir: &Path, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init { broker_host, broker_port } => {
            init(dir, &InitOptions { broker_hosts: broker_host, broker_port }, clock())?;
            println!("headquarters is in {}", dir.display());
        }
        Command::Renew => {
            let renewed = renew::renew(&open(dir)?)?;
            println!("root {} counts until {}", renewed.root_version, rfc3339(renewed.root_expires_at));
            println!("the certificates in {} are new: restart broker and serve", dir.join("pki").display());
        }
        Command::ReplaceKey { role } => {
            let replaced = replace::replace_key(&open(dir)?, role)?;
            let (version, name) = (replaced.root_version, role.name());
            if replaced.finished {
                println!("completed the interrupted replacement; run the command again for another new key");
            }
            println!(
                "{name}: new key, named by root {version}; it goes out with serve, a bundle or publish --broker"
            );
            println!("keys/{name}.until-{version} is the old one: nothing needs it any more");
            if let Some(hint) = replace::scanners_hint(role) {
                println!("{hint}");
            }
        }
    }
    Ok(())
}
