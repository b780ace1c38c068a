//! TLS for the link: 1.3 only, both sides show certificates, ring does the arithmetic.
//!
//! Purpose: PEM bytes -> a rustls client configuration. The trust anchors are headquarters' CA and nothing else; the
//! system's certificates play no part. With a CRL, a broker whose certificate was revoked is refused.
//!
//! Failure: [`TlsError`] names which of the parts cannot be used. Made anew whenever a certificate renews.

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::sync::Arc;

/// A part of the TLS set-up that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or empty.
    #[error("the {what} cannot be read as PEM: {why}")]
    Pem {
        /// Which part.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// PEM, but not usable.
    #[error("the {what} cannot be used: {why}")]
    Unusable {
        /// Which part.
        what: &'static str,
        /// What rustls says.
        why: String,
    },
}

/// Client configuration from PEM: the CA to believe, our certificate chain and its key, CRLs (may be empty).
pub fn client_config(
    ca: &[u8],
    chain: &[u8],
    key: &[u8],
    crls: &[u8],
) -> Result<Arc<ClientConfig>, TlsError> {
    let unusable =
        |what| move |why: &dyn std::fmt::Display| TlsError::Unusable { what, why: why.to_string() };
    let provider = Arc::new(default_provider());

    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA certificate", ca)? {
        roots.add(certificate).map_err(|e| unusable("CA certificate")(&e))?;
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|e| TlsError::Pem { what: "private key", why: e.to_string() })?;
    let crls = CertificateRevocationListDer::pem_slice_iter(crls)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| TlsError::Pem { what: "certificate revocation list", why: e.to_string() })?;

    let mut verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if !crls.is_empty() {
        verifier = verifier.with_crls(crls).only_check_end_entity_revocation();
    }
    let verifier = verifier.build().map_err(|e| unusable("CA certificate")(&e))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| unusable("TLS 1.3")(&e))?
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(certificates("certificate", chain)?, key)
        .map_err(|e| unusable("certificate with its private key")(&e))?;
    Ok(Arc::new(config))
}

/// When a certificate in PEM, the first of its chain, ends: seconds since 1970.
pub fn ends_at(chain: &[u8]) -> Result<u64, TlsError> {
    let unusable = |why: String| TlsError::Unusable { what: "certificate", why };
    let certificates = certificates("certificate", chain)?;
    let (_, certificate) =
        x509_parser::parse_x509_certificate(&certificates[0]).map_err(|error| unusable(error.to_string()))?;
    u64::try_from(certificate.validity().not_after.timestamp())
        .map_err(|_| unusable("it ends before 1970".into()))
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| TlsError::Pem { what, why: e.to_string() })?;
    if found.is_empty() {
        return Err(TlsError::Pem { what, why: "no certificate in it".into() });
    }
    Ok(found)
}
