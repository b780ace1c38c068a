//! The connection to hq.db, transactions on it, steps from one schema to the next.
//!
//! SQLite in WAL mode with `synchronous = FULL`: what is committed survives a power cut. Failure: a transaction that is
//! dropped is rolled back, so nothing half-done stays; the steps to the newest schema are one transaction.

use super::error::DbError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;
use vedette_common::files::{self, FileError};

/// How long a statement waits for another process's write.
const BUSY_WAIT: Duration = Duration::from_secs(20);

/// Prepared statements kept, at most: more than there are.
const STATEMENTS: usize = 256;

/// What queries run on: the database as it is, or a [`Change`] to it.
pub(crate) type Session = Connection;

/// An open database.
pub(crate) struct Db(Connection);

/// A transaction: all of it is stored at [`Change::commit`], or nothing.
pub(crate) struct Change<'a>(Transaction<'a>);

/// One step from a schema to the next; `number` is the schema that it leads to.
pub(super) struct Step {
    pub(super) number: i64,
    pub(super) work: &'static [Work],
}

/// A part of a [`Step`].
pub(super) enum Work {
    Sql(&'static str),
    /// What SQL alone cannot do with the rows that are there.
    Rows(fn(&Session) -> Result<(), DbError>),
}

impl Db {
    /// Makes the database.
    pub(super) fn create(path: &Path, steps: &[&Step]) -> Result<Db, DbError> {
        make_private(path)?;
        Self::prepare(Connection::open(path)?, steps)
    }

    /// Opens a database that is there, then takes those of `steps` that it lacks. They must be in the order of their numbers.
    pub(super) fn connect(path: &Path, steps: &[&Step]) -> Result<Db, DbError> {
        // SQLite takes an empty file for a new database.
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        if bytes == 0 {
            return Err(DbError::Lost(if path.exists() { "it is empty" } else { "it is missing" }.into()));
        }
        Self::prepare(
            Connection::open_with_flags(path, OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE)?,
            steps,
        )
    }

    /// Reads every page; an error when one is corrupt.
    pub(super) fn check(&self) -> Result<(), DbError> {
        let found: String = self.0.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(DbError::Lost(found)),
        }
    }

    /// Writes a consistent copy, as of now, to a file that does not exist; others may write meanwhile.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        make_private(path)?;
        self.0.execute("VACUUM INTO ?", [path.to_string_lossy()])?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn connect_in_memory(steps: &[&Step]) -> Db {
        Self::prepare(Connection::open_in_memory().unwrap(), steps).unwrap()
    }

    /// No page more is given out, as on a full disk; how many it might have had.
    #[cfg(test)]
    pub(crate) fn fill(&self) -> i64 {
        let read = |pragma: &str| self.0.query_row(pragma, [], |row| row.get::<_, i64>(0)).unwrap();
        let before = read("PRAGMA max_page_count");
        read(&format!("PRAGMA max_page_count = {}", read("PRAGMA page_count")));
        before
    }

    /// Takes back [`Db::fill`].
    #[cfg(test)]
    pub(crate) fn make_room(&self, pages_max: i64) {
        self.0.query_row(&format!("PRAGMA max_page_count = {pages_max}"), [], |_| Ok(())).unwrap();
    }

    fn prepare(mut connection: Connection, steps: &[&Step]) -> Result<Db, DbError> {
        connection.busy_timeout(BUSY_WAIT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan does not depend on the values bound, or every statement would be parsed again each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // Foreign keys are off while tables are made again under their names, as SQLite asks for.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;",
        )?;
        migrate(&mut connection, steps)?;
        connection.execute_batch("PRAGMA foreign_keys = ON;")?;
        Ok(Db(connection))
    }

    /// For reading.
    pub(crate) fn read(&self) -> &Session {
        &self.0
    }

    /// A transaction that holds the write lock from its start, so that it cannot fail halfway for want of it.
    pub(crate) fn change(&mut self) -> Result<Change<'_>, DbError> {
        Ok(Change(self.0.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }

    /// A number that is another one when another connection has committed something.
    pub(crate) fn version(&self) -> Result<i64, DbError> {
        Ok(self.0.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}

impl Change<'_> {
    /// Stores all of it.
    pub(crate) fn commit(self) -> Result<(), DbError> {
        Ok(self.0.commit()?)
    }
}

/// An empty file that is its owner's alone, whatever the umask; SQLite takes it for a new database, and gives its log the same
/// rights.
fn make_private(path: &Path) -> Result<(), FileError> {
    files::open_to_write(path).map(|_| ()).map_err(FileError::at("make", path))
}

impl Deref for Change<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

/// Takes the steps that the database lacks, all or none.
fn migrate(connection: &mut Connection, steps: &[&Step]) -> Result<(), DbError> {
    let version = |db: &Connection| db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let known = steps.last().map_or(0, |step| step.number);
    let found = version(connection)?;
    if found > known {
        return Err(DbError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the same steps meanwhile.
    let found = version(&transaction)?;
    for step in steps.iter().filter(|step| step.number > found) {
        for work in step.work {
            match work {
                Work::Sql(sql) => transaction.execute_batch(sql)?,
                Work::Rows(carry_over) => carry_over(&transaction)?,
            }
        }
    }
    if transaction.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(DbError::Damaged(format!("schema {known} would leave rows without the rows they name")));
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known)?;
    }
    Ok(transaction.commit()?)
}
