//! Reconciling: brings every list as far as the segments that are stored allow.
//!
//! ```text
//! pending manifest, all segments stored -> [merge] -> open, index -> active -> snapshot swapped
//! ```
//!
//! Failure: what fails is logged and tried again with the next update or segment, and soon where the disk was the reason; the
//! edition before stays in use.

use super::entry::{ListEntry, VerifiedManifest, named};
use super::plan::Merge;
use super::{Intake, IntakeError};
use crate::identifiers::Builder;
use crate::snapshot::{Content, Persons, Unavailable};
use crate::store::editions;
use crate::store::segments::{SegmentStoreError, chunks_of};
use std::sync::Arc;
use vedette_lists::{Edition, ListError, SegmentFile};
use vedette_names::person::decode;
use vedette_names::{PersonAlert, PersonIndex};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{Manifest, SegmentRef};

impl Intake {
    pub(super) fn reconcile(&mut self) {
        for list in self.entries.keys().cloned().collect::<Vec<_>>() {
            if let Err(error) = self.reconcile_list(&list) {
                if error.is_passing() {
                    self.unapplied.reconcile(self.clock.since_boot());
                }
                tracing::error!(%list, reason = %error.reason(), %error, "the list cannot be brought up to date");
            }
        }
        self.swap();
        self.sweep();
    }

