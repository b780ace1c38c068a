//! A list's editions as their signed manifests, and what is imported and not yet published.
//!
//! Invariant: a row is written after the segments that it names are durable.

use super::connection::{Session, Step, Work};
use super::drafts;
use super::error::DbError;
use super::values::{parse, stored};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::trust::{Envelope, Manifest, SignedKind, decode_body};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 1,
        work: &[Work::Sql(
            "
-- The whole of a list as last imported, one segment, not yet published.
CREATE TABLE pending(
  list TEXT PRIMARY KEY REFERENCES lists(name), digest BLOB NOT NULL, bytes INTEGER NOT NULL,
  entries INTEGER NOT NULL, key_number INTEGER NOT NULL, imported_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE editions(
  list TEXT NOT NULL REFERENCES lists(name), edition INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  manifest BLOB NOT NULL, PRIMARY KEY(list, edition)) WITHOUT ROWID;
",
        )],
    },
    Step {
        number: 20,
        work: &[Work::Sql(
            "
-- The highest number of a key that it needs; 0 of editions before.
ALTER TABLE editions ADD COLUMN last_key INTEGER NOT NULL DEFAULT 0;
",
        )],
    },
];

/// A segment that is imported and not yet published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
    /// Alerts in it.
    pub(crate) entries: u64,
    /// Of the key it is sealed under.
    pub(crate) key_number: u32,
}

/// Stores what was imported, instead of what was pending before.
pub(crate) fn set_pending(
    db: &Session,
    list: &ListName,
    pending: &Pending,
    imported_at: u64,
) -> Result<(), DbError> {
    let Pending { digest, bytes, entries, key_number } = pending;
    db.execute(
        "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)",
        params![list.as_str(), digest, *bytes as i64, *entries as i64, key_number, imported_at as i64],
    )?;
    Ok(())
}

/// What is pending for a list.
pub(crate) fn pending(db: &Session, list: &ListName) -> Result<Option<Pending>, DbError> {
    let query = "SELECT digest, bytes, entries, key_number FROM pending WHERE list = ?";
    let row = db.query_row(query, [list.as_str()], |row| {
        Ok(Pending {
            digest: row.get(0)?,
            bytes: row.get::<_, i64>(1)? as u64,
            entries: row.get::<_, i64>(2)? as u64,
            key_number: row.get(3)?,
        })
    });
    Ok(row.optional()?)
}

/// Nothing is pending for a list any more.
pub(crate) fn clear_pending(db: &Session, list: &ListName) -> Result<(), DbError> {
    db.execute("DELETE FROM pending WHERE list = ?", [list.as_str()])?;
    Ok(())
}

/// Stores an edition, `bytes` its signed manifest.
pub(crate) fn insert(db: &Session, manifest: &Manifest, bytes: &[u8]) -> Result<(), DbError> {
    let last_key = manifest.segments.iter().map(|segment| segment.key).max().unwrap_or(0);
    db.execute(
        "INSERT INTO editions(list, edition, issued_at, manifest, last_key) VALUES (?, ?, ?, ?, ?)",
        params![manifest.list.as_str(), manifest.edition as i64, manifest.issued as i64, bytes, last_key],
    )?;
    Ok(())
}

/// An edition, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) edition: u64,
    /// Seconds since 1970.
    pub(crate) at: u64,
    /// The highest number of a key that it needs; 0 where that is not known.
    pub(crate) last_key: u32,
}

/// Every edition of a list that this home published, the lowest first.
pub(crate) fn issued(db: &Session, list: &ListName) -> Result<Vec<Issued>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT edition, issued_at, last_key FROM editions WHERE list = ? ORDER BY edition",
    )?;
    let rows = query.query_map([list.as_str()], |row| {
        let [edition, at] = [row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64];
        Ok(Issued { edition, at, last_key: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The signed manifest of an edition; `None` if this home did not publish it.
pub(crate) fn manifest(db: &Session, list: &ListName, edition: u64) -> Result<Option<Vec<u8>>, DbError> {
    let query = "SELECT manifest FROM editions WHERE list = ? AND edition = ?";
    Ok(db.query_row(query, params![list.as_str(), stored(edition)], |row| row.get(0)).optional()?)
}

/// The signed manifest of a list's newest edition; `None` before the first.
pub(crate) fn newest_signed(db: &Session, list: &ListName) -> Result<Option<Vec<u8>>, DbError> {
    let query = "SELECT manifest FROM editions WHERE list = ? ORDER BY edition DESC LIMIT 1";
    Ok(db.query_row(query, [list.as_str()], |row| row.get(0)).optional()?)
}

/// What the newest edition of a list says; `None` before the first.
pub(crate) fn newest(db: &Session, list: &ListName) -> Result<Option<Manifest>, DbError> {
    newest_signed(db, list)?.map(|bytes| read(&bytes)).transpose()
}

/// A list's newest edition and the one before, the newest first.
pub(crate) fn last_two(db: &Session, list: &ListName) -> Result<Vec<Manifest>, DbError> {
    let mut query =
        db.prepare_cached("SELECT manifest FROM editions WHERE list = ? ORDER BY edition DESC LIMIT 2")?;
    let rows = query.query_map([list.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| read(&bytes?)).collect()
}

/// The newest edition of every list that has one: its number and its signed manifest, by list.
pub(crate) fn newest_of_all(db: &Session) -> Result<Vec<(ListName, u64, Vec<u8>)>, DbError> {
    let mut query = db.prepare(
        "SELECT list, edition, manifest FROM editions e
         WHERE edition = (SELECT max(edition) FROM editions WHERE list = e.list) ORDER BY list",
    )?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, Vec<u8>>(2)?))
    })?;
    rows.map(|row| {
        row.map_err(DbError::from).and_then(|(list, edition, bytes)| Ok((parse(&list)?, edition, bytes)))
    })
    .collect()
}

/// The segments that something still names: what is pending, drafts, and each list's newest two editions with their deltas.
pub(crate) fn segments_in_use(db: &Session) -> Result<Vec<Digest>, DbError> {
    let mut query = db.prepare("SELECT digest FROM pending")?;
    let mut digests = query.query_map([], |row| row.get(0))?.collect::<Result<Vec<Digest>, _>>()?;
    for row in drafts::all(db, None)? {
        digests.extend(row.draft.segments.iter().chain(&row.draft.delta).map(|segment| segment.digest));
    }
    let mut query = db.prepare(
        "SELECT manifest FROM editions e
         WHERE (SELECT count(*) FROM editions later WHERE later.list = e.list AND later.edition > e.edition) < 2",
    )?;
    for bytes in query.query_map([], |row| row.get::<_, Vec<u8>>(0))? {
        let manifest = read(&bytes?)?;
        digests.extend(manifest.segments.iter().chain(&manifest.delta).map(|segment| segment.digest));
    }
    Ok(digests)
}

/// Reads a manifest of our own.
pub(crate) fn read(bytes: &[u8]) -> Result<Manifest, DbError> {
    Ok(decode_body(SignedKind::Manifest, Envelope::read(bytes, SignedKind::Manifest)?.body)?)
}
