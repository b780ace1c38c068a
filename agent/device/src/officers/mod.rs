//! Officers: the roster of a device, and signing in with it, offline.
//!
//! | module | what it is |
//! |---|---|
//! | [`sign_in`] | the pure machine: who gets in, who takes over, who is out |
//! | `turns` | whose PIN is hashed next |
//!
//! [`Officers`] joins them to the clock, the store and the journal. The roster itself is the intake's: it is checked and
//! swapped with the lists ([`crate::snapshot::Snapshot::roster`]).
//!
//! Invariants: every sign-in, sign-out, wrong PIN and lock-out is in the journal before it is told; wrong PINs are counted in the
//! store before the PIN is looked at; one PIN is hashed at a time. A device
//! that ever held a roster never again works without one.
//!
//! A badge that is on no roster is answered like one that is: as late, as often locked. Who tries badges learns none.
//!
//! Failure: without a store nobody signs in.

pub mod sign_in;
#[cfg(test)]
mod tests;
mod turns;

use crate::config::SignInRules;
use crate::journal::{self, AuditEvent, AuditLine, Ended};
use crate::store::tries::{self, Tries};
use crate::store::{Db, DbError};
use sign_in::{SignIn, SignInRefusal, Token};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turns::Turns;
use vedette_common::clock::Clock;
use vedette_common::pin::Pin;
use vedette_common::roster::{Badge, Officer, PinHash, Role, Roster};

/// Tries on badges that are not on the roster are journalled once in so many seconds.
const STRANGERS_EVERY_S: u64 = 60;

/// Badges on no roster whose tries are counted, at most.
const STRANGERS_MAX: usize = 256;

/// What a device knows of its officers.
#[derive(Debug, Clone, Default)]
pub enum RosterState {
    /// No roster ever came: whoever reaches the device uses it.
    #[default]
    Open,
    /// This is the roster.
    InEffect(Arc<Roster>),
    /// There was one, and it counts no more: erased by order, or its signers were replaced. Nobody signs in.
    Lost,
}

impl RosterState {
    /// The roster, if one counts.
    pub fn roster(&self) -> Option<&Roster> {
        match self {
            RosterState::InEffect(roster) => Some(roster),
            RosterState::Open | RosterState::Lost => None,
        }
    }

    /// Whether officers must sign in.
    pub fn asks_for_sign_in(&self) -> bool {
        !matches!(self, RosterState::Open)
    }
}

/// Why nobody was signed in, or no PIN confirmed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] SignInRefusal),
    /// No roster is held.
    #[error("this device holds no roster: nobody can sign in")]
    NoRoster,
    /// Too many PINs wait to be looked at, or one for this badge does.
    #[error("another sign-in is under way")]
    Busy,
    /// The session is over.
    #[error("nobody is signed in")]
    NoSession,
    /// It could not be recorded.
    #[error("the sign-in could not be recorded: {0}")]
    Db(#[from] DbError),
}

/// An officer at work, as the session's calls see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub badge: String,
    /// The name as shown.
    pub name: String,
    /// What the officer may do.
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    /// A session ends this many seconds after its last use.
    pub idle_s: u64,
    /// Seconds left until then.
    pub idle_left_s: u64,
}

/// Signs officers in and out.
pub struct Officers {
    db: Arc<Db>,
    clock: Arc<Clock>,
    machine: Mutex<SignIn>,
    turns: Turns,
    /// Tries on badges that are on no roster, in memory.
    strangers: Mutex<BTreeMap<Badge, Tries>>,
    /// When a try on an unknown badge was journalled last.
    stranger_at: AtomicU64,
}

impl Officers {
    /// Nobody is signed in yet.
    pub fn new(db: Arc<Db>, clock: Arc<Clock>, rules: SignInRules) -> Officers {
        Officers {
            db,
            clock,
            machine: Mutex::new(SignIn::new(rules)),
            turns: Turns::default(),
            strangers: Mutex::default(),
            stranger_at: AtomicU64::new(0),
        }
    }

