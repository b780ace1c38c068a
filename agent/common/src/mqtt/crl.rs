//! A certificate revocation list: X.509's own signed statement, with a number that only grows.
//!
//! Failure: one that cannot be read, has no number, or is of another CA is [`TlsError`], and nothing of it counts.

use super::ca::has_signed;
use super::pem::{TlsError, not_pem, unusable};
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
    /// From a message: DER, [`CRL_BYTES_MAX`] at most.
    pub fn from_der(der: &[u8]) -> Result<Crl, TlsError> {
        if der.len() > CRL_BYTES_MAX {
            return Err(unusable(WHAT, format_args!("it has {} bytes, at most {CRL_BYTES_MAX}", der.len())));
        }
        Self::parse(der)
    }

    fn parse(der: &[u8]) -> Result<Crl, TlsError> {
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err(unusable(WHAT, "it cannot be read"));
        };
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let number = number.ok_or_else(|| unusable(WHAT, "it has no number"))?;
        Ok(Crl { der: der.to_vec(), number })
    }

    /// From a file of PEM, of any size.
    pub fn from_pem(pem: &[u8]) -> Result<Crl, TlsError> {
        let der = CertificateRevocationListDer::from_pem_slice(pem).map_err(|error| not_pem(WHAT, &error))?;
        Self::parse(&der)
    }

    /// The same list never has two numbers, and a later one has a higher.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The serials of the certificates that it revokes, in its order.
    pub fn serials(&self) -> Vec<Vec<u8>> {
        let list = CertificateRevocationList::from_der(&self.der);
        let serials = |list: &CertificateRevocationList<'_>| {
            list.iter_revoked_certificates().map(|one| one.raw_serial().to_vec()).collect()
        };
        list.map_or_else(|_| Vec::new(), |(_, list)| serials(&list))
    }

    /// That one of the CAs, PEM, signed it.
    pub fn verify(&self, ca: &[u8]) -> Result<(), TlsError> {
        let Ok((_, list)) = CertificateRevocationList::from_der(&self.der) else {
            return Err(unusable(WHAT, "it cannot be read"));
        };
        match has_signed(ca, list.tbs_cert_list.as_ref(), &list.signature_value.data)? {
            true => Ok(()),
            false => Err(unusable(WHAT, "it is of another CA")),
        }
    }
}
