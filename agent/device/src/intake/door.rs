//! The intake's thread and the door to it: everything that arrives goes through one [`Mailbox`], in order.
//!
//! A thread of its own and of low priority, because merging, opening and indexing a list take seconds of processor and
//! disk. Handing something over never waits. Failure of a job is logged; the next one is processed. If the thread ends,
//! what waits is dropped, and nobody waits for it in vain.

use super::bundle::{BundleError, Report};
use super::filters::NICE;
use super::mailbox::{Job, Mailbox};
use super::{Intake, IntakeError, Needs, Update};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};
use vedette_lists::Edition;
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::wire::{self, Chunk};

/// The way to the intake's thread, which ends when the last of these is gone.
#[derive(Clone)]
pub struct IntakeDoor(Arc<Outside>);

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
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change to it is one whole step, or none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The doors' side; dropped with the last of them.
struct Outside(Arc<Shared>);

impl Drop for Outside {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

/// The thread's side.
struct Inside(Arc<Shared>);

impl Inside {
    /// Waits for a job; none once every door is gone and nothing waits.
    fn next(&self) -> Option<Job> {
        let mut state = self.0.lock();
        loop {
            match state.mailbox.next() {
                Some(job) => return Some(job),
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
        let (door, thread) = start(move |job| {
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

    /// Imports a bundle; `None` when the agent is stopping.
    pub async fn import(&self, bundle: PathBuf) -> Option<Result<Report, BundleError>> {
        let (reply, answer) = oneshot::channel();
        match self.put(Job::Import(bundle, reply)) {
            Ok(()) => answer.await.ok(),
            Err(_) if self.0.0.lock().closed => None,
            Err(_) => Some(Err(BundleError::Busy)),
        }
    }

    fn put(&self, job: Job) -> Result<(), Job> {
        let mut state = self.0.0.lock();
        if state.closed {
            return Err(job);
        }
        state.mailbox.put(job)?;
        drop(state);
        self.0.0.changed.notify_one();
        Ok(())
    }
}

/// Starts a thread of low priority that does the jobs one after the other.
fn start(mut work: impl FnMut(Job) + Send + 'static) -> (IntakeDoor, std::thread::JoinHandle<()>) {
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
    (IntakeDoor(Arc::new(Outside(shared))), thread.expect("the system can start a thread"))
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
        Job::Import(path, reply) => {
            let _span = tracing::info_span!("import", bundle = %path.display()).entered();
            // Whoever asked may have gone; the import counts all the same.
            let _ = reply.send(intake.import(&path));
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

    /// A thread that reports each job and then waits until it may go on.
    fn gated() -> (IntakeDoor, std::thread::JoinHandle<()>, mpsc::Receiver<Job>, mpsc::SyncSender<()>) {
        let (seen, jobs) = mpsc::sync_channel(10_000);
        let (go_on, gate) = mpsc::sync_channel(10_000);
        let (door, thread) = start(move |job| {
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
        let (door, thread) = start(move |_| {
            seen.send(()).unwrap();
            panic!("a defect");
        });
        door.tick();
        jobs.recv().unwrap();
        assert!(door.import("usb".into()).await.is_none());
        assert!(thread.join().is_err());
        assert!(door.import("usb".into()).await.is_none());
        door.chunk(chunk(1));
        door.update(Update::Heartbeat(vec![]));
    }

    #[tokio::test]
    async fn one_import_too_many_is_refused_at_once() {
        let (door, thread, jobs, go_on) = gated();
        door.tick();
        jobs.recv().unwrap();
        let others: Vec<_> = (0..super::super::mailbox::IMPORTS_MAX)
            .map(|_| door.put(Job::Import("usb".into(), oneshot::channel().0)))
            .collect();
        assert!(others.iter().all(Result::is_ok));
        assert!(matches!(door.import("usb".into()).await, Some(Err(BundleError::Busy))));
        (0..10).for_each(|_| go_on.send(()).unwrap());
        drop(door);
        thread.join().unwrap();
    }
}
