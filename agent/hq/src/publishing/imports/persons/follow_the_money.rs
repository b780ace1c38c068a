//! FollowTheMoney entities, one a line, as OpenSanctions publishes them: `{"id", "schema", "properties": {name: [texts]}}`.
//!
//! Persons, and legal entities that carry a given name or a birth date, become alerts; every other entity (companies,
//! vessels, passports as entities of their own, relations) is passed over. Properties that an alert has no field for are left out.

use super::dates::dates;
use super::truncate;
use crate::publishing::imports::states::codes;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use vedette_names::person::{
    Action, AlertKind, ID_BYTES_MAX, NameKind, PersonAlert, PersonDocument, PersonName, Sex, TEXT_BYTES_MAX,
    Warning,
};
use vedette_shim::ids::Hex;

#[derive(Deserialize)]
struct Entity {
    id: String,
    schema: String,
    #[serde(default)]
    properties: HashMap<String, Vec<Value>>,
    #[serde(default)]
    datasets: Vec<String>,
}

impl Entity {
    fn texts(&self, property: &str) -> impl Iterator<Item = &str> {
        self.properties.get(property).into_iter().flatten().filter_map(Value::as_str)
    }
    fn joined(&self, properties: &[&str], separator: &str) -> String {
        let texts: Vec<&str> = properties.iter().flat_map(|property| self.texts(property)).collect();
        let mut text = texts.join(separator);
        truncate(&mut text, TEXT_BYTES_MAX);
        text
    }
    fn has(&self, property: &str) -> bool {
        self.texts(property).next().is_some()
    }
}

/// The alert of one entity; None when it is no person.
pub(super) fn alert(line: Value) -> Result<Option<PersonAlert>, String> {
    let mut entity: Entity = serde_json::from_value(line).map_err(|error| error.to_string())?;
    let person = match entity.schema.as_str() {
        "Person" => true,
        "LegalEntity" => entity.has("firstName") || entity.has("birthDate"),
        _ => false,
    };
    let names = names(&entity);
    if !person || names.is_empty() {
        return Ok(None);
    }
    shorten(&mut entity.id);
    let sanctioned = entity.texts("topics").any(|topic| topic.starts_with("sanction"));
    let wanted = entity.texts("topics").any(|topic| topic == "wanted");
    let terror = entity.texts("topics").any(|topic| topic == "crime.terror");
    let nationalities =
        if entity.has("nationality") { ["nationality", "citizenship"] } else { ["citizenship", "country"] };
    let mut reference = entity.datasets.join(", ");
    truncate(&mut reference, TEXT_BYTES_MAX);
    Ok(Some(PersonAlert {
        kind: if sanctioned { AlertKind::Sanction } else { AlertKind::Other },
        action: if wanted { Action::Locate } else { Action::Inform },
        names,
        birth_dates: entity.texts("birthDate").flat_map(dates).collect(),
        birth_places: entity.texts("birthPlace").map(str::to_owned).collect(),
        nationalities: nationalities
            .iter()
            .flat_map(|property| entity.texts(property))
            .flat_map(codes)
            .collect(),
        sex: sex(&entity),
        documents: documents(&entity),
        warnings: if terror { vec![Warning::Terrorism] } else { Vec::new() },
        reason: entity.joined(&["program", "topics"], ", "),
        authority: entity.joined(&["authority"], ", "),
        reference,
        remark: entity.joined(&["position", "notes"], "; "),
        id: entity.id,
        ..PersonAlert::default()
    }))
}

/// The parts, where the entity has them, then the whole names and aliases.
fn names(entity: &Entity) -> Vec<PersonName> {
    let surname = entity.joined(&["lastName"], " ");
    let given = entity.joined(&["firstName", "secondName", "middleName", "fatherName"], " ");
    // Several spellings of one part stand side by side and would make a name that nobody bears.
    let alone = |property: &str| entity.texts(property).count() == 1;
    let mut names = Vec::new();
    if alone("lastName") && alone("firstName") {
        names.push(PersonName { kind: NameKind::Primary, surname, given, full: String::new() });
    }
    let wholes = [
        ("name", NameKind::Primary),
        ("alias", NameKind::Aka),
        ("previousName", NameKind::Former),
        ("weakAlias", NameKind::Weak),
    ];
    for (property, kind) in wholes {
        for text in entity.texts(property) {
            names.push(PersonName { kind, full: text.to_owned(), ..PersonName::default() });
        }
    }
    for name in names.iter_mut().skip(1) {
        if name.kind == NameKind::Primary {
            name.kind = NameKind::Aka;
        }
    }
    names
}

/// Cuts an id that is too long, and keeps it apart from others that begin alike by the digest of the whole.
fn shorten(id: &mut String) {
    if id.len() > ID_BYTES_MAX {
        let whole = Hex(digest(&SHA256, id.as_bytes()).as_ref()).to_string();
        truncate(id, ID_BYTES_MAX - 17);
        id.push('~');
        id.push_str(&whole[..16]);
    }
}

fn documents(entity: &Entity) -> Vec<PersonDocument> {
    let numbers = [
        ("passport", "passportNumber"),
        ("identity card", "idNumber"),
        ("social security", "socialSecurityNumber"),
    ];
    let documents = numbers.iter().flat_map(|(kind, property)| {
        entity.texts(property).map(|number| PersonDocument {
            kind: (*kind).to_owned(),
            number: number.to_owned(),
            ..PersonDocument::default()
        })
    });
    documents.collect()
}

fn sex(entity: &Entity) -> Sex {
    match entity.texts("gender").next() {
        Some("male") => Sex::Male,
        Some("female") => Sex::Female,
        Some("other") => Sex::Unspecified,
        _ => Sex::Unknown,
    }
}
