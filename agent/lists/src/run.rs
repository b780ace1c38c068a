//! A sorted batch of changes on disk, until it is merged with others.
//!
//! It is sealed under a key that lives as long as this does, so without it the file is noise. Bytes: blocks of a length (4,
//! little-endian), so many sealed bytes, and their tag; the nonce is the block's number. In a block stand whole changes: length
//! of the key (1), the key, and 0 for a withdrawal or the value's length + 1 (4) and the value. Documents come first; records
//! begin with a block of their own. Failure: what cannot be read or opened is an error; the file is removed when dropped.

use std::path::Path;

use vedette_shim::document::DocumentKey;
use vedette_shim::list::ReadError;
use vedette_shim::seal::{Aead, TAG_BYTES};

use super::ListError;
use super::aside::once;
use super::documents::{Alert, Document, Record};
use super::seal::Ring;
use super::stream::InMemory;
use super::survey::Survey;
use super::temporary::Temporary;

/// A block is written when it has so many bytes.
const BLOCK_BYTES: usize = 1 << 16;

/// See the module's head.
pub(super) struct Run {
    file: Temporary,
    aead: Ring,
    /// Where the records begin: offset and number of the block.
    records: (u64, u64),
    end: u64,
    /// What it holds, if that is little enough to be kept.
    pub(super) survey: Option<Survey>,
}

impl Run {
    /// Writes changes that are in order.
    pub(super) fn write(held: &InMemory, dir: &Path) -> Result<Run, ListError> {
        let (file, aead) = (Temporary::create(dir)?, once()?);
        let mut writer = Writer { file: &file, aead: &aead, block: Vec::new(), at: 0, number: 0 };
        let mut survey = Some(Survey::default());
        let mut value = Vec::new();
        for document in &held.documents {
            survey = survey.and_then(|survey| survey.with(document));
            value.clear();
            if let Some(alert) = &document.alert {
                alert.write_loose(&mut value);
            }
            writer.add(&document.key.sort_bytes(), document.alert.as_ref().map(|_| &value[..]))?;
        }
        writer.flush()?;
        let records = (writer.at, writer.number);
        for record in &held.records {
            survey = survey.map(|survey| survey.with_record(record));
            writer.add(&record.key, record.value.as_deref())?;
        }
        writer.flush()?;
        let end = writer.at;
        Ok(Run { file, aead, records, end, survey })
    }

    /// The documents, in order.
    pub(super) fn documents(&self) -> impl Iterator<Item = Result<Document, ListError>> {
        let mut changes = Changes::of(self, (0, 0), self.records.0);
        std::iter::from_fn(move || {
            changes.next(|key, value| {
                let (key, _) = DocumentKey::from_sort_bytes(key).ok_or(ReadError::Malformed("key"))?;
                Ok(Document { key, alert: value.map(Alert::read_loose).transpose()? })
            })
        })
    }

    /// The records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = Result<Record, ListError>> {
        let mut changes = Changes::of(self, self.records, self.end);
        std::iter::from_fn(move || {
            changes.next(|key, value| Ok(Record { key: key.to_vec(), value: value.map(<[u8]>::to_vec) }))
        })
    }
}

struct Writer<'a> {
    file: &'a Temporary,
    aead: &'a Ring,
    block: Vec<u8>,
    at: u64,
    number: u64,
}

impl Writer<'_> {
    fn add(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ListError> {
        self.block.push(key.len() as u8);
        self.block.extend_from_slice(key);
        let coded = value.map_or(0, |value| value.len() as u32 + 1);
        self.block.extend_from_slice(&coded.to_le_bytes());
        self.block.extend_from_slice(value.unwrap_or_default());
        if self.block.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ListError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let len = self.block.len() as u32;
        let tag = self.aead.seal(self.number, &mut self.block);
        self.block.extend_from_slice(&tag);
        self.file.write(&len.to_le_bytes(), self.at)?;
        self.file.write(&self.block, self.at + 4)?;
        self.at += 4 + self.block.len() as u64;
        self.number += 1;
        self.block.clear();
        Ok(())
    }
}

/// The changes between two places of a run.
struct Changes<'a> {
    run: &'a Run,
    at: u64,
    number: u64,
    end: u64,
    block: Vec<u8>,
    /// Where the next change begins in the block.
    next: usize,
    failed: bool,
}

impl<'a> Changes<'a> {
    fn of(run: &'a Run, (at, number): (u64, u64), end: u64) -> Self {
        Changes { run, at, number, end, block: Vec::new(), next: 0, failed: false }
    }

    fn next<T>(
        &mut self,
        read: impl FnOnce(&[u8], Option<&[u8]>) -> Result<T, ReadError>,
    ) -> Option<Result<T, ListError>> {
        if self.failed || (self.next == self.block.len() && self.at == self.end) {
            return None;
        }
        let step = self.step(read);
        self.failed = step.is_err();
        Some(step)
    }

    fn step<T>(
        &mut self,
        read: impl FnOnce(&[u8], Option<&[u8]>) -> Result<T, ReadError>,
    ) -> Result<T, ListError> {
        if self.next == self.block.len() {
            self.open_block()?;
        }
        let wrap = |source| ListError::Segment { path: self.run.file.path.clone(), source };
        let bad = || wrap(ReadError::Malformed("batch"));
        let rest = &self.block[self.next..];
        let (&len, rest) = rest.split_first().ok_or_else(bad)?;
        let (key, rest) = rest.split_at_checked(usize::from(len)).ok_or_else(bad)?;
        let (coded, rest) = rest.split_first_chunk::<4>().ok_or_else(bad)?;
        let value = match u32::from_le_bytes(*coded) as usize {
            0 => None,
            coded => Some(rest.get(..coded - 1).ok_or_else(bad)?),
        };
        self.next += 1 + key.len() + 4 + value.map_or(0, <[u8]>::len);
        read(key, value).map_err(wrap)
    }

    fn open_block(&mut self) -> Result<(), ListError> {
        let mut len = [0; 4];
        self.run.file.read(&mut len, self.at)?;
        let len = u32::from_le_bytes(len) as usize;
        self.block.resize(len + TAG_BYTES, 0);
        self.run.file.read(&mut self.block, self.at + 4)?;
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&self.block[len..]);
        self.block.truncate(len);
        self.run.aead.open(self.number, &mut self.block, &tag).map_err(|_| ListError::Unstable)?;
        self.at += 4 + (len + TAG_BYTES) as u64;
        (self.number, self.next) = (self.number + 1, 0);
        Ok(())
    }
}
