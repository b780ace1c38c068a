//! The sealed segment format; lookup over `BlockRead`.

use serde::{Deserialize, Serialize};

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Travel documents, looked up by state, type and number.
    Documents,
    /// Persons, looked up by name.
    Persons,
}
