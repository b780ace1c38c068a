//! Filters in memory over the segments of documents in use, where the configuration gives room for them.
//!
//! A segment is asked without its filter until that is built: by a thread of its own and of low priority, for the filter
//! of a large list takes minutes. A segment's filter outlives the editions that name it and is built once.
//!
//! Invariants: all filters together take no more than `bytes_max` (and building one up to 256 MB more); a segment that has
//! no room goes without, as a new base does while the old one is still in use. No key is held for a segment that nobody has
//! open any more, for its list's lease may have ended (`sweep`).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use vedette_lists::{Filter, ListError, ListKey, SegmentFile, SegmentInfo};
use vedette_shim::ids::Digest;

/// Filters that wait to be built, at most; a segment that finds no place asks again with the next edition.
const JOBS_MAX: usize = 64;
/// Niceness (`nice(2)`) of the threads that apply updates, behind those that answer officers.
pub(super) const NICE: i32 = 10;

/// A filter, or the place for it.
type Slot = OnceLock<Filter>;

struct Job {
    path: PathBuf,
    digest: Digest,
    slot: Weak<Slot>,
}

/// The keys of the segments whose filters wait to be built.
type Keys = Arc<Mutex<HashMap<Digest, ListKey>>>;

/// The filters of the segments that are open.
pub(super) struct Filters {
    bytes_max: u64,
    slots: HashMap<Digest, (Weak<Slot>, u64)>,
    keys: Keys,
    builder: Option<SyncSender<Job>>,
}

impl Filters {
    /// Filters that take at most `bytes_max` together; 0 for none.
    pub(super) fn new(bytes_max: u64) -> Self {
        Filters { bytes_max, slots: HashMap::new(), keys: Keys::default(), builder: None }
    }

    /// Gives a segment just opened its filter, to be built if need be and if there is room.
    pub(super) fn attach(&mut self, segment: &mut SegmentFile, key: &ListKey) {
        let info = segment.info();
        self.sweep();
        if let Some(slot) = self.slots.get(&info.digest).and_then(|(slot, _)| slot.upgrade()) {
            return segment.set_filter(slot);
        }
        if !self.has_room(&info) {
            return;
        }
        let slot = Arc::new(Slot::new());
        let job = Job { path: segment.path().to_owned(), digest: info.digest, slot: Arc::downgrade(&slot) };
        lock(&self.keys).insert(info.digest, key.clone());
        let builder = self.builder.get_or_insert_with(|| start_builder(self.keys.clone()));
        if builder.try_send(job).is_ok() {
            self.slots.insert(info.digest, (Arc::downgrade(&slot), Filter::bytes_for(&info)));
            segment.set_filter(slot);
        }
    }

    /// Forgets what belongs to segments that nobody has open any more, their keys first of all. Call it every second.
    pub(super) fn sweep(&mut self) {
        self.slots.retain(|_, (slot, _)| slot.strong_count() > 0);
        lock(&self.keys).retain(|digest, _| self.slots.contains_key(digest));
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

fn lock(keys: &Keys) -> MutexGuard<'_, HashMap<Digest, ListKey>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start_builder(keys: Keys) -> SyncSender<Job> {
    let (jobs, queue) = mpsc::sync_channel(JOBS_MAX);
    let thread = std::thread::Builder::new().name("filters".into()).spawn(move || build_all(&queue, &keys));
    thread.expect("the system can start a thread");
    jobs
}

fn build_all(queue: &Receiver<Job>, keys: &Keys) {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(%error, "filters are built with the priority of checks");
    }
    while let Ok(job) = queue.recv() {
        let Some(key) = lock(keys).remove(&job.digest) else { continue };
        if let Err(error) = build(&job, key) {
            tracing::warn!(path = %job.path.display(), %error, "no filter for this segment");
        }
    }
}

fn build(job: &Job, key: ListKey) -> Result<(), ListError> {
    let wanted = || job.slot.strong_count() > 0;
    let segment = SegmentFile::open(&job.path, job.digest, &key)?;
    drop(key);
    let filter = Filter::build(&segment, wanted)?;
    if let (Some(filter), Some(slot)) = (filter, job.slot.upgrade()) {
        tracing::info!(path = %job.path.display(), bytes = filter.bytes(), "filter built");
        let _ = slot.set(filter); // nobody else sets it
    }
    Ok(())
}
