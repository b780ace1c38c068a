//! `revoke`: a device no longer counts.
//!
//! Its certificates go onto the CRL, its grants are withdrawn, it is ordered to erase what it holds, and every list it
//! could read gets a new key for its next segments. Segments published before keep theirs: the device may have them, and
//! re-sealing a list means sending all of it to everybody, which `publish --whole` does.
//!
//! Invariant: one transaction, and the CRL is written before its end: cut off in between, the broker refuses the device
//! already, and `revoke` again does the rest.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::pki::Ca;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::db::{Session, devices, grants as db_grants, lists, statements};
use crate::fleet::devices::enrolled_serial;
use crate::fleet::error::FleetError;
use crate::fleet::grants;
use vedette_common::crypto::RingVerify;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{Enrolment, KeyId, Order, OrderKind, SignedKind, key_id};

/// What was done.
#[derive(Debug, Clone)]
pub struct RevokedDevice {
    /// Lists whose next segments are sealed under a new key.
    pub rotated: Vec<ListName>,
}

/// Revokes a device. The order and the new grants reach the broker with `serve` or the next `publish --broker`, the CRL
/// when the broker reads `pki/crl.pem` again (Mosquitto: on SIGHUP).
pub fn revoke(home: &Home, device: &DeviceId) -> Result<RevokedDevice, FleetError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    enrolled_serial(db.read(), device)?;
    let change = db.change()?;
    let box_public = devices::box_in_force(&change, device)?;
    let enrolment = key_id(&box_public.ok_or_else(|| FleetError::NoDevice(device.clone()))?);
    let granted = db_grants::of_device(&change, device)?;
    let rotated: Vec<ListName> = granted.into_iter().map(|(list, _)| list).collect();
    for list in &rotated {
        let number = lists::raise_key(&change, list)?;
        Key::List(list, number).make(home)?;
    }
    devices::revoke(&change, device, now)?;
    db_grants::withdraw(&change, device)?;
    order(home, &change, device, enrolment, OrderKind::EraseAll, now)?;
    grants::refresh(home, &change, now)?;
    Ca::open(home)?.write_crl(home, &devices::revoked(&change, now)?, now)?;
    change.commit()?;
    Ok(RevokedDevice { rotated })
}

fn order(
    home: &Home,
    db: &Session,
    device: &DeviceId,
    enrolment: KeyId,
    order: OrderKind,
    now: u64,
) -> Result<(), FleetError> {
    let last = statements::last_order_number(db, device)?;
    let number = last + 1;
    let voids_grants = now.max(db_grants::last_number(db, device)?);
    let order = Order { device: device.clone(), enrolment, number, voids_grants, issued: now, order };
    let (root, _) = root::newest(home)?;
    let us = Enrolment { device: device.clone(), key: enrolment };
    let bytes = signed(SignedKind::Order, &order, &[&Key::Orders.signing(home)?], |bytes| {
        Order::accept(bytes, &us, &root, last, &RingVerify).map(drop)
    })?;
    Ok(statements::insert_order(db, &order, &bytes)?)
}
