//! What headquarters stores: the database `hq.db`.
//!
//! | file | what it stores |
//! |---|---|
//! | `connection` | nothing of its own: the connection, transactions, steps from one schema to the next |
//! | `from_json` | nothing: the step that carried rows over from JSON in text columns |
//! | `settings` | the broker's names and port |
//! | `lists` | the lists and the numbers of their keys |
//! | `editions` | signed manifests, and what is imported and not yet published |
//! | `presence` | which alerts came and went with which edition |
//! | `devices` | devices, their certificates, what each holds |
//! | `next_ca` | nothing of its own: which devices use a certificate by the next CA |
//! | `drafts` | editions that wait for a second operator |
//! | `grants` | signed grants |
//! | `copies` | which enrolment was ever granted which list, and what its device said last |
//! | `officers` | officers, and the signed roster |
//! | `scanners` | scanners' signed enrolments |
//! | `statements` | the signed heartbeat and orders |
//! | `messages` | encounters and outcomes as they came home, sealed |
//! | `encounters` | what encounters say that could be opened here |
//! | `outcomes` | what came of them, and what their owners answer |
//! | `given_answers` | what each operator answered |
//! | `under_way` | certificates that are being made, or whose making was cut off |
//! | `statuses` | what each device said of itself last |
//! | `contradictions` | what devices sent that cannot all be true |
//! | `refusals` | which encounters were refused, and why |
//! | `agencies` | agencies with homes of their own, and which lists are theirs |
//! | `alarms` | what `serve` cannot do at present |
//! | `audit` | what was done at headquarters |
//! | `operators` | who may act at headquarters |
//!
//! Each file holds its tables' schema, the numbered steps that change it, and their queries as typed functions. There is SQL
//! nowhere else. To change a table: add a [`Step`] with the next number to its file; never edit one that was released.
//!
//! Invariants: an edition's row is written after its segments are durable; an encounter's row is committed before its
//! receipt is signed. A function that writes several rows is called on a change. Times are seconds since 1970. Signed statements are stored as the bytes that were signed.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

pub(crate) mod agencies;
pub(crate) mod alarms;
pub(crate) mod audit;
mod connection;
pub(crate) mod contradictions;
pub(crate) mod copies;
pub(crate) mod devices;
pub(crate) mod drafts;
pub(crate) mod editions;
pub(crate) mod encounters;
mod error;
mod from_json;
pub(crate) mod given_answers;
pub(crate) mod grants;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod next_ca;
pub(crate) mod officers;
pub(crate) mod operators;
pub(crate) mod outcomes;
pub(crate) mod presence;
pub(crate) mod refusals;
pub(crate) mod scanners;
pub(crate) mod settings;
pub(crate) mod statements;
pub(crate) mod statuses;
#[cfg(test)]
mod tests;
pub(crate) mod under_way;
mod values;

pub(crate) use connection::{Change, Db, Session};
pub use error::DbError;

use connection::Step;
use std::path::Path;

/// Larger databases are read whole only when `serve` starts and by a backup, bytes: a second for every command is enough.
pub(crate) const CHECKED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Every table's steps, in the order in which the tables are made.
const TABLES: [&[Step]; 23] = [
    settings::STEPS,
    lists::STEPS,
    editions::STEPS,
    devices::STEPS,
    grants::STEPS,
    officers::STEPS,
    statements::STEPS,
    encounters::STEPS,
    outcomes::STEPS,
    messages::STEPS,
    agencies::STEPS,
    scanners::STEPS,
    alarms::STEPS,
    refusals::STEPS,
    contradictions::STEPS,
    statuses::STEPS,
    under_way::STEPS,
    audit::STEPS,
    operators::STEPS,
    given_answers::STEPS,
    presence::STEPS,
    copies::STEPS,
    drafts::STEPS,
];

fn steps() -> Vec<&'static Step> {
    let mut steps: Vec<_> = TABLES.into_iter().flatten().collect();
    steps.sort_by_key(|step| step.number); // stable: those of one schema stay in the tables' order
    steps
}

/// Makes the database.
pub(crate) fn create(path: &Path) -> Result<Db, DbError> {
    Db::create(path, &steps())
}

/// Opens the database, and brings an older one up to date.
pub(crate) fn open(path: &Path) -> Result<Db, DbError> {
    Db::connect(path, &steps())
}

/// Refuses a database that is missing, empty or corrupt. One larger than [`CHECKED_BYTES_MAX`] is read whole only if
/// `thoroughly`.
pub(crate) fn check(path: &Path, thoroughly: bool) -> Result<(), DbError> {
    let db = open(path)?;
    let bytes = path.metadata().map_or(0, |metadata| metadata.len());
    if thoroughly || bytes <= CHECKED_BYTES_MAX { db.check() } else { Ok(()) }
}

/// A database of its own for a test.
#[cfg(test)]
pub(crate) fn in_memory() -> Db {
    Db::connect_in_memory(&steps())
}

/// What would change the audit log or break it, for a test.
#[cfg(test)]
pub(crate) fn breaking_the_audit_log() -> [String; 4] {
    let again = "SELECT number, segment, at, operator, act, state, object, reason, details, previous, hash, signature,
        operator_signature FROM audit WHERE number = 1";
    [
        "UPDATE audit SET object = 'x' WHERE number = 2".into(),
        "DELETE FROM audit WHERE number = 2".into(),
        format!("INSERT OR REPLACE INTO audit {again}"),
        again.replace("SELECT number", "INSERT INTO audit SELECT 9"),
    ]
}
