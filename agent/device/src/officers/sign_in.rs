//! Signing in: a pure machine over (the roster, a badge, what is known of it, now). It checks no PIN and reads no clock.
//!
//! ```text
//!            badge alone                    badge and PIN
//!   hand-over allowed? --yes--> in     locked? --yes--> 429, wait
//!          | no                            | no: the try is counted and stored, then the PIN is looked at
//!          v                               +-- right --> in, tries forgotten
//!     428, PIN needed                      +-- wrong --> 401; the fifth locks for lock_out_s, then twice as long ...
//! ```
//!
//! Invariants: a try is counted *before* its PIN is looked at, so cutting the power saves none; a badge alone gets in
//! only by taking over from somebody who is signed in, and only an officer who gave this very PIN here within
//! `shift_max_s`; a session ends `idle_s` after its last use, and after that everybody is asked for the PIN; whoever
//! leaves the roster, or gets a new PIN, is out at once. Bounds: [`SESSIONS_MAX`], [`SEEN_MAX`].

use crate::config::SignInRules;
use crate::journal::Ended;
use crate::store::tries::Tries;
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use vedette_common::crypto;
use vedette_common::roster::{Badge, Officer, PinHash, Role, Roster};
use vedette_shim::ids::{Hex, from_hex};
use zeroize::Zeroizing;

/// Sessions open at once on one device.
pub const SESSIONS_MAX: usize = 8;
/// Officers remembered to have given their PIN on this device.
const SEEN_MAX: usize = 100;
/// Longest lock-out, seconds: it slows whoever guesses to some 500 PINs a day, and a colleague's joke costs a quarter of an
/// hour. (NIST SP 800-63B, 5.2.2, asks for throttling.)
const LOCK_OUT_S_MAX: u64 = 15 * 60;

impl Tries {
    /// How long the badge stays locked, seconds.
    pub fn locked_for(&self, now: u64) -> Option<u64> {
        self.locked_until.checked_sub(now).filter(|left| *left > 0)
    }

    /// With one more try that is about to be made; the last one allowed locks the badge until it proves right.
    pub fn counted(self, rules: &SignInRules, now: u64) -> Tries {
        let failures = self.failures + 1;
        if failures < rules.failures_max {
            return Tries { failures, ..self };
        }
        let longer = 1u64.checked_shl(self.lock_outs).unwrap_or(u64::MAX);
        let length = rules.lock_out_s.saturating_mul(longer).min(LOCK_OUT_S_MAX.max(rules.lock_out_s));
        Tries { failures: 0, lock_outs: self.lock_outs.saturating_add(1), locked_until: now + length }
    }
}

/// A session's secret: two halves of 32 random bytes, in memory and in the officer's browser only. One is in a cookie, which no
/// script can read, but which goes to every port of this machine (RFC 6265, 8.5). The other is the page's own, which no other
/// port's page gets. Whoever has both is the officer.
#[derive(Clone)]
pub struct Token {
    cookie: Zeroizing<[u8; 32]>,
    page: Zeroizing<[u8; 32]>,
}

impl PartialEq for Token {
    fn eq(&self, other: &Token) -> bool {
        (self.cookie.ct_eq(&*other.cookie) & self.page.ct_eq(&*other.page)).into()
    }
}

impl Eq for Token {}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(secret)")
    }
}

impl Token {
    /// A new one.
    pub fn random() -> Token {
        Token { cookie: crypto::random_secret(), page: crypto::random_secret() }
    }

    /// From the cookie and from the page: 64 hexadecimal digits each.
    pub fn from_halves(cookie: &str, page: &str) -> Option<Token> {
        Some(Token { cookie: Zeroizing::new(from_hex(cookie)?), page: Zeroizing::new(from_hex(page)?) })
    }

    /// For the cookie.
    pub fn for_cookie(&self) -> Zeroizing<String> {
        Zeroizing::new(Hex(&*self.cookie).to_string())
    }

    /// For the page.
    pub fn for_page(&self) -> Zeroizing<String> {
        Zeroizing::new(Hex(&*self.page).to_string())
    }
}

