//! `vedette token`: client tokens.

use super::failure::Failure;
use super::output::print;
use clap::Subcommand;
use vedette::desk::tokens;
use vedette::store::Db;
use vedette::{Config, show};
use vedette_common::clock::system_now;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token and print it; it cannot be shown again.
    New {
        /// The program, as the journal will name it.
        name: String,
    },
    /// Show the names of all tokens.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a token from now on.
    Revoke {
        /// Its name.
        name: String,
    },
}

pub(super) fn run(command: Command, config: &Config) -> Result<u8, Failure> {
    let db = Db::open_in(&config.state)?;
    match command {
        Command::New { name } => {
            let token = tokens::create(&db, &name, system_now())?;
            println!("{}", token.as_str());
            Ok(0)
        }
        Command::List { json } => print(json, &tokens::list(&db)?, |all| show::tokens(all)),
        Command::Revoke { name } => {
            tokens::revoke(&db, &name)?;
            Ok(0)
        }
    }
}
