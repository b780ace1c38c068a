//! A bundle: what headquarters publishes, as a folder (a USB stick).
//!
//! ```text
//! root/<version>.root              every root
//! heartbeat
//! roster
//! list/<owner>/<name>/manifest
//! segment/<digest in hexadecimal>
//! grant/<device>/<owner>/<name>
//! ```
//!
//! It goes the same way as what comes by MQTT: updates to the [`Intake`], each verified for itself. Failure: a file that is
//! refused is named in the report and changes nothing; the others are applied.

use super::{Intake, IntakeError, Update, UpdateOutcome};
use std::fs;
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::METADATA_BYTES_MAX;

/// A file of a bundle, and the update in it if it can be read.
type FromFile = (PathBuf, Result<Update, FileError>);

/// What to do about a bundle that cannot be used.
pub const HINT: &str = "a bundle is the folder that `vedette-hq publish NAME --bundle DIR` writes";
/// Entries of one folder of a bundle, at most.
const ENTRIES_MAX: usize = 10_000;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Updates that were applied.
    pub applied: usize,
    /// Updates that were in effect already.
    pub duplicates: usize,
    /// The lists in use afterwards, with their editions.
    pub lists: Vec<(String, u64)>,
    /// What was refused: file and reason.
    pub refused: Vec<String>,
    /// Lists whose newest edition still lacks segments.
    pub incomplete: Vec<String>,
}

/// Not a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Nothing in the folder is part of a bundle.
    #[error("{} is not a bundle: it has neither root, heartbeat nor list", path.display())]
    Empty { path: PathBuf },
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was verified cannot be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// Other imports wait.
    #[error("too many imports are waiting")]
    Busy,
}

impl Intake {
    /// Applies everything of a bundle that is for this device.
    pub fn import(&mut self, bundle: &Path) -> Result<Report, BundleError> {
        let updates = self.read_bundle(bundle)?;
        if updates.is_empty() {
            return Err(BundleError::Empty { path: bundle.into() });
        }
        let mut report = Report::default();
        for (path, update) in updates {
            let done = update.map_err(|error| error.to_string()).and_then(|update| {
                self.apply(update).map_err(|error| format!("{}: {error}", path.display()))
            });
            match done {
                Ok(UpdateOutcome::Applied) => report.applied += 1,
                Ok(UpdateOutcome::Duplicate | UpdateOutcome::Waiting) => report.duplicates += 1,
                Err(why) => report.refused.push(why),
            }
        }
        if let Err(error) = self.fetch_from(&bundle.join("segment")) {
            report.refused.push(error.to_string());
        }
        let shared = self.shared();
        let snapshot = shared.load();
        report.lists = snapshot.lists.iter().map(|held| (held.list.to_string(), held.edition)).collect();
        report.incomplete = self.incomplete();
        Ok(report)
    }

    /// Every signed file for this device, in the order of belief: roots, grants, heartbeat, roster, manifests.
    fn read_bundle(&self, bundle: &Path) -> Result<Vec<FromFile>, BundleError> {
        let mut updates = Vec::new();
        let mut add = |path: PathBuf, make: &dyn Fn(Vec<u8>) -> Update| {
            let update = files::read(&path, METADATA_BYTES_MAX as u64).map(make);
            if !matches!(&update, Err(error) if error.is_not_found()) {
                updates.push((path, update));
            }
        };
        let mut roots: Vec<(u32, PathBuf)> = Vec::new();
        for (name, path) in entries(&bundle.join("root"))? {
            if let Some(version) = name.strip_suffix(".root").and_then(|v| v.parse().ok()) {
                roots.push((version, path));
            }
        }
        roots.sort();
        for (version, path) in roots {
            add(path, &move |bytes| Update::Root(version, bytes));
        }
        for (list, path) in lists(&bundle.join("grant").join(self.us.device.as_str()))? {
            add(path, &move |bytes| Update::Grant(list.clone(), bytes));
        }
        for (name, path) in entries(&bundle.join("scanner").join(self.us.device.as_str()))? {
            if let Ok(scanner) = name.parse::<DeviceId>() {
                add(path, &move |bytes| Update::Scanner(scanner.clone(), bytes));
            }
        }
        add(bundle.join("heartbeat"), &Update::Heartbeat);
        add(bundle.join("roster"), &Update::Roster);
        for (list, path) in lists(&bundle.join("list"))? {
            add(path.join("manifest"), &move |bytes| Update::Manifest(list.clone(), bytes));
        }
        Ok(updates)
    }
}

/// Reads the grants a device was enrolled with: `<folder>/<owner>/<name>`.
pub fn grants(folder: &Path) -> Result<Vec<(ListName, PathBuf)>, FileError> {
    lists(folder)
}

/// `<folder>/<owner>/<name>` for each that is a list's name.
fn lists(folder: &Path) -> Result<Vec<(ListName, PathBuf)>, FileError> {
    let mut found = Vec::new();
    for (owner, path) in entries(folder)? {
        if path.is_dir() {
            for (name, path) in entries(&path)? {
                if let Ok(list) = format!("{owner}/{name}").parse() {
                    found.push((list, path));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A folder's entries whose names are UTF-8; none if there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, FileError> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(FileError::at("list", folder))?,
    };
    let mut found = Vec::new();
    for entry in read.take(ENTRIES_MAX) {
        let entry = entry.map_err(FileError::at("list", folder))?;
        if let Some(name) = entry.file_name().to_str() {
            found.push((name.to_string(), entry.path()));
        }
    }
    Ok(found)
}
