//! `replace-key issuer LIST` and `replace-key owner LIST`: a new key for who signs a list, and for whom its encounters are
//! sealed to. The steps are those of [`Succession`], the fourth differs:
//!
//! **issuer**: the newest edition is signed again as the next one, and every grant of the list. Devices that follow the root
//! forget the list's floors and all that the old key signed, so an edition 2^64-1 of a thief's keeps nothing away.
//!
//! **owner**: nothing was signed with it. Encounters that are on their way were sealed to the old key, which therefore stays
//! at headquarters as `keys/owner-<list>.until-<root>`, to open them, until [`erase_old_owner_keys`].
//!
//! Invariant and failure: as in `authority::replace`. A list without an edition is refused: no root names its keys.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::replace::{Replaced, Succession};
use crate::authority::signing_time::signing_time;
use crate::authority::{AuthorityError, heartbeat, root};
use crate::db::{Session, editions, messages, statuses};
use crate::publishing::error::PublishingError;
use crate::publishing::{issue, list};
use vedette_common::files;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{Issuer, Root};

/// So long an owner's old key is kept at least, days: a device sends again for a week what it has a receipt for, and its
/// encounters may come home on a stick.
pub const OLD_OWNER_KEY_DAYS: u64 = 30;

/// Replaces the key of a list's issuer, or finishes a replacement that was cut off.
pub fn replace_issuer(home: &Home, name: &ListName) -> Result<Replaced, PublishingError> {
    let succession = Succession { key: Key::Issuer(name), next: Key::NextIssuer(name) };
    let act = Act::ReplaceKey.of(name).with("role", "issuer");
    let named = |issuer: &mut Issuer, key: &Key<'_>| {
        issuer.role = root::role(1, &[key.signing(home)?.public()]);
        Ok(())
    };
    let sign_again = |db: &Session, now| issue::sign_again(home, db, &list::get(db, name)?, now);
    audit::around(home, act, || replace(home, name, &succession, named, sign_again))
}

/// Replaces the key of a list's owner, or finishes a replacement that was cut off.
pub fn replace_owner(home: &Home, name: &ListName) -> Result<Replaced, PublishingError> {
    let succession = Succession { key: Key::Owner(name), next: Key::NextOwner(name) };
    let act = Act::ReplaceKey.of(name).with("role", "owner");
    let named = |issuer: &mut Issuer, key: &Key<'_>| {
        issuer.owner_key = key.opening(home)?.public();
        Ok(())
    };
    // The heartbeat names the newest root.
    let sign_again = |db: &Session, now| Ok(heartbeat::renew(home, db, now)?);
    audit::around(home, act, || replace(home, name, &succession, named, sign_again))
}

fn replace(
    home: &Home,
    name: &ListName,
    succession: &Succession<'_>,
    named: impl Fn(&mut Issuer, &Key<'_>) -> Result<(), AuthorityError>,
    sign_again: impl FnOnce(&Session, u64) -> Result<(), PublishingError>,
) -> Result<Replaced, PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    list::get(db.read(), name)?;
    if editions::newest(db.read(), name)?.is_none() {
        return Err(PublishingError::NotPublished(name.clone()));
    }
    let now = signing_time(home, db.read())?;
    let finished = succession.was_begun(home, db.read(), now)?;
    let in_root = |root: &mut Root, key: &Key<'_>| {
        let mut issuers = root.issuers.iter_mut();
        let issuer = issuers.find(|issuer| issuer.list == *name);
        named(issuer.ok_or_else(|| AuthorityError::Damaged(format!("no root names {name}")))?, key)
    };
    let root = succession.take_place(home, now, in_root)?;
    let change = db.change()?;
    sign_again(&change, now)?;
    change.commit()?;
    succession.end(home)?;
    Ok(Replaced { root_version: root.version, finished })
}

/// Erases the keys that a list's owner had before; how many. What is sealed to them can never be read again. So unless
/// `anyway`, they stay for [`OLD_OWNER_KEY_DAYS`], and until every enrolled device has followed the root and has nothing
/// waiting, and nothing stored here is sealed still.
pub fn erase_old_owner_keys(home: &Home, name: &ListName, anyway: bool) -> Result<usize, PublishingError> {
    let act = Act::EraseOldKeys.of(name).with("anyway", anyway);
    audit::around(home, act, || erase(home, name, anyway))
}

fn erase(home: &Home, name: &ListName, anyway: bool) -> Result<usize, PublishingError> {
    let _lock = home.lock()?;
    let db = home.database()?;
    list::get(db.read(), name)?;
    let old = Key::Owner(name).replaced(home)?;
    let Some((newest, _)) = old.last() else { return Ok(0) };
    if !anyway {
        let since = root::issued_at(home, *newest)?;
        let until = since + OLD_OWNER_KEY_DAYS * 86_400;
        if home.now() < until {
            return Err(PublishingError::OldKeyNeeded { list: name.clone(), until });
        }
        let away = statuses::not_home_under(db.read(), *newest)?;
        if !away.is_empty() {
            return Err(PublishingError::DevicesAway { list: name.clone(), devices: away });
        }
        let sealed = messages::sealed(db.read(), name)?;
        if sealed > 0 {
            return Err(PublishingError::StillSealed { list: name.clone(), messages: sealed });
        }
    }
    for (_, path) in &old {
        files::remove(path)?;
    }
    Ok(old.len())
}
