//! `revoke`: a device no longer counts.
//!
//! Its certificates go onto the CRL, its grants are withdrawn, it is ordered to erase what it holds, and every list it
//! could read gets a new key for its next segments. Segments published before keep theirs: the device may have them, and
//! re-sealing a list means sending all of it to everybody, which `publish --whole` does.
//!
//! Invariant: one transaction, and the CRL is written before its end: cut off in between, the broker refuses the device
//! already, and `revoke` again does the rest.

use crate::authority::home::Home;
use crate::authority::keys::{Key, signed_anew};
use crate::authority::pki::{Ca, Revoked};
use crate::error::HqError;
use crate::fleet::{devices, grants};
use rusqlite::{Connection, params};
use vedette_common::crypto::sign_statement;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{Order, OrderKind, SignedKind};

/// What was done.
#[derive(Debug, Clone)]
pub struct RevokedDevice {
    /// Lists whose next segments are sealed under a new key.
    pub rotated: Vec<ListName>,
}

/// Revokes a device. The order and the new grants reach the broker with `serve` or the next `publish --broker`, the CRL
/// when the broker reads `pki/crl.pem` anew (Mosquitto: on SIGHUP).
pub fn revoke(home: &Home, device: &DeviceId) -> Result<RevokedDevice, HqError> {
    let _lock = home.lock()?;
    let now = home.now();
    let mut db = home.database()?;
    devices::enrolled_serial(db.read(), device)?;
    let change = db.change()?;
    let id = device.as_str();
    let rotated: Vec<ListName> =
        grants::of_device(&change, device)?.into_iter().map(|(list, _)| list).collect();
    for list in &rotated {
        let number: u32 = change.query_row(
            "UPDATE lists SET key_number = key_number + 1 WHERE name = ? RETURNING key_number",
            [list.as_str()],
            |row| row.get(0),
        )?;
        Key::List(list, number).make(home)?;
    }
    change.execute(
        "UPDATE enrolments SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
        params![now as i64, id],
    )?;
    // Those it had before a renewal count as long as they last.
    change.execute(
        "UPDATE superseded SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
        params![now as i64, id],
    )?;
    change.execute("DELETE FROM grants WHERE device = ?", [id])?;
    order(home, &change, device, OrderKind::EraseAll, now)?;
    grants::refresh(home, &change)?;
    write_crl(home, &change, now)?;
    change.commit()?;
    Ok(RevokedDevice { rotated })
}

/// Writes the CRL as the database has it.
pub(crate) fn write_crl(home: &Home, db: &Connection, now: u64) -> Result<(), HqError> {
    let mut query = db.prepare(
        "SELECT serial, revoked_at FROM enrolments WHERE revoked_at IS NOT NULL AND expires_at > ?1
         UNION SELECT serial, revoked_at FROM superseded WHERE revoked_at IS NOT NULL AND expires_at > ?1
         ORDER BY revoked_at, serial",
    )?;
    let rows = query.query_map([now as i64], |row| {
        Ok(Revoked { serial: row.get(0)?, at: row.get::<_, i64>(1)? as u64 })
    })?;
    Ca::open(home)?.write_crl(home, &rows.collect::<Result<Vec<_>, _>>()?, now)
}

fn order(home: &Home, db: &Connection, device: &DeviceId, order: OrderKind, now: u64) -> Result<(), HqError> {
    let last: i64 = db.query_row(
        "SELECT COALESCE(MAX(number), 0) FROM orders WHERE device = ?",
        [device.as_str()],
        |row| row.get(0),
    )?;
    let order = Order { device: device.clone(), number: last as u64 + 1, issued: now, order };
    let bytes = sign_statement(SignedKind::Order, &order, &[&Key::Orders.signing(home)?]);
    db.execute(
        "INSERT INTO orders(device, number, issued_at, bytes) VALUES (?, ?, ?, ?)",
        params![device.as_str(), order.number as i64, now as i64, bytes],
    )?;
    Ok(())
}

/// Signs the orders that the broker keeps with the orders' key as it is now.
pub(crate) fn sign_orders_anew(home: &Home, db: &Connection) -> Result<(), HqError> {
    let key = Key::Orders.signing(home)?;
    let mut query = db.prepare("SELECT device, number, bytes FROM orders WHERE retired = 0")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (device, number, old): (String, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let bytes = signed_anew::<Order>(SignedKind::Order, &old, &key)?;
        db.execute(
            "UPDATE orders SET bytes = ? WHERE device = ? AND number = ?",
            params![bytes, device, number],
        )?;
    }
    Ok(())
}
