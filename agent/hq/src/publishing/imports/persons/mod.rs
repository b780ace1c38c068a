//! Persons in the forms in which lists come -> alerts, for `import` and `screen`.
//!
//! | form | told by | read by |
//! |---|---|---|
//! | JSON lines of this project and of its kin: id, names, birth_dates ... | an object without the keys below | `lines` |
//! | SIS and INTERPOL fields: surnames, forenames, warning_markers ... | `surnames`, `forenames` or `forename` | `sis` |
//! | FollowTheMoney JSON lines (OpenSanctions) | `schema` | `follow_the_money` |
//! | lists published as XML: UN, EU, OFAC's Advanced XML | `<` at its start | `xml_lists` |
//! | OFAC SDN: sdn.csv, and alt.csv and add.csv beside it | neither `{` nor `<` at its start | `ofac` |
//!
//! What is not a person (a vessel, a company) is passed over, and counted. Birth dates and states are read as lists write
//! them (`dates`, `states`), and what of them says nothing is told (`told`). Invariants: one alert at a time is in memory, and
//! what other parts of a list say of it; every alert is within the bounds of `names::person`, and what is cut for it is told.
//! Failure: a bad line is named with its number and what is wrong with it.

mod dates;
mod eu;
mod follow_the_money;
mod lines;
mod ofac;
mod ofac_xml;
mod sis;
mod told;
mod un;
mod unique;
mod xml_lists;

use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use serde_json::Value;
use std::cell::RefCell;
use std::io::{BufRead, Read};
use std::path::Path;
use told::Told;
use vedette_common::text::is_unseen;
use vedette_names::person::{self, ENTRIES_MAX, ID_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use vedette_names::{PersonAlert, PersonName};

/// Longest line, bytes.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// The alerts of a file with their lines; `file` is for errors and to find OFAC's other files, `report` gets what is
/// left out.
pub(crate) fn alerts<'a>(
    file: &'a Path,
    mut source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> Box<dyn Iterator<Item = Result<(u64, PersonAlert), ImportError>> + 'a> {
    let failed = |error| Box::new(std::iter::once(Err(error)));
    match first_byte(&mut source) {
        Ok(None | Some(b'{')) => Box::new(json_alerts(file, source, report)),
        Ok(Some(b'[')) => {
            let why = "it is one JSON array: write each object into a line of its own, without the commas between them";
            failed(ImportError::row(file, 1, "", why.into()))
        }
        Ok(Some(b'<')) => match xml_lists::alerts(file, source, report) {
            Ok(alerts) => Box::new(alerts),
            Err(error) => failed(error),
        },
        Ok(Some(_)) => match ofac::alerts(file, source, report) {
            Ok(alerts) => Box::new(alerts),
            Err(error) => failed(error),
        },
        Err(error) => failed(ImportError::row(file, 1, "", error.to_string())),
    }
}

/// The first byte that is no blank, behind a byte order mark.
fn first_byte(source: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    let start = source.fill_buf()?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(start.iter().copied().find(|byte| !byte.is_ascii_whitespace()))
}

fn json_alerts<'a>(
    file: &'a Path,
    mut source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> impl Iterator<Item = Result<(u64, PersonAlert), ImportError>> + 'a {
    let mut line = 0;
    // Read when the first entity comes: other forms have none.
    let mut documents: Option<follow_the_money::Documents> = None;
    std::iter::from_fn(move || {
        loop {
            line += 1;
            let told = Told { report, line };
            let bad = |why: String| ImportError::row(file, line, "", why);
            let mut text = String::new();
            match source.by_ref().take(LINE_BYTES_MAX).read_line(&mut text) {
                Err(error) => return Some(Err(bad(error.to_string()))),
                Ok(0) => {
                    if let Some(documents) = documents.take() {
                        documents.tell_of_those_without_holder(report);
                    }
                    return None;
                }
                Ok(read) if read as u64 == LINE_BYTES_MAX => {
                    return Some(Err(bad("the line is too long".into())));
                }
                Ok(_) => {}
            }
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if text.is_empty() {
                continue;
            }
            let value = match unique::read(text) {
                Ok(value) => value,
                Err(why) => return Some(Err(bad(why))),
            };
            if documents.is_none() && value.get("schema").is_some() {
                match follow_the_money::Documents::read(file) {
                    Ok(read) => documents = Some(read),
                    Err(error) => return Some(Err(error)),
                }
            }
            match json_alert(value, documents.as_mut(), &told).transpose() {
                None => {}
                Some(alert) => return Some(alert.map(|alert| (line, alert)).map_err(bad)),
            }
        }
    })
}

/// The alert of one object in any of the JSON forms; None when it is no person. `line` is for the report.
pub(crate) fn of_object(
    object: Value,
    report: &RefCell<Report>,
    line: u64,
) -> Result<Option<PersonAlert>, String> {
    json_alert(object, None, &Told { report, line })
}

