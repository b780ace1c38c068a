//! The database `state.db`: one connection, transactions, the log that erased bytes may be left in.
//!
//! SQLite in WAL mode with `synchronous = FULL`: what a call has stored survives a power cut. `secure_delete`: erased bytes
//! are overwritten in the file; [`Db::empty_log`] takes them out of the log too.
//!
//! Failure: [`DbError`] names the operation; SQLite rolls the transaction back, so nothing half-done stays. What keeps the
//! database from being written is remembered ([`Db::fault`]) until a transaction is stored again. A reserve file gives way
//! when the disk is full, so that what is answered next can still be recorded; damage is noted for the next start.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode as Code, Transaction, TransactionBehavior};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vedette_common::files::{self, FileError};

/// A file beside the database: it was found to be damaged while it was in use.
pub(super) const DAMAGED: &str = "damaged";
/// Room that is kept for what must be recorded on a full disk, bytes: some thousand answers.
const RESERVE_BYTES: usize = 4 * 1024 * 1024;
/// Prepared statements kept, at most: more than there are.
const STATEMENTS: usize = 128;
/// How long to wait for another process (a standalone scan beside the daemon), milliseconds.
const BUSY_WAIT_MS: u64 = 5_000;

/// An operation on the database that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// SQLite's error.
    #[error("cannot {what} in {}: {source}", path.display())]
    Sqlite { what: &'static str, path: PathBuf, source: rusqlite::Error },
    /// The store's folder cannot be made.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// Made by a newer program: its tables are not guessed at.
    #[error("{} has schema {found}, this program knows {newest}; use the newer program", path.display())]
    Newer { path: PathBuf, found: i64, newest: i64 },
}

impl DbError {
    fn code(&self) -> Option<Code> {
        match self {
            DbError::Sqlite { source, .. } => source.sqlite_error_code(),
            DbError::Folder(_) | DbError::Newer { .. } => None,
        }
    }

    /// Whether the file is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.code(), Some(Code::DatabaseCorrupt | Code::NotADatabase))
    }
}

/// The open database. Its tables are the modules beside this one.
pub struct Db {
    connection: Mutex<Connection>,
    path: PathBuf,
    log_holds_erased: AtomicBool,
    fault: Mutex<Option<String>>,
    is_damaged: AtomicBool,
}

/// A transaction: all of it is stored, or nothing.
pub struct Tx<'a> {
    transaction: Transaction<'a>,
    what: &'static str,
    db: &'a Db,
    erased: Cell<bool>,
}

/// One step from a schema to the next; `number` is the schema that it leads to.
pub(super) struct Step {
    pub(super) number: i64,
    pub(super) sql: &'static str,
}

impl Db {
    /// Opens or makes the database, then takes those of `steps` that it lacks, in one transaction. They must be in the
    /// order of their numbers.
    pub(super) fn connect(path: &Path, steps: &[&Step]) -> Result<Db, DbError> {
        let fail = |what| move |source| DbError::Sqlite { what, path: path.into(), source };
        // Made here, so that it is its owner's alone whatever the umask; SQLite gives its log the same rights.
        files::open_to_write(path).map_err(FileError::at("make", path))?;
        let mut connection = Connection::open(path).map_err(fail("open the state"))?;
        connection.busy_timeout(Duration::from_millis(BUSY_WAIT_MS)).map_err(fail("set the wait"))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan does not depend on the values bound, or every statement would be parsed again each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fail("fix plans"))?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
            .map_err(fail("prepare the state"))?;
        let newest = steps.last().map_or(0, |step| step.number);
        let found = migrate(&mut connection, steps, newest).map_err(fail("make the tables"))?;
        if found > newest {
            return Err(DbError::Newer { path: path.into(), found, newest });
        }
        // The run before may have ended between erasing and emptying.
        let log_holds_erased = AtomicBool::new(true);
        Ok(Db {
            connection: Mutex::new(connection),
            path: path.into(),
            log_holds_erased,
            fault: Mutex::default(),
            is_damaged: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere left no transaction open: rusqlite rolls back on drop.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything is in the file itself, and nothing in its log.
    #[cfg(test)]
    pub(crate) fn checkpoint(&self) {
        let done = self.lock().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        assert_eq!(done.expect("a pragma"), 0);
    }

    /// Every write fails from now on, as on a full disk, or works again.
    #[cfg(test)]
    pub(crate) fn refuse_writes(&self, refuse: bool) {
        self.lock().pragma_update(None, "query_only", refuse).expect("a pragma");
    }

    /// Runs one statement, or several that only read.
    pub(super) fn run<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DbError> {
        let done = work(&self.lock());
        done.map_err(|source| self.failed(what, source))
    }

    /// Runs `work` as one transaction. Its error undoes all of it.
    pub fn transaction<T, E: From<DbError>>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // Immediate: taken at once or waited for, never refused in the middle because another process wrote.
        self.begin(TransactionBehavior::Immediate, what, work)
    }

    /// Runs `work`, which only reads, on one state of the database: what other processes write meanwhile is not seen.
    pub fn read<T, E: From<DbError>>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin(TransactionBehavior::Deferred, what, work)
    }

