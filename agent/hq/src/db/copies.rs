//! Which enrolment of which device was ever granted a list, and what its device said last: what `holders` judges by.
//!
//! A row outlives its grant and its enrolment, because the copy that it led to does: who was granted a list once may hold it
//! until it says otherwise. Bounded: a row an enrolment and list.

use super::connection::{Session, Step, Work};
use super::devices::ENDS;
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

/// Every enrolment there ever was, by device, the newest of each last.
pub(crate) fn of_list(db: &Session, list: &ListName) -> Result<Vec<Copy>, DbError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT e.device, devices.post, e.revoked_at, {ends}, g.ends, g.last_key, g.erased_at, devices.last_seen,
           devices.online, devices.status, h.edition, h.confirmed_at, h.manifest, e.enrolled_at
         FROM enrolments e JOIN devices ON devices.id = e.device
         LEFT JOIN granted g ON g.list = ?1 AND g.device = e.device AND g.enrolment = e.box_public
         LEFT JOIN holdings h ON h.device = e.device AND h.list = ?1 AND h.edition > 0
         ORDER BY e.device, e.revoked_at IS NULL, e.revoked_at",
        ends = ENDS.replace("enrolments", "e"),
    ))?;
    let mut copies: Vec<Copy> = Vec::new();
    let mut rows = query.query([list.as_str()])?;
    while let Some(row) = rows.next()? {
        let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(|at| at as u64));
        let (ends, last_key, erased_at) = (at(4)?, row.get::<_, Option<u32>>(5)?, at(6)?);
        let device: String = row.get(0)?;
        if let Some(before) = copies.last_mut().filter(|before| before.device == device) {
            (before.word, before.is_newest) = (None, false);
        }
        copies.push(Copy {
            post: row.get(1)?,
            revoked_at: at(2)?,
            certificate_ends: row.get::<_, i64>(3)? as u64,
            granted: ends.zip(last_key).map(|(ends, last_key)| Granted { ends, last_key, erased_at }),
            word: word(row)?,
            enrolled_at: row.get::<_, i64>(13)? as u64,
            is_newest: true,
            device,
        });
    }
    Ok(copies)
}

fn word(row: &rusqlite::Row<'_>) -> Result<Option<Word>, DbError> {
    let Some(said) = row.get_ref(9)?.as_blob_or_null().ok().flatten().and_then(statuses::said) else {
        return Ok(None);
    };
    let held = match row.get::<_, Option<i64>>(10)? {
        None => None,
        Some(edition) => Some(Held {
            edition: edition as u64,
            confirmed_at: row.get::<_, i64>(11)? as u64,
            manifest: row.get(12)?,
        }),
    };
    Ok(Some(Word {
        seen: row.get::<_, Option<i64>>(7)?.unwrap_or(0) as u64,
        online: row.get::<_, Option<bool>>(8)?.unwrap_or(false),
        said,
        held,
    }))
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
