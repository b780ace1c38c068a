//! A role: keys, and how many of them must sign.

use super::KEYS_MAX;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// An Ed25519 public key.
pub type PublicKey = [u8; 32];

/// Keys, of which at least `threshold` must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Signatures needed; 1 to the number of keys.
    pub threshold: u8,
    /// The keys, all different.
    pub keys: Vec<PublicKey, KEYS_MAX>,
}

impl Role {
    pub(super) fn is_sound(&self) -> bool {
        let distinct = self.keys.iter().enumerate().all(|(i, key)| !self.keys[..i].contains(key));
        self.threshold >= 1 && usize::from(self.threshold) <= self.keys.len() && distinct
    }
}
