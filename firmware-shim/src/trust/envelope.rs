//! The envelope: a body, what kind of statement it is, and signatures over both.
//!
//! Bytes (postcard): version u8 = 2, kind varint, body (varint length, bytes), signatures (varint count, each
//! 8 bytes of key id, varint length 64, 64 bytes).
//!
//! What is signed is not the body but 64 bytes: a label of 32 bytes (`vedette/v2/<kind>`, padded with zeros)
//! and the SHA-256 of the body. So a signature for one kind is worth nothing for another, and a scanner
//! verifies without holding a second copy of the body.
//!
//! A statement's identity is the SHA-256 of its body, never of the envelope: who signed it does not make it another one.
//! There is one encoding of a body and one envelope for given signers, so that nobody on the way can make a second: every
//! varint is as short as it can be, key ids rise, and there are just as many signatures as the thresholds need, each valid
//! by a key of the role. All else is refused.

use super::error::TrustError;
use super::kind::SignedKind;
use super::role::{PublicKey, Role};
use super::{KEYS_MAX, METADATA_BYTES_MAX};
use crate::ids::Digest;
use heapless::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The format version written and read.
const VERSION: u8 = 2;

/// The first 8 bytes of the SHA-256 of a public key: tells which key to try, proves nothing.
pub type KeyId = [u8; 8];

/// The id of a public key.
pub fn key_id(key: &PublicKey) -> KeyId {
    let digest = digest(key);
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    id
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// Checks one Ed25519 signature. The agent brings ring's, the feature `soft` ed25519-dalek's `verify_strict`.
pub trait Verify {
    /// True when `signature` over `message` is `key`'s.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool;
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature<'a> {
    /// Which key made it.
    #[serde(deserialize_with = "crate::wire::array")]
    pub key: KeyId,
    /// 64 bytes of Ed25519.
    #[serde(borrow)]
    pub bytes: &'a [u8],
}

/// A signed statement, borrowed from the buffer it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// Format version, 2.
    pub version: u8,
    /// What the body is.
    pub kind: SignedKind,
    /// The encoded body.
    #[serde(borrow)]
    pub body: &'a [u8],
    /// Who vouches for it.
    #[serde(borrow)]
    pub signatures: Vec<Signature<'a>, KEYS_MAX>,
}

/// The 64 bytes a signer signs for `body` as a statement of `kind`.
pub fn message_to_sign(kind: SignedKind, body: &[u8]) -> [u8; 64] {
    let mut message = [0; 64];
    let label = b"vedette/v2/";
    message[..label.len()].copy_from_slice(label);
    let name = kind.name().as_bytes();
    message[label.len()..label.len() + name.len()].copy_from_slice(name);
    message[32..].copy_from_slice(&digest(body));
    message
}

