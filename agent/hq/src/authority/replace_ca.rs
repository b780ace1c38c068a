//! `replace-ca`: another CA for the link, after the key of the one in use may have been copied.
//!
//! In two parts, because who has not heard of the new CA when the old one ends can connect no more. First both count:
//!
//! 1. `pki/next-ca.pem` and `next-ca.key` are the new one,
//! 2. `pki/authorities` names both; `serve` gives it to the devices,
//! 3. `pki/ca.pem` has both, and `pki/crl.pem` a list by each: for the broker.
//!
//! From then on the new CA makes devices' certificates, and each device that knows of it asks for one at once. Services keep theirs, for devices that
//! do not know it yet. Then, when every device has said in a signed status that it uses one (what it was given may be lost on the way):
//!
//! 4. `pki/authorities` and `pki/ca.pem` name the new CA alone,
//! 5. services get certificates by it, and both lists of what is revoked are its own,
//! 6. `pki/ca.key` becomes the new key; `next-ca.*` go.
//!
//! Invariant: `next-ca.key` is there from the first step to the last, so that, cut off anywhere, the same command again finishes. Once
//! step 4 is done, nothing but the end is left.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{self, CA, Ca, NEXT_CA};
use crate::authority::signing_time::signing_time;
use crate::authority::{heartbeat, root, services};
use crate::db::next_ca::{self, NotOver};
use crate::db::{devices, settings};
use std::path::PathBuf;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_shim::trust::{Authorities, SignedKind};

/// How far the replacement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// It was begun before.
    pub before: bool,
    /// The devices that need the old CA still, by name.
    pub waiting: Vec<NotOver>,
}

/// Begins to replace the CA, or goes on.
pub fn begin(home: &Home) -> Result<Begun, AuthorityError> {
    audit::around(home, Act::ReplaceCa.of("CA"), || name_both(home))
}

fn name_both(home: &Home) -> Result<Begun, AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    root::check_signers(home)?;
    if Ca::has_ended(home)? {
        return Err(AuthorityError::CaHasEnded);
    }
    // With a damaged one nothing is begun.
    Ca::open(home)?;
    let (next, before) = match Ca::next(home)? {
        Some(next) => (next, true),
        None => (Ca::make(home, NEXT_CA, now)?, false),
    };
    let both =
        pki::first(&pki::read_text(home, "ca.pem")?).to_string() + &pki::read_text(home, "next-ca.pem")?;
    name(home, &both, now)?;
    files::write(&home.pki("ca.pem"), both.as_bytes())?;
    services::write_crls(home, &Ca::all(home)?, &devices::revoked(db.read(), now)?, now)?;
    // `serve` looks again when the database changes.
    let change = db.change()?;
    heartbeat::renew(home, &change, now)?;
    change.commit()?;
    Ok(Begun { before, waiting: next_ca::not_over_to(db.read(), &next.id())? })
}

/// Ends the old CA. Unless `anyway`, every enrolled device must use a certificate by the new one.
pub fn finish(home: &Home, anyway: bool) -> Result<(), AuthorityError> {
    let act = Act::ReplaceCa.of("CA").with("finish", true).with("anyway", anyway);
    audit::around(home, act, || end_old(home, anyway))
}

fn end_old(home: &Home, anyway: bool) -> Result<(), AuthorityError> {
    let _lock = home.lock()?;
    let db = home.database()?;
    let now = signing_time(home, db.read())?;
    let Some(next) = Ca::next(home)? else { return Err(AuthorityError::NoNextCa) };
    let waiting = next_ca::not_over_to(db.read(), &next.id())?;
    if !waiting.is_empty() && !anyway {
        return Err(AuthorityError::OldCaNeeded(waiting));
    }
    root::check_signers(home)?;
    let pem = pki::read_text(home, "next-ca.pem")?;
    name(home, &pem, now)?;
    files::write(&home.pki("ca.pem"), pem.as_bytes())?;
    services::replace(home, &next, &settings::broker_hosts(db.read())?, now)?;
    services::write_crls(home, &[next], &devices::revoked(db.read(), now)?, now)?;
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
