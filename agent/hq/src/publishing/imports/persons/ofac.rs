//! OFAC's SDN list as CSV: sdn.csv, with alt.csv (aliases) and add.csv (addresses) of the same folder where they are.
//!
//! No headers; `-0-` is an empty field. sdn.csv: number, name ("SURNAME, given"), type, program, title, six of vessels,
//! remarks. alt.csv: number, alias number, kind (aka, fka, nka), name, remarks. add.csv: number, address number, address,
//! city, country, remarks. Only entries of type individual become alerts; their id is `ofac-NUMBER`. Remarks hold the rest,
//! separated by semicolons: DOB, alt. DOB, POB, nationality, citizen, Gender, Passport ... An alias in quotation marks
//! within the remarks, or one that alt.csv remarks on as weak, is a weak one.
//!
//! alt.csv and add.csv are held in memory (a few megabytes), at most [`BESIDE_BYTES_MAX`] each.

use super::told::Told;
use super::{lines::sex, within_bounds};
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::{Report, shown};
use crate::publishing::imports::rows::Rows;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use vedette_common::files::FileError;
use vedette_names::person::{AlertKind, NameKind, PersonAlert, PersonDocument, PersonName};

/// Bytes of alt.csv or add.csv that are read.
const BESIDE_BYTES_MAX: u64 = 256 * 1024 * 1024;
const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
const ADD_COLUMNS: usize = 6;
const COMMENTS_COLUMNS: usize = 2;

/// What the other files say of an entry.
#[derive(Default)]
struct Beside {
    names: HashMap<u64, Vec<PersonName>>,
    addresses: HashMap<u64, Vec<String>>,
    /// What did not fit into the remarks of sdn.csv.
    remarks: HashMap<u64, String>,
}

/// The individuals of `file`.
pub(super) fn alerts<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> Result<impl Iterator<Item = Result<(u64, PersonAlert), ImportError>> + 'a, ImportError> {
    let mut beside = Beside::default();
    if let Some(path) = sibling(file, "alt") {
        read_beside(&path, ALT_COLUMNS, |number, row| {
            let name = name_of(&row[3], alias_kind(&row[2], &row[4]));
            beside.names.entry(number).or_default().push(name);
        })?;
    }
    if let Some(path) = sibling(file, "add") {
        read_beside(&path, ADD_COLUMNS, |number, row| {
            let parts: Vec<&str> =
                row[2..5].iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            if !parts.is_empty() {
                beside.addresses.entry(number).or_default().push(parts.join(", "));
            }
        })?;
    }
    if let Some(path) = sibling(file, "sdn_comments") {
        read_beside(&path, COMMENTS_COLUMNS, |number, row| {
            beside.remarks.entry(number).or_default().push_str(&row[1]);
        })?;
    }
    Ok(rows(file, source, SDN_COLUMNS).filter_map(move |row| match row {
        Err(error) => Some(Err(error)),
        Ok((line, number, row)) if row[2].eq_ignore_ascii_case("individual") => {
            let told = Told { report, line };
            let alert = within_bounds(alert(number, &row, &mut beside, &told), &told);
            Some(alert.map(|alert| (line, alert)).map_err(|why| ImportError::row(file, line, "", why)))
        }
        Ok((line, _, row)) => {
            report.borrow_mut().left_out.add("entry that is no individual", line, &row[1]);
            None
        }
    }))
}

/// The file of the same folder whose name has `part` where this one has sdn, in the same case.
fn sibling(file: &Path, part: &str) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    let at = name.to_ascii_lowercase().rfind("sdn")?;
    let upper = name.as_bytes()[at].is_ascii_uppercase();
    let part = if upper { part.to_ascii_uppercase() } else { part.to_owned() };
    let path = file.with_file_name(format!("{}{part}{}", &name[..at], &name[at + 3..]));
    path.is_file().then_some(path)
}

fn read_beside(path: &Path, columns: usize, mut take: impl FnMut(u64, &[String])) -> Result<(), ImportError> {
    let source = File::open(path).map_err(FileError::at("read", path))?.take(BESIDE_BYTES_MAX);
    for row in rows(path, BufReader::new(source), columns) {
        let (_, number, row) = row?;
        take(number, &row);
    }
    Ok(())
}

/// The rows of a file with their line and entry number; the end-of-file mark is passed over. A row has exactly the
/// columns of OFAC's file: a quote left open, or a comma too many, would join entries or shift them.
fn rows<'a, R: BufRead + 'a>(
    file: &'a Path,
    source: R,
    columns: usize,
) -> impl Iterator<Item = Result<(u64, u64, Vec<String>), ImportError>> + 'a {
    let mut rows = Rows::of_latin_1(source);
    std::iter::from_fn(move || {
        loop {
            let bad = |line, column, why| Some(Err(ImportError::row(file, line, column, why)));
            let row: Vec<String> = match rows.next() {
                Ok(None) => return None,
                Err(why) => return bad(rows.line(), "", why),
                Ok(Some(row)) => row.iter().map(|text| field(text)).collect(),
            };
            let line = rows.line();
            if row.len() == 1 && row[0].trim_matches(['\u{1a}', ' ']).is_empty() {
                continue;
            }
            let Ok(number) = row[0].parse::<u64>() else {
                let why =
                    format!("{} is no entry number: this is no file of OFAC, nor JSON lines", shown(&row[0]));
                return bad(line, "1", why);
            };
            if row.len() != columns {
                return bad(line, "", format!("{} columns, OFAC's file has {columns}", row.len()));
            }
            return Some(Ok((line, number, row)));
        }
    })
}

