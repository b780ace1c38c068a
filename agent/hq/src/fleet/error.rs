//! What can go wrong with devices and officers.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use crate::authority::AuthorityError;
use crate::db::DbError;
use vedette_common::crypto::BadSeal;
use vedette_common::files::FileError;
use vedette_common::roster::Badge;
use vedette_shim::ids::DeviceId;

/// Why a device or an officer is not enrolled, granted or removed. [`FleetError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    /// A device's public key seals nothing.
    #[error("the device's key is unusable: {0}")]
    Seal(#[from] BadSeal),
    /// It was removed, or there never was one.
    #[error("no officer has the badge {0}")]
    NoOfficer(Badge),
    #[error("no scanner {0} here")]
    NoScanner(DeviceId),
    /// It is new, or was revoked, and no key was given.
    #[error("the scanner {0} has no key yet")]
    NoScannerKey(DeviceId),
    #[error("no device {0} here")]
    NoDevice(DeviceId),
    #[error("the device {0} is enrolled")]
    DeviceExists(DeviceId),
    /// A request brings keys that an enrolment had.
    #[error("the keys of the request were enrolled before")]
    KeysKnown,
    /// The device is enrolled with other keys than the request brings.
    #[error("{0} is enrolled with other keys than those of the request")]
    OtherKeys(DeviceId),
    /// Nobody has said that the request is the device's.
    #[error("the request's fingerprint is {found}; nothing was enrolled")]
    Fingerprint { found: String },
    #[error("the device {0} is revoked already")]
    DeviceRevoked(DeviceId),
    /// An option is out of its bounds: which, what it was, what it must be.
    #[error("{what} {value:?}: {rule}")]
    Value { what: &'static str, value: String, rule: &'static str },
}

impl FleetError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Authority(error) => error.hint(),
            Self::Db(error) => error.hint(),
            Self::NoOfficer(_) => Some("`vedette-hq officer list` shows those that exist"),
            Self::NoScanner(_) => Some("`vedette-hq scanner list` shows those that exist"),
            Self::NoScannerKey(_) => {
                Some("`--key` takes the public key that it made; `--out DIR` makes a pair for it")
            }
            Self::NoDevice(_) => Some("`vedette-hq devices` shows those that exist"),
            Self::DeviceExists(_) => Some(
                "`--renew` gives it a new certificate; for a device that is lost or new, `vedette-hq revoke` it first",
            ),
            Self::DeviceRevoked(_) => Some("`vedette-hq enrol` enrols it again, with new keys"),
            Self::KeysKnown | Self::OtherKeys(_) => {
                Some("remove box.key, device.key and request on the device, and make a request again there")
            }
            Self::Fingerprint { .. } => Some(
                "compare it with what `vedette request` showed on the device; if it is the same, run this again with --fingerprint",
            ),
            Self::File(_) | Self::Seal(_) | Self::Value { .. } => None,
        }
    }
}
