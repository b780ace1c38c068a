//! `list create` and `lists`.
//!
//! Invariant: a list without an edition is here only. No root, heartbeat or grant names it, so no device knows of it and
//! none answers NotChecked for want of it; [`name_in_root`] is called with its first edition.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::AuthorityError;
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::signing_time::signing_time;
use crate::db::lists::{self, ListRow};
use crate::db::{Session, agencies, devices, editions};
use crate::publishing::error::PublishingError;
use serde::Serialize;
use vedette_common::text::{cut, json_word};
use vedette_names::handling::EUROPOL;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{HANDLING_BYTES_MAX, Issuer, LISTS_MAX};

/// Longest owner's name, bytes.
const OWNER_BYTES_MAX: usize = 64;
/// Of Europol's scale.
const HANDLING_CODES: [&str; 4] = ["H0", "H1", "H2", "H3"];

/// What a new list should be.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Documents or persons.
    pub kind: Kind,
    /// How long after its last confirmation an edition may be used, seconds.
    pub lease_s: u32,
    /// The owner as the officer sees it, at most 64 bytes; else the list's name up to the `/`.
    pub owner: Option<String>,
    /// Persons: score from 0 to 1 from which a match is Possible.
    pub possible_from: f32,
    /// Persons: score from 0 to 1 from which a match is a Hit.
    pub hit_from: f32,
    /// The handling code (H0 to H3 of Europol's scale) of alerts that have none of their own.
    pub handling: Option<String>,
    /// Within how many seconds the owner must confirm an alert met; 0 if it needs no confirmation.
    pub confirm_s: u32,
}

impl CreateOptions {
    /// Of a kind, with a lease of 48 hours (the most that Reg. (EU) 2018/1862 Art. 56(3) gives an offline copy).
    pub fn of(kind: Kind) -> Self {
        CreateOptions {
            kind,
            lease_s: 48 * 3600,
            owner: None,
            possible_from: 0.77,
            hit_from: 0.95,
            handling: None,
            confirm_s: 0,
        }
    }
}

/// Makes a list: its issuer, owner and first key. Devices hear of it with its first edition.
/// False when it was made before with the same options, and nothing is changed.
pub fn create(home: &Home, name: &ListName, options: &CreateOptions) -> Result<bool, PublishingError> {
    let _lock = home.lock()?;
    let list = checked(name, options)?;
    let agency = home.agency().map_err(AuthorityError::from)?;
    if agency.as_ref().is_some_and(|agency| name.as_str().split('/').next() != Some(agency)) {
        return Err(bad("list", name, "an agency's lists begin with its name and /"));
    }
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    if let Some(found) = lists::find(db.read(), name)? {
        // Its key changes with revocations.
        return match found == (ListRow { key_number: found.key_number, ..list }) {
            true => Ok(false),
            false => Err(PublishingError::ListExists(name.clone())),
        };
    }
    if lists::all(db.read())?.len() >= LISTS_MAX {
        return Err(AuthorityError::TooManyLists(LISTS_MAX).into());
    }
    for key in [Key::Issuer(name), Key::Owner(name), Key::List(name, list.key_number)] {
        key.make(home)?;
    }
    let change = db.change()?;
    lists::insert(&change, &list, now)?;
    audit::record(home, &change, Act::ListCreate.of(name).with("kind", json_word(&options.kind)))?;
    change.commit()?;
    Ok(true)
}

/// Names a list in the next root, unless the newest names it: with its first edition. An agency's is named by headquarters,
/// when it has been asked for.
pub(super) fn name_in_root(home: &Home, list: &ListRow, now: u64) -> Result<(), AuthorityError> {
    let issuer = issuer(home, list)?;
    // A run that was cut off between here and its end has issued the root already; it is not issued twice.
    if home.agency()?.is_some() || root::newest(home)?.0.issuer(&list.name) == Ok(&issuer) {
        return Ok(());
    }
    root::issue_next(home, now, |root| {
        root.issuers.retain(|other| other.list != list.name);
        root.issuers.push(issuer).map_err(|_| AuthorityError::TooManyLists(LISTS_MAX))
    })?;
    Ok(())
}

/// A list as a root should name it, with the keys that it has here.
pub(crate) fn issuer(home: &Home, list: &ListRow) -> Result<Issuer, AuthorityError> {
    Ok(Issuer {
        list: list.name.clone(),
        kind: list.kind,
        role: root::role(1, &[Key::Issuer(&list.name).signing(home)?.public()]),
        owner_key: Key::Owner(&list.name).opening(home)?.public(),
        owner: cut(&list.owner),
    })
}

