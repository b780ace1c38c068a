//! The roster: who may sign in at the devices, signed over the officers in the database.
//!
//! Invariants: its number goes up with every roster; one that a device would refuse is not signed.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::db::Session;
use crate::db::officers::{self, RosterRow};
use crate::db::settings;
use vedette_common::crypto::RingVerify;
use vedette_common::roster::{Roster, RosterFloor};
use vedette_shim::ids::Digest;
use vedette_shim::trust::SignedKind;

/// How long a roster counts, seconds; `renew` signs it again, and so does every change.
pub const ROSTER_LIFE_S: u64 = 180 * 86_400;

/// Signs the next roster over the officers in the database; its number.
pub(crate) fn sign(home: &Home, db: &Session, now: u64) -> Result<u64, AuthorityError> {
    let last = officers::roster(db)?.map_or(0, |last| last.number);
    let number = (last + 1).max(settings::restored_at(db)?);
    let officers = officers::all(db)?.into_iter().map(|(officer, _)| officer).collect();
    let roster = Roster { number, issued: now, expires: now + ROSTER_LIFE_S, officers };
    roster.check_rules().map_err(AuthorityError::Roster)?;
    let (root, _) = root::newest(home)?;
    // Of the last one only its number counts here: this one has another.
    let floor = Some(RosterFloor { number: last, digest: Digest::default() });
    let bytes = signed(SignedKind::Roster, &roster, &[&Key::Roster.signing(home)?], |bytes| {
        Roster::accept(bytes, &root, floor, now, &RingVerify).map(drop)
    })?;
    officers::set_roster(db, &RosterRow { number, expires_at: roster.expires, bytes })?;
    Ok(number)
}

/// Signs the next roster, unless there never was an officer.
pub(crate) fn sign_if_any(home: &Home, db: &Session, now: u64) -> Result<(), AuthorityError> {
    if officers::roster(db)?.is_some() {
        sign(home, db, now)?;
    }
    Ok(())
}
