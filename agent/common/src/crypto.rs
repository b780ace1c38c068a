//! The agent's cryptography: Ed25519 by ring, HPKE (RFC 9180, X25519, HKDF-SHA256, AES-256-GCM) by `hpke`.
//!
//! Invariants: secrets live in zeroizing memory and are printed by no `Debug`; every seal is bound to what it is
//! (its `info`) and whom it concerns (its `aad`), so a sealed thing cannot be replayed as another.
//!
//! Failure: a seal that does not open says nothing about why, on purpose.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{self, Ed25519KeyPair, KeyPair};
use serde::Serialize;
use vedette_shim::ids::Hex;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{self, Envelope, KEYS_MAX, PublicKey, Signature, SignedKind, Verify};
use zeroize::Zeroizing;

/// Bytes that HPKE adds to what it seals: the encapsulated key (32) and the tag (16).
pub const SEAL_OVERHEAD: usize = 48;

/// A seal that does not open, or a key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the seal does not open: damaged, or sealed to another key")]
pub struct BadSeal;

/// Fills an array from the system's random source.
///
/// # Panics
/// When the system has no random source: nothing may go on then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system's random source works");
    bytes
}

/// 32 secret bytes from the system's random source, zeroized when dropped.
pub fn random_secret() -> Zeroizing<[u8; 32]> {
    Zeroizing::new(random())
}

/// A secret as its file holds it: 64 hexadecimal digits and a line feed.
pub fn secret_line(secret: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    use std::io::Write;
    // Room for all of it from the start: a growing buffer would leave copies of the secret behind.
    let mut line = Zeroizing::new(Vec::with_capacity(65));
    writeln!(line, "{}", Hex(secret)).expect("writing to memory cannot fail");
    line
}

/// Ed25519 verification by ring, for [`trust`].
#[derive(Debug, Clone, Copy, Default)]
pub struct RingVerify;

impl Verify for RingVerify {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature).is_ok()
    }
}

