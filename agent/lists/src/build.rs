//! Builds a segment from changes in any order, in bounded memory.
//!
//! Up to [`CHANGES_IN_MEMORY_MAX`] changes are sorted in memory. Beyond, each such batch becomes a segment of its own,
//! sealed under a key that lives as long as this call, and in the end the batches are merged.

use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use vedette_shim::list::Kind;
use vedette_shim::list::records::VALUE_BYTES_MAX;
use vedette_shim::seal::{KEY_BYTES, ListKey};

use super::documents::{DocumentChange, Record, Streamed};
use super::segment::SegmentFile;
use super::stream::{InMemory, Keyed, Merged, Rule, resolve};
use super::write::write_segment;
use super::{ListError, SegmentInfo};

/// Changes sorted in memory at once: about 200 MB.
pub const CHANGES_IN_MEMORY_MAX: usize = 2_000_000;
/// Most bytes of a person's key.
pub const PERSON_KEY_BYTES_MAX: usize = 64;

/// Building stopped.
#[derive(Debug, thiserror::Error)]
pub enum BuildError<E> {
    /// The changes' own error.
    #[error("{0}")]
    Input(E),
    /// The segment could not be made of them.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Builds a segment of documents in `dir`, named by its digest. The changes come in any order; two different alerts
/// of one identity are an error, and an alert stands against a withdrawal of its identity.
pub fn build_documents<E>(
    changes: impl IntoIterator<Item = Result<DocumentChange, E>>,
    list_key: &ListKey,
    dir: &Path,
) -> Result<(PathBuf, SegmentInfo), BuildError<E>> {
    let mut builder = Builder::new(Kind::Documents, dir, CHANGES_IN_MEMORY_MAX)?;
    for change in changes {
        builder.add(Streamed::new(change.map_err(BuildError::Input)?)?)?;
    }
    Ok(builder.finish(list_key)?)
}

/// Builds a segment of persons in `dir`, named by its digest: records of at most 64 bytes of key and 32 KiB of
/// value, in any order.
pub fn build_records<E>(
    records: impl IntoIterator<Item = Result<Record, E>>,
    list_key: &ListKey,
    dir: &Path,
) -> Result<(PathBuf, SegmentInfo), BuildError<E>> {
    let mut builder = Builder::new(Kind::Persons, dir, CHANGES_IN_MEMORY_MAX)?;
    for record in records {
        let record = record.map_err(BuildError::Input)?;
        check_record(&record)?;
        builder.add(Streamed::Range(record))?;
    }
    Ok(builder.finish(list_key)?)
}

fn check_record(record: &Record) -> Result<(), ListError> {
    let value = record.value.as_ref().map_or(0, Vec::len);
    for (what, bytes, max) in
        [("key", record.key.len(), PERSON_KEY_BYTES_MAX), ("record", value, VALUE_BYTES_MAX)]
    {
        if bytes > max {
            let id = String::from_utf8_lossy(&record.key).chars().take(64).collect();
            return Err(ListError::TooLong { id, what, bytes, max });
        }
    }
    Ok(())
}

/// Gathers changes, in memory and in batches.
pub(super) struct Builder {
    kind: Kind,
    dir: PathBuf,
    in_memory_max: usize,
    held: InMemory,
    value_bytes: usize,
    /// The key of the batches: gone when the call ends.
    batch_key: ListKey,
    batches: Vec<Batch>,
}

struct Batch(SegmentFile);

impl Drop for Batch {
    fn drop(&mut self) {
        // Without its key a batch is noise; a refusal to delete it is no failure of the build.
        let _ = std::fs::remove_file(self.0.path());
    }
}

impl Builder {
    pub(super) fn new(kind: Kind, dir: &Path, in_memory_max: usize) -> Result<Self, ListError> {
        let mut key = [0; KEY_BYTES];
        let random = SystemRandom::new().fill(&mut key);
        random.map_err(|_| {
            ListError::file("read", "/dev/urandom")(std::io::Error::other("no random numbers"))
        })?;
        Ok(Builder {
            kind,
            dir: dir.to_owned(),
            in_memory_max,
            held: InMemory::default(),
            value_bytes: 0,
            batch_key: ListKey(key),
            batches: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, change: Streamed) -> Result<(), ListError> {
        match change {
            Streamed::Document(document) => self.held.documents.push(document),
            Streamed::Range(record) => {
                self.value_bytes += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
                self.held.records.push(record);
            }
        }
        // A record's bytes count as changes of 100 bytes.
        let held = self.held.documents.len() + self.held.records.len() + self.value_bytes / 100;
        if held >= self.in_memory_max {
            self.spill()?;
        }
        Ok(())
    }

    fn sorted(&mut self) -> Result<InMemory, ListError> {
        self.value_bytes = 0;
        let mut held = std::mem::take(&mut self.held);
        held.documents = sort(held.documents)?;
        held.records = sort(held.records)?;
        Ok(held)
    }

    fn spill(&mut self) -> Result<(), ListError> {
        let held = self.sorted()?;
        let (path, info) = write_segment(self.kind, &held, &self.batch_key, &self.dir)?;
        self.batches.push(Batch(SegmentFile::open(&path, info.digest, &self.batch_key)?));
        Ok(())
    }

    pub(super) fn finish(mut self, list_key: &ListKey) -> Result<(PathBuf, SegmentInfo), ListError> {
        if self.batches.is_empty() {
            let held = self.sorted()?;
            return write_segment(self.kind, &held, list_key, &self.dir);
        }
        if !self.held.documents.is_empty() || !self.held.records.is_empty() {
            self.spill()?;
        }
        let inputs = self.batches.iter().map(|batch| &batch.0).collect();
        write_segment(self.kind, &Merged { inputs, rule: Rule::OneBuilder }, list_key, &self.dir)
    }
}

/// Sorts changes and joins those of one key.
fn sort<T: Keyed>(mut changes: Vec<T>) -> Result<Vec<T>, ListError> {
    changes.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    let mut joined: Vec<T> = Vec::with_capacity(changes.len());
    for change in changes {
        match joined.pop_if(|last| last.key() == change.key()) {
            Some(last) => joined.push(resolve(last, change, Rule::OneBuilder)?),
            None => joined.push(change),
        }
    }
    Ok(joined)
}
