//! A device's certificate, renewed over the link: what it asks with, and what it is given.
//!
//! The device makes a new key and a PKCS #10 request for it, which that key signs: so nobody gets a certificate for a key that
//! he does not have. It signs the request with the key of its present certificate too, and sends that certificate along: so nobody
//! but the device gets one in its name. The answer is the certificate. Neither needs more protection: the certificate says itself by whom
//! it is signed and for which key, and a broker that keeps it back only delays it.
//!
//! Bytes: a version byte, 1, and postcard, as all messages; the signature is ECDSA P-256 over SHA-256, ASN.1, over [`signed`].

use serde::{Deserialize, Serialize};

/// A request or a certificate has at most so many bytes (ECDSA P-256: some 250 and 500).
pub const CERTIFICATE_BYTES_MAX: usize = 2048;
/// A message has at most so many bytes.
pub const RENEWAL_BYTES_MAX: usize = 2 * CERTIFICATE_BYTES_MAX + 256;

/// A device asks for a new certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalRequest<'a> {
    /// PKCS #10, DER, signed by the new key.
    pub request: &'a [u8],
    /// The present certificate, DER.
    pub certificate: &'a [u8],
    /// By its key, over [`signed`].
    pub signature: &'a [u8],
}

/// Headquarters gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalAnswer<'a> {
    /// DER.
    pub certificate: &'a [u8],
}

/// What the present key signs: no other message, and nothing that TLS has it sign, begins so.
pub fn signed(request: &[u8]) -> Vec<u8> {
    [b"vedette/v1/renewal".as_slice(), request].concat()
}

/// Whether a device should ask by now: half of the certificate's life is over. All times are seconds since 1970.
pub fn is_due(starts: u64, ends: u64, now: u64) -> bool {
    now >= starts + ends.saturating_sub(starts) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_from_the_middle_of_its_life_on() {
        assert!(!is_due(100, 200, 149));
        assert!(is_due(100, 200, 150));
        assert!(is_due(100, 200, 300), "also when it has ended");
    }
}
