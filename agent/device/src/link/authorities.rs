//! Which CAs we believe at a broker, and which our own certificate should be of.
//!
//! Those of the configuration (`link.ca`), until headquarters names others in a statement that the root's keys have signed. It is stored
//! as `state/certificate/authorities`, and counts from then on instead of the configuration. Where there is one when the device is enrolled,
//! it lies there from the start, so that no older one is taken. While a CA is replaced it names both: the
//! old, which the broker still shows, and the new, of which we ask a certificate at once. Then it names the new one alone.
//!
//! Failure: a statement that is not signed so or has no higher number is logged, and those in effect stay. One whose signatures do not
//! count may have overtaken its root: the last such is verified once more under the next root. One in the store that cannot be read is as
//! good as none.

use super::read;
use crate::config::LinkConfig;
use std::path::PathBuf;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_common::mqtt::tls::Identity;
use vedette_shim::trust::{Authorities as Statement, Root, TrustError};

/// The CAs in effect.
#[derive(Debug, Clone)]
pub struct Authorities {
    configured: PathBuf,
    folder: PathBuf,
    /// What the root of this version did not verify.
    early: Option<(u32, Vec<u8>)>,
}

impl Authorities {
    /// `folder`: `state/certificate`.
    pub fn of(config: &LinkConfig, folder: PathBuf) -> Authorities {
        Authorities { configured: config.ca.clone(), folder, early: None }
    }

    /// Their certificates, PEM.
    pub(super) fn pem(&self) -> Result<Vec<u8>, String> {
        match self.with_last(|last| last.certificates.as_bytes().to_vec()) {
            Some(certificates) => Ok(certificates),
            None => read(&self.configured),
        }
    }

    /// Whether a certificate is of another CA than the newest that headquarters named.
    pub(super) fn have_replaced(&self, identity: &Identity) -> bool {
        let is_of_other = |last: &Statement<'_>| identity.check_issuer(last.newest().as_bytes()).is_err();
        self.with_last(is_of_other).unwrap_or(false)
    }

    /// Takes a statement that came; whether other CAs count now.
    pub(super) fn take(&mut self, bytes: &[u8], root: &Root) -> bool {
        let taken = match Statement::accept(bytes, root, &RingVerify) {
            Ok(new) => self.store(bytes, &new),
            Err(error) => {
                if matches!(error, TrustError::Signatures { .. }) {
                    self.early = Some((root.version, bytes.to_vec()));
                }
                Err(error.to_string())
            }
        };
        taken.unwrap_or_else(|why| {
            tracing::warn!(%why, "a statement which CAs count is refused");
            false
        })
    }

    /// Takes the statement that came before its root, once another root is here; whether other CAs count now.
    pub(super) fn take_early(&mut self, root: &Root) -> bool {
        match self.early.take_if(|(refused_by, _)| *refused_by != root.version) {
            Some((_, bytes)) => self.take(&bytes, root),
            None => false,
        }
    }

    fn store(&self, bytes: &[u8], new: &Statement<'_>) -> Result<bool, String> {
        match self.with_last(|last| (new == last, last.number)) {
            Some((true, _)) => return Ok(false),
            Some((false, last)) if new.number <= last => {
                return Err(format!("it is number {}, and {last} is in effect", new.number));
            }
            _ => {}
        }
        files::make_folder(&self.folder)
            .and_then(|()| files::write(&self.folder.join("authorities"), bytes))
            .map_err(|error| error.to_string())?;
        tracing::info!(number = new.number, "headquarters names the CAs that count");
        Ok(true)
    }

    /// What is read from the statement in effect, if there is one.
    fn with_last<T>(&self, what: impl FnOnce(&Statement<'_>) -> T) -> Option<T> {
        let bytes = read(self.folder.join("authorities")).ok()?;
        Statement::accepted(&bytes).ok().map(|last| what(&last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_common::crypto::{SigningKey, sign_statement};
    use vedette_common::roster::testing::root;
    use vedette_shim::trust::SignedKind;

    #[test]
    fn the_highest_number_that_the_root_s_keys_signed_counts_and_before_it_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let configured = folder.path().join("ca.pem");
        std::fs::write(&configured, "configured").unwrap();
        let mut authorities =
            Authorities { configured, folder: folder.path().join("certificate"), early: None };
        let reader = authorities.clone();
        let in_effect = || String::from_utf8(reader.pem().unwrap()).unwrap();
        assert_eq!(in_effect(), "configured");
        let (key, thief) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let mut take = |number, certificates, signer: &SigningKey| {
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
        std::fs::write(reader.folder.join("authorities"), "damaged").unwrap();
        assert_eq!(in_effect(), "configured");
        assert!(take(8, "next", &key));
    }

    #[test]
    fn the_last_statement_that_came_before_its_root_is_taken_under_that() {
        let folder = tempfile::tempdir().unwrap();
        let configured = folder.path().join("ca.pem");
        let mut authorities =
            Authorities { configured, folder: folder.path().join("certificate"), early: None };
        let (old, new) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let said = |number, certificates, signer| {
            let said = Statement { number, certificates };
            sign_statement(SignedKind::Authorities, &said, &[signer])
        };
        let of_old = root(&old);
        let of_new = Root { version: of_old.version + 1, ..root(&new) };
        assert!(!authorities.take_early(&of_new), "there is none");
        assert!(!authorities.take(&said(7, "before", &new), &of_old));
        assert!(!authorities.take(&said(8, "both", &new), &of_old));
        assert!(!authorities.take(b"what cannot be read", &of_old), "it replaces nothing");
        assert!(!authorities.take_early(&of_old), "by the same root");
        assert!(authorities.take_early(&of_new));
        assert_eq!(authorities.pem().unwrap(), b"both");
        assert!(!authorities.take_early(&Root { version: of_new.version + 1, ..of_new }), "once");
    }
}
