//! Documents as CSV: a header, then one alert a line.
//!
//! Columns by name, in any order: issuing_state, document_type, document_number, document_number_to (of a range), status,
//! issue_date, expiry_date, theft_date, theft_state, review_date, national_ref, remark. The first three (without `_to`)
//! and status are mandatory; dates are YYYY-MM-DD. How lines and fields are told apart: `rows`; what a cell may hold:
//! `cells`.
//!
//! Invariant: a row gives one alert for each number in it; nothing of it is left out. Failure: a bad row is named with its
//! line, its column and why.

use crate::publishing::imports::blocks::{Block, blocks, in_order};
use crate::publishing::imports::cells;
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::{Report, shown};
use crate::publishing::imports::rows::Rows;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead};
use std::path::Path;
use vedette_common::files::FileError;
use vedette_common::text::is_unseen;
use vedette_lists::{Day, DocumentAlert, DocumentId, DocumentPayload, Status};
use vedette_shim::document::{DocumentKey, Number};

const COLUMNS: [&str; 12] = [
    "issuing_state",
    "document_type",
    "document_number",
    "document_number_to",
    "status",
    "issue_date",
    "expiry_date",
    "theft_date",
    "theft_state",
    "review_date",
    "national_ref",
    "remark",
];
const MANDATORY: [&str; 4] = ["issuing_state", "document_type", "document_number", "status"];

/// The alerts of a file with their lines, row by row; `file` is for errors, `report` gets what was translated. A header that will not do
/// is an error at once.
pub(crate) fn alerts<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> Result<impl Iterator<Item = Result<(u64, DocumentAlert), ImportError>> + 'a, ImportError> {
    let mut rows = Rows::of(source);
    let places = header(file, &mut rows)?;
    Ok(alerts_of(file, rows, places, report))
}

/// Gives `take` what [`alerts`] would, without the lines: several threads read the rows.
pub(crate) fn all_alerts<T>(
    file: &Path,
    source: impl BufRead + Send,
    report: &RefCell<Report>,
    take: impl FnOnce(&mut dyn Iterator<Item = Result<DocumentAlert, ImportError>>) -> T,
) -> Result<T, ImportError> {
    let mut rows = Rows::of(source);
    let places = header(file, &mut rows)?;
    let lines = rows.line();
    let source = rows.rest().map_err(FileError::at("read", file))?;
    let work = |block: io::Result<Block>| {
        let report = RefCell::new(Report::default());
        let alerts: Vec<_> = match block {
            Ok(Block { bytes, lines_before }) => {
                let rows = Rows::after(lines_before, &bytes[..]);
                alerts_of(file, rows, places, &report).map(|row| row.map(|(_, alert)| alert)).collect()
            }
            Err(error) => vec![Err(FileError::at("read", file)(error).into())],
        };
        (alerts, report.into_inner())
    };
    Ok(in_order(blocks(source, lines), work, |results| {
        take(&mut results.flat_map(|(alerts, of_block)| {
            report.borrow_mut().append(of_block);
            alerts
        }))
    }))
}

/// The alerts of rows whose header was read.
fn alerts_of<'a>(
    file: &'a Path,
    mut rows: Rows<impl BufRead + 'a>,
    places: Places,
    report: &'a RefCell<Report>,
) -> impl Iterator<Item = Result<(u64, DocumentAlert), ImportError>> + 'a {
    let mut waiting = VecDeque::new();
    std::iter::from_fn(move || {
        loop {
            if let Some(alert) = waiting.pop_front() {
                return Some(Ok((rows.line(), alert)));
            }
            let bad = |line, (column, why): (&str, String)| ImportError::row(file, line, column, why);
            // Asked first, for the fields that follow are borrowed.
            let row = rows.next().map(|row| row.is_some());
            let line = rows.line();
            match row {
                Ok(true) => {}
                Ok(false) => return None,
                Err(why) => return Some(Err(bad(line, ("", why)))),
            }
            let fields = rows.fields();
            if fields.len() != places.columns {
                let why = format!("{} fields, the header has {}", fields.len(), places.columns);
                return Some(Err(bad(line, ("", why))));
            }
            let field = |place: Option<usize>| place.and_then(|at| fields.get(at)).map_or("", String::as_str);
            let repaired = |what: &str, text: &str| report.borrow_mut().repaired.add(what, line, text);
            match documents(&places.of.map(field), repaired) {
                Ok(alerts) => waiting.extend(alerts),
                Err(error) => return Some(Err(bad(line, error))),
            }
        }
    })
}

/// The alerts of an object whose keys are columns and whose values are texts: a row of a file of changes.
pub(crate) fn of_columns(
    object: &Map<String, Value>,
    repaired: impl Fn(&str, &str),
) -> Result<Vec<DocumentAlert>, (String, String)> {
    if let Some(column) = object.keys().find(|key| !COLUMNS.contains(&key.as_str())) {
        return Err((
            String::new(),
            format!("unknown key {}; known are {}", shown(column), COLUMNS.join(", ")),
        ));
    }
    let mut fields = [""; 12];
    for (field, column) in fields.iter_mut().zip(COLUMNS) {
        *field = match object.get(column) {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => return Err((column.into(), "a text in quotes is wanted".into())),
        };
    }
    documents(&fields, repaired).map_err(|(column, why)| (column.into(), why))
}

