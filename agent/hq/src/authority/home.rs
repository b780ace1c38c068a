//! The home: the folder (mode 0700) in which headquarters keeps everything.
//!
//! ```text
//! root/<version>.root   every root ever issued
//! keys/                 seed files, mode 0600, one role each (see `keys`)
//! pki/                  ca.pem ca.key, broker.pem broker.key, headquarters.pem headquarters.key,
//!                        publisher.pem publisher.key, crl.pem, authorities (see `replace_ca`)
//! segments/             sealed segments, named <hex digest>.seg
//! hq.db                 lists, editions, devices, encounters, orders, the audit log (see `db`)
//! lock, serve.lock      held by a command that changes the home; by `serve`
//! ```
//!
//! Invariant: commands that change keys, roots, segments or certificates hold the lock; `serve` only writes the
//! database, so it runs beside them.

use crate::authority::audit::actor::Actor;
use crate::authority::error::AuthorityError;
use crate::db::{self, Db, DbError};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vedette_common::clock::Clock;
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{Digest, Hex};

/// How long a command waits for another one on the same home, in steps of [`LOCK_STEP_MS`].
const LOCK_WAIT_S_MAX: u64 = 30;
const LOCK_STEP_MS: u64 = 50;

/// An existing home, the clock that its commands go by, and who gives them.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
    clock: Arc<Clock>,
    actor: Arc<Actor>,
}

/// Held while a command changes the home; released when dropped, also by a crash.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl Home {
    /// Opens the home in `dir`, if its database is sound; the command `init` makes one. `clock` gives every time that is signed or stored.
    pub fn open(dir: &Path, clock: Arc<Clock>) -> Result<Home, AuthorityError> {
        let home = Home::at(dir, clock);
        // A home without its database is one that lost it.
        if !home.database_file().is_file() && !home.keys().is_dir() {
            return Err(AuthorityError::NoHome(home.dir));
        }
        db::check(&home.database_file(), false)?;
        Ok(home)
    }

    /// Reads the whole database, however large it is.
    pub(crate) fn check(&self) -> Result<(), DbError> {
        db::check(&self.database_file(), true)
    }

    /// A home about to be made in `dir`.
    pub(crate) fn at(dir: &Path, clock: Arc<Clock>) -> Home {
        Home { dir: dir.to_path_buf(), clock, actor: Arc::default() }
    }

    /// The same home, on which `actor` acts. Without, whoever runs the program does.
    #[must_use]
    pub fn acting_as(&self, actor: Arc<Actor>) -> Home {
        Home { actor, ..self.clone() }
    }

    /// Who acts.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
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

    /// The versions of the roots that have a file `<version>.<ending>` there, the lowest first.
    pub(crate) fn root_versions(&self, ending: &str) -> Result<Vec<u32>, FileError> {
        let folder = self.roots();
        let at = || FileError::at("read", &folder);
        let mut versions = Vec::new();
        for entry in folder.read_dir().map_err(at())? {
            let name = entry.map_err(at())?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(ending)?.strip_suffix('.'));
            versions.extend(stem.and_then(|stem| stem.parse::<u32>().ok()));
        }
        versions.sort_unstable();
        Ok(versions)
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

    /// The file that makes a home an agency's.
    pub(crate) fn agency_file(&self) -> PathBuf {
        self.keys().join("agency-name")
    }

    /// The agency whose home this is; none if it is headquarters'.
    pub(crate) fn agency(&self) -> Result<Option<String>, FileError> {
        match files::read(&self.agency_file(), 128) {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(Some(String::from_utf8_lossy(&other?).trim().to_string())),
        }
    }

    pub(crate) fn database_file(&self) -> PathBuf {
        self.dir.join("hq.db")
    }

    pub(crate) fn database(&self) -> Result<Db, DbError> {
        db::open(&self.database_file())
    }

    /// Makes its database.
    pub(crate) fn new_database(&self) -> Result<Db, DbError> {
        db::create(&self.database_file())
    }

    /// Waits for other commands on this home, then keeps them out. Removes what one that was killed did not finish writing.
    pub(crate) fn lock(&self) -> Result<HomeLock, AuthorityError> {
        let lock = self.lock_file("lock", LOCK_WAIT_S_MAX)?;
        for folder in [self.roots(), self.keys(), self.dir.join("pki"), self.segments()] {
            remove_unfinished(&folder)?;
        }
        Ok(lock)
    }

    /// Keeps a second `serve` out; does not wait.
    pub(crate) fn lock_serve(&self) -> Result<HomeLock, AuthorityError> {
        self.lock_file("serve.lock", 0)
    }

    fn lock_file(&self, name: &str, wait_s: u64) -> Result<HomeLock, AuthorityError> {
        let path = self.dir.join(name);
        let file = files::create(&path).map_err(FileError::at("create", &path))?;
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

/// Removes temporary files, named `*.tmp`: nobody writes while the home is locked.
fn remove_unfinished(folder: &Path) -> Result<(), AuthorityError> {
    for entry in folder.read_dir().map_err(FileError::at("list", folder))? {
        let path = entry.map_err(FileError::at("list", folder))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            files::remove(&path)?;
        }
    }
    Ok(())
}
