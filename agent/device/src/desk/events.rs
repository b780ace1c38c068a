//! What happens at the desk, told to everybody who listens.
//!
//! An event is encoded once and handed to every listener through a bounded queue. A listener that does not keep up
//! misses events, is told `lagged`, and reads again what it needs; it slows nobody else down.

use super::StatusView;
use crate::check::Answer;
use crate::check::outcome::OutcomeTaken;
use crate::confirmation::Confirmation;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast;
use utoipa::ToSchema;
use vedette_common::words::Phrase;

/// Events a listener may be behind.
const QUEUE_MAX: usize = 256;
/// Listeners at once.
pub const LISTENERS_MAX: usize = 64;

/// Something that happened; on the wire, `event:` is its name and `data:` its content as JSON.
#[derive(Debug, Clone)]
pub enum Event {
    /// `answer`: a scan was answered, at whichever scanner or screen.
    Answer(Arc<Answer>),
    /// `refused`: a reader's scan has no answer, so what a screen still shows is of another document.
    Refused(Refused),
    /// `outcome`: what came of an encounter.
    Outcome(OutcomeTaken),
    /// `confirmation`: an alert's owner has answered.
    Confirmation(Confirmation),
    /// `state`: the link, the spool or a list's freshness changed.
    State(Box<StatusView>),
    /// `session`: an officer came or went; listeners whose session is over hear nothing more.
    Session,
    /// `lagged`: this listener missed so many events.
    Lagged(Lagged),
}

/// A reader's scan that has no answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReaderRefused)]
pub struct Refused {
    /// The reader, as its configuration names it.
    pub reader: String,
    /// Whether the zone was read: then it was another thing that failed.
    pub read: bool,
    /// Why.
    pub why: Phrase,
}

/// How much a listener missed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Lagged {
    /// Events.
    pub missed: u64,
}

/// An event as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Its name.
    pub name: &'static str,
    /// Its content, JSON.
    pub data: Arc<str>,
}

impl Event {
    /// As it goes out.
    pub fn encode(&self) -> Encoded {
        let (name, data) = match self {
            Event::Answer(answer) => ("answer", serde_json::to_string(&**answer)),
            Event::Refused(refused) => ("refused", serde_json::to_string(refused)),
            Event::Outcome(taken) => ("outcome", serde_json::to_string(taken)),
            Event::Confirmation(clock) => ("confirmation", serde_json::to_string(clock)),
            Event::State(status) => ("state", serde_json::to_string(&**status)),
            Event::Session => ("session", Ok("{}".into())),
            Event::Lagged(lagged) => ("lagged", serde_json::to_string(lagged)),
        };
        Encoded { name, data: data.expect("plain data with text keys is JSON").into() }
    }
}

/// Where events are published.
#[derive(Debug)]
pub struct Hub {
    queue: broadcast::Sender<Encoded>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { queue: broadcast::Sender::new(QUEUE_MAX) }
    }
}

impl Hub {
    /// Tells everybody who listens; never waits.
    pub fn publish(&self, event: &Event) {
        if self.has_listeners() {
            // An error means that the last listener has just gone.
            let _ = self.queue.send(event.encode());
        }
    }

    /// Whether anybody listens.
    pub fn has_listeners(&self) -> bool {
        self.queue.receiver_count() > 0
    }

    /// Hears everything from now on; `None` if [`LISTENERS_MAX`] do already.
    pub fn listen(&self) -> Option<Listener> {
        (self.queue.receiver_count() < LISTENERS_MAX).then(|| Listener { queue: self.queue.subscribe() })
    }
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    queue: broadcast::Receiver<Encoded>,
}

impl Listener {
    /// The next event; `None` once the hub is gone.
    pub async fn next(&mut self) -> Option<Encoded> {
        match self.queue.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                Some(Event::Lagged(Lagged { missed }).encode())
            }
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
        hub.publish(&Event::Lagged(Lagged { missed: 0 })); // nobody listens
        let mut listener = hub.listen().unwrap();
        for missed in 0..QUEUE_MAX as u64 + 3 {
            hub.publish(&Event::Lagged(Lagged { missed }));
        }
        let next = |data: &str| Some(Encoded { name: "lagged", data: data.into() });
        assert_eq!(listener.next().await, next(r#"{"missed":3}"#));
        assert_eq!(listener.next().await, next(r#"{"missed":3}"#), "the oldest event that is left");
        assert_eq!(listener.next().await, next(r#"{"missed":4}"#));
        drop(hub);
    }
}
