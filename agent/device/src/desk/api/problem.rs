//! Errors.

use super::schema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::words::Phrase;

/// An error as the API says it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What and where.
    pub error: String,
    /// What to do about it; may be empty.
    #[serde(default)]
    pub hint: String,
    /// For the officer, in every language of the page; none where it is no officer's matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Phrase>)]
    pub why: Option<Phrase>,
    /// After how many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}
