//! Programs' tokens: the name and the digest of each, never the token.

use super::db::{Db, DbError, Step};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::Digest;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS token (
        name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, made_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
}];

/// What became of a token to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adding {
    Added,
    /// There is one of that name.
    NameInUse,
    /// There are as many as there may be.
    TooMany,
}

/// A stored token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub(crate) name: String,
    /// Seconds since 1970.
    pub(crate) made_at: u64,
}

/// Stores a token, unless there are `tokens_max` already.
pub(crate) fn add(
    db: &Db,
    name: &str,
    digest: &Digest,
    made_at: u64,
    tokens_max: u32,
) -> Result<Adding, DbError> {
    db.transaction("make a token", |t| {
        t.run(|db| {
            let sql = "SELECT count(*), coalesce(max(name = ?1), 0) FROM token";
            let (count, in_use): (u32, bool) =
                db.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if in_use {
                return Ok(Adding::NameInUse);
            }
            if count >= tokens_max {
                return Ok(Adding::TooMany);
            }
            let sql = "INSERT INTO token (name, digest, made_at) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![name, digest, made_at as i64])?;
            Ok(Adding::Added)
        })
    })
}

/// Every token, by name.
pub(crate) fn all(db: &Db) -> Result<Vec<TokenRow>, DbError> {
    db.run("read the tokens", |db| {
        db.prepare("SELECT name, made_at FROM token ORDER BY name")?
            .query_map([], |row| Ok(TokenRow { name: row.get(0)?, made_at: row.get::<_, i64>(1)? as u64 }))?
            .collect()
    })
}

/// Deletes a token; false if there is none of that name.
pub(crate) fn remove(db: &Db, name: &str) -> Result<bool, DbError> {
    db.run("revoke a token", |db| Ok(db.execute("DELETE FROM token WHERE name = ?1", [name])? > 0))
}

/// The name of the token with this digest, if there is one.
pub(crate) fn holder(db: &Db, token: &Digest) -> Result<Option<String>, DbError> {
    db.run("look up a token", |db| {
        db.prepare_cached("SELECT name FROM token WHERE digest = ?1")?
            .query_row([token], |row| row.get(0))
            .optional()
    })
}
