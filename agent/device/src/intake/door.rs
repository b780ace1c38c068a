//! The intake's thread and the door to it: everything that arrives goes through one [`Mailbox`], in order.
//!
//! A thread of its own and of low priority, because merging, opening and indexing a list take seconds of processor and
//! disk. Handing something over never waits. Failure of a job is logged; the next one is processed. If the thread ends,
//! what waits is dropped, and nobody waits for it in vain.

use super::bundle::{self, Bundle, BundleError, Report};
use super::filters::NICE;
use super::mailbox::{ImportStep, Job, Mailbox};
use super::{Intake, IntakeError, Needs, Update};
use crate::store::segments::SegmentStore;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use vedette_lists::Edition;
use vedette_shim::ids::{DeviceId, Hex, ListName};
use vedette_shim::wire::{self, Chunk};

/// The way to the intake's thread, which ends when the last of these is gone.
#[derive(Clone)]
pub struct IntakeDoor(Arc<Outside>);

/// The doors' side; what it does not do itself ends with the last of them.
struct Outside {
    shared: Arc<Shared>,
    device: DeviceId,
    store: SegmentStore,
}

/// The mailbox, and who is still there.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    mailbox: Mailbox,
    /// Either side is gone.
    closed: bool,
    /// A stick is being read.
    importing: bool,
    /// When the present job began.
    busy_since: Option<Instant>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change to it is one whole step, or none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.closed {
            return Err(job);
        }
        state.mailbox.put(job)?;
        drop(state);
        self.changed.notify_one();
        Ok(())
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

/// The thread's side.
struct Inside(Arc<Shared>);

