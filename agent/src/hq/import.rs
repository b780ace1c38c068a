//! `import`: a file -> the list's pending segment, which the next `publish` compares with the last edition.
//!
//! Documents come as CSV with a header; columns by name in any order: issuing_state, document_type, document_number,
//! document_number_to (of a range), status, issue_date, expiry_date, theft_date, theft_state, review_date, national_ref,
//! remark. The first three (without `_to`) and status are mandatory; dates are YYYY-MM-DD. Persons come as JSON lines (see
//! `persons`).
//!
//! Invariants: the file is the whole list, not a change to it; memory is bounded however long it is. Failure: a bad row
//! is named with its line, its column and why, and nothing is imported; what was pending before stays.

use super::keys::Key;
use super::{Home, HqError, list, persons};
use crate::clock::system_now;
use crate::files::FileError;
use crate::lists::{
    BuildError, Change, Day, DocumentAlert, DocumentChange, DocumentId, DocumentPayload, Record, SegmentInfo,
    Status, build_documents, build_records,
};
use crate::names::person;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rusqlite::params;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};
use vedette_shim::document::{DocumentKey, Number, State};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

/// Work shorter than this shows no bar.
const SHOW_AFTER: Duration = Duration::from_secs(1);

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

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Alerts in the file.
    pub entries: u64,
    /// Bytes of the pending segment.
    pub bytes: u64,
}

/// Imports `file` as the whole of the list.
pub fn import(home: &Home, name: &ListName, file: &Path) -> Result<Imported, HqError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let row = list::get(db.read(), name)?;
    let list_key = Key::List(name, row.key_number).list_key(home)?;
    let source = File::open(file).map_err(FileError::at("read", file))?;
    let progress = Progress::over(source.metadata().map_or(0, |m| m.len()));
    let source = BufReader::new(progress.bar.wrap_read(source));
    let built = match row.kind {
        Kind::Documents => build_documents(documents(file, source, &progress)?, &list_key, &home.segments()),
        Kind::Persons => build_records(person_records(file, source, &progress), &list_key, &home.segments()),
    };
    progress.bar.finish_and_clear();
    let (_, SegmentInfo { digest, bytes, entries, .. }) = built.map_err(|error| match error {
        BuildError::Input(error) => error,
        BuildError::List(error) => error.into(),
    })?;
    let change = db.change()?;
    change.execute(
        "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)",
        params![
            name.as_str(),
            &digest[..],
            bytes as i64,
            entries as i64,
            row.key_number,
            system_now() as i64
        ],
    )?;
    change.commit()?;
    Ok(Imported { entries, bytes })
}

/// A bar over the bytes of a file, shown when the work takes longer than [`SHOW_AFTER`].
struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    fn over(bytes: u64) -> Progress {
        let style = ProgressStyle::with_template("importing {wide_bar} {bytes}/{total_bytes} {eta}");
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        Progress {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            started: Instant::now(),
        }
    }

    /// Call it now and then.
    fn tick(&self) {
        if self.bar.is_hidden() && self.started.elapsed() > SHOW_AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

fn documents<'a>(
    file: &'a Path,
    source: impl Read + 'a,
    progress: &'a Progress,
) -> Result<impl Iterator<Item = Result<DocumentChange, HqError>> + 'a, HqError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let bad = |line, column: &str, why: String| HqError::row(file, line, column, why);
    let header = reader.headers().map_err(|error| bad(1, "", error.to_string()))?.clone();
    let unknown = header.iter().find(|column| !COLUMNS.contains(column));
    if let Some(column) = unknown {
        return Err(bad(1, column, format!("unknown column; known are {}", COLUMNS.join(", "))));
    }
    let places = COLUMNS.map(|column| header.iter().position(|found| found == column));
    if let Some(column) = MANDATORY.into_iter().find(|column| !header.iter().any(|found| found == *column)) {
        return Err(bad(1, column, "this column is missing".into()));
    }
    Ok(reader.into_records().map(move |record| {
        progress.tick();
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            HqError::row(file, line, "", error.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields = places.map(|place| place.and_then(|at| record.get(at)).unwrap_or(""));
        document(&fields).map(Change::Put).map_err(|(column, why)| HqError::row(file, line, column, why))
    }))
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
        use vedette_shim::document::KeyError;
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
    let text = |column, text: &str, max: usize| match text.len() <= max {
        true => Ok(text.to_string()),
        false => Err((column, format!("{} bytes, at most {max} fit", text.len()))),
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

fn person_records<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
    progress: &'a Progress,
) -> impl Iterator<Item = Result<Record, HqError>> + 'a {
    persons::alerts(file, source).zip(1..).map(move |(alert, number)| {
        progress.tick();
        let alert = alert?;
        let value =
            person::encode(&alert).map_err(|error| HqError::row(file, number, "", error.to_string()))?;
        Ok(Record { key: alert.id.into_bytes(), value: Some(value) })
    })
}
