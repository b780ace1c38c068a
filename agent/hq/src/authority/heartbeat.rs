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
use vedette_shim::scanner::line::TEXT_BYTES_MAX;
use vedette_shim::trust::{
    DEVICES_MAX, DeviceState, Heartbeat, KeyId, ListState, NewestRoster, Order, OrderKind, SignedKind,
    identity, key_id,
};

/// How long a heartbeat counts, seconds.
pub const HEARTBEAT_LIFE_S: u64 = 24 * 3600;

/// Largest body: with its signature (73) and what is around both it fits a message to a scanner, which has no other time.
const BODY_BYTES_MAX: usize = TEXT_BYTES_MAX - 128;

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
/// In an agency's home there is none to sign: headquarters will name what it is given.
pub(crate) fn renew(home: &Home, db: &Session, now: u64) -> Result<(), AuthorityError> {
    if home.agency()?.is_some() {
        return Ok(());
    }
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
    let mut heartbeat = Heartbeat {
        issued,
        expires: issued + HEARTBEAT_LIFE_S,
        root_version: root.version,
        root: identity(&root_bytes, SignedKind::Root).map_err(AuthorityError::trust("the newest root"))?,
        roster,
        // A root names no more lists than this holds, and every list here is in a root.
        lists: lists.collect::<Result<_, AuthorityError>>()?,
        devices: waiting(db, now)?.into_iter().take(DEVICES_MAX).collect(),
    };
    fit(&mut heartbeat);
    let bytes = signed(SignedKind::Heartbeat, &heartbeat, &[&Key::Heartbeat.signing(home)?], |bytes| {
        Heartbeat::accept(bytes, &root, issued, now, &RingVerify).map(drop)
    })?;
    Ok(statements::set_heartbeat(db, issued, &bytes)?)
}

/// Leaves out the devices that come last until every scanner can take it.
fn fit(heartbeat: &mut Heartbeat) {
    let fits = |heartbeat: &Heartbeat| {
        postcard::experimental::serialized_size(heartbeat).is_ok_and(|size| size <= BODY_BYTES_MAX)
    };
    while !fits(heartbeat) && heartbeat.devices.pop().is_some() {}
}

/// Devices for which an order or a recent answer waits at the broker: those with an order first, and then the newest.
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
    let mut waiting: Vec<_> = waiting.into_values().collect();
    waiting.sort_by_key(|(at, state)| (state.order == 0, Reverse(*at), state.enrolment));
    Ok(waiting.into_iter().map(|(_, state)| state).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_common::crypto::{SigningKey, random};
    use vedette_shim::scanner::ToScanner;
    use vedette_shim::trust::LISTS_MAX;
    use vedette_shim::wire;

    #[test]
    fn however_much_it_names_a_scanner_can_take_it() {
        for name_bytes in [8, 48] {
            let name = |n: usize| format!("uto/{n:0>width$}", width = name_bytes - 4);
            let list = |n| ListState { list: name(n).parse().unwrap(), edition: u64::MAX, manifest: [7; 32] };
            let device = |n: usize| DeviceState {
                enrolment: (n as u64).to_be_bytes(),
                order: u64::MAX,
                answer: u64::MAX,
            };
            let mut heartbeat = Heartbeat {
                issued: u64::MAX - 1,
                expires: u64::MAX,
                root_version: u32::MAX,
                root: [7; 32],
                roster: Some(NewestRoster { number: u64::MAX, roster: [7; 32] }),
                lists: (0..LISTS_MAX).map(list).collect(),
                devices: (0..DEVICES_MAX).map(device).collect(),
            };
            fit(&mut heartbeat);
            let key = SigningKey::from_seed(&random());
            let signed = signed(SignedKind::Heartbeat, &heartbeat, &[&key], |_| Ok(())).unwrap();
            let mut text = [0; TEXT_BYTES_MAX];
            wire::encode(&ToScanner::Time(&signed), &mut text).unwrap();
            let named: Vec<_> = heartbeat.devices.iter().map(|device| device.enrolment).collect();
            let first: Vec<_> = (0..named.len()).map(|n| device(n).enrolment).collect();
            assert!(named == first && named.len() >= 10, "{} devices", named.len());
        }
    }
}
