//! The one place that reads the clock, with a floor under it.
//!
//! A device's clock may be wrong or set back; time that headquarters signed is not. So the clock never shows less
//! than the newest signed time accepted (`raise`) and what has passed since, asleep or awake (`CLOCK_BOOTTIME`, which
//! nobody sets), in whole seconds that have really passed: a second counted early would show a time that has not come,
//! and take it back with the next start. That sum is stored every minute and the next run starts there (`Intake::tick`); what the system's
//! clock said is neither stored nor kept in mind, for it may have been wrong, and is right again once it was set.
//! A system clock that starts below the floor is wrong, and nobody knows how long the machine was off: `is_lost`.
//!
//! Rules that depend on time take a [`Clock`]; a test gives it a [`TimeSource`] of its own.

use rustix::time::{ClockId, clock_gettime};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A system clock behind the floor by no more than this is only a little slow, seconds.
const SLOW_S: u64 = 300;

/// Where the time comes from.
pub trait TimeSource: Debug + Send + Sync {
    /// The system's clock, seconds since 1970; it may be wrong, and be set.
    fn system(&self) -> u64;
    /// How long the machine has run, the time it slept included; never goes back. Its seconds do not begin with the
    /// system clock's.
    fn since_boot(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
struct Machine;

impl TimeSource for Machine {
    fn system(&self) -> u64 {
        system_now()
    }

    fn since_boot(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
}

/// Seconds since 1970, never less than what was signed.
#[derive(Debug)]
pub struct Clock {
    source: Arc<dyn TimeSource>,
    signed: Mutex<Signed>,
}

/// A time that was signed, and how long the machine had run when it arrived.
#[derive(Debug, Clone, Copy)]
struct Signed {
    time: u64,
    arrived: Duration,
    lost: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Clock::starting_at(0)
    }
}

impl Clock {
    /// A clock that shows no less than `floor`, seconds since 1970, and what passes from now on.
    pub fn starting_at(floor: u64) -> Self {
        Clock::of(Arc::new(Machine), floor)
    }

    /// The same with another source than the machine's clocks.
    pub fn of(source: Arc<dyn TimeSource>, floor: u64) -> Self {
        let lost = source.system().saturating_add(SLOW_S) < floor;
        let signed = Mutex::new(Signed { time: floor, arrived: source.since_boot(), lost });
        Clock { source, signed }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        self.signed_now().max(self.source.system())
    }

    /// Seconds since the machine started, for what must happen within or after a while.
    pub fn since_boot(&self) -> u64 {
        self.source.since_boot().as_secs()
    }

    /// The newest signed time and what has passed since; 0 while there was none.
    pub fn signed_now(&self) -> u64 {
        let Signed { time, arrived, .. } = *self.signed();
        let passed = self.source.since_boot().saturating_sub(arrived).as_secs();
        if time == 0 { 0 } else { time.saturating_add(passed) }
    }

    /// The machine was off for nobody knows how long, and no signed time came since.
    pub fn is_lost(&self) -> bool {
        self.signed().lost
    }

    /// Signed word that it is at least `time`.
    pub fn raise(&self, time: u64) {
        if time > self.signed_now() {
            *self.signed() = Signed { time, arrived: self.source.since_boot(), lost: false };
            return;
        }
        let mut signed = self.signed();
        // An older word than the floor tells nothing of now.
        signed.lost &= time < signed.time;
    }

    /// It is at least `time`, perhaps long past it: whoever signed the time before is not believed any more.
    pub fn reset(&self, time: u64) {
        *self.signed() = Signed { time, arrived: self.source.since_boot(), lost: true };
    }

    fn signed(&self) -> MutexGuard<'_, Signed> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Seconds since 1970 of `2026-11-24` or `2026-11-24T13:30:00Z`, in UTC; `None` for anything else.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let number = |part: Option<&str>, width: usize| {
        let part = part.filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()))?;
        part.parse::<u64>().ok()
    };
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next(), 4)?, number(parts.next(), 2)?, number(parts.next(), 2)?);
    let mut clock = time.strip_suffix('Z')?.split(':');
    let (hour, minute, second) =
        (number(clock.next(), 2)?, number(clock.next(), 2)?, number(clock.next(), 2)?);
    if parts.next().is_some() || clock.next().is_some() || year < 1970 {
        return None;
    }
    // The inverse of `rfc3339`, which also refuses what is no date: it does not come back as it was.
    let shifted_year = year - u64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let day_count = shifted_year * 365 + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 + of_year;
    let seconds = day_count.checked_sub(719_468)? * 86_400 + hour * 3600 + minute * 60 + second;
    (rfc3339(seconds) == format!("{date}T{time}")).then_some(seconds)
}

