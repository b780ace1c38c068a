//! Scans, typed searches, their answers, answers that are still open, and discreet alerts.

use super::{OutcomeView, schema};
use crate::action::Action;
use crate::check::discreet::DiscreetScan;
use crate::check::{Alert, Answer, Checked, Document, Find, Gap, Notice, Reason, Scan, Subject, Typed};
use crate::post::recent::{OpenHit, Shown, Views};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::roster::Role;
use vedette_common::words::Phrase;
use vedette_names::Standing;
use vedette_names::handling::{Handling, Restriction};
use vedette_names::person::Warning;
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::list::Status;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{ListResult, Verdict};
use vedette_shim::wire::FormField;

/// A document read by a scanner, a keyboard wedge or a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Scan)]
pub struct ScanRequest {
    /// The machine readable zone, with any line breaks.
    pub mrz: String,
    /// Who searches: badge or program.
    #[serde(default)]
    pub who: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

impl ScanRequest {
    /// The scan, by `who`.
    pub fn by(self, who: String) -> Scan {
        Scan { mrz: self.mrz, who, why: self.why }
    }
}

/// A search without a zone: exactly one of number, name and identifier.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Find)]
pub struct FindRequest {
    /// A document's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberRequest>,
    /// A person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NameRequest>,
    /// Any other identifier: a national number, an alert's id or reference. `?` and `*` as in a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// Who searches: badge or program.
    #[serde(default)]
    pub who: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// A document's number as far as it can be read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FindNumber)]
pub struct NumberRequest {
    /// `?` stands for one character that cannot be read, one `*` for any count of them; 3 characters are needed.
    pub number: String,
    /// The issuing state, ICAO code; empty if it is not known.
    #[serde(default)]
    pub state: String,
    /// The document's code, `P`, `ID`; empty if it is not known.
    #[serde(default)]
    pub r#type: String,
}

/// A person's name, with what else is known; what is not known is empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FindName)]
pub struct NameRequest {
    /// Family names; the whole name where its parts are not known apart.
    pub surname: String,
    #[serde(default)]
    pub given_names: String,
    /// `1974-08-12`, `1974-08`, `1974`, or at most 20 years: `1970..1975`.
    #[serde(default)]
    pub birth_date: String,
    /// ICAO code.
    #[serde(default)]
    pub nationality: String,
    /// `M`, `F` or `X`.
    #[serde(default)]
    pub sex: String,
}

impl FindRequest {
    /// The search, by `who`; none unless exactly one thing is searched.
    pub fn by(self, who: String) -> Option<Find> {
        let typed = match (self.number, self.name, self.identifier) {
            (Some(of), None, None) => Typed::Number { number: of.number, state: of.state, kind: of.r#type },
            (None, Some(of), None) => Typed::Name {
                surname: of.surname,
                given_names: of.given_names,
                birth_date: of.birth_date,
                nationality: of.nationality,
                sex: of.sex,
            },
            (None, None, Some(text)) => Typed::Identifier(text),
            _ => return None,
        };
        Some(Find { typed, who, why: self.why })
    }
}

/// The answer to a scan or a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Answer)]
pub struct AnswerView {
    /// Names this scan, 32 hexadecimal digits.
    pub scan_id: String,
    #[schema(value_type = schema::Verdict)]
    pub verdict: Verdict,
    /// What was read.
    pub document: DocumentView,
    /// Every list that should have been asked.
    pub checked: Vec<CheckedView>,
    /// What was met: alerts of documents first, then of persons by score.
    pub alerts: Vec<AlertView>,
    /// What the officer should know besides: a misread number, an encounter that could not be stored.
    #[schema(value_type = Vec<schema::Phrase>)]
    pub notices: Vec<Phrase>,
    /// From the zone's text to the answer, recorded, in microseconds.
    pub elapsed_us: u64,
}

impl From<&Answer> for AnswerView {
    fn from(answer: &Answer) -> AnswerView {
        AnswerView {
            scan_id: Hex(&answer.scan_id).to_string(),
            verdict: answer.verdict,
            document: (&answer.document).into(),
            checked: answer.checked.iter().map(CheckedView::from).collect(),
            alerts: answer.alerts.iter().map(AlertView::from).collect(),
            notices: answer.notices.iter().map(Notice::phrase).collect(),
            elapsed_us: answer.elapsed_us,
        }
    }
}

/// What was read, as printed, or typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Document)]
pub struct DocumentView {
    /// `TD3`, `MRV-A` ...; `typed` without a zone.
    pub format: String,
    /// Whether every check digit agrees.
    pub valid: bool,
    /// Document code.
    pub code: String,
    pub issuing_state: String,
    pub number: String,
    pub surname: String,
    pub given_names: String,
    pub nationality: String,
    /// YYMMDD.
    pub birth_date: String,
    /// `M`, `F`, `X` or empty.
    pub sex: String,
    /// YYMMDD.
    pub expiry_date: String,
}

impl From<&Document> for DocumentView {
    fn from(document: &Document) -> DocumentView {
        let fields = &document.fields;
        DocumentView {
            format: document.format.map_or_else(|| "typed".into(), |format| format.to_string()),
            valid: document.valid,
            code: fields.code.as_str().into(),
            issuing_state: fields.issuing_state.as_str().into(),
            number: fields.number.as_str().into(),
            surname: fields.surname.as_str().into(),
            given_names: fields.given_names.as_str().into(),
            nationality: fields.nationality.as_str().into(),
            birth_date: fields.birth_date.as_str().into(),
            sex: fields.sex.as_str().into(),
            expiry_date: fields.expiry_date.as_str().into(),
        }
    }
}

/// One list's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Checked)]
pub struct CheckedView {
    #[schema(value_type = String)]
    pub list: ListName,
    /// The edition asked; 0 for none.
    pub edition: u64,
    /// When that was issued.
    pub issued: String,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    /// How far it may be relied on.
    #[schema(value_type = schema::Freshness)]
    pub freshness: Freshness,
    /// What it says.
    #[schema(value_type = schema::ListResult)]
    pub result: ListResult,
    /// Why it was not checked, or, beside what it met, not as a whole; none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Phrase>)]
    pub why: Option<Phrase>,
}

impl From<&Checked> for CheckedView {
    fn from(checked: &Checked) -> CheckedView {
        CheckedView {
            list: checked.list.clone(),
            edition: checked.edition,
            issued: rfc3339(checked.issued),
            age_s: checked.age_s,
            freshness: checked.freshness,
            result: checked.result,
            why: checked.gap.as_ref().map(Gap::phrase),
        }
    }
}

/// One alert met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// Names the encounter that goes home, 32 hexadecimal digits; empty if it could not be stored.
    #[serde(default)]
    pub encounter_id: String,
    /// By when its owner must confirm it; none if it needs no confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<String>,
    #[schema(value_type = String)]
    pub list: ListName,
    /// The alert in the list.
    pub alert_id: String,
    /// `document`, or what kind of person's alert: `red`, `sis_arrest` ...; `person` where that is withheld.
    pub kind: String,
    /// Hit or Possible.
    #[schema(value_type = schema::ListResult)]
    pub result: ListResult,
    /// Why a document is listed: `stolen`, `lost` ...; empty of a person, or where it is withheld.
    pub status: String,
    /// The name listed; empty of a document, or where it is withheld.
    #[serde(default)]
    pub name: String,
    /// What to do.
    #[schema(value_type = schema::Action)]
    pub action: Action,
    /// For programs, 0 to 1: where the list's thresholds lie. It is no share of what is equal.
    pub score: f32,
    /// Which facts decided: of a person what is equal, what differs, what is not known.
    pub reasons: Vec<ReasonView>,
    /// For the officer's safety and others'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<schema::Warning>)]
    pub warnings: Vec<Warning>,
    /// Whose alert it is.
    pub owner: String,
    /// How far what the alert says may go; shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Handling>)]
    pub handling: Option<Handling>,
    /// Fields that its owner keeps to a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<schema::Restriction>)]
    pub restricted: Vec<Restriction>,
    /// Everything the list says of it.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

/// One fact that decided, as a sentence for the officer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Reason)]
pub struct ReasonView {
    #[serde(flatten)]
    #[schema(value_type = schema::Phrase)]
    pub phrase: Phrase,
    /// What it says of a person; none where it says only how the match was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingView>,
}

/// What a fact says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Standing)]
pub enum StandingView {
    /// Read and listed are equal.
    Equal,
    /// They differ, in whatever way.
    Differs,
    /// One side does not say.
    Unknown,
    /// How far the name carries: neither for nor against.
    Strength,
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> ReasonView {
        let standing = match reason {
            Reason::Person(reason) => Some(match reason.standing() {
                Standing::Equal => StandingView::Equal,
                Standing::Differs => StandingView::Differs,
                Standing::Unknown => StandingView::Unknown,
                Standing::Strength => StandingView::Strength,
            }),
            _ => None,
        };
        ReasonView { phrase: reason.phrase(), standing }
    }
}

impl AlertView {
    /// How many facts are equal, differ, and are not known.
    pub fn tally(&self) -> [usize; 3] {
        [StandingView::Equal, StandingView::Differs, StandingView::Unknown]
            .map(|standing| self.reasons.iter().filter(|reason| reason.standing == Some(standing)).count())
    }

