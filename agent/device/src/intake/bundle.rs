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
//! It goes the same way as what comes by MQTT: offers to the [`Intake`], each checked for itself. Failure: a file that
//! is refused is named in the report and changes nothing; the others are taken.

use super::{Intake, IntakeError, Offer, Taken};
use std::fs;
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::ListName;
use vedette_shim::trust::METADATA_BYTES_MAX;

/// A file of a bundle, and what it offers if it can be read.
type FromFile = (PathBuf, Result<Offer, FileError>);

/// What to do about a bundle that cannot be used.
pub const HINT: &str = "a bundle is the folder that `vedette-hq publish NAME --bundle DIR` writes";
/// Entries of one folder of a bundle, at most.
const ENTRIES_MAX: usize = 10_000;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Signed files that were news.
    pub taken: usize,
    /// Signed files that were held already.
    pub known: usize,
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
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was taken cannot be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl Intake {
    /// Takes everything of a bundle that is for this device and news.
    pub fn import(&mut self, bundle: &Path) -> Result<Report, BundleError> {
        let offers = self.read_bundle(bundle)?;
        if offers.is_empty() {
            return Err(BundleError::Empty { path: bundle.into() });
        }
        let mut report = Report::default();
        for (path, offer) in offers {
            let offered = offer
                .map_err(|error| error.to_string())
                .and_then(|offer| self.offer(offer).map_err(|error| format!("{}: {error}", path.display())));
            match offered {
                Ok(Taken::New) => report.taken += 1,
                Ok(Taken::Known) => report.known += 1,
                Err(why) => report.refused.push(why),
            }
        }
        if let Err(error) = self.fetch_from(&bundle.join("segment")) {
            report.refused.push(error.to_string());
        }
        let shared = self.shared();
        let holdings = shared.load();
        report.lists = holdings.lists.iter().map(|held| (held.list.to_string(), held.edition)).collect();
        report.incomplete = self.incomplete();
        Ok(report)
    }

    /// Every signed file for this device, in the order of belief: roots, grants, heartbeat, roster, manifests.
    fn read_bundle(&self, bundle: &Path) -> Result<Vec<FromFile>, BundleError> {
        let mut offers = Vec::new();
        let mut add = |path: PathBuf, make: &dyn Fn(Vec<u8>) -> Offer| {
            let offer = files::read(&path, METADATA_BYTES_MAX as u64).map(make);
            if !matches!(&offer, Err(error) if error.is_not_found()) {
                offers.push((path, offer));
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
            add(path, &move |bytes| Offer::Root(version, bytes));
        }
        for (list, path) in lists(&bundle.join("grant").join(self.device.as_str()))? {
            add(path, &move |bytes| Offer::Grant(list.clone(), bytes));
        }
        add(bundle.join("heartbeat"), &Offer::Heartbeat);
        add(bundle.join("roster"), &Offer::Roster);
        for (list, path) in lists(&bundle.join("list"))? {
            add(path.join("manifest"), &move |bytes| Offer::Manifest(list.clone(), bytes));
        }
        Ok(offers)
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
