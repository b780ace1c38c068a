//! Why the intake refuses an update or cannot apply it.

use crate::store::DbError;
use crate::store::segments::SegmentStoreError;
use vedette_common::files::FileError;
use vedette_lists::ListError;
use vedette_names::person::PersonError;
use vedette_shim::ids::ListName;
use vedette_shim::trust::TrustError;

/// Why an update was not applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum IntakeError {
    /// It is not believed.
    #[error("{what} refused: {source}")]
    Refused { what: String, source: TrustError },
    /// A grant's seal does not open with this device's key.
    #[error("grant for {list} does not open with this device's key; enrol the device again")]
    Grant { list: ListName },
    /// A list cannot be built, merged or opened.
    #[error("list {list}: {source}")]
    List { list: ListName, source: ListError },
    /// A person's alert that this program does not know how to read.
    #[error("list {list}: an alert cannot be read: {source}; is this program older than headquarters'?")]
    Person { list: ListName, source: PersonError },
    /// A local merge did not give what the manifest names; the merged segment is fetched instead.
    #[error("list {list}: merging here did not give the segment the manifest names; fetching it")]
    Merge { list: ListName },
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Segments(#[from] SegmentStoreError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no root to verify anything with.
    #[error("the root this device was enrolled with cannot be used: {0}")]
    Anchor(TrustError),
}

impl IntakeError {
    /// The kind of the error as one word that stays the same, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            IntakeError::Refused { source, .. } | IntakeError::Anchor(source) => source.reason(),
            IntakeError::Grant { .. } => "grant",
            IntakeError::List { .. } | IntakeError::Person { .. } => "list",
            IntakeError::Merge { .. } => "merge",
            IntakeError::Db(_) => "database",
            IntakeError::Segments(SegmentStoreError::Digest { .. }) => "digest",
            IntakeError::Segments(SegmentStoreError::Chunk { .. }) => "chunk",
            IntakeError::Segments(SegmentStoreError::File(_)) | IntakeError::File(_) => "file",
        }
    }
}

pub(super) fn refused(what: impl Into<String>) -> impl FnOnce(TrustError) -> IntakeError {
    let what = what.into();
    move |source| IntakeError::Refused { what, source }
}
