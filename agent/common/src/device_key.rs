//! The keys of a device, all made of its one private key `box.key`, so that there is one secret to keep, seal and erase.
//!
//! | key | for |
//! |---|---|
//! | X25519, the file itself | opens grants; seals encounters so that their owner knows who made them |
//! | Ed25519 | signs encounters and statuses, for those who cannot open them |
//! | route key, 32 bytes | tells the list of an encounter to headquarters alone |
//!
//! The last two are HKDF-SHA256 of the private key with a purpose each. A thief of one learns nothing of the others.
//! Headquarters computes them at the enrolment, while it has the private key, and stores what [`EnrolledKeys`] has.

use crate::crypto::{BoxKey, SigningKey};
use ring::hmac;
use vedette_shim::ids::{EncounterId, ListName};
use vedette_shim::trust::PublicKey;
use zeroize::Zeroizing;

/// What headquarters stores of a device's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKeys {
    /// X25519, public.
    pub box_public: [u8; 32],
    /// Ed25519, public.
    pub signing_public: PublicKey,
    /// Known to the device and headquarters: whoever has it learns which lists the device's encounters are of, nothing else.
    pub route_key: [u8; 32],
}

impl EnrolledKeys {
    /// Of a device's private key.
    pub fn of(device: &BoxKey) -> EnrolledKeys {
        EnrolledKeys {
            box_public: device.public(),
            signing_public: signing(device).public(),
            route_key: *route_key(device),
        }
    }
}

/// What the device signs with.
pub fn signing(device: &BoxKey) -> SigningKey {
    SigningKey::from_seed(&device.derive(&[b"vedette/v2/device-signing"]))
}

/// What the device names lists with.
pub fn route_key(device: &BoxKey) -> Zeroizing<[u8; 32]> {
    device.derive(&[b"vedette/v2/device-route"])
}

/// The name of a list on the encounter `id`: the first 8 bytes of HMAC-SHA256 over id and list. Another one for each encounter.
pub fn route(route_key: &[u8; 32], id: &EncounterId, list: &ListName) -> [u8; 8] {
    let message = [id.as_slice(), list.as_str().as_bytes()].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, route_key), &message);
    let mut route = [0; 8];
    route.copy_from_slice(&tag.as_ref()[..8]);
    route
}