/// Reads one JSON value, in which no object has a key twice.
pub(crate) fn read_json(text: &str) -> Result<Value, String> {
    unique::read(text)
}

/// The alert of one line; None when it is no person.
fn json_alert(
    line: Value,
    documents: Option<&mut follow_the_money::Documents>,
    told: &Told<'_>,
) -> Result<Option<PersonAlert>, String> {
    let has = |key: &str| line.get(key).is_some();
    let alert = if has("schema") {
        follow_the_money::alert(line, documents, told)?
    } else if has("surnames") || has("forenames") || has("forename") {
        Some(sis::alert(line)?)
    } else {
        Some(lines::alert(line)?)
    };
    alert.map(|alert| within_bounds(alert, told)).transpose()
}

/// Cuts what an alert may have too much of, which is told, and checks the rest.
fn within_bounds(mut alert: PersonAlert, told: &Told<'_>) -> Result<PersonAlert, String> {
    if alert.id.len() > ID_BYTES_MAX {
        return Err(format!("the id has {} bytes, at most {ID_BYTES_MAX} fit", alert.id.len()));
    }
    if let Some(c) = alert.id.chars().find(|c| is_unseen(*c)) {
        return Err(format!("the id has the character U+{:04X}, which nobody sees", c as u32));
    }
    without_unseen(&mut alert, told);
    alert.names.retain(|name| !(name.surname.is_empty() && name.given.is_empty() && name.full.is_empty()));
    alert.names.dedup();
    alert.birth_dates.dedup();
    alert.nationalities.dedup();
    alert.documents.dedup();
    let id = alert.id.clone();
    cut(&mut alert.names, NAMES_MAX, &id, told);
    cut(&mut alert.birth_dates, ENTRIES_MAX, &id, told);
    cut(&mut alert.birth_places, ENTRIES_MAX, &id, told);
    cut(&mut alert.nationalities, ENTRIES_MAX, &id, told);
    cut(&mut alert.documents, ENTRIES_MAX, &id, told);
    for text in [&mut alert.reason, &mut alert.authority, &mut alert.reference, &mut alert.remark] {
        if text.len() > TEXT_BYTES_MAX {
            told.repaired("text too long, its end cut off", text);
        }
        truncate(text, TEXT_BYTES_MAX);
    }
    for document in alert.documents.iter().filter(|one| one.may_be_shown() && !one.number.is_empty()) {
        if document.named().is_empty() {
            told.doubtful(
                "document named in an alert whose number no zone could show: it is not looked up",
                &document.number,
            );
        }
    }
    // Encoding checks every bound, that of the whole alert too; done here, where the line is known.
    person::encode(&alert).map_err(|error| error.to_string())?;
    with_readings(alert)
}

/// Adds the readings that no device knows, as many as the alert has room for, and refuses what nobody could ever meet.
fn with_readings(mut alert: PersonAlert) -> Result<PersonAlert, String> {
    let own = alert.names.len();
    alert.add_readings();
    while alert.names.len() > own && person::encode(&alert).is_err() {
        alert.names.pop();
    }
    if !alert.names.iter().any(PersonName::is_readable) {
        let name = &alert.names[0];
        let text: String =
            [&*name.surname, &*name.given, &*name.full].concat().escape_debug().take(40).collect();
        return Err(format!(
            "names: no passport could show this person's name: \"{text}\" has no letter that can be read; add the name in Latin letters"
        ));
    }
    Ok(alert)
}

/// Leaves out what is beyond `most`.
fn cut<T>(entries: &mut Vec<T>, most: usize, id: &str, told: &Told<'_>) {
    if entries.len() > most {
        told.repaired(
            "more names, dates, places, states or documents than an alert takes, the last left out",
            id,
        );
        entries.truncate(most);
    }
}

/// Leaves out controls and signs of direction: they would act on what an officer reads. Joiners stay, for they are part of how
/// some scripts are written.
fn without_unseen(alert: &mut PersonAlert, told: &Told<'_>) {
    let is_joiner = |c: char| matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}');
    let names = alert.names.iter_mut().flat_map(|name| [&mut name.surname, &mut name.given, &mut name.full]);
    let documents = alert.documents.iter_mut();
    let documents =
        documents.flat_map(|one| [&mut one.kind, &mut one.number, &mut one.state, &mut one.remark]);
    let others = [&mut alert.reason, &mut alert.authority, &mut alert.reference, &mut alert.remark];
    for text in names.chain(documents).chain(others).chain(&mut alert.birth_places) {
        if !text.contains(|c| is_unseen(c) && !is_joiner(c)) {
            continue;
        }
        // A line's end is a blank, and no slip.
        if text.contains(|c: char| is_unseen(c) && !is_joiner(c) && !c.is_ascii_whitespace()) {
            told.repaired("characters that nobody sees left out (controls, directions)", text);
        }
        let seen = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let seen: String = seen.filter(|c| !is_unseen(*c) || is_joiner(*c)).collect();
        *text = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

fn truncate(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod xml_tests;
