//! Filters in memory over the segments of documents in use, where the configuration gives room for them.
//!
//! A segment is asked without its filter until that is built: by a thread of its own and of low priority, for the filter
//! of a large list takes minutes. A segment's filter outlives the editions that name it and is built once.
//!
//! Invariants: all filters together take no more than `bytes_max`; a segment that has no room goes without. The builder
//! holds a list's key no longer than somebody still has the segment open (its lease may end meanwhile).

use super::door::NICE;
use crate::lists::{Filter, ListError, ListKey, SegmentFile, SegmentInfo};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, OnceLock, Weak};
use vedette_shim::ids::Digest;

/// Filters that wait to be built, at most; a segment that finds no place asks again with the next edition.
const JOBS_MAX: usize = 64;

/// A filter, or the place for it.
type Slot = OnceLock<Filter>;

struct Job {
    path: PathBuf,
    digest: Digest,
    key: ListKey,
    slot: Weak<Slot>,
}

/// The filters of the segments that are open.
pub(super) struct Filters {
    bytes_max: u64,
    slots: HashMap<Digest, (Weak<Slot>, u64)>,
    builder: Option<SyncSender<Job>>,
}

impl Filters {
    /// Filters that take at most `bytes_max` together; 0 for none.
    pub(super) fn new(bytes_max: u64) -> Self {
        Filters { bytes_max, slots: HashMap::new(), builder: None }
    }

    /// Gives a segment just opened its filter, to be built if need be and if there is room.
    pub(super) fn attach(&mut self, segment: &mut SegmentFile, key: &ListKey) {
        let info = segment.info();
        self.slots.retain(|_, (slot, _)| slot.strong_count() > 0);
        if let Some(slot) = self.slots.get(&info.digest).and_then(|(slot, _)| slot.upgrade()) {
            return segment.set_filter(slot);
        }
        if !self.has_room(&info) {
            return;
        }
        let slot = Arc::new(Slot::new());
        let (path, key) = (segment.path().to_owned(), key.clone());
        let job = Job { path, digest: info.digest, key, slot: Arc::downgrade(&slot) };
        if self.builder.get_or_insert_with(start_builder).try_send(job).is_ok() {
            self.slots.insert(info.digest, (Arc::downgrade(&slot), Filter::bytes_for(&info)));
            segment.set_filter(slot);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn has_room(&self, info: &SegmentInfo) -> bool {
        let taken: u64 = self.slots.values().map(|(_, bytes)| bytes).sum();
        info.entries > 0 && taken.saturating_add(Filter::bytes_for(info)) <= self.bytes_max
    }
}

fn start_builder() -> SyncSender<Job> {
    let (jobs, queue) = mpsc::sync_channel(JOBS_MAX);
    let thread = std::thread::Builder::new().name("filters".into()).spawn(move || build_all(&queue));
    thread.expect("the system can start a thread");
    jobs
}

fn build_all(queue: &Receiver<Job>) {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(%error, "filters are built with the priority of checks");
    }
    while let Ok(job) = queue.recv() {
        let path = job.path.clone();
        if let Err(error) = build(job) {
            tracing::warn!(path = %path.display(), %error, "no filter for this segment");
        }
    }
}

fn build(job: Job) -> Result<(), ListError> {
    let wanted = || job.slot.strong_count() > 0;
    if !wanted() {
        return Ok(());
    }
    let segment = SegmentFile::open(&job.path, job.digest, &job.key)?;
    let filter = Filter::build(&segment, wanted)?;
    if let (Some(filter), Some(slot)) = (filter, job.slot.upgrade()) {
        tracing::info!(path = %job.path.display(), bytes = filter.bytes(), "filter built");
        let _ = slot.set(filter); // nobody else sets it
    }
    Ok(())
}
