//! `import`: a file -> the list's pending segment, which the next `publish` compares with the last edition.
//!
//! Documents come as CSV (see `documents`), persons as JSON lines (see `persons`).
//!
//! Invariants: the file is the whole list, not a change to it; memory is bounded however long it is. Failure: a bad row
//! is named with its line, its column and why, and nothing is imported; what was pending before stays.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::editions::{self, Pending};
use crate::publishing::error::PublishingError;
use crate::publishing::imports::documents::Formats;
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::{Report, shown};
use crate::publishing::imports::{documents, persons};
use crate::publishing::{list, publish};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use vedette_common::files::FileError;
use vedette_lists::{
    BuildError, Change, ListError, ListKey, Record, SegmentInfo, build_documents, build_records,
};
use vedette_names::person::{self, PersonAlert};
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::list::Kind;

/// How often the bar shows that the work goes on.
const TICK: Duration = Duration::from_millis(200);
/// Work shorter than this shows no bar.
const SHOW_AFTER: Duration = Duration::from_secs(1);

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// Refuse a file of which anything is left out or repaired.
    pub strict: bool,
    /// Take a file without an alert: the list is cleared.
    pub allow_empty: bool,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Alerts in the file.
    pub entries: u64,
    /// Bytes of the pending segment.
    pub bytes: u64,
    /// What was repaired, left out and doubtful, and the difference to the last edition.
    pub report: Report,
}

/// Imports `file` as the whole of the list.
pub fn import(
    home: &Home,
    name: &ListName,
    file: &Path,
    options: ImportOptions,
) -> Result<Imported, PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let row = list::get(db.read(), name)?;
    let list_key = Key::List(name, row.key_number).list_key(home)?;
    let report = RefCell::new(Report::default());
    let built = build(file, row.kind, &list_key, home, &report)?;
    let SegmentInfo { digest, bytes, entries, .. } = match built {
        Err(BuildError::Input(error)) => return Err(error.into()),
        Err(BuildError::List(ListError::Duplicate { id })) => return Err(twice(file, row.kind, &id)?.into()),
        Err(BuildError::List(error)) => return Err(error.into()),
        Ok((_, info)) => info,
    };
    let mut report = report.into_inner();
    report.taken = entries;
    if entries == 0 && !options.allow_empty {
        let why = "the file holds no alert; to clear the list, import it with --allow-empty";
        return Err(ImportError::row(file, 1, "", why.into()).into());
    }
    if options.strict && (report.left_out.count() > 0 || report.repaired.count() > 0) {
        return Err(PublishingError::NotAsWritten { path: file.into(), report: Box::new(report) });
    }
    match publish::difference(home, db.read(), name, &digest, row.key_number) {
        Ok(difference) => report.difference = difference,
        // The import counts without it: a lost segment of the last edition is repaired by publishing what is imported.
        Err(error) => {
            let what = "last edition cannot be read, so the difference to it is not known";
            report.doubtful.add(what, 0, &error.to_string());
        }
    }
    let change = db.change()?;
    let pending = Pending { digest, bytes, entries, key_number: row.key_number };
    editions::set_pending(&change, name, &pending, home.now())?;
    let act = Act::Import.of(name).with("file", file.display().to_string());
    audit::record(home, &change, act.with("alerts", entries).with("segment", Hex(&digest).to_string()))?;
    change.commit()?;
    Ok(Imported { entries, bytes, report })
}

type Built = Result<(PathBuf, SegmentInfo), BuildError<ImportError>>;

pub(super) fn open(file: &Path) -> Result<File, ImportError> {
    Ok(File::open(file).map_err(FileError::at("read", file))?)
}

/// Builds the segment of a file's alerts.
fn build(
    file: &Path,
    kind: Kind,
    list_key: &ListKey,
    home: &Home,
    report: &RefCell<Report>,
) -> Result<Built, ImportError> {
    let source = open(file)?;
    let progress = Progress::over(source.metadata().map_or(0, |m| m.len()));
    let source = BufReader::with_capacity(READ_BYTES, Told { source, progress: &progress });
    let built = match kind {
        Kind::Documents => {
            let mut formats = Formats::default();
            let built = documents::all_alerts(file, source, report, |alerts| {
                let changes = alerts.map(|alert| {
                    let alert = alert?;
                    formats.see(&alert);
                    Ok(Change::Put(alert))
                });
                build_documents(changes, list_key, &home.segments())
            })?;
            formats.tell(|what, count, id| report.borrow_mut().doubtful.add_many(what, count, id));
            built
        }
        Kind::Persons => build_records(person_records(file, source, report), list_key, &home.segments()),
    };
    progress.bar.finish_and_clear();
    Ok(built)
}

