//! The database hq.db: SQLite, WAL, synchronous=FULL, so that what is committed survives a power cut.
//!
//! Invariants: an edition's row is written after its segments are durable; an encounter's row is committed before its
//! receipt is signed. Times are seconds since 1970. Signed statements are kept as the bytes that were signed.

use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Raised with every change of [`SCHEMA`].
const SCHEMA_VERSION: i64 = 6;
/// How long a statement waits for another process's write.
const BUSY_WAIT: Duration = Duration::from_secs(20);

const SCHEMA: &str = "
-- Broker host and port, as agent.toml names them.
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE lists(
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, lease_s INTEGER NOT NULL,
  possible_from INTEGER NOT NULL, hit_from INTEGER NOT NULL,
  key_number INTEGER NOT NULL,            -- new segments are sealed under this key
  created_at INTEGER NOT NULL) WITHOUT ROWID;

-- The whole of a list as last imported, one segment, not yet published.
CREATE TABLE pending(
  list TEXT PRIMARY KEY REFERENCES lists(name), digest BLOB NOT NULL, bytes INTEGER NOT NULL,
  entries INTEGER NOT NULL, key_number INTEGER NOT NULL, imported_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE editions(
  list TEXT NOT NULL REFERENCES lists(name), edition INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  manifest BLOB NOT NULL, PRIMARY KEY(list, edition)) WITHOUT ROWID;

CREATE TABLE heartbeats(one INTEGER PRIMARY KEY CHECK(one = 1), issued_at INTEGER NOT NULL, bytes BLOB NOT NULL);

CREATE TABLE devices(
  id TEXT PRIMARY KEY, post TEXT NOT NULL,
  -- as its last status said
  last_seen INTEGER, online INTEGER, version TEXT, spool INTEGER, held TEXT) WITHOUT ROWID;

-- One row a certificate; a device enrolled anew after a revocation has several.
CREATE TABLE enrolments(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), box_public BLOB NOT NULL,
  enrolled_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID;
CREATE UNIQUE INDEX enrolled ON enrolments(device) WHERE revoked_at IS NULL;

CREATE TABLE grants(
  device TEXT NOT NULL REFERENCES devices(id), list TEXT NOT NULL REFERENCES lists(name),
  numbers TEXT NOT NULL,                  -- of the keys in it, such as 1,3
  bytes BLOB NOT NULL, PRIMARY KEY(device, list)) WITHOUT ROWID;

CREATE TABLE orders(
  device TEXT NOT NULL REFERENCES devices(id), number INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  retired INTEGER NOT NULL DEFAULT 0,     -- no longer on the broker
  bytes BLOB NOT NULL, PRIMARY KEY(device, number)) WITHOUT ROWID;

CREATE TABLE encounters(
  id BLOB PRIMARY KEY, device TEXT NOT NULL, list TEXT NOT NULL, received_at INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL,                  -- as it came, sealed
  encounter TEXT NOT NULL,                -- opened, JSON
  device_revoked INTEGER NOT NULL,        -- made with a key that was revoked when it came
  conflicts INTEGER NOT NULL DEFAULT 0    -- messages of the same id with other content
) WITHOUT ROWID;
CREATE INDEX encounters_by_arrival ON encounters(received_at);
";

/// What version 2 added.
const OFFICERS: &str = "
CREATE TABLE officers(
  badge TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, discreet INTEGER NOT NULL, language TEXT NOT NULL,
  pin BLOB,                               -- postcard of its hash; none for a badge removed
  removed_at INTEGER) WITHOUT ROWID;

CREATE TABLE rosters(
  one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL, expires_at INTEGER NOT NULL, bytes BLOB NOT NULL);
";

/// What version 3 added: the handling code of a list's alerts that have none of their own, Europol's scale.
const HANDLING: &str = "ALTER TABLE lists ADD COLUMN handling TEXT;";

/// What version 4 added.
const OUTCOMES: &str = "
-- What came of encounters, as their devices say; an outcome may come before its encounter.
CREATE TABLE outcomes(
  id BLOB PRIMARY KEY, encounter BLOB NOT NULL, device TEXT NOT NULL, received_at INTEGER NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL,                  -- as it came, sealed
  outcome TEXT NOT NULL) WITHOUT ROWID;   -- opened, JSON
CREATE INDEX outcomes_by_encounter ON outcomes(encounter);
";

/// What version 5 added.
const CONFIRMATIONS: &str = "
ALTER TABLE lists ADD COLUMN confirm_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE encounters ADD COLUMN overdue_since INTEGER;   -- its device first said that the owner's answer is overdue

-- Owners' answers to encounters; of several the last stays.
CREATE TABLE answers(
  encounter BLOB PRIMARY KEY REFERENCES encounters(id), device TEXT NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes BLOB NOT NULL) WITHOUT ROWID;     -- as it was signed
";

/// What version 6 added.
const RENEWALS: &str = "
-- Certificates of devices that a renewal replaced: they count until they end or their device is revoked.
CREATE TABLE superseded(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), expires_at INTEGER NOT NULL,
  revoked_at INTEGER) WITHOUT ROWID;
";

/// An open database.
pub(crate) struct Db(Connection);

impl Db {
    /// Opens it, and makes its tables when it is new.
    pub(crate) fn open(path: &Path) -> Result<Db, HqError> {
        Self::prepare(Connection::open(path)?)
    }

    #[cfg(test)]
    pub(crate) fn in_memory() -> Db {
        Self::prepare(Connection::open_in_memory().unwrap()).unwrap()
    }

    fn prepare(connection: Connection) -> Result<Db, HqError> {
        connection.busy_timeout(BUSY_WAIT)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )?;
        let mut db = Db(connection);
        let change = db.change()?;
        let found = change.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
        let steps =
            [(1, SCHEMA), (2, OFFICERS), (3, HANDLING), (4, OUTCOMES), (5, CONFIRMATIONS), (6, RENEWALS)];
        if found > SCHEMA_VERSION {
            return Err(HqError::Schema { found, known: SCHEMA_VERSION });
        }
        for (_, step) in steps.into_iter().filter(|(version, _)| found < *version) {
            change.execute_batch(step)?;
        }
        if found < SCHEMA_VERSION {
            change.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        change.commit()?;
        Ok(db)
    }

    /// For reading.
    pub(crate) fn read(&self) -> &Connection {
        &self.0
    }

    /// A transaction that holds the write lock from its start, so that it cannot fail half-way for want of it.
    pub(crate) fn change(&mut self) -> Result<Transaction<'_>, HqError> {
        Ok(self.0.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Reads a setting.
pub(crate) fn setting(db: &Connection, name: &str) -> Result<Option<String>, HqError> {
    let query = "SELECT value FROM settings WHERE name = ?";
    Ok(db.query_row(query, [name], |row| row.get(0)).optional()?)
}

/// Writes a setting.
pub(crate) fn set(db: &Connection, name: &str, value: &str) -> Result<(), HqError> {
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", params![name, value])?;
    Ok(())
}

/// Reads back a name or number that this program wrote as text.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, HqError> {
    text.parse().map_err(|_| HqError::Damaged(format!("{text:?} is not what its column holds")))
}
