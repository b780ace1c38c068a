//! Certificates whose making was cut off: finished, or put onto the CRL.
//!
//! `enrol` notes serial number and folders before it signs. What is noted and belongs to an enrolment is complete: its folder
//! only has to be renamed. What belongs to none may have been copied from where it lay: its serial number goes onto the CRL
//! and its folder is removed. So there is no certificate that no CRL can name.

use crate::authority::home::Home;
use crate::authority::new_folder::{CERTIFICATE, NewFolder, place};
use crate::authority::pki::{self, Ca};
use crate::authority::services;
use crate::authority::signing_time::signing_time;
use crate::db::under_way::{self, UnderWay};
use crate::db::{Db, devices};
use crate::fleet::error::FleetError;
use std::fs;
use std::path::Path;
use vedette_common::files::{self, FileError};

/// The largest certificate that is read.
const PEM_BYTES_MAX: u64 = 64 * 1024;

/// Notes a certificate that is about to be made into `folder`.
pub(super) fn note(
    db: &mut Db,
    folder: &NewFolder,
    out: &Path,
    expires_at: u64,
) -> Result<[u8; 16], FleetError> {
    let serial = pki::serial();
    let absolute = |path: &Path| std::path::absolute(path).map_err(FileError::at("find", path));
    let (folder, out) = (absolute(folder.path())?, absolute(out)?);
    under_way::note(db.read(), &UnderWay { serial: serial.to_vec(), expires_at, folder, out })?;
    Ok(serial)
}

/// Finishes or revokes what was cut off. Who calls has locked the home.
pub(super) fn settle(home: &Home, db: &mut Db) -> Result<(), FleetError> {
    for noted in under_way::all(db.read())? {
        let UnderWay { serial, expires_at, folder, out } = noted;
        if devices::is_enrolled(db.read(), &serial)? {
            if !folder.parent().is_some_and(Path::exists) {
                continue; // on a medium that is not here now
            }
            if folder.exists() && !out.exists() {
                place(&folder, &out)?;
                tracing::info!(out = %out.display(), "finished an enrolment that was interrupted");
            }
            under_way::forget(db.read(), &serial)?;
            continue;
        }
        let now = signing_time(home, db.read())?;
        let change = db.change()?;
        under_way::abandon(&change, &serial, expires_at, now)?;
        under_way::forget(&change, &serial)?;
        services::write_crls(home, &Ca::all(home)?, &devices::revoked(&change, now)?, now)?;
        change.commit()?;
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(FileError::at("remove", &folder))?;
        }
        tracing::warn!(folder = %folder.display(), "revoked a certificate whose making was interrupted");
    }
    Ok(())
}

/// Whether `out` has this certificate.
pub(super) fn is_made(out: &Path, serial: &[u8]) -> bool {
    let pem = files::read(&out.join(CERTIFICATE), PEM_BYTES_MAX);
    pem.is_ok_and(|pem| pki::serial_of(&pem).is_some_and(|found| found == serial))
}
