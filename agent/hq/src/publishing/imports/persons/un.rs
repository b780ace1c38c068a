//! An individual of the UN Security Council's Consolidated List, as XML: `INDIVIDUAL` with `DATAID`, `FIRST_NAME` to
//! `FOURTH_NAME`, `INDIVIDUAL_ALIAS`, `INDIVIDUAL_DATE_OF_BIRTH`, `INDIVIDUAL_DOCUMENT` and more.
//!
//! The UN does not say which of the four names is the surname, so they are one whole name. An alias of quality Low is a weak
//! one. The alert's id is `un-DATAID`.

use super::lines::sex;
use super::told::Told;
use crate::publishing::imports::xml::Element;
use vedette_names::BirthDate;
use vedette_names::person::{AlertKind, NameKind, PersonAlert, PersonDocument, PersonName};

/// The alert of a record; none for an `ENTITY`.
pub(super) fn alert(record: &Element, told: &Told<'_>) -> Option<PersonAlert> {
    if record.name != "INDIVIDUAL" {
        return None;
    }
    let values =
        |name| record.all(name).flat_map(|values| values.all("VALUE")).map(|value| value.text.as_str());
    let remark = values("TITLE")
        .chain(values("DESIGNATION"))
        .chain([record.text_of("COMMENTS1")])
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .chain(
            record
                .all("INDIVIDUAL_ADDRESS")
                .filter_map(|address| Some(format!("address: {}", place(address)?))),
        );
    Some(PersonAlert {
        id: format!("un-{}", record.text_of("DATAID")),
        kind: AlertKind::Sanction,
        names: names(record),
        birth_dates: record.all("INDIVIDUAL_DATE_OF_BIRTH").flat_map(|date| dates(date, told)).collect(),
        birth_places: record.all("INDIVIDUAL_PLACE_OF_BIRTH").filter_map(place).collect(),
        nationalities: values("NATIONALITY").flat_map(|state| told.states(state)).collect(),
        sex: sex(record.text_of("GENDER")).unwrap_or_default(),
        documents: record.all("INDIVIDUAL_DOCUMENT").filter_map(|one| document(one, told)).collect(),
        reason: record.text_of("UN_LIST_TYPE").to_owned(),
        authority: "United Nations".into(),
        reference: record.text_of("REFERENCE_NUMBER").to_owned(),
        remark: remark.collect::<Vec<_>>().join("; "),
        ..PersonAlert::default()
    })
}

fn names(record: &Element) -> Vec<PersonName> {
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].map(|part| record.text_of(part));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let whole = |kind, full: &str| PersonName { kind, full: full.to_owned(), ..PersonName::default() };
    let mut names = vec![whole(NameKind::Primary, &parts.join(" "))];
    names.extend(record.all("NAME_ORIGINAL_SCRIPT").map(|name| whole(NameKind::Aka, &name.text)));
    for alias in record.all("INDIVIDUAL_ALIAS") {
        let kind = match alias.text_of("QUALITY").to_ascii_lowercase().as_str() {
            "low" => NameKind::Weak,
            "f.k.a." => NameKind::Former,
            _ => NameKind::Aka,
        };
        names.extend(alias.text_of("ALIAS_NAME").split(';').map(|name| whole(kind, name.trim())));
    }
    names
}

/// `TYPE_OF_DATE` is EXACT, APPROXIMATELY or BETWEEN; then follow `DATE`, `YEAR`, or `FROM_YEAR` and `TO_YEAR`.
fn dates(date: &Element, told: &Told<'_>) -> Vec<BirthDate> {
    let circa = date.text_of("TYPE_OF_DATE").eq_ignore_ascii_case("APPROXIMATELY");
    let (from, to) = (date.text_of("FROM_YEAR"), date.text_of("TO_YEAR"));
    // Some editions write a time behind the day.
    let day = date.text_of("DATE").split('T').next().unwrap_or_default();
    let text = match (day, date.text_of("YEAR")) {
        ("", "") if !from.is_empty() && !to.is_empty() && from != to => format!("{from} to {to}"),
        ("", "") if !from.is_empty() => from.to_owned(),
        ("", "") => date.text_of("NOTE").to_owned(),
        ("", year) => year.to_owned(),
        (day, _) => day.to_owned(),
    };
    told.dates(&text).into_iter().map(|date| BirthDate { circa: date.circa || circa, ..date }).collect()
}

fn place(place: &Element) -> Option<String> {
    let parts = ["STREET", "CITY", "STATE_PROVINCE", "COUNTRY", "NOTE"].map(|part| place.text_of(part));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn document(one: &Element, told: &Told<'_>) -> Option<PersonDocument> {
    let number = one.text_of("NUMBER");
    let country = [one.text_of("ISSUING_COUNTRY"), one.text_of("COUNTRY_OF_ISSUE")];
    let state = country.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let remark = [
        ("", one.text_of("TYPE_OF_DOCUMENT2")),
        ("issued ", one.text_of("DATE_OF_ISSUE")),
        ("in ", one.text_of("CITY_OF_ISSUE")),
        ("", one.text_of("NOTE")),
    ];
    let remark: Vec<_> = remark
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(word, text)| format!("{word}{text}"))
        .collect();
    (!number.is_empty()).then(|| PersonDocument {
        kind: one.text_of("TYPE_OF_DOCUMENT").to_owned(),
        number: number.to_owned(),
        state: told.issuer(state),
        remark: remark.join(", "),
    })
}