/// One officer at work.
struct Session {
    token: Token,
    badge: Badge,
    pin: PinHash,
    used_at: u64,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// The badge is not on the roster, or the PIN is not its own: which of them is not said.
    #[error("badge or PIN is wrong")]
    Wrong,
    /// This badge cannot take over without its PIN.
    #[error("the PIN is needed")]
    PinNeeded,
    /// Too many wrong PINs.
    #[error("too many wrong PINs: this badge is locked for {retry_after_s} s")]
    Locked {
        /// Seconds.
        retry_after_s: u64,
    },
    /// The roster's grace is over, and the officer is no administrator.
    #[error("the roster expired too long ago: only administrators may sign in until a new one comes")]
    RosterEnded,
}

/// Who is signed in, and who gave a PIN here lately.
pub struct SignIn {
    rules: SignInRules,
    sessions: Vec<Session>,
    /// When, and which PIN: one that was changed since counts for nothing.
    seen: BTreeMap<Badge, (u64, PinHash)>,
}

impl SignIn {
    /// Nobody yet.
    pub fn new(rules: SignInRules) -> SignIn {
        SignIn { rules, sessions: Vec::new(), seen: BTreeMap::new() }
    }

    pub fn rules(&self) -> &SignInRules {
        &self.rules
    }

    /// Whether an officer may come in: with a PIN, if it proves right; without, as a shift change from `current`.
    pub fn ask(
        &self,
        roster: &Roster,
        officer: &Officer,
        pin_given: bool,
        current: Option<&Token>,
        tries: Tries,
        now: u64,
    ) -> Result<(), SignInRefusal> {
        if let Some(retry_after_s) = tries.locked_for(now) {
            return Err(SignInRefusal::Locked { retry_after_s });
        }
        if !self.admits(roster, officer, now) {
            return Err(SignInRefusal::RosterEnded);
        }
        let from_somebody = current.is_some_and(|token| self.find(token).is_some());
        let gave_it_here = self.seen.get(&officer.badge).is_some_and(|(at, pin)| {
            officer.pin.as_ref() == Some(pin) && now < at.saturating_add(self.rules.shift_max_s)
        });
        if pin_given || (from_somebody && gave_it_here) { Ok(()) } else { Err(SignInRefusal::PinNeeded) }
    }

    /// Opens a session; `with_pin`: the PIN was given just now. Also says whose session `current` was, and whose other
    /// one was closed for it.
    pub fn enter(
        &mut self,
        officer: &Officer,
        pin: &PinHash,
        with_pin: bool,
        current: Option<&Token>,
        now: u64,
    ) -> (Token, Vec<Badge>) {
        let mut closed = Vec::new();
        self.sessions.retain(|session| {
            let goes = session.badge == officer.badge || current.is_some_and(|token| session.token == *token);
            if goes {
                closed.push(session.badge.clone());
            }
            !goes
        });
        if self.sessions.len() >= SESSIONS_MAX
            && let Some(oldest) = (0..self.sessions.len()).min_by_key(|at| self.sessions[*at].used_at)
        {
            closed.push(self.sessions.swap_remove(oldest).badge);
        }
        if with_pin {
            if self.seen.len() >= SEEN_MAX
                && let Some(oldest) = self.seen.iter().min_by_key(|(_, (at, _))| *at).map(|(b, _)| b.clone())
            {
                self.seen.remove(&oldest);
            }
            self.seen.insert(officer.badge.clone(), (now, pin.clone()));
        }
        let token = Token::random();
        let session =
            Session { token: token.clone(), badge: officer.badge.clone(), pin: pin.clone(), used_at: now };
        self.sessions.push(session);
        (token, closed)
    }

    /// Whose session this is, and when it was last used. `use_it`: it is used now.
    pub fn session(&mut self, token: &Token, use_it: bool, now: u64) -> Option<(Badge, u64)> {
        let session = self.sessions.iter_mut().find(|session| session.token == *token)?;
        if use_it {
            session.used_at = now;
        }
        Some((session.badge.clone(), session.used_at))
    }

    /// Who is at work: the officer whose session was used last. It is used now.
    pub fn at_work(&mut self, now: u64) -> Option<Badge> {
        let session = self.sessions.iter_mut().max_by_key(|session| session.used_at)?;
        session.used_at = now;
        Some(session.badge.clone())
    }

