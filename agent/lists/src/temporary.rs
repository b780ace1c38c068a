//! Files without a final name, for what is not whole yet.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::ListError;

/// A file without its final name; removed when dropped, unless it was renamed.
pub(super) struct Temporary {
    file: File,
    pub(super) path: PathBuf,
}

impl Temporary {
    pub(super) fn create(dir: &Path) -> Result<Self, ListError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!(".{}-{count}.tmp", std::process::id()));
        let mut options = OpenOptions::new();
        // Its owner's alone, whatever the umask.
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = file.map_err(ListError::file("create", &path))?;
        Ok(Temporary { file, path })
    }

    pub(super) fn write(&self, bytes: &[u8], at: u64) -> Result<(), ListError> {
        self.file.write_all_at(bytes, at).map_err(ListError::file("write", &self.path))
    }

    /// Reads what was written there.
    pub(super) fn read(&self, out: &mut [u8], at: u64) -> Result<(), ListError> {
        self.file.read_exact_at(out, at).map_err(ListError::file("read", &self.path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing of this name; nothing else can be done about a refusal here.
        let _ = std::fs::remove_file(&self.path);
    }
}
