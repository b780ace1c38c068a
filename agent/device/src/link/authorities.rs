//! Which CAs we believe at a broker, and which our own certificate should be of.
//!
//! Those of the configuration (`link.ca`), until headquarters names others in a statement that the root's keys have signed. It is stored
//! as `state/certificate/authorities`, and counts from then on instead of the configuration. While a CA is replaced it names both: the
//! old, which the broker still shows, and the new, of which we ask a certificate at once. Then it names the new one alone.
//!
//! Failure: a statement that is not signed so or has no higher number is logged, and those in effect stay. One in the store that
//! cannot be read is as good as none.

use super::read;
use crate::config::LinkConfig;
use std::path::PathBuf;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_common::mqtt::tls::Identity;
use vedette_shim::trust::{Authorities as Statement, Root};

/// The CAs in effect.
#[derive(Debug, Clone)]
pub struct Authorities {
    configured: PathBuf,
    folder: PathBuf,
}

impl Authorities {
    /// `folder`: `state/certificate`.
    pub fn of(config: &LinkConfig, folder: PathBuf) -> Authorities {
        Authorities { configured: config.ca.clone(), folder }
    }

    /// Their certificates, PEM.
    pub(super) fn pem(&self) -> Result<Vec<u8>, String> {
        match self.stored() {
            Some(stored) => Ok(said(&stored)?.certificates.as_bytes().to_vec()),
            None => read(&self.configured),
        }
    }

    /// Whether a certificate is of another CA than the newest that headquarters named.
    pub(super) fn have_replaced(&self, identity: &Identity) -> bool {
        let Some(stored) = self.stored() else { return false };
        said(&stored).is_ok_and(|said| identity.check_issuer(said.newest().as_bytes()).is_err())
    }

    /// Takes a statement that came; whether other CAs count now.
    pub(super) fn take(&self, bytes: &[u8], root: &Root) -> bool {
        match self.store(bytes, root) {
            Ok(is_new) => is_new,
            Err(why) => {
                tracing::warn!(%why, "a statement which CAs count is refused");
                false
            }
        }
    }

    fn store(&self, bytes: &[u8], root: &Root) -> Result<bool, String> {
        let new = Statement::accept(bytes, root, &RingVerify).map_err(|error| error.to_string())?;
        if let Some(stored) = self.stored() {
            let last = said(&stored)?;
            if new == last {
                return Ok(false);
            }
            if new.number <= last.number {
                return Err(format!("it is number {}, and {} is in effect", new.number, last.number));
            }
        }
        files::make_folder(&self.folder)
            .and_then(|()| files::write(&self.folder.join("authorities"), bytes))
            .map_err(|error| error.to_string())?;
        tracing::info!(number = new.number, "headquarters names the CAs that count");
        Ok(true)
    }

    /// The statement in effect, as signed.
    fn stored(&self) -> Option<Vec<u8>> {
        read(self.folder.join("authorities")).ok().filter(|bytes| said(bytes).is_ok())
    }
}

/// What a statement says that was accepted before.
fn said(bytes: &[u8]) -> Result<Statement<'_>, String> {
    Statement::accepted(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_common::crypto::{SigningKey, sign_statement};
    use vedette_shim::trust::{Role, SignedKind};

    fn root(key: &SigningKey) -> Root {
        let role = Role { threshold: 1, keys: [key.public()].into_iter().collect() };
        Root {
            version: 1,
            issued: 1,
            expires: 2,
            root: role.clone(),
            heartbeat: role.clone(),
            roster: role.clone(),
            collector: role.clone(),
            orders: role,
            issuers: Default::default(),
        }
    }

    #[test]
    fn the_highest_number_that_the_root_s_keys_signed_counts_and_before_it_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let configured = folder.path().join("ca.pem");
        std::fs::write(&configured, "configured").unwrap();
        let authorities = Authorities { configured, folder: folder.path().join("certificate") };
        let in_effect = || String::from_utf8(authorities.pem().unwrap()).unwrap();
        assert_eq!(in_effect(), "configured");
        let (key, thief) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let take = |number, certificates, signer: &SigningKey| {
            let said = Statement { number, certificates };
            let bytes = sign_statement(SignedKind::Authorities, &said, &[signer]);
            authorities.take(&bytes, &root(&key))
        };
        assert!(!take(9, "thief", &thief));
        assert_eq!(in_effect(), "configured");
        assert!(take(7, "both", &key));
        assert!(!take(7, "both", &key), "again");
        assert!(!take(7, "other", &key) && !take(6, "before", &key));
        assert_eq!(in_effect(), "both");
        assert!(take(8, "next", &key));
        assert_eq!(in_effect(), "next");
        // A store that cannot be read must not keep it away for ever.
        std::fs::write(authorities.folder.join("authorities"), "damaged").unwrap();
        assert_eq!(in_effect(), "configured");
        assert!(take(8, "next", &key));
    }
}
