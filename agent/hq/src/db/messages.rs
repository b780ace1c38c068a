//! The messages that devices sent with encounters and outcomes, sealed as they came: what the collector stores and receipts.
//! `encounters` and `outcomes` have what those say that could be opened here.
//!
//! Invariant: one row a device, id and message. Two rows with one id contradict each other, and both stay: nobody can put
//! another's encounter in the place of one.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::{parse, stored};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, EncounterId, ListName};

pub(super) const STEPS: &[Step] = &[Step {
    number: 15,
    work: &[Work::Sql(
        "
CREATE TABLE messages(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
  id BLOB NOT NULL, device TEXT NOT NULL,
  digest BLOB NOT NULL,                       -- first 16 bytes of the SHA-256 of message
  list TEXT NOT NULL, received_at INTEGER NOT NULL,
  message BLOB NOT NULL,                      -- as it came, sealed
  device_revoked INTEGER NOT NULL,            -- made with a key that was revoked when it came
  overdue_since INTEGER,                      -- its device first said that the owner's answer is overdue
  state INTEGER NOT NULL DEFAULT 0,           -- 0: not opened yet, 1: opened, 2: no key of its owner opens it
  UNIQUE(id, device, digest));
CREATE INDEX messages_sealed ON messages(list, state, sequence) WHERE state <> 1;
INSERT INTO messages(id, device, digest, list, received_at, message, device_revoked, overdue_since, state)
  SELECT id, device, digest, list, received_at, message, device_revoked, overdue_since, 1 FROM encounters
  UNION ALL
  SELECT outcomes.id, outcomes.device, outcomes.digest,
    coalesce((SELECT list FROM encounters WHERE encounters.id = outcomes.encounter AND encounters.device = outcomes.device), ''),
    outcomes.received_at, outcomes.message, 0, NULL, 1 FROM outcomes
  ORDER BY 5;
ALTER TABLE encounters DROP COLUMN message;
ALTER TABLE encounters DROP COLUMN overdue_since;
ALTER TABLE outcomes DROP COLUMN message;
",
    )],
}];

/// How a message came.
pub(crate) struct Arrival<'a> {
    pub(crate) id: EncounterId,
    pub(crate) device: &'a DeviceId,
    pub(crate) list: &'a ListName,
    /// Sealed.
    pub(crate) message: &'a [u8],
    /// The first 16 bytes of its SHA-256.
    pub(crate) digest: [u8; 16],
    /// It was made with a key that is revoked.
    pub(crate) device_revoked: bool,
    /// Seconds since 1970.
    pub(crate) received_at: u64,
}

/// A message that is not opened.
pub(crate) struct Sealed {
    /// In the order of arrival.
    pub(crate) sequence: i64,
    pub(crate) device: DeviceId,
    pub(crate) digest: [u8; 16],
    pub(crate) message: Vec<u8>,
    pub(crate) device_revoked: bool,
    /// Seconds since 1970.
    pub(crate) received_at: u64,
}

/// Stores a message that is not stored.
pub(crate) fn insert(db: &Session, arrival: &Arrival<'_>) -> Result<(), DbError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO messages(id, device, digest, list, received_at, message, device_revoked) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        arrival.id,
        arrival.device.as_str(),
        arrival.digest,
        arrival.list.as_str(),
        stored(arrival.received_at),
        arrival.message,
        arrival.device_revoked,
    ])?;
    Ok(())
}

