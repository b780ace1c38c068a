//! What lists of documents are asked for, read from a zone.
//!
//! Invariants: a number or state that may be misread is looked up as read and, if there is exactly one repair, as
//! repaired; both lookups are doubtful, whatever they return. What was read well is looked up once, as it is.

use crate::document::DocumentKey;
use crate::mrz::{self, Mrz, Repair};

/// The lookups that one zone asks of every list of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentQuery {
    /// As read; `None` if the zone has no number or state that a list could have.
    pub read: Option<DocumentKey>,
    /// As repaired, where that is another key.
    pub repaired: Option<DocumentKey>,
    /// The number or the state may be misread.
    pub doubtful: bool,
}

impl DocumentQuery {
    /// Of a zone and its repair, see [`repaired`]; a repair of other fields changes nothing.
    #[inline(never)]
    pub fn new(zone: &Mrz, repaired: Option<&Mrz>) -> Self {
        let (read, doubtful) = (key_of(zone), zone.number_doubtful());
        let repaired = repaired.filter(|_| doubtful).and_then(key_of).filter(|key| Some(*key) != read);
        DocumentQuery { read, repaired, doubtful }
    }

    /// The keys to be looked up, as read first.
    pub fn keys(&self) -> impl Iterator<Item = DocumentKey> + use<> {
        [self.read, self.repaired].into_iter().flatten()
    }
}

/// The zone with its check digits repaired, if there is exactly one way to do so.
#[inline(never)]
pub fn repaired(zone: &Mrz) -> Option<Mrz> {
    match mrz::repair(zone.lines()) {
        Repair::Unique(fix) => Some(Mrz::from(*fix.lines())),
        _ => None,
    }
}

fn key_of(zone: &Mrz) -> Option<DocumentKey> {
    DocumentKey::of_zone(zone.issuing_state(), zone.document_code(), zone.document_number())
}
