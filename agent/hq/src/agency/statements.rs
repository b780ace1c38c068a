//! What headquarters and agencies sign for each other.
//!
//! `device`: headquarters says, by the role that signs orders, which keys a device has, or that it counts no more. An agency seals
//! its lists' keys to them. `list`: an agency asks for a list to be named by the root, by the agency's own key, which headquarters was
//! told when it added the agency. Both have a number that rises, so that an old one changes nothing.

use super::{NotTaken, refused};
use serde::{Deserialize, Serialize};
use vedette_common::crypto::RingVerify;
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Envelope, Issuer, PublicKey, Role, SignedKind, TrustError, decode_body};

/// A device, as its agencies need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeviceStatement {
    pub(super) device: DeviceId,
    /// Rises with every change of the device: when it was signed, seconds since 1970.
    pub(super) number: u64,
    /// Lists' keys are sealed to it (X25519).
    pub(super) box_public: [u8; 32],
    /// It signs encounters (Ed25519).
    pub(super) signing_public: PublicKey,
    /// It counts no more: it gets no grant, and lists have other keys from now on.
    pub(super) revoked: bool,
}

/// A list that its agency asks the root to name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListRequest {
    /// When it was signed, seconds since 1970.
    pub(super) number: u64,
    pub(super) issuer: Issuer,
}

/// Reads what came as a statement that enough keys of `role` must have signed.
pub(super) fn read<T: Serialize + for<'a> Deserialize<'a>>(
    kind: SignedKind,
    bytes: &[u8],
    role: &Role,
) -> Result<T, NotTaken> {
    accept(kind, bytes, role).map_err(refused)
}

/// Reads a statement that enough keys of `role` have signed.
pub(super) fn accept<T: Serialize + for<'a> Deserialize<'a>>(
    kind: SignedKind,
    bytes: &[u8],
    role: &Role,
) -> Result<T, TrustError> {
    decode_body(kind, Envelope::checked_body(bytes, kind, role, &RingVerify)?)
}
