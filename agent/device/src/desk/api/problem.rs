//! Errors.

use super::schema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::words::Phrase;

/// A place in a zone, as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Place)]
pub struct PlaceView {
    /// From 1; lines without a character are not counted.
    pub line: u8,
    /// From 1; none where the whole line is missing or too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u16>,
}

/// An error as the API says it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
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
    /// Where a zone cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// The zone's lines as they were likely meant: compare them with the document before they are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely: Vec<String>,
    /// After how many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}
