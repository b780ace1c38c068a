//! The lists: what each was created with, and the number of the key that its next segments are sealed under.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::parse;
use rusqlite::{OptionalExtension, Row, params};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 1,
        work: &[Work::Sql(
            "CREATE TABLE lists(
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, lease_s INTEGER NOT NULL,
  possible_from INTEGER NOT NULL, hit_from INTEGER NOT NULL, key_number INTEGER NOT NULL,
  created_at INTEGER NOT NULL) WITHOUT ROWID;",
        )],
    },
    Step { number: 3, work: &[Work::Sql("ALTER TABLE lists ADD COLUMN handling TEXT;")] },
    Step {
        number: 5,
        work: &[Work::Sql("ALTER TABLE lists ADD COLUMN confirm_s INTEGER NOT NULL DEFAULT 0;")],
    },
];

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListRow {
    pub(crate) name: ListName,
    pub(crate) kind: Kind,
    /// As the officer sees it.
    pub(crate) owner: String,
    pub(crate) lease_s: u32,
    /// Scores in thousandths.
    pub(crate) possible_from: u16,
    pub(crate) hit_from: u16,
    /// 0 if alerts need no confirmation.
    pub(crate) confirm_s: u32,
    /// New segments are sealed under this key.
    pub(crate) key_number: u32,
    /// The handling code (H0 to H3) of alerts that have none of their own.
    pub(crate) handling: Option<String>,
}

const SELECT: &str =
    "SELECT name, kind, owner, lease_s, possible_from, hit_from, confirm_s, key_number, handling FROM lists";

/// Stores a new list.
pub(crate) fn insert(db: &Session, list: &ListRow, created_at: u64) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO lists(name, kind, owner, lease_s, possible_from, hit_from, confirm_s, key_number, handling,
           created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            list.name.as_str(),
            kind_word(list.kind),
            list.owner,
            list.lease_s,
            list.possible_from,
            list.hit_from,
            list.confirm_s,
            list.key_number,
            list.handling,
            created_at as i64
        ],
    )?;
    Ok(())
}

/// A list, if there is one of this name.
pub(crate) fn find(db: &Session, name: &ListName) -> Result<Option<ListRow>, DbError> {
    let query = format!("{SELECT} WHERE name = ?");
    db.query_row(&query, [name.as_str()], |row| Ok(read(row))).optional()?.transpose()
}

/// Every list by name; a root names 64 at most.
pub(crate) fn all(db: &Session) -> Result<Vec<ListRow>, DbError> {
    let mut query = db.prepare(&format!("{SELECT} ORDER BY name"))?;
    let rows = query.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The lists that are issued here, by name; those of agencies are issued elsewhere.
pub(crate) fn issued_here(db: &Session) -> Result<Vec<ListRow>, DbError> {
    let mut query = db.prepare(&format!("{SELECT} WHERE agency IS NULL ORDER BY name"))?;
    let rows = query.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Seals the list's next segments under a new key; its number.
pub(crate) fn raise_key(db: &Session, name: &ListName) -> Result<u32, DbError> {
    let update = "UPDATE lists SET key_number = key_number + 1 WHERE name = ? RETURNING key_number";
    Ok(db.query_row(update, [name.as_str()], |row| row.get(0))?)
}

/// Seals the list's next segments under the key `number`, or the next one if that is higher; its number.
pub(crate) fn raise_key_to(db: &Session, name: &ListName, number: u64) -> Result<u32, DbError> {
    let update = "UPDATE lists SET key_number = max(key_number + 1, ?2) WHERE name = ?1 RETURNING key_number";
    let number = number.min(u32::MAX.into()) as i64;
    Ok(db.query_row(update, rusqlite::params![name.as_str(), number], |row| row.get(0))?)
}

/// The list's row is not there, as after a command that was cut off.
#[cfg(test)]
pub(crate) fn lose(db: &Session, name: &ListName) {
    db.execute("DELETE FROM lists WHERE name = ?", [name.as_str()]).unwrap();
}

fn read(row: &Row<'_>) -> Result<ListRow, DbError> {
    Ok(ListRow {
        name: parse(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?,
        kind: match row.get::<_, String>(1)?.as_str() {
            "documents" => Kind::Documents,
            "persons" => Kind::Persons,
            other => return Err(DbError::Damaged(format!("{other:?} is no kind of list"))),
        },
        owner: row.get(2)?,
        lease_s: row.get(3)?,
        possible_from: row.get(4)?,
        hit_from: row.get(5)?,
        confirm_s: row.get(6)?,
        key_number: row.get(7)?,
        handling: row.get(8)?,
    })
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Documents => "documents",
        Kind::Persons => "persons",
    }
}
