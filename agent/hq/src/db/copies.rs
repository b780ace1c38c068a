//! Which enrolment of which device was ever granted a list, and what its device said last: what `holders` judges by.
//!
//! A row outlives its grant and its enrolment, because the copy that it led to does: who was granted a list once may hold it
//! until it says otherwise. Bounded: a row an enrolment and list.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::statuses::{self, Said};
use super::values::stored;
use rusqlite::{Params, Row, Statement, params};
use std::collections::HashMap;
use vedette_shim::ids::{DeviceId, Digest, ListName};

pub(super) const STEPS: &[Step] = &[Step {
    number: 20,
    work: &[Work::Sql(
        "
CREATE TABLE granted(
  device TEXT NOT NULL REFERENCES devices(id), enrolment BLOB NOT NULL, -- its public box key
  list TEXT NOT NULL REFERENCES lists(name),
  ends INTEGER NOT NULL,                  -- the end of the grant that lasts longest
  last_key INTEGER NOT NULL,              -- the highest number of a key in any
  erased_at INTEGER,                      -- when it said, revoked, that it has erased everything
  PRIMARY KEY(list, device, enrolment)) WITHOUT ROWID;
-- Of what was granted before, the most that it can have been. A grant lasted 180 days.
INSERT INTO granted SELECT e.device, e.box_public, l.name, MAX(g.expires_at), l.key_number, NULL
  FROM enrolments e JOIN grants g ON g.device = e.device JOIN lists l ON l.name = g.list
  WHERE e.revoked_at IS NULL GROUP BY e.device, e.box_public, l.name;
INSERT OR IGNORE INTO granted SELECT e.device, e.box_public, l.name, MAX(e.revoked_at) + 180 * 86400, l.key_number, NULL
  FROM enrolments e JOIN lists l WHERE e.revoked_at IS NOT NULL GROUP BY e.device, e.box_public, l.name;
-- The identity of the manifest, as the status says; none where that came before.
ALTER TABLE holdings ADD COLUMN manifest BLOB;
",
    )],
}];

/// Notes a grant for the enrolment in force of a device, on a change.
pub(super) fn note_grant(
    db: &Session,
    device: &str,
    list: &ListName,
    ends: u64,
    last_key: u32,
) -> Result<(), DbError> {
    db.prepare_cached(
        "INSERT INTO granted SELECT device, box_public, ?2, ?3, ?4, NULL FROM enrolments
         WHERE device = ?1 AND revoked_at IS NULL
         ON CONFLICT(list, device, enrolment) DO UPDATE SET
         ends = max(ends, ?3), last_key = max(last_key, ?4), erased_at = NULL",
    )?
    .execute(params![device, list.as_str(), stored(ends), last_key])?;
    Ok(())
}

/// A revoked device said that it has erased everything.
pub(crate) fn set_erased(
    db: &Session,
    device: &DeviceId,
    enrolment: &[u8; 32],
    at: u64,
) -> Result<(), DbError> {
    db.prepare_cached(
        "UPDATE granted SET erased_at = ?3 WHERE device = ?1 AND enrolment = ?2 AND erased_at IS NULL",
    )?
    .execute(params![device.as_str(), enrolment, stored(at)])?;
    Ok(())
}

/// An enrolment and what is known of its copy of a list. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) device: String,
    pub(crate) post: String,
    pub(crate) revoked_at: Option<u64>,
    /// Of its certificate.
    pub(crate) certificate_ends: u64,
    pub(crate) granted: Option<Granted>,
    /// `None` of an enrolment that another followed, and of a device that never spoke.
    pub(crate) word: Option<Word>,
    pub(crate) enrolled_at: u64,
    /// No other enrolment of its device followed.
    pub(crate) is_newest: bool,
}

/// What was ever granted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Granted {
    pub(crate) ends: u64,
    pub(crate) last_key: u32,
    pub(crate) erased_at: Option<u64>,
}

/// The last status that counts.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// When it came; of one that the broker had kept, when its device says that it was made.
    pub(crate) seen: u64,
    pub(crate) online: bool,
    pub(crate) said: Said,
    pub(crate) held: Option<Held>,
}

/// The edition that it names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) edition: u64,
    pub(crate) confirmed_at: u64,
    /// The identity of its manifest; `None` where that is not stored.
    pub(crate) manifest: Option<Digest>,
}

