//! The rules of trust as tables of attacks: what a thief of some keys, or of none, may try, and the one reason why each is
//! refused.
//!
//! | file | attacks |
//! |---|---|
//! | [`every_statement`] | those that are the same for all kinds: too few signatures, other kinds, bytes cut, added or changed |
//! | [`root`] | a root that does not follow, by number, by the old keys or by the new ones |
//! | [`manifest`] | rollback, fork, expiry to the second, another list, a kind of list, broken rules |
//! | [`heartbeat`] | rollback, expiry to the second, an expired root, mix and match; freshness |
//! | [`pin`] | other encodings |
//! | [`messages`] | grants, receipts, answers and orders of others or of a former enrolment, repeated, older than a floor, or against their rules |
//!
//! Signatures are pretended, so that keys read as numbers: key `n` is 32 bytes of `n`, and signs with a digest of itself and
//! the message. That real signatures are checked, [`super::soft`] and the vectors show.

mod every_statement;
mod heartbeat;
mod manifest;
mod messages;
mod pin;
mod root;

use super::*;
use crate::ids::ListName;
use crate::list::Kind;
use serde::Serialize;
use std::vec;
use std::vec::Vec;

/// The pretended signatures.
pub(crate) struct Pretend;

impl Verify for Pretend {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        *signature == signature_of(key[0], message)
    }
}

fn signature_of(key: u8, message: &[u8]) -> [u8; 64] {
    let half = digest(&[&[key; 32], message].concat());
    [half, half].concat().try_into().unwrap()
}

pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    postcard::to_slice(value, &mut vec![0; METADATA_BYTES_MAX]).unwrap().to_vec()
}

/// An envelope around any body, signed by these keys.
pub(crate) fn sign_bytes(kind: SignedKind, body: &[u8], keys: &[u8]) -> Vec<u8> {
    let message = message_to_sign(kind, body);
    let mut signed: Vec<_> =
        keys.iter().map(|key| (key_id(&[*key; 32]), signature_of(*key, &message))).collect();
    signed.sort_unstable();
    let signatures = signed.iter().map(|(key, bytes)| Signature { key: *key, bytes }).collect();
    encode(&Envelope::new(kind, body, signatures))
}

/// A statement signed by the first two of the keys: as many as a role needs.
pub(crate) fn sign(kind: SignedKind, body: &impl Serialize, keys: &[u8]) -> Vec<u8> {
    sign_bytes(kind, &encode(body), keys.get(..2).unwrap_or(keys))
}

pub(crate) fn role(threshold: u8, keys: &[u8]) -> Role {
    Role { threshold, keys: keys.iter().map(|key| [*key; 32]).collect() }
}

pub(crate) fn list() -> ListName {
    "uto/stolen".parse().unwrap()
}

/// Every role has three keys, of which two must sign.
const ROOT: [u8; 3] = [1, 2, 3];
const HEARTBEAT: [u8; 3] = [11, 12, 13];
const COLLECTOR: [u8; 3] = [31, 32, 33];
const ORDERS: [u8; 3] = [41, 42, 43];
const ISSUER: [u8; 3] = [51, 52, 53];

/// A root of the time 100 to 999.
fn root_with(version: u32, keys: &[u8]) -> Root {
    let issuer = Issuer {
        list: list(),
        kind: Kind::Documents,
        role: role(2, &ISSUER),
        owner_key: [0; 32],
        owner: "Utopia".try_into().unwrap(),
    };
    Root {
        version,
        issued: 100,
        expires: 1000,
        root: role(2, keys),
        heartbeat: role(2, &HEARTBEAT),
        roster: role(2, &[21, 22, 23]),
        collector: role(2, &COLLECTOR),
        orders: role(2, &ORDERS),
        issuers: [issuer].into_iter().collect(),
    }
}

fn root_in_use() -> Root {
    root_with(1, &ROOT)
}

/// A manifest of the time 100 to 199.
pub(crate) fn manifest(edition: u64) -> Manifest {
    let segment = SegmentRef { digest: [5; 32], bytes: 1, entries: 1, withdrawals: 0, key: 1 };
    Manifest {
        list: list(),
        kind: Kind::Documents,
        edition,
        issued: 100,
        expires: 200,
        lease_s: 50,
        possible_from: 770,
        hit_from: 950,
        confirm_s: 0,
        handling: Default::default(),
        segments: [segment].into_iter().collect(),
        delta: None,
        merged: 0,
    }
}

/// A heartbeat of the time `issued` to `issued + 99` that names edition 5.
pub(crate) fn heartbeat(issued: u64) -> Heartbeat {
    let state = ListState { list: list(), edition: 5, manifest: [7; 32] };
    Heartbeat {
        issued,
        expires: issued + 100,
        root_version: 1,
        root: [1; 32],
        roster: Some(NewestRoster { number: 2, roster: [2; 32] }),
        lists: [state].into_iter().collect(),
        devices: [DeviceState { enrolment: us().key, order: 3, answer: 150 }].into_iter().collect(),
    }
}

fn device() -> crate::ids::DeviceId {
    "post-7".parse().unwrap()
}

fn us() -> Enrolment {
    Enrolment { device: device(), key: [77; 8] }
}
