//! The journal: who searched what, when and why, and what else an auditor asks; of a Clear nothing about the traveller,
//! and of a discreet alert nothing until somebody entitled reveals it.
//!
//! Bytes: each line is one JSON object; its hash is SHA-256(hash of the line before, then the line's bytes). The first
//! line follows 32 zero bytes; after an export that trimmed the journal ([`export`]), the hash of the last line exported
//! (the *anchor*). Changing, removing or inserting a line breaks every hash after it; lines cut off at the end show
//! because SQLite keeps the highest number it gave out. Who can rewrite the whole store can rewrite the chain as well:
//! against that stand the exports.
//!
//! Lines without `event` are checks: there was nothing else once.
//!
//! Failure: a line that cannot be stored fails what it records: nobody searches unrecorded. That holds for a journal at
//! its bound too (`limits.journal_bytes_max`): it is never cut by itself, only exported.

mod export;

pub(crate) use crate::store::journal::bytes;
pub use crate::store::journal::{Anchor, JournalRow};
pub use export::{ExportError, Exported, export, verify_file, walk_file};

use crate::store::journal as rows;
use crate::store::{Db, DbError, Tx};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::Digest;
use vedette_shim::trust::digest;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When, seconds since 1970.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

/// What a line tells. New kinds may be added; a field, once written, keeps its name and meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// A document was checked.
    Check {
        /// The officer's badge, or the program that asked.
        who: String,
        /// The purpose given.
        why: String,
        /// It was typed without a zone.
        #[serde(default, skip_serializing_if = "is_false")]
        typed: bool,
        /// The verdict's word, as it was shown.
        verdict: String,
        /// Every list asked, with the edition used.
        lists: Vec<(String, u64)>,
        /// Alerts shown: `list/alert id`. Empty for a Clear.
        alerts: Vec<String>,
    },
    /// An officer signed in.
    SignIn {
        who: String,
        /// Whether the PIN was given; without it the officer took over by badge.
        pin: bool,
    },
    /// An officer's session ended.
    SignOut {
        who: String,
        /// Why.
        why: Ended,
    },
    /// A wrong PIN was given.
    WrongPin {
        /// The badge; empty for one that is not on the roster: what was typed there may be a PIN.
        who: String,
    },
    /// A badge was locked after too many wrong PINs.
    LockedOut {
        /// The badge; empty for one that is not on the roster.
        who: String,
        /// Until when, seconds since 1970.
        until: u64,
    },
    /// An administrator unlocked a badge.
    Unlocked {
        /// The badge.
        who: String,
    },
    /// What came of an encounter.
    Outcome {
        /// The badge, or the program.
        who: String,
        /// The encounter, in hexadecimal.
        encounter: String,
        /// The outcome's word.
        outcome: String,
    },
    /// Discreet alerts were shown to an entitled officer.
    Revealed {
        who: String,
        /// `list/alert id`; none when there was nothing to reveal.
        alerts: Vec<String>,
    },
    /// A bundle was imported.
    Import {
        /// The badge, or the program.
        who: String,
        /// Signed files that were news.
        taken: u64,
        /// Files refused.
        refused: u64,
    },
    /// An outage exercise began or ended.
    Drill {
        who: String,
        /// `started`, `ended` and what was measured.
        what: String,
    },
    /// A note of a scanner's that can become no encounter here was taken and set aside.
    NoteAside {
        /// The name of the scanner's port.
        who: String,
        scanner: String,
        /// The note's id, in hexadecimal.
        note: String,
        /// Why it can become none.
        why: String,
        /// The note as the scanner sealed it, in hexadecimal.
        sealed: String,
    },
    /// The database was damaged or missing, and a new one was made.
    StoreRestarted {
        /// The damaged file's name; empty if it was missing.
        set_aside: String,
        /// Lines of the journal that were saved: more may have been lost.
        lines: u64,
        /// Encounters that were saved.
        encounters: u64,
    },
    /// Older lines were exported and removed here.
    Exported {
        /// The last line that was.
        through: i64,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The officer signed out.
    SignedOut,
    /// Nobody used it for `idle_s`.
    Idle,
    /// Another officer took over, or the same one signed in anew.
    HandedOver,
    /// The officer is no longer on the roster, or has a new PIN.
    Removed,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl AuditEvent {
    /// Who it is about; empty where nobody is.
    pub fn who(&self) -> &str {
        match self {
            AuditEvent::Check { who, .. }
            | AuditEvent::SignIn { who, .. }
            | AuditEvent::SignOut { who, .. }
            | AuditEvent::WrongPin { who }
            | AuditEvent::LockedOut { who, .. }
            | AuditEvent::Unlocked { who }
            | AuditEvent::Outcome { who, .. }
            | AuditEvent::Revealed { who, .. }
            | AuditEvent::Import { who, .. }
            | AuditEvent::Drill { who, .. }
            | AuditEvent::NoteAside { who, .. } => who,
            AuditEvent::Exported { .. } | AuditEvent::StoreRestarted { .. } => "",
        }
    }
}

impl AuditLine {
    /// Reads a line of this version or an earlier one.
    pub fn read(text: &str) -> Result<AuditLine, serde_json::Error> {
        let mut line: serde_json::Value = serde_json::from_str(text)?;
        if let Some(object) = line.as_object_mut() {
            object.entry("event").or_insert_with(|| "check".into());
        }
        serde_json::from_value(line)
    }
}

/// A chain that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub lines: u64,
    /// What it stands on.
    pub anchor: Anchor,
    /// Its last line.
    pub head: Anchor,
}

