//! `init`, `renew`, `replace-key`: the home and its keys.

use crate::values::online_role;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vedette_common::clock::{Clock, rfc3339};
use vedette_hq::init::{InitOptions, init};
use vedette_hq::keys::OnlineRole;
use vedette_hq::{AuthorityError, Home, backup, renew, replace, replace_root};

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
    Renew {
        /// Revoke the certificates that broker, headquarters and publisher had until now: their keys may have been copied.
        #[arg(long)]
        revoke_old: bool,
    },
    /// Copy the whole home into a new folder; `serve` may run meanwhile. The copy holds every private key: keep it as safe as
    /// the home.
    Backup {
        /// The folder to make.
        out: PathBuf,
    },
    /// Make the home (--home, a folder that does not exist) of a backup. Numbers of editions, orders and rosters go past all
    /// that was published since the backup, and devices are ordered to send again what headquarters lost.
    Restore {
        /// The backup's folder.
        backup: PathBuf,
    },
    /// Replace the key of an online role, because somebody may have copied it or it is lost: the next root names the new
    /// one. If it is interrupted, the same command again finishes.
    ReplaceKey {
        /// `heartbeat`, `roster`, `collector` or `orders`.
        #[arg(value_parser = online_role)]
        role: OnlineRole,
    },
    /// Replace all three root keys, because one may have been copied or is lost; two must be in the home. The next root is
    /// signed by the old and the new. If it is interrupted, the same command again finishes.
    ReplaceRootKeys,
}

/// Opens the home, with the machine's clock.
pub(crate) fn open(dir: &Path) -> Result<Home, AuthorityError> {
    Home::open(dir, clock())
}

fn clock() -> Arc<Clock> {
    Arc::new(Clock::default())
}

pub(crate) fn run(dir: &Path, command: Command, clock_is_right: bool) -> anyhow::Result<()> {
    match command {
        Command::Backup { out } => {
            let count = backup::backup(&open(dir)?, &out)?;
            println!(
                "{} has {count} files, and every private key: keep it as safe as the home",
                out.display()
            );
        }
        Command::Restore { backup } => {
            backup::restore(dir, &backup, clock(), clock_is_right)?;
            println!(
                "{} is restored; serve and publish every list from it, with its newest file",
                dir.display()
            );
            println!(
                "what was done after the backup is lost: do it again, revocations and replaced keys first"
            );
        }
        Command::Init { broker_host, broker_port } => {
            init(dir, &InitOptions { broker_hosts: broker_host, broker_port }, clock())?;
            println!("headquarters is in {}", dir.display());
        }
        Command::Renew { revoke_old } => {
            let renewed = renew::renew(&open(dir)?, revoke_old)?;
            println!("root {} counts until {}", renewed.root_version, rfc3339(renewed.root_expires_at));
            println!("the certificates in {} are new: restart broker and serve", dir.join("pki").display());
            if revoke_old {
                println!(
                    "{} certificates are revoked; devices refuse the broker until it has its new one",
                    renewed.revoked
                );
            }
        }
        Command::ReplaceRootKeys => {
            let replaced = replace_root::replace_root_keys(&open(dir)?)?;
            if replaced.finished {
                println!("completed the interrupted replacement; run the command again for other new keys");
            }
            println!(
                "root {} names three new root keys; it goes out with serve, a bundle or publish --broker",
                replaced.root_version
            );
            println!("move them apart from each other, and keep no copy of the old ones");
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
