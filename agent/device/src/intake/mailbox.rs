//! What arrived and the intake has not processed yet: one queue, in the order of arrival. Pure.
//!
//! Applying an update may take minutes (a merge, an index), and neither the link nor the desk may wait for that. So putting
//! never waits; what is over a bound is refused.
//!
//! Bounds: of signed bytes the newest under each topic, [`UPDATES_MAX`] of them: they are retained at the broker, so what
//! is refused comes again with the next session. [`CHUNKS_MAX`] chunks: one that is refused is requested again.
//! One step of an import, because imports go one at a time. One tick.

use super::Update;
use super::bundle::{Bundle, Report};
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::sync::oneshot;
use vedette_shim::ids::Digest;
use vedette_shim::trust::SegmentRef;

/// Signed bytes that wait, at most: every root of many years, a manifest and a grant of every list, and the rest.
pub(super) const UPDATES_MAX: usize = 512;
/// Chunks that wait, at most: 4 MiB, as many as a device may request at once (`limits.chunks_in_flight_max`).
pub(super) const CHUNKS_MAX: usize = 64;

/// What the intake is to do.
#[derive(Debug)]
pub(super) enum Job {
    Update(Update),
    /// A chunk's message.
    Chunk(Bytes),
    Import(ImportStep),
    Tick,
}

/// What the intake does for an import; whoever reads the stick does the rest.
#[derive(Debug)]
pub(super) enum ImportStep {
    /// What is signed; answered with what is missing then.
    Signed(Bundle, oneshot::Sender<(Report, Vec<SegmentRef>)>),
    /// Segments were copied.
    Copied(Vec<Digest>, Report, oneshot::Sender<Report>),
}

impl Job {
    /// Two jobs of one kind share a bound.
    fn same_kind(&self, other: &Job) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    fn max(&self) -> usize {
        match self {
            Job::Update(_) => UPDATES_MAX,
            Job::Chunk(_) => CHUNKS_MAX,
            Job::Import(_) | Job::Tick => 1,
        }
    }

    /// Whether `self` makes `before` superfluous.
    fn replaces(&self, before: &Job) -> bool {
        matches!((self, before), (Job::Update(new), Job::Update(old)) if new.same_topic(old))
    }
}

/// The jobs that wait.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    jobs: VecDeque<Job>,
}

impl Mailbox {
    /// Adds a job at the end; gives it back if its kind's bound is reached. An update takes the place of an older one of
    /// its topic, but not its turn: what it refers to may have arrived in between.
    pub(super) fn put(&mut self, job: Job) -> Result<(), Job> {
        self.jobs.retain(|before| !job.replaces(before));
        if self.jobs.iter().filter(|other| other.same_kind(&job)).count() >= job.max() {
            return Err(job);
        }
        self.jobs.push_back(job);
        Ok(())
    }

    /// The oldest job.
    pub(super) fn next(&mut self) -> Option<Job> {
        self.jobs.pop_front()
    }

    /// Drops what waits; whoever waits for an import is told that it will not happen.
    pub(super) fn clear(&mut self) {
        self.jobs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vedette_shim::ids::ListName;

    fn list(n: u8) -> ListName {
        format!("a/l{n}").parse().unwrap()
    }

    /// One of a few topics, with a number in its bytes that tells two of one topic apart.
    fn update(topic: u8, number: u32) -> Update {
        let bytes = number.to_le_bytes().to_vec();
        match topic {
            0 => Update::Heartbeat(bytes),
            1 => Update::Roster(bytes),
            2 => Update::Order(bytes),
            3..=5 => Update::Root(topic.into(), bytes),
            6..=8 => Update::Manifest(list(topic), bytes),
            _ => Update::Grant(list(topic - 3), bytes),
        }
    }

    /// What a test can compare: the kind, the topic, and the number.
    fn seen(job: Job) -> (u8, u8, u32) {
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        match job {
            Job::Update(found) => {
                let topic = (0..12).find(|topic| update(*topic, 0).same_topic(&found)).unwrap();
                (0, topic, number(found.bytes()))
            }
            Job::Chunk(bytes) => (1, 0, number(&bytes)),
            Job::Tick => (2, 0, 0),
            Job::Import(_) => (3, 0, 0),
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Update(u8),
        Chunk,
        Tick,
        Next,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0u8..12).prop_map(Step::Update),
            4 => Just(Step::Chunk),
            1 => Just(Step::Tick),
            2 => Just(Step::Next),
        ]
    }

    proptest! {
        /// Against a model: a list in which an update removes the one before of its topic, and a chunk over the bound is
        /// dropped. So the newest of each topic is always there, and everything comes in the order of arrival.
        #[test]
        fn the_newest_of_each_topic_waits_and_the_order_is_that_of_arrival(steps in prop::collection::vec(step(), 0..400)) {
            let (mut mailbox, mut model): (_, Vec<(u8, u8, u32)>) = (Mailbox::default(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                let number = number as u32;
                let count = |model: &[(u8, u8, u32)], kind| model.iter().filter(|job| job.0 == kind).count();
                match step {
                    Step::Update(topic) => {
                        model.retain(|job| (job.0, job.1) != (0, topic));
                        model.push((0, topic, number));
                        prop_assert!(mailbox.put(Job::Update(update(topic, number))).is_ok());
                    }
                    Step::Chunk => {
                        let fits = count(&model, 1) < CHUNKS_MAX;
                        if fits {
                            model.push((1, 0, number));
                        }
                        let bytes = number.to_le_bytes().to_vec().into();
                        prop_assert_eq!(mailbox.put(Job::Chunk(bytes)).is_ok(), fits);
                    }
                    Step::Tick => {
                        let fits = count(&model, 2) == 0;
                        if fits {
                            model.push((2, 0, 0));
                        }
                        prop_assert_eq!(mailbox.put(Job::Tick).is_ok(), fits);
                    }
                    Step::Next => {
                        let next = if model.is_empty() { None } else { Some(model.remove(0)) };
                        prop_assert_eq!(mailbox.next().map(seen), next);
                    }
                }
            }
            let left: Vec<_> = std::iter::from_fn(|| mailbox.next()).map(seen).collect();
            prop_assert_eq!(left, model);
        }
    }

    #[test]
    fn topics_are_bounded_and_a_topic_that_waits_is_still_renewed() {
        let mut mailbox = Mailbox::default();
        let root = |version: u32, byte| Job::Update(Update::Root(version, vec![byte]));
        for version in 0..UPDATES_MAX as u32 {
            assert!(mailbox.put(root(version, 1)).is_ok());
        }
        assert!(mailbox.put(root(UPDATES_MAX as u32, 1)).is_err());
        assert!(mailbox.put(root(0, 2)).is_ok());
        let all: Vec<_> = std::iter::from_fn(|| mailbox.next()).collect();
        assert_eq!(all.len(), UPDATES_MAX);
        assert!(matches!(all.last(), Some(Job::Update(Update::Root(0, bytes))) if *bytes == [2]));
    }
}