/// Where the chain breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A hash does not follow.
    #[error("the journal was changed at or before line {sequence}: its hash does not follow")]
    Chain {
        /// The first line whose hash does not follow.
        sequence: i64,
    },
    /// Lines are missing at the end.
    #[error("the journal ends at line {last}, but line {written} was written: the end was cut off")]
    End {
        /// The last line there is.
        last: i64,
        /// The last line there was.
        written: i64,
    },
}

/// Adds a line in the caller's transaction.
pub fn append(t: &Tx<'_>, line: &AuditLine) -> Result<(), DbError> {
    let text = serde_json::to_string(line).expect("a line is plain data with names for keys");
    let hash = follow(&rows::last_hash(t)?, &text);
    rows::add(t, &text, &hash)
}

/// Adds a line in a transaction of its own.
pub fn record(db: &Db, at: u64, event: AuditEvent) -> Result<(), DbError> {
    db.transaction("write the journal", |t| append(t, &AuditLine { at, event }))
}

/// How many lines were ever written.
pub fn lines(db: &Db) -> Result<u64, DbError> {
    db.read("count the journal", rows::last_written).map(|lines| lines as u64)
}

/// Walks the whole chain.
pub fn verify(db: &Db) -> Result<Result<Verified, Broken>, DbError> {
    db.read("read the journal", |t| {
        let mut chain = Chain::from(rows::anchor(t)?);
        if let Some(row) = rows::walk(t, |row| chain.add(row).is_ok())? {
            return Ok(Err(Broken::Chain { sequence: row.sequence }));
        }
        let (verified, written) = (chain.verified(), rows::last_written(t)?);
        Ok(match verified.head.sequence < written {
            true => Err(Broken::End { last: verified.head.sequence, written }),
            false => Ok(verified),
        })
    })
}

/// Hands over every line in order until `take` says false.
pub fn walk(db: &Db, take: impl FnMut(&JournalRow) -> bool) -> Result<(), DbError> {
    db.read("read the journal", |t| rows::walk(t, take)).map(|_| ())
}

/// A chain as far as it was followed.
struct Chain {
    anchor: Anchor,
    head: Anchor,
}

impl Chain {
    fn from(anchor: Anchor) -> Chain {
        Chain { anchor, head: anchor }
    }

