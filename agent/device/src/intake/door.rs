//! The intake's thread and the door to it: everything that arrives goes through one bounded queue, in order.
//!
//! A thread of its own and of low priority, because merging, opening and indexing a list take seconds of processor and
//! disk, and neither the link nor the desk may wait for that. Failure of a job is said in the log; the next one is taken.

use super::bundle::{BundleError, Report};
use super::{Intake, Missing, NICE, Offer};
use bytes::Bytes;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot, watch};
use vedette_lists::Edition;
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::wire::{self, Chunk};

/// Jobs waiting for the intake thread, at most: all the retained metadata there can be, and a window of chunks.
const JOBS_MAX: usize = 256;

enum Job {
    Offer(Offer),
    Chunk(Bytes),
    Import(PathBuf, oneshot::Sender<Result<Report, BundleError>>),
    Tick,
}

/// The way to the intake thread.
#[derive(Clone)]
pub struct IntakeDoor(mpsc::Sender<Job>);

impl IntakeDoor {
    /// Starts the thread; also gives the watch of what is missing, and the thread, which ends when every door is gone.
    ///
    /// `look_back` is told of every list of documents whose new edition has just come into use, and gets the edition before.
    pub fn open(
        mut intake: Intake,
        look_back: impl Fn(&ListName, Option<&Edition>) + Send + 'static,
    ) -> (IntakeDoor, watch::Receiver<Option<Missing>>, std::thread::JoinHandle<()>) {
        let (door, mut jobs) = mpsc::channel(JOBS_MAX);
        let (missing, watched) = watch::channel(None);
        let work = move || {
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::warn!(%error, "the intake keeps the priority of checks");
            }
            tell_missing(&mut intake, &missing);
            while let Some(job) = jobs.blocking_recv() {
                do_job(&mut intake, job);
                for (list, before) in intake.news() {
                    look_back(&list, before.as_deref());
                }
                tell_missing(&mut intake, &missing);
            }
        };
        let thread = std::thread::Builder::new().name("intake".into()).spawn(work);
        (IntakeDoor(door), watched, thread.expect("the system can start a thread"))
    }

    /// Lets the intake look after what changes with time. Not kept if the queue is full: another comes.
    pub fn tick(&self) {
        let _ = self.0.try_send(Job::Tick);
    }

    /// Hands over signed bytes.
    pub async fn offer(&self, offer: Offer) {
        self.send(Job::Offer(offer)).await;
    }

    /// Hands over a chunk message.
    pub async fn chunk(&self, message: Bytes) {
        self.send(Job::Chunk(message)).await;
    }

    /// Imports a bundle; `None` when the agent is stopping.
    pub async fn import(&self, bundle: PathBuf) -> Option<Result<Report, BundleError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Import(bundle, reply)).await;
        answer.await.ok()
    }

    async fn send(&self, job: Job) {
        if self.0.send(job).await.is_err() {
            tracing::debug!("the intake has stopped");
        }
    }
}

fn do_job(intake: &mut Intake, job: Job) {
    let done = match job {
        Job::Offer(offer) => intake.offer(offer).map(|_| ()),
        Job::Chunk(message) => match wire::decode::<Chunk>(&message) {
            Ok(chunk) => {
                tracing::debug!(segment = %Hex(&chunk.segment[..4]), index = chunk.index, "chunk");
                intake.chunk(&chunk).map(|_| ())
            }
            Err(error) => return tracing::warn!(%error, "a chunk cannot be read"),
        },
        Job::Import(path, reply) => {
            // Who asked may have gone; the import counts all the same.
            let _ = reply.send(intake.import(&path));
            return;
        }
        Job::Tick => intake.tick(),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "not taken");
    }
}

fn tell_missing(intake: &mut Intake, missing: &watch::Sender<Option<Missing>>) {
    match intake.missing() {
        Ok(now) => {
            missing.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
        }
        Err(error) => tracing::error!(%error, "cannot tell what is missing"),
    }
}
