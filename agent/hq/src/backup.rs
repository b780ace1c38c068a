//! `backup` and `restore`: the whole home as a folder, and back.
//!
//! ```text
//! hq.db keys/ pki/ root/ segments/    as in the home, hq.db a consistent copy
//! SHA256SUMS                          of every file, as sha256sum writes it
//! ```
//!
//! A backup holds every private key. A home that is restored does not know what was published after the backup: devices may
//! have editions, roots, orders and rosters under the numbers that it would give next. So every number starts anew at the time
//! of the restore, in seconds since 1970, which none has reached; the roots, which devices follow one by one, go on by
//! [`ROOTS_AHEAD`]; list keys get new numbers; and devices are ordered to send again what headquarters lost.
//!
//! Failure: backup and home appear whole or not at all.

use crate::authority::AuthorityError;
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::new_folder::NewFolder;
use crate::authority::signing_time::{confirm_clock, signing_time};
use crate::authority::{heartbeat, root, roster};
use crate::db::{lists, settings};
use crate::fleet::{FleetError, grants, orders};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vedette_common::clock::Clock;
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{Hex, from_hex};

/// Roots that a restore issues, so that devices which follow a root that was issued after the backup follow on.
pub const ROOTS_AHEAD: u32 = 16;

const FOLDERS: [&str; 4] = ["keys", "pki", "root", "segments"];
const DATABASE: &str = "hq.db";
const SUMS: &str = "SHA256SUMS";
const SUMS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Writes a backup of the home into a new folder `out` (mode 0700), while `serve` may run; how many files.
pub fn backup(home: &Home, out: &Path) -> Result<usize, AuthorityError> {
    audit::around(home, Act::Backup.of(out.display()), || copy(home, out))
}

fn copy(home: &Home, out: &Path) -> Result<usize, AuthorityError> {
    let _lock = home.lock()?;
    home.check()?;
    let folder = NewFolder::at(out, 0o700)?;
    let database = folder.path().join(DATABASE);
    home.database()?.copy_to(&database)?;
    copy_folders(home.dir(), folder.path())?;
    let sums = sums_of(folder.path())?;
    let lines: String =
        sums.iter().map(|(path, sum)| format!("{}  {}\n", Hex(sum), path.display())).collect();
    files::write(&folder.path().join(SUMS), lines.as_bytes())?;
    folder.finish()?;
    Ok(sums.len())
}

/// Makes the home `dir`, which must not exist, of a backup. `clock_is_right`: the clock may be far past the backup.
pub fn restore(
    dir: &Path,
    backup: &Path,
    clock: Arc<Clock>,
    clock_is_right: bool,
) -> Result<Home, FleetError> {
    let folder = NewFolder::at(dir, 0o700).map_err(|error| match error {
        AuthorityError::Exists(path) => AuthorityError::HomeExists(path),
        other => other,
    })?;
    check_sums(backup)?;
    let database = folder.path().join(DATABASE);
    files::copy(&backup.join(DATABASE), &database).map_err(AuthorityError::from)?;
    copy_folders(backup, folder.path())?;
    let home = Home::open(folder.path(), Arc::clone(&clock))?;
    home.check().map_err(AuthorityError::from)?;
    record(&home, backup)?;
    if clock_is_right {
        confirm_clock(&home)?;
    }
    start_numbers_anew(&home)?;
    folder.finish()?;
    Ok(Home::open(dir, clock)?)
}

/// Begins the new segment of the audit log.
fn record(home: &Home, backup: &Path) -> Result<(), FleetError> {
    let mut db = home.database()?;
    let change = db.change()?;
    audit::record(home, &change, Act::Restore.of(backup.display()))?;
    Ok(change.commit()?)
}

/// Makes every number one that nothing published after the backup can have.
fn start_numbers_anew(home: &Home) -> Result<(), FleetError> {
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    // An agency has no root, and its devices are headquarters'.
    let is_headquarters = home.agency().map_err(AuthorityError::from)?.is_none();
    if is_headquarters {
        for _ in 0..ROOTS_AHEAD {
            root::issue_next(home, now, |_| Ok(()))?;
        }
    }
    let change = db.change()?;
    settings::set_restored_at(&change, now)?;
    for list in lists::issued_here(&change)? {
        let number = lists::raise_key_to(&change, &list.name, now)?;
        Key::List(&list.name, number).make(home)?;
    }
    grants::refresh(home, &change, now)?;
    if is_headquarters {
        orders::send_again_to(home, &change, &[], now)?;
        roster::sign_if_any(home, &change, now)?;
    }
    heartbeat::renew(home, &change, now)?;
    Ok(change.commit()?)
}

fn copy_folders(from: &Path, to: &Path) -> Result<(), AuthorityError> {
    for name in FOLDERS {
        let target = to.join(name);
        files::make_folder(&target)?;
        for path in files_in(&from.join(name))? {
            let Some(file) = path.file_name() else { continue };
            files::copy(&path, &target.join(file))?;
        }
    }
    Ok(())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, AuthorityError> {
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(FileError::at("list", folder))? {
        let path = entry.map_err(FileError::at("list", folder))?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The SHA-256 of every file of a backup, by its path in it.
fn sums_of(backup: &Path) -> Result<BTreeMap<PathBuf, [u8; 32]>, AuthorityError> {
    let mut sums = BTreeMap::new();
    let of = |path: &Path| files::sha256(path).map_err(FileError::at("read", path));
    sums.insert(DATABASE.into(), of(&backup.join(DATABASE))?);
    for name in FOLDERS {
        for path in files_in(&backup.join(name))? {
            if let Some(file) = path.file_name() {
                sums.insert(Path::new(name).join(file), of(&path)?);
            }
        }
    }
    Ok(sums)
}

fn check_sums(backup: &Path) -> Result<(), AuthorityError> {
    let damaged = |what: String| AuthorityError::BadBackup { backup: backup.to_path_buf(), what };
    let list = backup.join(SUMS);
    if !list.is_file() {
        return Err(damaged(format!("it has no {SUMS}")));
    }
    let text = String::from_utf8(files::read(&list, SUMS_BYTES_MAX)?)
        .map_err(|_| damaged(format!("{SUMS} is no text")))?;
    let line = |line: &str| {
        let (sum, path) = line.split_once("  ")?;
        Some((PathBuf::from(path), from_hex::<32>(sum)?))
    };
    let wanted: Option<BTreeMap<_, _>> = text.lines().map(line).collect();
    let wanted = wanted.ok_or_else(|| damaged(format!("{SUMS} cannot be read")))?;
    let found = sums_of(backup)?;
    let missing = wanted.keys().find(|path| !found.contains_key(*path));
    let differing = found.iter().find(|(path, sum)| wanted.get(*path) != Some(sum)).map(|(path, _)| path);
    match (missing, differing) {
        (Some(path), _) => Err(damaged(format!("{} is missing", path.display()))),
        (None, Some(path)) => Err(damaged(format!("{} is not what was backed up", path.display()))),
        (None, None) => Ok(()),
    }
}
