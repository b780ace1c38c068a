//! `put`, `withdraw`, `change`: single alerts onto the last edition, which keeps all others, published at once.
//!
//! The last edition is asked for each alert and not read as a whole, so one withdrawal costs the same on a list of any size,
//! and goes out as a delta of a few hundred bytes.
//!
//! Invariants: what is put as it stands there already changes nothing; an alert that is to be withdrawn and is not there is an
//! error, because it may be a slip; no alert is changed twice. With an import pending nothing is changed: publishing it would
//! undo the change. Failure: nothing is published, and the error names the line.

use crate::authority::audit::{Act, Entry};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::editions;
use crate::publishing::draft::URGENT;
use crate::publishing::error::PublishingError;
use crate::publishing::import::{open, person_record};
use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::{Difference, Report, shown};
use crate::publishing::imports::{documents, persons};
use crate::publishing::issue::{Published, conclude};
use crate::publishing::next::{self, Next};
use crate::publishing::{list, publish};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use vedette_lists::{
    BuildError, Change, DocumentChange, DocumentId, Edition, ListKey, Record, SegmentFile, SegmentInfo,
    build_documents, build_records,
};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

/// Most alerts changed at once; more are a file to import.
const CHANGES_MAX: usize = 500_000;
/// Longest line of a file of changes, bytes.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// What to change.
#[derive(Debug, Clone)]
pub enum Changes {
    /// Every alert of this file, in any form that `import` takes.
    Put(PathBuf),
    /// The alerts of these ids.
    Withdraw(Vec<String>),
    /// The same, without waiting for a second operator where the list lets urgent withdrawals; and why.
    WithdrawUrgently(Vec<String>, String),
    /// JSON lines: `{"put": {...}}` or `{"withdraw": "ID"}`.
    File(PathBuf),
}

/// How to change.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChangeOptions {
    /// Refuse a file of which anything is left out or repaired.
    pub strict: bool,
    /// Withdraw as many alerts as it takes.
    pub withdraw_many: bool,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The newest edition.
    pub published: Published,
    /// What was repaired, left out and doubtful, and the difference to the edition before.
    pub report: Report,
    /// An import that waited to be published is gone: it may have the alert again.
    pub dropped_import: bool,
}

/// Changes alerts of a list's last edition and publishes the next one.
pub fn change(
    home: &Home,
    name: &ListName,
    changes: &Changes,
    options: ChangeOptions,
) -> Result<Changed, PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let list = list::get(db.read(), name)?;
    let Some(last) = editions::newest(db.read(), name)? else {
        return Err(PublishingError::NothingImported(name.clone()));
    };
    let waits = editions::pending(db.read(), name)?.is_some();
    // An urgent withdrawal waits for nobody; the import goes, because published later it would put the alert back.
    if waits && !matches!(changes, Changes::WithdrawUrgently(..)) {
        return Err(PublishingError::Pending(name.clone()));
    }
    let old = Edition::open(next::open_segments(home, name, &last)?)?;
    let key = Key::List(name, list.key_number).list_key(home)?;
    let report = RefCell::new(Report::default());
    let onto = Onto { name, old: &old, changes, report: &report, counted: RefCell::default() };
    let (path, delta) = onto.delta(&key, home)?;
    let taken = onto.counted.into_inner().taken;
    let mut report = report.into_inner();
    report.taken = taken;
    report.difference =
        Difference { edition: last.edition, put: delta.entries, withdrawn: delta.withdrawals };
    if options.strict && (report.left_out.count() > 0 || report.repaired.count() > 0) {
        return Err(PublishingError::NotAsWritten { path: changes.path(), report: Box::new(report) });
    }
    let mut next = None;
    if delta.entries > 0 || delta.withdrawals > 0 {
        if !options.withdraw_many {
            let left = last.entries().saturating_sub(delta.withdrawals);
            publish::refuse_clearing(name, &last, left, &delta)?;
        }
        let delta = SegmentFile::open(&path, delta.digest, &key)?;
        next = Some(Next::after(&last, &old, &delta, (&key, list.key_number), &home.segments())?);
    }
    let act = changes.act(name).with("withdraw_many", options.withdraw_many);
    let published = conclude(home, &mut db, &list, next, Some(&last), act)?;
    let dropped_import = waits && published.is_new && published.draft.is_none();
    Ok(Changed { published, report, dropped_import })
}

