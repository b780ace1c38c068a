//! `import`: a file -> the list's pending segment, which the next `publish` compares with the last edition.
//!
//! Documents come as CSV (see `documents`), persons as JSON lines (see `persons`).
//!
//! Invariants: the file is the whole list, not a change to it; memory is bounded however long it is. Failure: a bad row
//! is named with its line, its column and why, and nothing is imported; what was pending before stays.

use super::keys::Key;
use super::{Home, HqError, documents, list, persons};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rusqlite::params;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};
use vedette_common::clock::system_now;
use vedette_common::files::FileError;
use vedette_lists::{BuildError, Change, Record, SegmentInfo, build_documents, build_records};
use vedette_names::person;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

/// Work shorter than this shows no bar.
const SHOW_AFTER: Duration = Duration::from_secs(1);

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
        Kind::Documents => {
            let alerts = documents::alerts(file, source)?;
            let changes = alerts.inspect(|_| progress.tick()).map(|alert| alert.map(Change::Put));
            build_documents(changes, &list_key, &home.segments())
        }
        Kind::Persons => {
            let records = person_records(file, source).inspect(|_| progress.tick());
            build_records(records, &list_key, &home.segments())
        }
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

fn person_records<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
) -> impl Iterator<Item = Result<Record, HqError>> + 'a {
    persons::alerts(file, source).map(move |alert| {
        let alert = alert?;
        let too_long =
            || HqError::Value { what: "alert", value: alert.id.clone(), rule: "it must fit 32 KiB" };
        let value = person::encode(&alert).map_err(|_| too_long())?;
        Ok(Record { key: alert.id.into_bytes(), value: Some(value) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{CreateOptions, create, lists};
    use crate::tests::{list_name, new_home};
    use std::fs;
    use tempfile::TempDir;
    use vedette_lists::{Day, DocumentPayload, Edition, SegmentFile, Status};
    use vedette_shim::document::{DocumentKey, State};

    struct Bench {
        dir: TempDir,
        home: Home,
    }

    fn bench() -> Bench {
        let (dir, home) = new_home();
        create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
        Bench { dir, home }
    }

    impl Bench {
        fn import(&self, csv: &[u8]) -> Result<Imported, HqError> {
            let file = self.dir.path().join("list.csv");
            fs::write(&file, csv).unwrap();
            import(&self.home, &list_name(), &file)
        }

        /// What is pending, opened anew.
        fn pending(&self) -> Edition {
            let query = "SELECT digest FROM pending";
            let db = self.home.database().unwrap();
            let digest: [u8; 32] = db.read().query_row(query, [], |row| row.get(0)).unwrap();
            let key = Key::List(&list_name(), 1).list_key(&self.home).unwrap();
            let file = SegmentFile::open_verified(&self.home.segment(&digest), digest, &key).unwrap();
            Edition::open(vec![file]).unwrap()
        }
    }

    #[test]
    fn columns_may_come_in_any_order_and_every_field_arrives() {
        let bench = bench();
        let csv = "\u{feff}status,document_number,remark,issuing_state,document_type,document_number_to,\
                   theft_date,theft_state,issue_date,expiry_date,review_date,national_ref\n\
                   stolen, l898902c3 ,\"one, two\",UTO,P,,2024-02-29,D,2020-01-01,2030-01-01,2027-01-01,R-7\n\
                   stolen_blank,AB000100,,UTO,PP,AB000199,,,,,,\n";
        let imported = bench.import(csv.as_bytes()).unwrap();
        assert_eq!(imported.entries, 2);
        let edition = bench.pending();
        let find = |number| edition.find(&DocumentKey::new("UTO", "P", number).unwrap()).unwrap();
        let exact = find("L898902C3").exact.unwrap();
        let day = |y, m, d| Day::new(y, m, d);
        assert_eq!(
            exact.payload,
            DocumentPayload {
                status: Status::Stolen,
                issue_date: day(2020, 1, 1),
                expiry_date: day(2030, 1, 1),
                theft_date: day(2024, 2, 29),
                theft_state: Some(State::new("DEU").unwrap()),
                review_date: day(2027, 1, 1),
                national_ref: "R-7".into(),
                remark: "one, two".into(),
            }
        );
        assert_eq!(find("AB000150").ranges.len(), 1);
        assert_eq!(find("AB000200").ranges.len(), 0);
    }

    #[test]
    fn a_bad_row_is_named_with_line_column_and_reason_and_nothing_is_imported() {
        let bench = bench();
        let header =
            "issuing_state,document_type,document_number,document_number_to,status,theft_date,remark";
        bench.import(format!("{header}\nUTO,P,1,,lost,,\n").as_bytes()).unwrap();
        let long = "x".repeat(256);
        for (row, column, reason) in [
            ("UTOP,P,1,,lost,,", "issuing_state", "UTOP"),
            (",P,1,,lost,,", "issuing_state", "mandatory"),
            ("UTO,7,1,,lost,,", "document_type", "letter"),
            ("UTO,P,---,,lost,,", "document_number", "no letter or digit"),
            ("UTO,P,AB12,AB1,lost,,", "document_number_to", "range"),
            ("UTO,P,AB12,AB11,lost,,", "document_number_to", "after the last"),
            ("UTO,P,1,,mislaid,,", "status", "stolen_blank"),
            ("UTO,P,1,,lost,2023-02-29,", "theft_date", "YYYY-MM-DD"),
            ("UTO,P,1,,lost,29.02.2024,", "theft_date", "YYYY-MM-DD"),
            (&format!("UTO,P,1,,lost,,{long}"), "remark", "at most 255"),
            ("UTO,P,1,,lost,,\u{1b}[2J", "remark", "control"),
        ] {
            let error =
                bench.import(format!("{header}\r\nUTO,P,2,,lost,,\r\n\r\n{row}").as_bytes()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("list.csv, line 4") && text.contains(column) && text.contains(reason),
                "{text}"
            );
        }
        for (csv, reason) in [
            (format!("{header}\nUTO,P,1,,lost\n"), "line 2: 5 fields"),
            (format!("{header},number\nUTO,P,1,,lost,,,\n"), "column number: unknown column"),
            (format!("{header},status\nUTO,P,1,,lost,,,lost\n"), "column status: this column is there twice"),
            (
                "issuing_state,document_type,document_number\nUTO,P,1\n".into(),
                "column status: this column is missing",
            ),
            (String::new(), "column issuing_state: this column is missing"),
            (format!("{header}\nUTO,P,1,,lost,,\"open\nUTO,P,2,,lost,,\n"), "line 2: a quote is left open"),
            (format!("{header}\n{}\n", "x".repeat(70_000)), "line 2: the row is longer"),
            (format!("{header}\nUTO,P,1,,lost,,\nUTO,P,1,,stolen,,\n"), "UTO-P-1 is given twice"),
        ] {
            let text = bench.import(csv.as_bytes()).unwrap_err().to_string();
            assert!(text.contains(reason), "{text}");
        }
        let text =
            bench.import(&[header.as_bytes(), b"\nUTO,P,\xff,,lost,,\n"].concat()).unwrap_err().to_string();
        assert!(text.contains("line 2: it is not UTF-8"), "{text}");
        assert_eq!(lists(&bench.home).unwrap()[0].pending_entries, Some(1), "what was pending stays");
        assert!(bench.pending().find(&DocumentKey::new("UTO", "P", "1").unwrap()).unwrap().exact.is_some());
    }

    #[test]
    fn only_the_list_s_own_kind_of_file_is_taken() {
        let bench = bench();
        let text = bench.import(b"{\"id\": \"1\", \"names\": []}\n").unwrap_err().to_string();
        assert!(text.contains("unknown column"), "{text}");
        let persons: ListName = "uto/persons".parse().unwrap();
        create(&bench.home, &persons, &CreateOptions::of(Kind::Persons)).unwrap();
        let file = bench.dir.path().join("persons.jsonl");
        fs::write(&file, "\n{\"id\": \"1\"}\n").unwrap();
        let text = import(&bench.home, &persons, &file).unwrap_err().to_string();
        assert!(text.contains("persons.jsonl, line 2") && text.contains("names"), "{text}");
        let nowhere = import(&bench.home, &"uto/none".parse().unwrap(), &file);
        assert!(matches!(nowhere, Err(HqError::NoList(_))), "{nowhere:?}");
    }
}
