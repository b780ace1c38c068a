//! The heartbeat: headquarters' word, good for a day, of the newest edition of every list.
//!
//! Its key is online, as TUF's timestamp: who has it can say that nothing is new, for as long as the lease, or that it is
//! later than it is, so that leases end and devices' clocks run ahead. The cure is `replace-key heartbeat`.
//!
//! Invariant: its time never goes back, also when headquarters' clock does, or devices would refuse it. Failure: when that
//! would be more than [`AHEAD_S_MAX`] ahead of the clock, nothing is signed: such a time would end leases everywhere.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::db::parse;
use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, params};
use vedette_common::clock::rfc3339;
use vedette_common::crypto::sign_statement;
use vedette_shim::trust::{Heartbeat, ListState, SignedKind, digest};

/// How long a heartbeat counts, seconds.
pub const HEARTBEAT_LIFE_S: u64 = 24 * 3600;

/// How far the last heartbeat may be ahead of the clock, seconds.
pub const AHEAD_S_MAX: u64 = 24 * 3600;

/// The time of the next heartbeat.
pub(crate) fn next_time(db: &Connection, now: u64) -> Result<u64, HqError> {
    let last = db.query_row("SELECT issued_at FROM heartbeats", [], |row| row.get::<_, i64>(0)).optional()?;
    let issued = now.max(last.unwrap_or(0) as u64);
    if issued > now + AHEAD_S_MAX {
        return Err(HqError::HeartbeatAhead { last: rfc3339(issued), now: rfc3339(now) });
    }
    Ok(issued)
}

/// Signs and stores a new heartbeat over what the database holds.
pub(crate) fn renew(home: &Home, db: &Connection, now: u64) -> Result<Vec<u8>, HqError> {
    let issued = next_time(db, now)?;
    let mut query = db.prepare(
        "SELECT list, edition, manifest FROM editions e
         WHERE edition = (SELECT max(edition) FROM editions WHERE list = e.list) ORDER BY list",
    )?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    let state = |row: rusqlite::Result<(String, i64, Vec<u8>)>| {
        let (list, edition, manifest) = row?;
        Ok::<_, HqError>(ListState {
            list: parse(&list)?,
            edition: edition as u64,
            manifest: digest(&manifest),
        })
    };
    let heartbeat = Heartbeat {
        issued,
        expires: issued + HEARTBEAT_LIFE_S,
        root_version: root::newest(home)?.0.version,
        // A root names no more lists than this holds, and every list here is in a root.
        lists: rows.map(state).collect::<Result<_, _>>()?,
    };
    let bytes = sign_statement(SignedKind::Heartbeat, &heartbeat, &[&Key::Heartbeat.signing(home)?]);
    db.execute("INSERT OR REPLACE INTO heartbeats VALUES (1, ?, ?)", params![issued as i64, bytes])?;
    Ok(bytes)
}

/// The newest heartbeat's signed bytes.
pub(crate) fn newest(db: &Connection) -> Result<Option<Vec<u8>>, HqError> {
    Ok(db.query_row("SELECT bytes FROM heartbeats", [], |row| row.get(0)).optional()?)
}
