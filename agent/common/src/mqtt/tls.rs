//! TLS for the link: 1.3 only, both sides show certificates, ring does the arithmetic.
//!
//! Purpose: PEM bytes -> a rustls client configuration. The trust anchors are headquarters' CA and nothing else; the
//! system's certificates play no part. With a CRL, a broker whose certificate was revoked is refused; of a CA that it is not of it
//! says nothing, so that the first session after another CA took its place can bring that one's.
//!
//! Certificates are verified at the time of the clock that is given. A device gives its own, which is never behind what was
//! signed: so an empty clock battery does not keep away the signed time that would heal it.
//!
//! Failure: [`TlsError`] names which of the parts cannot be used, and never what is in it: it may be half a private key.
//! Made again whenever a certificate renews.

pub use super::pem::TlsError;

pub use super::link_key::LinkKey;

use super::ca;
use super::crl::Crl;
#[cfg(feature = "pkcs11")]
use super::link_key::Pair;
use super::pem::{certificates, not_pem, unusable};
use crate::clock::Clock;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use std::sync::Arc;
use std::time::Duration;
use vedette_shim::ids::DeviceId;
use zeroize::Zeroizing;

/// A certificate with its private key, as they are shown to the other side.
pub struct Identity {
    /// The first is ours.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKey,
}

enum PrivateKey {
    /// DER, as it was given.
    Der(Zeroizing<Vec<u8>>),
    #[cfg(feature = "pkcs11")]
    Token(super::token::TokenKey),
}

/// From when until when a certificate counts, seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Term {
    pub starts: u64,
    pub ends: u64,
}

impl Identity {
    /// From PEM: a certificate chain and its key.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Identity, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| not_pem("private key", &error))?;
        let key = PrivateKey::Der(Zeroizing::new(key.secret_der().to_vec()));
        Ok(Identity { chain: certificates("certificate", chain)?, key })
    }

    /// From a certificate chain, PEM, and the URI of a key in a PKCS #11 token, which is opened.
    #[cfg(feature = "pkcs11")]
    pub fn in_token(chain: &[u8], uri: &str) -> Result<Identity, TlsError> {
        let key = PrivateKey::Token(super::token::TokenKey::open(uri)?);
        Ok(Identity { chain: certificates("certificate", chain)?, key })
    }

    /// This program can use no token.
    #[cfg(not(feature = "pkcs11"))]
    pub fn in_token(_: &[u8], _: &str) -> Result<Identity, TlsError> {
        Err(unusable("private key", "it is in a token, and this program was built without PKCS #11"))
    }

    /// The same key with another certificate, DER.
    pub fn with_certificate(self, certificate: &[u8]) -> Identity {
        Identity { chain: vec![CertificateDer::from(certificate.to_vec())], ..self }
    }

    /// From DER; [`check`](Self::check) says whether it is one.
    pub fn from_der(certificate: &[u8], key: &[u8]) -> Identity {
        Identity {
            chain: vec![CertificateDer::from(certificate.to_vec())],
            key: PrivateKey::Der(Zeroizing::new(key.to_vec())),
        }
    }

    /// Our certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.chain[0]
    }

    /// Its key, DER; empty if it is in a token.
    pub fn key(&self) -> &[u8] {
        match &self.key {
            PrivateKey::Der(key) => key,
            #[cfg(feature = "pkcs11")]
            PrivateKey::Token(_) => &[],
        }
    }

    /// Its key, if it can sign: of ECDSA P-256.
    pub fn signer(&self) -> Result<LinkKey, TlsError> {
        match &self.key {
            PrivateKey::Der(key) => LinkKey::read(key),
            #[cfg(feature = "pkcs11")]
            PrivateKey::Token(key) => Ok(LinkKey(Pair::Token(key.clone()))),
        }
    }

    /// When the certificate begins and ends.
    pub fn term(&self) -> Result<Term, TlsError> {
        term_of(&self.chain[0])
    }

    /// The serial number of the certificate, as it stands there.
    pub fn serial(&self) -> Result<Vec<u8>, TlsError> {
        let (_, certificate) = x509_parser::parse_x509_certificate(&self.chain[0])
            .map_err(|error| unusable("certificate", error))?;
        Ok(certificate.raw_serial().to_vec())
    }

    /// That the key belongs to the certificate, which is of this device.
    pub fn check(&self, device: &DeviceId) -> Result<(), TlsError> {
        self.certified()?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&self.chain[0])
            .map_err(|error| unusable("certificate", error))?;
        let mut names = certificate.subject().iter_common_name();
        match (names.next().map(|name| name.as_str()), names.next()) {
            (Some(Ok(name)), None) if name == device.as_str() => Ok(()),
            _ => Err(unusable("certificate", "it is another's")),
        }
    }

    /// That one of the CAs, PEM, signed the certificate.
    pub fn check_issuer(&self, ca: &[u8]) -> Result<(), TlsError> {
        match ca::has_issued(ca, &self.chain[0])? {
            true => Ok(()),
            false => Err(unusable("certificate", "it is of another CA")),
        }
    }

    fn certified(&self) -> Result<CertifiedKey, TlsError> {
        let unfit = |why| unusable("certificate with its private key", why);
        match &self.key {
            PrivateKey::Der(key) => {
                let key =
                    PrivateKeyDer::try_from(key.to_vec()).map_err(|why| unusable("private key", why))?;
                CertifiedKey::from_der(self.chain.clone(), key, &default_provider()).map_err(unfit)
            }
            #[cfg(feature = "pkcs11")]
            PrivateKey::Token(key) => {
                let certified = CertifiedKey::new(self.chain.clone(), Arc::new(key.clone()));
                certified.keys_match().map_err(unfit)?;
                Ok(certified)
            }
        }
    }
}

