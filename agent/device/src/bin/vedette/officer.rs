//! `vedette officer`: what an administrator of the device does about officers. Who is on the roster, headquarters decides.

use super::failure::Failure;
use clap::Subcommand;
use vedette::store::Db;
use vedette::{Config, officers};
use vedette_common::clock::system_now;
use vedette_common::roster::Badge;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Unlock a badge that wrong PINs have locked; the journal says so.
    Unlock {
        /// What the badge says.
        badge: Badge,
    },
}

pub(super) fn run(command: Command, config: &Config) -> Result<u8, Failure> {
    let Command::Unlock { badge } = command;
    let db = Db::open_in(&config.state)?;
    match officers::unlock(&db, &badge, system_now())? {
        true => println!("{badge} may try again"),
        false => println!("{badge} was not locked"),
    }
    Ok(0)
}
