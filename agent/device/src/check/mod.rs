//! A scan -> lookups in every list -> a verdict; and, before it is shown, the journal line and the encounters.
//!
//! Invariants: the lookups touch no network and no lock an update holds; the answer is given only after its journal
//! line and encounters are durable (one transaction); a list that could not be asked says so and is never counted as
//! Clear. What may be misread cannot come out Clear, in the lists that are asked by it: what was looked up may not be
//! what is printed. What may be shown of it is [`disclose`]'s to say; a discreet alert changes nothing of an answer.
//!
//! Failure: an unreadable zone is an error with its place; a journal that cannot be written is an error; a list that
//! cannot be read makes its own answer NotChecked.

pub mod alert;
mod answer;
mod ask;
pub mod disclose;
pub mod discreet;
pub(crate) mod encounter;
pub mod find;
pub mod late;
pub mod outcome;
pub(crate) mod reading;
mod record;
pub mod slips;
#[cfg(test)]
pub(crate) mod tests;

pub use alert::{Alert, Encountered, Match, Reason, Subject};
pub use answer::{Answer, Checked, Document, Gap, Notice, ScanId};
pub use find::{Find, FindError, Typed};

use crate::config::Limits;
use crate::journal::{self, AuditEvent, AuditLine};
use crate::snapshot::{Shared, Snapshot};
use crate::store::{Db, DbError};
use disclose::Disclosed;
use discreet::{Discreet, DiscreetScan, FORM_TEXT_BYTES_MAX};
use reading::Reading;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use vedette_common::clock::{Clock, rfc3339};
use vedette_common::crypto::{self, BoxKey};
use vedette_common::text::{cut, verdict_word};
use vedette_common::words::Phrase;
use vedette_shim::ids::{DeviceId, Hex};
use vedette_shim::mrz::{self, MrzError};
use vedette_shim::verdict::ListResult;
use vedette_shim::wire::FormField;

/// Longest name of who asks and longest purpose, bytes: every check writes them into the journal, at whose bound there are no
/// answers.
const ASKER_BYTES_MAX: usize = 128;
/// The part of the journal that only signed-in officers, readers and the socket may fill: tenths of its bound. A program on
/// loopback must not be able to silence the post.
const JOURNAL_RESERVE_TENTHS: u64 = 1;

/// A document read by a scanner, a keyboard wedge or a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// The machine readable zone, with any line breaks.
    pub mrz: String,
    /// Who searches, for the journal: badge or program.
    pub who: String,
    /// Why, for the journal.
    pub why: String,
}

