//! The roots: reads the newest, issues the next.
//!
//! Invariants: a root, once issued, is never changed; root N+1 is signed by the thresholds of N and of N+1 (the same
//! three keys, two needed: the first two in reach sign; see `replace_root` for other keys).

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::{Key, ROOT_KEYS, ROOT_THRESHOLD};
use crate::authority::pins;
use crate::authority::sign::signed;
use serde::Serialize;
use vedette_common::crypto::{RingVerify, SigningKey};
use vedette_common::files;
use vedette_shim::trust::{METADATA_BYTES_MAX, PublicKey, Role, Root, SignedKind, TrustError};

/// How long a root counts. A list's first edition, `replace-key` and `renew` issue the next one.
const ROOT_DAYS: u64 = 730;

/// Every root's version and signed bytes, oldest first.
pub fn all(home: &Home) -> Result<Vec<(u32, Vec<u8>)>, AuthorityError> {
    home.root_versions("root")?.into_iter().map(|version| Ok((version, read(home, version)?))).collect()
}

/// The newest root and its signed bytes, verified.
pub fn newest(home: &Home) -> Result<(Root, Vec<u8>), AuthorityError> {
    let Some((version, bytes)) = all(home)?.pop() else {
        return Err(AuthorityError::Damaged("root/ holds no root".into()));
    };
    let root =
        Root::pinned(&bytes, &RingVerify).map_err(AuthorityError::trust(format!("root/{version}.root")))?;
    Ok((root, bytes))
}

/// When a root was issued, seconds since 1970.
pub(crate) fn issued_at(home: &Home, version: u32) -> Result<u64, AuthorityError> {
    let root = Root::pinned(&read(home, version)?, &RingVerify);
    Ok(root.map_err(AuthorityError::trust(format!("root/{version}.root")))?.issued)
}

/// Makes the keys of every role and issues root 1.
pub(crate) fn issue_first(home: &Home, now: u64) -> Result<(), AuthorityError> {
    let roles = [Key::Heartbeat, Key::Roster, Key::Collector, Key::Orders];
    for key in (1..=ROOT_KEYS).map(Key::Root).chain(roles) {
        key.make(home)?;
    }
    let root_keys = (1..=ROOT_KEYS).map(|n| Key::Root(n).signing(home)).collect::<Result<Vec<_>, _>>()?;
    let single = |key: Key| Ok::<_, AuthorityError>(role(1, &[key.signing(home)?.public()]));
    let root = Root {
        version: 1,
        issued: now,
        expires: now + ROOT_DAYS * 86_400,
        root: root_role(&root_keys),
        heartbeat: single(Key::Heartbeat)?,
        roster: single(Key::Roster)?,
        collector: single(Key::Collector)?,
        orders: single(Key::Orders)?,
        issuers: Default::default(),
    };
    write(home, &root, None)
}

/// The root's role of these keys.
pub(crate) fn root_role(keys: &[SigningKey]) -> Role {
    role(ROOT_THRESHOLD, &keys.iter().map(SigningKey::public).collect::<Vec<_>>())
}

/// Issues the root after the newest, with other root keys: signed by the thresholds of the old and of the new.
pub(crate) fn issue_with_root_keys(
    home: &Home,
    now: u64,
    new: &[SigningKey],
) -> Result<Root, AuthorityError> {
    let (last, _) = newest(home)?;
    let root = Root { root: root_role(new), ..successor(&last, now) };
    let old = signers(home, &last)?;
    let keys: Vec<_> = old.iter().chain(new.iter().take(ROOT_THRESHOLD.into())).collect();
    store(home, &root, Some(&last), &keys)?;
    Ok(root)
}

/// Issues the root after the newest, changed by `change`.
pub(crate) fn issue_next(
    home: &Home,
    now: u64,
    change: impl FnOnce(&mut Root) -> Result<(), AuthorityError>,
) -> Result<Root, AuthorityError> {
    let (last, _) = newest(home)?;
    let mut root = successor(&last, now);
    change(&mut root)?;
    write(home, &root, Some(&last))?;
    Ok(root)
}

/// The root after `last`, with the same roles.
fn successor(last: &Root, now: u64) -> Root {
    Root { version: last.version + 1, issued: now, expires: now + ROOT_DAYS * 86_400, ..last.clone() }
}

/// A role of these keys.
pub(crate) fn role(threshold: u8, keys: &[PublicKey]) -> Role {
    Role { threshold, keys: keys.iter().copied().collect() }
}

/// Whether the next root can be signed.
pub(crate) fn check_signers(home: &Home) -> Result<(), AuthorityError> {
    signers(home, &newest(home)?.0).map(|_| ())
}

fn signers(home: &Home, root: &Root) -> Result<Vec<SigningKey>, AuthorityError> {
    let in_reach = (1..=ROOT_KEYS).map(Key::Root).filter(|key| key.is_here(home));
    let mut keys = in_reach.map(|key| key.signing(home)).collect::<Result<Vec<SigningKey>, _>>()?;
    if keys.len() < root.root.threshold.into() {
        return Err(AuthorityError::RootKeys { found: keys.len(), needed: root.root.threshold });
    }
    // One signature more than is needed, and devices refuse it.
    keys.truncate(root.root.threshold.into());
    Ok(keys)
}

/// Signs what is not a root with the root's keys.
pub(crate) fn sign_by_root(
    home: &Home,
    kind: SignedKind,
    body: &impl Serialize,
    accept: impl FnOnce(&[u8]) -> Result<(), TrustError>,
) -> Result<Vec<u8>, AuthorityError> {
    let keys = signers(home, &newest(home)?.0)?;
    signed(kind, body, &keys.iter().collect::<Vec<_>>(), accept)
}

/// Signs and stores a root: one that a new device takes as its anchor, and others as the successor of `last`.
fn write(home: &Home, root: &Root, last: Option<&Root>) -> Result<(), AuthorityError> {
    let keys = signers(home, root)?;
    store(home, root, last, &keys.iter().collect::<Vec<_>>())
}

fn store(home: &Home, root: &Root, last: Option<&Root>, keys: &[&SigningKey]) -> Result<(), AuthorityError> {
    let bytes = signed(SignedKind::Root, root, keys, |bytes| {
        Root::pinned(bytes, &RingVerify)?.check_current(root.issued)?;
        last.map_or(Ok(()), |last| last.next(bytes, &RingVerify).map(drop))
    })?;
    if let Some(last) = last {
        pins::sign(home, root, last, keys)?;
    }
    Ok(files::write(&file(home, root.version), &bytes)?)
}

/// Stores a root that an agency was given, and has verified.
pub(crate) fn keep(home: &Home, root: &Root, bytes: &[u8]) -> Result<(), AuthorityError> {
    Ok(files::write(&file(home, root.version), bytes)?)
}

fn file(home: &Home, version: u32) -> std::path::PathBuf {
    home.roots().join(format!("{version}.root"))
}

fn read(home: &Home, version: u32) -> Result<Vec<u8>, AuthorityError> {
    Ok(files::read(&file(home, version), METADATA_BYTES_MAX as u64)?)
}
