//! FollowTheMoney entities, one a line, as OpenSanctions publishes them: `{"id", "schema", "properties": {name: [texts]}}`.
//!
//! Persons, and legal entities that carry a given name or a birth date, become alerts. `Passport` and `Identification` are
//! documents of their `holder`, which may stand anywhere in the file: it is read twice, first for them, and they stay in memory,
//! at most [`DOCUMENTS_MAX`]. Every other entity (companies, vessels, relations) is passed over and counted. Properties that an
//! alert has no field for are left out.

use super::told::Told;
use super::{LINE_BYTES_MAX, truncate};
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use vedette_common::files::FileError;
use vedette_names::person::{
    Action, AlertKind, ID_BYTES_MAX, NameKind, PersonAlert, PersonDocument, PersonName, Sex, TEXT_BYTES_MAX,
    Warning,
};
use vedette_shim::ids::Hex;

/// Most documents that are entities of their own.
const DOCUMENTS_MAX: usize = 2_000_000;
/// The schemas of such entities.
const DOCUMENT_SCHEMAS: [&str; 2] = ["Passport", "Identification"];

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

    /// The documents that a person's own properties name; of which state, they do not say.
    fn named_documents(&self) -> Vec<PersonDocument> {
        let numbers = [
            ("passport", "passportNumber"),
            ("identity card", "idNumber"),
            ("social security", "socialSecurityNumber"),
        ];
        let documents = numbers.iter().flat_map(|(kind, property)| {
            self.texts(property).map(|number| PersonDocument {
                kind: (*kind).to_owned(),
                number: number.to_owned(),
                ..PersonDocument::default()
            })
        });
        documents.collect()
    }

    /// What a `Passport` or an `Identification` is.
    fn own_documents(&self) -> Vec<PersonDocument> {
        let kind = match (self.schema.as_str(), self.joined(&["type"], ", ")) {
            ("Passport", _) => "passport".to_owned(),
            (_, kind) if kind.is_empty() => "identification".to_owned(),
            (_, kind) => kind,
        };
        let dates = [("issued", "startDate"), ("expires", "endDate")];
        let dates = dates
            .iter()
            .flat_map(|(word, property)| self.texts(property).map(move |date| format!("{word} {date}")));
        let remark = self.texts("summary").map(str::to_owned).chain(dates).collect::<Vec<_>>().join(", ");
        let state = self.texts("country").next().unwrap_or_default();
        let numbers = self.texts("number").chain(self.texts("passportNumber"));
        let documents = numbers.map(|number| PersonDocument {
            kind: kind.clone(),
            number: number.to_owned(),
            state: state.to_owned(),
            remark: remark.clone(),
        });
        documents.collect()
    }
}

/// The documents of a file that are entities of their own, by their holder.
#[derive(Default)]
pub(super) struct Documents(HashMap<String, Vec<(u64, PersonDocument)>>);

impl Documents {
    /// Reads the whole of `file` for them; a line that is no entity is left to the reading for alerts.
    pub(super) fn read(file: &Path) -> Result<Documents, ImportError> {
        let mut source = BufReader::new(File::open(file).map_err(FileError::at("read", file))?);
        let (mut documents, mut count, mut text) = (HashMap::<_, Vec<_>>::new(), 0, Vec::new());
        for line in 1.. {
            text.clear();
            let read = source.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut text);
            if read.map_err(FileError::at("read", file))? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&text);
            if !DOCUMENT_SCHEMAS.iter().any(|schema| text.contains(schema)) {
                continue;
            }
            let entity = serde_json::from_str::<Entity>(text.trim()).ok();
            let Some(entity) = entity.filter(|entity| DOCUMENT_SCHEMAS.contains(&entity.schema.as_str()))
            else {
                continue;
            };
            for holder in entity.texts("holder") {
                for document in entity.own_documents() {
                    count += 1;
                    if count > DOCUMENTS_MAX {
                        return Err(ImportError::row(
                            file,
                            line,
                            "",
                            format!("more than {DOCUMENTS_MAX} documents"),
                        ));
                    }
                    documents.entry(holder.to_owned()).or_default().push((line, document));
                }
            }
        }
        Ok(Documents(documents))
    }

    /// Tells of the documents that no person of the file took.
    pub(super) fn tell_of_those_without_holder(self, report: &RefCell<Report>) {
        let mut left: Vec<_> = self
            .0
            .into_iter()
            .flat_map(|(holder, all)| {
                all.into_iter()
                    .map(move |(line, document)| (line, format!("{} of {holder}", document.number)))
            })
            .collect();
        left.sort_unstable();
        for (line, text) in left {
            report.borrow_mut().left_out.add("document whose holder is no person of the file", line, &text);
        }
    }
}

/// The alert of one entity; None when it is no person.
pub(super) fn alert(
    line: Value,
    documents: Option<&mut Documents>,
    told: &Told<'_>,
) -> Result<Option<PersonAlert>, String> {
    let mut entity: Entity = serde_json::from_value(line).map_err(|error| error.to_string())?;
    let person = match entity.schema.as_str() {
        "Person" => true,
        "LegalEntity" => entity.has("firstName") || entity.has("birthDate"),
        _ => false,
    };
    let names = names(&entity);
    if !person || names.is_empty() {
        let what = match person {
            true => "person without a name",
            false => "entity that is no person",
        };
        // Documents are told of by their holders.
        if !DOCUMENT_SCHEMAS.contains(&entity.schema.as_str()) {
            told.left_out(what, &format!("{} {}", entity.schema, entity.id));
        }
        return Ok(None);
    }
    let mut own = entity.named_documents();
    let held = documents.and_then(|documents| documents.0.remove(&entity.id)).unwrap_or_default();
    own.extend(held.into_iter().map(|(_, document)| document));
    for document in &mut own {
        document.state = told.issuer(&document.state);
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
        birth_dates: entity.texts("birthDate").flat_map(|text| told.dates(text)).collect(),
        birth_places: entity.texts("birthPlace").map(str::to_owned).collect(),
        nationalities: nationalities
            .iter()
            .flat_map(|property| entity.texts(property))
            .flat_map(|text| told.states(text))
            .collect(),
        sex: sex(&entity),
        documents: own,
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

fn sex(entity: &Entity) -> Sex {
    match entity.texts("gender").next() {
        Some("male") => Sex::Male,
        Some("female") => Sex::Female,
        Some("other") => Sex::Unspecified,
        _ => Sex::Unknown,
    }
}
