//! `operator add`, `remove`, `list`: who may act, with which certificate.
//!
//! ```text
//! operator.pem   the certificate, by the CA of the link
//! operator.key   its private key, PKCS #8; not where the operator made the key (--csr)
//! ```
//! The certificate's subject is `operator NAME`, which no device can be called, with the unit `operator`; it may be used to sign
//! documents (RFC 9336) and for nothing else, so that no TLS server takes it for a client.
//!
//! Invariants: what counts is the row, not the certificate alone: an operator who was removed, or whose certificate was replaced,
//! acts no more, and the certificate is on the CRL. There is always an administrator once there was one. The folder appears
//! whole or not at all; cut off before that, the same command again makes another certificate.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::new_folder::NewFolder;
use crate::authority::pki::{self, Ca};
use crate::authority::signing_time::signing_time;
use crate::authority::{root, services};
use crate::db::operators::{self as db_operators, OperatorRow};
use crate::db::{Change, Session, devices, under_way};
use crate::operators::error::OperatorError;
use crate::operators::roles::Role;
use rcgen::{CertificateSigningRequestParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use serde::Serialize;
use std::path::PathBuf;
use vedette_common::files;
use vedette_shim::ids::Hex;
use vedette_shim::trust::digest;
use zeroize::Zeroizing;

/// The certificate's file in an operator's folder.
pub(super) const CERTIFICATE: &str = "operator.pem";
/// The private key's.
pub(super) const KEY: &str = "operator.key";
/// Longest life of an operator's certificate, days.
const CERTIFICATE_DAYS_MAX: u32 = 825;
/// Longest name of an operator, bytes.
const NAME_BYTES_MAX: usize = 32;
/// The largest request that is read, bytes.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;

/// An operator to be added, or changed.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// At least one.
    pub roles: Vec<Role>,
    /// The folder to make, with a new certificate; without, the certificate stays.
    pub out: Option<PathBuf>,
    /// A request for a certificate, PEM, of a key that the operator has.
    pub csr: Option<PathBuf>,
    /// Life of the certificate, days.
    pub certificate_days: u32,
    /// Why it is added without an administrator's word, with root keys in reach: the administrators' keys are lost.
    pub emergency: Option<String>,
}

/// An operator as `operator list` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperatorView {
    pub name: String,
    pub roles: Vec<Role>,
    pub added_at: u64,
    /// When the certificate ends.
    pub expires_at: u64,
    pub removed_at: Option<u64>,
}

/// A certificate and, if it was made here, its private key.
struct Made {
    serial: [u8; 16],
    pem: String,
    der: Vec<u8>,
    key_pem: Option<Zeroizing<String>>,
    public_key: Vec<u8>,
    expires_at: u64,
}

/// Adds an operator, or changes the roles or the certificate of one.
pub fn add(home: &Home, name: &str, new: &NewOperator) -> Result<OperatorView, OperatorError> {
    check(name, new)?;
    let _lock = home.lock()?;
    let folder = new.out.as_deref().map(|out| NewFolder::at(out, 0o700)).transpose()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    if new.emergency.is_some()
        && let Err(error) = root::check_signers(home)
    {
        let act = Act::OperatorAdd.of(name).with("emergency", true).with("why", error.to_string());
        audit::refuse(home, act)?;
        return Err(error.into());
    }
    let change = db.change()?;
    let was_administered = is_administered(&change)?;
    let before = db_operators::find(&change, name)?.filter(|row| row.removed_at.is_none());
    let roles = joined(&new.roles);
    let row = match (&folder, before) {
        (Some(folder), before) => {
            let made = certificate(home, name, new, now)?;
            files::write(&folder.path().join(CERTIFICATE), made.pem.as_bytes())?;
            if let Some(key) = &made.key_pem {
                files::write(&folder.path().join(KEY), key.as_bytes())?;
            }
            if let Some(before) = &before {
                revoke(home, &change, before, now)?;
            }
            let (serial, certificate) = (made.serial.to_vec(), digest(&made.der));
            let (public_key, expires_at) = (made.public_key, made.expires_at);
            let added_at = before.map_or(now, |before| before.added_at);
            let name = name.into();
            OperatorRow {
                name,
                roles,
                serial,
                certificate,
                public_key,
                added_at,
                expires_at,
                removed_at: None,
            }
        }
        (None, Some(before)) => OperatorRow { roles, ..before },
        (None, None) => return Err(OperatorError::NoCertificate(name.into())),
    };
    db_operators::set(&change, &row)?;
    match (was_administered, is_administered(&change)?) {
        (_, true) => {}
        (false, false) => return Err(OperatorError::FirstOperator),
        (true, false) => return Err(OperatorError::LastAdministrator(name.into())),
    }
    let names: Vec<&str> = new.roles.iter().map(|role| role.name()).collect();
    let act = Act::OperatorAdd.of(name).because(new.emergency.as_deref().unwrap_or_default());
    let act = act
        .with("emergency", new.emergency.is_some())
        .with("roles", names)
        .with("key", Hex(&row.public_key).to_string());
    audit::record(home, &change, act.with("certificate", Hex(&row.serial).to_string()))?;
    change.commit()?;
    if let Some(folder) = folder {
        folder.finish()?;
    }
    Ok(view(row))
}

