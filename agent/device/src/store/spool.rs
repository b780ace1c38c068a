//! Sealed reports on their way home: stored until headquarters' signed receipt, not until the broker's acknowledgement.
//!
//! Invariants: a report is stored (fsynced) before its verdict is shown; it is removed only by a receipt that names its id
//! *and* the digest of these very bytes; the bound `spool_bytes_max` refuses a new one and never drops an old one. Reading
//! is in the order of storing, a page at a time, so memory does not grow with the queue. What headquarters refuses stays and
//! is set aside: it is sent again after [`REFUSED_AGAIN_S`], behind everything else, so that it holds up nothing.

use super::db::{Db, DbError, Step, Tx};
use super::receipted;
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::EncounterId;
use vedette_shim::trust::{ReceiptEntry, digest};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 5,
        sql: "
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
        DELETE FROM spool_unseen WHERE id = OLD.id; END;",
    },
    // Whether a report is shown is a column of its own row; the index makes counting the few that are not cheap.
    Step {
        number: 6,
        sql: "
    ALTER TABLE spool ADD COLUMN shown INTEGER NOT NULL DEFAULT 1;
    UPDATE spool SET shown = 0 WHERE id IN (SELECT id FROM spool_unseen);
    CREATE INDEX spool_not_shown ON spool (id) WHERE shown = 0;
    DROP TRIGGER spool_unseen_out;
    DROP TABLE spool_unseen;",
    },
    // When headquarters refused a report; NULL for one that is sent.
    Step {
        number: 10,
        sql: "
    ALTER TABLE spool ADD COLUMN refused_at INTEGER;
    CREATE INDEX spool_refused ON spool (refused_at) WHERE refused_at IS NOT NULL;",
    },
];

/// What was refused is sent again after this, seconds.
pub(crate) const REFUSED_AGAIN_S: u64 = 24 * 3600;
/// So many of them at once: one call a second, so that they hold up little.
const AGAIN_AT_ONCE: usize = 16;

/// What became of a report to be spooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spooling {
    Stored,
    /// The bound would be passed; nothing was stored.
    Full,
}

/// One spooled report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// In the order of storing.
    pub sequence: i64,
    /// Of the encounter or outcome.
    pub id: EncounterId,
    /// The encoded [`vedette_shim::wire::SealedEncounter`].
    pub message: Vec<u8>,
}

/// Stores a sealed report in the caller's transaction, if there is room. One that is not `shown` waits like the others,
/// but no count that an officer sees includes it: it met a discreet alert.
pub(crate) fn push(
    t: &Tx<'_>,
    id: &EncounterId,
    message: &[u8],
    bytes_max: u64,
    shown: bool,
) -> Result<Spooling, DbError> {
    t.run(|db| {
        let used: i64 = db.prepare_cached("SELECT value FROM spool_bytes")?.query_row([], |r| r.get(0))?;
        if used as u64 + message.len() as u64 > bytes_max {
            return Ok(Spooling::Full);
        }
        let sql = "INSERT INTO spool (id, message, shown) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.execute(params![id, message, shown])?;
        Ok(Spooling::Stored)
    })
}

/// The next reports to be sent after `sequence`, oldest first.
pub(crate) fn after(db: &Db, sequence: i64, limit: usize) -> Result<Vec<Spooled>, DbError> {
    db.run("read the spool", |db| {
        let sql = "SELECT sequence, id, message FROM spool WHERE sequence > ?1 AND refused_at IS NULL
             ORDER BY sequence LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![sequence, limit as i64], |row| {
                Ok(Spooled { sequence: row.get(0)?, id: row.get(1)?, message: row.get(2)? })
            })?
            .collect()
    })
}

/// How many reports await a receipt, as officers may know.
pub(crate) fn depth_shown(db: &Db) -> Result<u64, DbError> {
    count(db, "SELECT (SELECT count(*) FROM spool) - (SELECT count(*) FROM spool WHERE shown = 0)")
}

/// How many reports await a receipt, as headquarters is told.
pub(crate) fn depth(db: &Db) -> Result<u64, DbError> {
    count(db, "SELECT count(*) FROM spool")
}

/// How many of them headquarters refused, as officers may know.
pub(crate) fn refused_shown(db: &Db) -> Result<u64, DbError> {
    count(db, "SELECT count(*) FROM spool WHERE refused_at IS NOT NULL AND shown = 1")
}

/// How many of them headquarters refused.
pub(crate) fn refused(db: &Db) -> Result<u64, DbError> {
    count(db, "SELECT count(*) FROM spool WHERE refused_at IS NOT NULL")
}

