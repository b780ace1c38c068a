//! Drill: an outage exercise. The link to headquarters is held back for some minutes while officers work on, and the
//! post's readiness is measured: whether everybody got answers, how fast, from lists that counted, and how long it took
//! afterwards until every encounter was home.
//!
//! Invariants: a drill changes nothing but the link; answers, journal and spool are the real ones. It ends by itself
//! after at most [`MINUTES_MAX`], and with the program: a restart does not go on drilling. One runs at a time.
//!
//! Failure: none of its own; its begin and its end are journal lines, and without them it does not begin.

use crate::check::Answer;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::Verdict;

/// Longest drill, minutes: two hours.
pub const MINUTES_MAX: u32 = 120;
/// Most times of answers that are kept for the report; of further ones only the count is.
const TIMES_MAX: usize = 100_000;
/// Slower than this, microseconds, nobody waits for: the officer takes the next document unchecked.
const SLOW_US: u64 = 1_000_000;
/// Encounters should be home within so many seconds after the link is back.
const HOME_S: u64 = 60;

/// Why a drill does not begin or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrillError {
    /// One runs already.
    #[error("a drill is running already")]
    Running,
    /// None runs.
    #[error("no drill is running")]
    NotRunning,
    /// Not a length of a drill.
    #[error("a drill lasts from 1 to {MINUTES_MAX} minutes")]
    Minutes,
}

/// A drill, while it runs or after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillState {
    /// Who began it.
    pub who: String,
    /// Seconds since 1970.
    pub started: u64,
    /// When it ends or ended, seconds since 1970.
    pub ends: u64,
    pub running: bool,
    pub report: DrillReport,
}

/// What a drill measures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrillReport {
    /// Documents checked; the next four say how they were answered.
    pub checks: u64,
    pub hits: u64,
    pub possible: u64,
    pub clear: u64,
    pub not_checked: u64,
    /// Checks in which a list was past its lease.
    pub expired_lists: u64,
    /// Median time from the zone to the recorded answer, microseconds.
    pub median_us: u64,
    /// The slowest of a hundred, microseconds.
    pub p99_us: u64,
    /// Encounters that waited when the link came back.
    pub spooled: u64,
    /// Seconds from the end until every encounter was home; none while some wait.
    pub home_after_s: Option<u64>,
    /// What keeps the post from being ready; empty: it is.
    pub shortcomings: Vec<Shortcoming>,
}

/// What keeps a post from being ready for an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcoming {
    NobodyScanned,
    NotChecked,
    ExpiredLists,
    /// Slower than a second.
    Slow,
    /// Encounters were not home within a minute.
    NotHome,
}

impl Shortcoming {
    /// The key of its message.
    pub fn code(self) -> &'static str {
        match self {
            Shortcoming::NobodyScanned => "drill.nobody_scanned",
            Shortcoming::NotChecked => "drill.not_checked",
            Shortcoming::ExpiredLists => "drill.expired_lists",
            Shortcoming::Slow => "drill.slow",
            Shortcoming::NotHome => "drill.not_home",
        }
    }
}

/// The post's drill, if there is or was one since the program began.
pub struct Drill {
    last: Mutex<Option<Run>>,
    hold: watch::Sender<bool>,
}

struct Run {
    who: String,
    started: u64,
    ends: u64,
    running: bool,
    times_us: Vec<u64>,
    report: DrillReport,
}

impl Default for Drill {
    fn default() -> Self {
        Drill { last: Mutex::new(None), hold: watch::Sender::new(false) }
    }
}

impl Drill {
    /// Whether the link is to be held back, for the task that keeps it.
    pub fn hold(&self) -> watch::Receiver<bool> {
        self.hold.subscribe()
    }

    /// Begins one.
    pub fn start(&self, who: &str, minutes: u32, now: u64) -> Result<DrillState, DrillError> {
        if !(1..=MINUTES_MAX).contains(&minutes) {
            return Err(DrillError::Minutes);
        }
        let mut last = self.last();
        if last.as_ref().is_some_and(|run| run.running) {
            return Err(DrillError::Running);
        }
        let run = last.insert(Run {
            who: who.into(),
            started: now,
            ends: now + u64::from(minutes) * 60,
            running: true,
            times_us: Vec::new(),
            report: DrillReport::default(),
        });
        self.hold.send_replace(true);
        Ok(run.view())
    }

    /// Ends the running one now. `spooled`: the encounters that wait.
    pub fn stop(&self, now: u64, spooled: u64) -> Result<DrillState, DrillError> {
        let mut last = self.last();
        let run = last.as_mut().filter(|run| run.running).ok_or(DrillError::NotRunning)?;
        run.end(now, spooled);
        self.hold.send_replace(false);
        Ok(run.view())
    }

    /// Takes an answer into the running drill's measure.
    pub fn note(&self, answer: &Answer) {
        if let Some(run) = self.last().as_mut().filter(|run| run.running) {
            run.note(answer);
        }
    }

    /// Looks at the clock and the spool, now and then: ends a drill whose time is over, and then sees the encounters
    /// come home. Returns the drill if it just ended.
    pub fn tick(&self, now: u64, spooled: u64) -> Option<DrillState> {
        let mut last = self.last();
        let run = last.as_mut()?;
        if run.running && now >= run.ends {
            run.end(run.ends, spooled);
            self.hold.send_replace(false);
            return Some(run.view());
        }
        if !run.running && spooled == 0 && run.report.home_after_s.is_none() {
            run.report.home_after_s = Some(now.saturating_sub(run.ends));
            run.judge();
        }
        None
    }