/// What stands under an id: the device and digest of each message.
pub(crate) fn under_id(db: &Session, id: &EncounterId) -> Result<Vec<(DeviceId, [u8; 16])>, DbError> {
    let mut query = db.prepare_cached("SELECT device, digest FROM messages WHERE id = ?1")?;
    let rows = query.query_map([id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(DbError::from).and_then(|(device, digest)| Ok((parse(&device)?, digest))))
        .collect()
}

/// Up to `limit` messages of a list that nobody has tried to open, those after the sequence `after`.
pub(crate) fn untried(
    db: &Session,
    list: &ListName,
    after: i64,
    limit: usize,
) -> Result<Vec<Sealed>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT sequence, device, digest, message, device_revoked, received_at FROM messages
         WHERE list = ? AND state = 0 AND sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let mut rows = query.query(params![list.as_str(), after, limit as i64])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Sealed {
            sequence: row.get(0)?,
            device: parse(&row.get::<_, String>(1)?)?,
            digest: row.get(2)?,
            message: row.get(3)?,
            device_revoked: row.get(4)?,
            received_at: row.get::<_, i64>(5)? as u64,
        });
    }
    Ok(found)
}

/// What came of a try to open one.
pub(crate) fn set_opened(db: &Session, sequence: i64, is_opened: bool) -> Result<(), DbError> {
    let update = "UPDATE messages SET state = ? WHERE sequence = ?";
    db.prepare_cached(update)?.execute(params![if is_opened { 1 } else { 2 }, sequence])?;
    Ok(())
}

/// What no key opened is to be tried again: there may be other keys now.
pub(crate) fn try_again(db: &Session) -> Result<(), DbError> {
    db.execute("UPDATE messages SET state = 0 WHERE state = 2", [])?;
    Ok(())
}

/// Of each list, how many messages no key of its owner opens.
pub(crate) fn unreadable(db: &Session) -> Result<Vec<(String, u64)>, DbError> {
    let mut query =
        db.prepare_cached("SELECT list, count(*) FROM messages WHERE state = 2 GROUP BY list ORDER BY list")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many messages of a list are not opened.
pub(crate) fn sealed(db: &Session, list: &ListName) -> Result<u64, DbError> {
    let query = "SELECT count(*) FROM messages WHERE list = ? AND state <> 1";
    Ok(db.query_row(query, [list.as_str()], |row| row.get::<_, i64>(0))? as u64)
}

/// Whether a message of this id and device is of a list of the agency.
pub(crate) fn is_of_agency(
    db: &Session,
    id: &EncounterId,
    device: &DeviceId,
    agency: &str,
) -> Result<bool, DbError> {
    let query = "SELECT EXISTS(SELECT 1 FROM messages JOIN lists ON lists.name = messages.list
                 WHERE messages.id = ? AND messages.device = ? AND lists.agency = ?)";
    Ok(db.query_row(query, params![id, device.as_str(), agency], |row| row.get(0))?)
}

/// The device of an encounter says that its owner's answer is overdue; true when it says so for the first time.
pub(crate) fn mark_overdue(
    db: &Session,
    id: &EncounterId,
    device: &DeviceId,
    since: u64,
) -> Result<bool, DbError> {
    let update =
        "UPDATE messages SET overdue_since = ? WHERE id = ? AND device = ? AND overdue_since IS NULL";
    Ok(db.execute(update, params![stored(since), id, device.as_str()])? > 0)
}

/// A message as an agency gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub(crate) device: DeviceId,
    pub(crate) list: ListName,
    /// Made with a key that was revoked when it came.
    pub(crate) device_revoked: bool,
    /// When headquarters stored it, seconds since 1970.
    pub(crate) received_at: u64,
    /// Sealed.
    pub(crate) message: Vec<u8>,
}

/// Up to `limit` messages of an agency's lists, with their sequences, those after the sequence `after`.
pub(crate) fn of_agency(
    db: &Session,
    agency: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, Carried)>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT sequence, device, list, device_revoked, received_at, message FROM messages
         WHERE list IN (SELECT name FROM lists WHERE agency = ?) AND sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let mut rows = query.query(params![agency, after, limit as i64])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let carried = Carried {
            device: parse(&row.get::<_, String>(1)?)?,
            list: parse(&row.get::<_, String>(2)?)?,
            device_revoked: row.get(3)?,
            received_at: row.get::<_, i64>(4)? as u64,
            message: row.get(5)?,
        };
        found.push((row.get(0)?, carried));
    }
    Ok(found)
}
