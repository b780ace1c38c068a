//! The device's key: where it is read from, and what a copy of the disk opens without this machine.
//!
//! Lists' keys are sealed to it, so who has the disk and this key reads the lists. A key that is sealed comes as a systemd
//! credential: the service manager opens it when the service starts, and puts it into memory where `$CREDENTIALS_DIRECTORY` says.
//! Whoever starts the agent otherwise (a TPM's own tools in a script) does the same. Without a credential it is the file that
//! `trust.box_key` names.
//!
//! Bytes: 64 hexadecimal digits; in a credential a blank and `tpm2` or `host-key` follow, as [`seal`] wrote them.
//! Failure: [`KeyError`] names the file.

pub mod seal;

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use vedette_common::crypto::BoxKey;
use vedette_common::files::{self, FileError};
use vedette_shim::ids::from_hex;
use zeroize::{Zeroize, Zeroizing};

/// The credential's name, and the file's below `$CREDENTIALS_DIRECTORY`.
pub const CREDENTIAL: &str = "vedette.box-key";
const FILE_BYTES_MAX: u64 = 1024;

/// What a copy of the disk needs besides to open the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// This machine's TPM 2.
    Tpm2,
    /// Nothing, if the copy is of the whole disk: systemd's own key lies on it.
    HostKey,
    /// Nothing.
    File,
}

impl Protection {
    fn word(self) -> &'static str {
        match self {
            Protection::Tpm2 => "tpm2",
            Protection::HostKey => "host-key",
            Protection::File => "file",
        }
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has other content.
    #[error("{}: not a key of 64 hexadecimal digits", path.display())]
    NotOne {
        /// Which file.
        path: PathBuf,
    },
}

/// Reads the key: the credential if there is one, else `file`. Where they differ the file's counts: sealing removes the file, so it
/// came later, when the device was enrolled again.
pub(crate) fn read(file: &Path) -> Result<(BoxKey, Protection), KeyError> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    read_from(credentials.map(|folder| Path::new(&folder).join(CREDENTIAL)).as_deref(), file)
}

fn read_from(credential: Option<&Path>, file: &Path) -> Result<(BoxKey, Protection), KeyError> {
    let in_file = || Ok((parse(file)?.0, Protection::File));
    let Some(credential) = credential.filter(|path| path.exists()) else { return in_file() };
    let (key, protection) = parse(credential)?;
    if protection == Protection::File || !file.exists() {
        return Ok((key, protection));
    }
    let newer = in_file()?;
    let shown = file.display();
    if newer.0.public() == key.public() {
        tracing::warn!(file = %shown, "the key is sealed, and still lies in a file: remove it");
        return Ok((key, protection));
    }
    tracing::warn!(file = %shown, "the sealed key is of an earlier enrolment, and the file's is used: `vedette seal-key` seals it");
    Ok(newer)
}

/// The key in a file, and what its text says of its seal: nothing is a key that somebody put there by other means.
fn parse(path: &Path) -> Result<(BoxKey, Protection), KeyError> {
    let text = Zeroizing::new(files::read(path, FILE_BYTES_MAX)?);
    let not_one = || KeyError::NotOne { path: path.into() };
    let mut words = std::str::from_utf8(&text).map_err(|_| not_one())?.split_whitespace();
    let mut key = words.next().and_then(from_hex::<32>).ok_or_else(not_one)?;
    let private = Zeroizing::new(key);
    key.zeroize();
    let protection = match words.next() {
        Some("tpm2") => Protection::Tpm2,
        Some("host-key") => Protection::HostKey,
        None => Protection::File,
        Some(_) => return Err(not_one()),
    };
    Ok((BoxKey::from_private(private), protection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_enrolled_again_uses_its_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let (credential, file) = (folder.path().join("credential"), folder.path().join("box.key"));
        let write = |path: &Path, key: &str, seal: &str| {
            std::fs::write(path, format!("{} {seal}", key.repeat(32))).unwrap();
        };
        let read = || read_from(Some(&credential), &file).map(|(key, how)| (key.public(), how)).ok();
        let public = |byte| BoxKey::from_private(Zeroizing::new([byte; 32])).public();
        write(&file, "0b", "");
        assert_eq!(read(), Some((public(11), Protection::File)), "not sealed yet");
        write(&credential, "0b", "tpm2");
        assert_eq!(read(), Some((public(11), Protection::Tpm2)), "the file was left");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read(), Some((public(11), Protection::Tpm2)));
        write(&file, "0c", "");
        assert_eq!(read(), Some((public(12), Protection::File)), "the earlier enrolment's opens nothing");
    }

    #[test]
    fn a_key_says_what_sealed_it_and_anything_else_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let hex = "0b".repeat(32);
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            parse(&path).map(|(key, protection)| (key.public(), protection)).ok()
        };
        let public = BoxKey::from_private(Zeroizing::new([11; 32])).public();
        assert_eq!(read(&format!("{hex}\n")), Some((public, Protection::File)));
        assert_eq!(read(&format!("{hex} tpm2\n")), Some((public, Protection::Tpm2)));
        assert_eq!(read(&format!("{hex} host-key")), Some((public, Protection::HostKey)));
        for bad in ["", "0b", &format!("{hex}0b"), &format!("{hex} file"), &format!("{hex} nobody")] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
