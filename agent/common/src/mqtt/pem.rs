//! Reading PEM, and what is wrong with it in words that never quote it: it may be half a private key.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

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

/// The parser's own words would quote the line.
pub(super) fn not_pem(what: &'static str, error: &pem::Error) -> TlsError {
    let why = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section's first line is damaged",
        pem::Error::Base64Decode(_) => "its base64 is damaged",
        pem::Error::NoItemsFound => "there is none in it",
        _ => "it is damaged",
    };
    TlsError::Pem { what, why }
}

pub(super) fn unusable(what: &'static str, why: impl std::fmt::Display) -> TlsError {
    TlsError::Unusable { what, why: why.to_string() }
}

pub(super) fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
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
    use rustls_pki_types::PrivateKeyDer;

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
}
