//! Scanners: their enrolments, and what was accepted from them.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::{DeviceId, EncounterId};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 8,
        sql: "
    CREATE TABLE scanner (device TEXT PRIMARY KEY, last_accepted BLOB NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO scanner SELECT substr(name, length('scanner/') + 1), value FROM meta WHERE name LIKE 'scanner/%';
    DELETE FROM meta WHERE name LIKE 'scanner/%';",
    },
    Step {
        number: 12,
        sql: "
    CREATE TABLE scanner_enrolment (scanner TEXT PRIMARY KEY, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    },
    Step {
        number: 14,
        // Papers, which the link brings again, instead of enrolments alone.
        sql: "
    DROP TABLE scanner_enrolment;
    CREATE TABLE scanner_papers (scanner TEXT PRIMARY KEY, papers BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    },
];

/// Every scanner's papers, as they came.
pub(crate) fn papers(db: &Db) -> Result<Vec<Vec<u8>>, DbError> {
    db.run("read the scanners' papers", |db| {
        let mut query = db.prepare_cached("SELECT papers FROM scanner_papers ORDER BY scanner")?;
        query.query_map([], |row| row.get(0))?.collect()
    })
}

/// Stores a scanner's newest papers, whose enrolment was checked.
pub(crate) fn set_papers(db: &Db, scanner: &DeviceId, papers: &[u8]) -> Result<(), DbError> {
    db.run("store a scanner's papers", |db| {
        let sql = "INSERT OR REPLACE INTO scanner_papers (scanner, papers) VALUES (?1, ?2)";
        db.execute(sql, params![scanner.as_str(), papers]).map(|_| ())
    })
}

/// Deletes the papers: who signed their enrolments was replaced.
pub(crate) fn forget_papers(db: &Db) -> Result<(), DbError> {
    db.run("delete the scanners' papers", |db| db.execute("DELETE FROM scanner_papers", []).map(|_| ()))
}

/// The last encounter accepted from a scanner.
pub(crate) fn last_accepted(db: &Db, scanner: &DeviceId) -> Result<Option<EncounterId>, DbError> {
    db.run("read the scanner's last encounter", |db| {
        let sql = "SELECT last_accepted FROM scanner WHERE device = ?1";
        db.prepare_cached(sql)?.query_row([scanner.as_str()], |row| row.get(0)).optional()
    })
}

/// Stores it, in the transaction that stores the encounter.
pub(crate) fn set_last_accepted(t: &Tx<'_>, scanner: &DeviceId, id: &EncounterId) -> Result<(), DbError> {
    t.run(|db| {
        let sql = "INSERT OR REPLACE INTO scanner (device, last_accepted) VALUES (?1, ?2)";
        db.prepare_cached(sql)?.execute(params![scanner.as_str(), id]).map(|_| ())
    })
}
