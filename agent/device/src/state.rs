//! The device's small durable state: SQLite, WAL, synchronous=FULL, one transaction domain.
//!
//! Holds the trusted root, the last heartbeat, each list's floor, pending and active manifest, grants, the spool of
//! encounters, the journal and the counters. Segments are files (see [`crate::store`]).
//!
//! Invariants: a floor is stored before what raised it is used; an encounter and its journal line are one
//! transaction; erased keys are overwritten (`secure_delete`). Failure: [`StateError`] names the operation; SQLite
//! rolls the transaction back, so nothing half-done stays.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vedette_common::files::{self, FileError};
use vedette_common::roster::RosterFloor;
use vedette_shim::ids::{DeviceId, Digest, EncounterId, ListName};
use vedette_shim::trust::Floor;

/// How long to wait for another process (a standalone scan beside the daemon), milliseconds.
const BUSY_WAIT_MS: u64 = 5_000;
/// The schema's number; a store of a newer one is refused, not guessed at.
const SCHEMA: i64 = 5;

/// An operation on the state that failed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// SQLite's error.
    #[error("cannot {what} in {}: {source}", path.display())]
    Sqlite {
        /// What was being done.
        what: &'static str,
        /// The database.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The store's folder cannot be made.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// Made by a newer program.
    #[error("{} has schema {found}, this program knows {SCHEMA}; use the newer program", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
}

/// What is stored of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRow {
    /// Nothing older than this is accepted.
    pub floor: Option<Floor>,
    /// Signed bytes of the newest accepted manifest whose segments are not all here yet.
    pub pending: Option<Vec<u8>>,
    /// Signed bytes of the manifest in use.
    pub active: Option<Vec<u8>>,
    /// When the active edition was last confirmed to be the newest, seconds since 1970.
    pub confirmed_at: u64,
}

/// What is stored of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// No older roster is accepted.
    pub floor: RosterFloor,
    /// Its signed bytes, unless they were erased by order.
    pub envelope: Option<Vec<u8>>,
}

/// One spooled encounter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// Order of making.
    pub sequence: i64,
    /// Its id.
    pub id: EncounterId,
    /// The encoded message, as it goes to headquarters.
    pub message: Vec<u8>,
}