/// Client configuration: the CA to believe (PEM), who we are, what is revoked, and the clock by which certificates
/// are verified.
pub fn client_config(
    ca: &[u8],
    identity: &Identity,
    crl: Option<&Crl>,
    clock: Arc<Clock>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(default_provider());

    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA certificate", ca)? {
        roots.add(certificate).map_err(|e| unusable("CA certificate", e))?;
    }
    let mut verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if let Some(crl) = crl {
        let crl = CertificateRevocationListDer::from(crl.der().to_vec());
        verifier =
            verifier.with_crls([crl]).only_check_end_entity_revocation().allow_unknown_revocation_status();
    }
    let verifier = verifier.build().map_err(|e| unusable("CA certificate", e))?;
    let config = ClientConfig::builder_with_details(provider, Arc::new(TimeOf(clock)))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| unusable("TLS 1.3", e))?
        .with_webpki_verifier(verifier)
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified()?)));
    Ok(Arc::new(config))
}

/// The time by which certificates are verified.
#[derive(Debug)]
struct TimeOf(Arc<Clock>);

impl TimeProvider for TimeOf {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.now())))
    }
}

/// When a certificate in PEM, the first of its chain, ends: seconds since 1970.
pub fn ends_at(chain: &[u8]) -> Result<u64, TlsError> {
    Ok(term_of(&certificates("certificate", chain)?[0])?.ends)
}

fn term_of(certificate: &[u8]) -> Result<Term, TlsError> {
    let (_, certificate) =
        x509_parser::parse_x509_certificate(certificate).map_err(|error| unusable("certificate", error))?;
    let seconds = |at: x509_parser::time::ASN1Time| {
        u64::try_from(at.timestamp()).map_err(|_| unusable("certificate", "its term is before 1970"))
    };
    let validity = certificate.validity();
    Ok(Term { starts: seconds(validity.not_before)?, ends: seconds(validity.not_after)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_verified_at_the_signed_time_when_the_system_s_is_behind() {
        let time = Arc::new(crate::clock::testing::ManualTime::starting_at(1_000));
        let provider = TimeOf(Arc::new(Clock::of(time, 1_790_000_000)));
        assert_eq!(provider.current_time().unwrap().as_secs(), 1_790_000_000);
    }
}
