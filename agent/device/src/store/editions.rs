//! What is stored of each list: its floor, the pending and the active manifest, and the grant with its keys.
//!
//! Invariants: a list's floor outlives its manifests and keys; it goes only when a root replaces the list's issuer.

use super::db::{Db, DbError, Step, Tx};
use super::open_hits;
use rusqlite::{Row, params};
use vedette_shim::ids::ListName;
use vedette_shim::trust::Floor;

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 5,
        sql:
            "
    CREATE TABLE IF NOT EXISTS list (
        name TEXT PRIMARY KEY, floor_edition INTEGER, floor_manifest BLOB, pending BLOB, active BLOB,
        confirmed_at INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS granted (list TEXT PRIMARY KEY, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    },
    Step {
        number: 9,
        sql: "
    ALTER TABLE list ADD COLUMN grant_floor INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE list ADD COLUMN forked INTEGER;",
    },
    Step { number: 15, sql: "ALTER TABLE list ADD COLUMN keys_erased INTEGER NOT NULL DEFAULT 0;" },
];

/// What is stored of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListRow {
    /// Nothing older than this is accepted.
    pub(crate) floor: Option<Floor>,
    /// The newest accepted manifest, as signed, while segments of it are missing.
    pub(crate) pending: Option<Vec<u8>>,
    /// The manifest in use, as signed.
    pub(crate) active: Option<Vec<u8>>,
    /// When the active edition was last confirmed to be the newest, seconds since 1970.
    pub(crate) confirmed_at: u64,
    /// The lowest number of a grant that counts.
    pub(crate) grant_floor: u64,
    /// The highest edition that was rightly signed with two contents.
    pub(crate) forked: Option<u64>,
    /// Its keys were erased, and none have come since.
    pub(crate) keys_erased: bool,
}