fn field(text: &str) -> String {
    if text == "-0-" { String::new() } else { text.to_owned() }
}

fn alias_kind(kind: &str, remark: &str) -> NameKind {
    if remark.to_ascii_lowercase().contains("weak") {
        NameKind::Weak
    } else if kind == "fka" {
        NameKind::Former
    } else {
        NameKind::Aka
    }
}

fn name_of(text: &str, kind: NameKind) -> PersonName {
    match text.split_once(',') {
        Some((surname, given)) => PersonName {
            kind,
            surname: surname.trim().into(),
            given: given.trim().into(),
            full: String::new(),
        },
        None => PersonName { kind, full: text.to_owned(), ..PersonName::default() },
    }
}

fn alert(number: u64, row: &[String], beside: &mut Beside, told: &Told<'_>) -> PersonAlert {
    let mut alert = PersonAlert {
        id: format!("ofac-{number}"),
        kind: AlertKind::Sanction,
        names: vec![name_of(&row[1], NameKind::Primary)],
        authority: "OFAC".into(),
        reason: row[3].clone(),
        ..PersonAlert::default()
    };
    alert.names.extend(beside.names.remove(&number).unwrap_or_default());
    let mut remarks: Vec<String> = Vec::new();
    let more = beside.remarks.remove(&number).unwrap_or_default();
    let all = format!("{}{more}", row[11].trim_end_matches('.'));
    for remark in all.trim_end_matches('.').split("; ") {
        if !take_remark(remark, &mut alert, told) {
            remarks.push(remark.to_owned());
        }
    }
    let title = (!row[4].is_empty()).then(|| row[4].clone());
    let addresses = beside.addresses.remove(&number).unwrap_or_default().into_iter();
    let addresses = addresses.map(|address| format!("address: {address}"));
    alert.remark = title.into_iter().chain(remarks).chain(addresses).collect::<Vec<_>>().join("; ");
    alert
}

/// Takes one remark into the alert's fields; false when it belongs to none.
fn take_remark(remark: &str, alert: &mut PersonAlert, told: &Told<'_>) -> bool {
    let remark = remark.trim();
    let plain = remark.strip_prefix("alt. ").unwrap_or(remark);
    if let Some(date) = plain.strip_prefix("DOB ") {
        alert.birth_dates.extend(told.dates(date));
    } else if let Some(place) = plain.strip_prefix("POB ") {
        alert.birth_places.push(place.to_owned());
    } else if let Some(state) = plain.strip_prefix("nationality ").or_else(|| plain.strip_prefix("citizen "))
    {
        alert.nationalities.extend(told.states(state));
    } else if let Some(text) = plain.strip_prefix("Gender ") {
        alert.sex = sex(text).unwrap_or_default();
    } else if let Some(alias) = plain.strip_prefix("a.k.a. '").and_then(|text| text.strip_suffix('\'')) {
        alert.names.push(name_of(alias, NameKind::Weak));
    } else if let Some(document) = document(plain, told) {
        alert.documents.push(document);
    } else {
        return false;
    }
    true
}

/// Remarks that name a document, and its kind.
const DOCUMENTS: &[(&str, &str)] = &[
    ("Passport ", "passport"),
    ("Diplomatic Passport ", "passport"),
    ("Stateless Person Passport ", "passport"),
    ("Refugee ID Card ", "identity card"),
    ("National ID No. ", "identity card"),
    ("National Foreign ID Number ", "identity card"),
    ("Identification Number ", "identity card"),
    ("Residency Number ", "residence permit"),
    ("Permanent Residence Card ", "residence permit"),
];

/// `Passport AB 765432 (Sweden) issued 12 Jan 2004 expires 11 Jan 2014`.
fn document(remark: &str, told: &Told<'_>) -> Option<PersonDocument> {
    let (rest, kind) = DOCUMENTS.iter().find_map(|(word, kind)| Some((remark.strip_prefix(word)?, *kind)))?;
    let (number, state, rest) = match rest.split_once('(') {
        Some((number, rest)) => {
            let (state, rest) = rest.split_once(')').unwrap_or((rest, ""));
            (number, state, rest)
        }
        None => match rest.find(" issued ").or_else(|| rest.find(" expires ")) {
            Some(at) => (&rest[..at], "", &rest[at..]),
            None => (rest, "", ""),
        },
    };
    Some(PersonDocument {
        kind: kind.into(),
        number: number.trim().into(),
        state: told.issuer(state.trim()),
        remark: rest.trim().into(),
    })
}