/// An Ed25519 key that signs.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// From its 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        SigningKey(Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are an Ed25519 seed"))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.0.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes")
    }

    /// Its signature of what is no envelope: `body` as a statement of `kind`.
    pub fn sign_body(&self, kind: SignedKind, body: &[u8]) -> [u8; 64] {
        self.sign(&trust::message_to_sign(kind, body))
    }

    /// Its signature of a message that is no statement of the link. The message must begin with words that no other use of
    /// the key has.
    pub fn sign_message(&self, message: &[u8]) -> [u8; 64] {
        self.sign(message)
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

/// Encodes `body` as a statement of `kind` and signs it with every key given: as many as the thresholds of its roles need
/// (at most [`KEYS_MAX`]), for readers refuse one signature more.
pub fn sign_statement(kind: SignedKind, body: &impl Serialize, keys: &[&SigningKey]) -> Vec<u8> {
    let body = postcard::to_allocvec(body).expect("a statement's body has no unsupported types");
    let message = trust::message_to_sign(kind, &body);
    let mut made: Vec<_> =
        keys.iter().map(|key| (trust::key_id(&key.public()), key.sign(&message))).collect();
    made.sort_unstable();
    assert!(made.len() <= KEYS_MAX, "a statement carries at most {KEYS_MAX} signatures");
    let signatures = made.iter().map(|(key, bytes)| Signature { key: *key, bytes }).collect();
    postcard::to_allocvec(&Envelope::new(kind, &body, signatures))
        .expect("an envelope has no unsupported types")
}

/// An X25519 key pair: a device's, or a list owner's.
pub struct BoxKey {
    private: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

type Dh = X25519HkdfSha256;
type Private = <Dh as Kem>::PrivateKey;
type Public = <Dh as Kem>::PublicKey;

fn public_key(bytes: &[u8; 32]) -> Result<Public, BadSeal> {
    Public::from_bytes(bytes).map_err(|_| BadSeal)
}

impl BoxKey {
    /// From its private half.
    pub fn from_private(private: Zeroizing<[u8; 32]>) -> Self {
        let key = Private::from_bytes(&*private).expect("every 32 bytes are an X25519 private key");
        let public = Dh::sk_to_pk(&key).to_bytes().into();
        BoxKey { private, public }
    }

    /// Its public half.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    fn private(&self) -> Private {
        Private::from_bytes(&*self.private).expect("it was read once already")
    }

    /// As the secure channel to a scanner wants it.
    pub fn session_key(&self) -> PrivateKey {
        PrivateKey(*self.private)
    }

    /// A secret that only this key gives, another one for each `purpose` (HKDF-SHA256).
    pub fn derive(&self, purpose: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        let key = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(&*self.private);
        let expanded = key.expand(purpose, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *secret));
        expanded.expect("32 bytes are what HKDF-SHA256 gives at once");
        secret
    }

    /// Opens what [`seal`] made for this key.
    pub fn open(&self, info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadSeal> {
        self.open_in(&OpModeR::Base, info, aad, sealed)
    }

    /// Opens what the holder of `sender` made with [`BoxKey::seal_to`] for this key, and nobody else could have.
    pub fn open_from(
        &self,
        sender: &[u8; 32],
        info: &[u8],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BadSeal> {
        self.open_in(&OpModeR::Auth(public_key(sender)?), info, aad, sealed)
    }

    /// Seals to `recipient` so that it can tell the seal is ours (HPKE auth mode): encapsulated key, ciphertext, tag.
    pub fn seal_to(
        &self,
        recipient: &[u8; 32],
        info: &[u8],
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, BadSeal> {
        seal_in(&OpModeS::Auth((self.private(), public_key(&self.public)?)), recipient, info, aad, plain)
    }

    fn open_in(
        &self,
        mode: &OpModeR<'_, Dh>,
        info: &[u8],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BadSeal> {
        let (encapsulated, ciphertext) = sealed.split_at_checked(32).ok_or(BadSeal)?;
        let encapsulated = <Dh as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| BadSeal)?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, Dh>(
            mode,
            &self.private(),
            &encapsulated,
            info,
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| BadSeal)
    }
}

/// Seals to `recipient`, anonymously (HPKE base mode): encapsulated key, ciphertext, tag.
pub fn seal(recipient: &[u8; 32], info: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, BadSeal> {
    seal_in(&OpModeS::Base, recipient, info, aad, plain)
}

fn seal_in(
    mode: &OpModeS<'_, Dh>,
    recipient: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, BadSeal> {
    let recipient = public_key(recipient)?;
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal::<AesGcm256, HkdfSha256, Dh>(mode, &recipient, info, plain, aad)
            .map_err(|_| BadSeal)?;
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

#[cfg(any(test, feature = "testing"))]
pub mod testing {
    //! What a forger can make without a key.

    /// The order of Ed25519's group, little-endian (RFC 8032, section 5.1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    /// Another signature over the same, which a verifier that forgets to bound its second half takes (RFC 8032, 8.4).
    pub fn twin_of(signature: &[u8; 64]) -> [u8; 64] {
        let mut twin = *signature;
        let mut carry = 0;
        for (byte, add) in twin[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        twin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn box_key() -> BoxKey {
        BoxKey::from_private(random_secret())
    }

    #[test]
    fn a_seal_opens_for_its_recipient_purpose_and_subject_only() {
        let (ours, other) = (box_key(), box_key());
        let sealed = seal(&ours.public(), b"grant", b"post-7", b"secret").unwrap();
        assert_eq!(sealed.len(), 6 + SEAL_OVERHEAD);
        assert_eq!(*ours.open(b"grant", b"post-7", &sealed).unwrap(), b"secret");
        assert!(other.open(b"grant", b"post-7", &sealed).is_err());
        assert!(ours.open(b"order", b"post-7", &sealed).is_err());
        assert!(ours.open(b"grant", b"post-8", &sealed).is_err());
        assert!(ours.open(b"grant", b"post-7", &sealed[..40]).is_err());
    }

    #[test]
    fn an_authenticated_seal_tells_who_made_it() {
        let (device, owner, thief) = (box_key(), box_key(), box_key());
        let sealed = device.seal_to(&owner.public(), b"encounter", b"1", b"met").unwrap();
        assert_eq!(*owner.open_from(&device.public(), b"encounter", b"1", &sealed).unwrap(), b"met");
        assert!(owner.open_from(&thief.public(), b"encounter", b"1", &sealed).is_err());
    }
}
