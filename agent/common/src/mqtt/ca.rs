//! Whether a CA of ours signed something: ECDSA P-256 with SHA-256, as headquarters' CA signs.
//!
//! Failure: a CA or certificate that cannot be read is [`TlsError`]; one that did not sign is `false`.

use super::pem::{TlsError, certificates, unusable};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

const CA: &str = "CA certificate";

/// Whether one of the CAs, PEM, signed a certificate, DER.
pub fn has_issued(ca: &[u8], certificate: &[u8]) -> Result<bool, TlsError> {
    let (_, certificate) =
        x509_parser::parse_x509_certificate(certificate).map_err(|error| unusable("certificate", error))?;
    has_signed(ca, certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
}

/// Whether one of the CAs, PEM, signed these bytes: what X.509 calls the part to be signed.
pub(super) fn has_signed(ca: &[u8], signed: &[u8], signature: &[u8]) -> Result<bool, TlsError> {
    for ca in certificates(CA, ca)? {
        let (_, ca) = x509_parser::parse_x509_certificate(&ca).map_err(|error| unusable(CA, error))?;
        let key = &ca.public_key().subject_public_key.data;
        if UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.as_ref()).verify(signed, signature).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
