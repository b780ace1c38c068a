//! Segments joined to one, by publisher and device alike, with the same bytes; and what lies between two editions.

use std::path::{Path, PathBuf};

use vedette_shim::seal::ListKey;

use super::documents::{Document, DocumentChange, Record, range_change};
use super::edition::Edition;
use super::segment::{SegmentFile, one_kind};
use super::stream::{Keyed, Merged, Rule, Source};
use super::write::write_segment;
use super::{ListError, SegmentInfo};

/// Joins segments, the oldest first, into one of `dir`, named by its digest. With `base`, `inputs` begin with an
/// edition's oldest segment, so withdrawals have done their work and are dropped. An empty input is an empty segment
/// of documents.
pub fn merge(
    inputs: &[&SegmentFile],
    base: bool,
    list_key: &ListKey,
    dir: &Path,
) -> Result<(PathBuf, SegmentInfo), ListError> {
    let kind = one_kind(inputs)?;
    let rule = if base { Rule::NewestAlerts } else { Rule::Newest };
    write_segment(kind, &Merged { inputs: inputs.to_vec(), rule }, list_key, dir)
}

/// Writes the segment that leads from edition `old` (none: from nothing) to the alerts of `new`: what publishing
/// sends. Streams both; `new` is usually one segment, built from an import.
pub fn write_delta(
    old: Option<&Edition>,
    new: &Edition,
    list_key: &ListKey,
    dir: &Path,
) -> Result<(PathBuf, SegmentInfo), ListError> {
    write_segment(new.kind(), &Difference { old, new }, list_key, dir)
}

/// The changes that lead from `old` (none: from nothing) to `new`, documents first, then ranges.
pub fn diff<'a>(
    old: Option<&'a Edition>,
    new: &'a Edition,
) -> Result<impl Iterator<Item = Result<DocumentChange, ListError>> + 'a, ListError> {
    let documents = changed(old.map(Edition::live_documents).transpose()?, new.live_documents()?)?;
    let ranges = changed(old.map(Edition::live_records).transpose()?, new.live_records()?)?;
    let ranges = ranges.map(|range| range_change(&range?).map_err(|error| new.wrap(error)));
    Ok(documents.map(|document| Ok(document?.into_change())).chain(ranges))
}

/// The changes that lead from `old` (none: from nothing) to `new`, of persons.
pub fn diff_records<'a>(
    old: Option<&'a Edition>,
    new: &'a Edition,
) -> Result<impl Iterator<Item = Result<Record, ListError>> + 'a, ListError> {
    changed(old.map(Edition::live_records).transpose()?, new.live_records()?)
}

/// What a segment of documents changes, in its order: documents first, then ranges.
pub fn changes(segment: &SegmentFile) -> impl Iterator<Item = Result<DocumentChange, ListError>> + '_ {
    let ranges = segment.records().map(|range| range_change(&range?).map_err(|error| segment.wrap(error)));
    segment.documents().map(|document| Ok(document?.into_change())).chain(ranges)
}

/// What a segment of persons changes, in the order of their keys.
pub fn changed_records(segment: &SegmentFile) -> impl Iterator<Item = Result<Record, ListError>> + '_ {
    segment.records()
}

struct Difference<'a> {
    old: Option<&'a Edition>,
    new: &'a Edition,
}

impl Source for Difference<'_> {
    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError> {
        changed(self.old.map(Edition::live_documents).transpose()?, self.new.live_documents()?)
    }

    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError> {
        changed(self.old.map(Edition::live_records).transpose()?, self.new.live_records()?)
    }
}

/// A change that withdraws what `self` puts.
pub(super) trait Withdraw {
    fn withdraw(self) -> Self;
}

impl Withdraw for Document {
    fn withdraw(self) -> Self {
        Document { alert: None, ..self }
    }
}

impl Withdraw for Record {
    fn withdraw(self) -> Self {
        Record { value: None, ..self }
    }
}

/// Walks two sorted streams of alerts side by side.
struct Changed<T, O, N> {
    old: Option<O>,
    new: N,
    next_old: Option<T>,
    next_new: Option<T>,
    failed: bool,
}

fn changed<T, O, N>(old: Option<O>, new: N) -> Result<Changed<T, O, N>, ListError>
where
    T: Keyed,
    O: Iterator<Item = Result<T, ListError>>,
    N: Iterator<Item = Result<T, ListError>>,
{
    let mut changed = Changed { old, new, next_old: None, next_new: None, failed: false };
    changed.take_old()?;
    changed.take_new()?;
    Ok(changed)
}

impl<T, O, N> Changed<T, O, N>
where
    O: Iterator<Item = Result<T, ListError>>,
    N: Iterator<Item = Result<T, ListError>>,
{
    fn take_old(&mut self) -> Result<Option<T>, ListError> {
        let next = self.old.as_mut().and_then(Iterator::next).transpose()?;
        Ok(std::mem::replace(&mut self.next_old, next))
    }

    fn take_new(&mut self) -> Result<Option<T>, ListError> {
        let next = self.new.next().transpose()?;
        Ok(std::mem::replace(&mut self.next_new, next))
    }
}

impl<T, O, N> Changed<T, O, N>
where
    T: Keyed + Withdraw,
    O: Iterator<Item = Result<T, ListError>>,
    N: Iterator<Item = Result<T, ListError>>,
{
    fn step(&mut self) -> Result<Option<T>, ListError> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        loop {
            let order = match (&self.next_old, &self.next_new) {
                (None, None) => return Ok(None),
                (Some(_), None) => Less,
                (None, Some(_)) => Greater,
                (Some(old), Some(new)) => old.key().cmp(new.key()),
            };
            match order {
                Less => return Ok(self.take_old()?.map(Withdraw::withdraw)),
                Greater => return self.take_new(),
                Equal => {
                    let (old, new) = (self.take_old()?, self.take_new()?);
                    if let (Some(old), Some(new)) = (old, new)
                        && !old.same_content(&new)
                    {
                        return Ok(Some(new));
                    }
                }
            }
        }
    }
}

impl<T, O, N> Iterator for Changed<T, O, N>
where
    T: Keyed + Withdraw,
    O: Iterator<Item = Result<T, ListError>>,
    N: Iterator<Item = Result<T, ListError>>,
{
    type Item = Result<T, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
