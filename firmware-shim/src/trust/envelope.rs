//! The envelope: a body, what kind of statement it is, and signatures over both.
//!
//! Bytes (postcard): version u8 = 1, kind varint, body (varint length, bytes), signatures (varint count, each
//! 8 bytes of key id, varint length 64, 64 bytes).
//!
//! What is signed is not the body but 64 bytes: a label of 32 bytes (`vedette/v1/<kind>`, padded with zeros)
//! and the SHA-256 of the body. So a signature for one kind is worth nothing for another, and a scanner
//! verifies without holding a second copy of the body.

use super::error::TrustError;
use super::kind::SignedKind;
use super::role::{PublicKey, Role};
use super::{KEYS_MAX, METADATA_BYTES_MAX};
use crate::ids::Digest;
use heapless::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The format version written and read.
const VERSION: u8 = 1;

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
    /// Format version, 1.
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
    let label = b"vedette/v1/";
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
        if !rest.is_empty() {
            return Err(TrustError::Malformed(wanted));
        }
        if envelope.kind != wanted {
            return Err(TrustError::WrongKind { wanted, found: envelope.kind });
        }
        Ok(envelope)
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

    /// Counts valid signatures by distinct keys of `role`; fewer than its threshold is an error.
    pub fn check(&self, role: &Role, verify: &impl Verify) -> Result<(), TrustError> {
        let message = message_to_sign(self.kind, self.body);
        let valid = |key: &&PublicKey| {
            let id = key_id(key);
            self.signatures
                .iter()
                .filter(|s| s.key == id)
                .filter_map(|s| <&[u8; 64]>::try_from(s.bytes).ok())
                .any(|signature| verify.verify(key, &message, signature))
        };
        let found = role.keys.iter().filter(valid).count() as u8;
        if role.threshold == 0 || found < role.threshold {
            return Err(TrustError::Signatures { kind: self.kind, found, needed: role.threshold.max(1) });
        }
        Ok(())
    }
}

/// Decodes a body that has been checked; trailing bytes are an error.
pub fn decode_body<'a, T: Deserialize<'a>>(kind: SignedKind, body: &'a [u8]) -> Result<T, TrustError> {
    let mut from = postcard::Deserializer::from_bytes(body);
    let value = T::deserialize(&mut from).map_err(|_| TrustError::Malformed(kind))?;
    match from.finalize() {
        Ok([]) => Ok(value),
        _ => Err(TrustError::Malformed(kind)),
    }
}
