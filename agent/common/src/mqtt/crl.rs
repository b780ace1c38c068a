//! A certificate revocation list: X.509's own signed statement, with a number that only grows.
//!
//! Failure: one that cannot be read, has no number, or is of another CA is [`TlsError`], and nothing of it counts.

use super::pem::{TlsError, certificates, not_pem, unusable};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

const WHAT: &str = "certificate revocation list";
/// A larger one is not taken, bytes: it would not fit a message.
pub const CRL_BYTES_MAX: usize = 96 * 1024;

/// A revocation list that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
    number: u64,
}

impl Crl {
    /// From DER.
    pub fn from_der(der: &[u8]) -> Result<Crl, TlsError> {
        if der.len() > CRL_BYTES_MAX {
            return Err(unusable(WHAT, format_args!("it has {} bytes, at most {CRL_BYTES_MAX}", der.len())));
        }
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err(unusable(WHAT, "it cannot be read"));
        };
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let number = number.ok_or_else(|| unusable(WHAT, "it has no number"))?;
        Ok(Crl { der: der.to_vec(), number })
    }

    /// From PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Crl, TlsError> {
        let der = CertificateRevocationListDer::from_pem_slice(pem).map_err(|error| not_pem(WHAT, &error))?;
        Self::from_der(&der)
    }

    /// The same list never has two numbers, and a later one has a higher.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// That one of the CAs, PEM, signed it.
    pub fn verify(&self, ca: &[u8]) -> Result<(), TlsError> {
        let Ok((_, list)) = CertificateRevocationList::from_der(&self.der) else {
            return Err(unusable(WHAT, "it cannot be read"));
        };
        let signed_by = |ca: &[u8]| {
            x509_parser::parse_x509_certificate(ca).is_ok_and(|(_, ca)| {
                let key = &ca.public_key().subject_public_key.data;
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.as_ref())
                    .verify(list.tbs_cert_list.as_ref(), &list.signature_value.data)
                    .is_ok()
            })
        };
        match certificates("CA certificate", ca)?.iter().any(|ca| signed_by(ca)) {
            true => Ok(()),
            false => Err(unusable(WHAT, "it is of another CA")),
        }
    }
}