/// The open database.
pub struct State {
    db: Mutex<Connection>,
    path: PathBuf,
    log_holds_erased: AtomicBool,
}

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS list (
        name TEXT PRIMARY KEY, floor_edition INTEGER, floor_manifest BLOB, pending BLOB, active BLOB,
        confirmed_at INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS granted (list TEXT PRIMARY KEY, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS spool (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, message BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS spool_bytes (value INTEGER NOT NULL) STRICT;
    INSERT INTO spool_bytes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM spool_bytes);
    CREATE TRIGGER IF NOT EXISTS spool_in AFTER INSERT ON spool BEGIN
        UPDATE spool_bytes SET value = value + length(NEW.message); END;
    CREATE TRIGGER IF NOT EXISTS spool_out AFTER DELETE ON spool BEGIN
        UPDATE spool_bytes SET value = value - length(OLD.message); END;
    CREATE TABLE IF NOT EXISTS spool_unseen (
        id BLOB PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER IF NOT EXISTS spool_unseen_out AFTER DELETE ON spool BEGIN
        DELETE FROM spool_unseen WHERE id = OLD.id; END;
    CREATE TABLE IF NOT EXISTS journal (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS confirmation (
        encounter BLOB PRIMARY KEY, list TEXT NOT NULL, alert TEXT NOT NULL, made_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL, discreet INTEGER NOT NULL, answered_at INTEGER, word TEXT, text TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS late (
        encounter BLOB PRIMARY KEY, list TEXT NOT NULL, alert TEXT NOT NULL, scan BLOB NOT NULL,
        scanned_at INTEGER NOT NULL, raised_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS late_action (
        encounter BLOB PRIMARY KEY, action TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS retro_key (epoch INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS retro (
        hash BLOB PRIMARY KEY, epoch INTEGER NOT NULL, at INTEGER NOT NULL, scan BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS retro_at ON retro (at);
    CREATE TABLE IF NOT EXISTS token (
        name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, made_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal_anchor (
        one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS journal_bytes (value INTEGER NOT NULL) STRICT;
    INSERT INTO journal_bytes SELECT (SELECT coalesce(sum(octet_length(line)), 0) FROM journal)
        WHERE NOT EXISTS (SELECT 1 FROM journal_bytes);
    CREATE TRIGGER IF NOT EXISTS journal_in AFTER INSERT ON journal BEGIN
        UPDATE journal_bytes SET value = value + octet_length(NEW.line); END;
    CREATE TRIGGER IF NOT EXISTS journal_out AFTER DELETE ON journal BEGIN
        UPDATE journal_bytes SET value = value - octet_length(OLD.line); END;
    CREATE TABLE IF NOT EXISTS roster (
        one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, digest BLOB NOT NULL, envelope BLOB) STRICT;
    CREATE TABLE IF NOT EXISTS tries (
        badge TEXT PRIMARY KEY, failures INTEGER NOT NULL, lock_outs INTEGER NOT NULL,
        locked_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS awaits_outcome (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, encounter BLOB NOT NULL UNIQUE, list TEXT NOT NULL,
        owner_key BLOB NOT NULL, shown INTEGER NOT NULL, made_at INTEGER NOT NULL,
        outcome_at INTEGER NOT NULL DEFAULT 0) STRICT;
";

impl State {
    /// Opens or makes the database of a device's store; makes the folder too.
    pub fn open_in(folder: &Path) -> Result<State, StateError> {
        files::make_folder(folder)?;
        State::open(&folder.join("state.db"))
    }

    /// Opens or makes the database.
    pub fn open(path: &Path) -> Result<State, StateError> {
        let fail = |what| move |source| StateError::Sqlite { what, path: path.into(), source };
        let db = Connection::open(path).map_err(fail("open the state"))?;
        db.busy_timeout(std::time::Duration::from_millis(BUSY_WAIT_MS)).map_err(fail("set the wait"))?;
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
            .map_err(fail("prepare the state"))?;
        let found: i64 =
            db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail("read the schema"))?;
        if found > SCHEMA {
            return Err(StateError::Newer { path: path.into(), found });
        }
        if found < SCHEMA {
            db.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;"))
                .map_err(fail("make the tables"))?;
        }
        // The run before may have ended between erasing and emptying.
        let log_holds_erased = AtomicBool::new(true);
        Ok(State { db: Mutex::new(db), path: path.into(), log_holds_erased })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere left no transaction open: rusqlite rolls back on drop.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        work(&self.lock()).map_err(|source| StateError::Sqlite { what, path: self.path.clone(), source })
    }

    /// Runs `work` as one transaction: all of it is stored, or nothing.
    pub fn transaction<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        let fail = |source| StateError::Sqlite { what, path: self.path.clone(), source };
        let mut db = self.lock();
        // Immediate: taken at once or waited for, never refused in the middle because another process wrote.
        let transaction =
            db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        let done = work(&transaction).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(done)
    }

    /// The trusted root's signed bytes.
    pub fn root(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.meta("root")
    }

    /// Stores a new trusted root of the time `issued`, and forgets what those said whose keys it replaces: all there
    /// is of the lists of `start_anew`; with `new_heartbeat` the last heartbeat, its time and all it confirmed later than
    /// `issued`.
    pub fn set_root(
        &self,
        bytes: &[u8],
        issued: u64,
        start_anew: &[ListName],
        new_heartbeat: bool,
    ) -> Result<(), StateError> {
        self.transaction("store the root", |t| {
            put_meta(t, "root", bytes)?;
            for list in start_anew {
                t.execute("DELETE FROM list WHERE name = ?1", [list.as_str()])?;
                t.execute("DELETE FROM granted WHERE list = ?1", [list.as_str()])?;
            }
            if new_heartbeat {
                t.execute("DELETE FROM meta WHERE name = 'heartbeat'", [])?;
                put_meta(t, "clock_floor", &issued.to_le_bytes())?;
                t.execute("UPDATE list SET confirmed_at = min(confirmed_at, ?1)", [issued as i64])?;
            }
            Ok(())
        })?;
        if !start_anew.is_empty() {
            self.mark_erased();
        }
        Ok(())
    }

    /// The last heartbeat's signed bytes.
    pub fn heartbeat(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.meta("heartbeat")
    }

    /// Stores an accepted heartbeat, its time as the clock's floor, and the lists it confirms.
    pub fn set_heartbeat(&self, bytes: &[u8], issued: u64, confirmed: &[ListName]) -> Result<(), StateError> {
        self.transaction("store the heartbeat", |t| {
            put_meta(t, "heartbeat", bytes)?;
            // What has passed since an older one may be stored already.
            let floor = issued.max(number(t, "clock_floor")?);
            put_meta(t, "clock_floor", &floor.to_le_bytes())?;
            for list in confirmed {
                t.execute(
                    "UPDATE list SET confirmed_at = max(confirmed_at, ?2) WHERE name = ?1",
                    params![list.as_str(), issued as i64],
                )?;
            }
            Ok(())
        })
    }

    /// The newest signed time and what passed since, as last stored, seconds since 1970; the clock starts there.
    pub fn clock_floor(&self) -> Result<u64, StateError> {
        self.number("clock_floor")
    }

    /// Stores what the clock shall start at.
    pub fn set_clock_floor(&self, time: u64) -> Result<(), StateError> {
        self.run("store the time", |db| put_meta(db, "clock_floor", &time.to_le_bytes()))
    }

    /// The number of the last order carried out; 0 before the first.
    pub fn order_floor(&self) -> Result<u64, StateError> {
        self.number("order_floor")
    }

    /// The roster; `None` while none ever came.
    pub fn roster(&self) -> Result<Option<RosterRow>, StateError> {
        self.run("read the roster", |db| {
            let sql = "SELECT number, digest, envelope FROM roster";
            let read = |row: &rusqlite::Row<'_>| {
                let floor = RosterFloor { number: row.get::<_, i64>(0)? as u64, digest: row.get(1)? };
                Ok(RosterRow { floor, envelope: row.get(2)? })
            };
            db.prepare_cached(sql)?.query_row([], read).optional()
        })
    }

    /// Stores an accepted roster and raises the floor to it.
    pub fn set_roster(&self, floor: RosterFloor, envelope: &[u8]) -> Result<(), StateError> {
        self.run("store the roster", |db| {
            let sql = "INSERT OR REPLACE INTO roster VALUES (1, ?1, ?2, ?3)";
            db.execute(sql, params![floor.number as i64, floor.digest, envelope]).map(|_| ())
        })
    }

    /// Every list known, by name.
    pub fn lists(&self) -> Result<Vec<(ListName, ListRow)>, StateError> {
        self.run("read the lists", |db| {
            let sql = "SELECT name, floor_edition, floor_manifest, pending, active, confirmed_at FROM list";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                let name: String = row.get(0)?;
                let floor = match (row.get::<_, Option<i64>>(1)?, row.get::<_, Option<Digest>>(2)?) {
                    (Some(edition), Some(manifest)) => Some(Floor { edition: edition as u64, manifest }),
                    _ => None,
                };
                let confirmed_at: i64 = row.get(5)?;
                let list = ListRow {
                    floor,
                    pending: row.get(3)?,
                    active: row.get(4)?,
                    confirmed_at: confirmed_at as u64,
                };
                Ok((name, list))
            })?;
            // A name that does not parse was not written by us; it is as good as absent.
            rows.filter_map(|row| row.map(|(name, list)| Some((name.parse().ok()?, list))).transpose())
                .collect()
        })
    }

    /// Stores an accepted manifest as pending and raises the floor to it.
    pub fn set_pending(&self, list: &ListName, floor: Floor, manifest: &[u8]) -> Result<(), StateError> {
        self.run("store the manifest", |db| {
            db.execute(
                "INSERT INTO list (name, floor_edition, floor_manifest, pending) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET floor_edition = ?2, floor_manifest = ?3, pending = ?4",
                params![list.as_str(), floor.edition as i64, floor.manifest, manifest],
            )
            .map(|_| ())
        })
    }

    /// The pending manifest's segments are all here: it is the active one from now on.
    pub fn set_active(&self, list: &ListName, manifest: &[u8], confirmed_at: u64) -> Result<(), StateError> {
        self.run("activate the edition", |db| {
            db.execute(
                "UPDATE list SET active = ?2, confirmed_at = ?3,
                 pending = CASE WHEN pending = ?2 THEN NULL ELSE pending END WHERE name = ?1",
                params![list.as_str(), manifest, confirmed_at as i64],
            )
            .map(|_| ())
        })
    }

    /// Stores a checked grant, as signed; it holds every key of the list.
    pub fn set_grant(&self, list: &ListName, envelope: &[u8]) -> Result<(), StateError> {
        self.transaction("store the grant", |t| {
            t.execute("INSERT INTO list (name) VALUES (?1) ON CONFLICT DO NOTHING", [list.as_str()])?;
            t.execute(
                "INSERT OR REPLACE INTO granted (list, envelope) VALUES (?1, ?2)",
                params![list.as_str(), envelope],
            )
            .map(|_| ())
        })
    }

    /// Every grant, as signed.
    pub fn grants(&self) -> Result<Vec<Vec<u8>>, StateError> {
        self.run("read the grants", |db| {
            db.prepare_cached("SELECT envelope FROM granted")?.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Erases a list's keys; what was sealed with them can no longer be read here. Its floor stays.
    pub fn erase_keys(&self, list: &ListName) -> Result<(), StateError> {
        self.run("erase the keys", |db| {
            db.execute("DELETE FROM granted WHERE list = ?1", [list.as_str()]).map(|_| ())
        })?;
        self.mark_erased();
        self.empty_log()
    }

    /// Carries out an order: forgets the lists named (all of them for `None`) with their keys, and counts the order.
    pub fn erase_lists(&self, only: Option<&ListName>, order: u64) -> Result<(), StateError> {
        self.transaction("erase the lists", |t| {
            let only = only.map(ListName::as_str);
            t.execute("DELETE FROM granted WHERE ?1 IS NULL OR list = ?1", [only])?;
            t.execute("UPDATE list SET active = NULL, pending = NULL WHERE ?1 IS NULL OR name = ?1", [only])?;
            t.execute("UPDATE roster SET envelope = NULL WHERE ?1 IS NULL", [only])?;
            put_meta(t, "order_floor", &order.to_le_bytes())
        })?;
        self.mark_erased();
        self.empty_log()
    }

    /// Something secret was deleted: the next [`State::empty_log`] empties the log.
    pub fn mark_erased(&self) {
        self.log_holds_erased.store(true, Ordering::Relaxed);
    }

    /// Empties the write-ahead log if erased bytes may be left in it. While another process reads (`journal show`) it
    /// cannot be emptied: call this again until then. It waits for nobody, for scans wait for it.
    pub fn empty_log(&self) -> Result<(), StateError> {
        if !self.log_holds_erased.load(Ordering::Relaxed) {
            return Ok(());
        }
        let busy = self.run("empty the log", |db| {
            db.busy_timeout(std::time::Duration::ZERO)?;
            let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            db.busy_timeout(std::time::Duration::from_millis(BUSY_WAIT_MS))?;
            busy
        })?;
        if busy == 0 {
            self.log_holds_erased.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The last encounter taken over from a scanner.
    pub(crate) fn last_taken(&self, scanner: &DeviceId) -> Result<Option<EncounterId>, StateError> {
        Ok(self.meta(&last_taken(scanner))?.and_then(|id| id.try_into().ok()))
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.run("read the state", |db| meta(db, name))
    }

    fn number(&self, name: &'static str) -> Result<u64, StateError> {
        self.run("read the state", |db| number(db, name))
    }

    /// A read-only look at the database for the modules that keep a table of their own.
    pub(crate) fn read<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        self.run(what, work)
    }
}

/// Notes the last encounter taken over from a scanner, in the caller's transaction.
pub(crate) fn put_last_taken(
    t: &Transaction<'_>,
    scanner: &DeviceId,
    id: &EncounterId,
) -> rusqlite::Result<()> {
    put_meta(t, &last_taken(scanner), id)
}

fn last_taken(scanner: &DeviceId) -> String {
    format!("scanner/{scanner}")
}

fn meta(db: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}

/// 0 if it was never stored.
fn number(db: &Connection, name: &str) -> rusqlite::Result<u64> {
    let bytes = meta(db, name)?.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, u64::from_le_bytes))
}

fn put_meta(t: &Connection, name: &str, value: &[u8]) -> rusqlite::Result<()> {
    t.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", params![name, value]).map(|_| ())
}

#[cfg(test)]
mod tests;
