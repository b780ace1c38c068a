//! Which list keys each device may have.
//!
//! Every enrolled device gets every list: for each a grant with the keys its newest edition is sealed with, and the key
//! that the next one will be. Invariants: a revoked device has no grant; a grant is made again only when its keys change,
//! so that what lies on the broker stays put. Grants are made here and kept signed: `serve` needs no issuer's key.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::{Session, editions, grants, lists};
use crate::fleet::error::FleetError;
use std::collections::BTreeSet;
use vedette_common::crypto::{seal, sign_statement};
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{GRANT_KEYS_MAX, Grant, GrantedKey, SignedKind};

/// Makes every grant that is missing or has other keys than its list; returns how many were made.
pub(crate) fn refresh(home: &Home, db: &Session) -> Result<usize, FleetError> {
    let mut made = 0;
    for list in lists::all(db)? {
        let numbers = keys_in_use(db, &list.name, list.key_number)?;
        let text = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        for (device, box_public) in grants::devices_without(db, &list.name, &text)? {
            let bytes = make(home, &device, &box_public, &list.name, &numbers)?;
            grants::set(db, &device, &list.name, &text, &bytes)?;
            made += 1;
        }
    }
    Ok(made)
}

fn make(
    home: &Home,
    device: &DeviceId,
    box_public: &[u8; 32],
    list: &ListName,
    numbers: &BTreeSet<u32>,
) -> Result<Vec<u8>, FleetError> {
    let seal_one = |&number: &u32| {
        let key = Key::List(list, number).list_key(home)?;
        let about = grant_additional_data(device, list, number);
        Ok((number, seal(box_public, GRANT_INFO, &about, &key.0)?))
    };
    let sealed = numbers.iter().map(seal_one).collect::<Result<Vec<_>, FleetError>>()?;
    let keys = sealed.iter().map(|(number, sealed)| GrantedKey { number: *number, sealed }).collect();
    let grant = Grant { device: device.clone(), list: list.clone(), keys };
    Ok(sign_statement(SignedKind::Grant, &grant, &[&Key::Issuer(list).signing(home)?]))
}

/// The keys that a list's next, newest and last-but-one editions need: a device goes on with an edition until it has the
/// next one whole. The newest edition and its delta need at most [`GRANT_KEYS_MAX`], because a delta is its edition's
/// last segment or merged into it, under the same key; the one before has what room is left.
fn keys_in_use(db: &Session, list: &ListName, newest_key: u32) -> Result<BTreeSet<u32>, FleetError> {
    let mut numbers = BTreeSet::from([newest_key]);
    for manifest in editions::last_two(db, list)? {
        for segment in manifest.segments.iter().chain(&manifest.delta) {
            if numbers.len() < GRANT_KEYS_MAX {
                numbers.insert(segment.key);
            }
        }
    }
    Ok(numbers)
}
