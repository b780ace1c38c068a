//! How long to wait before the next try: doubling from 0.5 s to 60 s, with full jitter.
//!
//! Full jitter, because a broker that comes back meets its whole fleet at once: each device waits a random part of
//! the step. A session that lasted resets the step.

use crate::crypto;
use std::time::Duration;

/// First step.
const FIRST: Duration = Duration::from_millis(500);

/// The waits between tries.
#[derive(Debug, Clone)]
pub struct Backoff {
    step: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits that grow up to `longest`.
    pub fn up_to(longest: Duration) -> Self {
        Backoff { step: FIRST.min(longest), longest }
    }

    /// The wait before the next try: between a tenth of the step and all of it.
    pub fn next_delay(&mut self) -> Duration {
        let part = f64::from(u32::from_le_bytes(crypto::random())) / f64::from(u32::MAX);
        let delay = self.step.mul_f64(0.1 + 0.9 * part);
        self.step = (self.step * 2).min(self.longest);
        delay
    }

    /// The last session worked: start over.
    pub fn reset(&mut self) {
        self.step = FIRST.min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_never_past_it() {
        let longest = Duration::from_secs(60);
        let mut backoff = Backoff::up_to(longest);
        let first = backoff.next_delay();
        assert!(first <= FIRST && first >= FIRST / 10);
        (0..20).for_each(|_| assert!(backoff.next_delay() <= longest));
        assert!(backoff.next_delay() >= longest / 10);
        backoff.reset();
        assert!(backoff.next_delay() <= FIRST);
    }
}
