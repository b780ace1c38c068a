//! The fleet: who is enrolled, and which lists each device holds by its last status (the inventory of copies).

pub use crate::db::contradictions::ContradictionView;
pub use crate::db::devices::{DeviceState, DeviceView, HeldView};
pub use crate::db::refusals::RefusalView;
pub use crate::db::statuses::StatusView;

use crate::authority::home::Home;
use crate::db::devices::NewCertificate;
use crate::db::{Change, Session, devices};
use crate::fleet::error::FleetError;
use vedette_shim::ids::DeviceId;

/// Devices that one page of the listing has, at most.
pub const PAGE_ROWS: usize = 500;

/// Every device by name, enrolled or revoked, in pages of [`PAGE_ROWS`], so that a fleet of any size is shown in the memory
/// of one page.
pub fn pages(home: &Home) -> Result<impl Iterator<Item = Result<Vec<DeviceView>, FleetError>>, FleetError> {
    let db = home.database()?;
    let mut after = Some(String::new());
    Ok(std::iter::from_fn(move || {
        let page = devices::page(db.read(), &after.take()?, PAGE_ROWS);
        if let Ok(page) = &page {
            after = page.last().filter(|_| page.len() == PAGE_ROWS).map(|last| last.device.clone());
        }
        Some(page.map_err(FleetError::from))
    }))
}

/// The serial number of a device's certificate in force, the newest if it was renewed; else why there is none.
pub(crate) fn enrolled_serial(db: &Session, device: &DeviceId) -> Result<Vec<u8>, FleetError> {
    match devices::serial_in_force(db, device)? {
        Some(serial) => Ok(serial),
        None if !devices::is_known(db, device)? => Err(FleetError::NoDevice(device.clone())),
        None => Err(FleetError::DeviceRevoked(device.clone())),
    }
}

/// Gives a device's enrolment in force another certificate, within one transaction: a certificate that left without a row here
/// could never be revoked.
pub(crate) fn renew(
    change: &Change<'_>,
    device: &DeviceId,
    new: &NewCertificate<'_>,
) -> Result<(), FleetError> {
    enrolled_serial(change, device)?;
    Ok(devices::renew(change, device, new)?)
}
