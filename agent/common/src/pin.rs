//! PINs: argon2id of what an officer types, and nothing else ever of it.
//!
//! Invariants: a PIN lives in zeroized memory, has no `Debug`, and goes into no log; hashes are compared in constant
//! time; a badge that is not on the roster costs as much time as one that is ([`PinHash::nobody`]).
//!
//! What it is worth: a PIN keeps somebody at the post from using another's badge, with the lock-out of the device's sign-in.
//! It is short: who takes the hash off a device can try all of them in hours, which is why a stolen device is revoked.

use crate::crypto;
use crate::roster::{PinCost, PinHash};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Fewest characters of a PIN.
pub const PIN_CHARS_MIN: usize = 6;
/// Longest PIN, bytes.
pub const PIN_BYTES_MAX: usize = 64;

/// A PIN as typed.
pub struct Pin(Zeroizing<String>);

/// Why a PIN cannot be given to an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    /// Too short or too long.
    #[error("a PIN has at least {PIN_CHARS_MIN} characters, and at most {PIN_BYTES_MAX} bytes")]
    Length,
    /// The ones that are tried first.
    #[error("a PIN is no run of one character, nor one that counts up or down")]
    Guessable,
}

impl Pin {
    /// A PIN as an officer types it; any text of at most [`PIN_BYTES_MAX`] bytes.
    pub fn typed(text: Zeroizing<String>) -> Result<Pin, BadPin> {
        if text.len() > PIN_BYTES_MAX { Err(BadPin::Length) } else { Ok(Pin(text)) }
    }

    /// A PIN for an officer: not too short, not the first one that anybody tries.
    pub fn chosen(text: Zeroizing<String>) -> Result<Pin, BadPin> {
        if text.chars().count() < PIN_CHARS_MIN || text.len() > PIN_BYTES_MAX {
            return Err(BadPin::Length);
        }
        let steps = |step: i32| {
            let next = text.chars().skip(1);
            text.chars().zip(next).all(|(a, b)| b as i32 - a as i32 == step)
        };
        if [-1, 0, 1].into_iter().any(steps) {
            return Err(BadPin::Guessable);
        }
        Ok(Pin(text))
    }

    /// Hashes it under a new salt.
    pub fn hash(&self, cost: PinCost) -> PinHash {
        let salt = crypto::random();
        PinHash { cost, salt, hash: *self.argon2id(&cost, &salt) }
    }

    /// Whether it is the one that was hashed. Takes as long either way.
    pub fn is(&self, kept: &PinHash) -> bool {
        self.argon2id(&kept.cost, &kept.salt).ct_eq(&kept.hash).into()
    }

    fn argon2id(&self, cost: &PinCost, salt: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
            .expect("a roster's cost is within argon2's bounds (PinCost::is_bearable)");
        let mut hash = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.0.as_bytes(), salt, hash.as_mut())
            .expect("salt and output have lengths that argon2 takes");
        hash
    }
}

impl PinHash {
    /// A hash that no PIN has, to be compared with when a badge is not on the roster.
    pub fn nobody() -> PinHash {
        PinHash { cost: PinCost::default(), salt: [0; 16], hash: [0; 32] }
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Pin, D::Error> {
        Pin::typed(Zeroizing::new(String::deserialize(d)?)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<Pin, BadPin> {
        Pin::chosen(Zeroizing::new(text.into()))
    }

    #[test]
    fn a_pin_is_itself_and_no_other() {
        let cost = PinCost { memory_kib: 1024, passes: 1, lanes: 1 };
        let kept = chosen("274916").unwrap().hash(cost);
        assert!(chosen("274916").unwrap().is(&kept));
        assert!(!chosen("274917").unwrap().is(&kept));
        let again = chosen("274916").unwrap().hash(cost);
        assert_ne!(kept.hash, again.hash, "two officers with one PIN do not show");
    }

    /// RFC 9106's reference implementation (argon2-cffi): password "274916", salt of 16 bytes 1, t=2, m=1024, p=1.
    #[test]
    fn the_hash_is_argon2id() {
        let cost = PinCost { memory_kib: 1024, passes: 2, lanes: 1 };
        let hash = chosen("274916").unwrap().argon2id(&cost, &[1; 16]);
        assert_eq!(vedette_shim::ids::Hex(&*hash).to_string(), VECTOR);
    }
    const VECTOR: &str = "e1af25dd8e7a53265a4bc2f26dde2b87ddd871f3abbdd3d67600eb8a9cacf995";

    #[test]
    fn what_is_tried_first_is_no_pin() {
        for bad in ["12345", "111111", "123456", "987654", "abcdef", &"7".repeat(65)] {
            assert!(chosen(bad).is_err(), "{bad}");
        }
        assert!(chosen("112233").is_ok());
    }
}