    /// The running one, or else the last.
    pub fn view(&self) -> Option<DrillState> {
        self.last().as_ref().map(Run::view)
    }

    fn last(&self) -> MutexGuard<'_, Option<Run>> {
        // Numbers only: whatever panicked left them usable.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn note(&mut self, answer: &Answer) {
        let report = &mut self.report;
        report.checks += 1;
        *match answer.verdict {
            Verdict::Hit => &mut report.hits,
            Verdict::Possible => &mut report.possible,
            Verdict::Clear => &mut report.clear,
            Verdict::NotChecked => &mut report.not_checked,
        } += 1;
        let expired = answer.checked.iter().any(|list| list.freshness == Freshness::Expired);
        report.expired_lists += u64::from(expired);
        if self.times_us.len() < TIMES_MAX {
            self.times_us.push(answer.elapsed_us);
        }
    }

    fn end(&mut self, now: u64, spooled: u64) {
        (self.running, self.ends, self.report.spooled) = (false, now, spooled);
        self.judge();
    }

    fn judge(&mut self) {
        self.times_us.sort_unstable();
        let at = |share: usize| self.times_us.get(self.times_us.len() * share / 100).copied().unwrap_or(0);
        (self.report.median_us, self.report.p99_us) = (at(50), at(99));
        let report = &mut self.report;
        let shortcomings = [
            (report.checks == 0, Shortcoming::NobodyScanned),
            (report.not_checked > 0, Shortcoming::NotChecked),
            (report.expired_lists > 0, Shortcoming::ExpiredLists),
            (report.p99_us > SLOW_US, Shortcoming::Slow),
            (report.home_after_s.is_none_or(|after| after > HOME_S), Shortcoming::NotHome),
        ];
        report.shortcomings =
            shortcomings.into_iter().filter(|(is, _)| *is).map(|(_, which)| which).collect();
    }

    fn view(&self) -> DrillState {
        DrillState {
            who: self.who.clone(),
            started: self.started,
            ends: self.ends,
            running: self.running,
            report: self.report.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Checked, Document};
    use vedette_shim::mrz::Format;
    use vedette_shim::verdict::ListResult;

    fn answer(verdict: Verdict, freshness: Freshness, elapsed_us: u64) -> Answer {
        let checked = Checked {
            list: "uto/wanted".parse().unwrap(),
            edition: 1,
            issued: 0,
            age_s: 0,
            freshness,
            result: ListResult::Clear,
            gap: None,
        };
        let document = Document { format: Some(Format::Td3), valid: true, fields: Default::default() };
        Answer::new([0; 16], verdict, document, vec![checked], Vec::new(), Vec::new(), elapsed_us)
    }

    #[test]
    fn a_drill_holds_the_link_until_its_time_is_over_and_tells_how_ready_the_post_is() {
        let drill = Drill::default();
        let hold = drill.hold();
        assert!(drill.view().is_none() && !*hold.borrow());
        assert_eq!(drill.start("b-1", 0, 1_000), Err(DrillError::Minutes));
        assert_eq!(drill.stop(1_000, 0), Err(DrillError::NotRunning));
        assert!(drill.start("b-1", 10, 1_000).unwrap().running);
        assert_eq!(drill.start("b-2", 10, 1_001), Err(DrillError::Running));
        assert!(*hold.borrow());
        for n in 0..99 {
            drill.note(&answer(Verdict::Clear, Freshness::Fresh, 400 + n));
        }
        drill.note(&answer(Verdict::Hit, Freshness::Fresh, 9_000));
        assert_eq!(drill.tick(1_599, 1), None);
        let ended = drill.tick(1_600, 1).unwrap();
        assert!(!ended.running && !*hold.borrow());
        assert_eq!(ended.report.shortcomings, [Shortcoming::NotHome]);
        assert_eq!((ended.report.median_us, ended.report.p99_us), (450, 9_000));
        drill.note(&answer(Verdict::NotChecked, Freshness::Expired, 1));
        drill.tick(1_620, 1);
        drill.tick(1_630, 0);
        drill.tick(1_700, 0);
        let report = drill.view().unwrap().report;
        assert_eq!((report.checks, report.clear, report.hits, report.not_checked), (100, 99, 1, 0));
        assert_eq!((report.spooled, report.home_after_s), (1, Some(30)));
        assert!(report.shortcomings.is_empty(), "{:?}", report.shortcomings);
    }

    #[test]
    fn what_an_outage_would_have_cost_is_named() {
        let drill = Drill::default();
        drill.start("b-1", 10, 1_000).unwrap();
        drill.note(&answer(Verdict::NotChecked, Freshness::Expired, 2_000_000));
        let ended = drill.stop(1_100, 3).unwrap();
        assert_eq!(ended.ends, 1_100);
        use Shortcoming::*;
        assert_eq!(ended.report.shortcomings, [NotChecked, ExpiredLists, Slow, NotHome]);
        let nothing = drill.start("b-1", 10, 2_000).unwrap();
        assert_eq!(nothing.report, DrillReport::default(), "the next one begins anew");
        assert!(drill.stop(2_001, 0).unwrap().report.shortcomings.contains(&NobodyScanned));
    }
}
