//! The home: the folder (mode 0700) in which headquarters keeps everything.
//!
//! ```text
//! root/<version>.root   every root ever issued
//! keys/                 seed files, mode 0600, one role each (see `keys`)
//! pki/                  ca.pem ca.key, broker.pem broker.key, headquarters.pem headquarters.key,
//!                        publisher.pem publisher.key, crl.pem
//! segments/             sealed segments, named <hex digest>.seg
//! hq.db                 lists, editions, devices, encounters, orders (see `db`)
//! lock, serve.lock      held by a command that changes the home; by `serve`
//! ```
//!
//! Invariant: commands that change keys, roots, segments or certificates hold the lock; `serve` only writes the
//! database, so it runs beside them.

use crate::authority::error::AuthorityError;
use crate::db::{self, Db, DbError};
use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vedette_common::clock::Clock;
use vedette_common::files::{FileError, persist};
use vedette_shim::ids::{Digest, Hex};

/// How long a command waits for another one on the same home, in steps of [`LOCK_STEP_MS`].
const LOCK_WAIT_S_MAX: u64 = 30;
const LOCK_STEP_MS: u64 = 50;

/// An existing home, and the clock that its commands go by.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
    clock: Arc<Clock>,
}

/// Held while a command changes the home; released when dropped, also by a crash.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl Home {
    /// Opens the home in `dir`; the command `init` makes one. `clock` gives every time that is signed or stored.
    pub fn open(dir: &Path, clock: Arc<Clock>) -> Result<Home, AuthorityError> {
        let home = Home::at(dir, clock);
        if !home.database_file().is_file() {
            return Err(AuthorityError::NoHome(home.dir));
        }
        Ok(home)
    }

    /// A home about to be made in `dir`.
    pub(crate) fn at(dir: &Path, clock: Arc<Clock>) -> Home {
        Home { dir: dir.to_path_buf(), clock }
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Seconds since the machine started, asleep or awake.
    pub(crate) fn uptime(&self) -> u64 {
        self.clock.since_boot()
    }

    /// The folder that all below lies in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `root/`, of every root issued.
    pub fn roots(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// `keys/`: see `keys` for what is in it.
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// A file of the CA, such as `ca.pem`.
    pub fn pki(&self, name: &str) -> PathBuf {
        self.dir.join("pki").join(name)
    }

    /// `segments/`: what the last two editions of each list and anything pending name.
    pub fn segments(&self) -> PathBuf {
        self.dir.join("segments")
    }

    /// A segment's file in it.
    pub fn segment(&self, digest: &Digest) -> PathBuf {
        self.segments().join(format!("{}.seg", Hex(digest)))
    }

    pub(crate) fn database_file(&self) -> PathBuf {
        self.dir.join("hq.db")
    }

    pub(crate) fn database(&self) -> Result<Db, DbError> {
        db::open(&self.database_file())
    }

    /// Waits for other commands on this home, then keeps them out.
    pub(crate) fn lock(&self) -> Result<HomeLock, AuthorityError> {
        self.lock_file("lock", LOCK_WAIT_S_MAX)
    }

    /// Keeps a second `serve` out; does not wait.
    pub(crate) fn lock_serve(&self) -> Result<HomeLock, AuthorityError> {
        self.lock_file("serve.lock", 0)
    }

    fn lock_file(&self, name: &str, wait_s: u64) -> Result<HomeLock, AuthorityError> {
        let path = self.dir.join(name);
        let file = File::create(&path).map_err(FileError::at("create", &path))?;
        for _ in 0..=wait_s * 1000 / LOCK_STEP_MS {
            match file.try_lock() {
                Ok(()) => return Ok(HomeLock { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(LOCK_STEP_MS)),
                Err(TryLockError::Error(source)) => return Err(FileError::at("lock", &path)(source).into()),
            }
        }
        Err(AuthorityError::Locked(self.dir.clone()))
    }
}

/// A folder that appears under its name whole or not at all: filled under a temporary name beside it.
pub(crate) struct NewFolder {
    temporary: TempDir,
    path: PathBuf,
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
        vedette_common::files::make_folder(parent)?;
        Ok(NewFolder { temporary: temporary_folder(parent, mode)?, path: path.to_path_buf() })
    }

    /// The temporary folder to fill.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Renames it into place. What was there is moved aside first and removed last: cut off in between, it still lies
    /// beside its place, under a name that begins with `.vedette-`.
    pub(crate) fn finish(self) -> Result<(), AuthorityError> {
        let aside = match self.path.exists() {
            true => {
                let aside = temporary_folder(parent_of(&self.path), 0o700)?;
                persist(&self.path, aside.path())?;
                Some(aside)
            }
            false => None,
        };
        if let Err(error) = persist(self.temporary.path(), &self.path) {
            if let Some(aside) = aside {
                persist(aside.path(), &self.path)?;
            }
            return Err(error.into());
        }
        // Renamed away: nothing is left to remove under the temporary name.
        let _ = self.temporary.keep();
        Ok(())
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_folder(parent: &Path, mode: u32) -> Result<TempDir, AuthorityError> {
    Ok(tempfile::Builder::new()
        .prefix(".vedette-")
        .permissions(Permissions::from_mode(mode))
        .tempdir_in(parent)
        .map_err(FileError::at("make a folder in", parent))?)
}
