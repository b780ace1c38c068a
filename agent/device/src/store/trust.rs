//! What the device trusts: the root, the last heartbeat, and the floors of time and orders.
//!
//! Invariant: no floor goes back, unless a root replaces the key that has set it.

use super::db::{Db, DbError, Step, Tx};
use super::{confirmations, editions, open_hits, receipted, roster, spool};
use rusqlite::{Connection, OptionalExtension, params};
use vedette_shim::ids::ListName;

pub(super) const STEPS: &[Step] = &[Step {
    number: 5,
    sql: "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;",
}];

const ROOT: &str = "root";
const HEARTBEAT: &str = "heartbeat";
const CLOCK_FLOOR: &str = "clock_floor";
const ORDER_FLOOR: &str = "order_floor";
const GRANT_FLOOR: &str = "grant_floor";
const STATUS_NUMBER: &str = "status_number";

/// A root to be stored.
pub(crate) struct NewRoot<'a> {
    /// As signed.
    pub(crate) envelope: &'a [u8],
    /// Seconds since 1970.
    pub(crate) issued: u64,
    /// Lists whose issuer it replaces: everything stored of them is deleted.
    pub(crate) restarted: &'a [ListName],
    /// Lists that it names no more: nothing that was met in them is shown any more.
    pub(crate) dropped: &'a [ListName],
    /// It replaces the heartbeat's key: the heartbeat is deleted with all it said, and no time counts that is later
    /// than `issued`.
    pub(crate) heartbeat_replaced: bool,
    /// It replaces the orders' key: orders are numbered anew, and none voids grants that were made later than `issued`.
    pub(crate) orders_replaced: bool,
    /// It replaces the collector's key: owners' answers that came are kept, and the next one counts whatever its time.
    pub(crate) collector_replaced: bool,
}

/// The trusted root, as signed.
pub(crate) fn root(db: &Db) -> Result<Option<Vec<u8>>, DbError> {
    db.run("read the root", |db| value(db, ROOT))
}

/// Stores a root that was checked, and deletes what was signed by the keys that it replaces.
pub(crate) fn set_root(db: &Db, root: &NewRoot<'_>) -> Result<(), DbError> {
    db.transaction("store the root", |t| {
        t.run(|db| put(db, ROOT, root.envelope))?;
        for list in root.restarted {
            editions::forget(t, list)?;
        }
        for list in root.dropped {
            open_hits::erase(t, Some(list))?;
        }
        if root.heartbeat_replaced {
            t.run(|db| db.execute("DELETE FROM meta WHERE name = ?1", [HEARTBEAT]))?;
            t.run(|db| put(db, CLOCK_FLOOR, &root.issued.to_le_bytes()))?;
            editions::confirmed_no_later(t, root.issued)?;
            editions::forget_forks(t)?;
        }
        if root.orders_replaced {
            t.run(|db| db.execute("DELETE FROM meta WHERE name = ?1", [ORDER_FLOOR]))?;
            let floor = t.run(|db| number(db, GRANT_FLOOR))?.min(root.issued);
            t.run(|db| put(db, GRANT_FLOOR, &floor.to_le_bytes()))?;
            editions::grants_count_from(t, root.issued)?;
        }
        if root.collector_replaced {
            confirmations::forget_times(t)?;
        }
        Ok(())
    })
}

/// The last heartbeat, as signed.
pub(crate) fn heartbeat(db: &Db) -> Result<Option<Vec<u8>>, DbError> {
    db.run("read the heartbeat", |db| value(db, HEARTBEAT))
}

/// Stores a heartbeat that was checked; its time `issued` becomes the clock's floor, and the lists it confirms are
/// confirmed then.
pub(crate) fn set_heartbeat(
    db: &Db,
    envelope: &[u8],
    issued: u64,
    confirmed: &[ListName],
) -> Result<(), DbError> {
    db.transaction("store the heartbeat", |t| {
        t.run(|db| put(db, HEARTBEAT, envelope))?;
        // What has passed since an older one may be stored already.
        let floor = issued.max(t.run(|db| number(db, CLOCK_FLOOR))?);
        t.run(|db| put(db, CLOCK_FLOOR, &floor.to_le_bytes()))?;
        editions::confirm(t, confirmed, issued)
    })
}

/// The newest signed time and what passed since, as last stored, seconds since 1970; the clock starts there. 0 before
/// the first.
pub fn clock_floor(db: &Db) -> Result<u64, DbError> {
    db.run("read the time", |db| number(db, CLOCK_FLOOR))
}

/// Stores what the clock starts at.
pub(crate) fn set_clock_floor(db: &Db, time: u64) -> Result<(), DbError> {
    db.transaction("store the time", |t| t.run(|db| put(db, CLOCK_FLOOR, &time.to_le_bytes())))
}

/// The number of the last order carried out; 0 before the first.
pub(crate) fn order_floor(db: &Db) -> Result<u64, DbError> {
    db.run("read the last order", |db| number(db, ORDER_FLOOR))
}

/// The lowest number of a grant that counts, of lists of which there is no row.
pub(crate) fn grant_floor(db: &Db) -> Result<u64, DbError> {
    db.run("read the floor of grants", |db| number(db, GRANT_FLOOR))
}

/// Carries out an order to erase the list `only`, or for `None` all lists and the roster, and stores its number. Grants
/// below `grant_floor` count no more; the other floors stay.
pub(crate) fn erase(db: &Db, only: Option<&ListName>, order: u64, grant_floor: u64) -> Result<(), DbError> {
    db.transaction("erase the lists", |t| {
        editions::erase(t, only, grant_floor)?;
        if only.is_none() {
            roster::erase(t)?;
            let floor = t.run(|db| number(db, GRANT_FLOOR))?.max(grant_floor);
            t.run(|db| put(db, GRANT_FLOOR, &floor.to_le_bytes()))?;
        }
        t.run(|db| put(db, ORDER_FLOOR, &order.to_le_bytes()))
    })?;
    db.empty_log()
}

/// Carries an order to send again out: what was refused or is kept of what was receipted is due, and
/// the order is not repeated.
pub(crate) fn send_again(db: &Db, order: u64) -> Result<(), DbError> {
    db.transaction("send again", |t| {
        spool::forget_refusals(t)?;
        receipted::ask_for_all(t)?;
        t.run(|db| put(db, ORDER_FLOOR, &order.to_le_bytes()))
    })
}

/// The number of the next status: one more than the last, and than `before`. It is stored before it is used.
pub(crate) fn next_status(t: &Tx<'_>, before: u64) -> Result<u64, DbError> {
    t.run(|db| {
        let number = number(db, STATUS_NUMBER)?.max(before) + 1;
        put(db, STATUS_NUMBER, &number.to_le_bytes())?;
        Ok(number)
    })
}

fn value(db: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// 0 if it was never stored.
fn number(db: &Connection, name: &str) -> rusqlite::Result<u64> {
    let bytes = value(db, name)?.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, u64::from_le_bytes))
}

fn put(db: &Connection, name: &str, value: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute(params![name, value]).map(|_| ())
}
