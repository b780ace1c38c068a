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

pub use export::{ExportError, Exported, export, verify_file, walk_file};

use crate::state::{State, StateError};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use vedette_shim::ids::Digest;
use vedette_shim::trust::digest;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, seconds since 1970.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What a line tells. New kinds may be added; a field, once written, keeps its name and meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A document was checked.
    Check {
        /// The officer's badge, or the program that asked.
        who: String,
        /// The purpose given.
        why: String,
        /// The verdict's word, as it was shown.
        verdict: String,
        /// Every list asked, with the edition used.
        lists: Vec<(String, u64)>,
        /// Alerts shown: `list/alert id`. Empty for a Clear.
        alerts: Vec<String>,
    },
    /// An officer signed in.
    SignIn {
        /// The badge.
        who: String,
        /// Whether the PIN was given; without it the officer took over by badge.
        pin: bool,
    },
    /// An officer's session ended.
    SignOut {
        /// The badge.
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
        /// The badge.
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
        /// The badge.
        who: String,
        /// `started`, `ended` and what was measured.
        what: String,
    },
    /// A note of a scanner's that can become no encounter here was taken and set aside.
    NoteAside {
        /// The name of the scanner's port.
        who: String,
        /// The scanner.
        scanner: String,
        /// The note's id, in hexadecimal.
        note: String,
        /// Why it can become none.
        why: String,
        /// The note as the scanner sealed it, in hexadecimal.
        sealed: String,
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

impl Event {
    /// Who it is about; empty where nobody is.
    pub fn who(&self) -> &str {
        match self {
            Event::Check { who, .. }
            | Event::SignIn { who, .. }
            | Event::SignOut { who, .. }
            | Event::WrongPin { who }
            | Event::LockedOut { who, .. }
            | Event::Outcome { who, .. }
            | Event::Revealed { who, .. }
            | Event::Import { who, .. }
            | Event::Drill { who, .. }
            | Event::NoteAside { who, .. } => who,
            Event::Exported { .. } => "",
        }
    }
}

impl Line {
    /// Reads a line of this version or an earlier one.
    pub fn read(text: &str) -> Result<Line, serde_json::Error> {
        let mut line: serde_json::Value = serde_json::from_str(text)?;
        if let Some(object) = line.as_object_mut() {
            object.entry("event").or_insert_with(|| "check".into());
        }
        serde_json::from_value(line)
    }
}

/// A line as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// 1, 2, 3 ... without gaps.
    pub sequence: i64,
    /// The line's JSON, byte for byte.
    pub text: String,
    /// Its hash.
    pub hash: Digest,
}

/// What a chain stands on: the last line before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anchor {
    /// That line's number; 0 before the first.
    pub sequence: i64,
    /// Its hash; zeros before the first.
    pub hash: Digest,
}

/// A chain that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Its lines.
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
pub fn append(t: &Transaction<'_>, line: &Line) -> rusqlite::Result<()> {
    let last: Option<Digest> = t
        .prepare_cached("SELECT hash FROM journal ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let before = match last {
        Some(hash) => hash,
        None => anchor(t)?.hash,
    };
    let text = serde_json::to_string(line).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let hash = follow(&before, &text);
    t.prepare_cached("INSERT INTO journal (line, hash) VALUES (?1, ?2)")?.execute(params![text, hash])?;
    Ok(())
}

/// Adds a line in a transaction of its own.
pub fn record(state: &State, at: u64, event: Event) -> Result<(), StateError> {
    state.transaction("write the journal", |t| append(t, &Line { at, event }))
}

/// How many lines were ever written.
pub fn lines(state: &State) -> Result<u64, StateError> {
    state
        .read("count the journal", |db| {
            let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)";
            db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        })
        .map(|lines| lines as u64)
}

/// Bytes of the journal's lines.
pub fn bytes(t: &Connection) -> rusqlite::Result<u64> {
    let bytes: i64 = t.prepare_cached("SELECT value FROM journal_bytes")?.query_row([], |row| row.get(0))?;
    Ok(bytes as u64)
}

/// Walks the whole chain.
pub fn verify(state: &State) -> Result<Result<Verified, Broken>, StateError> {
    state.read("read the journal", |db| {
        let mut chain = Chain::from(anchor(db)?);
        let broken = walk_in(db, |row| chain.add(row).is_ok())?;
        if let Some(row) = broken {
            return Ok(Err(Broken::Chain { sequence: row.sequence }));
        }
        let written: Option<i64> = db
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'journal'", [], |row| row.get(0))
            .optional()?;
        let (verified, written) = (chain.verified(), written.unwrap_or(0));
        Ok(match verified.head.sequence < written {
            true => Err(Broken::End { last: verified.head.sequence, written }),
            false => Ok(verified),
        })
    })
}

