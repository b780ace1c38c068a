//! Pins: what brings the roles that scanners were made with up to date (FORMAT.md, "Pin").
//!
//! ```text
//! root/<version>.pins   postcard: the envelopes of what that root changed, the root's own role first
//! ```
//! Made with a root, by the keys that sign it, before it is stored: a root without its pins is never there. When the root's
//! own keys are replaced every role is pinned again, because scanners believe only the new keys from then on.
//!
//! A file without its root was left by a command that was cut off: it is made again with that root, and until then it is not read.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::sign::signed;
use crate::db::scanners::ScannerRow;
use std::path::PathBuf;
use vedette_common::crypto::{RingVerify, SigningKey};
use vedette_common::files;
use vedette_common::scanner_papers::{PINS_MAX, ScannerPapers};
use vedette_shim::trust::{METADATA_BYTES_MAX, Pin, PinnedRole, Role, Root, SignedKind};

/// A pin, and as it was signed.
type Signed = (Pin, Vec<u8>);

/// Signs and stores what scanners must know of a root that follows `last`; `keys` sign the root.
pub(super) fn sign(
    home: &Home,
    root: &Root,
    last: &Root,
    keys: &[&SigningKey],
) -> Result<(), AuthorityError> {
    let other_root = root.root != last.root;
    let mut pins = Vec::new();
    if other_root {
        pins.push(one(root, PinnedRole::Root, &root.root, keys, &last.root)?);
    }
    let of_root = |key: &&&SigningKey| root.root.keys.contains(&key.public());
    let own: Vec<_> = keys.iter().filter(of_root).copied().take(root.root.threshold.into()).collect();
    let online = [
        (PinnedRole::Heartbeat, &root.heartbeat, Some(&last.heartbeat)),
        (PinnedRole::Orders, &root.orders, Some(&last.orders)),
    ];
    // A list that the root before did not name is in no scanner that was made before.
    let issuers = root.issuers.iter().map(|issuer| {
        let before = last.issuer(&issuer.list).ok().map(|issuer| &issuer.role);
        (PinnedRole::Issuer(issuer.list.clone()), &issuer.role, before)
    });
    for (of, role, before) in online.into_iter().chain(issuers) {
        if before.is_some_and(|before| other_root || before != role) {
            pins.push(one(root, of, role, &own, &root.root)?);
        }
    }
    let file = file(home, root.version);
    if pins.is_empty() {
        // Of another root of this version, which was never stored.
        return if file.exists() { Ok(files::remove(&file)?) } else { Ok(()) };
    }
    let bytes = postcard::to_allocvec(&pins).expect("bytes are encodable");
    Ok(files::write(&file, &bytes)?)
}

fn one(
    root: &Root,
    of: PinnedRole,
    role: &Role,
    keys: &[&SigningKey],
    believed: &Role,
) -> Result<Vec<u8>, AuthorityError> {
    let pin = Pin { version: root.version, of, role: role.clone() };
    signed(SignedKind::Pin, &pin, keys, |bytes| Pin::accept(bytes, believed, &RingVerify).map(drop))
}

fn file(home: &Home, version: u32) -> PathBuf {
    home.roots().join(format!("{version}.pins"))
}

/// Every pin that was ever signed, the oldest first.
pub(crate) fn all(home: &Home) -> Result<Vec<Signed>, AuthorityError> {
    let mut pins = Vec::new();
    let stored = home.root_versions("root")?;
    for version in home.root_versions("pins")?.into_iter().filter(|version| stored.contains(version)) {
        let path = file(home, version);
        let damaged = || AuthorityError::Damaged(format!("{} is no list of pins", path.display()));
        let bytes = files::read(&path, 16 * METADATA_BYTES_MAX as u64)?;
        let envelopes: Vec<Vec<u8>> = postcard::from_bytes(&bytes).map_err(|_| damaged())?;
        for envelope in envelopes {
            pins.push((Pin::read(&envelope).map_err(|_| damaged())?, envelope));
        }
    }
    Ok(pins)
}

/// What a device is told of a scanner. Of the root's role the scanner needs every pin, of others the newest.
pub(crate) fn papers(pins: &[Signed], scanner: &ScannerRow) -> Vec<u8> {
    let is_needed = |(n, (pin, _)): &(usize, &Signed)| match &pin.of {
        PinnedRole::Root => true,
        PinnedRole::Issuer(list) if !scanner.enrolment.lists.contains(list) => false,
        of => pins[n + 1..].iter().all(|(later, _)| later.of != *of),
    };
    let needed: Vec<&[u8]> =
        pins.iter().enumerate().filter(is_needed).map(|(_, (_, bytes))| bytes.as_slice()).collect();
    let left_out = needed.len().saturating_sub(PINS_MAX);
    ScannerPapers { enrolment: &scanner.bytes, pins: needed[left_out..].to_vec() }.encode()
}
