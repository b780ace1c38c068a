//! What a device says of itself, signed with its own key.

use super::{
    Enrolment, Envelope, KeyId, LISTS_MAX, PublicKey, Role, SignedKind, TrustError, Verify, decode_body,
};
use crate::ids::{DeviceId, Digest, EncounterId, ListName};
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// What a device says of itself: signed by it (an envelope of kind `status`), retained, and (with `online: false`) its last will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which device.
    pub device: DeviceId,
    /// Which enrolment of it.
    #[serde(deserialize_with = "crate::wire::array")]
    pub enrolment: KeyId,
    /// One more than the last that it signed, wills included.
    pub number: u64,
    /// The number of this session's will.
    pub session: u64,
    /// Whether its session is up.
    pub online: bool,
    /// When it said so, seconds since 1970.
    pub at: u64,
    /// The agent's version.
    pub version: String<16>,
    /// The serial number of the certificate that its session is made with, as the certificate has it; empty if it has none.
    pub certificate: Vec<u8, SERIAL_BYTES_MAX>,
    /// The newest signed time, seconds since 1970.
    pub heartbeat: u64,
    /// It cannot tell the time, so every list answers NotChecked.
    pub time_lost: bool,
    /// The version of the root that it believes.
    pub root: u32,
    /// The number of its roster; 0 for none.
    pub roster: u64,
    /// The number of the last order carried out; 0 for none.
    pub order: u64,
    /// The number of the last line of its audit journal.
    pub journal: u64,
    /// The hash that the journal's next line follows.
    #[serde(deserialize_with = "crate::wire::array")]
    pub journal_hash: Digest,
    /// What keeps its store from being written; empty if nothing does.
    pub store_fault: String<96>,
    /// Encounters waiting for a receipt.
    pub spool: u32,
    /// Those of them that headquarters refused, and that are set aside.
    pub refused: u32,
    /// The lists it holds.
    pub lists: Vec<HeldList, LISTS_MAX>,
    /// Encounters whose owner has not answered in time, the oldest first.
    pub overdue: Vec<EncounterId, OVERDUE_MAX>,
}

impl Status {
    /// Reads the status that the device `us` signed with `key`. Its number is for the reader to compare with the last one's.
    pub fn accept(
        bytes: &[u8],
        us: &Enrolment,
        key: &PublicKey,
        verify: &impl Verify,
    ) -> Result<Status, TrustError> {
        let kind = SignedKind::Status;
        let signer = Role { threshold: 1, keys: [*key].into_iter().collect() };
        let status: Status = decode_body(kind, Envelope::checked_body(bytes, kind, &signer, verify)?)?;
        match status.device == us.device && status.enrolment == us.key {
            true => Ok(status),
            false => Err(TrustError::NotForUs(kind)),
        }
    }

    /// Whether it was written when its session began, to be published when that ends.
    pub fn is_will(&self) -> bool {
        !self.online && self.number == self.session
    }
}

/// The longest serial number of a certificate, bytes (RFC 5280, 4.1.2.2).
pub const SERIAL_BYTES_MAX: usize = 20;

/// Most overdue encounters one status names.
pub const OVERDUE_MAX: usize = 32;

/// One list a device holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldList {
    /// Which.
    pub list: ListName,
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// The identity of its manifest; zeros for none.
    #[serde(deserialize_with = "crate::wire::array")]
    pub manifest: Digest,
    /// Seconds since its last confirmation.
    pub age_s: u64,
}
