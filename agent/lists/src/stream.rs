//! Changes in order, from memory or from segments, newest winning.
//!
//! Every pass of building reads its source anew, so a list of any size is built in little memory.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use vedette_shim::document::DocumentKey;

use super::ListError;
use super::documents::{Document, Record};
use super::run::Run;
use super::segment::SegmentFile;
use super::survey::Survey;

/// Changes that can be read any number of times, in the order of their keys, each key once.
pub(super) trait Source {
    /// What they are, as far as that is known without reading them: exact, if no key is there twice.
    fn foreseen(&self) -> Option<Survey> {
        None
    }
    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError>;
    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError>;
}

/// Changes in memory.
#[derive(Default)]
pub(super) struct InMemory {
    pub(super) documents: Vec<Document>,
    pub(super) records: Vec<Record>,
}

impl Source for InMemory {
    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError> {
        Ok(self.documents.iter().cloned().map(Ok))
    }

    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError> {
        Ok(self.records.iter().cloned().map(Ok))
    }
}

/// Segments, the oldest first, as one.
pub(super) struct Merged<'a> {
    pub(super) inputs: Vec<&'a SegmentFile>,
    pub(super) rule: Rule,
}

/// One builder's batches as one.
pub(super) struct Batches<'a>(pub(super) &'a [Run]);

impl Source for Batches<'_> {
    fn foreseen(&self) -> Option<Survey> {
        let mut surveys = self.0.iter().map(|run| run.survey.as_ref());
        surveys.try_fold(Survey::default(), |all, survey| all.and(survey?))
    }

    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError> {
        merge(self.0.iter().map(Run::documents), Rule::OneBuilder)
    }

    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError> {
        merge(self.0.iter().map(Run::records), Rule::OneBuilder)
    }
}

/// What a merge makes of several changes of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The newest stands.
    Newest,
    /// The newest stands, and withdrawals are dropped: nothing older is left to withdraw from.
    NewestAlerts,
    /// They are one builder's: an alert stands against a withdrawal, two different alerts are an error.
    OneBuilder,
}

impl Source for Merged<'_> {
    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError> {
        merge(self.inputs.iter().map(|input| input.documents()), self.rule)
    }

    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError> {
        merge(self.inputs.iter().map(|input| input.records()), self.rule)
    }
}

/// A change with a key to sort by.
pub(super) trait Keyed {
    type Key: Ord + ?Sized;
    fn key(&self) -> &Self::Key;
    fn is_alert(&self) -> bool;
    fn same_content(&self, other: &Self) -> bool;
    fn id(&self) -> String;
}

impl Keyed for Document {
    type Key = DocumentKey;

    fn key(&self) -> &DocumentKey {
        &self.key
    }

    fn is_alert(&self) -> bool {
        self.alert.is_some()
    }

    fn same_content(&self, other: &Self) -> bool {
        self.alert == other.alert
    }

    fn id(&self) -> String {
        self.key.to_string()
    }
}

impl Keyed for Record {
    type Key = [u8];

    fn key(&self) -> &[u8] {
        &self.key
    }

    fn is_alert(&self) -> bool {
        self.value.is_some()
    }

    fn same_content(&self, other: &Self) -> bool {
        self.value == other.value
    }

    fn id(&self) -> String {
        match super::documents::range_change(self) {
            Ok(super::Change::Put(alert)) => alert.alert_id(),
            Ok(super::Change::Withdraw(id)) => id.to_string(),
            Err(_) => String::from_utf8_lossy(&self.key).into_owned(),
        }
    }
}

/// Of two changes of one key, `older` before `newer`, the one that stands.
pub(super) fn resolve<T: Keyed>(older: T, newer: T, rule: Rule) -> Result<T, ListError> {
    if rule != Rule::OneBuilder {
        return Ok(newer);
    }
    match (older.is_alert(), newer.is_alert()) {
        (true, true) if !older.same_content(&newer) => Err(ListError::Duplicate { id: newer.id() }),
        (true, false) => Ok(older),
        _ => Ok(newer),
    }
}

/// The next change of one input.
struct Head<T> {
    change: T,
    input: usize,
}

impl<T: Keyed> Ord for Head<T> {
    /// The greatest is the one to come first: the smallest key, of the oldest input.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.change.key().cmp(self.change.key()).then(other.input.cmp(&self.input))
    }
}

impl<T: Keyed> PartialOrd for Head<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Keyed> PartialEq for Head<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Keyed> Eq for Head<T> {}

/// Sorted inputs, the oldest first, as one.
pub(super) struct Merge<T, I> {
    inputs: Vec<I>,
    heads: BinaryHeap<Head<T>>,
    rule: Rule,
    failed: bool,
}

/// Merges sorted inputs, the oldest first.
pub(super) fn merge<T: Keyed, I: Iterator<Item = Result<T, ListError>>>(
    inputs: impl Iterator<Item = I>,
    rule: Rule,
) -> Result<Merge<T, I>, ListError> {
    let mut inputs: Vec<I> = inputs.collect();
    let mut heads = BinaryHeap::with_capacity(inputs.len());
    for (input, changes) in inputs.iter_mut().enumerate() {
        if let Some(change) = changes.next().transpose()? {
            heads.push(Head { change, input });
        }
    }
    Ok(Merge { inputs, heads, rule, failed: false })
}

impl<T: Keyed, I: Iterator<Item = Result<T, ListError>>> Merge<T, I> {
    /// Takes the first change and puts its input's next one in its place.
    fn pull(&mut self) -> Result<Option<T>, ListError> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        Ok(Some(match self.inputs[head.input].next().transpose()? {
            Some(next) => std::mem::replace(&mut head.change, next),
            None => PeekMut::pop(head).change,
        }))
    }

    fn step(&mut self) -> Result<Option<T>, ListError> {
        while let Some(mut change) = self.pull()? {
            while self.heads.peek().is_some_and(|head| head.change.key() == change.key()) {
                if let Some(newer) = self.pull()? {
                    change = resolve(change, newer, self.rule)?;
                }
            }
            if change.is_alert() || self.rule != Rule::NewestAlerts {
                return Ok(Some(change));
            }
        }
        Ok(None)
    }
}

impl<T: Keyed, I: Iterator<Item = Result<T, ListError>>> Iterator for Merge<T, I> {
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