/// Where the header has each of [`COLUMNS`], and how many columns there are.
#[derive(Clone, Copy)]
struct Places {
    of: [Option<usize>; 12],
    columns: usize,
}

fn header(file: &Path, rows: &mut Rows<impl BufRead>) -> Result<Places, ImportError> {
    places(rows).map_err(|(column, why)| ImportError::row(file, rows.line().max(1), &column, why))
}

fn places(rows: &mut Rows<impl BufRead>) -> Result<Places, (String, String)> {
    let header = rows.next().map_err(|why| (String::new(), why))?.unwrap_or_default();
    if let [one] = header
        && let Some(c) = [';', '\t', '|'].into_iter().find(|c| one.contains(*c))
    {
        return Err((
            String::new(),
            format!("the columns are separated by {c:?}: save the file with commas"),
        ));
    }
    if let Some(column) = header.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        return Err((
            String::new(),
            format!("unknown column {}; known are {}", shown(column), COLUMNS.join(", ")),
        ));
    }
    if let Some((_, column)) = header.iter().enumerate().find(|(at, column)| header[..*at].contains(column)) {
        return Err((column.clone(), "this column is there twice".into()));
    }
    if let Some(column) = MANDATORY.into_iter().find(|column| !header.iter().any(|found| found == column)) {
        return Err((column.into(), "this column is missing".into()));
    }
    let of = COLUMNS.map(|column| header.iter().position(|found| found == column));
    Ok(Places { of, columns: header.len() })
}

/// The alerts of one row, its fields in the order of [`COLUMNS`]; or the column that is wrong and why.
fn documents(
    fields: &[&str; 12],
    repaired: impl Fn(&str, &str),
) -> Result<Vec<DocumentAlert>, (&'static str, String)> {
    let [state, kind, number, to, status, issue, expiry, theft, theft_state, review, national_ref, remark] =
        *fields;
    for (column, value) in MANDATORY.into_iter().zip([state, kind, number, status]) {
        if value.is_empty() {
            return Err((column, "it is mandatory and empty".into()));
        }
    }
    for (column, value) in COLUMNS.into_iter().zip(*fields) {
        if value.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
            continue;
        }
        // They would act on the officer's terminal, or stand in a number unseen.
        let free = matches!(column, "national_ref" | "remark");
        if let Some(c) = value.chars().find(|c| c.is_control() || free && is_unseen(*c)) {
            return Err((column, format!("it has the control character U+{:04X}", c as u32)));
        }
    }
    let wrong = |column, text: &str, why: String| (column, format!("{}: {why}", shown(text)));
    let issuer = cells::state(state).map_err(|why| wrong("issuing_state", state, why))?;
    let code = cells::kind(kind).map_err(|why| wrong("document_type", kind, why))?;
    let numbers = cells::numbers(number).map_err(|why| wrong("document_number", number, why))?;
    for (what, text) in [(issuer.repaired, state), (code.repaired, kind), (numbers.repaired, number)] {
        if let Some(what) = what {
            repaired(what, text);
        }
    }
    let payload = payload(status, [issue, expiry, theft, review], theft_state, [national_ref, remark])?;
    let letter = DocumentKey::kind_of(&code.value).unwrap_or_default();
    let key = |number: &Number| {
        DocumentKey::from_parts(issuer.value, letter, *number)
            .ok_or_else(|| wrong("document_type", kind, "it does not begin with a letter".into()))
    };
    if to.is_empty() {
        return numbers
            .value
            .iter()
            .map(|n| Ok(DocumentAlert { key: key(n)?, to: None, payload: payload.clone() }))
            .collect();
    }
    let [from] = &numbers.value[..] else {
        return Err(("document_number", "a range begins with one number".into()));
    };
    let last = Number::new(to).map_err(|error| ("document_number_to", error.to_string()))?;
    let range =
        DocumentId::range(key(from)?, last).map_err(|error| ("document_number_to", error.to_string()))?;
    Ok(vec![DocumentAlert { key: key(from)?, to: range.to, payload }])
}

