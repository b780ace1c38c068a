//! Which enrolment of which device was ever granted a list, and what its device said last: what `holders` judges by.
//!
//! A row outlives its grant and its enrolment, because the copy that it led to does: who was granted a list once may hold it
//! until it says otherwise. Bounded: a row an enrolment and list.

use super::connection::{Session, Step, Work};
use super::error::DbError;
use super::statuses::{self, Said};
use super::values::stored;
use rusqlite::params;
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

/// Every enrolment there ever was, by device, the newest of each last. Each table is read once in its own order and put
/// together here: joined, 20,000 statuses would be sorted.
pub(crate) fn of_list(db: &Session, list: &ListName) -> Result<Vec<Copy>, DbError> {
    let granted = all_granted(db, list)?;
    let held = all_held(db, list)?;
    let devices = all_devices(db)?;
    let mut query = db.prepare_cached(
        "SELECT device, box_public, revoked_at, expires_at, enrolled_at FROM enrolments
         ORDER BY device, revoked_at IS NULL, revoked_at",
    )?;
    let mut copies: Vec<Copy> = Vec::new();
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let device: String = row.get(0)?;
        let key = (device, row.get::<_, [u8; 32]>(1)?);
        let granted = granted.get(&key).copied();
        let (device, _) = key;
        let Some(known) = devices.get(&device) else { continue };
        if let Some(before) = copies.last_mut().filter(|before| before.device == device) {
            (before.word, before.is_newest) = (None, false);
        }
        let held = held.get(&device).copied();
        copies.push(Copy {
            post: known.post.clone(),
            revoked_at: row.get::<_, Option<i64>>(2)?.map(|at| at as u64),
            certificate_ends: known.uses_ends.unwrap_or(row.get::<_, i64>(3)? as u64),
            granted,
            word: known.word.clone().map(|word| Word { held, ..word }),
            enrolled_at: row.get::<_, i64>(4)? as u64,
            is_newest: true,
            device,
        });
    }
    Ok(copies)
}

fn all_granted(db: &Session, list: &ListName) -> Result<HashMap<(String, [u8; 32]), Granted>, DbError> {
    let mut query =
        db.prepare_cached("SELECT device, enrolment, ends, last_key, erased_at FROM granted WHERE list = ?")?;
    let rows = query.query_map([list.as_str()], |row| {
        let erased_at = row.get::<_, Option<i64>>(4)?.map(|at| at as u64);
        let granted = Granted { ends: row.get::<_, i64>(2)? as u64, last_key: row.get(3)?, erased_at };
        Ok(((row.get(0)?, row.get(1)?), granted))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn all_held(db: &Session, list: &ListName) -> Result<HashMap<String, Held>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT device, edition, confirmed_at, manifest FROM holdings NOT INDEXED WHERE list = ? AND edition > 0",
    )?;
    let rows = query.query_map([list.as_str()], |row| {
        let (edition, confirmed_at) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
        Ok((row.get(0)?, Held { edition, confirmed_at, manifest: row.get(3)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

struct Device {
    post: String,
    word: Option<Word>,
    /// When the certificate ends that it uses, if a newer one is there.
    uses_ends: Option<u64>,
}

fn all_devices(db: &Session) -> Result<HashMap<String, Device>, DbError> {
    let mut query = db.prepare_cached(
        "SELECT id, post, last_seen, online, status, (SELECT expires_at FROM superseded
           WHERE superseded.serial = devices.certificate AND superseded.device = devices.id) FROM devices",
    )?;
    let rows = query.query_map([], |row| {
        let said = row.get_ref(4)?.as_blob_or_null()?.and_then(statuses::said);
        let seen = row.get::<_, Option<i64>>(2)?.unwrap_or(0) as u64;
        let online = row.get::<_, Option<bool>>(3)?.unwrap_or(false);
        let word = said.map(|said| Word { seen, online, said, held: None });
        let uses_ends = row.get::<_, Option<i64>>(5)?.map(|ends| ends as u64);
        Ok((row.get(0)?, Device { post: row.get(1)?, word, uses_ends }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
