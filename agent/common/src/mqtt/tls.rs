//! TLS for the link: 1.3 only, both sides show certificates, ring does the arithmetic.
//!
//! Purpose: PEM bytes -> a rustls client configuration. The trust anchors are headquarters' CA and nothing else; the
//! system's certificates play no part. With a CRL, a broker whose certificate was revoked is refused.
//!
//! Certificates are verified at the time of the clock that is given. A device gives its own, which is never behind what was
//! signed: so an empty clock battery does not keep away the signed time that would heal it.
//!
//! Failure: [`TlsError`] names which of the parts cannot be used, and never what is in it: it may be half a private key.
//! Made again whenever a certificate renews.

use crate::clock::Clock;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use std::sync::Arc;
use std::time::Duration;

/// A part of the TLS set-up that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or empty.
    #[error("the {what} cannot be read as PEM: {why}")]
    Pem {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
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

/// Client configuration from PEM: the CA to believe, our certificate chain and its key, CRLs (may be empty),
/// and the clock by which certificates are verified.
pub fn client_config(
    ca: &[u8],
    chain: &[u8],
    key: &[u8],
    crls: &[u8],
    clock: Arc<Clock>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let unusable =
        |what| move |why: &dyn std::fmt::Display| TlsError::Unusable { what, why: why.to_string() };
    let provider = Arc::new(default_provider());

    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA certificate", ca)? {
        roots.add(certificate).map_err(|e| unusable("CA certificate")(&e))?;
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| not_pem("private key", &error))?;
    let crls = CertificateRevocationListDer::pem_slice_iter(crls)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| not_pem("certificate revocation list", &error))?;

    let mut verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if !crls.is_empty() {
        verifier = verifier.with_crls(crls).only_check_end_entity_revocation();
    }
    let verifier = verifier.build().map_err(|e| unusable("CA certificate")(&e))?;
    let config = ClientConfig::builder_with_details(provider, Arc::new(TimeOf(clock)))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| unusable("TLS 1.3")(&e))?
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(certificates("certificate", chain)?, key)
        .map_err(|e| unusable("certificate with its private key")(&e))?;
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

/// The parser's own words would quote the line.
fn not_pem(what: &'static str, error: &pem::Error) -> TlsError {
    let why = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section's first line is damaged",
        pem::Error::Base64Decode(_) => "its base64 is damaged",
        pem::Error::NoItemsFound => "there is none in it",
        _ => "it is damaged",
    };
    TlsError::Pem { what, why }
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
        .map_err(|error| not_pem(what, &error))?;
    if found.is_empty() {
        return Err(TlsError::Pem { what, why: "no certificate in it" });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_key_is_named_and_never_quoted() {
        let halves = [
            "-----BEGIN PRIVATE KEY-----secretsecret\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nsecretsecret\n",
            "-----BEGIN PRIVATE KEY-----\nsecret\u{1}secret\n-----END PRIVATE KEY-----\n",
            "secretsecret",
        ];
        for half in halves {
            let error = not_pem("private key", &PrivateKeyDer::from_pem_slice(half.as_bytes()).unwrap_err());
            let said = format!("{error} {error:?}");
            let quoted = half.as_bytes()[..5].iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            assert!(!said.contains("secret") && !said.contains(&quoted), "{said}");
            assert!(said.starts_with("the private key cannot be read as PEM"), "{said}");
        }
    }

    #[test]
    fn certificates_are_verified_at_the_signed_time_when_the_system_s_is_behind() {
        let time = Arc::new(crate::clock::testing::ManualTime::starting_at(1_000));
        let provider = TimeOf(Arc::new(Clock::of(time, 1_790_000_000)));
        assert_eq!(provider.current_time().unwrap().as_secs(), 1_790_000_000);
    }
}
