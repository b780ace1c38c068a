//! Persons in the forms in which lists come -> alerts, for `import` and `screen`.
//!
//! | form | told by | read by |
//! |---|---|---|
//! | JSON lines of this project and of its kin: id, names, birth_dates ... | an object without the keys below | `lines` |
//! | SIS and INTERPOL fields: surnames, forenames, warning_markers ... | `surnames`, `forenames` or `forename` | `sis` |
//! | FollowTheMoney JSON lines (OpenSanctions) | `schema` | `follow_the_money` |
//! | OFAC SDN: sdn.csv, and alt.csv and add.csv beside it | no `{` at its start | `ofac` |
//!
//! What is not a person (a vessel, a company) is passed over. Birth dates and states are read as lists write them
//! (`dates`, `states`). Invariants: one alert at a time, but OFAC's aliases, which are held; every alert is within the bounds
//! of `names::person`. Failure: a bad line is named with its number and what is wrong with it.

mod dates;
mod follow_the_money;
mod lines;
mod ofac;
mod sis;
mod unique;

use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use std::cell::RefCell;
use std::io::{BufRead, Read};
use std::path::Path;
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
    match is_json(&mut source) {
        Ok(true) => Box::new(json_alerts(file, source, report)),
        Ok(false) => match ofac::alerts(file, source, report) {
            Ok(alerts) => Box::new(alerts),
            Err(error) => Box::new(std::iter::once(Err(error))),
        },
        Err(error) => Box::new(std::iter::once(Err(ImportError::row(file, 1, "", error.to_string())))),
    }
}

/// Whether the file begins like JSON lines, or is empty.
fn is_json(source: &mut impl BufRead) -> std::io::Result<bool> {
    let start = source.fill_buf()?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|&byte| byte == b'{'))
}

fn json_alerts<'a>(
    file: &'a Path,
    mut source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> impl Iterator<Item = Result<(u64, PersonAlert), ImportError>> + 'a {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            line += 1;
            let bad = |why: String| ImportError::row(file, line, "", why);
            let mut text = String::new();
            match source.by_ref().take(LINE_BYTES_MAX).read_line(&mut text) {
                Err(error) => return Some(Err(bad(error.to_string()))),
                Ok(0) => return None,
                Ok(read) if read as u64 == LINE_BYTES_MAX => {
                    return Some(Err(bad("the line is too long".into())));
                }
                Ok(_) => {}
            }
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if text.is_empty() {
                continue;
            }
            match json_alert(text).transpose() {
                None => report.borrow_mut().left_out.add("entity that is no person", line, text),
                Some(alert) => return Some(alert.map(|alert| (line, alert)).map_err(bad)),
            }
        }
    })
}

/// The alert of one line; None when it is no person.
fn json_alert(text: &str) -> Result<Option<PersonAlert>, String> {
    let line = unique::read(text)?;
    let has = |key: &str| line.get(key).is_some();
    let alert = if has("schema") {
        follow_the_money::alert(line)?
    } else if has("surnames") || has("forenames") || has("forename") {
        Some(sis::alert(line)?)
    } else {
        Some(lines::alert(line)?)
    };
    alert.map(within_bounds).transpose()
}

/// Cuts what an alert may have too much of without harm, and checks the rest.
fn within_bounds(mut alert: PersonAlert) -> Result<PersonAlert, String> {
    if alert.id.len() > ID_BYTES_MAX {
        return Err(format!("the id has {} bytes, at most {ID_BYTES_MAX} fit", alert.id.len()));
    }
    alert.names.retain(|name| !(name.surname.is_empty() && name.given.is_empty() && name.full.is_empty()));
    alert.names.dedup();
    alert.names.truncate(NAMES_MAX);
    alert.birth_dates.dedup();
    alert.birth_dates.truncate(ENTRIES_MAX);
    alert.birth_places.truncate(ENTRIES_MAX);
    alert.nationalities.dedup();
    alert.nationalities.truncate(ENTRIES_MAX);
    alert.documents.truncate(ENTRIES_MAX);
    for text in [&mut alert.reason, &mut alert.authority, &mut alert.reference, &mut alert.remark] {
        truncate(text, TEXT_BYTES_MAX);
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

fn truncate(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}

#[cfg(test)]
mod tests;
