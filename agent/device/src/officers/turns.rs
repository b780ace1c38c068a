//! Whose PIN is hashed next: one at a time, in the order of coming, one place a badge.
//!
//! Hashing takes 19 MiB and a tenth of a second, so two at once are never done. All badges that are on no roster share one
//! place: whoever tries them without end waits as one, and an officer waits for one hash of his at most. Bound:
//! [`WAITING_MAX`]; who comes then, or whose badge waits already, is told to try again.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use vedette_common::roster::Badge;

/// Who waits, the one whose PIN is hashed included.
const WAITING_MAX: usize = 16;

/// The queue.
#[derive(Default)]
pub(super) struct Turns {
    /// The first one's PIN is being hashed; none: a badge that is on no roster.
    waiting: Mutex<VecDeque<Option<Badge>>>,
    changed: Condvar,
}

/// It is somebody's turn, until this is dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for one's turn; none if there is no place. Blocks for as long as those before take.
    pub(super) fn wait(&self, who: Option<&Badge>) -> Option<Turn<'_>> {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX || waiting.iter().any(|other| other.as_ref() == who) {
            return None;
        }
        waiting.push_back(who.cloned());
        while waiting.front().is_some_and(|first| first.as_ref() != who) {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        Some(Turn(self))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Option<Badge>>> {
        // Every change to it is one whole step.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().pop_front();
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn badge(text: &str) -> Badge {
        text.parse().unwrap()
    }

    #[test]
    fn strangers_wait_as_one_and_an_officer_waits_for_one_of_them() {
        let turns = Turns::default();
        let stranger = turns.wait(None).unwrap();
        assert!(turns.wait(None).is_none(), "another stranger has no place");
        std::thread::scope(|scope| {
            let (came, order) = mpsc::sync_channel(1);
            let (turns, anna) = (&turns, badge("anna"));
            scope.spawn(move || {
                let turn = turns.wait(Some(&anna));
                came.send(()).unwrap();
                assert!(turn.is_some());
            });
            while turns.lock().len() < 2 {
                std::thread::yield_now();
            }
            assert!(turns.wait(Some(&badge("anna"))).is_none(), "it waits already");
            assert!(order.try_recv().is_err(), "not before the stranger's turn is over");
            drop(stranger);
            order.recv().unwrap();
        });
        assert!(turns.wait(Some(&badge("anna"))).is_some());
    }

    #[test]
    fn who_waits_is_bounded() {
        let turns = Turns::default();
        turns.lock().extend((0..WAITING_MAX).map(|n| Some(badge(&format!("b{n}")))));
        assert!(turns.wait(Some(&badge("anna"))).is_none());
    }
}
