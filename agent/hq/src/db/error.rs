//! What can go wrong with the database.

#![allow(missing_docs)] // plain data: the messages say what the fields are

use rusqlite::ErrorCode;
use vedette_common::files::FileError;
use vedette_shim::trust::TrustError;

const RESTORE: &str = "restore a backup into a new folder: `vedette-hq --home NEW restore BACKUP`; keep this one, encounters may be in it";

/// Why the database did not answer. [`DbError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// SQLite's error.
    #[error("the database hq.db: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
    /// Made by a newer program: its tables are not guessed at.
    #[error("the database hq.db has schema {found}, this program knows {known}")]
    Newer { found: i64, known: i64 },
    /// A statement of our own does not read back.
    #[error("hq.db: {0}")]
    Statement(#[from] TrustError),
    /// The file is missing, empty or corrupt.
    #[error("the database hq.db cannot be used: {0}")]
    Lost(String),
    /// A row is not what this program put there.
    #[error("the home is damaged: {0}")]
    Damaged(String),
}

impl DbError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Newer { .. } => Some("use the newer program"),
            Self::Lost(_) => Some(RESTORE),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Some(RESTORE),
                Some(ErrorCode::DiskFull) => Some("make room on the disk; nothing was changed"),
                _ => None,
            },
            Self::File(_) | Self::Statement(_) | Self::Damaged(_) => None,
        }
    }
}