/// A clock that a test sets.
#[cfg(any(test, feature = "testing"))]
pub mod testing {
    use super::TimeSource;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// Two clocks that stand still until they are moved.
    #[derive(Debug)]
    pub struct ManualTime {
        system_ms: AtomicU64,
        since_boot_ms: AtomicU64,
    }

    impl ManualTime {
        /// A machine that has just started at `system`, seconds since 1970.
        pub fn starting_at(system: u64) -> ManualTime {
            ManualTime { system_ms: (system * 1_000).into(), since_boot_ms: 0.into() }
        }

        /// Seconds pass.
        pub fn pass(&self, seconds: u64) {
            self.pass_ms(seconds * 1_000);
        }

        /// Milliseconds pass.
        pub fn pass_ms(&self, milliseconds: u64) {
            self.system_ms.fetch_add(milliseconds, Ordering::Relaxed);
            self.since_boot_ms.fetch_add(milliseconds, Ordering::Relaxed);
        }

        /// Somebody sets the system's clock.
        pub fn set_system(&self, time: u64) {
            self.system_ms.store(time * 1_000, Ordering::Relaxed);
        }
    }

    impl TimeSource for ManualTime {
        fn system(&self) -> u64 {
            self.system_ms.load(Ordering::Relaxed) / 1_000
        }

        fn since_boot(&self) -> Duration {
            Duration::from_millis(self.since_boot_ms.load(Ordering::Relaxed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::ManualTime;
    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn clock(floor: u64) -> (Arc<ManualTime>, Clock) {
        let time = Arc::new(ManualTime::starting_at(NOW));
        (time.clone(), Clock::of(time, floor))
    }

    #[test]
    fn the_clock_never_shows_less_than_was_signed() {
        let (time, clock) = clock(0);
        assert_eq!((clock.now(), clock.signed_now()), (NOW, 0));
        clock.raise(NOW + 1_000);
        assert_eq!(clock.now(), NOW + 1_000);
        clock.raise(5);
        assert_eq!(clock.now(), NOW + 1_000);
        time.set_system(0);
        assert_eq!(clock.now(), NOW + 1_000);
        time.set_system(NOW + 2_000);
        assert_eq!(clock.now(), NOW + 2_000, "a system clock that is ahead counts");
        time.set_system(NOW);
        assert_eq!(clock.now(), NOW + 1_000, "and is forgotten once it was put right");
    }

    #[test]
    fn a_clock_behind_the_signed_time_goes_on_from_there() {
        let (time, clock) = clock(NOW + 1_000);
        time.pass(500);
        assert_eq!(clock.now(), NOW + 1_500);
    }

    #[test]
    fn no_second_is_counted_before_it_has_passed() {
        let time = Arc::new(ManualTime::starting_at(NOW));
        time.pass_ms(900);
        time.set_system(NOW);
        let before = Clock::of(time.clone(), 0);
        before.raise(NOW);
        for _ in 0..20 {
            time.pass_ms(130);
            let after_a_restart = Clock::of(time.clone(), 0);
            assert_eq!(before.now(), after_a_restart.now(), "a restart would set the clock back");
        }
        assert_eq!(before.signed_now(), NOW + 2, "2.6 s have passed");
    }

    #[test]
    fn a_signer_no_longer_believed_leaves_no_time_behind() {
        let (_, clock) = clock(NOW + 1_000);
        clock.reset(7);
        assert_eq!(clock.now(), NOW);
        assert!(clock.is_lost(), "that word may be old");
        clock.raise(7);
        assert!(!clock.is_lost());
    }

    #[test]
    fn a_start_below_the_floor_is_lost_until_a_signed_time_comes() {
        let floor = NOW + 1_000;
        assert!(!clock(0).1.is_lost());
        assert!(!clock(NOW + SLOW_S).1.is_lost());
        assert!(clock(NOW + SLOW_S + 1).1.is_lost());
        let (_, clock) = clock(floor);
        assert!(clock.is_lost());
        clock.raise(floor - 10);
        assert!(clock.is_lost(), "an older word says nothing new");
        clock.raise(floor + 3_600);
        assert!(!clock.is_lost());
    }

    #[test]
    fn the_machine_s_clocks_are_read() {
        let clock = Clock::default();
        assert!(clock.now() > NOW && clock.since_boot() > 0);
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
        for seconds in (0..4_200_000_000).step_by(8_640_007) {
            assert_eq!(parse_rfc3339(&rfc3339(seconds)), Some(seconds));
        }
        assert_eq!(parse_rfc3339("2000-02-29"), Some(951_782_400));
        for bad in
            ["", "2001-02-29", "2026-13-01", "2026-00-01", "26-01-01", "2026-01-01T24:00:00Z", "1969-12-31"]
        {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }
}
