//! A segment's file behind the shim's `BlockRead`: mapped where the address space allows, else read at offsets.
//!
//! A list of 138 million documents is 0.8 GB; with persons and others a map does not fit a 32-bit process, so there
//! pages are read one by one. So they are where a map broke: what the disk cannot give is an error of the one question.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use vedette_common::files;
use vedette_shim::list::{BlockError, BlockRead};

use super::ListError;
#[cfg(target_pointer_width = "64")]
use super::map::GuardedMap;

/// An immutable file, readable at any offset from many threads.
pub struct Blocks {
    path: PathBuf,
    #[cfg(target_pointer_width = "64")]
    map: Option<GuardedMap>,
    file: File,
    size: u64,
}

impl Blocks {
    /// Opens a file that nobody writes to any more.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        let file = File::open(path).map_err(ListError::file("read", path))?;
        let size = file.metadata().map_err(ListError::file("read", path))?.len();
        Ok(Blocks {
            path: path.to_owned(),
            #[cfg(target_pointer_width = "64")]
            map: GuardedMap::new(&file).map_err(ListError::file("map", path))?,
            file,
            size,
        })
    }

    /// Says that these bytes will be read soon: lookups want no reading ahead, a merge does. Only a hint; without a map the
    /// system sees by itself that a file is read in order.
    #[cfg_attr(not(target_pointer_width = "64"), expect(unused_variables))]
    pub fn will_need(&self, offset: u64, bytes: usize) {
        #[cfg(target_pointer_width = "64")]
        if let (Some(map), Ok(offset)) = (&self.map, usize::try_from(offset)) {
            map.will_need(offset, bytes);
        }
    }

    /// Gives pages back that were read and will not be soon: they come again from the file when they are asked for.
    pub fn release(&self) {
        #[cfg(target_pointer_width = "64")]
        if let Some(map) = &self.map {
            map.release();
        }
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

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        #[cfg(target_pointer_width = "64")]
        if let (Some(map), Ok(offset)) = (&self.map, usize::try_from(offset))
            && map.read(offset, out)
        {
            return Ok(());
        }
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