/// The error for an alert that a file gives twice: its lines are looked for in a second reading, so that the first keeps
/// none in memory.
fn twice(file: &Path, kind: Kind, id: &str) -> Result<ImportError, ImportError> {
    let source = BufReader::new(open(file)?);
    let report = RefCell::new(Report::default());
    let lines: Vec<u64> = match kind {
        Kind::Documents => {
            let rows = documents::alerts(file, source, &report)?.filter_map(Result::ok);
            rows.filter(|(_, alert)| alert.id().to_string() == id).map(|(line, _)| line).take(2).collect()
        }
        Kind::Persons => {
            let rows = persons::alerts(file, source, &report).filter_map(Result::ok);
            rows.filter(|(_, alert)| alert.id == id).map(|(line, _)| line).take(2).collect()
        }
    };
    let first = lines.first().copied().unwrap_or(0);
    let why = format!(
        "the alert {} is given again with other content, first in line {first}: keep one; nothing was imported",
        shown(id)
    );
    Ok(ImportError::row(file, lines.get(1).copied().unwrap_or(first), "", why))
}

/// Bytes read at once.
const READ_BYTES: usize = 1 << 18;

/// A file whose progress is told.
struct Told<'a> {
    source: File,
    progress: &'a Progress,
}

impl Read for Told<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(out)?;
        self.progress.read(read as u64);
        Ok(read)
    }
}

/// A bar over the bytes of a file, shown when the work takes longer than [`SHOW_AFTER`]; then what follows the reading.
struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    fn over(bytes: u64) -> Progress {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {elapsed}");
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        Progress {
            bar: bar
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message("reading"),
            started: Instant::now(),
        }
    }

    /// So many bytes more were read; none at the end of the file.
    fn read(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.bar.is_hidden() && self.started.elapsed() > SHOW_AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if bytes == 0 {
            self.bar.set_message("sorting and sealing");
            self.bar.enable_steady_tick(TICK);
        }
    }
}

fn person_records<'a>(
    file: &'a Path,
    source: impl BufRead + 'a,
    report: &'a RefCell<Report>,
) -> impl Iterator<Item = Result<Record, ImportError>> + 'a {
    persons::alerts(file, source, report).map(move |row| {
        let (line, alert) = row?;
        person_record(alert).map_err(|why| ImportError::row(file, line, "", why))
    })
}

