//! What `serve` cannot do at present, for other commands to show.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use rusqlite::params;
use serde::Serialize;

pub(super) const STEPS: &[Step] = &[Step {
    number: 9,
    work: &[Work::Sql(
        "CREATE TABLE alarms(
  subject TEXT PRIMARY KEY, since INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;",
    )],
}];

/// An alarm as `devices` and `lists` show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmView {
    /// What it is about.
    pub subject: String,
    /// Seconds since 1970.
    pub since: u64,
    /// Why, and what to do.
    pub text: String,
}

/// Stores what is raised now, instead of what was before; on a change.
pub(crate) fn set(db: &Session, alarms: impl Iterator<Item = AlarmView>) -> Result<(), DbError> {
    db.execute("DELETE FROM alarms", [])?;
    for alarm in alarms {
        db.execute(
            "INSERT INTO alarms VALUES (?, ?, ?)",
            params![alarm.subject, alarm.since as i64, alarm.text],
        )?;
    }
    Ok(())
}

/// Every alarm, the oldest first.
pub(crate) fn all(db: &Session) -> Result<Vec<AlarmView>, DbError> {
    let mut query = db.prepare("SELECT subject, since, text FROM alarms ORDER BY since, subject")?;
    let rows = query.query_map([], |row| {
        Ok(AlarmView { subject: row.get(0)?, since: row.get::<_, i64>(1)? as u64, text: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
