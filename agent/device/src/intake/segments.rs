//! Intake's second half: segments. What is missing, what to do with a chunk, and opening an edition when it is whole.
//!
//! Invariants: only segments that an accepted manifest of a granted list names are fetched; a chunk pushed before its
//! manifest is kept within [`PUSHED_BYTES_MAX`] and believed only by the segment's digest. A segment that cannot be
//! read is hashed; if its bytes are not the ones its name says, it is fetched again, and until the new one is whole the
//! damaged one goes on serving what can still be read of it.

use super::offers::confirms;
use super::plan::{Merge, Plan, plan};
use super::{Entry, Intake, IntakeError, named};
use crate::holdings::{Content, Unavailable};
use crate::store::editions;
use crate::store::segments::{SegmentStoreError, chunks_of, digest_of};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedette_lists::{Edition, SegmentFile};
use vedette_names::PersonIndex;
use vedette_names::person::decode;
use vedette_shim::ids::{Digest, Hex, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Manifest, SegmentRef};
use vedette_shim::wire::{CHUNK_BYTES, Chunk};

/// Pushed chunks kept for manifests that have not come yet, bytes of memory.
const PUSHED_BYTES_MAX: usize = 1024 * 1024;
/// A segment that does not grow for so long stands back behind others.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(60);
/// Segments that were hashed and are right are not hashed again before this.
const HASHED_EVERY: Duration = Duration::from_secs(300);
/// What keeping a chunk takes beside its bytes, about.
const PUSHED_OVERHEAD: usize = 96;

/// A segment to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub segment: SegmentRef,
    /// Its first chunk that is not here.
    pub next: u32,
}

/// Chunks that came before their manifest, oldest first.
#[derive(Default)]
pub(super) struct Pushed {
    chunks: VecDeque<(Digest, u32, Vec<u8>)>,
    bytes: usize,
}

impl Pushed {
    fn add(&mut self, chunk: &Chunk<'_>) {
        if chunk.bytes.is_empty() || chunk.bytes.len() > CHUNK_BYTES {
            return; // no segment has such a chunk
        }
        self.chunks.push_back((chunk.segment, chunk.index, chunk.bytes.to_vec()));
        self.bytes += chunk.bytes.len() + PUSHED_OVERHEAD;
        while self.bytes > PUSHED_BYTES_MAX {
            let Some((_, _, dropped)) = self.chunks.pop_front() else { break };
            self.bytes -= dropped.len() + PUSHED_OVERHEAD;
        }
    }

    /// How many there are, and the memory they take.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.chunks.len(), self.bytes)
    }

    /// Takes out the chunks of one segment, in order.
    fn take(&mut self, segment: &Digest) -> BTreeMap<u32, Vec<u8>> {
        let (taken, kept) = std::mem::take(&mut self.chunks).into_iter().partition(|(s, _, _)| s == segment);
        self.chunks = kept;
        self.bytes = self.chunks.iter().map(|(_, _, bytes)| bytes.len() + PUSHED_OVERHEAD).sum();
        let taken: VecDeque<(Digest, u32, Vec<u8>)> = taken;
        taken.into_iter().map(|(_, index, bytes)| (index, bytes)).collect()
    }
}

impl Intake {
    /// The segment to ask for, if any is missing: the first, and if that does not grow for [`STUCK_AFTER`], the one after
    /// it, for headquarters may not have it any more, and other lists must not wait for that.
    pub fn missing(&mut self) -> Result<Option<Missing>, IntakeError> {
        let mut segments = self.fetches();
        segments.retain(|segment| segment.bytes <= self.segment_bytes_max);
        let asked = self.asked.as_ref();
        let at = asked.and_then(|(asked, _)| segments.iter().position(|s| s.digest == asked.segment.digest));
        let at = match (at, asked) {
            (Some(at), Some((asked, since))) if since.elapsed() >= STUCK_AFTER => {
                let stuck = self.store.next_chunk(&segments[at])? == asked.next;
                (at + usize::from(stuck)) % segments.len()
            }
            (at, _) => at.unwrap_or(0),
        };
        let Some(segment) = segments.into_iter().nth(at) else {
            self.asked = None;
            return Ok(None);
        };
        let missing = Missing { next: self.store.next_chunk(&segment)?, segment };
        if asked.is_none_or(|(asked, since)| *asked != missing || since.elapsed() >= STUCK_AFTER) {
            self.asked = Some((missing.clone(), Instant::now()));
        }
        Ok(Some(missing))
    }

