//! A scan -> lookups in every list -> a verdict; and, before it is shown, the journal line and the encounters.
//!
//! Invariants: the lookups touch no network and no lock an update holds; the answer is given only after its journal
//! line and encounters are durable (one transaction); a list that could not be asked says so and is never counted as
//! Clear. A document number whose check digit fails cannot come out Clear: what was looked up may not be what is
//! printed.
//!
//! Failure: an unreadable zone is an error with its place; a journal that cannot be written is an error; a list that
//! cannot be read makes its own answer NotChecked.

mod answer;

pub use answer::{Alert, Answer, Checked, Document, word};

use crate::clock::{Clock, rfc3339};
use crate::config::Limits;
use crate::crypto::{self, BoxKey};
use crate::encounter;
use crate::holdings::{Content, Held, Shared};
use crate::journal::{self, Event, Line};
use crate::lists::{DocumentAlert, Edition, ListError};
use crate::names::{self, BirthDate, PersonAlert, PersonIndex, PersonMatch, PersonQuery};
use crate::spool::{self, Kept};
use crate::state::{State, StateError};
use crate::words::Phrase;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;
use vedette_shim::document::{DocumentKey, KeyError};
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::list::Status;
use vedette_shim::mrz::{self, CheckName, Mrz, MrzError, Repair, Sex};
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{ListResult, Verdict, decide};
use vedette_shim::wire::{Encounter, ScannedDocument};

/// A document read by a scanner, a keyboard wedge or a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    Record(#[from] StateError),
    /// The journal is at its bound; nobody searches unrecorded.
    #[error("the journal is full ({bytes} bytes), so there is no answer")]
    JournalFull {
        /// Bytes of its lines.
        bytes: u64,
    },
}

impl CheckError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            CheckError::Unreadable(_) => "read the document again",
            CheckError::Record(_) => "see the agent's log",
            CheckError::JournalFull { .. } => "`vedette journal export FILE --trim` makes room",
        }
    }
}

/// Checks scans; shared by all who ask.
pub struct Checker {
    /// This device.
    pub device: DeviceId,
    /// The post's name.
    pub post: String,
    /// Seals encounters.
    pub box_key: Arc<BoxKey>,
    /// Takes the journal and the spool.
    pub state: Arc<State>,
    /// The lists in use.
    pub shared: Shared,
    /// Tells the time.
    pub clock: Arc<Clock>,
    /// The bounds.
    pub limits: Limits,
    /// Rung when an encounter was spooled.
    pub spooled: Arc<Notify>,
}

impl Checker {
    /// Answers a scan.
    pub fn check(&self, scan: &Scan) -> Result<Answer, CheckError> {
        let start = Instant::now();
        let zone = mrz::parse(&scan.mrz)?;
        let journal_bytes = self.state.read("measure the journal", journal::bytes)?;
        if journal_bytes >= self.limits.journal_bytes_max {
            return Err(CheckError::JournalFull { bytes: journal_bytes });
        }
        let now = self.clock.now();
        let holdings = self.shared.load_full();
        let (reading, mut notices) = Reading::of(&zone, now);
        if journal_bytes / 9 >= self.limits.journal_bytes_max / 10 {
            notices.push(Phrase::new("notice.journal_nearly_full"));
        }

        let mut checked = Vec::with_capacity(holdings.lists.len());
        let mut met: Vec<(Alert, &Held)> = Vec::new();
        for held in &holdings.lists {
            let (age_s, freshness) = held.freshness(now);
            let asked = match freshness {
                Freshness::Expired => Err(not_checked_reason(held)),
                _ => ask(held, &reading, self.limits.alerts_max),
            };
            let (result, why) = match asked {
                Ok(alerts) => {
                    let results = alerts.iter().map(|alert| alert.result);
                    let result = [ListResult::Hit, ListResult::Possible]
                        .into_iter()
                        .find(|r| results.clone().any(|x| x == *r));
                    let uncertain = result.is_none()
                        && reading.uncertain
                        && matches!(held.content, Content::Documents(_));
                    met.extend(alerts.into_iter().map(|alert| (alert, held)));
                    match result {
                        Some(result) => (result, None),
                        None if uncertain => (ListResult::NotChecked, Some(Phrase::new("why.misread"))),
                        None => (ListResult::Clear, None),
                    }
                }
                Err(why) => (ListResult::NotChecked, Some(why)),
            };
            checked.push(Checked {
                list: held.list.clone(),
                edition: held.edition,
                issued: rfc3339(held.issued),
                age_s,
                freshness,
                result,
                why,
            });
        }
        if holdings.lists.is_empty() {
            notices.push(Phrase::new("notice.no_list"));
        }
        met.sort_by(|(a, _), (b, _)| {
            let rank = |alert: &Alert| (alert.kind != "document", alert.result != ListResult::Hit);
            rank(a).cmp(&rank(b)).then(b.score.total_cmp(&a.score)).then(a.alert_id.cmp(&b.alert_id))
        });
        met.truncate(self.limits.alerts_max);

        let scan_id: [u8; 16] = crypto::random();
        let verdict = decide(checked.iter().map(|checked| checked.result));
        let encounters = self.encounters(&scan_id, &zone, &met, now);
        let kept = self.record(scan, verdict, &checked, &met, encounters, now, &mut notices)?;
        for ((alert, _), id) in met.iter_mut().zip(kept) {
            alert.encounter_id = id.map_or_else(String::new, |id| Hex(&id).to_string());
        }
        Ok(Answer {
            scan_id: Hex(&scan_id).to_string(),
            verdict,
            document: document_of(&zone),
            checked,
            alerts: met.into_iter().map(|(alert, _)| alert).collect(),
            notices,
            elapsed_us: start.elapsed().as_micros() as u64,
        })
    }