impl<'a> Envelope<'a> {
    /// Reads an envelope of the kind its place asks for. Nothing in it is believed yet.
    pub fn read(bytes: &'a [u8], wanted: SignedKind) -> Result<Self, TrustError> {
        if bytes.len() > METADATA_BYTES_MAX {
            return Err(TrustError::Oversized { bytes: bytes.len() });
        }
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(TrustError::Version(other)),
            None => return Err(TrustError::Malformed(wanted)),
        }
        let (envelope, rest) =
            postcard::take_from_bytes::<Self>(bytes).map_err(|_| TrustError::Malformed(wanted))?;
        let rising = envelope.signatures.windows(2).all(|pair| pair[0].key < pair[1].key);
        if !rest.is_empty() || !rising || !is_shortest(&envelope, bytes) {
            return Err(TrustError::Malformed(wanted));
        }
        if envelope.kind != wanted {
            return Err(TrustError::WrongKind { wanted, found: envelope.kind });
        }
        Ok(envelope)
    }

    /// The statement's identity: SHA-256 of its body.
    pub fn identity(&self) -> Digest {
        digest(self.body)
    }

    /// The body of an envelope of the wanted kind, signed by enough keys of `role`. Not inlined: what the signatures
    /// need of the stack is given back before the body is read.
    #[inline(never)]
    pub fn checked_body(
        bytes: &'a [u8],
        wanted: SignedKind,
        role: &Role,
        verify: &impl Verify,
    ) -> Result<&'a [u8], TrustError> {
        let envelope = Self::read(bytes, wanted)?;
        envelope.check(role, verify)?;
        Ok(envelope.body)
    }

    /// An envelope of the current version around `body`.
    pub fn new(kind: SignedKind, body: &'a [u8], signatures: Vec<Signature<'a>, KEYS_MAX>) -> Self {
        Envelope { version: VERSION, kind, body, signatures }
    }

    /// Checks the signatures against `role`: its threshold of them, all valid by its keys, and no other.
    pub fn check(&self, role: &Role, verify: &impl Verify) -> Result<(), TrustError> {
        self.check_each(&[role], verify)
    }

    /// Checks the signatures against several roles at once: the threshold of each, and no signature that none needs.
    pub fn check_each(&self, roles: &[&Role], verify: &impl Verify) -> Result<(), TrustError> {
        // What each role needs of them, a bit a signature.
        let mut needed = 0;
        for role in roles {
            let valid = self.valid(role, verify)?;
            if valid.count_ones() == u32::from(role.threshold) {
                needed |= valid;
            }
        }
        match needed.count_ones() as usize == self.signatures.len() {
            true => Ok(()),
            false => Err(TrustError::Surplus(self.kind)),
        }
    }

    /// Which signatures are valid by keys of `role`, a bit each, from the lowest; fewer than its threshold is an error.
    /// For a trust anchor, whose envelope may carry signatures of the root before, this is all there is to check.
    pub(super) fn valid(&self, role: &Role, verify: &impl Verify) -> Result<u8, TrustError> {
        const { assert!(KEYS_MAX <= 8) };
        let message = message_to_sign(self.kind, self.body);
        let is_valid = |signature: &Signature<'_>| {
            let Ok(bytes) = <&[u8; 64]>::try_from(signature.bytes) else { return false };
            let mut keys = role.keys.iter().filter(|key| key_id(key) == signature.key);
            keys.any(|key| verify.verify(key, &message, bytes))
        };
        let signatures = self.signatures.iter().enumerate();
        let valid = signatures
            .filter(|(_, signature)| is_valid(signature))
            .fold(0_u8, |valid, (n, _)| valid | 1 << n);
        let found = valid.count_ones() as u8;
        if role.threshold == 0 || found < role.threshold {
            return Err(TrustError::Signatures { kind: self.kind, found, needed: role.threshold.max(1) });
        }
        Ok(valid)
    }
}

/// Whether `bytes` are the shortest encoding of the value that was read from all of them. A varint can be written longer than
/// need be; nothing else of postcard's encoding leaves a choice.
pub(super) fn is_shortest(value: &impl Serialize, bytes: &[u8]) -> bool {
    postcard::experimental::serialized_size(value).is_ok_and(|size| size == bytes.len())
}

/// The identity of a statement of the kind its place asks for: SHA-256 of its body. Nothing in it is believed yet.
pub fn identity(bytes: &[u8], wanted: SignedKind) -> Result<Digest, TrustError> {
    Envelope::read(bytes, wanted).map(|envelope| envelope.identity())
}

/// Decodes a body that has been checked; trailing bytes, and any encoding but the shortest, are errors.
pub fn decode_body<'a, T: Deserialize<'a> + Serialize>(
    kind: SignedKind,
    body: &'a [u8],
) -> Result<T, TrustError> {
    let mut from = postcard::Deserializer::from_bytes(body);
    let value = T::deserialize(&mut from).map_err(|_| TrustError::Malformed(kind))?;
    match from.finalize() {
        Ok([]) if is_shortest(&value, body) => Ok(value),
        _ => Err(TrustError::Malformed(kind)),
    }
}
