//! The one place that reads the clock, with a floor under it.
//!
//! A device's clock may be wrong or set back; time that headquarters signed is not. So the clock never shows less
//! than the newest signed time accepted (`raise`), nor less than it showed before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 that never go back.
#[derive(Debug, Default)]
pub struct Clock {
    floor: AtomicU64,
}

impl Clock {
    /// A clock that never shows less than `floor`, seconds since 1970.
    pub fn starting_at(floor: u64) -> Self {
        Clock { floor: AtomicU64::new(floor) }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        let system = system_now();
        self.floor.fetch_max(system, Ordering::Relaxed).max(system)
    }

    /// Signed word that it is at least `time`.
    pub fn raise(&self, time: u64) {
        self.floor.fetch_max(time, Ordering::Relaxed);
    }
}

/// The system's clock as it is, seconds since 1970; 0 when it is before that.
#[expect(clippy::disallowed_methods, reason = "this is the one file that may")]
pub fn system_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `1970-01-01T00:00:00Z` for 0: RFC 3339 in UTC, for people and JSON.
pub fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a day count, in eras of 400 years that start on 1 March (the leap day comes last).
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back() {
        let future = system_now() + 1_000_000;
        let clock = Clock::starting_at(0);
        clock.raise(future);
        assert_eq!(clock.now(), future);
        clock.raise(5);
        assert_eq!(clock.now(), future);
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
