//! Owners' answers that came before the root which names the key that signed them.
//!
//! Bound: [`EARLY_ANSWERS_MAX`]; one more is refused, and the broker retains it for the next session.

use bytes::Bytes;

/// Answers that wait for a newer root, at most.
const EARLY_ANSWERS_MAX: usize = 64;

/// Answers that wait, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct EarlyAnswers {
    answers: Vec<Bytes>,
    /// The root under which they were refused.
    root_version: u32,
}

impl EarlyAnswers {
    /// Stores an answer refused under this root; false if there is no room.
    pub(super) fn add(&mut self, answer: Bytes, root_version: u32) -> bool {
        let has_room = self.answers.len() < EARLY_ANSWERS_MAX;
        if has_room {
            self.answers.push(answer);
            self.root_version = root_version;
        }
        has_room
    }

    /// The answers to verify again under this root; none while it is the one that refused them.
    pub(super) fn due(&mut self, root_version: u32) -> Vec<Bytes> {
        match self.root_version == root_version {
            true => Vec::new(),
            false => std::mem::take(&mut self.answers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_another_root_and_comes_once() {
        let mut early = EarlyAnswers::default();
        assert!(early.add("one".into(), 2) && early.add("two".into(), 2));
        assert!(early.due(2).is_empty());
        assert_eq!(early.due(3), ["one", "two"]);
        assert!(early.due(4).is_empty());
    }

    #[test]
    fn answers_that_wait_are_bounded() {
        let mut early = EarlyAnswers::default();
        assert!((0..EARLY_ANSWERS_MAX).all(|_| early.add("x".into(), 1)));
        assert!(!early.add("x".into(), 1));
        assert_eq!(early.due(2).len(), EARLY_ANSWERS_MAX);
        assert!(early.add("x".into(), 2), "there is room again");
    }
}
