//! Older lines of the journal -> a file, and then, if told so, away.
//!
//! Bytes of the file, JSON lines: first `{"journal": 1, "after": N, "hash": "<hex>"}`, the line that the chain stands on;
//! then `{"sequence": N, "hash": "<hex>", "line": "<the line's JSON>"}` each. So the chain can be followed from one export
//! to the next and into the device's journal, with SHA-256 and nothing else.
//!
//! Invariants: lines are removed only after the file is whole and durable under its name and was read back; removing
//! them, moving the anchor and recording it are one transaction. Failure: nothing is removed; a half-written file does
//! not appear under its name.

use super::{Anchor, AuditEvent, AuditLine, Broken, Chain, JournalRow, Verified, append};
use crate::store::journal as rows;
use crate::store::{Db, DbError};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{Hex, from_hex};

/// Longest line of an export, bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a journal is not exported, or an export not read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Db(#[from] DbError),
    /// There is a file of this name.
    #[error("{} exists; an export is never overwritten", .0.display())]
    Exists(PathBuf),
    /// No line is that old.
    #[error("the journal has no line from before that time")]
    Nothing,
    /// What is to be exported does not hold, or the file does not.
    #[error("{}: {why}", path.display())]
    Broken {
        /// The file, or the store.
        path: PathBuf,
        /// Where.
        why: Broken,
    },
    /// Not an export.
    #[error("{}, line {line}: not an export of a journal", path.display())]
    NotOne {
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// The chain in the file.
    pub chain: Verified,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    journal: u8,
    after: i64,
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sequence: i64,
    hash: String,
    line: String,
}

/// Writes every line from before `until` (seconds since 1970; all of them without) into a new file; `trim` then removes
/// them here, and says so in the journal at `now`.
pub fn export(db: &Db, to: &Path, until: Option<u64>, trim: bool, now: u64) -> Result<Exported, ExportError> {
    if to.symlink_metadata().is_ok() {
        return Err(ExportError::Exists(to.into()));
    }
    let temporary = to.with_extension("part");
    let written = write(db, &temporary, until);
    let chain = written.and_then(|()| verify_file(&temporary)).and_then(|chain| match chain.lines {
        0 => Err(ExportError::Nothing),
        _ => Ok(chain),
    });
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => {
            files::remove(&temporary)?;
            return Err(error);
        }
    };
    files::persist(&temporary, to)?;
    if trim {
        db.transaction("trim the journal", |t| {
            rows::trim(t, &chain.head)?;
            append(t, &AuditLine { at: now, event: AuditEvent::Exported { through: chain.head.sequence } })
        })?;
    }
    Ok(Exported { chain })
}

fn write(db: &Db, to: &Path, until: Option<u64>) -> Result<(), ExportError> {
    let failed = FileError::at("write", to);
    let mut out = BufWriter::new(files::create(to).map_err(FileError::at("create", to))?);
    let done = db.read("read the journal", |t| {
        let start = rows::anchor(t)?;
        let head = Head { journal: 1, after: start.sequence, hash: Hex(&start.hash).to_string() };
        let mut done = put(&mut out, &head);
        rows::walk(t, |row| {
            let young =
                until.is_some_and(|until| AuditLine::read(&row.text).is_ok_and(|line| line.at >= until));
            if young || done.is_err() {
                return false;
            }
            let entry =
                Entry { sequence: row.sequence, hash: Hex(&row.hash).to_string(), line: row.text.clone() };
            done = put(&mut out, &entry);
            true
        })?;
        Ok::<_, DbError>(done)
    })?;
    done.and_then(|()| out.flush()).map_err(failed)?;
    Ok(())
}

