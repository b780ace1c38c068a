//! A segment's file behind the shim's `BlockRead`: mapped where the address space allows, else read at offsets.
//!
//! A list of 138 million documents is 0.8 GB; with persons and others a map does not fit a 32-bit process, so there
//! pages are read one by one. The map is the one `unsafe` of the agent, with the advice about its pages.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use vedette_common::files;
use vedette_shim::list::{BlockError, BlockRead};

use super::ListError;

/// An immutable file, readable at any offset from many threads.
pub struct Blocks {
    path: PathBuf,
    #[cfg(target_pointer_width = "64")]
    map: memmap2::Mmap,
    #[cfg(not(target_pointer_width = "64"))]
    file: File,
    size: u64,
}

impl Blocks {
    /// Opens a file that nobody writes to any more.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        let file = File::open(path).map_err(ListError::file("read", path))?;
        let size = file.metadata().map_err(ListError::file("read", path))?.len();
        Self::new(path, file, size).map_err(ListError::file("map", path))
    }

    #[cfg(target_pointer_width = "64")]
    #[allow(unsafe_code)]
    fn new(path: &Path, file: File, size: u64) -> io::Result<Self> {
        // SAFETY: segments are written under another name, renamed when whole and never written again; deleting the
        // name keeps the mapped bytes. Bytes that an enemy of the machine changes underneath are copied out before
        // they are opened and checked, so no reference to them is held.
        let map = unsafe { memmap2::MmapOptions::new().map(&file)? };
        #[cfg(unix)]
        map.advise(memmap2::Advice::Random)?;
        Ok(Blocks { path: path.to_owned(), map, size })
    }

    #[cfg(not(target_pointer_width = "64"))]
    fn new(path: &Path, file: File, size: u64) -> io::Result<Self> {
        Ok(Blocks { path: path.to_owned(), file, size })
    }

    /// Says that these bytes will be read soon: lookups want no reading ahead, a merge does. Only a hint.
    pub fn will_need(&self, offset: u64, bytes: usize) {
        #[cfg(all(unix, target_pointer_width = "64"))]
        if let Ok(offset) = usize::try_from(offset)
            && offset < self.map.len()
        {
            let bytes = bytes.min(self.map.len() - offset);
            let _ = self.map.advise_range(memmap2::Advice::WillNeed, offset, bytes);
        }
        // Without a map the system sees by itself that a file is read in order.
        #[cfg(not(all(unix, target_pointer_width = "64")))]
        let _ = (offset, bytes);
    }

    /// Gives pages back that were read and will not be soon: they come again from the file when they are asked for.
    #[allow(unsafe_code)]
    pub fn release(&self) {
        #[cfg(all(unix, target_pointer_width = "64"))]
        // SAFETY: nobody writes to the map or to its file (see `new`), so a page reads the same bytes when it comes again.
        let _ = unsafe { self.map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }

    /// Which file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl BlockRead for Blocks {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(target_pointer_width = "64")]
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        (&self.map[..]).read(offset, out)
    }

    #[cfg(not(target_pointer_width = "64"))]
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(out, offset).map_err(|_| BlockError)
    }
}

/// SHA-256 of a whole file, read once from front to end.
pub fn digest(path: &Path) -> Result<[u8; 32], ListError> {
    files::sha256(path).map_err(ListError::file("read", path))
}

/// A SHA-256 digest as an array.
pub(super) fn bytes32(digest: ring::digest::Digest) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
        text
    })
}
