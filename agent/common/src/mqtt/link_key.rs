//! A key of the link as it signs a request for a certificate: ECDSA P-256 with SHA-256, in memory or in a token.

use super::pem::{TlsError, unusable};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

/// A key that signs.
pub struct LinkKey(pub(super) Pair);

pub(super) enum Pair {
    Ring(Box<EcdsaKeyPair>),
    #[cfg(feature = "pkcs11")]
    Token(super::token::TokenKey),
}

impl LinkKey {
    /// From PKCS #8, DER.
    pub fn read(pkcs8: &[u8]) -> Result<LinkKey, TlsError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new())
            .map(|pair| LinkKey(Pair::Ring(Box::new(pair))))
            .map_err(|error| unusable("private key", format_args!("it is not one for ECDSA P-256: {error}")))
    }

    /// A new one, PKCS #8, DER.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, TlsError> {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let key = key.map_err(|_| unusable("private key", "the system gives no randomness"))?;
        Ok(Zeroizing::new(key.as_ref().to_vec()))
    }

    /// Its public half: 4, x and y.
    pub fn public(&self) -> &[u8] {
        match &self.0 {
            Pair::Ring(pair) => pair.public_key().as_ref(),
            #[cfg(feature = "pkcs11")]
            Pair::Token(key) => key.point(),
        }
    }

    /// Signs; ASN.1.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TlsError> {
        match &self.0 {
            Pair::Ring(pair) => {
                let signed = pair.sign(&SystemRandom::new(), message);
                let signed = signed.map_err(|_| unusable("private key", "the system gives no randomness"))?;
                Ok(signed.as_ref().to_vec())
            }
            #[cfg(feature = "pkcs11")]
            Pair::Token(key) => key.signature(message),
        }
    }
}
