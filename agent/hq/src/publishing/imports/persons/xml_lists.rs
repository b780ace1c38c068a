//! Lists published as XML, told apart by their root element.
//!
//! | root | list | read by |
//! |---|---|---|
//! | `CONSOLIDATED_LIST` | the Consolidated List of the UN Security Council | `un` |
//! | `export` | the Consolidated Financial Sanctions List of the EU, XML 1.1 of FSF | `eu` |
//! | `Sanctions` | OFAC's Advanced XML, such as `sdn_advanced.xml` | `ofac_xml` |
//!
//! Failure: a bad record is named with its line and column. Every other root is refused with what to do.

use super::told::Told;
use super::{eu, ofac_xml, un, within_bounds};
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::{Report, shown};
use crate::publishing::imports::xml::{Element, Records, Wrong};
use std::cell::RefCell;
use std::io::BufRead;
use std::path::Path;
use vedette_names::PersonAlert;

/// One list's records, and how they become alerts.
enum Form {
    Un,
    Eu,
    Ofac(Box<ofac_xml::Beside>),
}

impl Form {
    /// The names of the elements that are persons, or may be.
    fn records(&self) -> &'static [&'static str] {
        match self {
            Form::Un => &["INDIVIDUAL", "ENTITY"],
            Form::Eu => &["sanctionEntity"],
            Form::Ofac(_) => &["DistinctParty"],
        }
    }

    /// The alert of a record; none when it is no person.
    fn alert(&self, record: &Element, told: &Told<'_>) -> Result<Option<PersonAlert>, Wrong> {
        match self {
            Form::Un => Ok(un::alert(record, told)),
            Form::Eu => Ok(eu::alert(record, told)),
            Form::Ofac(beside) => ofac_xml::alert(record, beside, told),
        }
    }
}

/// The persons of a file.
pub(super) fn alerts<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> Result<impl Iterator<Item = Result<(u64, PersonAlert), ImportError>> + 'a, ImportError> {
    let mut records = Records::of(source);
    let root = records.root().map_err(|wrong| bad(file, wrong))?;
    let form = match root.as_str() {
        "CONSOLIDATED_LIST" => Form::Un,
        "export" => Form::Eu,
        "Sanctions" => Form::Ofac(Box::new(ofac_xml::Beside::read(file)?)),
        other => return Err(ImportError::row(file, 1, "", unknown(other))),
    };
    Ok(std::iter::from_fn(move || {
        loop {
            let record = match records.next(form.records()) {
                Err(wrong) => return Some(Err(bad(file, wrong))),
                Ok(None) => return None,
                Ok(Some(record)) => record,
            };
            let told = Told { report, line: record.at.line };
            let alert = form.alert(&record, &told).and_then(|alert| {
                alert.map(|alert| within_bounds(alert, &told)).transpose().map_err(|why| (record.at, why))
            });
            match alert.transpose() {
                None => told.left_out("entry that is no individual", &name_of(&record)),
                Some(alert) => {
                    return Some(
                        alert.map(|alert| (record.at.line, alert)).map_err(|wrong| bad(file, wrong)),
                    );
                }
            }
        }
    }))
}

fn bad(file: &Path, (at, why): Wrong) -> ImportError {
    ImportError::row(file, at.line, &at.column.to_string(), why)
}

fn unknown(root: &str) -> String {
    match root {
        "sdnList" => {
            "it is OFAC's sdn.xml: take sdn_advanced.xml, or sdn.csv with alt.csv, of the same list".into()
        }
        _ => format!(
            "its root element {} is of no list that is known: CONSOLIDATED_LIST (UN), export (EU), Sanctions (OFAC's \
             sdn_advanced.xml); bring others into JSON lines",
            shown(root)
        ),
    }
}

/// What an entry that is left out is called, for the report.
fn name_of(record: &Element) -> String {
    let whole = record.first("nameAlias").map_or("", |name| name.attribute("wholeName"));
    let first = record.text_of("FIRST_NAME");
    let parts = record.within("NamePartValue").map(|part| part.text.as_str());
    let parts: Vec<&str> = [whole, first].into_iter().chain(parts).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
