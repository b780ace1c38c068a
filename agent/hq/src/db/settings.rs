//! What the home was made with: the broker's names and port. And when its clock was last confirmed.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::parse;
use rusqlite::OptionalExtension;

pub(super) const STEPS: &[Step] = &[Step {
    number: 1,
    work: &[Work::Sql("CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;")],
}];

const HOST: &str = "broker_host";
const HOSTS: &str = "broker_hosts";
const PORT: &str = "broker_port";
const RESTORED: &str = "restored_at";
const CLOCK_CONFIRMED: &str = "clock_confirmed_at";
const MESSAGES_TAKEN: &str = "messages_taken";

/// Stores the broker: the host that devices connect to, every name its certificate has, and its port.
pub(crate) fn set_broker(db: &Session, host: &str, hosts: &[String], port: u16) -> Result<(), DbError> {
    set(db, HOST, host)?;
    set(db, HOSTS, &hosts.join(" "))?;
    set(db, PORT, &port.to_string())
}

/// The broker that devices connect to: host and port.
pub(crate) fn broker(db: &Session) -> Result<(String, u16), DbError> {
    Ok((get(db, HOST)?, parse(&get(db, PORT)?)?))
}

/// Every name that the broker's certificate has.
pub(crate) fn broker_hosts(db: &Session) -> Result<Vec<String>, DbError> {
    Ok(get(db, HOSTS)?.split(' ').map(String::from).collect())
}

/// When an administrator last said that the clock is right, seconds since 1970.
pub(crate) fn clock_confirmed_at(db: &Session) -> Result<Option<u64>, DbError> {
    find(db, CLOCK_CONFIRMED)?.map(|value| parse(&value)).transpose()
}

/// An administrator says that the clock is right.
pub(crate) fn set_clock_confirmed(db: &Session, at: u64) -> Result<(), DbError> {
    set(db, CLOCK_CONFIRMED, &at.to_string())
}

/// What was said of the clock counts no more.
pub(crate) fn forget_clock_confirmed(db: &Session) -> Result<(), DbError> {
    db.execute("DELETE FROM settings WHERE name = ?", [CLOCK_CONFIRMED])?;
    Ok(())
}

/// When the home was last restored from a backup, seconds since 1970; 0 for never. Numbers start there.
pub(crate) fn restored_at(db: &Session) -> Result<u64, DbError> {
    find(db, RESTORED)?.map_or(Ok(0), |value| parse(&value))
}

/// The home is restored from a backup.
pub(crate) fn set_restored_at(db: &Session, at: u64) -> Result<(), DbError> {
    set(db, RESTORED, &at.to_string())
}

/// In an agency's home: the sequence of the last message that it took from headquarters; 0 before the first.
pub(crate) fn messages_taken(db: &Session) -> Result<i64, DbError> {
    find(db, MESSAGES_TAKEN)?.map_or(Ok(0), |value| parse(&value))
}

pub(crate) fn set_messages_taken(db: &Session, sequence: i64) -> Result<(), DbError> {
    set(db, MESSAGES_TAKEN, &sequence.to_string())
}

fn get(db: &Session, name: &str) -> Result<String, DbError> {
    find(db, name)?.ok_or_else(|| DbError::Damaged(format!("the setting {name} is missing")))
}

fn find(db: &Session, name: &str) -> Result<Option<String>, DbError> {
    let value = db.query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0));
    Ok(value.optional()?)
}

fn set(db: &Session, name: &str, value: &str) -> Result<(), DbError> {
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])?;
    Ok(())
}
