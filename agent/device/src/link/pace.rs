//! How much may be under way at once, and how long a receipt is waited for. Pure; TCP's slow start (RFC 5681, 3.1) for encounters.
//!
//! It begins with one, because nobody knows what the link carries: 64 at once over a satellite at 300 bytes a second would all be
//! sent again before the first receipt can be back, for ever. Each receipt adds one, up to the bound; when receipts are late
//! it is halved. The wait is twice as long as the last receipt took that can be told (Karn: not of what was sent twice), and
//! doubles when receipts are late.

/// The pace of one session. Times are seconds of any clock that does not go back.
#[derive(Debug)]
pub(super) struct Pace {
    window: usize,
    window_max: usize,
    wait: u64,
    wait_max: u64,
    /// Until then what is late was late already when the window was halved.
    halved_until: u64,
}

impl Pace {
    /// One at a time, and a second to wait.
    pub(super) fn new(window_max: usize, wait_max: u64) -> Pace {
        Pace { window: 1, window_max, wait: 1, wait_max, halved_until: 0 }
    }

    /// How many may be under way.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// How long to wait for a receipt of what is sent now.
    pub(super) fn wait(&self) -> u64 {
        self.wait
    }

    /// A receipt came; `took`: how long after what was sent once.
    pub(super) fn received(&mut self, took: Option<u64>) {
        self.window = (self.window + 1).min(self.window_max);
        if let Some(took) = took {
            self.wait = (took * 2).clamp(1, self.wait_max);
        }
    }

    /// Receipts are late.
    pub(super) fn late(&mut self, now: u64) {
        if now < self.halved_until {
            return;
        }
        self.window = (self.window / 2).max(1);
        self.wait = (self.wait * 2).min(self.wait_max);
        self.halved_until = now + self.wait;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_receipts_and_halves_once_when_they_are_late() {
        let mut pace = Pace::new(64, 30);
        assert_eq!((pace.window(), pace.wait()), (1, 1));
        (0..100).for_each(|_| pace.received(Some(0)));
        assert_eq!((pace.window(), pace.wait()), (64, 1));
        (0..10).for_each(|_| pace.late(5));
        assert_eq!((pace.window(), pace.wait()), (32, 2), "of one delay once");
        (6..200).for_each(|now| pace.late(now));
        assert_eq!((pace.window(), pace.wait()), (1, 30));
        pace.received(None);
        assert_eq!((pace.window(), pace.wait()), (2, 30), "what was sent twice tells no time");
        pace.received(Some(10));
        assert_eq!((pace.window(), pace.wait()), (3, 20));
    }
}