/// Every enrolment there ever was, by device, the newest of each last. Each table is read once in the order of devices and put
/// together here: joined, 20,000 statuses would be sorted.
pub(crate) fn of_list(db: &Session, list: &ListName) -> Result<Vec<Copy>, DbError> {
    let (mut granted, mut held, mut enrolments) =
        (all_granted(db, list)?, all_held(db, list)?, all_enrolments(db)?);
    let mut copies: Vec<Copy> = Vec::with_capacity(enrolments.rows.len());
    let mut query = db.prepare_cached(
        "SELECT id, post, last_seen, online, status, (SELECT expires_at FROM superseded
           WHERE superseded.serial = devices.certificate AND superseded.device = devices.id)
         FROM devices ORDER BY id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let device: String = row.get(0)?;
        let held = held.of(&device).first().map(|(_, held)| *held);
        let granted = granted.of(&device);
        for (_, enrolment) in enrolments.of(&device) {
            let of_it = granted.iter().find(|(_, (key, _))| *key == enrolment.key);
            copies.push(Copy {
                device: device.clone(),
                post: row.get(1)?,
                revoked_at: enrolment.revoked_at,
                certificate_ends: enrolment.expires_at,
                granted: of_it.map(|(_, (_, granted))| *granted),
                word: None,
                enrolled_at: enrolment.enrolled_at,
                is_newest: false,
            });
        }
        if let Some(newest) = copies.last_mut().filter(|newest| newest.device == device) {
            newest.is_newest = true;
            newest.word = word(row, held)?;
            let uses_ends = row.get::<_, Option<i64>>(5)?.map(|ends| ends as u64);
            newest.certificate_ends = uses_ends.unwrap_or(newest.certificate_ends);
        }
    }
    Ok(copies)
}

fn word(row: &Row<'_>, held: Option<Held>) -> Result<Option<Word>, DbError> {
    let Some(said) = row.get_ref(4)?.as_blob_or_null().ok().flatten().and_then(statuses::said) else {
        return Ok(None);
    };
    let seen = row.get::<_, Option<i64>>(2)?.unwrap_or(0) as u64;
    Ok(Some(Word { seen, online: row.get::<_, Option<bool>>(3)?.unwrap_or(false), said, held }))
}

/// Rows by device, read once in that order.
struct ByDevice<T> {
    rows: Vec<(String, T)>,
    at: usize,
}

impl<T> ByDevice<T> {
    /// `read` makes a row's first column the device.
    fn read(
        query: &mut Statement<'_>,
        about: impl Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<ByDevice<T>, DbError> {
        let rows = query.query_map(about, |row| Ok((row.get(0)?, read(row)?)))?;
        Ok(ByDevice { rows: rows.collect::<Result<_, _>>()?, at: 0 })
    }

    /// Those of a device, which comes after the one before.
    fn of(&mut self, device: &str) -> &[(String, T)] {
        self.at += self.rows[self.at..].iter().take_while(|(of, _)| of.as_str() < device).count();
        let begin = self.at;
        self.at += self.rows[begin..].iter().take_while(|(of, _)| of == device).count();
        &self.rows[begin..self.at]
    }
}

struct Enrolment {
    key: [u8; 32],
    revoked_at: Option<u64>,
    expires_at: u64,
    enrolled_at: u64,
}

fn all_enrolments(db: &Session) -> Result<ByDevice<Enrolment>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, box_public, revoked_at, expires_at, enrolled_at FROM enrolments
         ORDER BY device, revoked_at IS NULL, revoked_at",
    )?;
    ByDevice::read(&mut query, [], |row| {
        Ok(Enrolment {
            key: row.get(1)?,
            revoked_at: row.get::<_, Option<i64>>(2)?.map(|at| at as u64),
            expires_at: row.get::<_, i64>(3)? as u64,
            enrolled_at: row.get::<_, i64>(4)? as u64,
        })
    })
}

fn all_granted(db: &Session, list: &ListName) -> Result<ByDevice<([u8; 32], Granted)>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, enrolment, ends, last_key, erased_at FROM granted WHERE list = ? ORDER BY device",
    )?;
    ByDevice::read(&mut query, [list.as_str()], |row| {
        let erased_at = row.get::<_, Option<i64>>(4)?.map(|at| at as u64);
        Ok((row.get(1)?, Granted { ends: row.get::<_, i64>(2)? as u64, last_key: row.get(3)?, erased_at }))
    })
}

fn all_held(db: &Session, list: &ListName) -> Result<ByDevice<Held>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, edition, confirmed_at, manifest FROM holdings NOT INDEXED
         WHERE list = ? AND edition > 0 ORDER BY device",
    )?;
    ByDevice::read(&mut query, [list.as_str()], |row| {
        let (edition, confirmed_at) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
        Ok(Held { edition, confirmed_at, manifest: row.get(3)? })
    })
}

/// Every contradiction there is, by device: what, and when last.
pub(crate) fn contradictions(db: &Session) -> Result<HashMap<String, Vec<(String, u64)>>, DbError> {
    let mut query = db.prepare_cached("SELECT device, what, last_at FROM contradictions")?;
    let mut rows = query.query([])?;
    let mut found: HashMap<String, Vec<(String, u64)>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let of_device = found.entry(row.get(0)?).or_default();
        of_device.push((row.get(1)?, row.get::<_, i64>(2)? as u64));
    }
    Ok(found)
}