/// Hands over every line in order until `take` says false.
pub fn walk(state: &State, take: impl FnMut(&Row) -> bool) -> Result<(), StateError> {
    state.read("read the journal", |db| walk_in(db, take)).map(|_| ())
}

/// The row at which `take` said false.
fn walk_in(db: &Connection, mut take: impl FnMut(&Row) -> bool) -> rusqlite::Result<Option<Row>> {
    let mut statement = db.prepare("SELECT sequence, line, hash FROM journal ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let row = Row { sequence: row.get(0)?, text: row.get(1)?, hash: row.get(2)? };
        if !take(&row) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn anchor(db: &Connection) -> rusqlite::Result<Anchor> {
    let read = |row: &rusqlite::Row<'_>| Ok(Anchor { sequence: row.get(0)?, hash: row.get(1)? });
    let stored =
        db.prepare_cached("SELECT sequence, hash FROM journal_anchor")?.query_row([], read).optional()?;
    Ok(stored.unwrap_or_default())
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
    fn add(&mut self, row: &Row) -> Result<(), Broken> {
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

    pub(super) fn journal_of(lines: u64) -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).unwrap();
        for at in 0..lines {
            let event = Event::Check {
                who: "badge-12".into(),
                why: "entry".into(),
                verdict: "clear".into(),
                lists: vec![("a/b".into(), 3)],
                alerts: vec![],
            };
            record(&state, at, event).unwrap();
        }
        (folder, state)
    }

    fn lines(state: &State) -> Result<u64, Broken> {
        verify(state).unwrap().map(|verified| verified.lines)
    }

    #[test]
    fn a_line_changed_removed_or_inserted_is_found() {
        let (_folder, state) = journal_of(5);
        assert_eq!(lines(&state), Ok(5));
        let tamper = |sql: &str| {
            state.read("tamper", |db| db.execute_batch("SAVEPOINT before")).unwrap();
            state.read("tamper", |db| db.execute_batch(sql)).unwrap();
            let found = lines(&state);
            state.read("tamper", |db| db.execute_batch("ROLLBACK TO before; RELEASE before")).unwrap();
            found
        };
        let chain = |sequence| Err(Broken::Chain { sequence });
        assert_eq!(
            tamper("UPDATE journal SET line = replace(line, 'clear', 'hit') WHERE sequence = 2"),
            chain(2)
        );
        assert_eq!(tamper("DELETE FROM journal WHERE sequence = 3"), chain(4));
        assert_eq!(tamper("DELETE FROM journal WHERE sequence = 1"), chain(2));
        assert_eq!(
            tamper("INSERT INTO journal SELECT 6, line, hash FROM journal WHERE sequence = 5"),
            chain(6)
        );
        assert_eq!(
            tamper("DELETE FROM journal WHERE sequence >= 4"),
            Err(Broken::End { last: 3, written: 5 })
        );
        assert_eq!(tamper("DELETE FROM journal"), Err(Broken::End { last: 0, written: 5 }));
        assert_eq!(lines(&state), Ok(5));
    }

    #[test]
    fn a_line_from_before_there_were_events_is_a_check() {
        let old = r#"{"at":7,"who":"b-1","why":"entry","verdict":"hit","lists":[["a/b",3]],"alerts":["a/b/UTO-P-1"]}"#;
        let line = Line::read(old).unwrap();
        assert!(matches!(&line.event, Event::Check { verdict, .. } if verdict == "hit"));
        let new = serde_json::to_string(&line).unwrap();
        assert_eq!(Line::read(&new).unwrap(), line);
        let out = Line { at: 8, event: Event::SignOut { who: "b-1".into(), why: Ended::Idle } };
        assert_eq!(Line::read(&serde_json::to_string(&out).unwrap()).unwrap(), out);
    }

    #[test]
    fn the_bytes_are_counted() {
        let (_folder, state) = journal_of(3);
        let mut sum = 0;
        walk(&state, |row| {
            sum += row.text.len() as u64;
            true
        })
        .unwrap();
        assert_eq!(state.read("count", bytes).unwrap(), sum);
    }
}
