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
//! Three steps, so that a slow stick holds up neither the intake nor an order to erase: [`Bundle::read`] reads what is signed,
//! the intake applies it like what comes by MQTT, each verified for itself ([`Intake::apply_bundle`]), and
//! [`copy_segments`] copies what is then missing. Steps one and three need no intake.
//!
//! Failure: a file that is refused is named in the report and changes nothing; the others are applied. Whatever is not a
//! regular file is refused unread.

use super::{Intake, Update, UpdateOutcome};
use crate::store::segments::{SegmentStore, SegmentStoreError};
use std::fs;
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{DeviceId, Digest, Hex, ListName};
use vedette_shim::trust::{METADATA_BYTES_MAX, SegmentRef};

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
    /// Another import is under way.
    #[error("another import is under way; try again when it has ended")]
    Busy,
}

/// What a bundle has for one device, read and not yet verified.
#[derive(Debug)]
pub struct Bundle {
    updates: Vec<FromFile>,
}

impl Bundle {
    /// Reads every signed file for this device, in the order of belief: roots, grants, heartbeat, roster, manifests.
    pub fn read(folder: &Path, device: &DeviceId) -> Result<Bundle, BundleError> {
        let mut updates = Vec::new();
        let mut add = |path: PathBuf, make: &dyn Fn(Vec<u8>) -> Update| {
            let update = files::read_foreign(&path, METADATA_BYTES_MAX as u64).map(make);
            if !matches!(&update, Err(error) if error.is_not_found()) {
                updates.push((path, update));
            }
        };
        let mut roots: Vec<(u32, PathBuf)> = Vec::new();
        for (name, path) in entries(&folder.join("root"))? {
            if let Some(version) = name.strip_suffix(".root").and_then(|v| v.parse().ok()) {
                roots.push((version, path));
            }
        }
        roots.sort();
        for (version, path) in roots {
            add(path, &move |bytes| Update::Root(version, bytes));
        }
        for (list, path) in lists(&folder.join("grant").join(device.as_str()))? {
            add(path, &move |bytes| Update::Grant(list.clone(), bytes));
        }
        for (name, path) in entries(&folder.join("scanner").join(device.as_str()))? {
            if let Ok(scanner) = name.parse::<DeviceId>() {
                add(path, &move |bytes| Update::Scanner(scanner.clone(), bytes));
            }
        }
        add(folder.join("heartbeat"), &Update::Heartbeat);
        add(folder.join("roster"), &Update::Roster);
        for (list, path) in lists(&folder.join("list"))? {
            add(path.join("manifest"), &move |bytes| Update::Manifest(list.clone(), bytes));
        }
        match updates.is_empty() {
            true => Err(BundleError::Empty { path: folder.into() }),
            false => Ok(Bundle { updates }),
        }
    }
}

/// Copies the segments that a bundle has of those `missing` into the store, each verified; what was copied, and adds to the
/// report what was refused.
pub fn copy_segments(
    folder: &Path,
    missing: &[SegmentRef],
    store: &SegmentStore,
    report: &mut Report,
) -> Vec<Digest> {
    let mut copied = Vec::new();
    for segment in missing {
        let path = folder.join("segment").join(Hex(&segment.digest).to_string());
        match store.copy_in(&path, segment) {
            Ok(()) => copied.push(segment.digest),
            // Left to the network, or to another stick.
            Err(SegmentStoreError::File(error)) if error.is_not_found() => {}
            Err(error) => report.refused.push(format!("{}: {error}", path.display())),
        }
    }
    copied
}

impl Intake {
    /// Applies what is signed in a bundle; which segments are missing then.
    pub fn apply_bundle(&mut self, bundle: Bundle) -> (Report, Vec<SegmentRef>) {
        let mut report = Report::default();
        for (path, update) in bundle.updates {
            let done = update.map_err(|error| error.to_string()).and_then(|update| {
                self.apply(update).map_err(|error| format!("{}: {error}", path.display()))
            });
            match done {
                Ok(UpdateOutcome::Applied) => report.applied += 1,
                Ok(UpdateOutcome::Duplicate | UpdateOutcome::Waiting) => report.duplicates += 1,
                Err(why) => report.refused.push(why),
            }
        }
        (report, self.fetches())
    }

    /// Puts the copied segments in use, and says what is in use now.
    pub fn finish_bundle(&mut self, copied: &[Digest], mut report: Report) -> Report {
        self.copied(copied);
        let shared = self.shared();
        let snapshot = shared.load();
        report.lists = snapshot.lists.iter().map(|held| (held.list.to_string(), held.edition)).collect();
        report.incomplete = self.incomplete();
        report
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
        if path.is_dir() && !path.is_symlink() {
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
