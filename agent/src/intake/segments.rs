//! Intake's second half: segments. What is missing, what to do with a chunk, and opening an edition when it is whole.
//!
//! Invariants: only segments that an accepted manifest of a granted list names are fetched; a chunk pushed before its
//! manifest is kept within [`PUSHED_BYTES_MAX`] and believed only by the segment's digest; a segment that cannot be
//! opened is removed, so that it is fetched again.

use super::plan::{Merge, Plan, plan};
use super::{Entry, Intake, IntakeError, named};
use crate::holdings::Content;
use crate::lists::{self, Edition, SegmentFile};
use crate::names::PersonIndex;
use crate::names::person::decode;
use crate::store::{StoreError, chunks_of};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Manifest, SegmentRef};
use vedette_shim::wire::Chunk;

/// Pushed chunks kept for manifests that have not come yet, bytes.
const PUSHED_BYTES_MAX: usize = 1024 * 1024;

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
        if chunk.bytes.len() > PUSHED_BYTES_MAX {
            return;
        }
        while self.bytes + chunk.bytes.len() > PUSHED_BYTES_MAX {
            let Some((_, _, dropped)) = self.chunks.pop_front() else { break };
            self.bytes -= dropped.len();
        }
        self.bytes += chunk.bytes.len();
        self.chunks.push_back((chunk.segment, chunk.index, chunk.bytes.to_vec()));
    }

    /// Takes out the chunks of one segment, in order.
    fn take(&mut self, segment: &Digest) -> BTreeMap<u32, Vec<u8>> {
        let (taken, kept) = std::mem::take(&mut self.chunks).into_iter().partition(|(s, _, _)| s == segment);
        self.chunks = kept;
        self.bytes = self.chunks.iter().map(|(_, _, bytes)| bytes.len()).sum();
        let taken: VecDeque<(Digest, u32, Vec<u8>)> = taken;
        taken.into_iter().map(|(_, index, bytes)| (index, bytes)).collect()
    }
}

impl Intake {
    /// The first segment to ask for, if any is missing.
    pub fn missing(&self) -> Result<Option<Missing>, IntakeError> {
        let segment = self.fetches().into_iter().find(|segment| segment.bytes <= self.segment_bytes_max);
        let missing = |segment: SegmentRef| {
            let next = self.store.next_chunk(&segment)?;
            Ok(Missing { segment, next })
        };
        segment.map(missing).transpose()
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
            self.settle();
        }
        Ok(whole)
    }

    /// Takes every missing segment that is in `folder` under its digest.
    pub fn fetch_from(&mut self, folder: &Path) -> Result<(), IntakeError> {
        for segment in self.fetches() {
            let path = folder.join(vedette_shim::ids::Hex(&segment.digest).to_string());
            if path.exists() {
                self.store.copy_in(&path, &segment)?;
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
            _ => return None,
        };
        let active = entry.active.as_ref().map(|(manifest, _)| manifest);
        Some((target, plan(&target.0, active, |digest| self.store.has(digest), entry.merge_failed)))
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
            self.open_active(list)?;
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
            }
            return self.activate(list, manifest, bytes);
        }
        Ok(())
    }

    /// After a start, or when keys came back: opens the edition in use.
    fn open_active(&mut self, list: &ListName) -> Result<(), IntakeError> {
        let entry = &self.entries[list];
        let (Some((manifest, _)), Content::Nothing(_)) = (&entry.active, &entry.content) else {
            return Ok(());
        };
        let whole = manifest.segments.iter().all(|segment| self.store.has(&segment.digest));
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
                Err(StoreError::Chunk { .. } | StoreError::Digest { .. }) => return Ok(false), // then ask for it
                Err(other) => return Err(other.into()),
            }
        }
        Ok(self.store.has(&segment.digest))
    }

    fn activate(&mut self, list: &ListName, manifest: Manifest, bytes: Vec<u8>) -> Result<(), IntakeError> {
        let content = self.open_content(list, &manifest)?;
        let kind = manifest.kind;
        let confirmed_at = match &self.heartbeat {
            Some(heartbeat) if heartbeat.list(list).is_some_and(|s| s.edition == manifest.edition) => {
                manifest.issued.max(heartbeat.issued)
            }
            _ => manifest.issued,
        };
        self.state.set_active(list, &bytes, confirmed_at)?;
        tracing::info!(%list, edition = manifest.edition, entries = manifest.entries(), "edition in use");
        let entry = self.entry(list);
        entry.newest_known = entry.newest_known.max(manifest.edition);
        entry.confirmed_at = entry.confirmed_at.max(confirmed_at);
        entry.active = Some((manifest, bytes));
        entry.pending = None;
        let before = std::mem::replace(&mut entry.content, content);
        if kind == Kind::Documents {
            let before = if let Content::Documents(edition) = before { Some(edition) } else { None };
            self.news.push((list.clone(), before));
        }
        Ok(())
    }

    fn open_content(&self, list: &ListName, manifest: &Manifest) -> Result<Content, IntakeError> {
        let failed = |source| IntakeError::List { list: list.clone(), source };
        let mut segments = Vec::new();
        for segment in &manifest.segments {
            match self.open_segment(list, segment)? {
                Some(open) => segments.push(open),
                None => return Ok(Content::Nothing("why.no_key")),
            }
        }
        let edition = Arc::new(Edition::open(segments).map_err(failed)?);
        Ok(match manifest.kind {
            Kind::Documents => Content::Documents(edition),
            Kind::Persons => {
                let mut alerts = Vec::new();
                for record in edition.records().map_err(failed)? {
                    let value = record.map_err(failed)?.value.unwrap_or_default();
                    match decode(&value) {
                        Ok(alert) => alerts.push(alert),
                        Err(error) => tracing::error!(%list, %error, "a person's alert cannot be read"),
                    }
                }
                let index = PersonIndex::build(alerts.into_iter());
                Content::Persons(edition, Arc::new(index))
            }
        })
    }

    /// `None` when its key is not granted. A segment that does not open is removed, to be fetched again.
    fn open_segment(
        &self,
        list: &ListName,
        segment: &SegmentRef,
    ) -> Result<Option<SegmentFile>, IntakeError> {
        let Some(key) = self.entries[list].keys.get(&segment.key) else { return Ok(None) };
        let path = self.store.path(&segment.digest);
        SegmentFile::open(&path, segment.digest, key).map(Some).map_err(|source| {
            tracing::error!(%list, path = %path.display(), error = %source, "segment does not open; removed");
            let _ = crate::files::remove(&path); // if it cannot be removed, opening fails again and says so again
            IntakeError::List { list: list.clone(), source }
        })
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
        let (path, info) = lists::merge(&parts, merge.base, key, self.store.folder()).map_err(failed)?;
        if info.digest != merge.result.digest {
            crate::files::remove(&path)?;
            return Err(wrong());
        }
        Ok(())
    }

    fn entry(&mut self, list: &ListName) -> &mut Entry {
        self.entries.entry(list.clone()).or_insert_with(Entry::new)
    }
}