impl Changes {
    /// The file they come from; the command line, where there is none.
    fn path(&self) -> PathBuf {
        match self {
            Changes::Put(file) | Changes::File(file) => file.clone(),
            Changes::Withdraw(_) | Changes::WithdrawUrgently(..) => "command line".into(),
        }
    }

    /// What is recorded of it. Not the alerts' ids: they have documents' numbers in them.
    fn act(&self, list: &ListName) -> Entry {
        let act = match self {
            Changes::Put(_) => Act::Put,
            Changes::Withdraw(_) => Act::Withdraw,
            Changes::WithdrawUrgently(_, reason) => {
                return Act::Withdraw.of(list).with(URGENT, true).because(reason);
            }
            Changes::File(_) => Act::Change,
        };
        act.of(list).with("from", self.path().display().to_string())
    }
}

/// Changes on their way onto an edition.
struct Onto<'a> {
    name: &'a ListName,
    old: &'a Edition,
    changes: &'a Changes,
    report: &'a RefCell<Report>,
    counted: RefCell<Counted>,
}

#[derive(Default)]
struct Counted {
    /// Ids that are changed.
    ids: HashSet<String>,
    /// Alerts put, those that were there already among them.
    taken: u64,
}

/// A change and the line it stands in; 0 for the command line.
type Line<T> = Result<(u64, T), PublishingError>;

