//! What can be wrong with a file to be imported.

#![allow(missing_docs, reason = "the messages say what the fields are")]

use std::path::{Path, PathBuf};
use vedette_common::files::FileError;

/// Why a file gives no alerts. [`ImportError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A row of it is wrong: `line` counts from 1, `column` is `, column NAME` or empty.
    #[error("{}, line {line}{column}: {why}", path.display())]
    Row { path: PathBuf, line: u64, column: String, why: String },
}

impl ImportError {
    /// What to do about it, if that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Row { .. } => Some("nothing was imported; correct the file and import it again"),
            Self::File(_) => None,
        }
    }

    /// A bad row; `column` may be empty.
    pub(crate) fn row(path: &Path, line: u64, column: &str, why: String) -> ImportError {
        let column = if column.is_empty() { String::new() } else { format!(", column {column}") };
        ImportError::Row { path: path.into(), line, column, why }
    }
}
