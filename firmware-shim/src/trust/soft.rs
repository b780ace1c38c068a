//! Ed25519 in portable Rust, for targets without ring.

use super::{PublicKey, Verify};
use ed25519_dalek::{Signature, VerifyingKey};

/// ed25519-dalek's strict verification: no key of small order, no signature with two forms.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftVerify;

impl Verify for SoftVerify {
    #[inline(never)]
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(key)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}
