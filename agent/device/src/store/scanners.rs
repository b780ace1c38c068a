//! What was accepted from scanners.

use super::db::{Db, DbError, Step, Tx};
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::{DeviceId, EncounterId};

pub(super) const STEPS: &[Step] = &[Step {
    number: 8,
    sql: "
    CREATE TABLE scanner (device TEXT PRIMARY KEY, last_accepted BLOB NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO scanner SELECT substr(name, length('scanner/') + 1), value FROM meta WHERE name LIKE 'scanner/%';
    DELETE FROM meta WHERE name LIKE 'scanner/%';",
}];

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
