//! Encounters on their way home: kept until headquarters' signed receipt, not until the broker's acknowledgement.
//!
//! Invariants: an encounter is stored (fsynced) before its verdict is shown; it is removed only by a receipt that
//! names its id *and* the digest of these very bytes; the bound `spool_bytes_max` refuses a new one, it never drops
//! an old one. Reading is in order of making, a page at a time, so memory does not grow with the queue.

use crate::state::{Spooled, State, StateError};
use rusqlite::{Transaction, params};
use vedette_shim::ids::EncounterId;
use vedette_shim::trust::{ReceiptEntry, digest};

/// What was not stored, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is stored.
    Yes,
    /// The bound would be passed.
    Full,
}

/// Stores an encoded [`vedette_shim::wire::SealedEncounter`] in the caller's transaction, if there is room. One that is
/// not `shown` waits like the others, but no depth that an officer sees counts it: it met a discreet alert.
pub fn keep(
    t: &Transaction<'_>,
    id: &EncounterId,
    message: &[u8],
    bytes_max: u64,
    shown: bool,
) -> rusqlite::Result<Kept> {
    let used: i64 = t.prepare_cached("SELECT value FROM spool_bytes")?.query_row([], |r| r.get(0))?;
    if used as u64 + message.len() as u64 > bytes_max {
        return Ok(Kept::Full);
    }
    t.prepare_cached("INSERT INTO spool (id, message) VALUES (?1, ?2)")?.execute(params![id, message])?;
    if !shown {
        t.prepare_cached("INSERT INTO spool_unseen (id, bytes) VALUES (?1, ?2)")?
            .execute(params![id, message.len() as i64])?;
    }
    Ok(Kept::Yes)
}

/// The next encounters after `sequence`, oldest first.
pub fn after(state: &State, sequence: i64, limit: usize) -> Result<Vec<Spooled>, StateError> {
    state.read("read the spool", |db| {
        let sql = "SELECT sequence, id, message FROM spool WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![sequence, limit as i64], |row| {
                Ok(Spooled { sequence: row.get(0)?, id: row.get(1)?, message: row.get(2)? })
            })?
            .collect()
    })
}

/// How many encounters wait for a receipt, as officers may know.
pub fn depth_shown(state: &State) -> Result<u64, StateError> {
    state
        .read("count the spool", |db| {
            let sql = "SELECT (SELECT count(*) FROM spool) - (SELECT count(*) FROM spool_unseen)";
            db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        })
        .map(|count| count as u64)
}

/// How many encounters wait for a receipt, as headquarters is told.
pub fn depth(state: &State) -> Result<u64, StateError> {
    state
        .read("count the spool", |db| {
            db.prepare_cached("SELECT count(*) FROM spool")?.query_row([], |row| row.get::<_, i64>(0))
        })
        .map(|count| count as u64)
}

/// Removes what a checked receipt names; returns how many. One whose digest differs stays: headquarters has other
/// bytes under that id.
pub fn receipted(state: &State, entries: &[ReceiptEntry]) -> Result<usize, StateError> {
    state.transaction("take the receipt", |t| {
        let mut removed = 0;
        for entry in entries {
            let message: Option<Vec<u8>> = t
                .prepare_cached("SELECT message FROM spool WHERE id = ?1")?
                .query_map([entry.id], |row| row.get(0))?
                .next()
                .transpose()?;
            if message.is_some_and(|message| digest(&message)[..16] == entry.digest) {
                removed += t.prepare_cached("DELETE FROM spool WHERE id = ?1")?.execute([entry.id])?;
            }
        }
        Ok(removed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(id: EncounterId, bytes: &[u8]) -> ReceiptEntry {
        ReceiptEntry { id, digest: digest(bytes)[..16].try_into().unwrap() }
    }

    #[test]
    fn only_a_receipt_for_these_bytes_removes_an_encounter() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).unwrap();
        let keep = |id: u8, message: &[u8], max| {
            state.transaction("keep", |t| keep(t, &[id; 16], message, max, id != 2)).unwrap()
        };
        assert_eq!(keep(1, b"first", 1000), Kept::Yes);
        assert_eq!(keep(2, b"second", 1000), Kept::Yes);
        assert_eq!(keep(3, b"third", 15), Kept::Full);
        assert_eq!(after(&state, 0, 10).unwrap().len(), 2);
        assert_eq!((depth(&state).unwrap(), depth_shown(&state).unwrap()), (2, 1), "one of them is discreet");
        assert_eq!(receipted(&state, &[receipt([1; 16], b"other"), receipt([9; 16], b"x")]).unwrap(), 0);
        assert_eq!(receipted(&state, &[receipt([1; 16], b"first")]).unwrap(), 1);
        assert_eq!(receipted(&state, &[receipt([1; 16], b"first")]).unwrap(), 0, "a receipt twice is fine");
        let left = after(&state, 0, 10).unwrap();
        assert_eq!((left.len(), left[0].message.as_slice()), (1, b"second".as_slice()));
        assert_eq!((depth(&state).unwrap(), depth_shown(&state).unwrap()), (1, 0));
        assert_eq!(receipted(&state, &[receipt([2; 16], b"second")]).unwrap(), 1);
        assert_eq!((depth(&state).unwrap(), depth_shown(&state).unwrap()), (0, 0));
        assert_eq!(keep(3, b"third", 5), Kept::Yes, "room comes back with the receipt");
    }
}
