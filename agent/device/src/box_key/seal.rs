//! Seals the device's key with `systemd-creds`: to this machine's TPM 2, or, where there is none, with systemd's host key.
//!
//! The key goes to `systemd-creds` by its standard input and comes back by its output, never by an argument. Invariant: the file
//! with the key goes only after the sealed one was durable and opened to the same bytes.
//!
//! Failure: [`SealError`]; the file with the key is still there.

use super::{CREDENTIAL, KeyError, Protection};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::from_hex;
use zeroize::Zeroizing;

/// Where systemd looks for it (`LoadCredentialEncrypted=vedette.box-key`).
pub const SEALED_IN: &str = "/etc/credstore.encrypted";
const PROGRAM: &str = "systemd-creds";

/// What to seal, and with what.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// The file with the key.
    pub key: PathBuf,
    /// The folder that the sealed key goes to.
    pub into: PathBuf,
    pub with: Protection,
    /// The TPM, as `systemd-creds --tpm2-device` takes it; systemd's choice otherwise.
    pub tpm2_device: Option<String>,
}

/// Why the key is not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be started.
    #[error("cannot run {PROGRAM}: {0}")]
    Run(#[source] std::io::Error),
    /// It refused.
    #[error("{PROGRAM} cannot {what} the key: {said}")]
    Refused { what: &'static str, said: String },
    /// What it sealed does not open to what was sealed.
    #[error("{PROGRAM} sealed something else; the key was left where it is")]
    Differs,
}

/// Seals the key and destroys the file it was in; where the sealed one is.
pub fn seal(sealing: &Sealing) -> Result<PathBuf, SealError> {
    let Sealing { key, into, with, .. } = sealing;
    let text = Zeroizing::new(files::read(key, super::FILE_BYTES_MAX).map_err(KeyError::from)?);
    let digits = std::str::from_utf8(&text).ok().map(str::trim).filter(|text| from_hex::<32>(text).is_some());
    let digits = digits.ok_or_else(|| KeyError::NotOne { path: key.clone() })?;
    let line = Zeroizing::new(format!("{digits} {}\n", with.word()));
    let with = match with {
        Protection::Tpm2 => "tpm2",
        Protection::HostKey | Protection::File => "host",
    };
    let sealed = sealing.run("seal", &["encrypt", "--with-key", with], line.as_bytes())?;
    files::make_folder(into)?;
    let path = into.join(CREDENTIAL);
    files::write(&path, &sealed)?;
    if *sealing.run("open", &["decrypt"], &sealed)? != *line.as_bytes() {
        files::remove(&path)?;
        return Err(SealError::Differs);
    }
    destroy(key)?;
    Ok(path)
}

/// Overwrites a file before it goes; flash may keep older copies of its blocks all the same.
fn destroy(path: &Path) -> Result<(), FileError> {
    let overwrite = || {
        let mut file = files::open_to_write(path)?;
        let bytes = file.metadata()?.len().min(super::FILE_BYTES_MAX);
        file.write_all(&vec![0; bytes as usize])?;
        file.sync_all()
    };
    overwrite().map_err(FileError::at("overwrite", path))?;
    files::remove(path)
}

impl Sealing {
    /// What `systemd-creds` makes of `input`.
    fn run(
        &self,
        what: &'static str,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--name").arg(CREDENTIAL);
        if let Some(device) = &self.tpm2_device {
            command.arg("--tpm2-device").arg(device);
        }
        command.args(["-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(SealError::Run)?;
        // Who refuses its arguments does not read: what it says is the error then. It closes with the value.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
        let output = child.wait_with_output().map_err(SealError::Run)?;
        match output.status.success() {
            true => Ok(Zeroizing::new(output.stdout)),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(SealError::Refused { what, said: said.lines().last().unwrap_or("nothing").trim().into() })
            }
        }
    }
}