    /// Ends a session on purpose: the end of a shift, after which the PIN is asked again.
    pub fn leave(&mut self, token: &Token) -> Option<Badge> {
        let at = self.sessions.iter().position(|session| session.token == *token)?;
        let badge = self.sessions.swap_remove(at).badge;
        self.seen.remove(&badge);
        Some(badge)
    }

    /// Ends what may not go on: idle sessions, and those whose officer the roster no longer admits.
    pub fn sweep(&mut self, roster: Option<&Roster>, now: u64) -> Vec<(Badge, Ended)> {
        let mut ended = Vec::new();
        let mut keep = Vec::new();
        for session in std::mem::take(&mut self.sessions) {
            let officer = roster.and_then(|roster| Some((roster, roster.officer(&session.badge)?)));
            let admitted = officer.is_some_and(|(roster, (officer, pin))| {
                *pin == session.pin && self.admits(roster, officer, now)
            });
            if !admitted {
                ended.push((session.badge, Ended::Removed));
            } else if now >= session.used_at.saturating_add(self.rules.idle_s) {
                ended.push((session.badge, Ended::Idle));
            } else {
                keep.push(session);
            }
        }
        self.sessions = keep;
        for (badge, _) in &ended {
            self.seen.remove(badge);
        }
        ended
    }

    /// Forgets that this officer gave the PIN: after a lock-out.
    pub fn forget(&mut self, badge: &Badge) {
        self.seen.remove(badge);
    }

    fn find(&self, token: &Token) -> Option<&Session> {
        self.sessions.iter().find(|session| session.token == *token)
    }

