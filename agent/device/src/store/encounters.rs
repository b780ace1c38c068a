//! The encounters that this device made: spooled, and known for as long as an outcome may be given to them.
//!
//! What is stored for an outcome is the encounter's id, its list and the owner's key, nothing of the traveller: so an outcome
//! can be given after a restart, and when the list is no longer cached. Bound: the newest [`ENCOUNTERS_KEPT_MAX`].

use super::confirmations::{self, Start};
use super::db::{Db, DbError, Step, Tx};
use super::spool::{self, Spooling};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::{EncounterId, ListName};

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "
    CREATE TABLE IF NOT EXISTS awaits_outcome (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, encounter BLOB NOT NULL UNIQUE, list TEXT NOT NULL,
        owner_key BLOB NOT NULL, shown INTEGER NOT NULL, made_at INTEGER NOT NULL,
        outcome_at INTEGER NOT NULL DEFAULT 0) STRICT;",
}];

/// Encounters that an outcome can be given to.
pub(crate) const ENCOUNTERS_KEPT_MAX: u32 = 10_000;

/// An encounter to be stored, sealed to its list's owner.
pub(crate) struct NewEncounter {
    pub(crate) id: EncounterId,
    /// The encoded [`vedette_shim::wire::SealedEncounter`].
    pub(crate) message: Vec<u8>,
    pub(crate) list: ListName,
    /// Outcomes are sealed to it.
    pub(crate) owner_key: [u8; 32],
    pub(crate) alert_id: String,
    /// Within how many seconds the owner must confirm it; 0: no clock.
    pub(crate) confirm_s: u32,
    /// False for a discreet alert's: only an entitled officer may learn of it.
    pub(crate) shown: bool,
}

/// What a device knows of an encounter it made.
pub(crate) struct Expected {
    pub(crate) list: ListName,
    pub(crate) owner_key: [u8; 32],
    pub(crate) shown: bool,
    /// The time of its next outcome, seconds since 1970.
    pub(crate) outcome_at: u64,
}

/// Stores an encounter and all that belongs to it: the sealed report, what is needed for its outcome, and its confirmation
/// clock, which starts `at`. Nothing of it where the spool is full.
pub(crate) fn spool(t: &Tx<'_>, new: &NewEncounter, at: u64, bytes_max: u64) -> Result<Spooling, DbError> {
    if spool::push(t, &new.id, &new.message, bytes_max, new.shown)? == Spooling::Full {
        return Ok(Spooling::Full);
    }
    t.run(|db| {
        let sql = "INSERT INTO awaits_outcome (encounter, list, owner_key, shown, made_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![new.id, new.list.as_str(), new.owner_key, new.shown, at as i64];
        db.prepare_cached(sql)?.execute(values)?;
        let sql = "DELETE FROM awaits_outcome WHERE sequence <= (SELECT max(sequence) FROM awaits_outcome) - ?1";
        db.prepare_cached(sql)?.execute([ENCOUNTERS_KEPT_MAX])
    })?;
    if new.confirm_s > 0 {
        let clock = Start {
            encounter: new.id,
            list: &new.list,
            alert_id: &new.alert_id,
            made_at: at,
            within_s: new.confirm_s,
            discreet: !new.shown,
        };
        confirmations::start(t, &clock)?;
    }
    Ok(Spooling::Stored)
}

/// Whether this device knows of an encounter of that id.
pub(crate) fn is_known(db: &Db, id: &EncounterId) -> Result<bool, DbError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM spool WHERE id = ?1)
               OR EXISTS (SELECT 1 FROM awaits_outcome WHERE encounter = ?1)";
    db.run("look up an encounter", |db| db.prepare_cached(sql)?.query_row([id], |row| row.get(0)))
}

