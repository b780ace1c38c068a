//! Signed statements that the broker retains and devices ask for again: the heartbeat, and orders to devices.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::values::parse;
use rusqlite::{OptionalExtension, params};
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Envelope, Order, SignedKind, decode_body};

pub(super) const STEPS: &[Step] = &[Step {
    number: 1,
    work: &[Work::Sql("
CREATE TABLE heartbeats(one INTEGER PRIMARY KEY CHECK(one = 1), issued_at INTEGER NOT NULL, bytes BLOB NOT NULL);

CREATE TABLE orders(
  device TEXT NOT NULL REFERENCES devices(id), number INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  retired INTEGER NOT NULL DEFAULT 0,     -- no longer on the broker
  bytes BLOB NOT NULL, PRIMARY KEY(device, number)) WITHOUT ROWID;
")],
}];

/// Stores the newest heartbeat.
pub(crate) fn set_heartbeat(db: &Session, issued_at: u64, bytes: &[u8]) -> Result<(), DbError> {
    db.execute("INSERT OR REPLACE INTO heartbeats VALUES (1, ?, ?)", params![issued_at as i64, bytes])?;
    Ok(())
}

/// When the newest heartbeat was issued, seconds since 1970, and its signed bytes.
pub(crate) fn heartbeat(db: &Session) -> Result<Option<(u64, Vec<u8>)>, DbError> {
    let query = "SELECT issued_at, bytes FROM heartbeats";
    Ok(db.query_row(query, [], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))).optional()?)
}

/// Forgets the heartbeat, and with it the time that the next one may not be before.
pub(crate) fn forget_heartbeat(db: &Session) -> Result<(), DbError> {
    db.execute("DELETE FROM heartbeats", [])?;
    Ok(())
}

/// The number of the last order to a device; 0 for none.
pub(crate) fn last_order_number(db: &Session, device: &DeviceId) -> Result<u64, DbError> {
    let query = "SELECT COALESCE(MAX(number), 0) FROM orders WHERE device = ?";
    Ok(db.query_row(query, [device.as_str()], |row| row.get::<_, i64>(0))? as u64)
}

/// Stores a new order.
pub(crate) fn insert_order(db: &Session, order: &Order, bytes: &[u8]) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO orders(device, number, issued_at, bytes) VALUES (?, ?, ?, ?)",
        params![order.device.as_str(), order.number as i64, order.issued as i64, bytes],
    )?;
    Ok(())
}

/// The order that the broker should retain for a device.
pub(crate) fn order(db: &Session, device: &DeviceId) -> Result<Option<Vec<u8>>, DbError> {
    let query = "SELECT bytes FROM orders WHERE device = ? AND retired = 0 ORDER BY number DESC LIMIT 1";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0)).optional()?)
}

/// The broker retains no order for a device any more.
pub(crate) fn retire_orders(db: &Session, device: &DeviceId) -> Result<(), DbError> {
    db.execute("UPDATE orders SET retired = 1 WHERE device = ?", [device.as_str()])?;
    Ok(())
}

/// Every order that the broker retains: device, number, signed bytes.
pub(crate) fn orders(db: &Session) -> Result<Vec<(DeviceId, u64, Vec<u8>)>, DbError> {
    let mut query = db.prepare("SELECT device, number, bytes FROM orders WHERE retired = 0")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, Vec<u8>>(2)?))
    })?;
    rows.map(|row| {
        row.map_err(DbError::from).and_then(|(device, number, bytes)| Ok((parse(&device)?, number, bytes)))
    })
    .collect()
}

/// An order of our own.
pub(crate) fn read_order(bytes: &[u8]) -> Result<Order, DbError> {
    let read = Envelope::read(bytes, SignedKind::Order)
        .and_then(|envelope| decode_body(SignedKind::Order, envelope.body));
    read.map_err(|error| DbError::Damaged(format!("an order cannot be read: {error}")))
}

/// Stores an order as it is signed now.
pub(crate) fn set_order(db: &Session, device: &DeviceId, number: u64, bytes: &[u8]) -> Result<(), DbError> {
    db.execute(
        "UPDATE orders SET bytes = ? WHERE device = ? AND number = ?",
        params![bytes, device.as_str(), number as i64],
    )?;
    Ok(())
}
