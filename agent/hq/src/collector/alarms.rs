//! What `serve` cannot do at present. It goes on with everything else.
//!
//! An alarm is logged as an error when it is raised and every hour that it lasts; it is stored, so that `vedette-hq devices`
//! and `lists` show it; its end is logged. Where the database cannot be written, the log alone has it. Each alarm and its end
//! is a line of the audit log, [`LINES_AN_HOUR_MAX`] at most: what comes and goes faster is in the log alone.

pub use crate::db::alarms::AlarmView;

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::collector::error::CollectorError;
use crate::db::{Db, DbError, alarms};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tracing::{error, info, warn};

/// How often an alarm that lasts is logged.
const SAID_EVERY: Duration = Duration::from_secs(3600);

/// How soon alarms that could not be stored are tried again.
const STORED_AGAIN: Duration = Duration::from_secs(60);

/// Lines of the audit log that alarms and their ends take in an hour, at most.
const LINES_AN_HOUR_MAX: usize = 60;
const HOUR: Duration = Duration::from_secs(3600);
/// What the alarm about the audit log is about.
const AUDIT: &str = "the audit log";

/// The alarms that are raised, by subject.
#[derive(Default)]
pub(crate) struct Alarms {
    raised: BTreeMap<String, Raised>,
    /// Whether the database has them so; else when that is tried next.
    is_stored: bool,
    store_due: Option<Instant>,
    /// Raised and ended, and not in the audit log yet: the subject and, if it was raised, why.
    news: VecDeque<(String, Option<String>)>,
    /// When writing those is tried again.
    record_due: Option<Instant>,
    /// When the latest of such lines were noted, within the last hour.
    noted: VecDeque<Instant>,
}

struct Raised {
    text: String,
    /// Seconds since 1970, by the clock.
    since: u64,
    said: Instant,
}

impl Alarms {
    /// Raises an alarm, or goes on with it.
    pub(crate) fn raise(&mut self, subject: &str, text: String, now: u64) {
        if let Some(raised) = self.raised.get_mut(subject).filter(|raised| raised.text == text) {
            if raised.said.elapsed() >= SAID_EVERY {
                raised.said = Instant::now();
                error!(%subject, since = raised.since, "ALARM continues: {text}");
            }
            return;
        }
        error!(%subject, "ALARM: {text}");
        let since = self.raised.get(subject).map_or(now, |raised| raised.since);
        if !self.raised.contains_key(subject) {
            self.note(subject, Some(text.clone()));
        }
        self.raised.insert(subject.into(), Raised { text, since, said: Instant::now() });
        self.is_stored = false;
    }

    /// What it was about works again.
    pub(crate) fn end(&mut self, subject: &str) {
        if self.raised.remove(subject).is_some() {
            info!(%subject, "the alarm is over");
            self.is_stored = false;
            self.note(subject, None);
        }
    }

    /// Notes a line for the audit log, unless there were too many.
    fn note(&mut self, subject: &str, why: Option<String>) {
        while self.noted.front().is_some_and(|at| at.elapsed() >= HOUR) {
            self.noted.pop_front();
        }
        if self.noted.len() < LINES_AN_HOUR_MAX && self.news.len() < LINES_AN_HOUR_MAX && subject != AUDIT {
            self.noted.push_back(Instant::now());
            self.news.push_back((subject.into(), why));
        }
    }

    /// Raises the subject's alarm with an error and its hint, or ends it.
    pub(crate) fn watch<T>(
        &mut self,
        subject: &str,
        result: Result<T, CollectorError>,
        now: u64,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.end(subject);
                Some(value)
            }
            Err(error) => {
                self.raise(subject, explained(&error), now);
                None
            }
        }
    }

    /// Stores them where other commands show them, when they have changed.
    pub(crate) fn store(&mut self, home: &Home, db: &mut Db) {
        let waits = |due: Option<Instant>| due.is_some_and(|due| Instant::now() < due);
        if !self.news.is_empty() && !waits(self.record_due) {
            self.record(home, db);
        }
        if self.is_stored || waits(self.store_due) {
            return;
        }
        let view = |(subject, raised): (&String, &Raised)| AlarmView {
            subject: subject.clone(),
            since: raised.since,
            text: raised.text.clone(),
        };
        let stored = db.change().and_then(|change| {
            alarms::set(&change, self.raised.iter().map(view))?;
            change.commit()
        });
        match stored {
            Ok(()) => (self.is_stored, self.store_due) = (true, None),
            // The reason is most likely an alarm of its own.
            Err(error) => {
                warn!("alarms are not stored: {error}");
                self.store_due = Some(Instant::now() + STORED_AGAIN);
            }
        }
    }

    /// Writes the lines of the audit log; when that fails it is tried again after [`STORED_AGAIN`].
    fn record(&mut self, home: &Home, db: &mut Db) {
        let recorded = db.change().map_err(CollectorError::from).and_then(|change| {
            for (subject, why) in &self.news {
                let entry = match why {
                    Some(why) => Act::Alarm.of(subject).with("why", why.as_str()),
                    None => Act::AlarmEnds.of(subject),
                };
                audit::record(home, &change, entry)?;
            }
            Ok(change.commit()?)
        });
        self.record_due = match self.watch(AUDIT, recorded, home.now()) {
            Some(()) => {
                self.news.clear();
                None
            }
            None => Some(Instant::now() + STORED_AGAIN),
        };
    }

    #[cfg(test)]
    pub(crate) fn subjects(&self) -> Vec<&str> {
        self.raised.keys().map(String::as_str).collect()
    }
}

/// An error with what to do about it.
pub(crate) fn explained(error: &CollectorError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}. {hint}"),
        None => error.to_string(),
    }
}

/// The alarms of the `serve` that runs, or ran last.
pub fn alarms(home: &Home) -> Result<Vec<AlarmView>, DbError> {
    alarms::all(home.database()?.read())
}
