//! Which list keys each device may have.
//!
//! Every enrolled device gets every list: for each a grant with the keys its newest edition is sealed with, and the key
//! that the next one will be. Invariants: a revoked device has no grant; a grant is made anew only when its keys change,
//! so that what lies on the broker stays put. Grants are made here and kept signed: `serve` needs no issuer's key.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::parse;
use crate::error::HqError;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
use vedette_common::crypto::{seal, sign_statement};
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{Envelope, GRANT_KEYS_MAX, Grant, GrantedKey, Manifest, SignedKind, decode_body};

/// Makes every grant that is missing or has other keys than its list; returns how many were made.
pub(crate) fn refresh(home: &Home, db: &Connection) -> Result<usize, HqError> {
    let mut made = 0;
    for (list, newest_key) in lists(db)? {
        let numbers = keys_in_use(db, &list, newest_key)?;
        let text = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        for (device, box_public) in devices_without(db, &list, &text)? {
            let bytes = make(home, &device, &box_public, &list, &numbers)?;
            let statement = "INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?)";
            db.execute(statement, params![device.as_str(), list.as_str(), text, bytes])?;
            made += 1;
        }
    }
    Ok(made)
}

/// A device's grants.
pub(crate) fn of_device(db: &Connection, device: &DeviceId) -> Result<Vec<(ListName, Vec<u8>)>, HqError> {
    let mut query = db.prepare("SELECT list, bytes FROM grants WHERE device = ? ORDER BY list")?;
    let rows = query.query_map([device.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(HqError::from).and_then(|(list, bytes)| Ok((parse(&list)?, bytes)))).collect()
}

fn make(
    home: &Home,
    device: &DeviceId,
    box_public: &[u8; 32],
    list: &ListName,
    numbers: &BTreeSet<u32>,
) -> Result<Vec<u8>, HqError> {
    let seal_one = |&number: &u32| {
        let key = Key::List(list, number).list_key(home)?;
        let about = grant_additional_data(device, list, number);
        Ok((number, seal(box_public, GRANT_INFO, &about, &key.0)?))
    };
    let sealed = numbers.iter().map(seal_one).collect::<Result<Vec<_>, HqError>>()?;
    let keys = sealed.iter().map(|(number, sealed)| GrantedKey { number: *number, sealed }).collect();
    let grant = Grant { device: device.clone(), list: list.clone(), keys };
    Ok(sign_statement(SignedKind::Grant, &grant, &[&Key::Issuer(list).signing(home)?]))
}

/// The keys that a list's next, newest and last-but-one editions need: a device goes on with an edition until it has the
/// next one whole. The newest edition and its delta need at most [`GRANT_KEYS_MAX`], because a delta is its edition's
/// last segment or merged into it, under the same key; the one before has what room is left.
fn keys_in_use(db: &Connection, list: &ListName, newest_key: u32) -> Result<BTreeSet<u32>, HqError> {
    let mut query =
        db.prepare("SELECT manifest FROM editions WHERE list = ? ORDER BY edition DESC LIMIT 2")?;
    let rows = query.query_map([list.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
    let mut numbers = BTreeSet::from([newest_key]);
    for bytes in rows {
        let manifest = read_manifest(&bytes?)?;
        for segment in manifest.segments.iter().chain(&manifest.delta) {
            if numbers.len() < GRANT_KEYS_MAX {
                numbers.insert(segment.key);
            }
        }
    }
    Ok(numbers)
}

/// What the newest edition of a list says; `None` before the first.
pub(crate) fn newest_manifest(db: &Connection, list: &ListName) -> Result<Option<Manifest>, HqError> {
    newest_manifest_bytes(db, list)?.map(|bytes| read_manifest(&bytes)).transpose()
}

/// A manifest of our own.
pub(crate) fn read_manifest(bytes: &[u8]) -> Result<Manifest, HqError> {
    let read = Envelope::read(bytes, SignedKind::Manifest);
    read.and_then(|envelope| decode_body(SignedKind::Manifest, envelope.body))
        .map_err(HqError::trust("hq.db"))
}

/// The signed bytes of a list's newest edition.
pub(crate) fn newest_manifest_bytes(db: &Connection, list: &ListName) -> Result<Option<Vec<u8>>, HqError> {
    let query = "SELECT manifest FROM editions WHERE list = ? ORDER BY edition DESC LIMIT 1";
    Ok(db.query_row(query, [list.as_str()], |row| row.get(0)).optional()?)
}

/// Every list and the number of its newest key.
pub(crate) fn lists(db: &Connection) -> Result<Vec<(ListName, u32)>, HqError> {
    let mut query = db.prepare("SELECT name, key_number FROM lists ORDER BY name")?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(HqError::from).and_then(|(list, number)| Ok((parse(&list)?, number))))
        .collect()
}

fn devices_without(
    db: &Connection,
    list: &ListName,
    numbers: &str,
) -> Result<Vec<(DeviceId, [u8; 32])>, HqError> {
    let mut query = db.prepare(
        "SELECT device, box_public FROM enrolments WHERE revoked_at IS NULL AND NOT EXISTS
         (SELECT 1 FROM grants g WHERE g.device = enrolments.device AND g.list = ? AND g.numbers = ?)",
    )?;
    let rows =
        query.query_map([list.as_str(), numbers], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(HqError::from).and_then(|(device, key)| Ok((parse(&device)?, key)))).collect()
}
