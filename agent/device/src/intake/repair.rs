//! Editions in use that a lookup could not read: their segments are verified, and fetched again where they are corrupt.
//!
//! Until the new segment is whole, the corrupt one serves what can still be read of it.

use super::Intake;
use super::entry::ListEntry;
use crate::snapshot::Content;
use vedette_common::files;
use vedette_shim::ids::{Digest, Hex, ListName};
use vedette_shim::trust::SegmentRef;

/// Segments that were hashed and found intact are not hashed again before this, seconds: a large list takes seconds.
const VERIFIED_FOR_S: u64 = 300;

impl Intake {
    /// Verifies the editions in use of which a lookup could not read something.
    pub(super) fn repair(&mut self) {
        let is_corrupt = |entry: &ListEntry| match &entry.content {
            Content::Documents(edition) => edition.take_corrupt(),
            Content::Persons(persons) => persons.edition.take_corrupt(),
            Content::Nothing(_) => false,
        };
        let lists = self.entries.iter().filter(|(_, entry)| is_corrupt(entry));
        for list in lists.map(|(list, _)| list.clone()).collect::<Vec<_>>() {
            if self.verify(&list) {
                self.entry(&list).reopen = true;
                self.reconcile();
            }
        }
    }

    /// Hashes the segments of a list's edition in use that are not known to be corrupt; true if some are: they are fetched
    /// again.
    pub(super) fn verify(&mut self, list: &ListName) -> bool {
        let now = self.clock.since_boot();
        let Some(entry) = self.entries.get_mut(list) else { return false };
        let Some(active) = &entry.active else { return false };
        if entry.verified_at.is_some_and(|at| now < at + VERIFIED_FOR_S) {
            return false;
        }
        let is_corrupt = |segment: &&SegmentRef| match files::sha256(&self.store.path(&segment.digest)) {
            Ok(found) => found != segment.digest,
            // The disk cannot give the bytes back. Other errors (too many open files) say nothing of them.
            Err(error) => error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()),
        };
        let unknown =
            active.manifest.segments.iter().filter(|segment| !self.corrupt.contains(&segment.digest));
        let corrupt: Vec<Digest> = unknown.filter(is_corrupt).map(|segment| segment.digest).collect();
        if corrupt.is_empty() {
            entry.verified_at = Some(now);
        }
        for digest in &corrupt {
            tracing::error!(%list, segment = %Hex(digest), "a segment is corrupt on this device's disk; it is fetched again");
        }
        let any = !corrupt.is_empty();
        self.corrupt.extend(corrupt);
        any
    }
}
