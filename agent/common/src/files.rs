//! The one place that makes files appear: written under a temporary name, fsynced, renamed, the folder fsynced.
//!
//! Invariant: under its final name a file is either whole or not there, also after a power cut. Secrets are made
//! readable by their owner only, from the first byte.

use ring::digest::{Context, SHA256};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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

/// Writes a whole file, readable by everybody the umask allows.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with_mode(path, bytes, 0o644)
}

/// Writes a whole file that only its owner may read.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with_mode(path, bytes, 0o600)
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
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Copies a file of any size, also to another file system; readable by everybody the umask allows.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let temporary = temporary_name(to);
    let mut source = File::open(from).map_err(FileError::at("read", from))?;
    new_file(&temporary, 0o644)
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
    fs::create_dir_all(path).map_err(FileError::at("make folder", path))
}

fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(FileError::at("sync folder", folder))
}