    /// A sealed message for each alert met, in their order; `None` for one that cannot be sealed.
    fn encounters(
        &self,
        scan: &[u8; 16],
        zone: &Mrz,
        met: &[(Alert, &Held)],
        now: u64,
    ) -> Vec<Option<(EncounterId, Vec<u8>)>> {
        let seal = |(alert, held): &(Alert, &Held)| {
            let encounter = Encounter {
                id: crypto::random(),
                scan: *scan,
                device: self.device.clone(),
                post: cut(&self.post),
                made_at: now,
                list: held.list.clone(),
                edition: held.edition,
                alert: cut(&alert.alert_id),
                verdict: if alert.result == ListResult::Hit { Verdict::Hit } else { Verdict::Possible },
                score: (alert.score * 1000.0).round() as u16,
                document: scanned(zone),
            };
            match encounter::seal(&encounter, &self.box_key, &held.owner_key) {
                Ok(message) => Some((encounter.id, message)),
                Err(error) => {
                    // Only an owner's key that is no key can do this; the root that carries it was signed so.
                    tracing::error!(list = %held.list, %error, "cannot seal an encounter to the list's owner");
                    None
                }
            }
        };
        met.iter().map(seal).collect()
    }

    /// Stores the journal line and the encounters; returns which encounters are kept, in the order of `met`.
    #[expect(clippy::too_many_arguments, reason = "it is one record, made once")]
    fn record(
        &self,
        scan: &Scan,
        verdict: Verdict,
        checked: &[Checked],
        met: &[(Alert, &Held)],
        encounters: Vec<Option<(EncounterId, Vec<u8>)>>,
        now: u64,
        notices: &mut Vec<Phrase>,
    ) -> Result<Vec<Option<EncounterId>>, StateError> {
        let event = Event::Check {
            who: scan.who.clone(),
            why: scan.why.clone(),
            verdict: word(verdict).into(),
            lists: checked.iter().map(|c| (c.list.to_string(), c.edition)).collect(),
            alerts: met.iter().map(|(alert, held)| format!("{}/{}", held.list, alert.alert_id)).collect(),
        };
        let unsealed = encounters.iter().any(Option::is_none);
        let kept = self.state.transaction("record the check", |t| {
            journal::append(t, &Line { at: now, event })?;
            let keep = |sealed: &Option<(EncounterId, Vec<u8>)>| {
                let Some((id, message)) = sealed else { return Ok(None) };
                let kept = spool::keep(t, id, message, self.limits.spool_bytes_max)?;
                Ok((kept == Kept::Yes).then_some(*id))
            };
            encounters.iter().map(keep).collect::<rusqlite::Result<Vec<_>>>()
        })?;
        if kept.iter().any(Option::is_some) {
            self.spooled.notify_one();
        }
        let lost = kept.iter().filter(|id| id.is_none()).count();
        if lost > 0 {
            let code = if unsealed { "notice.not_sealed" } else { "notice.spool_full" };
            notices.push(Phrase::with(code, [("count", lost.to_string())]));
        }
        Ok(kept)
    }
}

/// What is asked of the lists.
struct Reading {
    /// As read, and as repaired if there is exactly one repair.
    keys: Result<Vec<(DocumentKey, Option<&'static str>)>, Phrase>,
    /// The number's check digit fails: a miss means nothing.
    uncertain: bool,
    person: PersonQuery,
}

impl Reading {
    fn of(zone: &Mrz, now: u64) -> (Reading, Vec<Phrase>) {
        let key =
            |zone: &Mrz| DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number());
        let uncertain = zone.checks().iter().any(|c| c.name == CheckName::Number && !c.check.passes());
        let mut notices = Vec::new();
        let unusable = |error: KeyError| Phrase::with("why.number", [("error", error.to_string())]);
        let keys = key(zone).map_err(unusable).map(|read| {
            let mut keys = vec![(read, uncertain.then_some("reason.number_misread"))];
            if uncertain && let Repair::Unique(fix) = mrz::repair(zone.lines()) {
                let repaired = Mrz::from(*fix.lines());
                if let Ok(repaired) = key(&repaired)
                    && repaired != read
                {
                    keys.push((repaired, Some("reason.number_repaired")));
                }
            }
            keys
        });
        if uncertain {
            notices.push(Phrase::new("notice.misread"));
        }
        let today = rfc3339(now)[..4].parse().unwrap_or(2000);
        let person = PersonQuery {
            surname: zone.surname().into(),
            given: zone.given_names().into(),
            name_truncated: zone.name_truncated(),
            birth_date: birth_date(zone, today),
            nationality: zone.nationality().into(),
            sex: match zone.sex() {
                Sex::Male => names::Sex::Male,
                Sex::Female => names::Sex::Female,
                Sex::X | Sex::Unspecified => names::Sex::Unspecified,
                Sex::Unknown => names::Sex::Unknown,
            },
        };
        (Reading { keys, uncertain, person }, notices)
    }
}