fn payload(
    status: &str,
    [issue, expiry, theft, review]: [&str; 4],
    theft_state: &str,
    [national_ref, remark]: [&str; 2],
) -> Result<DocumentPayload, (&'static str, String)> {
    let words = || Status::ALL.map(Status::word).join(", ");
    let status = Status::from_word(status)
        .ok_or_else(|| ("status", format!("{} is none of {}", shown(status), words())))?;
    let day = |column, text: &str| match text {
        "" => Ok(None),
        text => Day::parse(text)
            .map(Some)
            .ok_or_else(|| (column, format!("{} is not a date YYYY-MM-DD from 1900 to 2100", shown(text)))),
    };
    let theft_state = match theft_state {
        "" => None,
        text => {
            Some(cells::state(text).map_err(|why| ("theft_state", format!("{}: {why}", shown(text))))?.value)
        }
    };
    let text = |column, text: &str, max: usize| match text.len() {
        bytes if bytes > max => Err((column, format!("{bytes} bytes, at most {max} fit"))),
        _ => Ok(text.to_string()),
    };
    Ok(DocumentPayload {
        issue_date: day("issue_date", issue)?,
        expiry_date: day("expiry_date", expiry)?,
        theft_date: day("theft_date", theft)?,
        theft_state,
        review_date: day("review_date", review)?,
        national_ref: text("national_ref", national_ref, 64)?,
        remark: text("remark", remark, 255)?,
        ..DocumentPayload::new(status)
    })
}

/// Most national formats whose numbers are compared.
const FORMATS_MAX: usize = 10_000;
/// A format is odd beside another of its state and type that has so many times its numbers.
const COMMON_TIMES: u64 = 1_000;

/// Watches the formats of numbers, to tell of those that a spreadsheet or a slip may have changed: fewer digits than all
/// others of the state have (lost zeros), a letter O or I where all others have a digit, a number with its check digit.
#[derive(Default)]
pub(crate) struct Formats(BTreeMap<u64, (u64, String)>);

impl Formats {
    /// Sees one document.
    pub(crate) fn see(&mut self, alert: &DocumentAlert) {
        let format = alert.key.format();
        if let Some((count, _)) = self.0.get_mut(&format) {
            *count += 1;
        } else if self.0.len() < FORMATS_MAX {
            self.0.insert(format, (1, alert.key.to_string()));
        }
    }

    /// Tells of the odd ones, each with an example: the alert's id.
    pub(crate) fn tell(&self, mut odd: impl FnMut(&'static str, u64, &str)) {
        for (format, (count, example)) in &self.0 {
            let issuer = format >> 40;
            let peers = self.0.range(issuer << 40..(issuer + 1) << 40);
            let common = |wanted: &dyn Fn(u64) -> bool| {
                peers.clone().any(|(peer, (many, _))| wanted(*peer) && *many >= count * COMMON_TIMES)
            };
            let (length, pattern) = (format >> 32 & 0xff, format & 0xffff_ffff);
            let number = example.rsplit('-').next().unwrap_or_default();
            let looks_like_digits = letters_only(number, pattern, b"OI");
            if pattern == 0 && common(&|peer| peer >> 32 & 0xff > length && peer & 0xffff_ffff == 0) {
                odd(
                    "number shorter than the others of its state: leading zeros may be lost",
                    *count,
                    example,
                );
            } else if looks_like_digits && common(&|peer| peer >> 32 & 0xff == length && peer & pattern == 0)
            {
                odd("letter O or I where the others of its state have a digit", *count, example);
            } else if common(&|peer| (peer >> 32 & 0xff) + 1 == length) {
                odd(
                    "number one longer than the others of its state: it may end with its check digit",
                    *count,
                    example,
                );
            }
        }
    }
}

/// Whether the pattern has letters, and all of them are of `allowed`.
fn letters_only(number: &str, pattern: u64, allowed: &[u8]) -> bool {
    let letters = number.bytes().filter(u8::is_ascii_alphabetic);
    pattern != 0 && letters.clone().count() <= 2 && letters.into_iter().any(|b| allowed.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All alerts of a file of so many rows that several blocks hold them.
    fn read(file: &str) -> Result<(Vec<String>, Report), ImportError> {
        let report = RefCell::new(Report::default());
        let alerts = all_alerts(Path::new("list.csv"), file.as_bytes(), &report, |alerts| {
            alerts.map(|alert| alert.map(|alert| alert.alert_id())).collect::<Result<Vec<_>, _>>()
        })??;
        Ok((alerts, report.into_inner()))
    }

    #[test]
    fn a_long_file_gives_its_alerts_in_order_and_names_the_right_line() {
        for end in ["\n", "\r\n", "\r"] {
            let header = format!("issuing_state,document_type,document_number,status{end}{end}");
            let row = |n: u32| match n % 10_000 {
                77 => format!("Norway,P,X{n:08},stolen{end}"),
                _ => format!("UTO,P,X{n:08},stolen{end}"),
            };
            let mut file: String = std::iter::once(header).chain((0..50_000).map(row)).collect();
            let (alerts, report) = read(&file).unwrap();
            assert!(alerts.len() == 50_000 && alerts.iter().map(|id| &id[6..]).is_sorted());
            let (kind, note) = report.repaired.kinds().next().unwrap();
            let lines: Vec<u64> = note.first.iter().map(|example| example.line).collect();
            assert_eq!((note.count, lines), (5, vec![80, 10_080, 20_080, 30_080, 40_080]), "{kind}");

            file.push_str("UTO,P,,stolen");
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("line 50003, column document_number"), "{error}");
        }
    }
}
