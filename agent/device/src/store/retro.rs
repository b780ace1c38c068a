//! Keyed hashes of documents that met no alert, and the key of each epoch.
//!
//! Invariant: an epoch's key is deleted with its last hash, so that a copied database tells nothing any more.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;
use zeroize::Zeroizing;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS retro_key (epoch INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS retro (
        hash BLOB PRIMARY KEY, epoch INTEGER NOT NULL, at INTEGER NOT NULL, scan BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS retro_at ON retro (at);",
}];

pub(crate) type Key = Zeroizing<[u8; 32]>;
pub(crate) type Hash = [u8; 16];

/// The key of an epoch.
pub(crate) fn key(t: &Tx<'_>, epoch: u64) -> Result<Option<Key>, DbError> {
    t.run(|db| {
        db.prepare_cached("SELECT key FROM retro_key WHERE epoch = ?1")?
            .query_row([epoch as i64], |row| row.get(0).map(Zeroizing::new))
            .optional()
    })
}

pub(crate) fn add_key(t: &Tx<'_>, epoch: u64, key: &Key) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "INSERT INTO retro_key (epoch, key) VALUES (?1, ?2)";
        db.execute(sql, params![epoch as i64, key.as_slice()]).map(|_| ())
    })
}

/// Stores a document's hash under the key of `epoch`, and the scan at `at`, seconds since 1970.
pub(crate) fn add(t: &Tx<'_>, hash: &Hash, epoch: u64, at: u64, scan: &[u8; 16]) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "INSERT OR REPLACE INTO retro (hash, epoch, at, scan) VALUES (?1, ?2, ?3, ?4)";
        db.prepare_cached(sql)?.execute(params![hash, epoch as i64, at as i64, scan]).map(|_| ())
    })
}

/// Deletes the hashes from before `before`, and the keys of epochs before `current` that no hash is left of. True if there
/// were any.
pub(crate) fn forget(t: &Tx<'_>, before: u64, current: u64) -> Result<bool, DbError> {
    let time = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let deleted = t.run(|db| {
        let hashes = db.prepare_cached("DELETE FROM retro WHERE at < ?1")?.execute([time(before)])?;
        let sql = "DELETE FROM retro_key WHERE epoch < ?1
                   AND NOT EXISTS (SELECT 1 FROM retro WHERE retro.epoch = retro_key.epoch)";
        Ok(hashes + db.prepare_cached(sql)?.execute([time(current)])?)
    })?;
    if deleted > 0 {
        t.mark_erased();
    }
    Ok(deleted > 0)
}

/// Every key and every hash.
pub(crate) fn all(db: &Db) -> Result<(Vec<Key>, HashSet<Hash>), DbError> {
    db.transaction("read the stored hashes", |t| {
        t.run(|db| {
            let keys = db
                .prepare_cached("SELECT key FROM retro_key")?
                .query_map([], |row| row.get(0).map(Zeroizing::new))?
                .collect::<rusqlite::Result<_>>()?;
            let hashes = db
                .prepare_cached("SELECT hash FROM retro")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok((keys, hashes))
        })
    })
}

/// Deletes a hash; gives the scan and its time, seconds since 1970, or none if it is gone: so each is found once.
pub(crate) fn take(t: &Tx<'_>, hash: &Hash) -> Result<Option<([u8; 16], u64)>, DbError> {
    t.mark_erased();
    t.run(|db| {
        db.prepare_cached("DELETE FROM retro WHERE hash = ?1 RETURNING scan, at")?
            .query_row([hash], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))
            .optional()
    })
}

#[cfg(test)]
pub(crate) fn counts(db: &Db) -> (i64, i64) {
    let count = |sql: &str| db.run("count", |db| db.query_row(sql, [], |row| row.get(0))).unwrap();
    (count("SELECT count(*) FROM retro"), count("SELECT count(*) FROM retro_key"))
}