/// What is known of an encounter, if this device made it. The time of its outcome is now, or later if one has that time
/// already: so which of two counts does not depend on the order in which they arrive.
pub(crate) fn expected(t: &Tx<'_>, id: &EncounterId, now: u64) -> Result<Option<Expected>, DbError> {
    t.run(|db| {
        let sql =
            "SELECT list, owner_key, shown, max(?2, outcome_at + 1) FROM awaits_outcome WHERE encounter = ?1";
        let row = db.prepare_cached(sql)?.query_row(params![id, now as i64], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?))
        });
        // A name that does not parse was not written by us; it is as good as absent.
        Ok(row.optional()?.and_then(|(list, owner_key, shown, at)| {
            Some(Expected { list: list.parse().ok()?, owner_key, shown, outcome_at: at as u64 })
        }))
    })
}

/// Stores the time of the outcome given last.
pub(crate) fn outcome_given(t: &Tx<'_>, id: &EncounterId, at: u64) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "UPDATE awaits_outcome SET outcome_at = ?2 WHERE encounter = ?1";
        db.prepare_cached(sql)?.execute(params![id, at as i64]).map(|_| ())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::{confirmations, late};

    /// An encounter of this number, whose message has `bytes` bytes.
    pub(crate) fn new(number: u32, bytes: usize) -> NewEncounter {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_le_bytes());
        NewEncounter {
            id,
            message: vec![7; bytes],
            list: "uto/stolen".parse().unwrap(),
            owner_key: [9; 32],
            alert_id: "A-1".into(),
            confirm_s: 600,
            shown: true,
        }
    }

    fn open() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        (folder, db)
    }

    #[test]
    fn an_encounter_is_stored_with_all_that_belongs_to_it_or_not_at_all() {
        let (_folder, db) = open();
        let put = |new: &NewEncounter, max| db.transaction("spool", |t| spool(t, new, 1_000, max)).unwrap();
        let (first, second) = (new(1, 50), new(2, 51));
        assert_eq!(put(&first, 100), Spooling::Stored);
        assert_eq!(put(&second, 100), Spooling::Full);
        let known = |new: &NewEncounter| is_known(&db, &new.id).unwrap();
        assert_eq!((known(&first), known(&second)), (true, false));
        assert_eq!(confirmations::counts(&db, 1_000).unwrap().waiting, 1);
        let failed: Result<(), DbError> = db.transaction("spool", |t| {
            spool(t, &second, 1_000, 200)?;
            late::add(t, &late::tests::late(first.id, 1_000))?;
            late::add(t, &late::tests::late(first.id, 1_000))
        });
        assert!(failed.is_err(), "the same late encounter twice");
        assert!(!known(&second), "an error undoes all of the transaction");
        assert_eq!(spool::depth(&db).unwrap(), 1);
    }

    #[test]
    fn an_outcome_is_taken_for_the_newest_encounters_only() {
        let (_folder, db) = open();
        let over = 5;
        db.transaction("spool", |t| {
            (0..ENCOUNTERS_KEPT_MAX + over).try_for_each(|n| {
                spool(t, &NewEncounter { confirm_s: 0, ..new(n, 1) }, 7, u64::MAX).map(|_| ())
            })
        })
        .unwrap_or_else(|error: DbError| panic!("{error}"));
        let is_expected = |n: u32| -> bool {
            let expected: Result<_, DbError> = db.transaction("ask", |t| expected(t, &new(n, 1).id, 9));
            expected.unwrap().is_some()
        };
        assert!(!is_expected(over - 1));
        assert!(is_expected(over) && is_expected(ENCOUNTERS_KEPT_MAX + over - 1));
    }

    #[test]
    fn two_outcomes_of_one_second_have_two_times() {
        let (_folder, db) = open();
        let outcome = || -> Result<u64, DbError> {
            db.transaction("outcome", |t| {
                let expected = expected(t, &new(1, 1).id, 50)?.expect("it is known");
                outcome_given(t, &new(1, 1).id, expected.outcome_at)?;
                Ok(expected.outcome_at)
            })
        };
        db.transaction("spool", |t| spool(t, &new(1, 1), 7, 100)).unwrap();
        assert_eq!([outcome().unwrap(), outcome().unwrap()], [50, 51]);
    }
}
