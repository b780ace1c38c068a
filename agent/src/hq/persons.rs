//! Persons as JSON lines: one alert a line, in the form that `import` and `screen` take.
//!
//! ```text
//! {"id": "...", "names": [{"surname", "given", "full", "kind"}], "birth_dates": ["1948-12-10", "1948"],
//!  "nationalities": ["UTO"], "sex": "female", "kind": "red", "action": "arrest", "warnings": ["armed"], ...}
//! ```
//! Only id and names are mandatory. A birth date that is not YYYY[-MM[-DD]] ("circa 7 Jul 1966", "1950 to 1952") gives the
//! years in it, as circa; one without a year is no evidence. Failure: a bad line is named with its number and what is wrong with it.

use super::HqError;
use crate::names::person::{Action, AlertKind, BirthDate, PersonAlert, PersonName, Sex, Warning};
use serde::Deserialize;
use std::io::{BufRead, Read};
use std::path::Path;

/// Longest line, bytes.
const LINE_BYTES_MAX: u64 = 256 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonLine {
    id: String,
    names: Vec<PersonName>,
    #[serde(default)]
    birth_dates: Vec<String>,
    #[serde(default)]
    birth_places: Vec<String>,
    #[serde(default)]
    nationalities: Vec<String>,
    #[serde(default)]
    sex: Option<Sex>,
    #[serde(default)]
    kind: AlertKind,
    #[serde(default)]
    action: Action,
    #[serde(default)]
    warnings: Vec<Warning>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    authority: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    remark: String,
}

/// The alerts of a file, line by line; `file` is for errors.
pub(super) fn alerts<'a>(
    file: &'a Path,
    mut source: impl BufRead + 'a,
) -> impl Iterator<Item = Result<PersonAlert, HqError>> + 'a {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            line += 1;
            let bad = |why: String| HqError::row(file, line, "", why);
            let mut text = String::new();
            match source.by_ref().take(LINE_BYTES_MAX).read_line(&mut text) {
                Err(error) => return Some(Err(bad(error.to_string()))),
                Ok(0) => return None,
                Ok(read) if read as u64 == LINE_BYTES_MAX => {
                    return Some(Err(bad("the line is too long".into())));
                }
                Ok(_) if text.trim().is_empty() => {}
                Ok(_) => return Some(alert(&text).map_err(bad)),
            }
        }
    })
}

/// A birth date as lists write it.
fn dates(text: &str) -> Vec<BirthDate> {
    if let Some(date) = BirthDate::parse(text) {
        return vec![date];
    }
    let words = text.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 4);
    let years = words.filter_map(|word| word.parse::<u16>().ok());
    let dates = years.map(|year| BirthDate { circa: true, ..BirthDate::of_year(year) });
    dates.filter(BirthDate::is_possible).collect()
}

fn alert(text: &str) -> Result<PersonAlert, String> {
    let line: PersonLine = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let alert = PersonAlert {
        birth_dates: line.birth_dates.iter().flat_map(|text| dates(text)).collect(),
        id: line.id,
        kind: line.kind,
        action: line.action,
        names: line.names,
        birth_places: line.birth_places,
        nationalities: line.nationalities,
        sex: line.sex.unwrap_or_default(),
        documents: Vec::new(),
        warnings: line.warnings,
        reason: line.reason,
        authority: line.authority,
        reference: line.reference,
        remark: line.remark,
    };
    alert.validate().map_err(|error| error.to_string())?;
    Ok(alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_words_gives_its_years() {
        let circa = |year| BirthDate { circa: true, ..BirthDate::of_year(year) };
        assert_eq!(dates("1974-08-12"), [BirthDate::new(1974, 8, 12)]);
        assert_eq!(dates("circa 7 Jul 1966"), [circa(1966)]);
        assert_eq!(dates("1950 to 1952"), [circa(1950), circa(1952)]);
        assert_eq!(dates("unknown, passport 12345678"), []);
    }
}
