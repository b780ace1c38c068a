//! What the home was made with: the broker's names and port.

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

fn get(db: &Session, name: &str) -> Result<String, DbError> {
    let value = db.query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0));
    value.optional()?.ok_or_else(|| DbError::Damaged(format!("the setting {name} is missing")))
}

fn set(db: &Session, name: &str, value: &str) -> Result<(), DbError> {
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])?;
    Ok(())
}
