//! The certificates of headquarters' own services, made again and revoked; and the lists of what is revoked.
//!
//! ```text
//! pki/NAME.pem, NAME.key        in use, NAME is broker, headquarters or publisher
//! pki/retired-SERIAL.pem        replaced: counts until it ends or is revoked
//! pki/revoked-SERIAL-TIME.pem   revoked at TIME, seconds since 1970
//! pki/crl.pem                   for the broker: everything that is revoked, a list by each CA
//! pki/services.crl              for devices: services alone, so that it changes with no lost device
//! ```
//!
//! Invariants: a certificate is in one of the three places from when it is made on; a list's number is higher than the one's
//! before. Cut off anywhere, the same command again finishes.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{self, BROKER, Ca, HEADQUARTERS, PUBLISHER};
use crate::db::devices::Revoked;
use std::path::PathBuf;
use vedette_common::files::{self, FileError};
use vedette_common::mqtt::crl::Crl;
use vedette_shim::ids::{Hex, from_hex};

/// The list for devices.
pub(crate) const FOR_DEVICES: &str = "services.crl";
const FOR_BROKER: &str = "crl.pem";
const RETIRED: &str = "retired-";
const REVOKED: &str = "revoked-";

/// Makes new certificates for the services; the ones before are retired.
pub(crate) fn replace(home: &Home, ca: &Ca, hosts: &[String], now: u64) -> Result<(), AuthorityError> {
    for name in [BROKER, HEADQUARTERS, PUBLISHER] {
        let pem = pki::read_text(home, &format!("{name}.pem"))?;
        let serial = pki::serial_of(pem.as_bytes());
        let serial = serial.ok_or_else(|| pki::damaged(&format!("{name}.pem")))?;
        files::write(&home.pki(&format!("{RETIRED}{}.pem", Hex(&serial))), pem.as_bytes())?;
    }
    ca.certify_services(home, hosts, now)
}

/// Revokes every certificate that was retired; how many.
pub(crate) fn revoke_retired(home: &Home, now: u64) -> Result<usize, AuthorityError> {
    let retired = named(home, RETIRED)?;
    for (serial, path) in &retired {
        files::persist(path, &home.pki(&format!("{REVOKED}{serial}-{now}.pem")))?;
    }
    Ok(retired.len())
}

/// Writes both lists. `cas`: those that count, that of services first. `devices`: the certificates of devices that were revoked.
/// Mosquitto reads its list again on SIGHUP.
pub(crate) fn write_crls(
    home: &Home,
    cas: &[Ca],
    devices: &[Revoked],
    now: u64,
) -> Result<(), AuthorityError> {
    let services = revoked(home)?;
    let all: Vec<_> = devices.iter().chain(&services).collect();
    let of_services: Vec<_> = services.iter().collect();
    let believed = pki::read_text(home, "ca.pem")?;
    for (name, revoked, cas) in [(FOR_BROKER, all, cas), (FOR_DEVICES, of_services, &cas[..1])] {
        let before = files::read(&home.pki(name), pki::FILE_BYTES_MAX).ok();
        let before = before.and_then(|pem| Crl::from_pem(&pem).ok());
        // A device that is lost must not end every other's session for a list that says what it said.
        let same = |crl: &Crl| {
            crl.serials().iter().eq(revoked.iter().map(|one| &one.serial))
                && crl.verify(believed.as_bytes()).is_ok()
        };
        if name == FOR_DEVICES && before.as_ref().is_some_and(same) {
            continue;
        }
        let number = before.map_or(0, |crl| crl.number());
        let number = now.max(number + 1);
        let lists = cas.iter().map(|ca| ca.crl(&revoked, number, now)).collect::<Result<String, _>>()?;
        files::write(&home.pki(name), lists.as_bytes())?;
    }
    Ok(())
}

/// The list for devices.
pub(crate) fn for_devices(home: &Home) -> Result<Crl, AuthorityError> {
    Ok(Crl::from_pem(pki::read_text(home, FOR_DEVICES)?.as_bytes())?)
}

fn revoked(home: &Home) -> Result<Vec<Revoked>, AuthorityError> {
    let named = named(home, REVOKED)?;
    let read = |(name, _): &(String, PathBuf)| {
        let (serial, at) = name.split_once('-')?;
        Some(Revoked { serial: from_hex::<16>(serial)?.to_vec(), at: at.parse().ok()? })
    };
    named.iter().map(|file| read(file).ok_or_else(|| pki::damaged(&format!("{REVOKED}{}", file.0)))).collect()
}

/// The files whose names begin so, and what follows without `.pem`.
fn named(home: &Home, prefix: &str) -> Result<Vec<(String, PathBuf)>, AuthorityError> {
    let folder = home.dir().join("pki");
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(FileError::at("list", &folder))? {
        let path = entry.map_err(FileError::at("list", &folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let rest = name.and_then(|name| name.strip_prefix(prefix)?.strip_suffix(".pem"));
        if let Some(rest) = rest.map(str::to_string) {
            found.push((rest, path));
        }
    }
    found.sort();
    Ok(found)
}
