//! `replace-root-keys`: three new root keys, after some of the old were copied or lost.
//!
//! As long as a threshold of the old keys is in reach, devices follow: the next root names the new keys and is signed by the
//! thresholds of both. Who has fewer of the old keys than the threshold can do nothing, before or after; who has as many can
//! name other keys first, and then only a new enrolment helps. Steps:
//!
//! 1. the new secrets are written as `keys/root-<n>.next`,
//! 2. the next root names them,
//! 3. each old file is kept as `keys/root-<n>.until-<root version>` and `keys/root-<n>` becomes the new secret.
//!
//! Invariant: every `root-<n>.next` is there until all of step 3 is done, so that, cut off anywhere, the same command again
//! finishes.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::heartbeat;
use crate::authority::home::Home;
use crate::authority::keys::{Key, ROOT_KEYS};
use crate::authority::replace::Replaced;
use crate::authority::replace_ca;
use crate::authority::root;
use crate::authority::signing_time::signing_time;

/// Replaces all root keys, or finishes a replacement that was cut off. Two of the old ones must be in `keys/`.
pub fn replace_root_keys(home: &Home) -> Result<Replaced, AuthorityError> {
    audit::around(home, Act::ReplaceRootKeys.of("root"), || replace(home))
}

fn replace(home: &Home) -> Result<Replaced, AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let numbers = || 1..=ROOT_KEYS;
    let finished = numbers().any(|n| Key::NextRoot(n).is_here(home));
    if !finished {
        // What would stop it halfway stops it here, before anything is made.
        root::check_signers(home)?;
        heartbeat::next_time(db.read(), now)?;
    }
    for n in numbers() {
        Key::NextRoot(n).make(home)?;
    }
    let new = numbers().map(|n| Key::NextRoot(n).signing(home)).collect::<Result<Vec<_>, _>>()?;
    let (mut newest, _) = root::newest(home)?;
    if newest.root != root::root_role(&new) {
        newest = root::issue_with_root_keys(home, now, &new)?;
    }
    for (n, new) in numbers().zip(&new) {
        let key = Key::Root(n);
        if !key.is_here(home) || key.signing(home)?.public() != new.public() {
            Key::NextRoot(n).succeed(home, &key, newest.version)?;
        }
    }
    // It is the root's role that names the CAs.
    replace_ca::sign_again(home)?;
    let change = db.change()?;
    // It names the newest root.
    heartbeat::renew(home, &change, now)?;
    change.commit()?;
    for n in numbers() {
        Key::NextRoot(n).remove(home)?;
    }
    Ok(Replaced { root_version: newest.version, finished })
}