/// Sets aside those of `ids` whose messages have one of these digests; which, and how many of them officers may know of.
pub(crate) fn set_aside(
    db: &Db,
    ids: &[EncounterId],
    digests: &[[u8; 16]],
    now: u64,
) -> Result<(Vec<EncounterId>, usize), DbError> {
    db.transaction("set refused encounters aside", |t| {
        t.run(|db| {
            let (mut aside, mut shown) = (Vec::new(), 0);
            for id in ids {
                let row = db
                    .prepare_cached("SELECT message, shown FROM spool WHERE id = ?1")?
                    .query_row([id], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, bool>(1)?)))
                    .optional()?;
                let Some((message, is_shown)) = row else { continue };
                if digests.iter().any(|refused| digest(&message)[..16] == *refused) {
                    db.prepare_cached("UPDATE spool SET refused_at = ?2 WHERE id = ?1")?
                        .execute(params![id, now as i64])?;
                    aside.push(*id);
                    shown += usize::from(is_shown);
                }
            }
            Ok((aside, shown))
        })
    })
}

/// Puts what was refused before `before` at the end of those that are sent, a few at once; how many.
pub(crate) fn refused_again(db: &Db, before: u64) -> Result<usize, DbError> {
    let sql = "SELECT id FROM spool WHERE refused_at < ?1 ORDER BY refused_at LIMIT ?2";
    let due: Vec<EncounterId> = db.run("find refused encounters", |db| {
        db.prepare_cached(sql)?
            .query_map(params![before as i64, AGAIN_AT_ONCE as i64], |row| row.get(0))?
            .collect()
    })?;
    if due.is_empty() {
        return Ok(0);
    }
    db.transaction("send refused encounters again", |t| {
        t.run(|db| {
            // Stored anew: a place in the order that was given once is behind what a session has read.
            for id in &due {
                let (message, shown): (Vec<u8>, bool) = db
                    .prepare_cached("SELECT message, shown FROM spool WHERE id = ?1")?
                    .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                db.prepare_cached("DELETE FROM spool WHERE id = ?1")?.execute([id])?;
                let sql = "INSERT INTO spool (id, message, shown) VALUES (?1, ?2, ?3)";
                db.prepare_cached(sql)?.execute(params![id, message, shown])?;
            }
            Ok(due.len())
        })
    })
}

/// Puts receipted reports that headquarters asked for back, a few at once, while half of the spool is free for new ones.
pub(crate) fn receipted_again(db: &Db, bytes_max: u64) -> Result<usize, DbError> {
    if !receipted::is_asked_for(db)? {
        return Ok(0);
    }
    db.transaction("send receipted encounters again", |t| {
        t.run(|db| {
            let used: i64 =
                db.prepare_cached("SELECT value FROM spool_bytes")?.query_row([], |r| r.get(0))?;
            if used as u64 > bytes_max / 2 {
                return Ok(0);
            }
            receipted::back_into_spool(db, AGAIN_AT_ONCE)
        })
    })
}

/// What was refused is sent again soon.
pub(super) fn forget_refusals(t: &Tx<'_>) -> Result<(), DbError> {
    t.run(|db| db.execute("UPDATE spool SET refused_at = 0 WHERE refused_at IS NOT NULL", []).map(|_| ()))
}

fn count(db: &Db, sql: &'static str) -> Result<u64, DbError> {
    db.run("count the spool", |db| db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0)))
        .map(|count| count as u64)
}

