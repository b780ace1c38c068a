//! Segments as files, named by the SHA-256 of their bytes.
//!
//! Invariants: a file under its digest's name has that digest (checked before it is renamed there) and is whole; a
//! partial download lives in `partial/` and resumes at its length, a copy from a stick beside it; nothing grows past the size the signed manifest
//! states. Failure: a wrong digest removes the partial file, so the next try starts clean.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{Digest, Hex};
use vedette_shim::trust::SegmentRef;
use vedette_shim::wire::CHUNK_BYTES;

/// What went wrong with a segment's file.
#[derive(Debug, thiserror::Error)]
pub enum SegmentStoreError {
    /// The file system.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes are not the ones the manifest names.
    #[error("segment {digest} does not have the digest its manifest names: damaged or forged")]
    Digest {
        /// In hexadecimal.
        digest: String,
    },
    /// A chunk that is not the next one, or not of the size it must have.
    #[error("chunk {index} of segment {digest} does not continue it")]
    Chunk {
        /// In hexadecimal.
        digest: String,
        /// The chunk offered.
        index: u32,
    },
}

/// The folder of segments.
#[derive(Debug, Clone)]
pub struct SegmentStore {
    segments: PathBuf,
    partial: PathBuf,
}

/// How many chunks a segment of `bytes` has.
pub fn chunks_of(bytes: u64) -> u64 {
    bytes.div_ceil(CHUNK_BYTES as u64)
}

impl SegmentStore {
    /// Opens or makes the store under `state`.
    pub fn open(state: &Path) -> Result<SegmentStore, FileError> {
        let store = SegmentStore { segments: state.join("segments"), partial: state.join("partial") };
        files::make_folder(&store.segments)?;
        files::make_folder(&store.partial)?;
        Ok(store)
    }

    /// The folder finished segments are in; merges write there too.
    pub fn folder(&self) -> &Path {
        &self.segments
    }