    fn begin<T, E: From<DbError>>(
        &self,
        behavior: TransactionBehavior,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let writes = matches!(behavior, TransactionBehavior::Immediate);
        let fail = |source| self.failed(what, source);
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(behavior).map_err(fail)?;
        let tx = Tx { transaction, what, db: self, erased: Cell::new(false) };
        let done = work(&tx)?;
        let Tx { transaction, erased, .. } = tx;
        transaction.commit().map_err(fail)?;
        if erased.get() {
            self.log_holds_erased.store(true, Ordering::Relaxed);
        }
        if writes && self.fault().is_some() {
            tracing::info!("the store can be written again");
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(done)
    }

    /// What keeps the database from being written, in words; none while it can be.
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it was found to be damaged: the next start sets it aside.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    fn failed(&self, what: &'static str, source: rusqlite::Error) -> DbError {
        let error = DbError::Sqlite { what, path: self.path.clone(), source };
        let code = error.code();
        if error.is_damage() && !self.is_damaged.swap(true, Ordering::Relaxed) {
            // Without the note the next start finds out by itself, only later. One that is there may name a file set aside.
            let note = self.path.with_file_name(DAMAGED);
            if !note.exists()
                && let Err(error) = files::write(&note, b"")
            {
                tracing::error!(%error, "that the store is damaged cannot be noted");
            }
        }
        let is_fault = error.is_damage()
            || matches!(
                code,
                Some(Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen)
            );
        if is_fault {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
        if code == Some(Code::DiskFull) && std::fs::remove_file(self.reserve()).is_ok() {
            tracing::warn!("the disk is full: the reserve is given up, so that answers can be recorded");
        }
        error
    }

    /// Makes the reserve, if it is not there and as much stays free beside it: one that took the last room would itself fill the
    /// disk, and give way again, every second.
    pub fn keep_reserve(&self) {
        let path = self.reserve();
        if path.exists() || self.fault().is_some() {
            return;
        }
        let is_roomy = files::free_bytes(&self.path).is_ok_and(|free| free >= 2 * RESERVE_BYTES as u64);
        if !is_roomy {
            return;
        }
        if files::write(&path, &vec![0; RESERVE_BYTES]).is_err() {
            // Half of it would only take room.
            let _ = std::fs::remove_file(&path);
        }
    }

    fn reserve(&self) -> PathBuf {
        self.path.with_file_name("reserve")
    }

    /// Empties the write-ahead log if erased bytes may be left in it. While another process reads (`journal show`) it
    /// cannot be emptied: call this again until then. It does not wait, because scans would wait with it.
    pub fn empty_log(&self) -> Result<(), DbError> {
        if !self.log_holds_erased.load(Ordering::Relaxed) {
            return Ok(());
        }
        let busy = self.run("empty the log", |db| {
            db.busy_timeout(Duration::ZERO)?;
            let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            db.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
            busy
        })?;
        if busy == 0 {
            self.log_holds_erased.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// Runs a statement of the transaction.
    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DbError> {
        work(&self.transaction).map_err(|source| self.db.failed(self.what, source))
    }

    /// Something secret is deleted: once this is committed, the next [`Db::empty_log`] empties the log.
    pub(super) fn mark_erased(&self) {
        self.erased.set(true);
    }
}

/// The schema found; a newer one is left alone.
fn migrate(connection: &mut Connection, steps: &[&Step], newest: i64) -> rusqlite::Result<i64> {
    let version = |db: &Connection| db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if version(connection)? >= newest {
        return version(connection);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the same steps meanwhile.
    let found = version(&transaction)?;
    for step in steps.iter().filter(|step| step.number > found) {
        transaction.execute_batch(step.sql)?;
    }
    if found < newest {
        transaction.pragma_update(None, "user_version", newest)?;
    }
    transaction.commit()?;
    Ok(found)
}
