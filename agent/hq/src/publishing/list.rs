//! `list create` and `lists`.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::{heartbeat, root};
use crate::db::parse;
use crate::error::HqError;
use crate::fleet::{devices, grants};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use vedette_common::text::cut;
use vedette_names::handling::EUROPOL;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{HANDLING_BYTES_MAX, Issuer, LISTS_MAX};

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

/// A list as the database has it.
#[derive(Debug, Clone)]
pub(crate) struct ListRow {
    pub(crate) kind: Kind,
    pub(crate) lease_s: u32,
    pub(crate) possible_from: u16,
    pub(crate) hit_from: u16,
    pub(crate) confirm_s: u32,
    /// New segments are sealed under this key.
    pub(crate) key_number: u32,
    /// The handling code of alerts that have none of their own.
    pub(crate) handling: Option<String>,
}

/// Makes a list: its issuer, owner and first key; names it in the next root; grants it to every device.
pub fn create(home: &Home, name: &ListName, options: &CreateOptions) -> Result<(), HqError> {
    let _lock = home.lock()?;
    let now = home.now();
    let (possible, hit) = (thousandths(options.possible_from)?, thousandths(options.hit_from)?);
    if possible > hit {
        return Err(bad("score", options.possible_from, "a match must be Possible before it is a Hit"));
    }
    if options.lease_s == 0 {
        return Err(bad("lease", 0, "it must be at least a second"));
    }
    let known = |code: &String| ["H0", "H1", "H2", "H3"].contains(&code.as_str());
    if let Some(code) = options.handling.as_ref().filter(|code| !known(code)) {
        return Err(bad("handling", code, "H0, H1, H2 or H3"));
    }
    let owner = options.owner.as_deref().unwrap_or(name.as_str().split('/').next().unwrap_or_default());
    let owner = owner.try_into().map_err(|_| bad("owner", owner, "at most 64 bytes"))?;

    let mut db = home.database()?;
    if find(db.read(), name)?.is_some() {
        return Err(HqError::ListExists(name.clone()));
    }
    for key in [Key::Issuer(name), Key::Owner(name), Key::List(name, 1)] {
        key.make(home)?;
    }
    let issuer = Issuer {
        list: name.clone(),
        kind: options.kind,
        role: root::role(1, &[Key::Issuer(name).signing(home)?.public()]),
        owner_key: Key::Owner(name).opening(home)?.public(),
        owner,
    };
    // A run that was cut off between here and its end has issued the root already; it is not issued twice.
    if root::newest(home)?.0.issuer(name) != Ok(&issuer) {
        root::issue_next(home, now, |root| {
            root.issuers.retain(|other| other.list != *name);
            root.issuers.push(issuer.clone()).map_err(|_| HqError::TooManyLists(LISTS_MAX))
        })?;
    }
    let change = db.change()?;
    change.execute(
        "INSERT INTO lists(name, kind, owner, lease_s, possible_from, hit_from, key_number, created_at, handling,
           confirm_s)
         VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
        params![
            name.as_str(),
            kind_name(options.kind),
            issuer.owner.as_str(),
            options.lease_s,
            possible,
            hit,
            now as i64,
            options.handling,
            options.confirm_s
        ],
    )?;
    grants::refresh(home, &change)?;
    // It names the newest root.
    heartbeat::renew(home, &change, now)?;
    Ok(change.commit()?)
}

/// A list as `lists` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct ListView {
    /// Its name.
    pub list: String,
    /// Documents or persons.
    pub kind: Kind,
    /// Its owner as the officer sees it.
    pub owner: String,
    /// Its lease, seconds.
    pub lease_s: u32,
    /// Its newest edition; 0 before the first.
    pub edition: u64,
    /// When that was issued.
    pub issued_at: Option<u64>,
    /// When that will no longer be accepted anew.
    pub expires_at: Option<u64>,
    /// Alerts in it, at most.
    pub entries: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    /// Number of its segments.
    pub segments: usize,
    /// Alerts imported and not yet published.
    pub pending_entries: Option<u64>,
    /// Enrolled devices that said they hold its newest edition.
    pub devices_current: usize,
}

/// Every list.
pub fn lists(home: &Home) -> Result<Vec<ListView>, HqError> {
    let db = home.database()?;
    let db = db.read();
    let mut query = db.prepare(
        "SELECT name, owner, (SELECT entries FROM pending WHERE list = name) FROM lists ORDER BY name",
    )?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<i64>>(2)?))
    })?;
    let mut views = Vec::new();
    for row in rows {
        let (name, owner, pending) = row?;
        let name: ListName = parse(&name)?;
        let row = get(db, &name)?;
        let manifest = grants::newest_manifest(db, &name)?;
        let manifest = manifest.as_ref();
        let edition = manifest.map_or(0, |m| m.edition);
        views.push(ListView {
            devices_current: devices::holding(db, &name, edition)?,
            list: name.to_string(),
            kind: row.kind,
            owner,
            lease_s: row.lease_s,
            edition,
            issued_at: manifest.map(|m| m.issued),
            expires_at: manifest.map(|m| m.expires),
            entries: manifest.map_or(0, |m| m.entries()),
            bytes: manifest.map_or(0, |m| m.segments.iter().map(|s| s.bytes).sum()),
            segments: manifest.map_or(0, |m| m.segments.len()),
            pending_entries: pending.map(|entries| entries as u64),
        });
    }
    Ok(views)
}

/// A list that must exist.
pub(crate) fn get(db: &Connection, name: &ListName) -> Result<ListRow, HqError> {
    find(db, name)?.ok_or_else(|| HqError::NoList(name.clone()))
}

fn find(db: &Connection, name: &ListName) -> Result<Option<ListRow>, HqError> {
    let query = "SELECT kind, lease_s, possible_from, hit_from, key_number, handling, confirm_s FROM lists WHERE name = ?";
    let row = db.query_row(query, [name.as_str()], |row| {
        let kind = if row.get::<_, String>(0)? == kind_name(Kind::Documents) {
            Kind::Documents
        } else {
            Kind::Persons
        };
        Ok(ListRow {
            kind,
            lease_s: row.get(1)?,
            possible_from: row.get(2)?,
            hit_from: row.get(3)?,
            key_number: row.get(4)?,
            handling: row.get(5)?,
            confirm_s: row.get(6)?,
        })
    });
    Ok(row.optional()?)
}

/// A handling code as a manifest names it; a list has none but those that [`create`] takes.
pub(crate) fn handling(code: &str) -> heapless::String<HANDLING_BYTES_MAX> {
    cut(&format!("{EUROPOL}/{code}"))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Documents => "documents",
        Kind::Persons => "persons",
    }
}

fn thousandths(score: f32) -> Result<u16, HqError> {
    if !(0.0..=1.0).contains(&score) {
        return Err(bad("score", score, "a number from 0 to 1"));
    }
    Ok((score * 1000.0).round() as u16)
}

fn bad(what: &'static str, value: impl ToString, rule: &'static str) -> HqError {
    HqError::Value { what, value: value.to_string(), rule }
}
