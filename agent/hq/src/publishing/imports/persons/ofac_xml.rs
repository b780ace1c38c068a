//! OFAC's Advanced XML (`sdn_advanced.xml`, `cons_advanced.xml`): `DistinctParty` is a person or another party, and says by
//! numbers what other parts of the file hold.
//!
//! | part | what is taken from it |
//! |---|---|
//! | ReferenceValueSets | the words for types of party, alias, part of a name, feature and document; countries |
//! | Locations | places, as text and country |
//! | IDRegDocuments | documents, by the identity that holds them |
//! | SanctionsEntries | the programs of a party |
//!
//! They stand before and behind the parties, so the file is read twice: first what parties refer to, which stays in memory, at
//! most [`KEPT_MAX`] elements; then the parties one by one. Only parties of type Individual become alerts; their id is
//! `ofac-NUMBER`, as in sdn.csv. An alias with `LowQuality` is a weak one.

use super::lines::sex;
use super::told::Told;
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::xml::{Element, Records, Wrong};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use vedette_common::files::FileError;
use vedette_names::BirthDate;
use vedette_names::person::{AlertKind, NameKind, PersonAlert, PersonDocument, PersonName};

/// Most elements that parties refer to: the list of 2026 has some 100,000.
const KEPT_MAX: usize = 4_000_000;

/// Reference values whose words are taken.
const WORDS: [&str; 7] = [
    "PartyType",
    "PartySubType",
    "AliasType",
    "NamePartType",
    "FeatureType",
    "IDRegDocType",
    "DetailReference",
];

/// What parties refer to.
#[derive(Default)]
pub(super) struct Beside {
    /// By element and number.
    words: HashMap<(&'static str, String), String>,
    /// The type of party of a subtype.
    party_types: HashMap<String, String>,
    /// The country's code, else its name.
    countries: HashMap<String, String>,
    locations: HashMap<String, Location>,
    /// By identity.
    documents: HashMap<String, Vec<Document>>,
    /// By profile.
    programs: HashMap<String, Vec<String>>,
}

#[derive(Default)]
struct Location {
    text: String,
    country: String,
}

struct Document {
    kind: String,
    number: String,
    country: String,
    remark: String,
}

impl Beside {
    /// Reads the whole of `file` for them.
    pub(super) fn read(file: &Path) -> Result<Beside, ImportError> {
        let source = File::open(file).map_err(FileError::at("read", file))?;
        let mut records = Records::of(BufReader::new(source));
        let bad = |(at, why): Wrong| ImportError::row(file, at.line, &at.column.to_string(), why);
        records.root().map_err(bad)?;
        let wanted: Vec<&str> =
            WORDS.into_iter().chain(["Country", "Location", "IDRegDocument", "SanctionsEntry"]).collect();
        let mut beside = Beside::default();
        for kept in 0.. {
            let Some(record) = records.next(&wanted).map_err(bad)? else { break };
            if kept == KEPT_MAX {
                return Err(bad((record.at, format!("more than {KEPT_MAX} elements beside the parties"))));
            }
            beside.keep(&record);
        }
        Ok(beside)
    }

    fn keep(&mut self, record: &Element) {
        let id = record.attribute("ID").to_owned();
        match record.name.as_str() {
            "Country" => {
                let code = Some(record.attribute("ISO2")).filter(|code| !code.is_empty());
                self.countries.insert(id, code.unwrap_or(&record.text).to_owned());
            }
            "Location" => {
                let country =
                    record.first("LocationCountry").map_or("", |one| one.attribute("CountryID")).to_owned();
                let parts =
                    record.within("Value").map(|value| value.text.as_str()).filter(|text| !text.is_empty());
                let text = parts.collect::<Vec<_>>().join(", ");
                self.locations.insert(id, Location { text, country });
            }
            "IDRegDocument" => {
                let document = Document {
                    kind: record.attribute("IDRegDocTypeID").to_owned(),
                    number: record.text_of("IDRegistrationNo").to_owned(),
                    country: record.attribute("IssuedBy-CountryID").to_owned(),
                    remark: record.text_of("IssuingAuthority").to_owned(),
                };
                if !document.number.is_empty() {
                    self.documents
                        .entry(record.attribute("IdentityID").to_owned())
                        .or_default()
                        .push(document);
                }
            }
            "SanctionsEntry" => {
                let comments = record.all("SanctionsMeasure").map(|measure| measure.text_of("Comment"));
                let programs = self.programs.entry(record.attribute("ProfileID").to_owned()).or_default();
                programs.extend(comments.filter(|text| !text.is_empty()).map(str::to_owned));
            }
            other => {
                if let Some(known) = WORDS.into_iter().find(|known| *known == other) {
                    if other == "PartySubType" {
                        self.party_types.insert(id.clone(), record.attribute("PartyTypeID").to_owned());
                    }
                    self.words.insert((known, id), record.text.clone());
                }
            }
        }
    }

