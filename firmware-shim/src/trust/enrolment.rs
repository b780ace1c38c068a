//! A scanner's enrolment: which key it has, at which device it hangs, and which lists it may have there.
//!
//! Headquarters signs it with the key of orders: like an order it is for one device, and says what that device does with list
//! keys that it has already. Both ends check the same statement. The device gives keys to nobody else, and a scanner
//! answers no other host: that is how it knows a new one. Its number rises with every change, over all devices, so the
//! enrolment before counts at neither end.
//!
//! Bytes (postcard): see FORMAT.md, "enrolment". What a scanner reads stands in front.

use super::{Envelope, Role, Root, SignedKind, TrustError, Verify, decode_body};
use crate::ids::{DeviceId, ListName};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Most lists that a scanner holds.
pub const SCANNER_LISTS_MAX: usize = 8;

/// Which two keys talk, and whether they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledPair {
    /// The scanner's X25519 public key.
    #[serde(deserialize_with = "crate::wire::array")]
    pub scanner_key: [u8; 32],
    /// The device's X25519 public key, to which its grants are sealed.
    #[serde(deserialize_with = "crate::wire::array")]
    pub host_key: [u8; 32],
    /// Rises with each enrolment of the scanner: when it was signed, seconds since 1970, or one more than the last.
    pub number: u64,
    /// The scanner counts no more: it gets nothing, and erases what it holds.
    pub revoked: bool,
}

/// A scanner's enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerEnrolment {
    /// Which keys.
    pub pair: EnrolledPair,
    /// A device gives it nothing more from then on, seconds since 1970.
    pub expires: u64,
    /// Its name.
    pub scanner: DeviceId,
    /// At which device.
    pub device: DeviceId,
    /// What it may hold.
    pub lists: Vec<ListName, SCANNER_LISTS_MAX>,
}

impl ScannerEnrolment {
    /// Reads and checks an enrolment. `floor` says of a scanner the lowest number that counts.
    pub fn accept(
        bytes: &[u8],
        root: &Root,
        floor: impl Fn(&DeviceId) -> u64,
        verify: &impl Verify,
    ) -> Result<ScannerEnrolment, TrustError> {
        let kind = SignedKind::Enrolment;
        let envelope = Envelope::read(bytes, kind)?;
        envelope.check(&root.orders, verify)?;
        let enrolment: ScannerEnrolment = decode_body(kind, envelope.body)?;
        let (offered, floor) = (enrolment.pair.number, floor(&enrolment.scanner));
        if offered < floor {
            return Err(TrustError::Rollback { kind, offered, floor });
        }
        Ok(enrolment)
    }
}

impl EnrolledPair {
    /// Reads and checks an enrolment as a scanner does: by the pinned role. Number and keys are the caller's to compare.
    #[inline(never)]
    pub fn accept_pinned(
        bytes: &[u8],
        orders: &Role,
        verify: &impl Verify,
    ) -> Result<EnrolledPair, TrustError> {
        let kind = SignedKind::Enrolment;
        let body = Envelope::checked_body(bytes, kind, orders, verify)?;
        postcard::take_from_bytes(body).map(|(pair, _)| pair).map_err(|_| TrustError::Malformed(kind))
    }
}