impl Inside {
    /// Waits for a job; none once every door is gone and nothing waits.
    fn next(&self) -> Option<Job> {
        let mut state = self.0.lock();
        state.busy_since = None;
        loop {
            match state.mailbox.next() {
                Some(job) => {
                    state.busy_since = Some(Instant::now());
                    return Some(job);
                }
                None if state.closed => return None,
                None => state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.busy_since = None;
        state.mailbox.clear();
    }
}

impl IntakeDoor {
    /// Starts the thread; also gives the watch of what the link is to bring, and the thread, which ends when every door is gone.
    ///
    /// `look_back` is called with every list of documents whose new edition has just come into use, and the edition before.
    pub fn open(
        mut intake: Intake,
        look_back: impl Fn(&ListName, Option<&Edition>) + Send + 'static,
    ) -> (IntakeDoor, watch::Receiver<Needs>, std::thread::JoinHandle<()>) {
        let (needs, watched) = watch::channel(Needs::default());
        report_needs(&mut intake, &needs);
        let (device, store) = intake.outside();
        let (door, thread) = start(device, store, move |job| {
            process(&mut intake, job);
            for (list, before) in intake.take_changes() {
                look_back(&list, before.as_deref());
            }
            report_needs(&mut intake, &needs);
        });
        (door, watched, thread)
    }

    /// Lets the intake check what changes with time.
    pub fn tick(&self) {
        let _ = self.put(Job::Tick); // one waits already
    }

    /// Hands over signed bytes.
    pub fn update(&self, update: Update) {
        if let Err(Job::Update(update)) = self.put(Job::Update(update)) {
            tracing::warn!(%update, "the intake is busy: an update is left for the next session");
        }
    }

    /// Hands over a chunk message.
    pub fn chunk(&self, message: Bytes) {
        if self.put(Job::Chunk(message)).is_err() {
            tracing::debug!("the intake is busy: a chunk will be requested again");
        }
    }

    /// Imports a bundle; `None` when the agent is stopping. A thread of its own reads the stick, however long that takes.
    pub async fn import(&self, folder: PathBuf) -> Option<Result<Report, BundleError>> {
        let reading = self.0.shared.clone();
        if std::mem::replace(&mut reading.lock().importing, true) {
            return Some(Err(BundleError::Busy));
        }
        let (reply, answer) = oneshot::channel();
        let (device, store) = (self.0.device.clone(), self.0.store.clone());
        let import = move || {
            let done = import(&reading, &folder, &device, &store);
            reading.lock().importing = false;
            // Whoever asked may have gone; the import counts all the same.
            let _ = reply.send(done);
        };
        if let Err(error) = std::thread::Builder::new().name("import".into()).spawn(import) {
            tracing::error!(%error, "no thread for an import");
            self.0.shared.lock().importing = false;
            return Some(Err(BundleError::Busy));
        }
        answer.await.ok().flatten()
    }

    /// For how long the intake has been at its present job; none while it waits for one.
    pub fn busy_for(&self) -> Option<Duration> {
        self.0.shared.lock().busy_since.map(|since| since.elapsed())
    }

    fn put(&self, job: Job) -> Result<(), Job> {
        self.0.shared.put(job)
    }
}

/// Reads a stick, has it applied, and copies what is missing then; none when the agent is stopping.
fn import(
    intake: &Shared,
    folder: &Path,
    device: &DeviceId,
    store: &SegmentStore,
) -> Option<Result<Report, BundleError>> {
    let bundle = match Bundle::read(folder, device) {
        Ok(bundle) => bundle,
        Err(error) => return Some(Err(error)),
    };
    let (reply, answer) = oneshot::channel();
    intake.put(Job::Import(ImportStep::Signed(bundle, reply))).ok()?;
    let (mut report, missing) = answer.blocking_recv().ok()?;
    let copied = bundle::copy_segments(folder, &missing, store, &mut report);
    let (reply, answer) = oneshot::channel();
    intake.put(Job::Import(ImportStep::Copied(copied, report, reply))).ok()?;
    answer.blocking_recv().ok().map(Ok)
}

/// Starts a thread of low priority that does the jobs one after the other.
fn start(
    device: DeviceId,
    store: SegmentStore,
    mut work: impl FnMut(Job) + Send + 'static,
) -> (IntakeDoor, std::thread::JoinHandle<()>) {
    let shared = Arc::new(Shared::default());
    let inside = Inside(shared.clone());
    let run = move || {
        if let Err(error) = rustix::process::nice(NICE) {
            tracing::warn!(%error, "the intake keeps the priority of checks");
        }
        while let Some(job) = inside.next() {
            work(job);
        }
    };
    let thread = std::thread::Builder::new().name("intake".into()).spawn(run);
    (IntakeDoor(Arc::new(Outside { shared, device, store })), thread.expect("the system can start a thread"))
}

fn process(intake: &mut Intake, job: Job) {
    match job {
        Job::Update(update) => {
            let _span = tracing::info_span!("update", what = %update).entered();
            match intake.apply(update) {
                Ok(outcome) => tracing::debug!(?outcome, "processed"),
                Err(error) => failed(&error),
            }
        }
        Job::Chunk(message) => match wire::decode::<Chunk>(&message) {
            Ok(chunk) => {
                let segment = Hex(&chunk.segment[..4]);
                let _span = tracing::info_span!("chunk", %segment, index = chunk.index).entered();
                match intake.chunk(&chunk) {
                    Ok(whole) => tracing::debug!(whole, "processed"),
                    Err(error) => failed(&error),
                }
            }
            Err(error) => tracing::warn!(reason = "malformed", %error, "a chunk cannot be read"),
        },
        // Whoever reads the stick waits for the reply, unless the agent is stopping.
        Job::Import(ImportStep::Signed(bundle, reply)) => {
            let _span = tracing::info_span!("import").entered();
            let _ = reply.send(intake.apply_bundle(bundle));
        }
        Job::Import(ImportStep::Copied(segments, report, reply)) => {
            let _span = tracing::info_span!("import").entered();
            let _ = reply.send(intake.finish_bundle(&segments, report));
        }
        Job::Tick => {
            let _span = tracing::info_span!("tick").entered();
            if let Err(error) = intake.tick() {
                failed(&error);
            }
        }
    }
}

fn failed(error: &IntakeError) {
    tracing::warn!(reason = %error.reason(), %error, "not applied");
}

fn report_needs(intake: &mut Intake, needs: &watch::Sender<Needs>) {
    match intake.needs() {
        Ok(now) => {
            needs.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
        }
        Err(error) => {
            tracing::error!(reason = %error.reason(), %error, "what is missing cannot be determined");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mailbox::CHUNKS_MAX;
    use super::*;
    use std::sync::mpsc;

    fn chunk(n: u16) -> Bytes {
        n.to_be_bytes().to_vec().into()
    }

    fn started(work: impl FnMut(Job) + Send + 'static) -> (IntakeDoor, std::thread::JoinHandle<()>) {
        let folder = tempfile::tempdir().unwrap();
        start("post-7".parse().unwrap(), SegmentStore::open(folder.path()).unwrap(), work)
    }

    /// A folder with a heartbeat that nobody signed.
    fn stick() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("heartbeat"), "forged").unwrap();
        folder
    }

    /// A thread that reports each job and then waits until it may go on.
    fn gated() -> (IntakeDoor, std::thread::JoinHandle<()>, mpsc::Receiver<Job>, mpsc::SyncSender<()>) {
        let (seen, jobs) = mpsc::sync_channel(10_000);
        let (go_on, gate) = mpsc::sync_channel(10_000);
        let (door, thread) = started(move |job| {
            seen.send(job).unwrap();
            gate.recv().unwrap();
        });
        (door, thread, jobs, go_on)
    }

    #[test]
    fn nothing_waits_for_a_busy_intake_and_the_newest_comes_through() {
        let (door, thread, jobs, go_on) = gated();
        door.tick();
        assert!(matches!(jobs.recv().unwrap(), Job::Tick), "it is busy now");
        // All of these return, though nothing is processed.
        for n in 0..2_000 {
            door.update(Update::Heartbeat(vec![n as u8]));
            door.chunk(chunk(n));
            door.tick();
        }
        (0..10_000).for_each(|_| go_on.send(()).unwrap());
        drop(door);
        thread.join().unwrap();
        let all: Vec<Job> = jobs.iter().collect();
        let chunks: Vec<_> = all
            .iter()
            .filter_map(|job| if let Job::Chunk(bytes) = job { Some(bytes.clone()) } else { None })
            .collect();
        assert_eq!(chunks, (0..CHUNKS_MAX as u16).map(chunk).collect::<Vec<_>>());
        let newest = Update::Heartbeat(vec![(1_999 % 256) as u8]);
        let updates: Vec<_> = all.iter().filter(|job| matches!(job, Job::Update(_))).collect();
        assert!(matches!(updates[..], [Job::Update(update)] if *update == newest));
        assert_eq!(all.len(), CHUNKS_MAX + 2, "and one tick");
    }

    #[tokio::test]
    async fn what_waited_when_the_doors_closed_is_still_done() {
        let (door, thread, jobs, go_on) = gated();
        door.chunk(chunk(1));
        door.clone().chunk(chunk(2));
        drop(door);
        (0..2).for_each(|_| go_on.send(()).unwrap());
        thread.join().unwrap();
        assert_eq!(jobs.iter().count(), 2);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_thread_that_ended() {
        let (seen, jobs) = mpsc::sync_channel(1);
        let (door, thread) = started(move |_| {
            seen.send(()).unwrap();
            panic!("a defect");
        });
        door.tick();
        jobs.recv().unwrap();
        assert!(thread.join().is_err());
        assert!(door.import(stick().path().into()).await.is_none());
        assert_eq!(door.busy_for(), None);
        door.chunk(chunk(1));
        door.update(Update::Heartbeat(vec![]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn imports_go_one_at_a_time_and_one_that_is_waited_for_holds_up_nothing_else() {
        let (door, thread, jobs, go_on) = gated();
        let (one, other) = (stick(), stick());
        let first = tokio::spawn({
            let (door, folder) = (door.clone(), one.path().to_path_buf());
            async move { door.import(folder).await }
        });
        let next = || tokio::task::block_in_place(|| jobs.recv().unwrap());
        let signed = next();
        assert!(matches!(&signed, Job::Import(ImportStep::Signed(..))));
        assert!(door.busy_for().is_some());
        assert!(matches!(door.import(other.path().into()).await, Some(Err(BundleError::Busy))));
        door.update(Update::Order(vec![1]));
        (0..10).for_each(|_| go_on.send(()).unwrap());
        assert!(matches!(next(), Job::Update(Update::Order(_))), "while the stick is read");
        let Job::Import(ImportStep::Signed(_, reply)) = signed else { unreachable!() };
        reply.send((Report::default(), Vec::new())).unwrap();
        let Job::Import(ImportStep::Copied(_, report, reply)) = next() else { panic!("it is not finished") };
        reply.send(report).unwrap();
        assert_eq!(first.await.unwrap().unwrap().unwrap(), Report::default());
        assert!(
            matches!(door.import("nothing".into()).await, Some(Err(BundleError::Empty { .. }))),
            "the next"
        );
        drop(door);
        thread.join().unwrap();
    }
}