/// The list that the options ask for, if they are within their bounds.
fn checked(name: &ListName, options: &CreateOptions) -> Result<ListRow, PublishingError> {
    let (possible_from, hit_from) = (thousandths(options.possible_from)?, thousandths(options.hit_from)?);
    if possible_from > hit_from {
        return Err(bad("score", options.possible_from, "a match must be Possible before it is a Hit"));
    }
    if options.lease_s == 0 {
        return Err(bad("lease", 0, "it must be at least a second"));
    }
    if let Some(code) = options.handling.as_ref().filter(|code| !HANDLING_CODES.contains(&code.as_str())) {
        return Err(bad("handling", code, "H0, H1, H2 or H3"));
    }
    let owner = options.owner.as_deref().unwrap_or(name.as_str().split('/').next().unwrap_or_default());
    if owner.len() > OWNER_BYTES_MAX {
        return Err(bad("owner", owner, "at most 64 bytes"));
    }
    Ok(ListRow {
        name: name.clone(),
        kind: options.kind,
        owner: owner.into(),
        lease_s: options.lease_s,
        possible_from,
        hit_from,
        confirm_s: options.confirm_s,
        key_number: 1,
        handling: options.handling.clone(),
    })
}

/// A list as `lists` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct ListView {
    pub list: String,
    /// Documents or persons.
    pub kind: Kind,
    /// As the officer sees it.
    pub owner: String,
    pub lease_s: u32,
    /// Its newest edition; 0 before the first.
    pub edition: u64,
    /// When that was issued.
    pub issued_at: Option<u64>,
    /// When that will no longer be accepted again.
    pub expires_at: Option<u64>,
    /// Alerts in it, at most.
    pub entries: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    pub segments: usize,
    /// Alerts imported and not yet published.
    pub pending_entries: Option<u64>,
    /// The edition that a device holds, if it is later than this home's newest: the home was restored or copied.
    pub overtaken_by: Option<u64>,
    /// Enrolled devices that have its newest edition, by their last status.
    pub devices_current: usize,
}

/// Every list; there are [`LISTS_MAX`] at most.
pub fn lists(home: &Home) -> Result<Vec<ListView>, PublishingError> {
    let db = home.database()?;
    lists::all(db.read())?.into_iter().map(|list| view(db.read(), list)).collect()
}

fn view(db: &Session, list: ListRow) -> Result<ListView, PublishingError> {
    let manifest = editions::newest(db, &list.name)?;
    let manifest = manifest.as_ref();
    let edition = manifest.map_or(0, |m| m.edition);
    Ok(ListView {
        devices_current: devices::holding(db, &list.name, edition)?,
        overtaken_by: Some(devices::highest_held(db, &list.name, u64::MAX)?).filter(|held| *held > edition),
        pending_entries: editions::pending(db, &list.name)?.map(|pending| pending.entries),
        list: list.name.to_string(),
        kind: list.kind,
        owner: list.owner,
        lease_s: list.lease_s,
        edition,
        issued_at: manifest.map(|m| m.issued),
        expires_at: manifest.map(|m| m.expires),
        entries: manifest.map_or(0, |m| m.entries()),
        bytes: manifest.map_or(0, |m| m.segments.iter().map(|s| s.bytes).sum()),
        segments: manifest.map_or(0, |m| m.segments.len()),
    })
}

/// A list that must exist, and be issued here.
pub(crate) fn get(db: &Session, name: &ListName) -> Result<ListRow, PublishingError> {
    let list = lists::find(db, name)?.ok_or_else(|| PublishingError::NoList(name.clone()))?;
    match agencies::of_list(db, name)? {
        None => Ok(list),
        Some(agency) => Err(PublishingError::IssuedElsewhere { list: name.clone(), agency }),
    }
}

/// A handling code as a manifest names it; a list has none but those that [`create`] takes.
pub(crate) fn handling(code: &str) -> heapless::String<HANDLING_BYTES_MAX> {
    cut(&format!("{EUROPOL}/{code}"))
}

fn thousandths(score: f32) -> Result<u16, PublishingError> {
    if !(0.0..=1.0).contains(&score) {
        return Err(bad("score", score, "a number from 0 to 1"));
    }
    Ok((score * 1000.0).round() as u16)
}

fn bad(what: &'static str, value: impl ToString, rule: &'static str) -> PublishingError {
    PublishingError::Value { what, value: value.to_string(), rule }
}
