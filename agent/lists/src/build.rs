//! Builds a segment from changes in any order, in bounded memory.
//!
//! Up to [`CHANGES_IN_MEMORY_MAX`] changes are gathered in memory. Beyond, each such batch is sorted and written as a
//! [`Run`] by a thread of its own, while the next is gathered, and in the end the runs are merged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use vedette_shim::list::Kind;
use vedette_shim::list::records::VALUE_BYTES_MAX;
use vedette_shim::seal::ListKey;

use super::batches::Batches;
use super::documents::{DocumentChange, Record, Streamed};
use super::run::Run;
use super::stream::{InMemory, Keyed, Rule, resolve};
use super::write::write_segment;
use super::{ListError, SegmentInfo};

/// Changes gathered in memory at once, 100 MB; as many again are being sorted and written.
pub const CHANGES_IN_MEMORY_MAX: usize = 1_000_000;
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
    let mut builder = Builder::new(Kind::Documents, dir, CHANGES_IN_MEMORY_MAX);
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
    let mut builder = Builder::new(Kind::Persons, dir, CHANGES_IN_MEMORY_MAX);
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
    runs: Vec<Run>,
    /// The batch that is being sorted and written.
    writing: Option<JoinHandle<Result<Run, ListError>>>,
}

impl Builder {
    pub(super) fn new(kind: Kind, dir: &Path, in_memory_max: usize) -> Self {
        Builder {
            kind,
            dir: dir.to_owned(),
            in_memory_max,
            held: InMemory::default(),
            value_bytes: 0,
            runs: Vec::new(),
            writing: None,
        }
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

    fn spill(&mut self) -> Result<(), ListError> {
        self.value_bytes = 0;
        let (held, dir) = (std::mem::take(&mut self.held), self.dir.clone());
        self.join()?;
        let thread = thread::Builder::new().name("sorting".into());
        let writing = thread.spawn(move || Run::write(&sorted(held)?, &dir));
        self.writing = Some(writing.map_err(ListError::file("start", "a thread for sorting"))?);
        Ok(())
    }

    /// Waits for the batch that is being written.
    fn join(&mut self) -> Result<(), ListError> {
        if let Some(writing) = self.writing.take() {
            let panicked = |_| ListError::file("write", &self.dir)(std::io::Error::other("sorting panicked"));
            self.runs.push(writing.join().map_err(panicked)??);
        }
        Ok(())
    }

    pub(super) fn finish(mut self, list_key: &ListKey) -> Result<(PathBuf, SegmentInfo), ListError> {
        if self.runs.is_empty() && self.writing.is_none() {
            return write_segment(self.kind, &sorted(self.held)?, list_key, &self.dir);
        }
        if !self.held.documents.is_empty() || !self.held.records.is_empty() {
            self.spill()?;
        }
        self.join()?;
        write_segment(self.kind, &Batches(Arc::new(self.runs)), list_key, &self.dir)
    }
}

fn sorted(held: InMemory) -> Result<InMemory, ListError> {
    Ok(InMemory { documents: sort(held.documents)?, records: sort(held.records)? })
}

/// Sorts changes and joins those of one key.
fn sort<T: Keyed>(mut changes: Vec<T>) -> Result<Vec<T>, ListError> {
    changes.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    if changes.windows(2).all(|pair| pair[0].key() != pair[1].key()) {
        return Ok(changes);
    }
    let mut joined: Vec<T> = Vec::with_capacity(changes.len());
    for change in changes {
        match joined.pop_if(|last| last.key() == change.key()) {
            Some(last) => joined.push(resolve(last, change, Rule::OneBuilder)?),
            None => joined.push(change),
        }
    }
    Ok(joined)
}
