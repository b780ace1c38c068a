//! What an import did with a file: taken as it is, repaired, left out, doubtful; and the difference to the last edition.
//!
//! Invariant: bounded whatever the file holds: [`KINDS_MAX`] kinds of note, [`EXAMPLES_MAX`] examples each, every text
//! made printable and short. Counts go on beyond the examples.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use vedette_common::text::printable;

/// Most kinds of note of one sort; what is beyond is counted under "other".
const KINDS_MAX: usize = 50;
/// Examples kept of each kind.
const EXAMPLES_MAX: usize = 5;
/// Most characters of a text from the file.
const TEXT_CHARS_MAX: usize = 60;

/// Text of a file in a message: printable, and cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(TEXT_CHARS_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", printable(&cut))
}

/// One place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// From 1; 0 where the place is known by a name only.
    pub line: u64,
    /// What stood there, printable and short.
    pub text: String,
}

/// Notes of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How often.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Example>,
}

/// Notes by kind, such as "issuing_state translated to its ICAO code".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Notes(BTreeMap<String, Note>);

impl Notes {
    /// Counts one.
    pub(crate) fn add(&mut self, kind: &str, line: u64, text: &str) {
        let kind = if self.0.len() < KINDS_MAX || self.0.contains_key(kind) { kind } else { "other" };
        let note = self.0.entry(kind.to_string()).or_default();
        note.count += 1;
        if note.first.len() < EXAMPLES_MAX {
            note.first.push(Example { line, text: shown(text) });
        }
    }

    /// Counts `count` at once, of a place that is known by a name only.
    pub(crate) fn add_many(&mut self, kind: &str, count: u64, text: &str) {
        self.add(kind, 0, text);
        self.0.entry(kind.to_string()).or_default().count += count - 1;
    }

    /// Adds those of a later part of the file.
    fn append(&mut self, later: Notes) {
        for (kind, note) in later.0 {
            let kind =
                if self.0.len() < KINDS_MAX || self.0.contains_key(&kind) { kind } else { "other".into() };
            let all = self.0.entry(kind).or_default();
            all.count += note.count;
            all.first.extend(note.first);
            all.first.truncate(EXAMPLES_MAX);
        }
    }

    /// How many there are of all kinds.
    pub fn count(&self) -> u64 {
        self.0.values().map(|note| note.count).sum()
    }

    /// The kinds with their notes.
    pub fn kinds(&self) -> impl Iterator<Item = (&String, &Note)> {
        self.0.iter()
    }
}

/// What changes against the last edition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The last edition; 0 for none.
    pub edition: u64,
    /// Alerts that are new or whose content changes.
    pub put: u64,
    /// Alerts that are withdrawn.
    pub withdrawn: u64,
}

/// The report of one import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Alerts taken.
    pub taken: u64,
    /// Taken, but not as they were written.
    pub repaired: Notes,
    /// Not taken.
    pub left_out: Notes,
    /// Taken as they were written, and perhaps wrong.
    pub doubtful: Notes,
    /// Against the last edition.
    pub difference: Difference,
}

impl Report {
    /// Adds the notes of a later part of the file.
    pub(crate) fn append(&mut self, later: Report) {
        self.repaired.append(later.repaired);
        self.left_out.append(later.left_out);
        self.doubtful.append(later.doubtful);
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { edition, put, withdrawn } = self.difference;
        writeln!(f, "{} alerts taken", self.taken)?;
        for (sort, notes) in
            [("repaired", &self.repaired), ("left out", &self.left_out), ("doubtful", &self.doubtful)]
        {
            for (kind, note) in notes.kinds() {
                let places = note.first.iter().map(|e| match e.line {
                    0 => e.text.clone(),
                    line => format!("line {line}: {}", e.text),
                });
                let places: Vec<_> = places.collect();
                let more = if note.count > note.first.len() as u64 { ", ..." } else { "" };
                writeln!(f, "{sort}: {} times {kind} ({}{more})", note.count, places.join(", "))?;
            }
        }
        match edition {
            0 => write!(f, "first edition: {put} new"),
            _ => write!(f, "against edition {edition}: {put} new or changed, {withdrawn} withdrawn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_the_parts_of_a_file_are_those_of_the_file() {
        let (mut whole, mut parts) = (Notes::default(), Notes::default());
        for part in 0..4 {
            let mut later = Notes::default();
            for line in part * 7..part * 7 + 7 {
                let kind = ["a", "b", "c"][line as usize % 3];
                whole.add(kind, line, "text");
                later.add(kind, line, "text");
            }
            parts.append(later);
        }
        assert_eq!(parts, whole);
    }

    #[test]
    fn a_report_is_short_and_printable_whatever_the_file_holds() {
        let mut report = Report { taken: 3, ..Report::default() };
        for line in 1..=10_000 {
            report.left_out.add(&format!("kind {}", line % 200), line, &"\u{1b}[2J\u{202e}".repeat(1000));
        }
        let text = report.to_string();
        assert_eq!(report.left_out.count(), 10_000);
        assert!(text.len() < 200_000 && text.lines().count() < 60, "{} bytes", text.len());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    }
}
