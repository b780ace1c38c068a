//! A damaged database is set aside, what can be read of it is copied, and the device goes on with a new one.
//!
//! Encounters on their way home and the audit journal must not be lost with a bad sector, and a post must not stay shut until
//! somebody comes. Rows are read forwards until an error, then backwards until one, so that a damaged page costs its own
//! rows. The damaged file stays beside the new one as `state.db.damaged-<seconds since 1970>`, for whoever can read more.
//!
//! Floors that cannot be read start over: the heartbeat names the newest of everything, so an order that this device has
//! forgotten shows as withheld until it comes again. Keys come again from the broker or a stick.
//!
//! Failure: [`DbError`], or cut off: the next start goes on with the same damaged file, from its beginning.

use super::db::{DAMAGED, Db, DbError};
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi, params_from_iter};
use std::path::Path;
use vedette_common::files::{self, FileError};

/// The database of a device's store.
pub(super) const FILE: &str = "state.db";
/// Says that a database was made here: one that is missing was lost.
const MADE: &str = "made";
/// Longest name of a damaged file, bytes.
const NAME_BYTES_MAX: u64 = 64;

/// Tables that are copied (all but the counts that triggers keep), and whether their rows are numbered, so that they can be read backwards too.
pub(super) const TABLES: [(&str, bool); 19] = [
    ("meta", false),
    ("roster", false),
    ("list", false),
    ("granted", false),
    ("spool", true),
    ("receipted", true),
    ("awaits_outcome", false),
    ("confirmation", false),
    ("late", false),
    ("open_hit", true),
    ("open_hit_alert", false),
    ("retro_key", false),
    ("retro", false),
    ("journal", true),
    ("journal_anchor", false),
    ("tries", false),
    ("token", false),
    ("scanner", false),
    ("scanner_papers", false),
];

/// Why a store was started again, and what came over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restarted {
    /// The damaged file's name; empty if it was missing.
    pub set_aside: String,
    pub journal_lines: u64,
    pub encounters: u64,
}

/// Whether the database was found to be damaged in the last run.
pub(crate) fn is_marked(folder: &Path) -> bool {
    folder.join(DAMAGED).exists()
}

/// Notes, before the database is opened, that there is one; if there was one before and it is gone, says so.
pub(crate) fn note_made(folder: &Path) -> Result<Option<Restarted>, DbError> {
    let made = folder.join(MADE);
    if !made.exists() {
        files::write(&made, b"")?;
        return Ok(None);
    }
    let exists = std::fs::metadata(folder.join(FILE)).is_ok_and(|file| file.len() > 0);
    Ok((!exists).then(Restarted::default))
}

/// Sets a damaged database aside and makes a new one with what can be read of it. For the one process that has the store.
pub(crate) fn start_again(folder: &Path, now: u64) -> Result<Restarted, DbError> {
    let set_aside = name_set_aside(folder, now)?;
    move_aside(folder, &set_aside)?;
    let new = Db::open_in(folder)?;
    let mut restarted = Restarted { set_aside: set_aside.clone(), ..Restarted::default() };
    let aside = folder.join(&set_aside);
    let damaged = Connection::open_with_flags(&aside, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|source| DbError::Sqlite { what: "open the damaged store", path: aside, source })?;
    for (table, numbered) in TABLES {
        let copied = copy_table(&damaged, &new, table, numbered)?;
        match table {
            "journal" => restarted.journal_lines = copied,
            "spool" => restarted.encounters = copied,
            _ => {}
        }
    }
    files::remove(&folder.join(DAMAGED))?;
    Ok(restarted)
}

/// The damaged file's name to be. It is noted before anything is moved: a salvage that was cut off goes on with this file.
fn name_set_aside(folder: &Path, now: u64) -> Result<String, DbError> {
    let noted = match files::read(&folder.join(DAMAGED), NAME_BYTES_MAX) {
        Err(error) if error.is_not_found() => Vec::new(),
        noted => noted?,
    };
    if let Some(name) = String::from_utf8(noted).ok().filter(|name| name.starts_with(FILE)) {
        return Ok(name);
    }
    // A clock that stops with the power gives one time twice; what an earlier salvage set aside stays as it is.
    let first = format!("{FILE}.damaged-{now}");
    let mut names = std::iter::once(first.clone()).chain((1u32..).map(|n| format!("{first}-{n}")));
    let name = names.find(|name| !folder.join(name).exists());
    let name = name.expect("a folder has fewer files than there are numbers");
    files::write(&folder.join(DAMAGED), name.as_bytes())?;
    Ok(name)
}

