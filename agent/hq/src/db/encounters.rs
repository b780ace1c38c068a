//! What the encounters say that came home and could be opened here; `messages` has each as it came.
//!
//! Invariant: one row a device, id and message, as in `messages`.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::from_json;
use super::given_answers::{self, GivenAnswer};
use super::messages::Sealed;
use super::outcomes::{self, OutcomeView};
use super::values::{bounded, code, parse, stored};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use vedette_common::text::verdict_word;
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::trust::OwnerWord;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, ScannedDocument};

pub(super) const STEPS: &[Step] = &[
    Step {
        number: 1,
        work: &[Work::Sql(
            "
CREATE TABLE encounters(
  id BLOB PRIMARY KEY, device TEXT NOT NULL, list TEXT NOT NULL, received_at INTEGER NOT NULL,
  made_at INTEGER NOT NULL, digest BLOB NOT NULL, message BLOB NOT NULL,
  encounter TEXT NOT NULL,                -- opened, JSON
  device_revoked INTEGER NOT NULL, conflicts INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX encounters_by_arrival ON encounters(received_at);
",
        )],
    },
    Step { number: 5, work: &[Work::Sql("ALTER TABLE encounters ADD COLUMN overdue_since INTEGER;")] },
    Step {
        number: 7,
        work: &[
            Work::Sql(
                "
CREATE TABLE encounters_7(
  id BLOB PRIMARY KEY, scan BLOB NOT NULL, device TEXT NOT NULL, post TEXT NOT NULL,
  made_at INTEGER NOT NULL,               -- by the device's clock
  received_at INTEGER NOT NULL, list TEXT NOT NULL, edition INTEGER NOT NULL, alert TEXT NOT NULL,
  verdict TEXT NOT NULL, score INTEGER NOT NULL, late INTEGER NOT NULL,
  -- what was read from the document
  code TEXT NOT NULL, issuing_state TEXT NOT NULL, number TEXT NOT NULL, surname TEXT NOT NULL,
  given_names TEXT NOT NULL, nationality TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL,
  expiry_date TEXT NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL,                  -- as it came, sealed
  device_revoked INTEGER NOT NULL,        -- made with a key that was revoked when it came
  conflicts INTEGER NOT NULL DEFAULT 0,   -- messages of the same id with other content
  overdue_since INTEGER                   -- its device first said that the owner's answer is overdue
) WITHOUT ROWID;
",
            ),
            Work::Rows(from_json::encounters),
            Work::Sql(
                "
DROP TABLE encounters;
ALTER TABLE encounters_7 RENAME TO encounters;
CREATE INDEX encounters_by_arrival ON encounters(received_at, made_at, id);
",
            ),
        ],
    },
    Step {
        number: 11,
        work: &[Work::Sql(
            "
CREATE TABLE encounters_11(
  id BLOB NOT NULL, device TEXT NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  scan BLOB NOT NULL, post TEXT NOT NULL,
  made_at INTEGER NOT NULL,               -- by the device's clock
  received_at INTEGER NOT NULL, list TEXT NOT NULL, edition INTEGER NOT NULL, alert TEXT NOT NULL,
  verdict TEXT NOT NULL, score INTEGER NOT NULL, late INTEGER NOT NULL,
  -- what was read from the document
  code TEXT NOT NULL, issuing_state TEXT NOT NULL, number TEXT NOT NULL, surname TEXT NOT NULL,
  given_names TEXT NOT NULL, nationality TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL,
  expiry_date TEXT NOT NULL,
  message BLOB NOT NULL,                  -- as it came, sealed
  device_revoked INTEGER NOT NULL,        -- made with a key that was revoked when it came
  dropped INTEGER NOT NULL DEFAULT 0,     -- messages of the same id that an older program did not keep
  overdue_since INTEGER,                  -- its device first said that the owner's answer is overdue
  PRIMARY KEY(id, device, digest)
) WITHOUT ROWID;
INSERT INTO encounters_11 SELECT id, device, digest, scan, post, made_at, received_at, list, edition, alert, verdict, score,
  late, code, issuing_state, number, surname, given_names, nationality, birth_date, sex, expiry_date, message,
  device_revoked, conflicts, overdue_since FROM encounters;
DROP TABLE encounters;
ALTER TABLE encounters_11 RENAME TO encounters;
CREATE INDEX encounters_by_arrival ON encounters(received_at, made_at, id, device, digest);
",
        )],
    },
];

/// An encounter as `encounters` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterView {
    /// Hexadecimal.
    pub id: String,
    /// The scan it came from, hexadecimal.
    pub scan: String,
    pub device: String,
    pub post: String,
    /// By the device's clock.
    pub made_at: u64,
    /// When it was stored here.
    pub received_at: u64,
    /// The list that was met.
    pub list: String,
    /// Its edition at that moment.
    pub edition: u64,
    pub alert: String,
    /// Hit or Possible.
    pub verdict: Verdict,
    /// In thousandths.
    pub score: u16,
    /// What was read.
    pub document: ScannedDocument,
    /// The document was listed only after the scan.
    #[serde(default)]
    pub late: bool,
    /// Since when its owner's answer is overdue, by headquarters' clock.
    #[serde(default)]
    pub overdue_since: Option<u64>,
    /// The owner's answer, if there is one.
    #[serde(default)]
    pub answer: Option<OwnerWord>,
    /// What each operator answered, the last first.
    #[serde(default)]
    pub answers: Vec<GivenAnswer>,
    /// Made with a key that was revoked when it came.
    pub device_revoked: bool,
    /// Other messages with the same id, of this device or another.
    pub conflicts: u32,
    /// What the device that made it says came of it, by time; the last one counts.
    #[serde(default)]
    pub outcomes: Vec<OutcomeView>,
}

