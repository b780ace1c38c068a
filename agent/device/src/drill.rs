//! Drill: an outage exercise. The link to headquarters is held back for some minutes while officers work on, and the
//! post's readiness is measured: whether everybody got answers, how fast, from lists that counted, and how long it took
//! afterwards until every encounter was home.
//!
//! Invariants: a drill changes nothing but the link; answers, journal and spool are the real ones. It ends by itself
//! after at most [`MINUTES_MAX`], and with the program: a restart does not go on drilling. One runs at a time.
//!
//! Failure: none of its own; its begin and its end are journal lines, and without them it does not begin.

use crate::check::Answer;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
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

/// A drill as the desk shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillView {
    /// Who began it.
    pub who: String,
    /// When, RFC 3339.
    pub started: String,
    /// When it ends or ended, RFC 3339.
    pub ends: String,
    /// Whether it is running.
    pub running: bool,
    /// What has been measured so far.
    pub report: Report,
}

/// What a drill measures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DrillReport)]
pub struct Report {
    /// Documents checked.
    pub checks: u64,
    /// Of them, answered Hit.
    pub hits: u64,
    /// Of them, answered Possible.
    pub possible: u64,
    /// Of them, answered Clear.
    pub clear: u64,
    /// Of them, answered NotChecked.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_after_s: Option<u64>,
    /// What keeps the post from being ready, as codes of the console's messages; empty: it is ready.
    pub shortcomings: Vec<String>,
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
    report: Report,
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
    pub fn start(&self, who: &str, minutes: u32, now: u64) -> Result<DrillView, DrillError> {
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
            report: Report::default(),
        });
        self.hold.send_replace(true);
        Ok(run.view())
    }

    /// Ends the running one now. `spooled`: the encounters that wait.
    pub fn stop(&self, now: u64, spooled: u64) -> Result<DrillView, DrillError> {
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
    pub fn tick(&self, now: u64, spooled: u64) -> Option<DrillView> {
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
    pub fn view(&self) -> Option<DrillView> {
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
            (report.checks == 0, "drill.nobody_scanned"),
            (report.not_checked > 0, "drill.not_checked"),
            (report.expired_lists > 0, "drill.expired_lists"),
            (report.p99_us > SLOW_US, "drill.slow"),
            (report.home_after_s.is_none_or(|after| after > HOME_S), "drill.not_home"),
        ];
        report.shortcomings =
            shortcomings.into_iter().filter(|(is, _)| *is).map(|(_, code)| code.into()).collect();
    }

    fn view(&self) -> DrillView {
        DrillView {
            who: self.who.clone(),
            started: rfc3339(self.started),
            ends: rfc3339(self.ends),
            running: self.running,
            report: self.report.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Checked, Document};
    use vedette_shim::verdict::ListResult;

    fn answer(verdict: Verdict, freshness: Freshness, elapsed_us: u64) -> Answer {
        let checked = Checked {
            list: "uto/wanted".parse().unwrap(),
            edition: 1,
            issued: String::new(),
            age_s: 0,
            freshness,
            result: ListResult::Clear,
            why: Default::default(),
        };
        let document = Document {
            format: String::new(),
            valid: true,
            code: String::new(),
            issuing_state: String::new(),
            number: String::new(),
            surname: String::new(),
            given_names: String::new(),
            nationality: String::new(),
            birth_date: String::new(),
            sex: String::new(),
            expiry_date: String::new(),
        };
        Answer::new(String::new(), verdict, document, vec![checked], Vec::new(), Vec::new(), elapsed_us)
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
        assert_eq!(ended.report.shortcomings, ["drill.not_home"]);
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
        assert_eq!(ended.ends, rfc3339(1_100));
        let named = ["drill.not_checked", "drill.expired_lists", "drill.slow", "drill.not_home"];
        assert_eq!(ended.report.shortcomings, named);
        let nothing = drill.start("b-1", 10, 2_000).unwrap();
        assert_eq!(nothing.report, Report::default(), "the next one begins anew");
        assert!(drill.stop(2_001, 0).unwrap().report.shortcomings.contains(&"drill.nobody_scanned".into()));
    }
}
