//! This project's own JSON lines, and lists of the same shape.
//!
//! ```text
//! {"id": "...", "names": [{"surname", "given", "full", "kind", "quality"}], "birth_dates": ["1948-12-10", "1948"],
//!  "nationalities": ["UTO"], "sex": "female", "kind": "red", "action": "arrest", "warnings": ["armed"],
//!  "documents": [{"type", "number", "country"}], "reason": ..., "handling": "H2",
//!  "restricted": {"reason": "supervisor"}}
//! ```
//! Only id and names are mandatory. A name of quality "weak" is a weak alias. `program`, `ref` and `source` stand for
//! reason, reference and authority. An unknown key is an error: it may hold what the officer must know.
//! Handling is a code of Europol's scale or `{"scale", "code", "text"}`; `restricted` keeps a field to a role.

use super::dates::dates;
use crate::publishing::imports::import_report::shown;
use crate::publishing::imports::states::codes;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use vedette_common::roster::Role;
use vedette_names::BirthDate;
use vedette_names::handling::{Field, Handling, Restriction};
use vedette_names::person::{
    Action, AlertKind, NameKind, PersonAlert, PersonDocument, PersonName, Sex, Warning,
};
use vedette_shim::states::is_code;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    names: Vec<Name>,
    #[serde(default)]
    birth_dates: Vec<String>,
    #[serde(default)]
    birth_places: Vec<String>,
    #[serde(default)]
    nationalities: Vec<String>,
    #[serde(default)]
    sex: Option<String>,
    #[serde(default)]
    kind: Option<AlertKind>,
    #[serde(default)]
    action: Action,
    #[serde(default)]
    warnings: Vec<Warning>,
    #[serde(default)]
    documents: Vec<Document>,
    #[serde(default, alias = "program")]
    reason: Option<String>,
    #[serde(default, alias = "source")]
    authority: Option<String>,
    #[serde(default, alias = "ref")]
    reference: Option<String>,
    #[serde(default)]
    remark: Option<String>,
    #[serde(default)]
    handling: Option<HandlingLine>,
    #[serde(default)]
    restricted: BTreeMap<Field, Role>,
    /// The primary name's parts, which the names hold too.
    #[serde(default, rename = "name_parts")]
    _parts: Value,
}

/// A code of Europol's scale, or a whole handling.
#[derive(Deserialize)]
#[serde(untagged)]
enum HandlingLine {
    Code(String),
    Whole(Handling),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    #[serde(default)]
    kind: NameKind,
    #[serde(default)]
    surname: String,
    #[serde(default)]
    given: String,
    #[serde(default)]
    full: String,
    #[serde(default)]
    quality: Option<String>,
    #[serde(default, rename = "script")]
    _script: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, alias = "type")]
    kind: String,
    #[serde(default)]
    number: String,
    #[serde(default, alias = "country")]
    state: Option<String>,
    #[serde(default, alias = "note")]
    remark: Option<String>,
    #[serde(default, rename = "label")]
    _label: Value,
    #[serde(default)]
    issued: Option<String>,
    #[serde(default)]
    expires: Option<String>,
}

/// The alert of one line.
pub(super) fn alert(line: Value) -> Result<PersonAlert, String> {
    let line: Line = serde_json::from_value(line).map_err(|error| error.to_string())?;
    let sanctioned = line.reason.is_some() && line.kind.is_none();
    Ok(PersonAlert {
        id: line.id,
        kind: line.kind.unwrap_or(if sanctioned { AlertKind::Sanction } else { AlertKind::Other }),
        action: line.action,
        names: line.names.into_iter().map(name).collect(),
        birth_dates: known_dates(&line.birth_dates)?,
        birth_places: line.birth_places,
        nationalities: known_states(&line.nationalities)?,
        sex: sex(line.sex.as_deref().unwrap_or(""))?,
        documents: line.documents.into_iter().map(document).collect(),
        warnings: line.warnings,
        reason: line.reason.unwrap_or_default(),
        authority: line.authority.unwrap_or_default(),
        reference: line.reference.unwrap_or_default(),
        remark: line.remark.unwrap_or_default(),
        handling: line.handling.map(|handling| match handling {
            HandlingLine::Code(code) => Handling::europol(&code),
            HandlingLine::Whole(handling) => handling,
        }),
        restricted: line.restricted.into_iter().map(|(field, role)| Restriction { field, role }).collect(),
    })
}

