//! A scan -> lookups in every list -> a verdict; and, before it is shown, the journal line and the encounters.
//!
//! Invariants: the lookups touch no network and no lock an update holds; the answer is given only after its journal
//! line and encounters are durable (one transaction); a list that could not be asked says so and is never counted as
//! Clear. What may be misread cannot come out Clear, in the lists that are asked by it: what was looked up may not be
//! what is printed. What may be shown of it is [`disclose`]'s to say; a discreet alert changes nothing of an answer.
//!
//! Failure: an unreadable zone is an error with its place; a journal that cannot be written is an error; a list that
//! cannot be read makes its own answer NotChecked.

mod answer;
mod ask;
pub mod disclose;
pub mod discreet;
pub(crate) mod encounter;
pub mod late;
pub mod outcome;
mod reading;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::{Alert, Answer, Checked, Document};
use vedette_common::text::{cut, verdict_word};

use crate::config::Limits;
use crate::holdings::{Holdings, Shared};
use crate::journal::{self, Event, Line};
use crate::retro;
use crate::store::encounters::NewEncounter;
use crate::store::spool::Spooling;
use crate::store::{Db, DbError};
use disclose::Disclosed;
use discreet::{Discreet, DiscreetScan};
use encounter::{Addressee, Met};
use outcome::FORM_TEXT_BYTES_MAX;
use reading::Reading;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use utoipa::ToSchema;
use vedette_common::clock::{Clock, rfc3339};
use vedette_common::crypto::{self, BoxKey};
use vedette_common::words::Phrase;
use vedette_shim::document::DocumentKey;
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::mrz::{self, Mrz, MrzError, Sex};
use vedette_shim::verdict::{ListResult, Verdict};
use vedette_shim::wire::{FormField, ScannedDocument};

/// A document read by a scanner, a keyboard wedge or a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// The machine readable zone, with any line breaks.
    pub mrz: String,
    /// Who searches: badge or program.
    #[serde(default)]
    pub who: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The zone cannot be read.
    #[error("unreadable MRZ: {0}")]
    Unreadable(#[from] MrzError),
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
            CheckError::Record(_) => Phrase::new("refused.why.not_recorded"),
            CheckError::NobodySignedIn => Phrase::new("refused.why.nobody"),
            CheckError::JournalFull { .. } => Phrase::new("refused.why.journal_full"),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            CheckError::Unreadable(_) => "read the document again",
            CheckError::NobodySignedIn => "sign in on the console, then read the document again",
            CheckError::Record(_) => "see the agent's log",
            CheckError::JournalFull { .. } => "`vedette journal export FILE --trim` makes room",
        }
    }
}

