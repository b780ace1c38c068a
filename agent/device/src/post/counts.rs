//! What is counted at the post, without personal data: how many answers and how fast; nothing that would tell a discreet
//! alert from a Clear. Counters begin at 0 with the process.

use crate::check::Answer;
use std::sync::atomic::{AtomicU64, Ordering};
use vedette_shim::verdict::Verdict;

/// Upper bounds of the latency's buckets, microseconds; the last bucket has none.
pub const BUCKETS_US: [u64; 10] =
    [250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 100_000, 500_000, 2_000_000];
/// The verdicts, in the order in which they are counted.
pub const VERDICTS: [Verdict; 4] = [Verdict::Clear, Verdict::NotChecked, Verdict::Possible, Verdict::Hit];

#[derive(Debug, Default)]
pub(super) struct Counts {
    checks: [AtomicU64; VERDICTS.len()],
    unreadable: AtomicU64,
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Documents checked, in the order of [`VERDICTS`].
    pub checks: [u64; VERDICTS.len()],
    /// Zones that could not be read.
    pub unreadable: u64,
    /// Answers by time from the zone's text to the recorded answer: up to each of [`BUCKETS_US`], and slower.
    pub buckets: [u64; BUCKETS_US.len() + 1],
    /// The sum of those times, microseconds.
    pub sum_us: u64,
    /// Lines ever written to the journal.
    pub journal_lines: u64,
}

impl Counts {
    pub(super) fn answered(&self, answer: &Answer) {
        let us = answer.elapsed_us;
        let bucket = BUCKETS_US.iter().position(|most| us <= *most).unwrap_or(BUCKETS_US.len());
        add(&self.checks[answer.verdict as usize], 1);
        add(&self.buckets[bucket], 1);
        add(&self.sum_us, us);
    }

    pub(super) fn unreadable(&self) {
        add(&self.unreadable, 1);
    }

    pub(super) fn figures(&self, journal_lines: u64) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            checks: self.checks.each_ref().map(read),
            unreadable: read(&self.unreadable),
            buckets: self.buckets.each_ref().map(read),
            sum_us: read(&self.sum_us),
            journal_lines,
        }
    }
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
