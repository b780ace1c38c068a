//! `replace-ca`: another CA for the link, after the key of the one in use may have been copied.
//!
//! In two parts, because who has not heard of the new CA when the old one ends can connect no more. First both count:
//!
//! 1. `pki/next-ca.pem` and `next-ca.key` are the new one,
//! 2. `pki/authorities` names both; `serve` gives it to the devices,
//! 3. `pki/ca.pem` has both, and `pki/crl.pem` a list by each: for the broker.
//!
//! From then on the new CA makes devices' certificates, and each device that knows of it asks for one at once. Services keep theirs, for devices that
//! do not know it yet. Then, at the end:
//!
//! 4. `pki/authorities` and `pki/ca.pem` name the new CA alone,
//! 5. services get certificates by it, and both lists of what is revoked are its own,
//! 6. `pki/ca.key` becomes the new key; `next-ca.*` go.
//!
//! Invariant: `next-ca.key` is there from the first step to the last, so that, cut off anywhere, the same command again finishes.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{self, CA, Ca, NEXT_CA};
use crate::authority::signing_time::signing_time;
use crate::authority::{heartbeat, root, services};
use crate::db::{devices, settings};
use std::path::PathBuf;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_shim::trust::{Authorities, SignedKind};

/// Begins to replace the CA, or goes on; whether it was begun before.
pub fn begin(home: &Home) -> Result<bool, AuthorityError> {
    audit::around(home, Act::ReplaceCa.of("CA"), || name_both(home))
}

fn name_both(home: &Home) -> Result<bool, AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    root::check_signers(home)?;
    let begun = Ca::next(home)?.is_some();
    if !begun {
        Ca::make(home, NEXT_CA, now)?;
    }
    let both = first(&pki::read_text(home, "ca.pem")?).to_string() + &pki::read_text(home, "next-ca.pem")?;
    name(home, &both, now)?;
    files::write(&home.pki("ca.pem"), both.as_bytes())?;
    services::write_crls(home, &Ca::all(home)?, &devices::revoked(db.read(), now)?, now)?;
    // `serve` looks again when the database changes.
    let change = db.change()?;
    heartbeat::renew(home, &change, now)?;
    change.commit()?;
    Ok(begun)
}

/// Ends the old CA. Unless `anyway`, every enrolled device must have a certificate by the new one.
pub fn finish(home: &Home, anyway: bool) -> Result<(), AuthorityError> {
    let act = Act::ReplaceCa.of("CA").with("finish", true).with("anyway", anyway);
    audit::around(home, act, || end_old(home, anyway))
}

fn end_old(home: &Home, anyway: bool) -> Result<(), AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let Some(next) = Ca::next(home)? else { return Err(AuthorityError::NoNextCa) };
    let left = devices::of_old_ca(db.read())?;
    if !left.is_empty() && !anyway {
        return Err(AuthorityError::OldCertificates(left));
    }
    root::check_signers(home)?;
    let pem = pki::read_text(home, "next-ca.pem")?;
    name(home, &pem, now)?;
    files::write(&home.pki("ca.pem"), pem.as_bytes())?;
    services::replace(home, &next, &settings::broker_hosts(db.read())?, now)?;
    services::write_crls(home, &[next], &devices::revoked(db.read(), now)?, now)?;
    let change = db.change()?;
    devices::forget_next_ca(&change)?;
    change.commit()?;
    let file = |name: &str, ending: &str| home.pki(&format!("{name}.{ending}"));
    files::write(&file(CA, "key"), &pki::read_secret(home, "next-ca.key")?)?;
    files::remove(&file(NEXT_CA, "key"))?;
    Ok(files::remove(&file(NEXT_CA, "pem"))?)
}

/// What devices should know of CAs, as signed; `None` before the first replacement.
pub(crate) fn statement(home: &Home) -> Result<Option<Vec<u8>>, AuthorityError> {
    let path = path(home);
    path.is_file().then(|| Ok(files::read(&path, pki::FILE_BYTES_MAX)?)).transpose()
}

/// Signs the statement with the root's keys as they are now.
pub(crate) fn sign_again(home: &Home) -> Result<(), AuthorityError> {
    let Some(bytes) = statement(home)? else { return Ok(()) };
    sign(home, &read(&bytes)?)
}

/// Names these CAs, PEM, unless that was done.
fn name(home: &Home, certificates: &str, now: u64) -> Result<(), AuthorityError> {
    let last = statement(home)?;
    let last = last.as_deref().map(read).transpose()?;
    match last {
        Some(last) if last.certificates == certificates => Ok(()),
        _ => {
            let number = now.max(last.map_or(0, |last| last.number) + 1);
            sign(home, &Authorities { number, certificates })
        }
    }
}

fn sign(home: &Home, authorities: &Authorities<'_>) -> Result<(), AuthorityError> {
    let (newest, _) = root::newest(home)?;
    let bytes = root::sign_by_root(home, SignedKind::Authorities, authorities, |bytes| {
        Authorities::accept(bytes, &newest, &RingVerify).map(drop)
    })?;
    Ok(files::write(&path(home), &bytes)?)
}

fn read(bytes: &[u8]) -> Result<Authorities<'_>, AuthorityError> {
    Authorities::accepted(bytes).map_err(AuthorityError::trust("pki/authorities"))
}

fn path(home: &Home) -> PathBuf {
    home.pki("authorities")
}

/// The first certificate of a file.
fn first(pem: &str) -> &str {
    let next = pem.get(1..).and_then(|rest| rest.find("-----BEGIN"));
    next.map_or(pem, |at| &pem[..at + 1])
}