/// Moves the database aside, its log before itself: while it is there under its own name, so may its log be; once it is not, what has
/// this name is a new one that a salvage before did not finish.
fn move_aside(folder: &Path, set_aside: &str) -> Result<(), DbError> {
    let target = folder.join(set_aside);
    let is_moved = target.try_exists().map_err(FileError::at("see", &target))?;
    for suffix in ["-shm", "-wal", ""] {
        let from = folder.join(format!("{FILE}{suffix}"));
        if is_moved {
            files::remove(&from)?;
        } else if from.exists() {
            files::persist(&from, &folder.join(format!("{set_aside}{suffix}")))?;
        }
    }
    Ok(())
}

/// Copies the rows of one table that can be read; how many.
fn copy_table(damaged: &Connection, new: &Db, table: &str, numbered: bool) -> Result<u64, DbError> {
    let columns = new.run("read the columns", |db| {
        let mut statement = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    let names = columns.join(", ");
    let mut rows = Vec::new();
    let failed = |source| DbError::Sqlite { what: "read the damaged store", path: table.into(), source };
    let forwards = format!("SELECT {names} FROM {table}");
    let mut whole = readable(damaged, &forwards, columns.len(), &mut rows).map_err(failed)?;
    if !whole {
        // An error that has passed costs nothing.
        let mut again = Vec::new();
        whole = readable(damaged, &forwards, columns.len(), &mut again).map_err(failed)?;
        if again.len() >= rows.len() {
            rows = again;
        }
    }
    if !whole && numbered {
        let backwards = format!("SELECT {names} FROM {table} ORDER BY rowid DESC");
        whole = readable(damaged, &backwards, columns.len(), &mut rows).map_err(failed)?;
    }
    if !whole {
        tracing::error!(table, rows = rows.len(), "not every row of the damaged store could be read");
    }
    if numbered {
        // In their order, and each once.
        rows.sort_by_key(|row| if let Some(Value::Integer(number)) = row.first() { *number } else { 0 });
    }
    let places = vec!["?"; columns.len()].join(", ");
    new.transaction("copy what could be read", |t| {
        t.run(|db| {
            let mut insert =
                db.prepare(&format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"))?;
            rows.into_iter()
                .try_fold(0, |copied, row| Ok(copied + insert.execute(params_from_iter(row))? as u64))
        })
    })
}

/// Adds the rows that a query gives until its first error; whether there was none. An error that is not the file's is returned.
fn readable(
    damaged: &Connection,
    sql: &str,
    columns: usize,
    rows: &mut Vec<Vec<Value>>,
) -> rusqlite::Result<bool> {
    let read = |rows: &mut Vec<Vec<Value>>| {
        let mut statement = damaged.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let values: rusqlite::Result<Vec<Value>> = (0..columns).map(|at| row.get(at)).collect();
            rows.extend(values.ok());
        }
        Ok(true)
    };
    match read(rows) {
        Err(error) if is_passing(&error) => Err(error),
        done => Ok(done.unwrap_or(false)),
    }
}

/// Whether an error says nothing of what is in the file: no room for the log's index beside it, for instance. What cannot be read
/// is damage, as a bad sector is.
fn is_passing(error: &rusqlite::Error) -> bool {
    const READING: [i32; 3] =
        [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ, ffi::SQLITE_IOERR_CORRUPTFS];
    match error {
        rusqlite::Error::SqliteFailure(ffi::Error { code: ErrorCode::SystemIoFailure, extended_code }, _) => {
            !READING.contains(extended_code)
        }
        rusqlite::Error::SqliteFailure(ffi::Error { code, .. }, _) => {
            matches!(code, ErrorCode::DiskFull | ErrorCode::CannotOpen | ErrorCode::ReadOnly)
        }
        _ => false,
    }
}

/// The damaged files that were set aside.
#[cfg(test)]
pub(crate) fn set_aside_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let all =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    all.filter(|path| path.to_string_lossy().contains(".damaged-")).collect()
}