/// Removes an operator: the certificate is revoked.
pub fn remove(home: &Home, name: &str) -> Result<(), OperatorError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let change = db.change()?;
    let row = db_operators::find(&change, name)?.filter(|row| row.removed_at.is_none());
    let mut row = row.ok_or_else(|| OperatorError::NoOperator(name.into()))?;
    row.removed_at = Some(now);
    db_operators::set(&change, &row)?;
    if !is_administered(&change)? {
        return Err(OperatorError::LastAdministrator(name.into()));
    }
    revoke(home, &change, &row, now)?;
    audit::record(home, &change, Act::OperatorRemove.of(name))?;
    Ok(change.commit()?)
}

/// Every operator, removed ones too.
pub fn operators(home: &Home) -> Result<Vec<OperatorView>, OperatorError> {
    Ok(db_operators::all(home.database()?.read())?.into_iter().map(view).collect())
}

/// Whether anybody must say who acts: there is an operator.
pub(super) fn are_there_any(db: &Session) -> Result<bool, OperatorError> {
    Ok(db_operators::all(db)?.iter().any(|row| row.removed_at.is_none()))
}

/// The roles of a row.
pub(crate) fn roles_of(row: &OperatorRow) -> Vec<Role> {
    row.roles.split(' ').filter_map(|role| role.parse().ok()).collect()
}

/// Whether there is an administrator.
fn is_administered(db: &Session) -> Result<bool, OperatorError> {
    let in_force = db_operators::all(db)?.into_iter().filter(|row| row.removed_at.is_none());
    Ok(in_force.map(|row| roles_of(&row)).any(|roles| roles.contains(&Role::Administrator)))
}

/// Puts an operator's certificate onto the CRL.
fn revoke(home: &Home, db: &Change<'_>, row: &OperatorRow, now: u64) -> Result<(), OperatorError> {
    under_way::abandon(db, &row.serial, row.expires_at, now)?;
    Ok(services::write_crls(home, &Ca::all(home)?, &devices::revoked(db, now)?, now)?)
}

/// Makes the certificate.
fn certificate(home: &Home, name: &str, new: &NewOperator, now: u64) -> Result<Made, OperatorError> {
    let ca = Ca::for_devices(home)?;
    let (serial, days) = (pki::serial(), new.certificate_days);
    let expires_at = pki::ends_after(now, days);
    let Some(path) = &new.csr else {
        let key = KeyPair::generate().map_err(pki::failed("the operator's key"))?;
        let certificate = ca.certify_operator(name, &key, days, now, &serial)?;
        let (pem, der) = (certificate.pem(), certificate.der().to_vec());
        let key_pem = Some(Zeroizing::new(key.serialize_pem()));
        return Ok(Made { serial, pem, der, key_pem, public_key: key.der_bytes().to_vec(), expires_at });
    };
    let bad = |why: String| OperatorError::BadRequest { path: path.display().to_string(), why };
    let text = String::from_utf8(files::read_foreign(path, REQUEST_BYTES_MAX)?);
    let text = text.map_err(|_| bad("it is not PEM".into()))?;
    // Only its key is taken; that it is the requester's, the request's signature says, which this verifies.
    let asked = CertificateSigningRequestParams::from_pem(&text).map_err(|error| bad(error.to_string()))?;
    let key = asked.public_key;
    if *key.algorithm() != PKCS_ECDSA_P256_SHA256 {
        return Err(bad("its key is not one for ECDSA P-256".into()));
    }
    let certificate = ca.certify_operator(name, &key, days, now, &serial)?;
    let (pem, der) = (certificate.pem(), certificate.der().to_vec());
    Ok(Made { serial, pem, der, key_pem: None, public_key: key.der_bytes().to_vec(), expires_at })
}

fn check(name: &str, new: &NewOperator) -> Result<(), OperatorError> {
    let bad = |what, value: &str, rule| Err(OperatorError::Value { what, value: value.into(), rule });
    let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if name.is_empty()
        || name.len() > NAME_BYTES_MAX
        || !name.chars().all(of_name)
        || name == audit::actor::SERVE
    {
        return bad("operator", name, "1 to 32 of a-z, 0-9, '-', '.' and '_'; not serve");
    }
    if new.emergency.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return bad("emergency", "", "why: the log keeps it");
    }
    if new.roles.is_empty() {
        return bad("roles", "", "at least one");
    }
    match new.certificate_days {
        1..=CERTIFICATE_DAYS_MAX => Ok(()),
        days => bad("certificate days", &days.to_string(), "from 1 to 825"),
    }
}

fn joined(roles: &[Role]) -> String {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" ")
}

fn view(row: OperatorRow) -> OperatorView {
    let roles = roles_of(&row);
    let OperatorRow { name, added_at, expires_at, removed_at, .. } = row;
    OperatorView { name, roles, added_at, expires_at, removed_at }
}
