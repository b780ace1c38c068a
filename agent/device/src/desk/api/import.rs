//! Bundles.

use crate::intake::bundle::Report;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;

/// A bundle to import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Its folder, absolute.
    #[schema(value_type = String)]
    pub path: PathBuf,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Report)]
pub struct ImportView {
    /// Updates that were applied.
    pub applied: usize,
    /// Updates that were in effect already.
    pub duplicates: usize,
    /// The lists in use afterwards, with their editions.
    pub lists: Vec<(String, u64)>,
    /// What was refused: file and reason.
    pub refused: Vec<String>,
    /// Lists whose newest edition still lacks segments.
    pub incomplete: Vec<String>,
}

impl From<Report> for ImportView {
    fn from(report: Report) -> ImportView {
        let Report { applied, duplicates, lists, refused, incomplete } = report;
        ImportView { applied, duplicates, lists, refused, incomplete }
    }
}
