//! Which list keys each device may have.
//!
//! Every enrolled device gets every list that has an edition: for each a grant with the keys its newest edition is sealed with, and the key
//! that the next one will be. Invariants: a revoked device has no grant; a grant is made again only when its keys change
//! or its end comes near, so that what lies on the broker stays put; its number is above all that its device ever had. Grants are made here and kept signed: `serve` needs no issuer's key.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::db::grants::{self, NewGrant};
use crate::db::{Session, editions, lists};
use crate::fleet::error::FleetError;
use std::collections::BTreeSet;
use vedette_common::crypto::{RingVerify, seal};
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::trust::{Enrolment, GRANT_KEYS_MAX, Grant, GrantedKey, Manifest, Root, SignedKind, key_id};

/// How long a grant counts, seconds.
const GRANT_LIFE_S: u64 = 180 * 86_400;
/// A grant that ends within so many seconds is made again.
const GRANT_RENEWED_S: u64 = 90 * 86_400;

/// Makes every grant that is missing, has other keys than its list or ends soon; returns how many were made.
pub(crate) fn refresh(home: &Home, db: &Session, now: u64) -> Result<usize, FleetError> {
    let (root, _) = root::newest(home)?;
    let mut made = 0;
    for list in lists::issued_here(db)? {
        let newest = editions::last_two(db, &list.name)?;
        // Nor does the root name it.
        if newest.is_empty() {
            continue;
        }
        let numbers = keys_in_use(&newest, list.key_number);
        let text = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        for (device, box_public) in grants::devices_without(db, &list.name, &text, now + GRANT_RENEWED_S)? {
            let number = now.max(grants::last_number(db, &device)? + 1);
            let expires = now + GRANT_LIFE_S;
            let new = New { device: &device, box_public, number, now, expires };
            let bytes = make(home, &root, &list.name, &numbers, &new)?;
            let new =
                NewGrant { device: &device, list: &list.name, keys: &text, number, expires, bytes: &bytes };
            grants::set(db, &new)?;
            made += 1;
        }
    }
    Ok(made)
}

/// Whom a new grant is for, and how long it counts.
struct New<'a> {
    device: &'a DeviceId,
    box_public: [u8; 32],
    number: u64,
    now: u64,
    expires: u64,
}

fn make(
    home: &Home,
    root: &Root,
    list: &ListName,
    numbers: &BTreeSet<u32>,
    new: &New<'_>,
) -> Result<Vec<u8>, FleetError> {
    let seal_one = |&number: &u32| {
        let key = Key::List(list, number).list_key(home)?;
        let about = grant_additional_data(new.device, list, number);
        Ok((number, seal(&new.box_public, GRANT_INFO, &about, &key.0)?))
    };
    let sealed = numbers.iter().map(seal_one).collect::<Result<Vec<_>, FleetError>>()?;
    let keys = sealed.iter().map(|(number, sealed)| GrantedKey { number: *number, sealed }).collect();
    let us = Enrolment { device: new.device.clone(), key: key_id(&new.box_public) };
    let grant = Grant {
        device: us.device.clone(),
        enrolment: us.key,
        list: list.clone(),
        number: new.number,
        expires: new.expires,
        keys,
    };
    Ok(signed(SignedKind::Grant, &grant, &[&Key::Issuer(list).signing(home)?], |bytes| {
        Grant::accept(bytes, &us, root, |_| new.number, new.now, &RingVerify).map(drop)
    })?)
}

/// The keys that a list's next, newest and last-but-one editions need: a device goes on with an edition until it has the
/// next one whole. The newest edition and its delta need at most [`GRANT_KEYS_MAX`], because a delta is its edition's
/// last segment or merged into it, under the same key; the one before has what room is left.
fn keys_in_use(newest: &[Manifest], newest_key: u32) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::from([newest_key]);
    for segment in newest.iter().flat_map(|manifest| manifest.segments.iter().chain(&manifest.delta)) {
        if numbers.len() < GRANT_KEYS_MAX {
            numbers.insert(segment.key);
        }
    }
    numbers
}
