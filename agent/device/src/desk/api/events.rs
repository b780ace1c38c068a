//! What is streamed beside answers, outcomes, confirmations and the status.

use super::schema;
use crate::post::events::ReaderRefusal;
use serde::Serialize;
use utoipa::ToSchema;
use vedette_common::words::Phrase;

/// A reader's scan that has no answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReaderRefused)]
pub struct ReaderRefusalView<'a> {
    /// The reader, as its configuration names it.
    pub reader: &'a str,
    /// Whether the zone was read: then something else failed.
    pub read: bool,
    #[schema(value_type = schema::Phrase)]
    pub why: &'a Phrase,
}

impl<'a> From<&'a ReaderRefusal> for ReaderRefusalView<'a> {
    fn from(refusal: &'a ReaderRefusal) -> Self {
        ReaderRefusalView { reader: &refusal.reader, read: refusal.read, why: &refusal.why }
    }
}

/// How much a listener missed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lagged)]
pub struct LaggedView {
    /// Events.
    pub missed: u64,
}
