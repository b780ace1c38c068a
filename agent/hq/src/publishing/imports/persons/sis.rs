//! An alert in the fields of Regulation (EU) 2018/1862 Art. 20(3), or of an INTERPOL notice, as a JSON line.
//!
//! ```text
//! {"id": "...", "category": "26", "surnames": "...", "forenames": "...", "names_at_birth": [...], "previous_names": [...],
//!  "aliases": [{"surnames", "forenames"} or "..."], "date_of_birth": "1974-08-12", "place_of_birth": "...", "gender": "F",
//!  "nationalities": ["UTO"], "warning_markers": ["armed"], "reason", "creating_authority", "decision_reference",
//!  "action": "arrest", "offence", "documents": [{"type", "number", "country"}]}
//! ```
//! `category` is the article (26, 32, 34, 36, 40; 24 of Reg. 2018/1861; 3 of Reg. 2018/1860) or a notice's colour; without
//! `action` the category's usual one stands. INTERPOL's own keys entity_id, name, forename, sex_id and arrest_warrants are
//! understood. The interchange schemas of both systems are not public: this is a seam to map onto, with our own words.

use super::lines::{known_dates, known_states, sex};
use crate::publishing::imports::states::codes;
use serde::Deserialize;
use serde_json::Value;
use vedette_names::person::{Action, AlertKind, NameKind, PersonAlert, PersonDocument, PersonName, Warning};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(alias = "entity_id")]
    id: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default, alias = "name")]
    surnames: Texts,
    #[serde(default, alias = "forename")]
    forenames: Texts,
    #[serde(default)]
    names_at_birth: Vec<Alias>,
    #[serde(default)]
    previous_names: Vec<Alias>,
    #[serde(default)]
    aliases: Vec<Alias>,
    #[serde(default, alias = "dates_of_birth")]
    date_of_birth: Texts,
    #[serde(default, alias = "places_of_birth")]
    place_of_birth: Texts,
    #[serde(default, alias = "sex_id")]
    gender: Option<String>,
    #[serde(default)]
    nationalities: Texts,
    #[serde(default)]
    warning_markers: Vec<Warning>,
    #[serde(default)]
    physical_characteristics: Texts,
    #[serde(default)]
    reason: Texts,
    #[serde(default)]
    creating_authority: Texts,
    #[serde(default)]
    decision_reference: Texts,
    #[serde(default)]
    action: Option<Action>,
    #[serde(default)]
    offence: Texts,
    #[serde(default)]
    links: Texts,
    #[serde(default)]
    documents: Vec<Document>,
    #[serde(default)]
    arrest_warrants: Vec<Warrant>,
}

/// One text, several, or null.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Texts {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Texts::None => &[],
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
    fn joined(&self) -> String {
        self.all().join(" ")
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Alias {
    Whole(String),
    Parts {
        #[serde(default)]
        surnames: Texts,
        #[serde(default)]
        forenames: Texts,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    country: String,
}

#[derive(Deserialize)]
struct Warrant {
    #[serde(default)]
    issuing_country_id: Option<String>,
    #[serde(default)]
    charge: Option<String>,
}

/// The alert of one line.
pub(super) fn alert(line: Value) -> Result<PersonAlert, String> {
    let line: Line = serde_json::from_value(line).map_err(|error| error.to_string())?;
    let (kind, usual) = category(line.category.as_deref().unwrap_or(""))?;
    let mut names = vec![PersonName {
        kind: NameKind::Primary,
        surname: line.surnames.joined(),
        given: line.forenames.joined(),
        full: String::new(),
    }];
    let others = [
        (NameKind::Birth, line.names_at_birth),
        (NameKind::Former, line.previous_names),
        (NameKind::Aka, line.aliases),
    ];
    for (kind, aliases) in others {
        names.extend(aliases.into_iter().map(|alias| match alias {
            Alias::Whole(full) => PersonName { kind, full, ..PersonName::default() },
            Alias::Parts { surnames, forenames } => PersonName {
                kind,
                surname: surnames.joined(),
                given: forenames.joined(),
                full: String::new(),
            },
        }));
    }
    let warrants = line.arrest_warrants.iter().map(|warrant| {
        let state = warrant.issuing_country_id.as_deref().unwrap_or_default();
        format!("{state} {}", warrant.charge.as_deref().unwrap_or_default()).trim().to_owned()
    });
    let reasons = line.reason.all().iter().chain(line.offence.all()).cloned().chain(warrants);
    let remarks = line.physical_characteristics.all().iter().chain(line.links.all());
    Ok(PersonAlert {
        id: line.id,
        kind,
        action: line.action.unwrap_or(usual),
        names,
        birth_dates: known_dates(line.date_of_birth.all())?,
        birth_places: line.place_of_birth.all().to_vec(),
        nationalities: known_states(line.nationalities.all())?,
        sex: sex(line.gender.as_deref().unwrap_or(""))?,
        documents: line.documents.into_iter().map(document).collect(),
        warnings: line.warning_markers,
        reason: reasons.collect::<Vec<_>>().join("; "),
        authority: line.creating_authority.joined(),
        reference: line.decision_reference.joined(),
        remark: remarks.cloned().collect::<Vec<_>>().join("; "),
        ..PersonAlert::default()
    })
}

fn document(document: Document) -> PersonDocument {
    let state = codes(&document.country).into_iter().next().unwrap_or(document.country);
    PersonDocument { kind: document.kind, number: document.number, state, remark: String::new() }
}

/// The kind of a category, and what is usually done about it.
fn category(text: &str) -> Result<(AlertKind, Action), String> {
    Ok(match text.to_lowercase().as_str() {
        "" => (AlertKind::Other, Action::Inform),
        "26" => (AlertKind::SisArrest, Action::Arrest),
        "32" => (AlertKind::SisMissing, Action::Protect),
        "34" => (AlertKind::SisJudicial, Action::Locate),
        "36" => (AlertKind::SisCheck, Action::DiscreetCheck),
        "40" => (AlertKind::SisUnknown, Action::Inform),
        "24" => (AlertKind::SisRefusal, Action::RefuseEntry),
        "3" => (AlertKind::SisReturn, Action::Return),
        "red" => (AlertKind::Red, Action::Arrest),
        "blue" => (AlertKind::Blue, Action::Locate),
        "green" => (AlertKind::Green, Action::Inform),
        "yellow" => (AlertKind::Yellow, Action::Protect),
        "black" => (AlertKind::Black, Action::Inform),
        "orange" => (AlertKind::Orange, Action::Inform),
        "purple" => (AlertKind::Purple, Action::Inform),
        "un" => (AlertKind::Un, Action::Inform),
        "diffusion" => (AlertKind::Diffusion, Action::Inform),
        _ => {
            return Err(format!(
                "category: {text:?} is no article (26, 32, 34, 36, 40, 24, 3) and no notice's colour (red, blue, ...)"
            ));
        }
    })
}
