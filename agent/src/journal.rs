//! The journal: who searched what, when and why; of a Clear nothing about the traveller.
//!
//! Bytes: each line is one JSON object; its hash is SHA-256(hash of the line before, then the line's bytes); the
//! first line's predecessor is 32 zero bytes. Changing, removing or inserting a line breaks every hash after it.
//!
//! Failure: a line that cannot be stored fails the scan: nobody searches unrecorded.

use crate::state::{State, StateError};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::Digest;
use vedette_shim::trust::digest;

/// One check, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, seconds since 1970.
    pub at: u64,
    /// Who: the officer's badge, or the program that asked.
    pub who: String,
    /// Why: the purpose given.
    pub why: String,
    /// The verdict's word.
    pub verdict: String,
    /// Every list asked, with the edition used.
    pub lists: Vec<(String, u64)>,
    /// Alerts met: `list/alert id`. Empty for a Clear.
    pub alerts: Vec<String>,
}

/// Where the chain breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal was changed at or before line {sequence}: its hash does not follow")]
pub struct Broken {
    /// The first line whose hash does not follow.
    pub sequence: i64,
}

/// Adds a line in the caller's transaction.
pub fn append(t: &Transaction<'_>, line: &Line) -> rusqlite::Result<()> {
    let before: Option<Digest> = t
        .prepare_cached("SELECT hash FROM journal ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let text = serde_json::to_string(line).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let hash = follow(&before.unwrap_or_default(), &text);
    t.prepare_cached("INSERT INTO journal (line, hash) VALUES (?1, ?2)")?.execute(params![text, hash])?;
    Ok(())
}

/// Walks the whole chain; the number of lines, or where it breaks.
pub fn verify(state: &State) -> Result<Result<u64, Broken>, StateError> {
    state.read("read the journal", |db| {
        let mut statement = db.prepare("SELECT sequence, line, hash FROM journal ORDER BY sequence")?;
        let mut rows = statement.query([])?;
        let (mut before, mut lines) = (Digest::default(), 0);
        while let Some(row) = rows.next()? {
            let (sequence, line, hash): (i64, String, Digest) = (row.get(0)?, row.get(1)?, row.get(2)?);
            lines += 1;
            // Sequence numbers are given out without gaps: a cut at the front shows as well.
            if sequence != lines || hash != follow(&before, &line) {
                return Ok(Err(Broken { sequence }));
            }
            before = hash;
        }
        Ok(Ok(lines as u64))
    })
}

fn follow(before: &Digest, line: &str) -> Digest {
    digest(&[before.as_slice(), line.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_changed_removed_or_inserted_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).unwrap();
        for at in 0..5 {
            let line = Line {
                at,
                who: "badge 12".into(),
                why: "entry".into(),
                verdict: "clear".into(),
                lists: vec![("a/b".into(), 3)],
                alerts: vec![],
            };
            state.transaction("journal", |t| append(t, &line)).unwrap();
        }
        assert_eq!(verify(&state).unwrap(), Ok(5));
        let tamper = |sql: &str| {
            state.read("tamper", |db| db.execute_batch("SAVEPOINT before")).unwrap();
            state.read("tamper", |db| db.execute_batch(sql)).unwrap();
            let found = verify(&state).unwrap();
            state.read("tamper", |db| db.execute_batch("ROLLBACK TO before; RELEASE before")).unwrap();
            found
        };
        assert_eq!(
            tamper("UPDATE journal SET line = replace(line, 'clear', 'hit') WHERE sequence = 2"),
            Err(Broken { sequence: 2 })
        );
        assert_eq!(tamper("DELETE FROM journal WHERE sequence = 3"), Err(Broken { sequence: 4 }));
        assert_eq!(tamper("DELETE FROM journal WHERE sequence = 1"), Err(Broken { sequence: 2 }));
        assert_eq!(
            tamper("INSERT INTO journal SELECT 6, line, hash FROM journal WHERE sequence = 5"),
            Err(Broken { sequence: 6 })
        );
        assert_eq!(verify(&state).unwrap(), Ok(5));
    }
}
