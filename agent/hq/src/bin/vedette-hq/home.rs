//! `init`, `renew`, `replace-key`: the home and its keys.

use crate::door::{Door, clock};
use crate::values::{ReplacedRole, replaced_role};
use clap::Subcommand;
use std::path::PathBuf;
use vedette_common::clock::rfc3339;
use vedette_hq::audit::{Act, key};
use vedette_hq::init::{InitOptions, init};
use vedette_hq::replace::Replaced;
use vedette_hq::{Home, backup, renew, replace, replace_ca, replace_list, replace_root};
use vedette_shim::ids::ListName;

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
    /// Replace a key, because somebody may have copied it or it is lost: the next root names the new one. If it is
    /// interrupted, the same command again finishes.
    ReplaceKey {
        /// `heartbeat`, `roster`, `collector`, `orders` or `audit`; or a list's `issuer` or `owner`.
        #[arg(value_parser = replaced_role)]
        role: ReplacedRole,
        /// The list of the issuer or owner.
        #[arg(required_if_eq_any([("role", "issuer"), ("role", "owner")]))]
        list: Option<ListName>,
    },
    /// Replace the CA of the link, because its key may have been copied. From then on devices and broker believe both, and devices get
    /// certificates by the new one; when all have, `--finish` ends the old one. If it is interrupted, the same command again
    /// finishes.
    ReplaceCa {
        /// End the old CA. Refused while a device has not said that it uses a certificate by the new one.
        #[arg(long)]
        finish: bool,
        /// End it all the same: those devices are cut off until somebody brings them certificates.
        #[arg(long, requires = "finish")]
        anyway: bool,
    },
    /// Erase the keys that a list's owner had before `replace-key owner`: nothing sealed to them can be read after that. Refused
    /// for 30 days, and while devices may have encounters that are.
    EraseOldKeys {
        /// The list.
        list: ListName,
        /// Erase them now: encounters that are still on their way are lost.
        #[arg(long)]
        anyway: bool,
    },
    /// Replace all three root keys, because one may have been copied or is lost; two must be in the home. The next root is
    /// signed by the old and the new. If it is interrupted, the same command again finishes.
    ReplaceRootKeys,
}

pub(crate) fn run(door: &Door, command: Command, clock_is_right: bool) -> anyhow::Result<()> {
    let dir = door.dir();
    match command {
        Command::Backup { out } => {
            let count = backup::backup(&door.open(Act::Backup)?, &out)?;
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
            let renewed = renew::renew(&door.open(Act::Renew)?, revoke_old)?;
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
            let replaced = replace_root::replace_root_keys(&door.open(Act::ReplaceRootKeys)?)?;
            if replaced.finished {
                println!("completed the interrupted replacement; run the command again for other new keys");
            }
            println!(
                "root {} names three new root keys; it goes out with serve, a bundle or publish --broker",
                replaced.root_version
            );
            println!("move them apart from each other, and keep no copy of the old ones");
        }
        Command::ReplaceKey { role, list } => replace_key(&door.open(Act::ReplaceKey)?, role, list.as_ref())?,
        Command::ReplaceCa { finish: false, .. } => {
            let begun = replace_ca::begin(&door.open(Act::ReplaceCa)?)?;
            if begun.before {
                println!(
                    "the CA is being replaced already; {} device(s) need the old one still:",
                    begun.waiting.len()
                );
                begun.waiting.iter().for_each(|device| println!("  {device}"));
            }
            let pki = dir.join("pki");
            println!("{}: copy ca.pem and crl.pem to the broker, and restart it", pki.display());
            println!(
                "`serve` tells the devices, and gives them new certificates; then `replace-ca --finish`"
            );
        }
        Command::ReplaceCa { finish: true, anyway } => {
            replace_ca::finish(&door.open(Act::ReplaceCa)?, anyway)?;
            let pki = dir.join("pki");
            println!("{}: the old CA has ended", pki.display());
            println!(
                "copy ca.pem, crl.pem, broker.pem and broker.key to the broker, then restart it and serve"
            );
        }
        Command::EraseOldKeys { list, anyway } => {
            match replace_list::erase_old_owner_keys(&door.open(Act::EraseOldKeys)?, &list, anyway)? {
                0 => println!("{list}: its owner has no old key here"),
                erased => println!("{list}: {erased} old key(s) of its owner erased"),
            }
        }
    }
    Ok(())
}

fn replace_key(home: &Home, role: ReplacedRole, list: Option<&ListName>) -> anyhow::Result<()> {
    let file = |key: &str, list: &ListName| format!("{key}-{}", list.as_str().replace('/', "."));
    match (role, list) {
        (ReplacedRole::Online(role), None) => {
            let root = say_replaced(role.name(), replace::replace_key(home, role)?);
            println!("keys/{}.until-{root} is the old one: nothing needs it any more", role.name());
        }
        (ReplacedRole::Audit, None) => {
            key::replace(home)?;
            println!("audit: new key; the next line of the log is signed by it");
            println!("keep keys/audit.until-*: the oldest is the key that exports are verified with");
        }
        (ReplacedRole::Audit, Some(list)) => {
            anyhow::bail!("the key audit is the home's, not {list}'s: name no list")
        }
        (ReplacedRole::Issuer, Some(list)) => {
            let name = file("issuer", list);
            let root = say_replaced(&name, replace_list::replace_issuer(home, list)?);
            println!("{list} is the next edition under it: devices fetch the list whole");
            println!("keys/{name}.until-{root} is the old one: nothing needs it any more");
        }
        (ReplacedRole::Owner, Some(list)) => {
            let name = file("owner", list);
            let root = say_replaced(&name, replace_list::replace_owner(home, list)?);
            println!(
                "keys/{name}.until-{root} is the old one: it opens what is on its way; in {} days `erase-old-keys {list}` \
                 erases it",
                replace_list::OLD_OWNER_KEY_DAYS
            );
        }
        (ReplacedRole::Online(role), Some(list)) => {
            anyhow::bail!("the key {} is the home's, not {list}'s: name no list", role.name())
        }
        // clap asks for the list.
        (ReplacedRole::Issuer | ReplacedRole::Owner, None) => anyhow::bail!("name the list"),
    }
    Ok(())
}

/// Says what was done; the version of the root that names the new key.
fn say_replaced(name: &str, replaced: Replaced) -> u32 {
    let version = replaced.root_version;
    if replaced.finished {
        println!("completed the interrupted replacement; run the command again for another new key");
    }
    println!(
        "{name}: new key, named by root {version}; it goes out with serve, a bundle or publish --broker"
    );
    version
}
