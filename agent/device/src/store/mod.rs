//! What a device stores: the database `state.db`, and segments as files.
//!
//! | module | what it stores |
//! |---|---|
//! | `db` | nothing of its own: the connection, transactions, steps from one schema to the next |
//! | [`trust`] | the root, the last heartbeat, the floors of time and orders |
//! | [`roster`] | the officers as signed, and the floor of their number |
//! | [`editions`] | each list's floor, pending and active manifest, grants |
//! | [`spool`] | sealed reports until their receipt |
//! | [`receipted`] | reports for some days after their receipt |
//! | [`encounters`] | which encounters an outcome may be given to; one call stores an encounter with all that belongs to it |
//! | [`confirmations`] | the clocks of encounters that their owner must confirm |
//! | [`open_hits`] | hits without an outcome, sealed |
//! | [`late`] | encounters with documents that were listed only after their scan |
//! | [`retro`] | keyed hashes of documents that met no alert |
//! | [`journal`] | the audit journal's lines |
//! | [`tries`] | wrong PINs |
//! | [`tokens`] | programs' tokens |
//! | [`scanners`] | what was accepted from scanners |
//! | [`salvage`] | what can be read of a damaged database |
//! | [`segments`] | segments as files named by their digest |
//!
//! Each file holds its tables' schema, the numbered steps that change it, and their queries as typed functions. SQL stands
//! nowhere else. To change a table: add a [`Step`] with the next number to its file; never edit one that was released.
//!
//! Invariants: a floor is stored before what raised it is used; an encounter and its journal line are one transaction;
//! erased keys are overwritten.
#![allow(missing_docs)] // plain data: a field that its name and type explain has none

pub mod confirmations;
mod db;
pub mod editions;
pub mod encounters;
pub mod journal;
pub mod late;
pub mod open_hits;
pub mod receipted;
pub mod retro;
pub mod roster;
pub mod salvage;
pub mod scanners;
pub mod segments;
pub mod spool;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod tries;
pub mod trust;

pub use db::{Db, DbError, Tx};

use db::Step;
use std::path::Path;
use vedette_common::files;

/// Every table's steps, in the order in which the tables are made.
const TABLES: [&[Step]; 14] = [
    trust::STEPS,
    roster::STEPS,
    editions::STEPS,
    spool::STEPS,
    receipted::STEPS,
    encounters::STEPS,
    confirmations::STEPS,
    late::STEPS,
    open_hits::STEPS,
    retro::STEPS,
    journal::STEPS,
    tries::STEPS,
    tokens::STEPS,
    scanners::STEPS,
];

fn steps() -> Vec<&'static Step> {
    let mut steps: Vec<_> = TABLES.into_iter().flatten().collect();
    steps.sort_by_key(|step| step.number); // stable: those of the first schema stay in the tables' order
    steps
}

impl Db {
    /// Opens or makes the database of a device's store; makes the folder too.
    pub fn open_in(folder: &Path) -> Result<Db, DbError> {
        files::make_folder(folder)?;
        Db::open(&folder.join(salvage::FILE))
    }

    /// Opens or makes the database, and brings an older one up to date.
    pub fn open(path: &Path) -> Result<Db, DbError> {
        Db::connect(path, &steps())
    }
}
