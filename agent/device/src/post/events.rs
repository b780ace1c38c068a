//! What happens at the post, published to everybody who listens.
//!
//! Every listener has a bounded queue. One that does not keep up misses events, is told how many, and must read again
//! what it needs; it slows nobody else down.

use super::status::Status;
use crate::check::Answer;
use crate::check::outcome::OutcomeTaken;
use crate::store::confirmations::Confirmation;
use std::sync::Arc;
use tokio::sync::broadcast;
use vedette_common::words::Phrase;

/// Events a listener may be behind.
const QUEUE_MAX: usize = 256;
/// Listeners at once.
pub const LISTENERS_MAX: usize = 64;

/// Something that happened. Nothing of it tells of a discreet alert.
#[derive(Debug, Clone)]
pub enum PostEvent {
    /// A scan was answered, at whichever scanner or screen.
    Answer(Arc<Answer>),
    /// A reader's scan has no answer, so what a screen still shows is of another document.
    Refused(ReaderRefusal),
    /// An outcome was recorded.
    Outcome(OutcomeTaken),
    /// An alert's owner has answered.
    Confirmation(Confirmation),
    /// The link, the spool or a list's freshness changed.
    Status(Arc<Status>),
    /// An officer signed in or out; a listener whose session is over may hear nothing more.
    Session,
    /// This listener missed so many events.
    Lagged(u64),
}

/// A reader's scan that has no answer.
#[derive(Debug, Clone)]
pub struct ReaderRefusal {
    /// The reader, as its configuration names it.
    pub reader: String,
    /// Whether the zone was read: then something else failed.
    pub read: bool,
    pub why: Phrase,
}

/// Where events are published.
#[derive(Debug)]
pub(super) struct Hub {
    queue: broadcast::Sender<PostEvent>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { queue: broadcast::Sender::new(QUEUE_MAX) }
    }
}

impl Hub {
    /// Publishes an event, which is made only if anybody listens; never waits.
    pub(super) fn publish(&self, event: impl FnOnce() -> PostEvent) {
        if self.has_listeners() {
            // An error means that the last listener has just gone.
            let _ = self.queue.send(event());
        }
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.queue.receiver_count() > 0
    }

    /// Hears everything from now on; `None` if [`LISTENERS_MAX`] listen already.
    pub(super) fn listen(&self) -> Option<Listener> {
        (self.queue.receiver_count() < LISTENERS_MAX).then(|| Listener { queue: self.queue.subscribe() })
    }
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    queue: broadcast::Receiver<PostEvent>,
}

impl Listener {
    /// The next event; `None` once the post is gone.
    pub async fn next(&mut self) -> Option<PostEvent> {
        match self.queue.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(PostEvent::Lagged(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_listener_is_told_how_much_it_missed_and_goes_on() {
        let hub = Hub::default();
        hub.publish(|| unreachable!("nobody listens"));
        let mut listener = hub.listen().unwrap();
        for missed in 0..QUEUE_MAX as u64 + 3 {
            hub.publish(|| PostEvent::Lagged(missed));
        }
        let mut heard = Vec::new();
        for _ in 0..3 {
            let Some(PostEvent::Lagged(missed)) = listener.next().await else { panic!() };
            heard.push(missed);
        }
        assert_eq!(heard, [3, 3, 4], "three are lost, then the oldest that is left");
    }
}