    /// Where the segment of this digest is or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.segments.join(format!("{}.seg", Hex(digest)))
    }

    /// Whether the segment is here, whole.
    pub fn has(&self, digest: &Digest) -> bool {
        self.path(digest).exists()
    }

    /// The next chunk a download needs; also forgets a partial file that outgrew its segment.
    pub fn next_chunk(&self, segment: &SegmentRef) -> Result<u32, SegmentStoreError> {
        let path = self.partial(&segment.digest);
        let length = fs::metadata(&path).map_or(0, |m| m.len());
        if length >= segment.bytes {
            files::remove(&path)?;
            return Ok(0);
        }
        Ok(u32::try_from(length / CHUNK_BYTES as u64).unwrap_or(u32::MAX))
    }

    /// Adds a chunk to a download. True when it was the last and the segment is now here, verified.
    pub fn add_chunk(
        &self,
        segment: &SegmentRef,
        index: u32,
        bytes: &[u8],
    ) -> Result<bool, SegmentStoreError> {
        let at = u64::from(index) * CHUNK_BYTES as u64;
        let wanted = segment.bytes.saturating_sub(at).min(CHUNK_BYTES as u64);
        if index != self.next_chunk(segment)? || bytes.len() as u64 != wanted {
            return Err(SegmentStoreError::Chunk { digest: Hex(&segment.digest).to_string(), index });
        }
        let path = self.partial(&segment.digest);
        let write = || {
            let mut file = files::open_to_write(&path)?;
            file.set_len(at)?; // a chunk torn by a power cut is taken anew
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)
        };
        write().map_err(FileError::at("write", &path))?;
        if at + wanted < segment.bytes {
            return Ok(false);
        }
        self.adopt(&path, segment)?;
        Ok(true)
    }

    /// Copies a segment from elsewhere (a bundle), verified on the way; nothing is kept of a wrong one.
    pub fn copy_in(&self, from: &Path, segment: &SegmentRef) -> Result<(), SegmentStoreError> {
        // Not the download's file: chunks may arrive meanwhile.
        let path = self.partial.join(format!("{}.copy", Hex(&segment.digest)));
        let mut source = files::open_foreign(from)?.take(segment.bytes.saturating_add(1));
        let copied = files::create(&path).and_then(|mut copy| std::io::copy(&mut source, &mut copy));
        if let Err(error) = copied {
            files::remove(&path)?; // on a full disk it takes the room of better ones
            return Err(FileError::at("copy", from)(error).into());
        }
        self.adopt(&path, segment)
    }

    /// Reads bytes of a segment that is here, from `offset`; fewer than asked for at its end.
    pub fn read_piece(
        &self,
        digest: &Digest,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, SegmentStoreError> {
        let path = self.path(digest);
        let file = File::open(&path).map_err(FileError::at("read", &path))?;
        Ok(file.read_at(out, offset).map_err(FileError::at("read", &path))?)
    }

    /// Removes every segment and partial download that `keep` does not name.
    pub fn keep_only(&self, keep: &HashSet<Digest>) -> Result<usize, FileError> {
        let names: HashSet<String> = keep
            .iter()
            .flat_map(|d| ["seg", "part", "copy"].map(|what| format!("{}.{what}", Hex(d))))
            .collect();
        let mut removed = 0;
        for folder in [&self.segments, &self.partial] {
            for entry in fs::read_dir(folder).map_err(FileError::at("list", folder))? {
                let entry = entry.map_err(FileError::at("list", folder))?;
                if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
                    files::remove(&entry.path())?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    fn partial(&self, digest: &Digest) -> PathBuf {
        self.partial.join(format!("{}.part", Hex(digest)))
    }

    fn adopt(&self, partial: &Path, segment: &SegmentRef) -> Result<(), SegmentStoreError> {
        let found = files::sha256(partial).map_err(FileError::at("read", partial))?;
        if found != segment.digest {
            files::remove(partial)?;
            return Err(SegmentStoreError::Digest { digest: Hex(&segment.digest).to_string() });
        }
        files::persist(partial, &self.path(&segment.digest))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_shim::trust::digest;

    fn segment(bytes: &[u8]) -> SegmentRef {
        SegmentRef { digest: digest(bytes), bytes: bytes.len() as u64, entries: 0, withdrawals: 0, key: 1 }
    }

    #[test]
    fn a_download_resumes_and_only_the_named_bytes_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let store = SegmentStore::open(folder.path()).unwrap();
        let bytes: Vec<u8> = (0..CHUNK_BYTES * 2 + 100).map(|i| (i % 251) as u8).collect();
        let segment = segment(&bytes);
        let chunk = |i: usize| &bytes[i * CHUNK_BYTES..bytes.len().min((i + 1) * CHUNK_BYTES)];
        assert_eq!(chunks_of(segment.bytes), 3);
        assert!(!store.add_chunk(&segment, 0, chunk(0)).unwrap());
        assert!(store.add_chunk(&segment, 2, chunk(2)).is_err(), "a gap");
        assert!(store.add_chunk(&segment, 0, chunk(0)).is_err(), "a repeat");
        assert!(store.add_chunk(&segment, 1, &chunk(1)[1..]).is_err(), "a short one");
        let store = SegmentStore::open(folder.path()).unwrap();
        assert_eq!(store.next_chunk(&segment).unwrap(), 1);
        assert!(!store.add_chunk(&segment, 1, chunk(1)).unwrap());
        let mut forged = chunk(2).to_vec();
        forged[5] ^= 1;
        assert!(store.add_chunk(&segment, 2, &forged).is_err());
        assert_eq!(store.next_chunk(&segment).unwrap(), 0, "a forged download starts over");
        (0..2).for_each(|i| assert!(!store.add_chunk(&segment, i as u32, chunk(i)).unwrap()));
        assert!(store.add_chunk(&segment, 2, chunk(2)).unwrap());
        assert_eq!(fs::read(store.path(&segment.digest)).unwrap(), bytes);
    }

    #[test]
    fn a_bundle_segment_is_taken_only_with_its_digest_and_size() {
        let folder = tempfile::tempdir().unwrap();
        let store = SegmentStore::open(folder.path()).unwrap();
        let source = folder.path().join("usb");
        let good = segment(b"segment");
        fs::write(&source, b"segment and endless data").unwrap();
        assert!(matches!(store.copy_in(&source, &good), Err(SegmentStoreError::Digest { .. })));
        assert!(!store.has(&good.digest));
        fs::write(&source, b"segment").unwrap();
        store.copy_in(&source, &good).unwrap();
        assert!(store.has(&good.digest));
        assert_eq!(store.keep_only(&HashSet::from([good.digest])).unwrap(), 0);
        assert_eq!(store.keep_only(&HashSet::new()).unwrap(), 1);
    }
}
