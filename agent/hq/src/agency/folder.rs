//! The folders that headquarters and agencies give each other.
//!
//! A folder is written whole under another name first (`NewFolder`), and only one that was made so is ever replaced. What is read is
//! foreign: regular files only, each within its bound, at most [`FILES_MAX`] a part.

use super::error::AgencyError;
use super::{NotTaken, refused};
use crate::authority::new_folder::{NewFolder, has_only};
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::trust::METADATA_BYTES_MAX;

/// Files of one part that are read, at most: grants of 20,000 devices and 100 lists.
const FILES_MAX: usize = 2_000_000;
/// Folders within each other, at most.
const DEPTH_MAX: usize = 3;

/// A folder to be given.
pub(super) struct Giving(NewFolder);

impl Giving {
    /// Replaces a folder that holds nothing but `parts`.
    pub(super) fn into(path: &Path, parts: &'static [&'static str]) -> Result<Giving, AgencyError> {
        Ok(Giving(NewFolder::replacing(path, 0o700, |folder| has_only(folder, parts))?))
    }

    /// Where a file of it is written.
    pub(super) fn at(&self, name: &str) -> Result<PathBuf, AgencyError> {
        let path = self.0.path().join(name);
        files::make_folder(path.parent().unwrap_or(self.0.path()))?;
        Ok(path)
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), AgencyError> {
        Ok(files::write(&self.at(name)?, bytes)?)
    }

    pub(super) fn finish(self) -> Result<(), AgencyError> {
        Ok(self.0.finish()?)
    }
}

/// The files of a part, by their names within it, such as `post-7/uto/stolen`, sorted. None if the part is not there.
pub(super) fn files_of(folder: &Path, part: &str) -> Result<Vec<(String, PathBuf)>, AgencyError> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), folder.join(part), 0)];
    while let Some((name, path, depth)) = waiting.pop() {
        let entries = match path.read_dir() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && depth == 0 => return Ok(found),
            other => other.map_err(FileError::at("list", &path))?,
        };
        for entry in entries {
            let entry = entry.map_err(FileError::at("list", &path))?;
            let Some(of_entry) = entry.file_name().to_str().map(String::from) else { continue };
            let name = if name.is_empty() { of_entry } else { format!("{name}/{of_entry}") };
            let kind = entry.file_type().map_err(FileError::at("read", entry.path()))?;
            if kind.is_dir() && depth < DEPTH_MAX {
                waiting.push((name, entry.path(), depth + 1));
            } else if kind.is_file() {
                found.push((name, entry.path()));
            }
            if found.len() > FILES_MAX {
                let what = format!("{part} has more than {FILES_MAX} files");
                return Err(AgencyError::NotAFolder { path: folder.into(), what });
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A signed statement's bytes.
pub(super) fn statement(path: &Path) -> Result<Vec<u8>, NotTaken> {
    files::read_foreign(path, METADATA_BYTES_MAX as u64).map_err(refused)
}