/// Removes what a checked receipt names; returns how many. One whose digest differs stays: headquarters has other
/// bytes under that id. `kept_at`: they are kept for a while as receipted then, seconds since 1970.
pub(crate) fn receipted(db: &Db, entries: &[ReceiptEntry], kept_at: Option<u64>) -> Result<usize, DbError> {
    db.transaction("apply the receipt", |t| {
        t.run(|db| {
            let mut removed = 0;
            for entry in entries {
                let message: Option<Vec<u8>> = db
                    .prepare_cached("SELECT message FROM spool WHERE id = ?1")?
                    .query_row([entry.id], |row| row.get(0))
                    .optional()?;
                if message.is_some_and(|message| digest(&message)[..16] == entry.digest) {
                    if let Some(now) = kept_at {
                        receipted::keep(db, &entry.id, now)?;
                    }
                    removed += db.prepare_cached("DELETE FROM spool WHERE id = ?1")?.execute([entry.id])?;
                }
            }
            Ok(removed)
        })
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
        let db = Db::open(&folder.path().join("db.db")).unwrap();
        let put = |id: u8, message: &[u8], max| {
            db.transaction("push", |t| push(t, &[id; 16], message, max, id != 2)).unwrap()
        };
        assert_eq!(put(1, b"first", 1000), Spooling::Stored);
        assert_eq!(put(2, b"second", 1000), Spooling::Stored);
        assert_eq!(put(3, b"third", 15), Spooling::Full);
        assert_eq!(after(&db, 0, 10).unwrap().len(), 2);
        assert_eq!((depth(&db).unwrap(), depth_shown(&db).unwrap()), (2, 1), "one of them is discreet");
        assert_eq!(receipted(&db, &[receipt([1; 16], b"other"), receipt([9; 16], b"x")], None).unwrap(), 0);
        assert_eq!(receipted(&db, &[receipt([1; 16], b"first")], None).unwrap(), 1);
        assert_eq!(
            receipted(&db, &[receipt([1; 16], b"first")], None).unwrap(),
            0,
            "a receipt twice is fine"
        );
        let left = after(&db, 0, 10).unwrap();
        assert_eq!((left.len(), left[0].message.as_slice()), (1, b"second".as_slice()));
        assert_eq!((depth(&db).unwrap(), depth_shown(&db).unwrap()), (1, 0));
        assert_eq!(receipted(&db, &[receipt([2; 16], b"second")], None).unwrap(), 1);
        assert_eq!((depth(&db).unwrap(), depth_shown(&db).unwrap()), (0, 0));
        assert_eq!(put(3, b"third", 5), Spooling::Stored, "room comes back with the receipt");
    }

    #[test]
    fn what_is_refused_stays_holds_up_nothing_and_is_sent_again_after_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("db.db")).unwrap();
        let put = |id: u8, shown| {
            db.transaction("push", |t| push(t, &[id; 16], &[id; 9], 1000, shown)).unwrap();
        };
        (1..=4).for_each(|id| put(id, id != 2));
        let half = |id: u8| -> [u8; 16] { digest(&[id; 9])[..16].try_into().unwrap() };
        let to_send = || after(&db, 0, 9).unwrap().iter().map(|s| s.id[0]).collect::<Vec<_>>();
        let ids = [[1; 16], [2; 16], [3; 16], [9; 16]];
        let (aside, shown) = set_aside(&db, &ids, &[half(1), half(2), half(4)], 100).unwrap();
        assert_eq!((aside, shown), (vec![[1; 16], [2; 16]], 1), "4 was not sent");
        assert_eq!(to_send(), [3, 4]);
        let counts = || (depth(&db).unwrap(), refused(&db).unwrap(), refused_shown(&db).unwrap());
        assert_eq!(counts(), (4, 2, 1), "it waits like the others");
        assert_eq!(refused_again(&db, 100).unwrap(), 0);
        assert_eq!(refused_again(&db, 101).unwrap(), 2);
        assert_eq!(to_send(), [3, 4, 1, 2]);
        put(5, true);
        assert_eq!(to_send(), [3, 4, 1, 2, 5], "a new one comes last");
        assert_eq!(counts(), (5, 0, 0));
        let last_read = after(&db, 0, 9).unwrap().last().unwrap().sequence;
        let receipts: Vec<_> = [1, 3, 4, 5].map(|id| receipt([id; 16], &[id; 9])).into();
        assert_eq!(receipted(&db, &receipts, None).unwrap(), 4);
        set_aside(&db, &[[2; 16]], &[half(2)], 500).unwrap();
        db.transaction("order", forget_refusals).unwrap();
        assert_eq!(refused_again(&db, 1).unwrap(), 1);
        let again = after(&db, last_read, 9).unwrap();
        assert_eq!(
            again.iter().map(|s| s.id[0]).collect::<Vec<_>>(),
            [2],
            "a session that has read all reads it"
        );
        put(6, true);
        assert_eq!(after(&db, again[0].sequence, 9).unwrap().len(), 1);
    }

    #[test]
    fn what_was_receipted_is_kept_for_a_while_and_given_again_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("db.db")).unwrap();
        let room = 10_000;
        for id in 1..=4u8 {
            db.transaction("push", |t| push(t, &[id; 16], &[id; 9], room, id != 2)).unwrap();
            let now = if id == 1 { 100 } else { 200 };
            assert_eq!(receipted(&db, &[receipt([id; 16], &[id; 9])], Some(now)).unwrap(), 1);
        }
        assert_eq!((depth(&db).unwrap(), receipted_again(&db, room).unwrap()), (0, 0), "nobody asks");
        assert_eq!(receipted::forget_old(&db, 101).unwrap(), 1);
        // One is made anew under an id that is kept: it is one report.
        db.transaction("push", |t| push(t, &[4; 16], &[4; 9], room, true)).unwrap();
        db.transaction("order", receipted::ask_for_all).unwrap();
        assert_eq!(receipted::forget_old(&db, 1_000).unwrap(), 0, "they are asked for");
        assert_eq!(receipted_again(&db, 10).unwrap(), 0, "half of the room is for new ones");
        assert_eq!(receipted_again(&db, room).unwrap(), 3);
        let back: Vec<_> = after(&db, 0, 9).unwrap().into_iter().map(|s| (s.id[0], s.message)).collect();
        assert_eq!(back, [(4, vec![4; 9]), (2, vec![2; 9]), (3, vec![3; 9])]);
        assert_eq!((depth(&db).unwrap(), depth_shown(&db).unwrap()), (3, 2), "one of them is discreet");
        assert_eq!(receipted_again(&db, room).unwrap(), 0);
    }
}
