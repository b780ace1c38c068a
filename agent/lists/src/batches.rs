//! What one builder was given, in sorted batches on disk, as one source of changes.

use super::ListError;
use super::documents::{Document, Record};
use super::run::Run;
use super::stream::{Rule, Source, merge};
use super::survey::Survey;

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
