//! How many scans and notes a port may bring: so many at once, and then so many a minute. Pure.
//!
//! What hangs at a port may be at fault, or not what it seems. Each scan is a line of the journal and may be an encounter, so
//! without a bound it would fill both within minutes, and after that nobody's scan would be answered.

use std::time::{Duration, Instant};

/// The pace of one port.
#[derive(Debug)]
pub(super) struct Pace {
    a_minute: u32,
    /// What may come at once, in millionths, as of `at`.
    credit: u64,
    at: Instant,
}

/// One turn, in the unit of the credit.
const TURN: u64 = 1_000_000;

impl Pace {
    /// A minute's worth at once, and then `a_minute`, at least one.
    pub(super) fn of(a_minute: u32, now: Instant) -> Pace {
        Pace { a_minute, credit: u64::from(a_minute) * TURN, at: now }
    }

    /// Takes a turn; how long it has to wait, none if it may come now. One that does not wait for its turn must not take it:
    /// see [`Pace::is_due`].
    pub(super) fn take(&mut self, now: Instant) -> Duration {
        self.refill(now);
        let lacks = TURN.saturating_sub(self.credit);
        self.credit = self.credit.saturating_sub(TURN);
        let wait = Duration::from_micros(lacks * 60 / u64::from(self.a_minute));
        // What was lacking is used up by then.
        self.at += wait;
        wait
    }

    /// Whether a turn may come now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.credit >= TURN
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_micros();
        let most = u64::from(self.a_minute) * TURN;
        let more = passed.saturating_mul(self.a_minute.into()) / 60;
        self.credit = u64::try_from(more).unwrap_or(most).saturating_add(self.credit).min(most);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_s_worth_comes_at_once_and_then_each_waits_its_turn() {
        let start = Instant::now();
        let mut pace = Pace::of(4, start);
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..7 {
            let wait = pace.take(now);
            now += wait;
            waits.push(wait.as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 15, 15, 15]);
        assert!(!pace.is_due(now) && pace.is_due(now + Duration::from_secs(15)));
        // A quiet hour is worth no more than a minute.
        now += Duration::from_secs(3600);
        let waits: Vec<u64> = (0..5).map(|_| pace.take(now).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 15]);
    }

    #[test]
    fn no_pace_lets_more_through_than_it_says() {
        for (a_minute, step_ms) in [(1, 1), (60, 7), (240, 333), (100_000, 0)] {
            let start = Instant::now();
            let (mut pace, mut now, mut came) = (Pace::of(a_minute, start), start, 0_u32);
            while now < start + Duration::from_secs(180) && came < 4 * a_minute {
                now += pace.take(now) + Duration::from_millis(step_ms);
                came += 1;
            }
            assert!(came <= 4 * a_minute, "{came} at {a_minute} a minute");
        }
    }
}
