//! Since which edition it is known of each list which alerts came and went, and which did in each edition.
//!
//! An alert is the first 16 bytes of a keyed hash of its id (see `publishing::presence`), so no id is stored. What an edition
//! only changes is not stored, and neither is what the first one holds: whether an alert is in an edition follows from the
//! newest edition's segments and what came and went since. Bounded: [`ROWS_MAX`] rows and [`EDITIONS_MAX`] editions a list,
//! about 200 MB; beyond, the oldest editions' rows are removed, and what was in them cannot be determined any more.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::stored;
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::ListName;

/// Rows of a list, at most.
pub(crate) const ROWS_MAX: u64 = 4_000_000;
/// Editions of a list that have rows, at most: a question looks into each.
pub(crate) const EDITIONS_MAX: u64 = 4_096;

pub(super) const STEPS: &[Step] = &[Step {
    number: 20,
    work: &[Work::Sql(
        "
CREATE TABLE presence(
  list TEXT PRIMARY KEY REFERENCES lists(name),
  key_number INTEGER NOT NULL,            -- of the list key that alerts' ids are hashed with
  since INTEGER NOT NULL, upto INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE transitions_of(
  list TEXT NOT NULL REFERENCES lists(name), edition INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(list, edition)) WITHOUT ROWID;

CREATE TABLE transitions(
  list TEXT NOT NULL, edition INTEGER NOT NULL, alert BLOB NOT NULL,
  came INTEGER NOT NULL,                  -- 1: the edition before did not have it; 0: this one does not any more
  PRIMARY KEY(list, edition, alert)) WITHOUT ROWID;
",
    )],
}];

/// The start of an alert's keyed hash.
pub(crate) type AlertHash = [u8; 16];

/// An alert that came with an edition, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) alert: AlertHash,
    pub(crate) came: bool,
}

/// Of which editions of a list it is known what came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Of the list key that alerts' ids are hashed with.
    pub(crate) key_number: u32,
    /// What is in an edition before this one cannot be determined.
    pub(crate) since: u64,
    /// The last edition that was recorded.
    pub(crate) upto: u64,
}

/// What is known of a list; `None` before anything was recorded.
pub(crate) fn known(db: &Session, list: &ListName) -> Result<Option<Known>, DbError> {
    let query = "SELECT key_number, since, upto FROM presence WHERE list = ?";
    let row = db.query_row(query, [list.as_str()], |row| {
        let [since, upto] = [row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64];
        Ok(Known { key_number: row.get(0)?, since, upto })
    });
    Ok(row.optional()?)
}

/// Stores what is known, and what came and went with the edition `known.upto`; removes what is too old or too much. On a change.
pub(crate) fn record(
    db: &Session,
    list: &ListName,
    known: &Known,
    transitions: &[Transition],
) -> Result<(), DbError> {
    let (name, edition) = (list.as_str(), stored(known.upto));
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO transitions VALUES (?, ?, ?, ?)")?;
    for Transition { alert, came } in transitions {
        insert.execute(params![name, edition, alert, came])?;
    }
    if !transitions.is_empty() {
        db.execute(
            "INSERT OR REPLACE INTO transitions_of VALUES (?, ?, ?)",
            params![name, edition, transitions.len() as i64],
        )?;
    }
    let since = known.since.max(first_kept(db, list)?);
    for table in ["transitions", "transitions_of"] {
        // Of `since` itself none is needed: they lead from the edition before.
        db.execute(
            &format!("DELETE FROM {table} WHERE list = ? AND edition <= ?"),
            params![name, stored(since)],
        )?;
    }
    db.execute(
        "INSERT OR REPLACE INTO presence VALUES (?, ?, ?, ?)",
        params![name, known.key_number, stored(since), edition],
    )?;
    Ok(())
}

/// The first edition that can be kept within the bounds: the one before the oldest whose rows are.
fn first_kept(db: &Session, list: &ListName) -> Result<u64, DbError> {
    let mut query =
        db.prepare_cached("SELECT edition, count FROM transitions_of WHERE list = ? ORDER BY edition DESC")?;
    let (mut rows, mut editions) = (0, 0);
    let mut found = query.query([list.as_str()])?;
    while let Some(row) = found.next()? {
        (rows, editions) = (rows + row.get::<_, i64>(1)? as u64, editions + 1);
        if rows > ROWS_MAX || editions > EDITIONS_MAX {
            return Ok(row.get::<_, i64>(0)? as u64);
        }
    }
    Ok(0)
}

/// With which editions an alert came, true, or went, the lowest first.
pub(crate) fn of_alert(
    db: &Session,
    list: &ListName,
    alert: &AlertHash,
) -> Result<Vec<(u64, bool)>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT t.edition, t.came FROM transitions_of o
         JOIN transitions t ON t.list = o.list AND t.edition = o.edition AND t.alert = ?2
         WHERE o.list = ?1 ORDER BY t.edition",
    )?;
    let rows = query
        .query_map(params![list.as_str(), alert], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
