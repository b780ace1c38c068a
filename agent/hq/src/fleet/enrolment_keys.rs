//! The keys of a device that is enrolled: brought as a request, so that the private ones never leave the device; or made here, for a
//! device that cannot make them.
//!
//! A request is believed in its keys, not in its name: who enrols compares the fingerprint with the one that the device showed.

use crate::authority::pki::{self, Ca};
use crate::fleet::error::FleetError;
use crate::fleet::renewal::requested_key;
use std::path::Path;
use vedette_common::crypto::{BoxKey, random_secret};
use vedette_common::device_key::EnrolledKeys;
use vedette_common::enrolment_request::{EnrolmentRequest, REQUEST_FILE_BYTES_MAX, bytes_of};
use vedette_common::files;
use vedette_shim::ids::DeviceId;
use zeroize::Zeroizing;

/// What a device asks with.
pub(super) struct Brought {
    key: rcgen::PublicKey,
    pub(super) keys: EnrolledKeys,
    pub(super) fingerprint: String,
}

/// A certificate, and the private keys if they are made here.
pub(super) struct Made {
    pub(super) certificate_pem: String,
    /// Seconds since 1970.
    pub(super) expires: u64,
    pub(super) keys: EnrolledKeys,
    pub(super) private: Option<Private>,
}

/// Keys that are the device's, once they are copied there.
pub(super) struct Private {
    pub(super) link_pem: Zeroizing<String>,
    pub(super) box_key: Zeroizing<[u8; 32]>,
}

impl Brought {
    /// Reads a device's request.
    pub(super) fn read(file: &Path, device: &DeviceId) -> Result<Brought, FleetError> {
        let bad = |rule: &'static str| FleetError::Value {
            what: "request",
            value: file.display().to_string(),
            rule,
        };
        let text = files::read_foreign(file, REQUEST_FILE_BYTES_MAX)?;
        let bytes = bytes_of(&text).ok_or_else(|| bad("a file that `vedette request` made"))?;
        let request = EnrolmentRequest::read(&bytes)
            .ok_or_else(|| bad("a file that `vedette request` made, whole and unchanged"))?;
        if request.device != *device {
            return Err(bad("it is another device's"));
        }
        let key =
            requested_key(request.certificate).map_err(|_| bad("its key is not one for ECDSA P-256"))?;
        Ok(Brought { key, keys: request.keys(), fingerprint: request.fingerprint() })
    }
}

impl Made {
    /// Makes the certificate of `device` for the keys that it brought, or else for new ones.
    pub(super) fn make(
        ca: &Ca,
        device: &DeviceId,
        brought: Option<&Brought>,
        (days, now): (u32, u64),
        serial: [u8; 16],
    ) -> Result<Made, FleetError> {
        if let Some(brought) = brought {
            let expires = pki::ends_after(now, days);
            let certificate = ca.certify_key(device, &brought.key, expires - now, now, &serial)?;
            let (certificate_pem, keys) = (certificate.pem(), brought.keys.clone());
            return Ok(Made { certificate_pem, expires, keys, private: None });
        }
        let certified = ca.certify_device(device, days, now, serial)?;
        let box_key = random_secret();
        let keys = EnrolledKeys::of(&BoxKey::from_private(box_key.clone()));
        let (certificate_pem, expires) = (certified.certificate_pem, certified.expires);
        let private = Some(Private { link_pem: certified.key_pem, box_key });
        Ok(Made { certificate_pem, expires, keys, private })
    }
}
