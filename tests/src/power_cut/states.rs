//! What a power cut leaves of the changes before it.
//!
//! What was synced is there, always. Of the rest a file system may keep what it likes, and four kinds of it are tried:
//!
//! | [`Loss`] | entries of folders | bytes of files |
//! |---|---|---|
//! | `Strict` | only synced ones, even of a synced file | only synced ones |
//! | `Ordered` | all: the journal of an ext4 | only synced ones, so that a new file may be empty |
//! | `Random` | of each folder up to some change | of each write all, nothing, or its first sectors |
//! | `None` | all | all: the process was killed |

use super::calls::{Change, FileNumber, What, files_of, put};
use crate::program::copy_folder;
use crate::simulation::random::Random;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A disk writes so much whole or not at all, bytes.
const SECTOR_BYTES: usize = 512;

/// What happens to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    Strict,
    Ordered,
    Random,
    None,
}

impl Loss {
    /// Every kind.
    pub const ALL: [Loss; 4] = [Loss::Strict, Loss::Ordered, Loss::Random, Loss::None];
}

/// A disk after a cut: files by their path, with what is in them, and folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disk {
    files: BTreeMap<PathBuf, Vec<u8>>,
    folders: Vec<PathBuf>,
}

/// The folder whose entry a change is about; none: it is about a file's bytes.
fn folder_of(what: &What) -> Option<&Path> {
    match what {
        What::Make { path, .. } | What::MakeFolder { path } | What::Remove { path } => path.parent(),
        What::Rename { to, .. } => to.parent(),
        _ => None,
    }
}

/// How many of the changes were durable for a file, and for a folder.
fn synced(changes: &[Change]) -> (BTreeMap<FileNumber, usize>, BTreeMap<&Path, usize>) {
    let (mut files, mut folders) = (BTreeMap::new(), BTreeMap::new());
    for change in changes {
        match &change.what {
            What::Sync { file, first } => drop(files.insert(*file, *first)),
            What::SyncFolder { path, first } => drop(folders.insert(path.as_path(), *first)),
            _ => {}
        }
    }
    (files, folders)
}

/// What is on the disk when the power fails after these changes to `before`.
pub fn after(changes: &[Change], before: &Path, loss: Loss, dice: &mut Random) -> Disk {
    let (synced_files, synced_folders) = synced(changes);
    let mut names = files_of(before);
    let mut contents: BTreeMap<FileNumber, Vec<u8>> = names
        .iter()
        .map(|(path, file)| (*file, fs::read(before.join(path)).expect("a file can be read")))
        .collect();
    let mut folders = Vec::new();
    // Of each folder, up to which change its entries are there.
    let mut kept_until: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (n, change) in changes.iter().enumerate() {
        if let Some(folder) = folder_of(&change.what) {
            let durable = synced_folders.get(folder).copied().unwrap_or(0);
            let until = *kept_until.entry(folder.into()).or_insert_with(|| match loss {
                Loss::Strict => durable,
                Loss::Random => dice.between(durable as u64, changes.len() as u64) as usize,
                Loss::Ordered | Loss::None => changes.len(),
            });
            if n < until {
                change_entry(&change.what, &mut names, &mut folders, &mut contents);
            }
            continue;
        }
        let (What::Write { file, .. } | What::SetLength { file, .. }) = &change.what else { continue };
        let is_durable = n < synced_files.get(file).copied().unwrap_or(0);
        let kept = match loss {
            Loss::None => usize::MAX,
            _ if is_durable => usize::MAX,
            Loss::Strict | Loss::Ordered => 0,
            Loss::Random => match dice.below(3) {
                0 => 0,
                1 => usize::MAX,
                _ => dice.below(8) as usize * SECTOR_BYTES,
            },
        };
        let contents = contents.entry(*file).or_default();
        match &change.what {
            What::Write { at, bytes, .. } if kept > 0 => put(contents, *at, &bytes[..kept.min(bytes.len())]),
            What::SetLength { length, .. } if kept > 0 => contents.resize(*length, 0),
            _ => {}
        }
    }
    let files = names.into_iter().filter(|(path, _)| !path.to_string_lossy().ends_with("-shm"));
    let files = files.map(|(path, file)| (path, contents.remove(&file).unwrap_or_default())).collect();
    Disk { files, folders }
}

fn change_entry(
    what: &What,
    names: &mut BTreeMap<PathBuf, FileNumber>,
    folders: &mut Vec<PathBuf>,
    contents: &mut BTreeMap<FileNumber, Vec<u8>>,
) {
    match what {
        What::Make { path, file } => {
            names.insert(path.clone(), *file);
            contents.entry(*file).or_default();
        }
        What::MakeFolder { path } => folders.push(path.clone()),
        // Into another folder, whether or not its making in the first is durable.
        What::Rename { file, from, to } => {
            names.remove(from);
            names.insert(to.clone(), *file);
            contents.entry(*file).or_default();
        }
        What::Remove { path } => {
            names.remove(path);
            folders.retain(|folder| folder != path);
        }
        _ => {}
    }
}

impl Disk {
    /// Makes it: `before` is what was there before the first change.
    pub fn make(&self, before: &Path, at: &Path) -> PathBuf {
        copy_folder(before, at);
        for path in files_of(before).keys().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(at.join(path)).expect("a temporary file can be removed");
        }
        let make_folder = |path: &Path| {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(at.join(path));
            made.expect("a temporary folder can be made");
        };
        self.folders.iter().for_each(|path| make_folder(path));
        for (path, bytes) in &self.files {
            // Its folder's entry may be lost while that of the file in it is not: then nobody finds it.
            if !at.join(path).parent().is_some_and(Path::is_dir) {
                continue;
            }
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(at.join(path));
            let written = file.as_mut().map(|file| file.write_all(bytes));
            assert!(matches!(written, Ok(Ok(()))), "a temporary file can be written");
        }
        at.to_path_buf()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(whats: Vec<What>) -> Vec<Change> {
        whats.into_iter().map(|what| Change { what, position: 0 }).collect()
    }

    #[test]
    fn what_was_synced_is_there_and_the_rest_as_the_loss_says() {
        let before = tempfile::tempdir().unwrap();
        let path = |name: &str| PathBuf::from(name);
        let done = changes(vec![
            What::Make { path: path("a.tmp"), file: 0 },
            What::Write { file: 0, at: 0, bytes: b"one".into() },
            What::Sync { file: 0, first: 2 },
            What::Write { file: 0, at: 3, bytes: b"two".into() },
            What::Rename { file: 0, from: path("a.tmp"), to: path("a") },
        ]);
        let synced = [done.clone(), changes(vec![What::SyncFolder { path: path(""), first: 5 }])].concat();
        let files = |done: &[Change], loss| {
            let disk = after(done, before.path(), loss, &mut Random::of(1));
            disk.files
                .into_iter()
                .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
                .collect::<Vec<_>>()
        };
        let one = |name: &str, text: &str| vec![(path(name), text.to_string())];
        assert_eq!(files(&done, Loss::Strict), []);
        assert_eq!(files(&done, Loss::Ordered), one("a", "one"));
        assert_eq!(files(&done, Loss::None), one("a", "onetwo"));
        assert_eq!(files(&synced, Loss::Strict), one("a", "one"));
    }
}