/// One question to the lists, on its way to the answer.
struct Asking<'a> {
    start: Instant,
    who: &'a str,
    why: &'a str,
    document: Document,
    reading: Reading,
    notices: Vec<Notice>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The zone cannot be read.
    #[error("unreadable MRZ: {0}")]
    Unreadable(#[from] MrzError),
    /// What was typed cannot be searched.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Who asks, or why, is more than the journal takes.
    #[error("{what} is {bytes} bytes long, and the journal takes {ASKER_BYTES_MAX}")]
    Asker {
        /// `who` or `why`.
        what: &'static str,
        bytes: usize,
    },
    /// The answer could not be recorded, so it is not given.
    #[error("the check could not be recorded, so there is no answer: {0}")]
    Record(#[from] DbError),
    /// A roster is held, and nobody is at work.
    #[error("nobody is signed in, so there is no answer")]
    NobodySignedIn,
    /// The journal is at its bound; nobody searches unrecorded.
    #[error("the journal is full ({bytes} bytes), so there is no answer")]
    JournalFull {
        /// Bytes of its lines.
        bytes: u64,
    },
}

impl CheckError {
    /// In the officer's words.
    pub fn phrase(&self) -> Phrase {
        match self {
            CheckError::Unreadable(_) => Phrase::new("refused.why.unreadable"),
            CheckError::Find(_) => Phrase::new("refused.why.not_searched"),
            CheckError::Asker { .. } => Phrase::new("refused.why.asker"),
            CheckError::Record(_) => Phrase::new("refused.why.not_recorded"),
            CheckError::NobodySignedIn => Phrase::new("refused.why.nobody"),
            CheckError::JournalFull { .. } => Phrase::new("refused.why.journal_full"),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            CheckError::Unreadable(_) => "read the document again",
            CheckError::Find(error) => error.hint(),
            CheckError::Asker { .. } => "name a badge, and a purpose of a few words",
            CheckError::NobodySignedIn => "sign in on the console, then read the document again",
            CheckError::Record(_) => "see the agent's log",
            CheckError::JournalFull { .. } => "`vedette journal export FILE --trim` makes room",
        }
    }
}

/// Who checks, and within what bounds: what the configuration says of it.
pub struct Settings {
    /// This device, as encounters name it.
    pub device: DeviceId,
    /// The post's name, as encounters carry it.
    pub post: String,
    /// Seals encounters.
    pub box_key: Arc<BoxKey>,
    /// Of the journal, the spool and an answer's alerts.
    pub limits: Limits,
    /// How long the keyed hash of a document that no list has is kept, seconds; 0: it is not.
    pub retro_keep_s: u64,
}

/// Checks scans; shared by all who ask.
pub struct Checker {
    settings: Settings,
    db: Arc<Db>,
    shared: Shared,
    clock: Arc<Clock>,
    /// Rung when an encounter was spooled.
    spooled: Notify,
    discreet: Discreet,
}

impl Checker {
    /// Checks against the lists that `shared` holds; journal and spool are in `db`.
    pub fn new(settings: Settings, db: Arc<Db>, shared: Shared, clock: Arc<Clock>) -> Checker {
        Checker { settings, db, shared, clock, spooled: Notify::new(), discreet: Discreet::default() }
    }

    /// This device's id.
    pub fn device(&self) -> &DeviceId {
        &self.settings.device
    }

    /// The post's name.
    pub fn post(&self) -> &str {
        &self.settings.post
    }

    /// The device's key, which seals encounters.
    pub fn box_key(&self) -> &BoxKey {
        &self.settings.box_key
    }

    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// How long hashes are kept, see [`Settings::retro_keep_s`].
    pub fn retro_keep_s(&self) -> u64 {
        self.settings.retro_keep_s
    }

    /// Journal, spool and all else that is durable.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The lists in use now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.load_full()
    }

    /// The time now, seconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The clock, for whoever verifies by it.
    pub fn clock(&self) -> Arc<Clock> {
        self.clock.clone()
    }

    /// Wakes whoever brings encounters home: one was spooled.
    pub fn notify_spooled(&self) {
        self.spooled.notify_one();
    }

    /// Until an encounter is spooled; returns at once if one was since the last call.
    pub async fn spooled(&self) {
        self.spooled.notified().await;
    }

    /// What only an entitled officer may see.
    pub fn discreet(&self) -> &Discreet {
        &self.discreet
    }

    /// Answers a scan, as an officer may see it; [`Answer::seen_by`] shows it to others.
    ///
    /// # Errors
    /// There is no answer, and nobody's lists were asked, unless it could not be recorded.
    pub fn check(&self, scan: &Scan) -> Result<Answer, CheckError> {
        let start = Instant::now();
        let zone = mrz::parse(&scan.mrz)?;
        let (reading, mut notices) = Reading::of(&zone, self.now());
        notices.extend(slips::notices(&zone));
        let (format, fields) = (Some(zone.format()), reading::scanned(&zone));
        let document = Document { format, valid: zone.valid(), fields };
        self.answer(Asking { start, who: &scan.who, why: &scan.why, document, reading, notices })
    }

    /// Answers what somebody typed without a zone, by the same rules.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn find(&self, find: &Find) -> Result<Answer, CheckError> {
        let start = Instant::now();
        let reading = find.typed.reading()?;
        let document = Document { format: None, valid: true, fields: find.typed.fields() };
        self.answer(Asking { start, who: &find.who, why: &find.why, document, reading, notices: Vec::new() })
    }

    fn answer(&self, asking: Asking<'_>) -> Result<Answer, CheckError> {
        let Asking { start, who, why, document, reading, mut notices } = asking;
        for (what, text) in [("who", who), ("why", why)] {
            if text.len() > ASKER_BYTES_MAX {
                return Err(CheckError::Asker { what, bytes: text.len() });
            }
        }
        let scan_id: ScanId = crypto::random();
        // At the level of errors, so that whoever logs only those reads which scan failed.
        let _span = tracing::error_span!("scan", id = %Hex(&scan_id)).entered();
        notices.extend(self.journal_notice()?);
        let (now, snapshot) = (self.now(), self.snapshot());
        if snapshot.lists.is_empty() {
            notices.push(Notice::NoList);
        }
        let alerts_max = self.limits().alerts_max;
        let lists = snapshot.lists.iter().filter(|held| reading.asks(held.kind));
        let asked =
            lists.map(|held| ask::ask(held, &reading, alerts_max, now)).collect::<Result<_, FindError>>()?;
        let Disclosed { verdict, checked, open, discreet } = disclose::disclose(asked, alerts_max);

        let event = AuditEvent::Check {
            who: who.into(),
            why: why.into(),
            typed: document.format.is_none(),
            verdict: verdict_word(verdict).into(),
            lists: checked.iter().map(|c| (c.list.to_string(), c.edition)).collect(),
            alerts: open.iter().map(|found| format!("{}/{}", found.list, found.alert_id)).collect(),
        };
        // Whether its bearer met an alert, perhaps a discreet one, says nothing of whether the document may be listed later.
        // Nor does a document that this one may have been misread from.
        let listed = open.iter().any(|found| found.subject.is_document() && found.result == ListResult::Hit);
        let remember = reading.document().filter(|_| !listed && self.retro_keep_s() > 0);
        let open = self.seal(scan_id, &document.fields, open, true, now);
        let discreet = self.seal(scan_id, &document.fields, discreet, false, now);
        let remembered = remember.as_ref().map(|key| (key, &scan_id));
        let recorded = self.record(&AuditLine { at: now, event }, open, discreet, remembered)?;
        if let Some(key) = &remember
            && !Arc::ptr_eq(&snapshot, &self.snapshot())
        {
            self.look_again(key);
        }
        notices.extend(recorded.lost);
        if !recorded.discreet.is_empty() {
            self.keep_discreet(why, scan_id, now, &document, recorded.discreet);
        }
        wait_for_step(start, Duration::from_millis(self.limits().answer_step_ms));
        let elapsed_us = start.elapsed().as_micros() as u64;
        Ok(Answer::new(scan_id, verdict, document, checked, recorded.open, notices, elapsed_us))
    }

    /// What the officer must know of the journal's bound; an error at it.
    fn journal_notice(&self) -> Result<Option<Notice>, CheckError> {
        let bytes = journal::bytes(&self.db)?;
        let bytes_max = self.limits().journal_bytes_max;
        if bytes >= bytes_max {
            return Err(CheckError::JournalFull { bytes });
        }
        Ok((bytes / 9 >= bytes_max / 10).then_some(Notice::JournalNearlyFull))
    }

    /// Whether the journal has room for a caller for whom no reserve is kept; an error if not.
    pub fn leave_reserve(&self) -> Result<(), CheckError> {
        let (bytes, bytes_max) = (journal::bytes(&self.db)?, self.limits().journal_bytes_max);
        match bytes >= bytes_max - bytes_max / 10 * JOURNAL_RESERVE_TENTHS {
            true => Err(CheckError::JournalFull { bytes }),
            false => Ok(()),
        }
    }

    /// Keeps discreet alerts for an entitled officer, with what the device knows of the form.
    fn keep_discreet(&self, why: &str, scan_id: ScanId, now: u64, document: &Document, alerts: Vec<Alert>) {
        let known = [
            (FormField::Place, self.post().into()),
            (FormField::Time, rfc3339(now)),
            (FormField::Reason, cut::<FORM_TEXT_BYTES_MAX>(why).as_str().into()),
        ];
        let document = document.clone();
        self.discreet.keep(DiscreetScan { scan_id, at: now, document, alerts, form: known.into() });
    }
}

/// Waits for the next multiple of `step` since `start`.
fn wait_for_step(start: Instant, step: Duration) {
    let (step, elapsed) = (step.as_nanos(), start.elapsed().as_nanos());
    if step > 0 {
        std::thread::sleep(Duration::from_nanos((step - elapsed % step) as u64));
    }
}