    /// Takes a chunk, asked for or pushed. True when a segment became whole and the lists in use are up to date.
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
            self.damaged.remove(&segment.digest);
            self.settle();
        }
        Ok(whole)
    }

    /// Takes every missing segment that is in `folder` under its digest.
    pub fn fetch_from(&mut self, folder: &Path) -> Result<(), IntakeError> {
        for segment in self.fetches() {
            let path = folder.join(Hex(&segment.digest).to_string());
            if path.exists() {
                self.store.copy_in(&path, &segment)?;
                self.damaged.remove(&segment.digest);
            }
        }
        self.settle();
        Ok(())
    }

    /// Granted lists whose newest edition still lacks segments.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let lacks = |entry: &Entry| self.plan(entry).is_some_and(|(_, plan)| !plan.fetch.is_empty());
        let granted = self.entries.iter().filter(|(_, entry)| !entry.keys.is_empty());
        granted.filter(|(_, entry)| lacks(entry)).map(|(list, _)| list.to_string()).collect()
    }

    fn fetches(&self) -> Vec<SegmentRef> {
        let granted = self.entries.values().filter(|entry| !entry.keys.is_empty());
        granted.flat_map(|entry| self.plan(entry).map_or_else(Vec::new, |(_, plan)| plan.fetch)).collect()
    }

    /// What a list's entry waits for: its pending manifest, or the active one if some of it was lost.
    fn plan<'e>(&self, entry: &'e Entry) -> Option<(&'e (Manifest, Vec<u8>), Plan)> {
        let target = match (&entry.pending, &entry.active, &entry.content) {
            (Some(pending), _, _) => pending,
            (None, Some(active), Content::Nothing(_)) => active,
            (None, Some(active), _) if entry.renew => active,
            _ => return None,
        };
        let active = entry.active.as_ref().map(|(manifest, _)| manifest);
        Some((target, plan(&target.0, active, |digest| self.has(digest), entry.merge_failed)))
    }

    /// Whether the segment is here, whole and not known to be damaged.
    fn has(&self, digest: &Digest) -> bool {
        self.store.has(digest) && !self.damaged.contains(digest)
    }

    /// Brings every list as far as the segments that are here allow, and swaps the picture. What fails is said in the
    /// log and tried again with the next offer or segment; the edition before goes on serving.
    pub(super) fn settle(&mut self) {
        let lists: Vec<ListName> = self.entries.keys().cloned().collect();
        for list in lists {
            if let Err(error) = self.settle_list(&list) {
                tracing::error!(%list, %error, "cannot bring the list up to date");
            }
        }
        self.swap();
        match self.store.keep_only(&named(&self.entries)) {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "swept segments no edition names"),
            Err(error) => tracing::warn!(%error, "cannot sweep the segments"),
        }
    }

    fn settle_list(&mut self, list: &ListName) -> Result<(), IntakeError> {
        // Twice at most: a failed local merge, or an active edition opened on the way to the pending one, plans anew.
        for _ in 0..3 {
            if let Err(error) = self.open_active(list) {
                // Not the end: what is damaged is fetched again, or the edition after it may do without.
                tracing::error!(%list, %error, "the edition in use does not open");
                self.examine(list);
            }
            let Some(entry) = self.entries.get(list).filter(|entry| !entry.keys.is_empty()) else {
                return Ok(());
            };
            let Some(((manifest, bytes), plan)) = self.plan(entry) else { return Ok(()) };
            let (manifest, bytes) = (manifest.clone(), bytes.clone());
            if let Some(segment) = plan.fetch.first().cloned() {
                if !self.take_pushed(&segment)? {
                    return Ok(());
                }
                continue;
            }
            if let Some(merge) = plan.merge {
                let merged = self.merge(list, entry, &merge);
                if merged.is_err() {
                    self.entry(list).merge_failed = true;
                }
                merged?;
                self.damaged.remove(&merge.result.digest);
            }
            return self.activate(list, manifest, bytes);
        }
        Ok(())
    }

    /// Opens the editions in use as they are, and changes nothing else.
    pub(super) fn open_all(&mut self) {
        for list in self.entries.keys().cloned().collect::<Vec<_>>() {
            if let Err(error) = self.open_active(&list) {
                tracing::error!(%list, %error, "the edition in use does not open");
            }
        }
        self.swap();
    }

    /// After a start, or when keys came back: opens the edition in use.
    fn open_active(&mut self, list: &ListName) -> Result<(), IntakeError> {
        let entry = &self.entries[list];
        let (Some((manifest, _)), Content::Nothing(_)) = (&entry.active, &entry.content) else {
            return Ok(());
        };
        let whole = manifest.segments.iter().all(|segment| self.has(&segment.digest));
        if entry.keys.is_empty() || !whole {
            return Ok(());
        }
        let manifest = manifest.clone();
        let content = self.open_content(list, &manifest)?;
        self.entry(list).content = content;
        Ok(())
    }

    fn take_pushed(&mut self, segment: &SegmentRef) -> Result<bool, IntakeError> {
        let chunks = self.pushed.take(&segment.digest);
        if (chunks.len() as u64) < chunks_of(segment.bytes) {
            return Ok(false);
        }
        for (index, bytes) in chunks {
            match self.store.add_chunk(segment, index, &bytes) {
                Ok(_) => {}
                Err(SegmentStoreError::Chunk { .. } | SegmentStoreError::Digest { .. }) => return Ok(false), // then ask for it
                Err(other) => return Err(other.into()),
            }
        }
        self.damaged.remove(&segment.digest);
        Ok(self.has(&segment.digest))
    }

    /// Looks after editions in use of which a lookup could not read something.
    pub(super) fn mend(&mut self) {
        let hurt = |entry: &Entry| match &entry.content {
            Content::Documents(edition) | Content::Persons(edition, _) => edition.take_hurt(),
            Content::Nothing(_) => false,
        };
        let lists = self.entries.iter().filter(|(_, entry)| hurt(entry));
        for list in lists.map(|(list, _)| list.clone()).collect::<Vec<_>>() {
            if self.examine(&list) {
                self.entry(&list).renew = true;
                self.settle();
            }
        }
    }

    /// Hashes the segments of a list's edition in use that are not known to be damaged; true if some are: they are fetched
    /// again. Not too often, for a large list takes seconds.
    fn examine(&mut self, list: &ListName) -> bool {
        let Some(entry) = self.entries.get_mut(list) else { return false };
        let Some((manifest, _)) = &entry.active else { return false };
        if entry.found_right.is_some_and(|at| at.elapsed() < HASHED_EVERY) {
            return false;
        }
        let is_damaged = |segment: &&SegmentRef| match digest_of(&self.store.path(&segment.digest)) {
            Ok(found) => found != segment.digest,
            // The disk cannot give the bytes back. Other errors (too many open files) say nothing of them.
            Err(error) => error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()),
        };
        let unknown = manifest.segments.iter().filter(|segment| !self.damaged.contains(&segment.digest));
        let damaged: Vec<Digest> = unknown.filter(is_damaged).map(|segment| segment.digest).collect();
        if damaged.is_empty() {
            entry.found_right = Some(Instant::now());
        }
        for digest in &damaged {
            tracing::error!(%list, segment = %Hex(digest), "damaged on this device's disk; fetched again");
        }
        let any = !damaged.is_empty();
        self.damaged.extend(damaged);
        any
    }

    fn activate(&mut self, list: &ListName, manifest: Manifest, bytes: Vec<u8>) -> Result<(), IntakeError> {
        let content = self.open_content(list, &manifest)?;
        let kind = manifest.kind;
        let confirmed_at = match &self.heartbeat {
            Some(heartbeat) if confirms(heartbeat, list, &manifest, &bytes) => {
                manifest.issued.max(heartbeat.issued)
            }
            _ => manifest.issued,
        };
        // An issuer's clock that is ahead must not lengthen the lease; nor does opening the same edition anew shorten it.
        let mut confirmed_at = confirmed_at.min(self.clock.now());
        let entry = &self.entries[list];
        if entry.active.as_ref().is_some_and(|(_, active)| *active == bytes) {
            confirmed_at = confirmed_at.max(entry.confirmed_at);
        }
        editions::set_active(&self.db, list, &bytes, confirmed_at)?;
        tracing::info!(%list, edition = manifest.edition, entries = manifest.entries(), "edition in use");
        let entry = self.entry(list);
        entry.newest_known = entry.newest_known.max(manifest.edition);
        entry.confirmed_at = confirmed_at;
        entry.active = Some((manifest, bytes));
        (entry.pending, entry.renew) = (None, false);
        let before = std::mem::replace(&mut entry.content, content);
        if kind == Kind::Documents {
            let before = if let Content::Documents(edition) = before { Some(edition) } else { None };
            self.news.push((list.clone(), before));
        }
        Ok(())
    }

    fn open_content(&mut self, list: &ListName, manifest: &Manifest) -> Result<Content, IntakeError> {
        let failed = |source| IntakeError::List { list: list.clone(), source };
        let mut segments = Vec::new();
        for segment in &manifest.segments {
            let Some(mut open) = self.open_segment(list, segment)? else {
                return Ok(Content::Nothing(Unavailable::NoKey));
            };
            if let (Kind::Documents, Some(key)) = (manifest.kind, self.entries[list].keys.get(&segment.key)) {
                self.filters.attach(&mut open, key);
            }
            segments.push(open);
        }
        let edition = Arc::new(Edition::open(segments).map_err(failed)?);
        Ok(match manifest.kind {
            Kind::Documents => Content::Documents(edition),
            Kind::Persons => {
                let mut alerts = Vec::new();
                for record in edition.records().map_err(failed)? {
                    // An alert left out would be a hit missed: rather the edition before, which grows stale in all eyes.
                    let value = record.map_err(failed)?.value.unwrap_or_default();
                    let unreadable = |source| IntakeError::Person { list: list.clone(), source };
                    alerts.push(decode(&value).map_err(unreadable)?);
                }
                let index = PersonIndex::build(alerts.into_iter());
                Content::Persons(edition, Arc::new(index))
            }
        })
    }

    /// `None` when its key is not granted.
    fn open_segment(
        &self,
        list: &ListName,
        segment: &SegmentRef,
    ) -> Result<Option<SegmentFile>, IntakeError> {
        let Some(key) = self.entries[list].keys.get(&segment.key) else { return Ok(None) };
        let path = self.store.path(&segment.digest);
        let failed = |source| IntakeError::List { list: list.clone(), source };
        SegmentFile::open(&path, segment.digest, key).map(Some).map_err(failed)
    }

    fn merge(&self, list: &ListName, entry: &Entry, merge: &Merge) -> Result<(), IntakeError> {
        let failed = |source| IntakeError::List { list: list.clone(), source };
        let wrong = || IntakeError::Merge { list: list.clone() };
        let mut parts = Vec::new();
        for part in &merge.parts {
            parts.push(self.open_segment(list, part)?.ok_or_else(wrong)?);
        }
        let key = entry.keys.get(&merge.result.key).ok_or_else(wrong)?;
        let parts: Vec<&SegmentFile> = parts.iter().collect();
        let (path, info) =
            vedette_lists::merge(&parts, merge.base, key, self.store.folder()).map_err(failed)?;
        if info.digest != merge.result.digest {
            vedette_common::files::remove(&path)?;
            return Err(wrong());
        }
        Ok(())
    }

    fn entry(&mut self, list: &ListName) -> &mut Entry {
        self.entries.entry(list.clone()).or_insert_with(Entry::new)
    }
}
