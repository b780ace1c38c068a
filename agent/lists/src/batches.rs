//! What one builder was given, in sorted batches on disk, as one source of changes.
//!
//! A thread of its own reads and merges them, at most [`AHEAD_MAX`] times [`AHEAD_DOCUMENTS`] documents ahead of who packs
//! them. If it panics, the documents end early, and whoever counts them finds that out.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::ListError;
use super::documents::{Document, Record};
use super::run::Run;
use super::stream::{Rule, Source, merge};
use super::survey::Survey;

/// Documents that are handed on at once, 100 bytes each.
const AHEAD_DOCUMENTS: usize = 4096;
/// How often so many may wait.
const AHEAD_MAX: usize = 2;

/// One builder's batches as one.
pub(super) struct Batches(pub(super) Arc<Vec<Run>>);

impl Source for Batches {
    fn foreseen(&self) -> Option<Survey> {
        let mut surveys = self.0.iter().map(|run| run.survey.as_ref());
        surveys.try_fold(Survey::default(), |all, survey| all.and(survey?))
    }

    fn documents(&self) -> Result<impl Iterator<Item = Result<Document, ListError>>, ListError> {
        let (send, ahead) = sync_channel(AHEAD_MAX);
        let runs = Arc::clone(&self.0);
        let read = move || {
            let mut documents = match merge(runs.iter().map(Run::documents), Rule::OneBuilder) {
                Ok(documents) => documents,
                Err(error) => return send.send(vec![Err(error)]),
            };
            loop {
                let next: Vec<_> = documents.by_ref().take(AHEAD_DOCUMENTS).collect();
                if next.is_empty() {
                    return Ok(());
                }
                send.send(next)?;
            }
        };
        let thread = thread::Builder::new().name("merging".into()).spawn(read);
        thread.map_err(ListError::file("start", "a thread for merging"))?;
        Ok(ahead.into_iter().flatten())
    }

    fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>>, ListError> {
        merge(self.0.iter().map(Run::records), Rule::OneBuilder)
    }
}