    fn admits(&self, roster: &Roster, officer: &Officer, now: u64) -> bool {
        now < roster.expires.saturating_add(self.rules.roster_grace_s) || officer.role == Role::Administrator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vedette_common::roster::testing::{officer, roster};

    fn rules() -> SignInRules {
        SignInRules { failures_max: 3, lock_out_s: 10, idle_s: 50, shift_max_s: 100, roster_grace_s: 1_000 }
    }

    fn two() -> Roster {
        roster(1, vec![officer("anna", Role::Officer), officer("boris", Role::Administrator)])
    }

    fn badge(text: &str) -> Badge {
        text.parse().unwrap()
    }

    /// Signs in with the right PIN.
    fn enter(machine: &mut SignIn, roster: &Roster, who: &str, current: Option<&Token>, now: u64) -> Token {
        let (officer, pin) = roster.officer(&badge(who)).unwrap();
        machine.enter(officer, pin, true, current, now).0
    }

    fn alone(machine: &SignIn, roster: &Roster, who: &str, current: Option<&Token>, now: u64) -> bool {
        let officer = roster.officer(&badge(who)).unwrap().0;
        let asked = machine.ask(roster, officer, false, current, Tries::default(), now);
        assert!(matches!(asked, Ok(()) | Err(SignInRefusal::PinNeeded)));
        asked.is_ok()
    }

    #[test]
    fn a_shift_changes_by_badge_only_from_somebody_signed_in_to_somebody_who_gave_the_pin_here() {
        let (roster, mut machine) = (two(), SignIn::new(rules()));
        let anna = enter(&mut machine, &roster, "anna", None, 0);
        assert!(!alone(&machine, &roster, "boris", Some(&anna), 1), "never gave a PIN here");
        let boris = enter(&mut machine, &roster, "boris", Some(&anna), 1);
        assert!(machine.session(&anna, false, 1).is_none(), "taking over ends the session at once");
        assert!(alone(&machine, &roster, "anna", Some(&boris), 2));
        assert!(!alone(&machine, &roster, "anna", None, 2), "from nobody");
        assert!(!alone(&machine, &roster, "anna", Some(&Token::random()), 2), "from a session that is none");
        assert!(!alone(&machine, &roster, "anna", Some(&boris), 100), "the shift is over");
        let mut changed = two();
        changed.officers[0].pin.as_mut().unwrap().hash = [9; 32];
        assert!(!alone(&machine, &changed, "anna", Some(&boris), 2), "another PIN since");
        machine.leave(&boris);
        let anna = enter(&mut machine, &roster, "anna", None, 3);
        assert!(!alone(&machine, &roster, "boris", Some(&anna), 4), "he had signed out");
    }

    #[test]
    fn a_session_ends_when_idle_and_when_its_officer_leaves_the_roster() {
        let (roster, mut machine) = (two(), SignIn::new(rules()));
        let anna = enter(&mut machine, &roster, "anna", None, 0);
        assert_eq!(machine.session(&anna, true, 49), Some((badge("anna"), 49)));
        assert_eq!(machine.sweep(Some(&roster), 98), []);
        assert_eq!(machine.sweep(Some(&roster), 99), [(badge("anna"), Ended::Idle)]);
        assert!(machine.session(&anna, true, 99).is_none());
        enter(&mut machine, &roster, "anna", None, 100);
        let mut without = two();
        without.officers[0].pin = None;
        assert_eq!(machine.sweep(Some(&without), 101), [(badge("anna"), Ended::Removed)]);
        enter(&mut machine, &roster, "boris", None, 102);
        assert_eq!(machine.sweep(None, 102), [(badge("boris"), Ended::Removed)]);
    }

    #[test]
    fn past_the_rosters_grace_only_administrators_work() {
        let (roster, mut machine) = (two(), SignIn::new(rules()));
        let end = roster.expires + rules().roster_grace_s;
        let ask = |machine: &SignIn, who: &str, now| {
            let officer = roster.officer(&badge(who)).unwrap().0;
            machine.ask(&roster, officer, true, None, Tries::default(), now).err()
        };
        assert_eq!(ask(&machine, "anna", end - 1), None);
        assert_eq!(ask(&machine, "anna", end), Some(SignInRefusal::RosterEnded));
        assert_eq!(ask(&machine, "boris", end), None);
        enter(&mut machine, &roster, "anna", None, end - 1);
        assert_eq!(machine.sweep(Some(&roster), end), [(badge("anna"), Ended::Removed)]);
    }

    #[test]
    fn sessions_are_bounded_and_one_officer_has_one() {
        let officers: Vec<_> = (0..20).map(|n| officer(&format!("b{n}"), Role::Officer)).collect();
        let (roster, mut machine) = (roster(1, officers), SignIn::new(rules()));
        for n in 0..20 {
            enter(&mut machine, &roster, &format!("b{n}"), None, n);
        }
        assert_eq!(machine.sessions.len(), SESSIONS_MAX);
        let before = enter(&mut machine, &roster, "b19", None, 20);
        enter(&mut machine, &roster, "b19", None, 21);
        assert!(machine.session(&before, false, 21).is_none());
    }

    proptest! {
        /// However tries are spread over time: between two right PINs no more of them are looked at than the lock-outs allow.
        #[test]
        fn guessing_gets_slower_and_slower(waits in prop::collection::vec(0u64..40, 1..200)) {
            let (mut tries, mut now, mut looked_at) = (Tries::default(), 0, 0u32);
            for wait in waits {
                now += wait;
                if tries.locked_for(now).is_none() {
                    tries = tries.counted(&rules(), now);
                    looked_at += 1;
                }
            }
            // n lock-outs of 10, 20, 40 ... seconds, 900 at most, lie between n * 3 tries.
            let lock_outs = (looked_at - 1) / 3;
            let waited: u64 = (0..lock_outs).map(|n| (10u64 << n.min(20)).min(LOCK_OUT_S_MAX)).sum();
            prop_assert!(now >= waited, "{looked_at} tries in {now} s");
            prop_assert_eq!(tries.lock_outs, looked_at / 3);
        }
    }

    #[test]
    fn a_lock_out_refuses_the_right_pin_too_and_lasts_a_quarter_of_an_hour_at_most() {
        let (roster, machine) = (two(), SignIn::new(rules()));
        let tries = (0..3).fold(Tries::default(), |tries, _| tries.counted(&rules(), 5));
        let ask = |now| machine.ask(&roster, &roster.officers[0], true, None, tries, now);
        assert_eq!(ask(6), Err(SignInRefusal::Locked { retry_after_s: 9 }));
        assert_eq!(ask(15), Ok(()));
        let for_ever = Tries { failures: 2, lock_outs: 4_000_000_000, locked_until: 0 };
        assert_eq!(for_ever.counted(&rules(), 0).locked_until, LOCK_OUT_S_MAX);
    }
}
