//! `replace-key`: a new key for whoever a root names, after the old one was copied, or lost.
//!
//! Who has a key speaks for headquarters in its role until devices hear of a root that names another. Steps:
//!
//! 1. the new secret is written as `keys/<key>.next`,
//! 2. the next root names it instead of the old,
//! 3. the old file is kept as `keys/<key>.until-<root version>`, and `keys/<key>` becomes the new secret,
//! 4. what the old key signed and still counts is signed again; `keys/<key>.next` goes.
//!
//! [`Succession`] has what is the same for every key; this file replaces those of the roles that are online, and
//! `publishing::replace` a list's.
//!
//! Invariant: `<key>.next` is there from the first step to the last, so that, cut off anywhere, the same command again
//! finishes; `keys/<key>` is there throughout, because `serve` reads it meanwhile.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::{Key, OnlineRole};
use crate::authority::sign::signed_again;
use crate::authority::signing_time::signing_time;
use crate::authority::{heartbeat, root, roster};
use crate::db::{Session, outcomes, scanners, settings, statements};
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_shim::trust::{Enrolment, Order, OwnerAnswer, Root, ScannerEnrolment, SignedKind};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// The root that names the new key.
    pub root_version: u32,
    /// It was one that had been cut off before; for another new key, replace it again.
    pub finished: bool,
}

/// A key that roots name, and the one that takes its place.
pub(crate) struct Succession<'a> {
    pub(crate) key: Key<'a>,
    pub(crate) next: Key<'a>,
}

impl Succession<'_> {
    /// Whether it was cut off. If not, what would stop it halfway stops it here, before anything is made.
    pub(crate) fn was_begun(&self, home: &Home, db: &Session, now: u64) -> Result<bool, AuthorityError> {
        let begun = self.next.is_here(home);
        if !begun {
            root::check_signers(home)?;
            // A new key for heartbeats ends what the old one signed far ahead.
            if !matches!(self.key, Key::Heartbeat) {
                heartbeat::next_time(db, now)?;
            }
        }
        Ok(begun)
    }

    /// The first three steps. `name` puts a key into a root; returns the root that names the new one.
    pub(crate) fn take_place(
        &self,
        home: &Home,
        now: u64,
        name: impl Fn(&mut Root, &Key<'_>) -> Result<(), AuthorityError>,
    ) -> Result<Root, AuthorityError> {
        self.next.make(home)?;
        let (mut newest, _) = root::newest(home)?;
        let mut wanted = newest.clone();
        name(&mut wanted, &self.next)?;
        if newest != wanted {
            newest = root::issue_next(home, now, |root| name(root, &self.next))?;
        }
        if !self.key.is_here(home) || !self.key.is_same(home, &self.next)? {
            self.next.succeed(home, &self.key, newest.version)?;
        }
        Ok(newest)
    }

    /// What the old key signed is signed again.
    pub(crate) fn end(&self, home: &Home) -> Result<(), AuthorityError> {
        self.next.remove(home)
    }
}

/// Replaces a role's key, or finishes a replacement that was cut off. The root goes out with `serve`, a `publish --broker`
/// or a bundle; a `serve` that runs takes the new key by itself.
pub fn replace_key(home: &Home, role: OnlineRole) -> Result<Replaced, AuthorityError> {
    audit::around(home, Act::ReplaceKey.of(role.name()), || replace(home, role))
}

fn replace(home: &Home, role: OnlineRole) -> Result<Replaced, AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let succession = Succession { key: role.key(), next: Key::Next(role) };
    let finished = succession.was_begun(home, db.read(), now)?;
    let root = succession.take_place(home, now, |root, key| {
        *role.of(root) = root::role(1, &[key.signing(home)?.public()]);
        Ok(())
    })?;
    let change = db.change()?;
    sign_again(home, &change, role, now)?;
    change.commit()?;
    succession.end(home)?;
    Ok(Replaced { root_version: root.version, finished })
}

/// What the old key signed and devices will ask for again.
fn sign_again(home: &Home, db: &Session, role: OnlineRole, now: u64) -> Result<(), AuthorityError> {
    match role {
        // A time the old key's thief ran ahead to, or a wrong clock, binds no more: devices forget it with the key.
        OnlineRole::Heartbeat => {
            statements::forget_heartbeat(db)?;
            settings::forget_clock_confirmed(db)?;
        }
        OnlineRole::Roster => roster::sign_if_any(home, db, now)?,
        OnlineRole::Collector => sign_answers_again(home, db, now)?,
        OnlineRole::Orders => {
            sign_orders_again(home, db)?;
            sign_scanners_again(home, db)?;
        }
    }
    // It names the newest root.
    heartbeat::renew(home, db, now)
}

/// Answers that still count, with the collector's key as it is now.
fn sign_answers_again(home: &Home, db: &Session, now: u64) -> Result<(), AuthorityError> {
    let key = Key::Collector.signing(home)?;
    let (root, _) = root::newest(home)?;
    for answer in outcomes::answers_since(db, now.saturating_sub(OWNER_ANSWER_KEPT_S))? {
        let bytes = signed_again::<OwnerAnswer>(SignedKind::Answer, &answer.bytes, &key, |answer, bytes| {
            OwnerAnswer::accept(bytes, &answer.device, &root, &RingVerify).map(drop)
        })?;
        outcomes::resign_answer(db, &answer, &bytes)?;
    }
    Ok(())
}

/// Scanners' enrolments, with the orders' key as it is now.
fn sign_scanners_again(home: &Home, db: &Session) -> Result<(), AuthorityError> {
    let key = Key::Orders.signing(home)?;
    let (root, _) = root::newest(home)?;
    for scanner in scanners::all(db)? {
        let accept = |_: &ScannerEnrolment, bytes: &[u8]| {
            ScannerEnrolment::accept(bytes, &root, |_| 0, &RingVerify).map(drop)
        };
        let bytes = signed_again(SignedKind::Enrolment, &scanner.bytes, &key, accept)?;
        scanners::set(db, &scanner.enrolment, &bytes)?;
    }
    Ok(())
}

/// Orders that the broker retains, with the orders' key as it is now.
fn sign_orders_again(home: &Home, db: &Session) -> Result<(), AuthorityError> {
    let key = Key::Orders.signing(home)?;
    let (root, _) = root::newest(home)?;
    for (device, number, old) in statements::orders(db)? {
        let bytes = signed_again::<Order>(SignedKind::Order, &old, &key, |order, bytes| {
            let us = Enrolment { device: order.device.clone(), key: order.enrolment };
            Order::accept(bytes, &us, &root, number - 1, &RingVerify).map(drop)
        })?;
        statements::set_order(db, &device, number, &bytes)?;
    }
    Ok(())
}