    fn machine(&self) -> MutexGuard<'_, SignIn> {
        // Its methods leave it whole at every step.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn rules(&self) -> SignInRules {
        self.machine().rules().clone()
    }

    /// Signs an officer in: by PIN, or by badge alone as a shift change from `current`. Takes as long as argon2 does.
    pub fn sign_in(
        &self,
        roster_state: &RosterState,
        badge: &str,
        pin: Option<&Pin>,
        current: Option<&Token>,
    ) -> Result<(Token, Signed), SignInError> {
        let roster = roster_state.roster().ok_or(SignInError::NoRoster)?;
        self.sweep(roster_state)?;
        let now = self.clock.now();
        // What is no badge is nobody's.
        let badge: Badge = badge.parse().map_err(|_| SignInRefusal::Wrong)?;
        let Some((officer, hash)) = roster.officer(&badge) else {
            let pin = pin.ok_or(SignInRefusal::PinNeeded)?;
            return Err(self.refuse_stranger(&badge, pin, now)?.into());
        };
        let tries = tries::get(&self.db, &officer.badge)?;
        self.machine().ask(roster, officer, pin.is_some(), current, tries, now)?;
        if let Some(pin) = pin {
            self.look_at(&officer.badge, pin, hash, now)?;
        }
        self.enter(officer, hash, pin.is_some(), current, now)
    }

    fn enter(
        &self,
        officer: &Officer,
        hash: &PinHash,
        with_pin: bool,
        current: Option<&Token>,
        now: u64,
    ) -> Result<(Token, Signed), SignInError> {
        let mut machine = self.machine();
        let (token, closed) = machine.enter(officer, hash, with_pin, current, now);
        let left = closed
            .into_iter()
            .map(|who| AuditEvent::SignOut { who: who.to_string(), why: Ended::HandedOver });
        let came = AuditEvent::SignIn { who: officer.badge.to_string(), pin: with_pin };
        let recorded = self.record(left.chain([came]), now);
        if recorded.is_err() {
            machine.leave(&token);
        }
        recorded?;
        Ok((token, signed(officer, machine.rules(), now, now)))
    }

    /// Who is signed in under this token. `use_it`: the session is used now, and not merely looked at.
    pub fn session(
        &self,
        roster_state: &RosterState,
        token: &Token,
        use_it: bool,
    ) -> Result<Option<Signed>, DbError> {
        self.sweep(roster_state)?;
        let now = self.clock.now();
        let mut machine = self.machine();
        let Some((badge, used_at)) = machine.session(token, use_it, now) else { return Ok(None) };
        let officer = roster_state.roster().and_then(|roster| roster.officer(&badge));
        Ok(officer.map(|(officer, _)| signed(officer, machine.rules(), used_at, now)))
    }

    /// Who is at work, for what happens at the post and not on the console: a document laid on a reader. It counts as
    /// use of the session.
    pub fn at_work(&self, roster_state: &RosterState) -> Result<Option<Badge>, DbError> {
        self.sweep(roster_state)?;
        Ok(self.machine().at_work(self.clock.now()))
    }

    /// Looks at a signed-in officer's PIN once more, before something that wants a deliberate act.
    pub fn confirm(
        &self,
        roster_state: &RosterState,
        token: &Token,
        pin: &Pin,
    ) -> Result<Signed, SignInError> {
        let signed = self.session(roster_state, token, true)?.ok_or(SignInError::NoSession)?;
        let roster = roster_state.roster().ok_or(SignInError::NoRoster)?;
        let badge: Badge = signed.badge.parse().map_err(|_| SignInError::NoSession)?;
        let (_, hash) = roster.officer(&badge).ok_or(SignInError::NoSession)?;
        self.look_at(&badge, pin, hash, self.clock.now())?;
        Ok(signed)
    }

    /// Signs out; who it was.
    pub fn sign_out(&self, token: &Token) -> Result<Option<Badge>, DbError> {
        let left = self.machine().leave(token);
        if let Some(badge) = &left {
            let event = AuditEvent::SignOut { who: badge.to_string(), why: Ended::SignedOut };
            self.record([event], self.clock.now())?;
        }
        Ok(left)
    }

    /// Ends the sessions that may not go on; whose they were. Call it every second, so that an idle screen locks.
    pub fn sweep(&self, roster_state: &RosterState) -> Result<Vec<(Badge, Ended)>, DbError> {
        let now = self.clock.now();
        let ended = self.machine().sweep(roster_state.roster(), now);
        if !ended.is_empty() {
            let event = |(who, why): &(Badge, Ended)| AuditEvent::SignOut { who: who.to_string(), why: *why };
            self.record(ended.iter().map(event), now)?;
        }
        Ok(ended)
    }

    /// Refuses a badge that is on no roster, with all that a wrong PIN costs and brings: a hash, two or three writes, a lock.
    fn refuse_stranger(&self, badge: &Badge, pin: &Pin, now: u64) -> Result<SignInRefusal, SignInError> {
        let before = self.strangers().get(badge).copied().unwrap_or_default();
        if let Some(retry_after_s) = before.locked_for(now) {
            return Ok(SignInRefusal::Locked { retry_after_s });
        }
        let _turn = self.turns.wait(None).ok_or(SignInError::Busy)?;
        let counted = before.counted(&self.rules(), now);
        let mut strangers = self.strangers();
        while strangers.len() >= STRANGERS_MAX {
            strangers.pop_first();
        }
        strangers.insert(badge.clone(), counted);
        drop(strangers);
        tries::count_stranger(&self.db)?;
        let _in_vain = pin.is(&PinHash::nobody());
        self.record_stranger(now)?;
        let Some(retry_after_s) = counted.locked_for(now) else { return Ok(SignInRefusal::Wrong) };
        tries::count_stranger(&self.db)?;
        Ok(SignInRefusal::Locked { retry_after_s })
    }

    fn strangers(&self) -> MutexGuard<'_, BTreeMap<Badge, Tries>> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Journals a try on a badge that is not on the roster, one a while: nobody may fill the journal with them, for at its
    /// bound there are no answers.
    fn record_stranger(&self, now: u64) -> Result<(), DbError> {
        let before = self.stranger_at.swap(now, Ordering::Relaxed);
        if now < before.saturating_add(STRANGERS_EVERY_S) {
            self.stranger_at.store(before, Ordering::Relaxed);
            return tries::count_stranger(&self.db);
        }
        self.record([AuditEvent::WrongPin { who: String::new() }], now)
    }

    /// Counts the try, then looks at the PIN; a right one forgets the tries, a wrong one is journalled, and so is the lock.
    fn look_at(&self, badge: &Badge, pin: &Pin, hash: &PinHash, now: u64) -> Result<(), SignInError> {
        let _turn = self.turns.wait(Some(badge)).ok_or(SignInError::Busy)?;
        let rules = self.rules();
        let tries = tries::get(&self.db, badge)?;
        // Whoever looked before us may have locked it.
        if let Some(retry_after_s) = tries.locked_for(now) {
            return Err(SignInRefusal::Locked { retry_after_s }.into());
        }
        let counted = tries.counted(&rules, now);
        tries::set(&self.db, badge, counted)?;
        if pin.is(hash) {
            return Ok(tries::forget(&self.db, badge)?);
        }
        self.record([AuditEvent::WrongPin { who: badge.to_string() }], now)?;
        let Some(retry_after_s) = counted.locked_for(now) else { return Err(SignInRefusal::Wrong.into()) };
        self.machine().forget(badge);
        tracing::warn!(%badge, retry_after_s, "locked after too many wrong PINs");
        self.record([AuditEvent::LockedOut { who: badge.to_string(), until: counted.locked_until }], now)?;
        Err(SignInRefusal::Locked { retry_after_s }.into())
    }

    fn record(&self, events: impl IntoIterator<Item = AuditEvent>, at: u64) -> Result<(), DbError> {
        self.db.transaction("write the journal", |t| {
            events.into_iter().try_for_each(|event| journal::append(t, &AuditLine { at, event }))
        })
    }
}

/// Unlocks a badge, with its line in the journal; false if nothing was counted against it. `now`: seconds since 1970.
pub fn unlock(db: &Db, badge: &Badge, now: u64) -> Result<bool, DbError> {
    db.transaction("unlock the badge", |t| {
        let any = tries::unlock(t, badge)?;
        if any {
            journal::append(
                t,
                &AuditLine { at: now, event: AuditEvent::Unlocked { who: badge.to_string() } },
            )?;
        }
        Ok(any)
    })
}

fn signed(officer: &Officer, rules: &SignInRules, used_at: u64, now: u64) -> Signed {
    Signed {
        badge: officer.badge.to_string(),
        name: officer.name.clone(),
        role: officer.role,
        discreet: officer.discreet,
        language: officer.language.clone(),
        idle_s: rules.idle_s,
        idle_left_s: (used_at + rules.idle_s).saturating_sub(now),
    }
}