/// Writes one line of an export.
fn put(out: &mut impl Write, line: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Follows the chain of an exported file.
pub fn verify_file(path: &Path) -> Result<Verified, ExportError> {
    let mut chain = None;
    walk_file(path, |start, row| {
        let chain = chain.get_or_insert_with(|| Chain::from(start));
        row.map_or(Ok(()), |row| chain.add(row))
    })?;
    Ok(chain.expect("a file is walked from its head").verified())
}

/// Hands over the anchor alone, then with every line in order; `take`'s error ends it.
pub fn walk_file(
    path: &Path,
    mut take: impl FnMut(Anchor, Option<&JournalRow>) -> Result<(), Broken>,
) -> Result<(), ExportError> {
    let mut file = BufReader::new(File::open(path).map_err(FileError::at("open", path))?);
    let broken = |why| ExportError::Broken { path: path.into(), why };
    let mut start = None;
    for line in 1.. {
        let not_one = || ExportError::NotOne { path: path.into(), line };
        let mut text = String::new();
        let read = file.by_ref().take(LINE_BYTES_MAX).read_line(&mut text);
        if read.map_err(FileError::at("read", path))? == 0 {
            break;
        }
        match start {
            None => {
                let head: Head = serde_json::from_str(&text).map_err(|_| not_one())?;
                let hash = from_hex(&head.hash).filter(|_| head.journal == 1).ok_or_else(not_one)?;
                let anchor = *start.insert(Anchor { sequence: head.after, hash });
                take(anchor, None).map_err(broken)?;
            }
            Some(anchor) => {
                let entry: Entry = serde_json::from_str(&text).map_err(|_| not_one())?;
                let hash = from_hex(&entry.hash).ok_or_else(not_one)?;
                let row = JournalRow { sequence: entry.sequence, text: entry.line, hash };
                take(anchor, Some(&row)).map_err(broken)?;
            }
        }
    }
    start.map(|_| ()).ok_or_else(|| ExportError::NotOne { path: path.into(), line: 1 })
}

#[cfg(test)]
mod tests {
    use super::super::tests::journal_of;
    use super::super::{record, verify};
    use super::*;
    use crate::store::journal::{Tampering, tamper};

    #[test]
    fn exports_and_the_rest_are_one_chain() {
        let (folder, db) = journal_of(6);
        let (one, two) = (folder.path().join("one.jsonl"), folder.path().join("two.jsonl"));
        let first = export(&db, &one, Some(4), true, 100).unwrap().chain;
        assert_eq!((first.lines, first.head.sequence), (4, 4));
        let rest = verify(&db).unwrap().unwrap();
        assert_eq!((rest.anchor, rest.lines), (first.head, 3), "two checks, and that four were exported");
        let second = export(&db, &two, None, true, 101).unwrap().chain;
        assert_eq!(second.anchor, first.head);
        record(&db, 102, AuditEvent::Exported { through: 0 }).unwrap();
        assert_eq!(verify(&db).unwrap().unwrap().anchor, second.head);
        assert_eq!(verify_file(&one).unwrap(), first);
        assert!(matches!(export(&db, &one, None, false, 0), Err(ExportError::Exists(_))));
    }

    #[test]
    fn an_emptied_journal_goes_on_where_it_was() {
        let (folder, db) = journal_of(2);
        export(&db, &folder.path().join("all"), None, true, 9).unwrap();
        tamper(&db, Tampering::Delete(0, i64::MAX));
        assert_eq!(verify(&db).unwrap(), Err(Broken::End { last: 2, written: 3 }));
    }

    #[test]
    fn a_changed_export_is_found_and_a_copy_removes_nothing() {
        let (folder, db) = journal_of(3);
        let path = folder.path().join("copy");
        export(&db, &path, None, false, 9).unwrap();
        assert_eq!(verify(&db).unwrap().unwrap().lines, 3);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("clear", "hit")).unwrap();
        let why = Broken::Chain { sequence: 1 };
        assert!(matches!(verify_file(&path), Err(ExportError::Broken { why: found, .. }) if found == why));
        std::fs::write(&path, "{}\n").unwrap();
        assert!(matches!(verify_file(&path), Err(ExportError::NotOne { line: 1, .. })));
        let old = folder.path().join("old");
        assert!(matches!(export(&db, &old, Some(0), false, 9), Err(ExportError::Nothing)));
        assert!(!old.exists() && !folder.path().join("old.part").exists());
    }
}