/// Birth dates; a day that no calendar has is an error, and so are texts of which none tells of a day.
///
/// A day without a year, a year of another calendar or a remark beside a date is no evidence, but no mistake either.
pub(super) fn known_dates(texts: &[String]) -> Result<Vec<BirthDate>, String> {
    let mut all = Vec::new();
    let told: Vec<_> = texts.iter().filter(|text| !is_unknown(text)).collect();
    for text in &told {
        let found = dates(text);
        if names_no_day(text, &found) {
            return Err(format!("birth_dates: {} is no date", shown(text)));
        }
        all.extend(found);
    }
    match told.iter().any(|text| tells_of_a_day(text)) || told.is_empty() {
        true => Ok(all),
        false => Err(format!("birth_dates: {} is no date", shown(told[0]))),
    }
}

/// Whether a text has a number or the name of a month.
fn tells_of_a_day(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_ascii_lowercase();
    lower.contains(|c: char| c.is_ascii_digit()) || MONTHS.iter().any(|month| lower.contains(month))
}

/// Whether a text says that nothing is known.
fn is_unknown(text: &str) -> bool {
    let word = text.trim().trim_end_matches('.').to_ascii_lowercase();
    word.chars().count() < 2
        || ["--", "n/a", "na", "nd", "n/d", "none", "stateless"].contains(&word.as_str())
        || ["unknown", "not known", "not available"].iter().any(|said| word.contains(said))
}

/// Whether a text has day and month by number, and only its year could be read: `32.13.1990`. Zeros are no such numbers.
fn names_no_day(text: &str, found: &[BirthDate]) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    found.len() == 1 && found[0].month.is_none() && numbers.filter(|number| *number > 0).count() == 3
}

/// Nationalities as ICAO codes; a state that is not known is an error.
pub(super) fn known_states(texts: &[String]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for text in texts.iter().filter(|text| !is_unknown(text)) {
        let found: Vec<_> = codes(text).into_iter().filter(|code| is_code(code)).collect();
        if found.is_empty() {
            return Err(format!("nationalities: {} is no state", shown(text)));
        }
        all.extend(found);
    }
    Ok(all)
}

fn name(name: Name) -> PersonName {
    let kind = if name.quality.as_deref() == Some("weak") { NameKind::Weak } else { name.kind };
    PersonName { kind, surname: name.surname, given: name.given, full: name.full }
}

fn document(document: Document) -> PersonDocument {
    let state = document.state.unwrap_or_default();
    let dates = [("issued", document.issued), ("expires", document.expires)];
    let dates = dates.into_iter().filter_map(|(word, date)| date.map(|date| format!("{word} {date}")));
    let remark = document.remark.into_iter().chain(dates).collect::<Vec<_>>().join(", ");
    PersonDocument {
        kind: document.kind,
        number: document.number,
        state: codes(&state).into_iter().next().unwrap_or(state),
        remark,
    }
}

/// A sex as lists write it.
pub(super) fn sex(text: &str) -> Result<Sex, String> {
    match text.to_lowercase().as_str() {
        "" | "u" | "unknown" => Ok(Sex::Unknown),
        "f" | "female" => Ok(Sex::Female),
        "m" | "male" => Ok(Sex::Male),
        "x" | "unspecified" | "other" => Ok(Sex::Unspecified),
        _ => Err(format!("sex: {text:?} is none of female, male, unspecified, unknown")),
    }
}
