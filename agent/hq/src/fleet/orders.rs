//! Orders to devices; `send-again`: headquarters asks for encounters that it refused or lost.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::db::{Session, devices, settings, statements};
use crate::fleet::devices::enrolled_serial;
use crate::fleet::error::FleetError;
use vedette_common::crypto::RingVerify;
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Enrolment, Order, OrderKind, SignedKind, key_id};

/// Orders `only` these devices, or every enrolled one, to send again what was refused, and what they still have of what was
/// receipted; how many. The orders reach the broker with `serve` or the next `publish --broker`.
pub fn send_again(home: &Home, only: &[DeviceId]) -> Result<usize, FleetError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    for device in only {
        enrolled_serial(db.read(), device)?;
    }
    let change = db.change()?;
    let count = send_again_to(home, &change, only, now)?;
    let named: Vec<String> = only.iter().map(DeviceId::to_string).collect();
    audit::record(home, &change, Act::SendAgain.of("devices").with("count", count).with("named", named))?;
    change.commit()?;
    Ok(count)
}

/// The same, on a change of the caller's.
pub(crate) fn send_again_to(
    home: &Home,
    db: &Session,
    only: &[DeviceId],
    now: u64,
) -> Result<usize, FleetError> {
    let mut count = 0;
    for device in devices::all(db)? {
        let Some(box_public) = devices::box_in_force(db, &device)? else { continue };
        if only.is_empty() || only.contains(&device) {
            let us = Enrolment { device, key: key_id(&box_public) };
            order(home, db, &us, OrderKind::SendAgain, 0, now)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Signs the next order to a device.
pub(crate) fn order(
    home: &Home,
    db: &Session,
    us: &Enrolment,
    order: OrderKind,
    voids_grants: u64,
    now: u64,
) -> Result<(), FleetError> {
    let last = statements::last_order_number(db, &us.device)?;
    let number = (last + 1).max(settings::restored_at(db)?);
    let (device, enrolment) = (us.device.clone(), us.key);
    let order = Order { device, enrolment, number, voids_grants, issued: now, order };
    let (root, _) = root::newest(home)?;
    let bytes = signed(SignedKind::Order, &order, &[&Key::Orders.signing(home)?], |bytes| {
        Order::accept(bytes, us, &root, last, &RingVerify).map(drop)
    })?;
    Ok(statements::insert_order(db, &order, &bytes)?)
}
