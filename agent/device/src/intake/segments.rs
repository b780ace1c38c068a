//! Which segments are missing, and what becomes of a chunk.
//!
//! Invariants: only segments that an accepted manifest of a granted list names are fetched; a chunk pushed before its
//! manifest waits within a bound ([`super::pushed`]) and is believed only by the segment's digest.

use super::entry::{ListEntry, VerifiedManifest};
use super::plan::{FetchPlan, plan};
use super::{Intake, IntakeError};
use crate::snapshot::Content;
use std::collections::BTreeSet;
use vedette_common::mqtt::topics::Retained;
use vedette_shim::ids::Digest;
use vedette_shim::trust::SegmentRef;
use vedette_shim::wire::Chunk;

/// A segment that does not grow for so long, in seconds, goes behind the others.
pub(super) const STUCK_AFTER_S: u64 = 60;

/// A segment to request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Missing {
    pub segment: SegmentRef,
    /// Its first chunk that is not stored.
    pub next: u32,
}

/// What the link is to bring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// From the depot.
    pub segment: Option<Missing>,
    /// Retained at the broker, and not here.
    pub behind: BTreeSet<Retained>,
}

impl Intake {
    /// What the link is to bring now.
    pub fn needs(&mut self) -> Result<Needs, IntakeError> {
        Ok(Needs { segment: self.missing()?, behind: self.behind() })
    }

    /// The segment to request, if any is missing: the first, and if that does not grow for [`STUCK_AFTER_S`], the one after
    /// it: headquarters may not have it any more, and other lists must not wait for that.
    pub fn missing(&mut self) -> Result<Option<Missing>, IntakeError> {
        let now = self.clock.since_boot();
        let mut segments = self.fetches();
        segments.retain(|segment| segment.bytes <= self.segment_bytes_max);
        let requested = self.requested.as_ref();
        let at =
            requested.and_then(|(before, _)| segments.iter().position(|s| s.digest == before.segment.digest));
        let at = match (at, requested) {
            (Some(at), Some((before, since))) if now >= since + STUCK_AFTER_S => {
                let stuck = self.store.next_chunk(&segments[at])? == before.next;
                (at + usize::from(stuck)) % segments.len()
            }
            (at, _) => at.unwrap_or(0),
        };
        let Some(segment) = segments.into_iter().nth(at) else {
            self.requested = None;
            return Ok(None);
        };
        let missing = Missing { next: self.store.next_chunk(&segment)?, segment };
        if requested.is_none_or(|(before, since)| *before != missing || now >= since + STUCK_AFTER_S) {
            self.requested = Some((missing.clone(), now));
        }
        Ok(Some(missing))
    }

    /// Stores a chunk, requested or pushed. True when a segment became whole and the lists in use are up to date.
    pub fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<bool, IntakeError> {
        let wanted = self.fetches().into_iter().find(|segment| segment.digest == chunk.segment);
        let Some(segment) = wanted else {
            if !self.store.has(&chunk.segment) {
                self.pushed.add(chunk);
            }
            return Ok(false);
        };
        let whole = self.store.add_chunk(&segment, chunk.index, chunk.bytes)?;
        if whole {
            self.corrupt.remove(&segment.digest);
            self.reconcile();
        }
        Ok(whole)
    }

    /// Segments came into the store from elsewhere, verified.
    pub(super) fn copied(&mut self, digests: &[Digest]) {
        for digest in digests {
            self.corrupt.remove(digest);
        }
        self.reconcile();
    }

    /// Granted lists whose newest edition still lacks segments.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let lacks = |entry: &ListEntry| self.plan(entry).is_some_and(|(_, plan)| !plan.fetch.is_empty());
        let granted = self.entries.iter().filter(|(_, entry)| !entry.keys.is_empty());
        granted.filter(|(_, entry)| lacks(entry)).map(|(list, _)| list.to_string()).collect()
    }

    pub(super) fn fetches(&self) -> Vec<SegmentRef> {
        let granted = self.entries.values().filter(|entry| !entry.keys.is_empty());
        granted.flat_map(|entry| self.plan(entry).map_or_else(Vec::new, |(_, plan)| plan.fetch)).collect()
    }

    /// What a list waits for: its pending manifest, or the active one if part of it was lost.
    pub(super) fn plan<'e>(&self, entry: &'e ListEntry) -> Option<(&'e VerifiedManifest, FetchPlan)> {
        let target = match (&entry.pending, &entry.active, &entry.content) {
            (Some(pending), _, _) => pending,
            (None, Some(active), Content::Nothing(_)) => active,
            (None, Some(active), _) if entry.reopen => active,
            _ => return None,
        };
        let active = entry.active.as_ref().map(|active| &active.manifest);
        Some((target, plan(&target.manifest, active, |digest| self.has(digest), entry.merge_failed)))
    }

    /// Whether the segment is stored, whole and not known to be corrupt.
    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.store.has(digest) && !self.corrupt.contains(digest)
    }
}