impl Onto<'_> {
    /// The segment of what really changes.
    fn delta(&self, key: &ListKey, home: &Home) -> Result<(PathBuf, SegmentInfo), PublishingError> {
        let folder = home.segments();
        let built = match self.old.kind() {
            Kind::Documents => {
                let changes = self.documents()?.map(|change| {
                    let (line, change) = change?;
                    self.document(line, change)
                });
                build_documents(changes.filter_map(Result::transpose), key, &folder)
            }
            Kind::Persons => {
                let changes = self.persons()?.map(|change| {
                    let (line, record) = change?;
                    self.person(line, record)
                });
                build_records(changes.filter_map(Result::transpose), key, &folder)
            }
        };
        built.map_err(|error| match error {
            BuildError::Input(error) => error,
            BuildError::List(error) => error.into(),
        })
    }

    fn documents(&self) -> Result<Box<dyn Iterator<Item = Line<DocumentChange>> + '_>, PublishingError> {
        Ok(match self.changes {
            Changes::Put(file) => {
                let alerts = documents::alerts(file, BufReader::new(open(file)?), self.report)?;
                Box::new(alerts.map(|row| {
                    row.map(|(line, alert)| (line, Change::Put(alert))).map_err(PublishingError::from)
                }))
            }
            Changes::Withdraw(ids) | Changes::WithdrawUrgently(ids, _) => {
                let withdraw = |id: &String| Ok((0, Change::Withdraw(self.document_id(0, id)?)));
                Box::new(ids.iter().map(withdraw))
            }
            Changes::File(file) => Box::new(lines(file)?.flat_map(|line| {
                let all = line.and_then(|(line, change)| self.document_changes(line, change));
                let all = all.map_or_else(|error| vec![Err(error)], |all| all.into_iter().map(Ok).collect());
                all.into_iter()
            })),
        })
    }

    fn document_changes(
        &self,
        line: u64,
        change: FileChange,
    ) -> Result<Vec<(u64, DocumentChange)>, PublishingError> {
        Ok(match change {
            FileChange::Withdraw(id) => vec![(line, Change::Withdraw(self.document_id(line, &id)?))],
            FileChange::Put(Value::Object(object)) => {
                let repaired =
                    |what: &str, text: &str| self.report.borrow_mut().repaired.add(what, line, text);
                let alerts = documents::of_columns(&object, repaired);
                let bad = |(column, why): (String, String)| {
                    ImportError::row(&self.changes.path(), line, &column, why)
                };
                let alerts = alerts.map_err(bad)?;
                alerts.into_iter().map(|alert| (line, Change::Put(alert))).collect()
            }
            FileChange::Put(_) => {
                return Err(self.bad(line, "\"put\" is an object of columns and texts".into()));
            }
        })
    }

    fn persons(&self) -> Result<Box<dyn Iterator<Item = Line<Record>> + '_>, PublishingError> {
        let withdrawn = |id: &str| Record { key: id.as_bytes().to_vec(), value: None };
        Ok(match self.changes {
            Changes::Put(file) => {
                let alerts = persons::alerts(file, BufReader::new(open(file)?), self.report);
                Box::new(alerts.map(|row| {
                    let (line, alert) = row?;
                    Ok((line, person_record(alert).map_err(|why| self.bad(line, why))?))
                }))
            }
            Changes::Withdraw(ids) | Changes::WithdrawUrgently(ids, _) => {
                Box::new(ids.iter().map(move |id| Ok((0, withdrawn(id)))))
            }
            Changes::File(file) => Box::new(lines(file)?.filter_map(move |line| {
                let (line, change) = match line {
                    Err(error) => return Some(Err(error)),
                    Ok(line) => line,
                };
                let record = match change {
                    FileChange::Withdraw(id) => Some(Ok(withdrawn(&id))),
                    FileChange::Put(object) => persons::of_object(object, self.report, line)
                        .and_then(|alert| alert.map(person_record).transpose())
                        .map_err(|why| self.bad(line, why))
                        .transpose(),
                };
                record.map(|record| record.map(|record| (line, record)))
            })),
        })
    }

    /// The change, if it is one.
    fn document(&self, line: u64, change: DocumentChange) -> Result<Option<DocumentChange>, PublishingError> {
        let id = match &change {
            Change::Put(alert) => alert.id(),
            Change::Withdraw(id) => *id,
        };
        self.once(line, &id.to_string(), matches!(change, Change::Put(_)))?;
        match (&change, self.old.alert(&id)?) {
            (Change::Withdraw(_), None) => Err(self.missing(line, &id.to_string())),
            (Change::Put(alert), Some(old)) if *alert == old => Ok(None),
            _ => Ok(Some(change)),
        }
    }

    fn person(&self, line: u64, record: Record) -> Result<Option<Record>, PublishingError> {
        let id = String::from_utf8_lossy(&record.key).into_owned();
        self.once(line, &id, record.value.is_some())?;
        match (&record.value, self.old.find_record(&record.key)?) {
            (None, None) => Err(self.missing(line, &id)),
            (Some(new), Some(old)) if *new == old => Ok(None),
            _ => Ok(Some(record)),
        }
    }

    /// Refuses an id that was changed before.
    fn once(&self, line: u64, id: &str, is_put: bool) -> Result<(), PublishingError> {
        let mut counted = self.counted.borrow_mut();
        counted.taken += u64::from(is_put);
        if counted.ids.len() == CHANGES_MAX {
            return Err(
                self.bad(line, format!("more than {CHANGES_MAX} changes: import the whole list instead"))
            );
        }
        match counted.ids.insert(id.to_owned()) {
            true => Ok(()),
            false => Err(self.bad(line, format!("the alert {} is changed twice", shown(id)))),
        }
    }

    fn document_id(&self, line: u64, text: &str) -> Result<DocumentId, PublishingError> {
        text.parse().map_err(|why: String| self.bad(line, format!("{}: {why}", shown(text))))
    }

    fn missing(&self, line: u64, id: &str) -> PublishingError {
        match line {
            0 => PublishingError::NoAlert { list: self.name.clone(), id: shown(id) },
            _ => self.bad(line, format!("no alert {} in {}", shown(id), self.name)),
        }
    }

    fn bad(&self, line: u64, why: String) -> PublishingError {
        match line {
            0 => PublishingError::Change(why),
            _ => ImportError::row(&self.changes.path(), line, "", why).into(),
        }
    }
}

/// A line of a file of changes.
enum FileChange {
    Put(Value),
    Withdraw(String),
}

fn lines(file: &Path) -> Result<impl Iterator<Item = Line<FileChange>> + '_, PublishingError> {
    let mut source = BufReader::new(open(file)?);
    let mut line = 0;
    Ok(std::iter::from_fn(move || {
        loop {
            line += 1;
            let bad = |why: String| PublishingError::from(ImportError::row(file, line, "", why));
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
            if !text.is_empty() {
                return Some(file_change(text).map(|change| (line, change)).map_err(bad));
            }
        }
    }))
}

fn file_change(text: &str) -> Result<FileChange, String> {
    let wanted = || "a line is {\"put\": {...}} or {\"withdraw\": \"ID\"}".to_string();
    let Value::Object(mut object) = persons::read_json(text)? else { return Err(wanted()) };
    match (object.remove("put"), object.remove("withdraw"), object.is_empty()) {
        (Some(alert), None, true) => Ok(FileChange::Put(alert)),
        (None, Some(Value::String(id)), true) => Ok(FileChange::Withdraw(id)),
        _ => Err(wanted()),
    }
}

#[cfg(test)]
mod tests;
