//! A folder that appears under its name whole or not at all: filled under a temporary name beside it, `.vedette-XXXXXX`.
//!
//! Invariant: while its maker lives, the temporary folder is locked; one that is not locked was left by a run that was cut off,
//! and the next [`NewFolder`] beside it removes it. What an enrolment left has a certificate in it, and is left to `fleet::cut_off`,
//! which finishes or revokes it.

use crate::authority::error::AuthorityError;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use vedette_common::files::{self, FileError, persist};

const PREFIX: &str = ".vedette-";
/// Characters that follow it.
const RANDOM_LENGTH: usize = 6;
/// The first file of an enrolment.
pub(crate) const CERTIFICATE: &str = "device.pem";

/// The folder to come.
pub(crate) struct NewFolder {
    temporary: TempDir,
    path: PathBuf,
    /// Locks the temporary folder.
    _maker: File,
}

impl NewFolder {
    /// Refuses a `path` that exists, unless it is an empty folder. `mode` is the new one's, such as 0o700.
    pub(crate) fn at(path: &Path, mode: u32) -> Result<NewFolder, AuthorityError> {
        Self::replacing(path, mode, |_| false)
    }

    /// The same, but a folder that `is_ours` is replaced.
    pub(crate) fn replacing(
        path: &Path,
        mode: u32,
        is_ours: impl Fn(&Path) -> bool,
    ) -> Result<NewFolder, AuthorityError> {
        let is_empty = path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        if path.symlink_metadata().is_ok() && !is_empty && !is_ours(path) {
            return Err(AuthorityError::Exists(path.to_path_buf()));
        }
        let parent = parent_of(path);
        files::make_folder(parent)?;
        sweep(parent);
        let (temporary, maker) = temporary_folder(parent, mode)?;
        Ok(NewFolder { temporary, path: path.to_path_buf(), _maker: maker })
    }

    /// The temporary folder to fill.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Renames it into place. What was there is moved aside first and removed last; cut off in between, the same command
    /// makes it anew.
    pub(crate) fn finish(self) -> Result<(), AuthorityError> {
        place(self.temporary.path(), &self.path)?;
        // Renamed away: nothing is left to remove under the temporary name.
        let _ = self.temporary.keep();
        Ok(())
    }
}

/// Whether a folder can be read and has nothing in it but these.
pub(crate) fn has_only(folder: &Path, names: &[&str]) -> bool {
    let is_one = |entry: std::io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(|name| names.contains(&name)))
    };
    folder.read_dir().is_ok_and(|mut entries| entries.all(is_one))
}

/// Puts a filled temporary folder into its place.
pub(crate) fn place(temporary: &Path, path: &Path) -> Result<(), AuthorityError> {
    let aside = match path.exists() {
        true => {
            let (aside, maker) = temporary_folder(parent_of(path), 0o700)?;
            persist(path, aside.path())?;
            Some((aside, maker))
        }
        false => None,
    };
    if let Err(error) = persist(temporary, path) {
        if let Some((aside, _)) = aside {
            persist(aside.path(), path)?;
        }
        return Err(error.into());
    }
    Ok(())
}

/// Removes the temporary folders beside `parent`'s others whose makers are gone. One that cannot be removed stays, and is
/// named in the log.
fn sweep(parent: &Path) {
    let Ok(entries) = parent.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_temporary = name.strip_prefix(PREFIX).is_some_and(|random| random.len() == RANDOM_LENGTH);
        let is_left = is_temporary && path.is_dir() && !path.join(CERTIFICATE).exists();
        if is_left && File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
            match fs::remove_dir_all(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "removed what an interrupted command left"),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "an interrupted command left this")
                }
            }
        }
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_folder(parent: &Path, mode: u32) -> Result<(TempDir, File), AuthorityError> {
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(RANDOM_LENGTH)
        .permissions(Permissions::from_mode(mode))
        .tempdir_in(parent)
        .map_err(FileError::at("make a folder in", parent))?;
    // Whatever the umask takes away.
    fs::set_permissions(folder.path(), Permissions::from_mode(mode))
        .map_err(FileError::at("set rights of", folder.path()))?;
    let maker = File::open(folder.path()).map_err(FileError::at("open", folder.path()))?;
    // A lock that is refused would be another sweep's that found it unlocked a moment ago: it is gone then, and writing fails.
    maker.try_lock().map_err(std::io::Error::from).map_err(FileError::at("lock", folder.path()))?;
    Ok((folder, maker))
}
