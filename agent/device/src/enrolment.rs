//! A new device's keys and its request to be enrolled.
//!
//! ```text
//! box.key     X25519, 64 hexadecimal digits: opens grants; all keys but the link's are made of it
//! device.key  ECDSA P-256, PKCS #8 in PEM: the link's
//! request     for headquarters: public keys and a request for a certificate, signed
//! ```
//!
//! Invariant: a folder with a request keeps its keys; one that was cut off before has keys that nobody was told of, and they are made
//! again. Failure: nothing is left that headquarters could enrol.

use crate::link::csr;
use base64ct::{Base64, Encoding};
use std::path::{Path, PathBuf};
use vedette_common::crypto::{BoxKey, random_secret, secret_line};
use vedette_common::device_key::{self, EnrolledKeys};
use vedette_common::enrolment_request::EnrolmentRequest;
use vedette_common::files::{self, FileError};
use vedette_common::mqtt::tls::{LinkKey, TlsError};
use vedette_shim::ids::DeviceId;
use zeroize::Zeroizing;

/// Characters of a line of PEM.
const PEM_LINE: usize = 64;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// What headquarters is brought.
    pub file: PathBuf,
    /// What `vedette-hq enrol --request` shows of it.
    pub fingerprint: String,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The folder has a request, and the keys for it.
    #[error("{} is there: headquarters may have been brought it", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] TlsError),
}

/// Makes the keys of `device` in `folder`, and its request.
pub fn request(device: &DeviceId, folder: &Path) -> Result<Requested, RequestError> {
    let file = folder.join("request");
    if file.symlink_metadata().is_ok() {
        return Err(RequestError::Exists(file));
    }
    files::make_folder(folder)?;
    let secret = random_secret();
    files::write(&folder.join("box.key"), &secret_line(&secret))?;
    let box_key = BoxKey::from_private(secret);
    let pkcs8 = LinkKey::generate()?;
    files::write(&folder.join("device.key"), pem(&pkcs8).as_bytes())?;
    let certificate = csr::request(device, &LinkKey::read(&pkcs8)?)?;
    let request = EnrolmentRequest::of(device, &EnrolledKeys::of(&box_key), &certificate);
    // Last: it says that the keys are whole.
    files::write(&file, request.sign(&device_key::signing(&box_key)).as_bytes())?;
    Ok(Requested { file, fingerprint: request.fingerprint() })
}

fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(Base64::encode_string(pkcs8));
    let mut text = Zeroizing::new(String::with_capacity(digits.len() + digits.len() / PEM_LINE + 80));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use vedette_common::enrolment_request::bytes_of;

    #[test]
    fn keys_are_made_once_and_the_request_is_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("post-7");
        let device = "post-7".parse().unwrap();
        let made = request(&device, &out).unwrap();
        let bytes = bytes_of(&fs::read(&made.file).unwrap()).unwrap();
        let read = EnrolmentRequest::read(&bytes).unwrap();
        assert_eq!((read.fingerprint(), read.device), (made.fingerprint, device.clone()));
        let key = fs::read_to_string(out.join("box.key")).unwrap();
        let private = vedette_shim::ids::from_hex(key.trim()).unwrap();
        assert_eq!(BoxKey::from_private(Zeroizing::new(private)).public(), read.box_public);
        let again = request(&device, &out);
        assert!(matches!(again, Err(RequestError::Exists(_))), "{again:?}");
        assert_eq!(fs::read_to_string(out.join("box.key")).unwrap(), key);
        fs::remove_file(&made.file).unwrap();
        request(&device, &out).unwrap();
        assert_ne!(fs::read_to_string(out.join("box.key")).unwrap(), key, "nobody was told of it");
    }
}
