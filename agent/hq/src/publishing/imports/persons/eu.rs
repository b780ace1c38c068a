//! A person of the EU's Consolidated Financial Sanctions List, XML 1.1 of FSF: `sanctionEntity` with `subjectType`, `nameAlias`,
//! `citizenship`, `birthdate`, `identification`, `address`, `regulation`, nearly all of it in attributes.
//!
//! The first strong `nameAlias` is the primary name; one with `strong="false"` is a weak alias. The alert's id is the EU's
//! reference number, else `eu-logicalId`. The code 00 and the word UNKNOWN stand for a state that is not known.

use super::lines::sex;
use super::told::Told;
use crate::publishing::imports::xml::Element;
use vedette_names::BirthDate;
use vedette_names::person::{AlertKind, NameKind, PersonAlert, PersonDocument, PersonName, Sex};

/// The alert of a record; none for an enterprise.
pub(super) fn alert(record: &Element, told: &Told<'_>) -> Option<PersonAlert> {
    let subject = record.first("subjectType")?;
    let is_person = subject.attribute("code").eq_ignore_ascii_case("person")
        || ["P", "person"].contains(&subject.attribute("classificationCode"));
    if !is_person {
        return None;
    }
    let names = record.all("nameAlias");
    let sexes = names.map(|name| sex(name.attribute("gender")).unwrap_or_default());
    let functions =
        record.all("nameAlias").flat_map(|name| [name.attribute("title"), name.attribute("function")]);
    let remark = functions
        .chain(record.all("remark").map(|remark| remark.text.as_str()))
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .chain(record.all("address").filter_map(|address| Some(format!("address: {}", place(address)?))));
    let mut remark: Vec<String> = remark.collect();
    remark.dedup();
    Some(PersonAlert {
        id: match record.attribute("euReferenceNumber") {
            "" => format!("eu-{}", record.attribute("logicalId")),
            number => number.to_owned(),
        },
        kind: AlertKind::Sanction,
        names: names_of(record),
        birth_dates: record.all("birthdate").flat_map(|date| dates(date, told)).collect(),
        birth_places: record.all("birthdate").filter_map(place).collect(),
        nationalities: record.all("citizenship").filter_map(|one| state(one, told)).collect(),
        sex: sexes.into_iter().find(|sex| *sex != Sex::Unknown).unwrap_or_default(),
        documents: record.all("identification").filter_map(|one| document(one, told)).collect(),
        reason: joined(record.all("regulation").map(|one| one.attribute("programme"))),
        authority: "European Union".into(),
        reference: joined(record.all("regulation").map(|one| one.attribute("numberTitle"))),
        remark: remark.join("; "),
        ..PersonAlert::default()
    })
}

/// Each once, in order.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    texts.filter(|text| !text.is_empty()).for_each(|text| {
        if !all.contains(&text) {
            all.push(text);
        }
    });
    all.join(", ")
}

fn names_of(record: &Element) -> Vec<PersonName> {
    let mut names = Vec::new();
    for name in record.all("nameAlias") {
        let is_weak = name.attribute("strong").eq_ignore_ascii_case("false");
        let is_first = !names.iter().any(|other: &PersonName| other.kind == NameKind::Primary);
        let kind = match (is_weak, is_first) {
            (true, _) => NameKind::Weak,
            (false, true) => NameKind::Primary,
            (false, false) => NameKind::Aka,
        };
        let given = [name.attribute("firstName"), name.attribute("middleName")].join(" ").trim().to_owned();
        let (surname, full) = (name.attribute("lastName").to_owned(), name.attribute("wholeName").to_owned());
        names.push(match surname.is_empty() && given.is_empty() {
            true => PersonName { kind, full, ..PersonName::default() },
            false => PersonName { kind, surname, given, full },
        });
    }
    names
}

/// `birthdate`, else year, month and day apart, else a range of years; `circa` for about.
fn dates(date: &Element, told: &Told<'_>) -> Vec<BirthDate> {
    let part = |name| Some(date.attribute(name)).filter(|text| !text.is_empty() && *text != "0");
    let calendar = date.attribute("calendarType");
    let text = match (part("birthdate"), part("year")) {
        (Some(whole), _) => whole.to_owned(),
        (None, Some(year)) => match (part("monthOfYear"), part("dayOfMonth")) {
            (Some(month), Some(day)) => format!("{year}-{month:0>2}-{day:0>2}"),
            (Some(month), None) => format!("{year}-{month:0>2}"),
            (None, _) => year.to_owned(),
        },
        (None, None) => match (part("yearRangeFrom"), part("yearRangeTo")) {
            (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
            (from, to) => from.or(to).unwrap_or_default().to_owned(),
        },
    };
    if !(calendar.is_empty() || calendar.eq_ignore_ascii_case("GREGORIAN")) {
        told.doubtful("birth date of another calendar, not taken", &format!("{text} {calendar}"));
        return Vec::new();
    }
    let circa = date.attribute("circa").eq_ignore_ascii_case("true");
    told.dates(&text).into_iter().map(|date| BirthDate { circa: date.circa || circa, ..date }).collect()
}

/// The state of an element that names one by code and by word.
fn state(one: &Element, told: &Told<'_>) -> Option<String> {
    let (code, word) = (one.attribute("countryIso2Code"), one.attribute("countryDescription"));
    let known = |text: &str| !text.is_empty() && text != "00" && !text.eq_ignore_ascii_case("UNKNOWN");
    let text = [code, word].into_iter().find(|text| known(text))?;
    told.states(text).into_iter().next()
}

fn place(one: &Element) -> Option<String> {
    let country =
        Some(one.attribute("countryDescription")).filter(|text| !text.eq_ignore_ascii_case("UNKNOWN"));
    let parts = ["street", "place", "city", "region"].map(|part| one.attribute(part));
    let parts: Vec<&str> = parts.into_iter().chain(country).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn document(one: &Element, told: &Told<'_>) -> Option<PersonDocument> {
    let number =
        [one.attribute("latinNumber"), one.attribute("number")].into_iter().find(|text| !text.is_empty())?;
    let kind = [one.attribute("identificationTypeCode"), one.attribute("identificationTypeDescription")];
    let flags = ["diplomatic", "knownExpired", "knownFalse", "reportedLost", "revokedByIssuer"];
    let dates =
        [("issued", "issueDate"), ("expires", "validTo"), ("by", "issuedBy"), ("name", "nameOnDocument")];
    let dates = dates.into_iter().filter_map(|(word, key)| {
        Some(one.attribute(key)).filter(|text| !text.is_empty()).map(|text| format!("{word} {text}"))
    });
    let flags = flags.into_iter().filter(|flag| one.attribute(flag) == "true").map(str::to_owned);
    let remark = flags.chain(dates).chain(one.all("remark").map(|remark| remark.text.clone()));
    Some(PersonDocument {
        kind: kind.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned(),
        number: number.to_owned(),
        state: state(one, told).unwrap_or_default(),
        remark: remark.collect::<Vec<_>>().join(", "),
    })
}