    /// Deletes the segments of no edition, and of lists without keys. What cannot be deleted is tried again at the next tick.
    pub(super) fn sweep(&mut self) {
        self.unswept = false;
        match self.store.keep_only(&named(&self.entries)) {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "deleted segments that are not used any more"),
            Err(error) => {
                tracing::warn!(%error, "segments that are not used any more cannot be deleted");
                self.unswept = true;
            }
        }
    }

    fn reconcile_list(&mut self, list: &ListName) -> Result<(), IntakeError> {
        // Twice at most: a failed local merge, or an active edition opened on the way to the pending one, is planned again.
        for _ in 0..3 {
            if let Err(error) = self.open_active(list) {
                // Not the end: what is corrupt is fetched again, or the edition after it may do without.
                tracing::error!(%list, reason = %error.reason(), %error, "the edition in use cannot be opened");
                self.verify(list);
            }
            let Some(entry) = self.entries.get(list).filter(|entry| !entry.keys.is_empty()) else {
                return Ok(());
            };
            let Some((target, plan)) = self.plan(entry) else { return Ok(()) };
            let target = target.clone();
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
                self.corrupt.remove(&merge.result.digest);
            }
            return self.activate(list, target);
        }
        Ok(())
    }

    /// Opens the editions in use as they are, and changes nothing else.
    pub(super) fn open_all(&mut self) {
        for list in self.entries.keys().cloned().collect::<Vec<_>>() {
            if let Err(error) = self.open_active(&list) {
                tracing::error!(%list, reason = %error.reason(), %error, "the edition in use cannot be opened");
            }
        }
        self.swap();
    }

    /// After a start, or when keys came back: opens the edition in use.
    fn open_active(&mut self, list: &ListName) -> Result<(), IntakeError> {
        let entry = &self.entries[list];
        let (Some(active), Content::Nothing(_)) = (&entry.active, &entry.content) else {
            return Ok(());
        };
        let whole = active.manifest.segments.iter().all(|segment| self.has(&segment.digest));
        if entry.keys.is_empty() || !whole {
            return Ok(());
        }
        let manifest = active.manifest.clone();
        let content = self.open_content(list, &manifest)?;
        self.entry(list).content = content;
        Ok(())
    }

    /// Stores a segment of which every chunk was pushed.
    fn take_pushed(&mut self, segment: &SegmentRef) -> Result<bool, IntakeError> {
        let chunks = self.pushed.take(&segment.digest);
        if (chunks.len() as u64) < chunks_of(segment.bytes) {
            return Ok(false);
        }
        for (index, bytes) in chunks {
            match self.store.add_chunk(segment, index, &bytes) {
                Ok(_) => {}
                // Then it is requested.
                Err(SegmentStoreError::Chunk { .. } | SegmentStoreError::Digest { .. }) => return Ok(false),
                Err(other) => return Err(other.into()),
            }
        }
        self.corrupt.remove(&segment.digest);
        Ok(self.has(&segment.digest))
    }

    fn activate(&mut self, list: &ListName, new: VerifiedManifest) -> Result<(), IntakeError> {
        let content = self.open_content(list, &new.manifest)?;
        let confirmed = self.heartbeat.as_ref().filter(|heartbeat| new.is_confirmed_by(heartbeat));
        let issued = new.manifest.issued;
        let confirmed_at = confirmed.map_or(issued, |heartbeat| issued.max(heartbeat.issued));
        // An issuer's clock that is ahead must not lengthen the lease; nor does opening the same edition again shorten it.
        let mut confirmed_at = confirmed_at.min(self.clock.now());
        let entry = &self.entries[list];
        if entry.active.as_ref().is_some_and(|active| active.envelope == new.envelope) {
            confirmed_at = confirmed_at.max(entry.confirmed_at);
        }
        editions::set_active(&self.db, list, &new.envelope, confirmed_at)?;
        let manifest = &new.manifest;
        tracing::info!(%list, edition = manifest.edition, entries = manifest.entries(), "edition in use");
        let (edition, kind) = (manifest.edition, manifest.kind);
        let entry = self.entry(list);
        entry.newest_known = entry.newest_known.max(edition);
        entry.confirmed_at = confirmed_at;
        entry.active = Some(new);
        (entry.pending, entry.reopen) = (None, false);
        let before = std::mem::replace(&mut entry.content, content);
        if kind == Kind::Documents {
            let before = if let Content::Documents(edition) = before { Some(edition) } else { None };
            self.changes.push((list.clone(), before));
        }
        Ok(())
    }

    fn open_content(&mut self, list: &ListName, manifest: &Manifest) -> Result<Content, IntakeError> {
        let failed = failed(list);
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
        let edition = Edition::open(segments).map_err(&failed)?;
        Ok(match manifest.kind {
            Kind::Documents => Content::Documents(Arc::new(edition)),
            Kind::Persons => Content::Persons(Arc::new(persons(list, edition)?)),
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
        SegmentFile::open(&path, segment.digest, key).map(Some).map_err(failed(list))
    }

    fn merge(&self, list: &ListName, entry: &ListEntry, merge: &Merge) -> Result<(), IntakeError> {
        let wrong = || IntakeError::Merge { list: list.clone() };
        let mut parts = Vec::new();
        for part in &merge.parts {
            parts.push(self.open_segment(list, part)?.ok_or_else(wrong)?);
        }
        let key = entry.keys.get(&merge.result.key).ok_or_else(wrong)?;
        let parts: Vec<&SegmentFile> = parts.iter().collect();
        let merged = vedette_lists::merge(&parts, merge.base, key, self.store.folder());
        let (path, info) = merged.map_err(failed(list))?;
        if info.digest != merge.result.digest {
            vedette_common::files::remove(&path)?;
            return Err(wrong());
        }
        Ok(())
    }
}

/// Alerts that are indexed before the pages they were read from are given back: some 4 MB.
const ALERTS_OF_PAGES: usize = 50_000;

/// Indexes the alerts in one pass, each dropped before the next is read: a list of millions is never in memory as alerts,
/// and little of its file.
fn persons(list: &ListName, edition: Edition) -> Result<Persons, IntakeError> {
    let mut identifiers = Builder::default();
    let records = edition.records().map_err(failed(list))?;
    let alerts = records.enumerate().map(|(read, record)| -> Result<PersonAlert, IntakeError> {
        if read.is_multiple_of(ALERTS_OF_PAGES) {
            edition.release_pages();
        }
        // An alert left out would be a hit missed: rather the edition before, which visibly grows stale.
        let value = record.map_err(failed(list))?.value.unwrap_or_default();
        let unreadable = |source| IntakeError::Person { list: list.clone(), source };
        let alert = decode(&value).map_err(unreadable)?;
        identifiers.add(&alert);
        Ok(alert)
    });
    let index = PersonIndex::try_build(alerts)?;
    edition.release_pages();
    Ok(Persons { edition, index, identifiers: identifiers.build() })
}

fn failed(list: &ListName) -> impl Fn(ListError) -> IntakeError {
    let list = list.clone();
    move |source| IntakeError::List { list: list.clone(), source }
}
