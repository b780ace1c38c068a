//! Which of headquarters' own certificates were revoked: a broker that shows one is refused.
//!
//! The list came with the enrolment (`link.crl`), and newer ones come over the link, retained. Signed by the CA, each has a
//! number; the highest that was seen counts (`state/certificate/crl.der`), also after a restart. Failure: one that cannot be read, is
//! of another CA or has no higher number is logged, and the one in effect stays.

use super::authorities::Authorities;
use super::read;
use crate::config::LinkConfig;
use std::path::PathBuf;
use vedette_common::files;
use vedette_common::mqtt::crl::Crl;

/// The revocation list in effect.
pub struct Revocations {
    config: LinkConfig,
    authorities: Authorities,
    file: PathBuf,
}

impl Revocations {
    /// `folder`: `state/certificate`.
    pub fn of(config: LinkConfig, authorities: Authorities, folder: PathBuf) -> Revocations {
        Revocations { config, authorities, file: folder.join("crl.der") }
    }

    /// The list in effect, if there is one. `ca`: PEM.
    pub(super) fn current(&self, ca: &[u8]) -> Result<Option<Crl>, String> {
        let configured = match &self.config.crl {
            Some(path) => Some(Crl::from_pem(&read(path)?).map_err(|error| error.to_string())?),
            None => None,
        };
        let came = read(&self.file).ok().and_then(|der| Crl::from_der(&der).ok());
        // After another CA was put in place, what the former one revoked says nothing.
        let came = came.filter(|came| came.verify(ca).is_ok());
        Ok([configured, came].into_iter().flatten().max_by_key(Crl::number))
    }

    /// Takes a list that came; whether it is another than the one in effect.
    pub(super) fn take(&self, der: &[u8]) -> bool {
        match self.store(der) {
            Ok(is_new) => is_new,
            Err(why) => {
                tracing::warn!(%why, "a list of revoked certificates is refused");
                false
            }
        }
    }

    fn store(&self, der: &[u8]) -> Result<bool, String> {
        let crl = Crl::from_der(der).map_err(|error| error.to_string())?;
        let ca = self.authorities.pem()?;
        crl.verify(&ca).map_err(|error| error.to_string())?;
        if let Some(current) = self.current(&ca)? {
            if crl == current {
                return Ok(false);
            }
            if crl.number() <= current.number() {
                return Err(format!("it is number {}, and {} is in effect", crl.number(), current.number()));
            }
        }
        let folder = self.file.parent().unwrap_or(&self.file);
        files::make_folder(folder)
            .and_then(|()| files::write(&self.file, der))
            .map_err(|error| error.to_string())?;
        tracing::info!(number = crl.number(), "a newer list of revoked certificates is in effect");
        Ok(true)
    }
}
