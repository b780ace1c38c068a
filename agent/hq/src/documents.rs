//! Documents as CSV: a header, then one alert a line.
//!
//! Columns by name, in any order: issuing_state, document_type, document_number, document_number_to (of a range), status,
//! issue_date, expiry_date, theft_date, theft_state, review_date, national_ref, remark. The first three (without `_to`)
//! and status are mandatory; dates are YYYY-MM-DD. Fields may be quoted (RFC 4180), but a row is one line: so a quote left
//! open is found where it is, and memory is bounded by [`ROW_BYTES_MAX`].
//!
//! Failure: a bad row is named with its line, its column and why.

use super::HqError;
use csv_core::ReadRecordResult;
use std::io::{BufRead, Read};
use std::path::Path;
use vedette_lists::{Day, DocumentAlert, DocumentId, DocumentPayload, Status};
use vedette_shim::document::{DocumentKey, KeyError, Number, State};

/// Longest row, bytes.
const ROW_BYTES_MAX: u64 = 64 * 1024;
/// Most columns a row is read of; none has more than [`COLUMNS`].
const FIELDS_MAX: usize = 64;

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

/// The alerts of a file, line by line; `file` is for errors. A header that will not do is an error at once.
pub(super) fn alerts<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
) -> Result<impl Iterator<Item = Result<DocumentAlert, HqError>> + 'a, HqError> {
    let mut rows = Rows::of(source);
    let bad = |line, column: &str, why: String| HqError::row(file, line, column, why);
    let header: Vec<String> = match rows.next() {
        Ok(header) => header.unwrap_or_default().into_iter().map(String::from).collect(),
        Err(why) => return Err(bad(rows.line, "", why)),
    };
    let line = rows.line.max(1);
    if let Some(column) = header.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        return Err(bad(line, column, format!("unknown column; known are {}", COLUMNS.join(", "))));
    }
    if let Some((_, column)) = header.iter().enumerate().find(|(at, column)| header[..*at].contains(column)) {
        return Err(bad(line, column, "this column is there twice".into()));
    }
    if let Some(column) = MANDATORY.into_iter().find(|column| !header.iter().any(|found| found == column)) {
        return Err(bad(line, column, "this column is missing".into()));
    }
    let places = COLUMNS.map(|column| header.iter().position(|found| found == column));
    Ok(std::iter::from_fn(move || {
        let alert = match rows.next() {
            Ok(None) => return None,
            Err(why) => Err(("", why)),
            Ok(Some(fields)) if fields.len() != header.len() => {
                Err(("", format!("{} fields, the header has {}", fields.len(), header.len())))
            }
            Ok(Some(fields)) => document(&places.map(|place| place.map_or("", |at| fields[at]))),
        };
        Some(alert.map_err(|(column, why)| bad(rows.line, column, why)))
    }))
}

/// The rows of a file; empty lines are none.
struct Rows<R> {
    source: R,
    /// The line of the last row, from 1.
    line: u64,
    text: Vec<u8>,
    parser: csv_core::Reader,
    /// The row's fields, unquoted, one behind the other.
    fields: Vec<u8>,
}

impl<R: BufRead> Rows<R> {
    fn of(source: R) -> Self {
        Rows { source, line: 0, text: Vec::new(), parser: csv_core::Reader::new(), fields: Vec::new() }
    }

    /// The next row's fields, without the blanks around them; or why it cannot be read.
    fn next(&mut self) -> Result<Option<Vec<&str>>, String> {
        loop {
            self.text.clear();
            self.line += 1;
            let mut bounded = self.source.by_ref().take(ROW_BYTES_MAX + 1);
            let read = bounded.read_until(b'\n', &mut self.text).map_err(|error| error.to_string())?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 > ROW_BYTES_MAX {
                return Err(format!("the row is longer than {ROW_BYTES_MAX} bytes"));
            }
            if self.line == 1 && self.text.starts_with(b"\xef\xbb\xbf") {
                self.text.drain(..3); // the byte order mark that spreadsheets write
            }
            if !self.text.trim_ascii().is_empty() {
                return self.split().map(Some);
            }
        }
    }

    fn split(&mut self) -> Result<Vec<&str>, String> {
        if self.text.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
            return Err("a quote is left open".into());
        }
        self.text.truncate(self.text.trim_ascii_end().len());
        self.text.push(b'\n');
        // Unquoting only shortens.
        self.fields.resize(self.text.len(), 0);
        let mut ends = [0; FIELDS_MAX];
        self.parser.reset();
        let (result, _, _, count) = self.parser.read_record(&self.text, &mut self.fields, &mut ends);
        if result != ReadRecordResult::Record {
            return Err(format!("more than {FIELDS_MAX} fields, or a quote in the wrong place"));
        }
        let starts = std::iter::once(0).chain(ends);
        let field =
            |(start, end): (usize, usize)| std::str::from_utf8(&self.fields[start..end]).map(str::trim);
        let fields = starts.zip(ends).take(count).map(field).collect::<Result<_, _>>();
        fields.map_err(|_| "it is not UTF-8".to_string())
    }
}

/// One row, its fields in the order of [`COLUMNS`]; or the column that is wrong and why.
fn document(fields: &[&str; 12]) -> Result<DocumentAlert, (&'static str, String)> {
    let [state, kind, number, to, status, issue, expiry, theft, theft_state, review, national_ref, remark] =
        *fields;
    for (column, value) in MANDATORY.into_iter().zip([state, kind, number, status]) {
        if value.is_empty() {
            return Err((column, "it is mandatory and empty".into()));
        }
    }
    let key = DocumentKey::new(state, kind, number).map_err(|error| {
        let column = match error {
            KeyError::State(_) => "issuing_state",
            KeyError::Type(_) => "document_type",
            _ => "document_number",
        };
        (column, error.to_string())
    })?;
    let to = match to {
        "" => None,
        to => {
            let to = Number::new(to).map_err(|error| ("document_number_to", error.to_string()))?;
            DocumentId::range(key, to).map_err(|error| ("document_number_to", error.to_string()))?.to
        }
    };
    let words = || Status::ALL.map(Status::word).join(", ");
    let status =
        Status::from_word(status).ok_or_else(|| ("status", format!("{status:?} is none of {}", words())))?;
    let day = |column, text: &str| match text {
        "" => Ok(None),
        text => Day::parse(text)
            .map(Some)
            .ok_or_else(|| (column, format!("{text:?} is not a date YYYY-MM-DD from 1900 to 2100"))),
    };
    let theft_state = match theft_state {
        "" => None,
        text => Some(State::new(text).map_err(|error| ("theft_state", error.to_string()))?),
    };
    let text = |column, text: &str, max: usize| match text {
        text if text.len() > max => Err((column, format!("{} bytes, at most {max} fit", text.len()))),
        // They would act on the officer's terminal.
        text if text.contains(char::is_control) => Err((column, format!("{text:?} has control characters"))),
        text => Ok(text.to_string()),
    };
    let payload = DocumentPayload {
        issue_date: day("issue_date", issue)?,
        expiry_date: day("expiry_date", expiry)?,
        theft_date: day("theft_date", theft)?,
        theft_state,
        review_date: day("review_date", review)?,
        national_ref: text("national_ref", national_ref, 64)?,
        remark: text("remark", remark, 255)?,
        ..DocumentPayload::new(status)
    };
    Ok(DocumentAlert { key, to, payload })
}
