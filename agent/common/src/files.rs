//! The one place that makes files appear: written under a temporary name, fsynced, renamed, the folder fsynced.
//!
//! Invariants: under its final name a file is either whole or not there, also after a power cut. Files and folders are their
//! owner's alone from the first byte (0600 and 0700), whatever the umask; what is made for others says so in its name.

use ring::digest::{Context, SHA256};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Rights of a file and of a folder that only their owner may use.
const PRIVATE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
/// Rights of a file and of a folder that everybody may read.
const PUBLIC: u32 = 0o644;
const PUBLIC_FOLDER: u32 = 0o755;

/// A file operation that failed, with the path it failed on.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// Names what was tried on which path; for `map_err`.
    pub fn at(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> FileError {
        let path = path.as_ref().to_path_buf();
        move |source| FileError { what, path, source }
    }

    /// True when the path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// Makes `from`, written and complete, appear as `to` in the same file system, durably.
#[expect(clippy::disallowed_methods, reason = "this is the one file that may")]
pub fn persist(from: &Path, to: &Path) -> Result<(), FileError> {
    File::open(from).and_then(|file| file.sync_all()).map_err(FileError::at("sync", from))?;
    fs::rename(from, to).map_err(FileError::at("rename to", to))?;
    sync_folder_of(to)
}

/// Writes a whole file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with_mode(path, bytes, PRIVATE)
}

/// Writes a whole file that everybody may read.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with_mode(path, bytes, PUBLIC)
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let temporary = temporary_name(path);
    new_file(&temporary, mode)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(FileError::at("write", &temporary))?;
    persist(&temporary, path)
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Made anew, never reused: what a cut-off run left there may have wider rights, or be a link to elsewhere.
fn new_file(path: &Path, mode: u32) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(mode & PRIVATE).open(path)?;
    if mode != PRIVATE {
        file.set_permissions(Permissions::from_mode(mode))?; // whatever the umask takes away
    }
    Ok(file)
}

/// Opens a file to write into, and makes it if it is not there.
pub fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(path)
}

/// Makes an empty file, or empties the one that is there.
pub fn create(path: &Path) -> io::Result<File> {
    let file = open_to_write(path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Copies a file of any size, also to another file system.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    copy_with_mode(from, to, PRIVATE)
}

/// The same; everybody may read the copy.
pub fn copy_public(from: &Path, to: &Path) -> Result<(), FileError> {
    copy_with_mode(from, to, PUBLIC)
}

fn copy_with_mode(from: &Path, to: &Path, mode: u32) -> Result<(), FileError> {
    let temporary = temporary_name(to);
    let mut source = File::open(from).map_err(FileError::at("read", from))?;
    new_file(&temporary, mode)
        .and_then(|mut target| io::copy(&mut source, &mut target))
        .map_err(FileError::at("write", &temporary))?;
    persist(&temporary, to)
}

/// Reads a whole file of at most `bytes_max` bytes; a longer one is refused unread.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    File::open(path).and_then(|file| read_from(file, bytes_max)).map_err(FileError::at("read", path))
}

fn read_from(file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(io::Error::other(format!("it is larger than the limit of {bytes_max} bytes"))),
        false => Ok(bytes),
    }
}

/// Opens a file of somebody else's medium (a stick): a regular file or nothing. Opening a FIFO or a terminal would wait for
/// whoever is at the other end, and a link may lead to what nobody meant to read.
pub fn open_foreign(path: &Path) -> Result<File, FileError> {
    let open = || {
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
        let file = file.map_err(|error| match error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            true => io::Error::other("it is a link, and not a file"),
            false => error,
        })?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("it is not a regular file")),
        }
    };
    open().map_err(FileError::at("read", path))
}

/// As [`read`], of a file of somebody else's medium.
pub fn read_foreign(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    read_from(open_foreign(path)?, bytes_max).map_err(FileError::at("read", path))
}

/// Room that is left for files of this user in the file system of a path, bytes.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// SHA-256 of a whole file, read in pieces from front to end.
pub fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => context.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// Removes a file; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::at("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path);
    made.map_err(FileError::at("make folder", path))
}

/// Makes a folder that everybody may read, and those above it.
pub fn make_public_folder(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_public_folder(above)?;
    }
    let made = DirBuilder::new().mode(PRIVATE_FOLDER).create(path);
    // Whatever the umask takes away.
    let made = made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(PUBLIC_FOLDER)));
    made.map_err(FileError::at("make folder", path))
}

fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(FileError::at("sync folder", folder))
}