/// Every list known, by name.
pub(crate) fn all(db: &Db) -> Result<Vec<(ListName, ListRow)>, DbError> {
    db.run("read the lists", |db| {
        let sql = "SELECT name, floor_edition, floor_manifest, pending, active, confirmed_at, grant_floor, forked, keys_erased
                   FROM list";
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map([], read)?;
        // A name that does not parse was not written by us; it is as good as absent.
        rows.filter_map(|row| row.map(|(name, list)| Some((name.parse().ok()?, list))).transpose()).collect()
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<(String, ListRow)> {
    let floor = match (row.get::<_, Option<i64>>(1)?, row.get(2)?) {
        (Some(edition), Some(manifest)) => Some(Floor { edition: edition as u64, manifest }),
        _ => None,
    };
    let list = ListRow {
        floor,
        pending: row.get(3)?,
        active: row.get(4)?,
        confirmed_at: row.get::<_, i64>(5)? as u64,
        grant_floor: row.get::<_, i64>(6)? as u64,
        forked: row.get::<_, Option<i64>>(7)?.map(|edition| edition as u64),
        keys_erased: row.get(8)?,
    };
    Ok((row.get(0)?, list))
}

/// Stores an accepted manifest as pending and raises the floor to it.
pub(crate) fn set_pending(db: &Db, list: &ListName, floor: Floor, manifest: &[u8]) -> Result<(), DbError> {
    db.run("store the manifest", |db| {
        db.execute(
            "INSERT INTO list (name, floor_edition, floor_manifest, pending) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET floor_edition = ?2, floor_manifest = ?3, pending = ?4",
            params![list.as_str(), floor.edition as i64, floor.manifest, manifest],
        )
        .map(|_| ())
    })
}

/// The manifest's segments are all stored: it is the active one from now on.
pub(crate) fn set_active(
    db: &Db,
    list: &ListName,
    manifest: &[u8],
    confirmed_at: u64,
) -> Result<(), DbError> {
    db.run("activate the edition", |db| {
        db.execute(
            "UPDATE list SET active = ?2, confirmed_at = ?3,
             pending = CASE WHEN pending = ?2 THEN NULL ELSE pending END WHERE name = ?1",
            params![list.as_str(), manifest, confirmed_at as i64],
        )
        .map(|_| ())
    })
}

/// An edition was rightly signed with two contents.
pub(crate) fn set_forked(db: &Db, list: &ListName, edition: u64) -> Result<(), DbError> {
    db.run("store the fork", |db| {
        let sql = "UPDATE list SET forked = max(coalesce(forked, 0), ?2) WHERE name = ?1";
        db.execute(sql, params![list.as_str(), edition as i64]).map(|_| ())
    })
}

/// Stores a grant that was checked, as signed; it has every key of the list, and older ones count no more.
pub(crate) fn set_grant(db: &Db, list: &ListName, number: u64, envelope: &[u8]) -> Result<(), DbError> {
    db.transaction("store the grant", |t| {
        t.run(|db| {
            let sql = "INSERT INTO list (name, grant_floor) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET grant_floor = max(grant_floor, ?2), keys_erased = 0";
            db.execute(sql, params![list.as_str(), number as i64])?;
            let sql = "INSERT OR REPLACE INTO granted (list, envelope) VALUES (?1, ?2)";
            db.execute(sql, params![list.as_str(), envelope]).map(|_| ())
        })
    })
}

/// Every grant, as signed.
pub fn grants(db: &Db) -> Result<Vec<Vec<u8>>, DbError> {
    db.run("read the grants", |db| {
        db.prepare_cached("SELECT envelope FROM granted")?.query_map([], |row| row.get(0))?.collect()
    })
}

/// Erases a list's keys: what was sealed with them can no longer be read here. Its floor stays.
pub(crate) fn erase_keys(db: &Db, list: &ListName) -> Result<(), DbError> {
    db.transaction("erase the keys", |t| {
        erase_grant(t, list)?;
        let sql = "UPDATE list SET keys_erased = 1 WHERE name = ?1";
        t.run(|db| db.execute(sql, [list.as_str()]).map(|_| ()))?;
        open_hits::erase(t, Some(list))
    })?;
    db.empty_log()
}

fn erase_grant(t: &Tx<'_>, list: &ListName) -> Result<(), DbError> {
    t.mark_erased();
    t.run(|db| db.execute("DELETE FROM granted WHERE list = ?1", [list.as_str()]).map(|_| ()))
}

/// Deletes everything of a list, its floor included, but its hits: what was met still awaits an outcome.
pub(super) fn forget(t: &Tx<'_>, list: &ListName) -> Result<(), DbError> {
    erase_grant(t, list)?;
    t.run(|db| db.execute("DELETE FROM list WHERE name = ?1", [list.as_str()]).map(|_| ()))
}

/// Deletes manifests and keys of the list `only`, or of all. Floors stay, and grants below `grant_floor` count no more.
pub(super) fn erase(t: &Tx<'_>, only: Option<&ListName>, grant_floor: u64) -> Result<(), DbError> {
    t.mark_erased();
    open_hits::erase(t, only)?;
    let only = only.map(ListName::as_str);
    t.run(|db| {
        db.execute("DELETE FROM granted WHERE ?1 IS NULL OR list = ?1", [only])?;
        let sql = "UPDATE list SET active = NULL, pending = NULL, keys_erased = 1, grant_floor = max(grant_floor, ?2)
                   WHERE ?1 IS NULL OR name = ?1";
        db.execute(sql, params![only, grant_floor as i64]).map(|_| ())
    })
}

/// No edition counts as forked: who had the heartbeat's key could say so of any. An issuer's own fork shows again.
pub(super) fn forget_forks(t: &Tx<'_>) -> Result<(), DbError> {
    t.run(|db| db.execute("UPDATE list SET forked = NULL", []).map(|_| ()))
}

/// Grants that were made at `at` or later, seconds since 1970, count whatever an order said.
pub(super) fn grants_count_from(t: &Tx<'_>, at: u64) -> Result<(), DbError> {
    let sql = "UPDATE list SET grant_floor = min(grant_floor, ?1)";
    t.run(|db| db.prepare_cached(sql)?.execute([at as i64]).map(|_| ()))
}

/// The active editions of `lists` were the newest at `at`, seconds since 1970.
pub(super) fn confirm(t: &Tx<'_>, lists: &[ListName], at: u64) -> Result<(), DbError> {
    let sql = "UPDATE list SET confirmed_at = max(confirmed_at, ?2) WHERE name = ?1";
    lists.iter().try_for_each(|list| {
        t.run(|db| db.prepare_cached(sql)?.execute(params![list.as_str(), at as i64]).map(|_| ()))
    })
}

/// No confirmation later than `at` counts.
pub(super) fn confirmed_no_later(t: &Tx<'_>, at: u64) -> Result<(), DbError> {
    let sql = "UPDATE list SET confirmed_at = min(confirmed_at, ?1)";
    t.run(|db| db.prepare_cached(sql)?.execute([at as i64]).map(|_| ()))
}