    /// Follows it to the next line. Numbers are given out without gaps: a cut at the front shows as well.
    fn add(&mut self, row: &JournalRow) -> Result<(), Broken> {
        if row.sequence != self.head.sequence + 1 || row.hash != follow(&self.head.hash, &row.text) {
            return Err(Broken::Chain { sequence: row.sequence });
        }
        self.head = Anchor { sequence: row.sequence, hash: row.hash };
        Ok(())
    }

    fn verified(&self) -> Verified {
        let lines = (self.head.sequence - self.anchor.sequence) as u64;
        Verified { lines, anchor: self.anchor, head: self.head }
    }
}

fn follow(before: &Digest, line: &str) -> Digest {
    digest(&[before.as_slice(), line.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::{Tampering, tamper};

    pub(super) fn journal_of(lines: u64) -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        for at in 0..lines {
            let event = AuditEvent::Check {
                who: "badge-12".into(),
                why: "entry".into(),
                typed: false,
                verdict: "clear".into(),
                lists: vec![("a/b".into(), 3)],
                alerts: vec![],
            };
            record(&db, at, event).unwrap();
        }
        (folder, db)
    }

    #[test]
    fn a_line_changed_removed_or_inserted_is_found() {
        let tampered = |how: Option<Tampering>| {
            let (_folder, db) = journal_of(5);
            how.into_iter().for_each(|how| tamper(&db, how));
            verify(&db).unwrap().map(|verified| verified.lines)
        };
        let chain = |sequence| Err(Broken::Chain { sequence });
        assert_eq!(tampered(None), Ok(5));
        assert_eq!(tampered(Some(Tampering::Change(2))), chain(2));
        assert_eq!(tampered(Some(Tampering::Delete(3, 3))), chain(4));
        assert_eq!(tampered(Some(Tampering::Delete(1, 1))), chain(2));
        assert_eq!(tampered(Some(Tampering::Repeat(5))), chain(6));
        assert_eq!(tampered(Some(Tampering::Delete(4, 5))), Err(Broken::End { last: 3, written: 5 }));
        assert_eq!(tampered(Some(Tampering::Delete(1, 5))), Err(Broken::End { last: 0, written: 5 }));
    }

    #[test]
    fn lines_written_by_another_process_meanwhile_are_not_missing() {
        let (folder, db) = journal_of(3);
        let other = Db::open(&folder.path().join("state.db")).unwrap();
        let seen = db.read("read", |t| {
            let before = rows::last_written(t)?;
            record(&other, 9, AuditEvent::Exported { through: 0 })?;
            Ok::<_, DbError>((before, rows::last_written(t)?))
        });
        assert_eq!(seen.unwrap(), (3, 3));
        assert_eq!(lines(&db).unwrap(), 4);
    }

    #[test]
    fn a_line_from_before_there_were_events_is_a_check() {
        let old = r#"{"at":7,"who":"b-1","why":"entry","verdict":"hit","lists":[["a/b",3]],"alerts":["a/b/UTO-P-1"]}"#;
        let line = AuditLine::read(old).unwrap();
        assert!(matches!(&line.event, AuditEvent::Check { verdict, .. } if verdict == "hit"));
        let new = serde_json::to_string(&line).unwrap();
        assert_eq!(AuditLine::read(&new).unwrap(), line);
        let out = AuditLine { at: 8, event: AuditEvent::SignOut { who: "b-1".into(), why: Ended::Idle } };
        assert_eq!(AuditLine::read(&serde_json::to_string(&out).unwrap()).unwrap(), out);
    }

    #[test]
    fn the_bytes_are_counted() {
        let (_folder, db) = journal_of(3);
        let mut sum = 0;
        walk(&db, |row| {
            sum += row.text.len() as u64;
            true
        })
        .unwrap();
        assert_eq!(bytes(&db).unwrap(), sum);
    }
}
