//! Between the link and the intake: what arrived and the intake has not taken yet.
//!
//! A merge may keep the intake busy for many minutes, and encounters, receipts and pings must not stand behind it. So
//! handing over never waits; a task of its own does the waiting, in the order of arrival.
//!
//! Bounds: of signed bytes the newest under each topic, [`OFFERS_MAX`] of them; [`CHUNKS_MAX`] chunks. What is over is
//! dropped: a chunk is asked for again, and signed bytes are retained at the broker for the next session.

use crate::intake::Offer;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Signed bytes that wait, at most: every root of many years, a manifest and a grant of every list, and the rest.
const OFFERS_MAX: usize = 512;
/// Chunks that wait, at most: 4 MiB, as many as a device may ask for at once.
const CHUNKS_MAX: usize = 64;

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Signed bytes.
    Offer(Offer),
    /// A chunk's message.
    Chunk(Bytes),
}

/// The way in. Dropped, what waits is forgotten.
pub struct Forward {
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Arrival>>,
    rung: Notify,
}

impl Forward {
    /// Starts the task that gives what arrives to `take`, one after the other.
    pub fn to<F: Future<Output = ()> + Send>(take: impl Fn(Arrival) -> F + Send + 'static) -> Forward {
        let queue = Arc::new(Queue::default());
        let to_take = queue.clone();
        let task = tokio::spawn(async move {
            loop {
                let next = to_take.change(VecDeque::pop_front);
                match next {
                    Some(arrival) => take(arrival).await,
                    None => to_take.rung.notified().await,
                }
            }
        });
        Forward { queue, task }
    }

    /// Hands over what arrived; never waits.
    pub fn put(&self, arrival: Arrival) {
        let is_kept = self.queue.change(|waiting| put(waiting, arrival));
        match is_kept {
            true => self.queue.rung.notify_one(),
            false => tracing::debug!("the intake is busy: a message is left for later"),
        }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Queue {
    fn change<T>(&self, work: impl FnOnce(&mut VecDeque<Arrival>) -> T) -> T {
        // Whoever panicked in here had done one whole step of a queue, or none.
        work(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether it was kept.
fn put(waiting: &mut VecDeque<Arrival>, arrival: Arrival) -> bool {
    let (count, max) = match &arrival {
        Arrival::Offer(offer) => {
            // At the end, not in its predecessor's place: what it speaks of may have come in between.
            waiting.retain(|other| !matches!(other, Arrival::Offer(other) if are_of_one_topic(other, offer)));
            (waiting.iter().filter(|other| matches!(other, Arrival::Offer(_))).count(), OFFERS_MAX)
        }
        Arrival::Chunk(_) => {
            (waiting.iter().filter(|other| matches!(other, Arrival::Chunk(_))).count(), CHUNKS_MAX)
        }
    };
    if count < max {
        waiting.push_back(arrival);
    }
    count < max
}

fn are_of_one_topic(one: &Offer, other: &Offer) -> bool {
    match (one, other) {
        (Offer::Root(one, _), Offer::Root(other, _)) => one == other,
        (Offer::Manifest(one, _), Offer::Manifest(other, _)) => one == other,
        (Offer::Grant(one, _), Offer::Grant(other, _)) => one == other,
        (Offer::Heartbeat(_), Offer::Heartbeat(_))
        | (Offer::Order(_), Offer::Order(_))
        | (Offer::Roster(_), Offer::Roster(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::{Semaphore, mpsc};

    fn chunk(n: u16) -> Arrival {
        Arrival::Chunk(n.to_be_bytes().to_vec().into())
    }

    fn heartbeat(n: u8) -> Arrival {
        Arrival::Offer(Offer::Heartbeat(vec![n]))
    }

    fn root(n: u32) -> Arrival {
        Arrival::Offer(Offer::Root(n, vec![1]))
    }

    #[tokio::test]
    async fn nothing_waits_for_a_busy_intake_and_the_newest_comes_through_in_order() {
        let (gate, (seen, mut taken)) = (Arc::new(Semaphore::new(0)), mpsc::channel(10_000));
        let forward = Forward::to({
            let gate = gate.clone();
            move |arrival| {
                let (gate, seen) = (gate.clone(), seen.clone());
                async move {
                    gate.acquire().await.unwrap().forget();
                    seen.send(arrival).await.unwrap();
                }
            }
        });
        // The first is with the intake, which is busy; all others wait or are dropped, and `put` comes back.
        forward.put(root(0));
        tokio::task::yield_now().await;
        for n in 0..2000 {
            forward.put(heartbeat(n as u8));
            forward.put(chunk(n));
            forward.put(root(1 + u32::from(n)));
        }
        let last = heartbeat(255);
        forward.put(last.clone());
        gate.add_permits(10_000);
        let mut all = Vec::new();
        while all.last() != Some(&last) {
            all.push(taken.recv().await.unwrap());
        }
        let chunks: Vec<_> = all.iter().filter(|one| matches!(one, Arrival::Chunk(_))).cloned().collect();
        assert_eq!(chunks, (0..CHUNKS_MAX as u16).map(chunk).collect::<Vec<_>>());
        let roots: Vec<_> = all.iter().filter(|one| matches!(one, Arrival::Offer(Offer::Root(..)))).collect();
        assert_eq!(roots[..3], [&root(0), &root(1), &root(2)]);
        assert_eq!(roots.len(), OFFERS_MAX, "the heartbeat has its place, and one root is with the intake");
        assert_eq!(all.iter().filter(|one| matches!(one, Arrival::Offer(Offer::Heartbeat(_)))).count(), 1);
    }
}
