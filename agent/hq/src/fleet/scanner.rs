//! `scanner enrol`, `revoke`, `list`: which scanners hang at which device, with which lists.
//!
//! ```text
//! scanner.json   the scanner's name, its lists and all public keys that it believes: what its factory pins
//! scanner.key    its private key, 64 hexadecimal digits, where it was made here; goes into the scanner, and nowhere else
//! ```
//! An enrolment is signed with the key of orders: like an order it tells one device what to do with keys that the device has,
//! and needs no issuer's key. It goes to every device that the scanner ever hung at, so that each learns that it left.
//!
//! Invariants: headquarters keeps public keys only; a number is above all that the scanner ever had; the folder appears whole
//! or not at all, and after the enrolment is stored.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::new_folder::NewFolder;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::db::scanners::{self, ScannerRow};
use crate::db::{Session, devices, editions, lists};
use crate::fleet::devices::enrolled_serial;
use crate::fleet::error::FleetError;
use serde::Serialize;
use std::path::PathBuf;
use vedette_common::crypto::{BoxKey, RingVerify, random_secret, secret_line};
use vedette_common::files;
use vedette_shim::ids::{DeviceId, Hex, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{EnrolledPair, Role, Root, SCANNER_LISTS_MAX, ScannerEnrolment, SignedKind};
use zeroize::Zeroizing;

/// How long an enrolment counts, seconds.
const ENROLMENT_LIFE_S: u64 = 180 * 86_400;
/// One that ends within so many seconds is signed again with the next grants.
const ENROLMENT_RENEWED_S: u64 = 90 * 86_400;

/// How to enrol a scanner.
#[derive(Debug, Clone, Default)]
pub struct ScannerOptions {
    /// The public key that it made; else the one it had, or a new pair into `out`.
    pub key: Option<[u8; 32]>,
    /// The lists it may hold; else those it had, or every list of documents.
    pub lists: Vec<ListName>,
    /// The folder to make for its factory.
    pub out: Option<PathBuf>,
}

/// A scanner as `scanner list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScannerView {
    pub scanner: DeviceId,
    pub device: DeviceId,
    pub lists: Vec<ListName>,
    /// Its public key, in hexadecimal.
    pub key: String,
    /// Seconds since 1970.
    pub expires_at: u64,
    pub revoked: bool,
}

/// Enrols a scanner at a device, or changes its enrolment: its device, its lists, its key.
pub fn enrol(
    home: &Home,
    scanner: &DeviceId,
    device: &DeviceId,
    options: &ScannerOptions,
) -> Result<ScannerView, FleetError> {
    let _lock = home.lock()?;
    let folder = options.out.as_deref().map(|out| NewFolder::at(out, 0o700)).transpose()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    enrolled_serial(db.read(), device)?;
    let change = db.change()?;
    let host_key =
        devices::box_in_force(&change, device)?.ok_or_else(|| FleetError::NoDevice(device.clone()))?;
    let before = scanners::get(&change, scanner)?;
    let (scanner_key, made) = key_for(scanner, before.as_ref(), options)?;
    let lists = lists_for(&change, before.as_ref(), options)?;
    let pair = EnrolledPair { scanner_key, host_key, number: 0, revoked: false };
    let new = ScannerEnrolment {
        pair,
        expires: 0,
        scanner: scanner.clone(),
        device: device.clone(),
        lists: lists.into_iter().collect(),
    };
    let signed = sign(home, &change, new, now)?;
    if let Some(folder) = &folder {
        let (root, _) = root::newest(home)?;
        files::write(&folder.path().join("scanner.json"), &described(&root, &signed)?)?;
        if let Some(private) = made {
            files::write(&folder.path().join("scanner.key"), &secret_line(&private))?;
        }
    }
    let lists: Vec<String> = signed.lists.iter().map(ListName::to_string).collect();
    let act = Act::ScannerEnrol.of(scanner).with("device", device.as_str()).with("lists", lists);
    audit::record(home, &change, act.with("key", Hex(&signed.pair.scanner_key).to_string()))?;
    change.commit()?;
    if let Some(folder) = folder {
        folder.finish()?;
    }
    Ok(view(&signed))
}

/// Revokes a scanner: its device gives it nothing more, and tells it to erase what it holds.
pub fn revoke(home: &Home, scanner: &DeviceId) -> Result<ScannerView, FleetError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let change = db.change()?;
    let row = scanners::get(&change, scanner)?.ok_or_else(|| FleetError::NoScanner(scanner.clone()))?;
    let mut enrolment = row.enrolment;
    enrolment.pair.revoked = true;
    let signed = sign(home, &change, enrolment, now)?;
    audit::record(home, &change, Act::ScannerRevoke.of(scanner).with("device", signed.device.as_str()))?;
    change.commit()?;
    Ok(view(&signed))
}