/// A place in the order of arrival: after the encounter with these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    received_at: i64,
    made_at: i64,
    id: Vec<u8>,
    device: String,
    digest: Vec<u8>,
}

impl Position {
    /// Before every encounter.
    pub(crate) const START: Position = Position {
        received_at: i64::MIN,
        made_at: i64::MIN,
        id: Vec::new(),
        device: String::new(),
        digest: Vec::new(),
    };
}

/// Stores what an encounter says that came as `arrival`.
pub(crate) fn insert(db: &Session, made: &Encounter, arrival: &Sealed) -> Result<(), DbError> {
    let document = &made.document;
    let mut insert = db.prepare_cached(
        "INSERT INTO encounters(id, scan, device, post, made_at, received_at, list, edition, alert, verdict, score,
           late, code, issuing_state, number, surname, given_names, nationality, birth_date, sex, expiry_date,
           digest, device_revoked)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        made.id,
        made.scan,
        made.device.as_str(),
        made.post.as_str(),
        stored(made.made_at),
        arrival.received_at as i64,
        made.list.as_str(),
        stored(made.edition),
        made.alert.as_str(),
        verdict_word(made.verdict),
        made.score,
        made.late,
        document.code.as_str(),
        document.issuing_state.as_str(),
        document.number.as_str(),
        document.surname.as_str(),
        document.given_names.as_str(),
        document.nationality.as_str(),
        document.birth_date.as_str(),
        document.sex.as_str(),
        document.expiry_date.as_str(),
        arrival.digest,
        arrival.device_revoked,
    ])?;
    Ok(())
}

/// The devices that made an encounter of this id.
pub(crate) fn devices_of(db: &Session, id: &EncounterId) -> Result<Vec<DeviceId>, DbError> {
    let mut query =
        db.prepare_cached("SELECT DISTINCT device FROM encounters WHERE id = ? ORDER BY device")?;
    let rows = query.query_map([id], |row| row.get::<_, String>(0))?;
    rows.map(|device| parse(&device?)).collect()
}

/// Up to `limit` encounters in the order of their arrival, those after `after`; and where the next page begins, if
/// there may be one.
pub(crate) fn page(
    db: &Session,
    after: &Position,
    limit: usize,
) -> Result<(Vec<EncounterView>, Option<Position>), DbError> {
    let mut query = db.prepare_cached(
        "SELECT id, scan, encounters.device, post, made_at, received_at, list, edition, alert, verdict, score, late,
           code, issuing_state, number, surname, given_names, nationality, birth_date, sex, expiry_date,
           device_revoked,
           dropped + (SELECT count(*) FROM messages same WHERE same.id = encounters.id) - 1,
           (SELECT overdue_since FROM messages came WHERE came.id = encounters.id
              AND came.device = encounters.device AND came.digest = encounters.digest),
           word, digest
         FROM encounters LEFT JOIN answers
           ON answers.encounter = encounters.id AND answers.device = encounters.device
         WHERE (received_at, made_at, id, encounters.device, digest) > (?1, ?2, ?3, ?4, ?5)
         ORDER BY received_at, made_at, id, encounters.device, digest LIMIT ?6",
    )?;
    let Position { received_at, made_at, id, device, digest } = after;
    let mut rows = query.query(params![received_at, made_at, id, device, digest, limit as i64])?;
    let (mut views, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let id: EncounterId = row.get(0)?;
        let mut view = read(&id, row)?;
        view.outcomes = outcomes::of_encounter(db, &id, &view.device)?;
        view.answers = given_answers::of_encounter(db, &id, &view.device)?;
        views.push(view);
        last = Some(Position {
            received_at: row.get(5)?,
            made_at: row.get(4)?,
            id: id.to_vec(),
            device: row.get(2)?,
            digest: row.get(25)?,
        });
    }
    let is_full = views.len() == limit;
    Ok((views, last.filter(|_| is_full)))
}

fn read(id: &EncounterId, row: &Row<'_>) -> Result<EncounterView, DbError> {
    let text = |column: usize| row.get::<_, String>(column);
    let number = |column: usize| row.get::<_, i64>(column).map(|number| number as u64);
    Ok(EncounterView {
        id: Hex(id).to_string(),
        scan: Hex(&row.get::<_, [u8; 16]>(1)?).to_string(),
        device: text(2)?,
        post: text(3)?,
        made_at: number(4)?,
        received_at: number(5)?,
        list: text(6)?,
        edition: number(7)?,
        alert: text(8)?,
        verdict: code(&text(9)?)?,
        score: row.get(10)?,
        late: row.get(11)?,
        document: ScannedDocument {
            code: bounded(&text(12)?)?,
            issuing_state: bounded(&text(13)?)?,
            number: bounded(&text(14)?)?,
            surname: bounded(&text(15)?)?,
            given_names: bounded(&text(16)?)?,
            nationality: bounded(&text(17)?)?,
            birth_date: bounded(&text(18)?)?,
            sex: bounded(&text(19)?)?,
            expiry_date: bounded(&text(20)?)?,
        },
        device_revoked: row.get(21)?,
        conflicts: row.get(22)?,
        overdue_since: row.get::<_, Option<i64>>(23)?.map(|at| at as u64),
        answer: row.get::<_, Option<String>>(24)?.map(|word| code(&word)).transpose()?,
        answers: Vec::new(),
        outcomes: Vec::new(),
    })
}