/// A person as a list stores it.
pub(super) fn person_record(alert: PersonAlert) -> Result<Record, String> {
    let too_long = |_| format!("the alert {} is longer than 32 KiB", shown(&alert.id));
    let value = person::encode(&alert).map_err(too_long)?;
    Ok(Record { key: alert.id.into_bytes(), value: Some(value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishing::list::{CreateOptions, create, lists};
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
        fn import(&self, csv: &[u8]) -> Result<Imported, PublishingError> {
            let file = self.dir.path().join("list.csv");
            fs::write(&file, csv).unwrap();
            import(&self.home, &list_name(), &file, ImportOptions::default())
        }

        /// What is pending, opened from its file.
        fn pending(&self) -> Edition {
            let db = self.home.database().unwrap();
            let digest = editions::pending(db.read(), &list_name()).unwrap().unwrap().digest;
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
            (format!("{header},number\nUTO,P,1,,lost,,,\n"), "line 1: unknown column \"number\""),
            (format!("{header},status\nUTO,P,1,,lost,,,lost\n"), "column status: this column is there twice"),
            (
                "issuing_state,document_type,document_number\nUTO,P,1\n".into(),
                "column status: this column is missing",
            ),
            (String::new(), "column issuing_state: this column is missing"),
            (format!("{header}\nUTO,P,1,,lost,,\"open\nUTO,P,2,,lost,,\n"), "line 2: a quote is left open"),
            (format!("{header}\n{}\n", "x".repeat(70_000)), "line 2: the row is longer"),
            (
                format!("{header}\nUTO,P,1,,lost,,\nUTO,P,1,,stolen,,\n"),
                "line 3: the alert \"UTO-P-1\" is given again with other content, first in line 2",
            ),
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
    fn no_row_is_lost_however_lines_end_and_no_dead_alert_is_made() {
        let bench = bench();
        let header = "issuing_state,document_type,document_number,status";
        for end in ["\n", "\r\n", "\r"] {
            let rows: String = (0..12).map(|n| format!("UTO,P,X{n:08},stolen{end}")).collect();
            let mixed = rows.replacen(end, "\r", 5);
            for csv in [format!("{header}{end}{rows}"), format!("{header}{end}{mixed}")] {
                assert_eq!(bench.import(csv.as_bytes()).unwrap().entries, 12, "{csv:?}");
            }
        }
        let imported =
            bench.import(format!("{header}\nDE,Reisepass,C01,lost\nUTO,P,\"A1, B2\",lost\n").as_bytes());
        let imported = imported.unwrap();
        assert_eq!((imported.entries, imported.report.repaired.count()), (3, 3), "{}", imported.report);
        let find = |state, number| {
            bench.pending().find(&DocumentKey::new(state, "P", number).unwrap()).unwrap().exact.is_some()
        };
        assert!(find("DEU", "C01") && find("UTO", "A1") && find("UTO", "B2"));
        let strict = ImportOptions { strict: true, ..ImportOptions::default() };
        let file = bench.dir.path().join("list.csv");
        let refused = import(&bench.home, &list_name(), &file, strict);
        assert!(matches!(refused, Err(PublishingError::NotAsWritten { .. })), "{refused:?}");
    }

    #[test]
    fn numbers_that_a_spreadsheet_may_have_changed_are_told() {
        let bench = bench();
        let mut csv = "issuing_state,document_type,document_number,status\n".to_string();
        (0..2_000).for_each(|n| csv += &format!("UTO,P,{:08},stolen\n", 10_000_000 + n));
        csv += "UTO,P,1234567,stolen\nUTO,P,1O234567,stolen\nUTO,P,123456789,stolen\nEUE,P,1234567,stolen\n";
        let report = bench.import(csv.as_bytes()).unwrap().report;
        let odd: Vec<_> = report.doubtful.kinds().map(|(kind, note)| (kind.as_str(), note.count)).collect();
        assert_eq!(odd.len(), 3, "{report}");
        assert!(odd.iter().all(|(_, count)| *count == 1), "{report}");
    }

    #[test]
    fn an_error_is_short_and_printable_whatever_the_file_holds() {
        let bench = bench();
        let long = "x".repeat(60_000);
        for csv in
            ["\u{1b}[2J\u{1b}]0;owned\u{7}bad,document_type,document_number,status\nUTO,P,1,lost\n", &long]
        {
            let text = bench.import(csv.as_bytes()).unwrap_err().to_string();
            assert!(text.len() < 500 && !text.contains(char::is_control), "{text}");
        }
    }

    #[test]
    fn only_the_list_s_own_kind_of_file_is_taken() {
        let bench = bench();
        let text = bench.import(b"{\"id\": \"1\", \"names\": []}\n").unwrap_err().to_string();
        assert!(text.contains("JSON lines into a list of persons"), "{text}");
        let persons: ListName = "uto/persons".parse().unwrap();
        create(&bench.home, &persons, &CreateOptions::of(Kind::Persons)).unwrap();
        let file = bench.dir.path().join("persons.jsonl");
        fs::write(&file, "\n{\"id\": \"1\"}\n").unwrap();
        let text = import(&bench.home, &persons, &file, ImportOptions::default()).unwrap_err().to_string();
        assert!(text.contains("persons.jsonl, line 2") && text.contains("names"), "{text}");
        let nowhere = import(&bench.home, &"uto/none".parse().unwrap(), &file, ImportOptions::default());
        assert!(matches!(nowhere, Err(PublishingError::NoList(_))), "{nowhere:?}");
    }
}
