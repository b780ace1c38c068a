//! OFAC's SDN list as CSV: sdn.csv, with alt.csv (aliases) and add.csv (addresses) of the same folder where they are.
//!
//! No headers; `-0-` is an empty field. sdn.csv: number, name ("SURNAME, given"), type, program, title, six of vessels,
//! remarks. alt.csv: number, alias number, kind (aka, fka, nka), name, remarks. add.csv: number, address number, address,
//! city, country, remarks. Only entries of type individual become alerts; their id is `ofac-NUMBER`. Remarks hold the rest,
//! separated by semicolons: DOB, alt. DOB, POB, nationality, citizen, Gender, Passport ... An alias in quotation marks
//! within the remarks, or one that alt.csv remarks on as weak, is a weak one.
//!
//! alt.csv and add.csv are held in memory (a few megabytes), at most [`BESIDE_BYTES_MAX`] each.

use super::super::HqError;
use super::{dates::dates, lines::sex, states::codes, within_bounds};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use vedette_common::files::FileError;
use vedette_names::person::{AlertKind, NameKind, PersonAlert, PersonDocument, PersonName};

/// Bytes of alt.csv or add.csv that are read.
const BESIDE_BYTES_MAX: u64 = 256 * 1024 * 1024;
const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
const ADD_COLUMNS: usize = 6;

/// What the other files say of an entry.
#[derive(Default)]
struct Beside {
    names: HashMap<u64, Vec<PersonName>>,
    addresses: HashMap<u64, Vec<String>>,
}

/// The individuals of `file`.
pub(super) fn alerts<'a>(
    file: &'a Path,
    source: impl Read + 'a,
) -> Result<impl Iterator<Item = Result<PersonAlert, HqError>> + 'a, HqError> {
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
    Ok(rows(file, reader(source), SDN_COLUMNS).filter_map(move |row| match row {
        Err(error) => Some(Err(error)),
        Ok((line, number, row)) if row[2].eq_ignore_ascii_case("individual") => {
            let alert = within_bounds(alert(number, &row, &mut beside));
            Some(alert.map_err(|why| HqError::row(file, line, "", why)))
        }
        Ok(_) => None,
    }))
}

fn reader<R: Read>(source: R) -> Reader<R> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source)
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

fn read_beside(path: &Path, columns: usize, mut take: impl FnMut(u64, &[String])) -> Result<(), HqError> {
    let source = File::open(path).map_err(FileError::at("read", path))?.take(BESIDE_BYTES_MAX);
    for row in rows(path, reader(source), columns) {
        let (_, number, row) = row?;
        take(number, &row);
    }
    Ok(())
}

/// The rows of a file with their line and entry number; a last row that holds only the end-of-file mark is passed over.
fn rows<'a, R: Read + 'a>(
    file: &'a Path,
    reader: Reader<R>,
    columns: usize,
) -> impl Iterator<Item = Result<(u64, u64, Vec<String>), HqError>> + 'a {
    reader.into_byte_records().filter_map(move |record| {
        let record: ByteRecord = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Some(Err(HqError::row(file, line, "", error.to_string())));
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        // The files are of one-byte characters in some years and of UTF-8 in others.
        let mut row: Vec<String> = record.iter().map(field).collect();
        if row.len() == 1 && row[0].trim_matches(['\u{1a}', ' ']).is_empty() {
            return None;
        }
        let Ok(number) = row[0].parse::<u64>() else {
            let why = format!("{:?} is no entry number: this is no SDN file of OFAC, nor JSON lines", row[0]);
            return Some(Err(HqError::row(file, line, "1", why)));
        };
        if row.len() + 1 < columns {
            let why = format!("{} columns, OFAC's file has {columns}", row.len());
            return Some(Err(HqError::row(file, line, "", why)));
        }
        row.resize(columns.max(row.len()), String::new());
        Some(Ok((line, number, row)))
    })
}

fn field(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let text = text.trim();
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

fn alert(number: u64, row: &[String], beside: &mut Beside) -> PersonAlert {
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
    for remark in row[11].trim_end_matches('.').split("; ") {
        if !take_remark(remark, &mut alert) {
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
fn take_remark(remark: &str, alert: &mut PersonAlert) -> bool {
    let remark = remark.trim();
    let plain = remark.strip_prefix("alt. ").unwrap_or(remark);
    if let Some(date) = plain.strip_prefix("DOB ") {
        alert.birth_dates.extend(dates(date));
    } else if let Some(place) = plain.strip_prefix("POB ") {
        alert.birth_places.push(place.to_owned());
    } else if let Some(state) = plain.strip_prefix("nationality ").or_else(|| plain.strip_prefix("citizen "))
    {
        alert.nationalities.extend(codes(state));
    } else if let Some(text) = plain.strip_prefix("Gender ") {
        alert.sex = sex(text).unwrap_or_default();
    } else if let Some(alias) = plain.strip_prefix("a.k.a. '").and_then(|text| text.strip_suffix('\'')) {
        alert.names.push(name_of(alias, NameKind::Weak));
    } else if let Some(number) = plain.strip_prefix("Passport ") {
        let (number, rest) = number.split_once(' ').unwrap_or((number, ""));
        let state = rest.trim_start_matches('(').split(')').next().unwrap_or_default();
        let state = codes(state).into_iter().next().unwrap_or_else(|| state.to_owned());
        alert.documents.push(PersonDocument {
            kind: "passport".into(),
            number: number.into(),
            state,
            remark: String::new(),
        });
    } else {
        return false;
    }
    true
}
