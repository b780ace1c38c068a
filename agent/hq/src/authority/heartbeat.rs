//! The heartbeat: a signed statement, good for a day, of the newest of all that headquarters signs.
//!
//! Its key is online, as TUF's timestamp: who has it can claim that nothing is new, for as long as the lease, or that it is
//! later than it is, so that leases end and devices' clocks run ahead. The remedy is `replace-key heartbeat`.
//!
//! Invariant: its time never goes back, also when headquarters' clock does, or devices would refuse it. Failure: when that
//! would be more than [`AHEAD_S_MAX`] ahead of the clock, nothing is signed: such a time would end leases everywhere. Who
//! calls has its time from [`signing_time`](super::signing_time), so it is not far ahead of the last either.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::AHEAD_S_MAX;
use crate::db::{Session, devices, editions, officers, outcomes, statements};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use vedette_common::clock::rfc3339;
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{
    DEVICES_MAX, DeviceState, Heartbeat, KeyId, ListState, NewestRoster, Order, OrderKind, SignedKind,
    identity, key_id,
};

/// How long a heartbeat counts, seconds.
pub const HEARTBEAT_LIFE_S: u64 = 24 * 3600;

/// The time of the next heartbeat.
pub(crate) fn next_time(db: &Session, now: u64) -> Result<u64, AuthorityError> {
    let last = statements::heartbeat(db)?.map_or(0, |(issued, _)| issued);
    let issued = now.max(last);
    if issued > now + AHEAD_S_MAX {
        return Err(AuthorityError::HeartbeatAhead { last: rfc3339(issued), now: rfc3339(now) });
    }
    Ok(issued)
}

/// Signs and stores a new heartbeat over what the database holds.
pub(crate) fn renew(home: &Home, db: &Session, now: u64) -> Result<(), AuthorityError> {
    let issued = next_time(db, now)?;
    let state = |(list, edition, manifest): (ListName, u64, Vec<u8>)| {
        let manifest =
            identity(&manifest, SignedKind::Manifest).map_err(AuthorityError::trust(list.as_str()))?;
        Ok(ListState { list, edition, manifest })
    };
    let lists = editions::newest_of_all(db)?.into_iter().map(state);
    let roster = match officers::roster(db)? {
        None => None,
        Some(row) => {
            let roster =
                identity(&row.bytes, SignedKind::Roster).map_err(AuthorityError::trust("the roster"))?;
            Some(NewestRoster { number: row.number, roster })
        }
    };
    let (root, root_bytes) = root::newest(home)?;
    let heartbeat = Heartbeat {
        issued,
        expires: issued + HEARTBEAT_LIFE_S,
        root_version: root.version,
        root: identity(&root_bytes, SignedKind::Root).map_err(AuthorityError::trust("the newest root"))?,
        roster,
        // A root names no more lists than this holds, and every list here is in a root.
        lists: lists.collect::<Result<_, AuthorityError>>()?,
        devices: waiting(db, now)?.into_iter().take(DEVICES_MAX).collect(),
    };
    let bytes = signed(SignedKind::Heartbeat, &heartbeat, &[&Key::Heartbeat.signing(home)?], |bytes| {
        Heartbeat::accept(bytes, &root, issued, now, &RingVerify).map(drop)
    })?;
    Ok(statements::set_heartbeat(db, issued, &bytes)?)
}

/// Devices for which an order or a recent answer waits at the broker, the newest first.
fn waiting(db: &Session, now: u64) -> Result<Vec<DeviceState>, AuthorityError> {
    let mut waiting: BTreeMap<KeyId, (u64, DeviceState)> = BTreeMap::new();
    let mut note = |enrolment: KeyId, at: u64, order: u64, answer: u64| {
        let none = DeviceState { enrolment, order: 0, answer: 0 };
        let (newest, state) = waiting.entry(enrolment).or_insert((at, none));
        *newest = (*newest).max(at);
        (state.order, state.answer) = (state.order.max(order), state.answer.max(answer));
    };
    for order in statements::orders(db)? {
        let order: Order = statements::read_order(&order.2)?;
        // One that is withheld makes a device doubt its lists: only orders to erase are worth that.
        if order.order == OrderKind::SendAgain {
            continue;
        }
        note(order.enrolment, order.issued, order.number, 0);
    }
    for answer in outcomes::answers_since(db, now.saturating_sub(OWNER_ANSWER_KEPT_S))? {
        if let Some(box_public) = devices::box_in_force(db, &answer.device)? {
            note(key_id(&box_public), answer.at, 0, answer.at);
        }
    }
    let mut newest_first: Vec<_> = waiting.into_values().collect();
    newest_first.sort_by_key(|(at, state)| (Reverse(*at), state.enrolment));
    Ok(newest_first.into_iter().map(|(_, state)| state).collect())
}