    /// Whether it is about a document.
    pub fn is_document(&self) -> bool {
        self.kind == "document"
    }
}

impl From<&Alert> for AlertView {
    fn from(alert: &Alert) -> AlertView {
        let found = &alert.found;
        let (status, name) = match &found.subject {
            Subject::Document { status } => (status.map_or("", Status::word), ""),
            Subject::Person { name, .. } => ("", name.as_deref().unwrap_or_default()),
        };
        let encounter = alert.encounter;
        AlertView {
            encounter_id: encounter.map_or_else(String::new, |encounter| Hex(&encounter.id).to_string()),
            confirm_by: encounter.and_then(|encounter| encounter.confirm_by).map(rfc3339),
            list: found.list.clone(),
            alert_id: found.alert_id.clone(),
            kind: found.subject.kind_word(),
            result: found.result,
            status: status.into(),
            name: name.into(),
            action: found.action,
            score: found.score,
            reasons: found.reasons.iter().map(ReasonView::from).collect(),
            warnings: found.warnings.clone(),
            owner: found.owner.clone(),
            handling: found.handling.clone(),
            restricted: found.restricted.clone(),
            details: found.details.clone(),
        }
    }
}

/// An answer with an alert that has no outcome yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenHit)]
pub struct OpenHitView {
    /// Seconds since it was given.
    pub age_s: u64,
    pub answer: AnswerView,
    /// Outcomes of its other alerts.
    pub outcomes: Vec<OutcomeView>,
}

impl OpenHitView {
    /// None if it was stored by a program that wrote it otherwise.
    pub fn of(hit: &OpenHit) -> Option<OpenHitView> {
        let answer = match &hit.shown {
            Shown::Answer(answer) => (&**answer).into(),
            Shown::Views { views, role } => {
                let alert = |views: &String| of_role::<AlertView>(views, *role);
                let alerts = views.alerts.iter().map(alert).collect::<Option<_>>()?;
                AnswerView { alerts, ..of_role(&views.answer, *role)? }
            }
        };
        let outcomes = hit.outcomes.iter().map(OutcomeView::from).collect();
        Some(OpenHitView { age_s: hit.age_s, answer, outcomes })
    }
}

/// What each role is shown of an answer, which [`OpenHitView::of`] reads.
pub fn views(answer: &Answer) -> Views {
    let roles = [Role::Officer, Role::Supervisor, Role::Administrator];
    let mut seen = roles.map(|role| AnswerView::from(&answer.seen_by(role)));
    let alerts = (0..answer.alerts.len()).map(|place| json(&seen.each_ref().map(|view| &view.alerts[place])));
    let alerts = alerts.collect();
    seen.iter_mut().for_each(|view| view.alerts.clear());
    Views { answer: json(&seen), alerts }
}

fn json(views: &impl Serialize) -> String {
    serde_json::to_string(views).expect("views are JSON")
}

/// What `role` is shown, of a JSON array in the order of roles.
fn of_role<T: DeserializeOwned>(views: &str, role: Role) -> Option<T> {
    serde_json::from_str::<Vec<T>>(views).ok()?.into_iter().nth(role as usize)
}

/// A scan that met discreet alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DiscreetScan)]
pub struct DiscreetScanView {
    /// The scan, as its answer names it.
    pub scan_id: String,
    /// When, seconds since 1970.
    pub at: u64,
    pub document: DocumentView,
    /// What was met, each with its encounter.
    pub alerts: Vec<AlertView>,
    /// The form of Reg. (EU) 2018/1862 Art. 37(1), with what the device knows; filled in, it goes with the outcome.
    #[schema(value_type = BTreeMap<String, String>)]
    pub form: BTreeMap<FormField, String>,
}

impl From<&DiscreetScan> for DiscreetScanView {
    fn from(scan: &DiscreetScan) -> DiscreetScanView {
        DiscreetScanView {
            scan_id: Hex(&scan.scan_id).to_string(),
            at: scan.at,
            document: (&scan.document).into(),
            alerts: scan.alerts.iter().map(AlertView::from).collect(),
            form: scan.form.clone(),
        }
    }
}