/// Every scanner, revoked ones too.
pub fn scanners(home: &Home) -> Result<Vec<ScannerView>, FleetError> {
    let db = home.database()?;
    Ok(scanners::all(db.read())?.iter().map(|row| view(&row.enrolment)).collect())
}

/// Signs again what ends soon.
pub(crate) fn refresh(home: &Home, db: &Session, now: u64) -> Result<(), FleetError> {
    let until = now + ENROLMENT_RENEWED_S;
    for row in scanners::all(db)? {
        if row.enrolment.expires <= until && !row.enrolment.pair.revoked {
            sign(home, db, row.enrolment, now)?;
        }
    }
    Ok(())
}

/// Signs an enrolment under the next number, from now on, and stores it.
fn sign(
    home: &Home,
    db: &Session,
    mut enrolment: ScannerEnrolment,
    now: u64,
) -> Result<ScannerEnrolment, FleetError> {
    let last = scanners::get(db, &enrolment.scanner)?.map_or(0, |row| row.enrolment.pair.number);
    enrolment.pair.number = now.max(last + 1);
    enrolment.expires = now + ENROLMENT_LIFE_S;
    let (root, _) = root::newest(home)?;
    let bytes = signed(SignedKind::Enrolment, &enrolment, &[&Key::Orders.signing(home)?], |bytes| {
        ScannerEnrolment::accept(bytes, &root, |_| 0, &RingVerify).map(drop)
    })?;
    scanners::set(db, &enrolment, &bytes)?;
    Ok(enrolment)
}

/// A scanner's public key, and the private one if the pair is made now.
type PublicAndMade = ([u8; 32], Option<Zeroizing<[u8; 32]>>);

fn key_for(
    scanner: &DeviceId,
    before: Option<&ScannerRow>,
    options: &ScannerOptions,
) -> Result<PublicAndMade, FleetError> {
    // A revoked scanner's key may be in other hands.
    let before = before.filter(|row| !row.enrolment.pair.revoked);
    match (options.key, before, &options.out) {
        (Some(key), ..) => Ok((key, None)),
        (None, Some(row), _) => Ok((row.enrolment.pair.scanner_key, None)),
        (None, None, Some(_)) => {
            let private = random_secret();
            Ok((BoxKey::from_private(private.clone()).public(), Some(private)))
        }
        (None, None, None) => Err(FleetError::NoScannerKey(scanner.clone())),
    }
}

fn lists_for(
    db: &Session,
    before: Option<&ScannerRow>,
    options: &ScannerOptions,
) -> Result<Vec<ListName>, FleetError> {
    let mut documents = Vec::new();
    for list in lists::all(db)?.into_iter().filter(|list| list.kind == Kind::Documents) {
        // No root names a list without an edition, so no scanner would take it.
        if editions::newest(db, &list.name)?.is_some() {
            documents.push(list.name);
        }
    }
    let bad = |value: String, rule| Err(FleetError::Value { what: "list", value, rule });
    if let Some(list) = options.lists.iter().find(|list| !documents.contains(list)) {
        return bad(list.to_string(), "no published list of documents here has this name");
    }
    let mut wanted = match (options.lists.is_empty(), before) {
        (false, _) => options.lists.clone(),
        (true, Some(row)) => row.enrolment.lists.to_vec(),
        (true, None) => documents,
    };
    wanted.sort_unstable();
    wanted.dedup();
    match wanted.len() {
        0..=SCANNER_LISTS_MAX => Ok(wanted),
        many => bad(many.to_string(), "a scanner holds at most 8: name them with --list"),
    }
}

/// What a scanner's factory pins, as JSON.
fn described(root: &Root, enrolment: &ScannerEnrolment) -> Result<Vec<u8>, FleetError> {
    let role = |role: &Role| {
        let keys: Vec<String> = role.keys.iter().map(|key| Hex(key).to_string()).collect();
        serde_json::json!({ "threshold": role.threshold, "keys": keys })
    };
    let mut lists = serde_json::Map::new();
    for list in &enrolment.lists {
        let issuer =
            root.issuer(list).map_err(crate::authority::AuthorityError::trust("the list's issuer"))?;
        lists.insert(list.to_string(), role(&issuer.role));
    }
    let json = serde_json::json!({
        "scanner": enrolment.scanner, "key": Hex(&enrolment.pair.scanner_key).to_string(), "device": enrolment.device,
        "root_version": root.version, "root": role(&root.root), "heartbeat": role(&root.heartbeat), "orders": role(&root.orders), "lists": lists,
    });
    Ok(format!("{json:#}\n").into_bytes())
}

fn view(enrolment: &ScannerEnrolment) -> ScannerView {
    ScannerView {
        scanner: enrolment.scanner.clone(),
        device: enrolment.device.clone(),
        lists: enrolment.lists.to_vec(),
        key: Hex(&enrolment.pair.scanner_key).to_string(),
        expires_at: enrolment.expires,
        revoked: enrolment.pair.revoked,
    }
}

#[cfg(test)]
mod tests;
