//! The time that headquarters signs with: its clock's, unless that is far ahead of what was signed last.
//!
//! A signed time cannot be taken back: devices move their clocks and end leases by it. So one glance at a clock that is ahead
//! must not sign anything.
//!
//! Invariant: nothing is signed with a time more than [`AHEAD_S_MAX`] past the last signed one, which is the newest root's or
//! the last heartbeat's, unless an administrator confirmed the clock since ([`confirm_clock`], logged and stored).
//! The first signatures of a home have nothing before them: `init` believes the clock.
//! Failure: [`AuthorityError::ClockAhead`], before anything is made.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::root;
use crate::db::{Session, settings, statements};
use vedette_common::clock::rfc3339;

/// How far the clock may be ahead of the last signed time, and the last heartbeat ahead of the clock, seconds. A day and a
/// half: who publishes daily is never asked, and what a wrong clock got signed within this is followed, and heals by itself.
pub const AHEAD_S_MAX: u64 = 36 * 3600;

/// The clock's time, if something may be signed with it.
pub(crate) fn signing_time(home: &Home, db: &Session) -> Result<u64, AuthorityError> {
    check(last(home, db)?, home.now())
}

/// When something was signed last, or the clock was confirmed; seconds since 1970.
pub(crate) fn last(home: &Home, db: &Session) -> Result<u64, AuthorityError> {
    let heartbeat = statements::heartbeat(db)?.map_or(0, |(issued, _)| issued);
    let confirmed = settings::clock_confirmed_at(db)?.unwrap_or(0);
    Ok(root::newest(home)?.0.issued.max(heartbeat).max(confirmed))
}

/// `now`, unless it is too far past `last`.
pub(crate) fn check(last: u64, now: u64) -> Result<u64, AuthorityError> {
    match now > last + AHEAD_S_MAX {
        true => Err(AuthorityError::ClockAhead { last: rfc3339(last), now: rfc3339(now) }),
        false => Ok(now),
    }
}

/// An administrator says that the clock is right: from its time on things are signed again. Logged as a warning.
pub fn confirm_clock(home: &Home) -> Result<(), AuthorityError> {
    let mut db = home.database()?;
    let change = db.change()?;
    let (now, last) = (home.now(), last(home, &change)?);
    settings::set_clock_confirmed(&change, now)?;
    audit::record(home, &change, Act::ConfirmClock.of("clock").with("last_signed", last))?;
    change.commit()?;
    let (now, last) = (rfc3339(now), rfc3339(last));
    tracing::warn!(%now, %last, "the clock is confirmed by --clock-is-right: from now on its time is signed again");
    Ok(())
}
