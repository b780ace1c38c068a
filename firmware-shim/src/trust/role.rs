//! A role: keys, and how many of them must sign.

use super::KEYS_MAX;
use heapless::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
    /// Tells these keys, as those of this list, from others: stored beside what they signed, so that it ends with them. The
    /// first 8 bytes of the SHA-256 of threshold, list's name (of a role of no list: nothing) and keys.
    #[inline(never)]
    pub fn mark(&self, list: &str) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update([self.threshold]);
        hash.update(list);
        hash.update(self.keys.as_flattened());
        let hash = hash.finalize();
        core::array::from_fn(|n| hash[n])
    }

    pub(super) fn is_sound(&self) -> bool {
        let distinct = self.keys.iter().enumerate().all(|(i, key)| !self.keys[..i].contains(key));
        self.threshold >= 1 && usize::from(self.threshold) <= self.keys.len() && distinct
    }
}