/// Which encounters are kept: those shown, those not.
type KeptIds = (Vec<Option<EncounterId>>, Vec<Option<EncounterId>>);

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

    /// The bounds.
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
    pub fn holdings(&self) -> Arc<Holdings> {
        self.shared.load_full()
    }

    /// The time now, seconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock.now()
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
    pub fn check(&self, scan: &Scan) -> Result<Answer, CheckError> {
        let start = Instant::now();
        let zone = mrz::parse(&scan.mrz)?;
        let journal_bytes = journal::bytes(&self.db)?;
        if journal_bytes >= self.limits().journal_bytes_max {
            return Err(CheckError::JournalFull { bytes: journal_bytes });
        }
        let now = self.now();
        let holdings = self.holdings();
        let (reading, mut notices) = Reading::of(&zone, now);
        if journal_bytes / 9 >= self.limits().journal_bytes_max / 10 {
            notices.push(Phrase::new("notice.journal_nearly_full"));
        }

        if holdings.lists.is_empty() {
            notices.push(Phrase::new("notice.no_list"));
        }
        let alerts_max = self.limits().alerts_max;
        let asked = holdings.lists.iter().map(|held| ask::ask(held, &reading, alerts_max, now)).collect();
        let Disclosed { verdict, checked, mut open, mut discreet } = disclose::disclose(asked, alerts_max);

        let scan_id: [u8; 16] = crypto::random();
        let (sealed, hidden) = (
            self.encounters(&scan_id, &zone, &open, &holdings, now, true),
            self.encounters(&scan_id, &zone, &discreet, &holdings, now, false),
        );
        let event = Event::Check {
            who: scan.who.clone(),
            why: scan.why.clone(),
            verdict: verdict_word(verdict).into(),
            lists: checked.iter().map(|c| (c.list.to_string(), c.edition)).collect(),
            alerts: open.iter().map(|alert| format!("{}/{}", alert.list, alert.alert_id)).collect(),
        };
        // Whether its bearer met an alert, perhaps a discreet one, says nothing of whether the document may be listed later.
        // Nor does a document that this one may have been misread from.
        let listed = open.iter().any(|alert| alert.kind == "document" && alert.result == ListResult::Hit);
        let remember = reading.read.as_ref().filter(|_| !listed && self.retro_keep_s() > 0);
        let remember = remember.map(|key| (key, &scan_id));
        let (kept, kept_hidden) = self.record(&Line { at: now, event }, &sealed, &hidden, remember)?;
        if let Some((key, _)) = remember
            && !Arc::ptr_eq(&holdings, &self.holdings())
        {
            self.look_again(key);
        }
        let lost = kept.iter().filter(|id| id.is_none()).count();
        if lost > 0 {
            let unsealed = sealed.iter().any(Option::is_none);
            let code = if unsealed { "notice.not_sealed" } else { "notice.spool_full" };
            notices.push(Phrase::with(code, [("count", lost.to_string())]));
        }
        for (alert, id) in open.iter_mut().zip(kept).chain(discreet.iter_mut().zip(kept_hidden)) {
            // What could not be kept has no clock: its owner never hears of it.
            let Some(id) = id else { continue };
            alert.encounter_id = Hex(&id).to_string();
            let held = holdings.lists.iter().find(|held| held.list == alert.list);
            let within = held.map_or(0, |held| held.confirm_s);
            alert.confirm_by = (within > 0).then(|| rfc3339(now + u64::from(within)));
        }
        let scan_id = Hex(&scan_id).to_string();
        let document = document_of(&zone);
        if !discreet.is_empty() {
            let known = [
                (FormField::Place, self.post().into()),
                (FormField::Time, rfc3339(now)),
                (FormField::Reason, cut::<FORM_TEXT_BYTES_MAX>(&scan.why).as_str().into()),
            ];
            let form = known.into();
            let (scan_id, document) = (scan_id.clone(), document.clone());
            self.discreet.keep(DiscreetScan { scan_id, at: now, document, alerts: discreet, form });
        }
        wait_for_step(start, Duration::from_millis(self.limits().answer_step_ms));
        let elapsed_us = start.elapsed().as_micros() as u64;
        Ok(Answer::new(scan_id, verdict, document, checked, open, notices, elapsed_us))
    }

    /// A sealed encounter for each alert, in their order; `None` for one that cannot be sealed.
    fn encounters(
        &self,
        scan: &[u8; 16],
        zone: &Mrz,
        met: &[Alert],
        holdings: &Holdings,
        now: u64,
        shown: bool,
    ) -> Vec<Option<NewEncounter>> {
        let seal = |alert: &Alert| {
            let held = holdings.lists.iter().find(|held| held.list == alert.list)?;
            let met = Met {
                id: crypto::random(),
                scan: *scan,
                made_at: now,
                list: &held.list,
                edition: held.edition,
                alert_id: &alert.alert_id,
                verdict: if alert.result == ListResult::Hit { Verdict::Hit } else { Verdict::Possible },
                score: alert.score,
                document: scanned(zone),
                late: false,
            };
            let to = Addressee { owner_key: held.owner_key, confirm_s: held.confirm_s, shown };
            let sealed = self.seal_encounter(met, to);
            sealed.inspect_err(|error| {
                // Only an owner's key that is no key can do this; the root that carries it was signed so.
                tracing::error!(list = %held.list, %error, "cannot seal an encounter to the list's owner");
            }).ok()
        };
        met.iter().map(seal).collect()
    }

    /// Stores the journal line, the hash of a document to be remembered, and the encounters; which are stored, in their order.
    fn record(
        &self,
        line: &Line,
        open: &[Option<NewEncounter>],
        hidden: &[Option<NewEncounter>],
        remember: Option<(&DocumentKey, &[u8; 16])>,
    ) -> Result<KeptIds, DbError> {
        let kept = self.db.transaction("record the check", |t| {
            journal::append(t, line)?;
            if let Some((key, scan)) = remember {
                retro::remember(t, key, scan, line.at, self.retro_keep_s())?;
            }
            let spool = |new: &Option<NewEncounter>| match new {
                None => Ok(None),
                Some(new) => match self.spool_encounter(t, new, line.at)? {
                    Spooling::Stored => Ok(Some(new.id)),
                    Spooling::Full => Ok(None),
                },
            };
            let open = open.iter().map(spool).collect::<Result<_, DbError>>()?;
            let hidden = hidden.iter().map(spool).collect::<Result<_, DbError>>()?;
            Ok::<_, DbError>((open, hidden))
        })?;
        if !open.is_empty() || !hidden.is_empty() {
            self.notify_spooled();
        }
        Ok(kept)
    }
}

/// Waits for the next multiple of `step` since `start`.
fn wait_for_step(start: Instant, step: Duration) {
    let (step, elapsed) = (step.as_nanos(), start.elapsed().as_nanos());
    if step > 0 {
        std::thread::sleep(Duration::from_nanos((step - elapsed % step) as u64));
    }
}

fn document_of(zone: &Mrz) -> Document {
    let scanned = scanned(zone);
    Document {
        format: zone.format().to_string(),
        valid: zone.valid(),
        code: scanned.code.as_str().into(),
        issuing_state: scanned.issuing_state.as_str().into(),
        number: scanned.number.as_str().into(),
        surname: scanned.surname.as_str().into(),
        given_names: scanned.given_names.as_str().into(),
        nationality: scanned.nationality.as_str().into(),
        birth_date: scanned.birth_date.as_str().into(),
        sex: scanned.sex.as_str().into(),
        expiry_date: scanned.expiry_date.as_str().into(),
    }
}

/// What was read, as an encounter carries it.
pub(crate) fn scanned(zone: &Mrz) -> ScannedDocument {
    let sex = match zone.sex() {
        Sex::Male => "M",
        Sex::Female => "F",
        Sex::X => "X",
        Sex::Unspecified | Sex::Unknown => "",
    };
    ScannedDocument {
        code: cut(zone.document_code()),
        issuing_state: cut(zone.issuing_state()),
        number: cut(zone.document_number()),
        surname: cut(zone.surname()),
        given_names: cut(zone.given_names()),
        nationality: cut(zone.nationality()),
        birth_date: cut(zone.birth_date().as_ref().map_or("", |d| d.as_str())),
        sex: cut(sex),
        expiry_date: cut(zone.expiry_date().as_ref().map_or("", |d| d.as_str())),
    }
}
