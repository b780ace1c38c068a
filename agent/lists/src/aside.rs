//! Pages set aside until the key that seals them is known: it follows from their digest.
//!
//! They wait sealed under a key that lives as long as this does, [`IN_MEMORY_MAX`] bytes in memory and the rest in a file
//! without a name of its own, so nothing in the clear is written. Bytes of each: part (1), length (2, little-endian), sealed
//! page, tag. Failure: what cannot be read back or opened is an error; the file is removed when dropped.

use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use vedette_shim::list::root::Part;
use vedette_shim::seal::{Aead, KEY_BYTES, SegmentKey, TAG_BYTES};

use super::ListError;
use super::pack::Plain;
use super::seal::Ring;
use super::temporary::Temporary;

/// Bytes gathered before they go to the file.
const IN_MEMORY_MAX: usize = 1 << 20;
/// Part and length.
const HEAD_BYTES: usize = 3;

/// See the module's head.
pub(super) struct Aside {
    dir: PathBuf,
    aead: Ring,
    pages: u64,
    gathered: Vec<u8>,
    file: Option<Temporary>,
    /// Bytes in the file.
    written: u64,
}

impl Aside {
    pub(super) fn new(dir: &Path) -> Result<Self, ListError> {
        Ok(Aside {
            dir: dir.to_owned(),
            aead: once()?,
            pages: 0,
            gathered: Vec::new(),
            file: None,
            written: 0,
        })
    }

    /// Adds a page.
    pub(super) fn put(&mut self, part: Part, mut page: Plain) -> Result<(), ListError> {
        let tag = self.aead.seal(self.pages, &mut page);
        self.pages += 1;
        self.gathered.push(part as u8);
        self.gathered.extend_from_slice(&(page.len() as u16).to_le_bytes());
        self.gathered.extend_from_slice(&page);
        self.gathered.extend_from_slice(&tag);
        if self.gathered.len() < IN_MEMORY_MAX {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(Temporary::create(&self.dir)?),
        };
        file.write(&self.gathered, self.written)?;
        self.written += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// Gives out every page, in the order in which they were put.
    pub(super) fn each(
        self,
        mut take: impl FnMut(Part, Plain) -> Result<(), ListError>,
    ) -> Result<(), ListError> {
        let mut number = 0;
        let mut block = vec![0; IN_MEMORY_MAX];
        let (mut have, mut at) = (0, 0);
        if let Some(file) = &self.file {
            // A page may go on in the next block.
            while at < self.written || have > 0 {
                let more = (block.len() - have).min((self.written - at) as usize);
                file.read(&mut block[have..have + more], at)?;
                (have, at) = (have + more, at + more as u64);
                let used = self.pages_in(&mut block[..have], &mut number, &mut take)?;
                block.copy_within(used..have, 0);
                have -= used;
                if used == 0 && more == 0 {
                    return Err(ListError::Unstable);
                }
            }
        }
        let mut last = self.gathered.clone();
        let used = self.pages_in(&mut last, &mut number, &mut take)?;
        if used == last.len() { Ok(()) } else { Err(ListError::Unstable) }
    }

    /// Gives out the whole pages of `bytes`; returns how many bytes those are.
    fn pages_in(
        &self,
        bytes: &mut [u8],
        number: &mut u64,
        take: &mut impl FnMut(Part, Plain) -> Result<(), ListError>,
    ) -> Result<usize, ListError> {
        let mut at = 0;
        while let Some(head) = bytes.get(at..at + HEAD_BYTES) {
            let len = usize::from(u16::from_le_bytes([head[1], head[2]]));
            let part =
                Part::ALL.into_iter().find(|part| *part as u8 == head[0]).ok_or(ListError::Unstable)?;
            let (start, end) = (at + HEAD_BYTES, at + HEAD_BYTES + len);
            let Some(sealed) = bytes.get(start..end + TAG_BYTES) else { break };
            let (mut page, mut tag) = (sealed[..len].to_vec(), [0; TAG_BYTES]);
            tag.copy_from_slice(&sealed[len..]);
            self.aead.open(*number, &mut page, &tag).map_err(|_| ListError::Unstable)?;
            take(part, page)?;
            *number += 1;
            at = end + TAG_BYTES;
        }
        Ok(at)
    }
}

/// A key that is used for one file, and forgotten with it.
pub(super) fn once() -> Result<Ring, ListError> {
    let mut key = [0; KEY_BYTES];
    let random = SystemRandom::new().fill(&mut key);
    random
        .map_err(|_| ListError::file("read", "/dev/urandom")(std::io::Error::other("no random numbers")))?;
    Ok(Ring::new(&SegmentKey(key)))
}
