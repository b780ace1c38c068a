//! `revoke`: a device no longer counts.
//!
//! Its certificates go onto the CRL, its grants are withdrawn, it is ordered to erase what it holds, and every list it
//! could read gets a new key for its next segments. Segments published before keep theirs: the device may have them, and
//! re-sealing a list means sending all of it to everybody, which `publish --whole` does.
//!
//! Invariant: one transaction, and the CRL is written before its end: cut off in between, the broker refuses the device
//! already, and `revoke` again does the rest. Of a device that is revoked it writes the CRL again, and says so.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::pki::Ca;
use crate::authority::services;
use crate::authority::signing_time::signing_time;
use crate::db::{devices, grants as db_grants, lists};
use crate::fleet::devices::enrolled_serial;
use crate::fleet::error::FleetError;
use crate::fleet::{cut_off, grants, orders};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{Enrolment, OrderKind, key_id};

/// What was done.
#[derive(Debug, Clone)]
pub struct RevokedDevice {
    /// Lists whose next segments are sealed under a new key.
    pub rotated: Vec<ListName>,
    /// It was revoked before; the CRL is written again.
    pub before: bool,
}

/// Revokes a device. The order and the new grants reach the broker with `serve` or the next `publish --broker`, the CRL
/// when the broker reads `pki/crl.pem` again (Mosquitto: on SIGHUP).
pub fn revoke(home: &Home, device: &DeviceId) -> Result<RevokedDevice, FleetError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    cut_off::settle(home, &mut db)?;
    let before = match enrolled_serial(db.read(), device) {
        Err(FleetError::DeviceRevoked(_)) => true,
        other => other.map(|_| false)?,
    };
    if before {
        services::write_crls(home, &Ca::all(home)?, &devices::revoked(db.read(), now)?, now)?;
        return Ok(RevokedDevice { rotated: Vec::new(), before });
    }
    let change = db.change()?;
    let box_public = devices::box_in_force(&change, device)?;
    let enrolment = key_id(&box_public.ok_or_else(|| FleetError::NoDevice(device.clone()))?);
    let granted = db_grants::of_device(&change, device)?;
    // Those of agencies get theirs where they are issued.
    let here: Vec<ListName> = lists::issued_here(&change)?.into_iter().map(|list| list.name).collect();
    let rotated: Vec<ListName> =
        granted.into_iter().map(|(list, _)| list).filter(|list| here.contains(list)).collect();
    for list in &rotated {
        let number = lists::raise_key(&change, list)?;
        Key::List(list, number).make(home)?;
    }
    devices::revoke(&change, device, now)?;
    db_grants::withdraw(&change, device)?;
    let voids_grants = now.max(db_grants::last_number(&change, device)?);
    let us = Enrolment { device: device.clone(), key: enrolment };
    orders::order(home, &change, &us, OrderKind::EraseAll, voids_grants, now)?;
    grants::refresh(home, &change, now)?;
    services::write_crls(home, &Ca::all(home)?, &devices::revoked(&change, now)?, now)?;
    audit::record(home, &change, Act::Revoke.of(device).with("lists_rotated", rotated.len()))?;
    change.commit()?;
    Ok(RevokedDevice { rotated, before })
}