    /// The word behind a number; empty if the file does not say.
    fn word(&self, of: &'static str, id: &str) -> &str {
        self.words.get(&(of, id.to_owned())).map_or("", String::as_str)
    }

    fn country(&self, id: &str) -> &str {
        self.countries.get(id).map_or("", String::as_str)
    }

    /// The place of a number, as text.
    fn place(&self, id: &str) -> String {
        let Some(location) = self.locations.get(id) else { return String::new() };
        let parts = [location.text.as_str(), self.country(&location.country)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// The alert of a party; none when it is no individual.
pub(super) fn alert(party: &Element, beside: &Beside, told: &Told<'_>) -> Result<Option<PersonAlert>, Wrong> {
    let Some(profile) = party.first("Profile") else {
        return Err((party.at, "the party has no Profile".into()));
    };
    if !is_individual(profile, beside)? {
        return Ok(None);
    }
    let mut alert = PersonAlert {
        id: format!("ofac-{}", party.attribute("FixedRef")),
        kind: AlertKind::Sanction,
        authority: "OFAC".into(),
        reason: beside.programs.get(profile.attribute("ID")).map_or(String::new(), |all| all.join(", ")),
        ..PersonAlert::default()
    };
    for identity in profile.all("Identity") {
        alert.names.extend(names(identity, beside));
        for one in beside.documents.get(identity.attribute("ID")).into_iter().flatten() {
            alert.documents.push(PersonDocument {
                kind: beside.word("IDRegDocType", &one.kind).to_owned(),
                number: one.number.clone(),
                state: told.issuer(beside.country(&one.country)),
                remark: one.remark.clone(),
            });
        }
    }
    let mut remarks = vec![party.text_of("Comment").to_owned()];
    for feature in profile.all("Feature") {
        remarks.extend(take_feature(feature, beside, told, &mut alert));
    }
    remarks.retain(|remark| !remark.is_empty());
    alert.remark = remarks.join("; ");
    Ok(Some(alert))
}

/// Whether the type of a profile is Individual; a type that the file does not explain is an error: guessed wrong, a person
/// would be lost.
fn is_individual(profile: &Element, beside: &Beside) -> Result<bool, Wrong> {
    let subtype = profile.attribute("PartySubTypeID");
    let kind = beside.party_types.get(subtype).map_or("", |kind| beside.word("PartyType", kind));
    match kind {
        "" => {
            let why = format!(
                "PartySubTypeID {subtype:?} is not among the file's ReferenceValueSets, or without a PartyType"
            );
            Err((profile.at, why))
        }
        kind => Ok(kind.eq_ignore_ascii_case("individual")),
    }
}

/// Every alias of an identity, in each script it is documented in.
fn names(identity: &Element, beside: &Beside) -> Vec<PersonName> {
    let parts: HashMap<&str, &str> = identity
        .within("NamePartGroup")
        .map(|group| (group.attribute("ID"), beside.word("NamePartType", group.attribute("NamePartTypeID"))))
        .collect();
    let mut names = Vec::new();
    for alias in identity.all("Alias") {
        let kind = match beside.word("AliasType", alias.attribute("AliasTypeID")) {
            _ if alias.attribute("LowQuality") == "true" => NameKind::Weak,
            _ if alias.attribute("Primary") == "true" => NameKind::Primary,
            "F.K.A." => NameKind::Former,
            _ => NameKind::Aka,
        };
        for documented in alias.all("DocumentedName") {
            let name = name(documented, &parts);
            let is_second = kind == NameKind::Primary && !names.is_empty();
            names.push(PersonName { kind: if is_second { NameKind::Aka } else { kind }, ..name });
        }
    }
    names
}

/// The parts that are surnames, and the others; the whole as it is written where the file does not say.
fn name(documented: &Element, parts: &HashMap<&str, &str>) -> PersonName {
    let (mut surname, mut given, mut full, mut is_known) = (Vec::new(), Vec::new(), Vec::new(), true);
    for value in documented.within("NamePartValue") {
        full.push(value.text.as_str());
        match parts.get(value.attribute("NamePartGroupID")).copied().unwrap_or_default() {
            "Last Name" | "Maiden Name" | "Matronymic" => surname.push(value.text.as_str()),
            "" => is_known = false,
            _ => given.push(value.text.as_str()),
        }
    }
    match is_known {
        true => PersonName { surname: surname.join(" "), given: given.join(" "), ..PersonName::default() },
        false => PersonName { full: full.join(" "), ..PersonName::default() },
    }
}

/// Takes a feature into the alert's fields; what belongs to none is given back as a remark.
fn take_feature(
    feature: &Element,
    beside: &Beside,
    told: &Told<'_>,
    alert: &mut PersonAlert,
) -> Option<String> {
    let of = beside.word("FeatureType", feature.attribute("FeatureTypeID"));
    let places = feature.within("VersionLocation").map(|one| one.attribute("LocationID"));
    let details = feature.within("VersionDetail").map(|detail| match detail.attribute("DetailReferenceID") {
        "" => detail.text.clone(),
        id => beside.word("DetailReference", id).to_owned(),
    });
    let details: Vec<String> = details.filter(|text| !text.is_empty()).collect();
    match of {
        "Birthdate" => {
            alert.birth_dates.extend(feature.within("DatePeriod").flat_map(|one| dates(one, told)))
        }
        "Place of Birth" => {
            alert.birth_places.extend(details.into_iter().chain(places.map(|id| beside.place(id))))
        }
        "Nationality Country" | "Citizenship Country" => {
            let countries = places.filter_map(|id| beside.locations.get(id)).map(|one| match &one.country {
                country if country.is_empty() => one.text.as_str(),
                country => beside.country(country),
            });
            alert.nationalities.extend(countries.flat_map(|country| told.states(country)));
        }
        "Gender" => alert.sex = details.first().and_then(|word| sex(word).ok()).unwrap_or_default(),
        _ => {
            let all: Vec<String> = details.into_iter().chain(places.map(|id| beside.place(id))).collect();
            let word = if of == "Location" { "address:" } else { of };
            return (!all.is_empty()).then(|| format!("{word} {}", all.join(", ")).trim().to_owned());
        }
    }
    None
}

/// `DatePeriod`: the earliest and the latest day it may begin and end at. A whole year or month, an exact day, or years between.
fn dates(period: &Element, told: &Told<'_>) -> Vec<BirthDate> {
    let point = |of: &str, end: &str| {
        let at = period.first(of)?.first(end)?;
        Some(["Year", "Month", "Day"].map(|part| at.text_of(part).parse::<u16>().unwrap_or(0)))
    };
    let Some(first) = point("Start", "From").or_else(|| point("Start", "To")) else { return Vec::new() };
    let last = point("End", "To").or_else(|| point("Start", "To")).unwrap_or(first);
    let day = |[year, month, day]: [u16; 3]| match (month, day) {
        (0, _) => format!("{year}"),
        (_, 0) => format!("{year}-{month:02}"),
        _ => format!("{year}-{month:02}-{day:02}"),
    };
    let text = if first == last { day(first) } else { format!("{} to {}", day(first), day(last)) };
    let is_circa = |of: &str| period.first(of).is_some_and(|one| one.attribute("Approximate") == "true");
    let circa = is_circa("Start") || is_circa("End");
    told.dates(&text).into_iter().map(|date| BirthDate { circa, ..date }).collect()
}
