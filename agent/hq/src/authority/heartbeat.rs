//! The heartbeat: a signed statement, good for a day, of the newest edition of every list.
//!
//! Its key is online, as TUF's timestamp: who has it can claim that nothing is new, for as long as the lease, or that it is
//! later than it is, so that leases end and devices' clocks run ahead. The remedy is `replace-key heartbeat`.
//!
//! Invariant: its time never goes back, also when headquarters' clock does, or devices would refuse it. Failure: when that
//! would be more than [`AHEAD_S_MAX`] ahead of the clock, nothing is signed: such a time would end leases everywhere.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::db::{Session, editions, statements};
use vedette_common::clock::rfc3339;
use vedette_common::crypto::sign_statement;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{Heartbeat, ListState, SignedKind, digest};

/// How long a heartbeat counts, seconds.
pub const HEARTBEAT_LIFE_S: u64 = 24 * 3600;

/// How far the last heartbeat may be ahead of the clock, seconds.
pub const AHEAD_S_MAX: u64 = 24 * 3600;

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
    let newest = editions::newest_of_all(db)?;
    let state = |(list, edition, manifest): (ListName, u64, Vec<u8>)| ListState {
        list,
        edition,
        manifest: digest(&manifest),
    };
    let heartbeat = Heartbeat {
        issued,
        expires: issued + HEARTBEAT_LIFE_S,
        root_version: root::newest(home)?.0.version,
        // A root names no more lists than this holds, and every list here is in a root.
        lists: newest.into_iter().map(state).collect(),
    };
    let bytes = sign_statement(SignedKind::Heartbeat, &heartbeat, &[&Key::Heartbeat.signing(home)?]);
    Ok(statements::set_heartbeat(db, issued, &bytes)?)
}