fn birth_date(zone: &Mrz, today: u16) -> Option<BirthDate> {
    let date = zone.birth_date()?;
    let parts = date.parts()?;
    Some(BirthDate { year: parts.birth_year(today)?, month: parts.month, day: parts.day, circa: false })
}

fn not_checked_reason(held: &Held) -> Phrase {
    Phrase::new(match held.content {
        Content::Nothing(why) => why,
        _ => "why.lease",
    })
}

/// Asks one list; what it met, or why it could not be asked.
fn ask(held: &Held, reading: &Reading, limit: usize) -> Result<Vec<Alert>, Phrase> {
    let damaged = |error: ListError| {
        tracing::error!(list = %held.list, %error, "the list cannot be read");
        Phrase::new("why.damaged")
    };
    match &held.content {
        Content::Nothing(why) => Err(Phrase::new(why)),
        Content::Documents(edition) => {
            let mut alerts = Vec::new();
            for (key, doubt) in reading.keys.as_ref().map_err(Clone::clone)? {
                let found = edition.find(key).map_err(damaged)?;
                let met = found.exact.iter().chain(&found.ranges);
                alerts.extend(met.map(|alert| document_alert(held, alert, *doubt)));
            }
            Ok(alerts)
        }
        Content::Persons(edition, index) => {
            persons_met(held, edition, index, &reading.person, limit).map_err(damaged)
        }
    }
}

fn persons_met(
    held: &Held,
    edition: &Edition,
    index: &PersonIndex,
    query: &PersonQuery,
    limit: usize,
) -> Result<Vec<Alert>, ListError> {
    let mut alerts = Vec::new();
    for found in index.search(query, limit, held.possible_from) {
        let record = edition.find_record(found.alert_id.as_bytes())?;
        let alert = record.and_then(|bytes| names::person::decode(&bytes).ok());
        alerts.push(person_alert(held, &found, alert.as_ref()));
    }
    Ok(alerts)
}

fn document_alert(held: &Held, alert: &DocumentAlert, doubt: Option<&'static str>) -> Alert {
    let bearer_sought = alert.payload.status == Status::ValidBearerSought;
    let met = if alert.to.is_some() { "reason.number_in_range" } else { "reason.number_equal" };
    let reasons = [met].into_iter().chain(doubt).map(Phrase::new).collect();
    Alert {
        encounter_id: String::new(),
        list: held.list.clone(),
        alert_id: alert.alert_id(),
        kind: "document".into(),
        result: if doubt.is_some() { ListResult::Possible } else { ListResult::Hit },
        status: json_word(&alert.payload.status),
        action: if bearer_sought { "inform" } else { "seize_document" }.into(),
        score: if doubt.is_some() { 0.5 } else { 1.0 },
        reasons,
        warnings: Vec::new(),
        owner: held.owner.clone(),
        details: serde_json::to_value(&alert.payload).unwrap_or_default(),
    }
}

fn person_alert(held: &Held, found: &PersonMatch, alert: Option<&PersonAlert>) -> Alert {
    let name = alert.and_then(|alert| alert.names.first()).map(|name| {
        if name.full.is_empty() {
            format!("{} {}", name.given, name.surname).trim().to_string()
        } else {
            name.full.clone()
        }
    });
    Alert {
        encounter_id: String::new(),
        list: held.list.clone(),
        alert_id: found.alert_id.clone(),
        kind: alert.map_or_else(|| "person".into(), |alert| json_word(&alert.kind)),
        result: if found.score >= held.hit_from { ListResult::Hit } else { ListResult::Possible },
        status: name.unwrap_or_default(),
        action: alert.map_or_else(|| "inform".into(), |alert| json_word(&alert.action)),
        score: found.score,
        reasons: found.reasons.iter().map(names::Reason::phrase).collect(),
        warnings: alert.map_or_else(Vec::new, |alert| alert.warnings.iter().map(json_word).collect()),
        owner: held.owner.clone(),
        details: serde_json::to_value(alert).unwrap_or_default(),
    }
}

/// The word an enum has in JSON.
fn json_word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
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

fn scanned(zone: &Mrz) -> ScannedDocument {
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

/// As much of `text` as fits, cut between characters.
fn cut<const N: usize>(text: &str) -> heapless::String<N> {
    let mut bounded = heapless::String::new();
    for c in text.chars() {
        if bounded.push(c).is_err() {
            break;
        }
    }
    bounded
}
