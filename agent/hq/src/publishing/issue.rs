//! The next edition of a list: its segments are there, and it is signed, recorded and named by the heartbeat.
//!
//! Invariants: an edition is recorded, with the heartbeat that names it, in one transaction after its segments are durable:
//! killed anywhere before, the last edition stands and the command again makes it. Segments that neither the last two editions
//! nor anything pending names are removed. Nobody else changes the home meanwhile.

use crate::authority::heartbeat;
use crate::authority::home::{Home, HomeLock};
use crate::authority::keys::Key;
use crate::db::Db;
use crate::error::HqError;
use crate::fleet::grants;
use crate::publishing::list::{self, ListRow};
use rusqlite::{Connection, params};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use vedette_common::crypto::sign_statement;
use vedette_common::files::{self, FileError};
use vedette_lists::{Edition, ListKey, SegmentFile, SegmentInfo};
use vedette_shim::ids::{Digest, Hex, ListName};
use vedette_shim::trust::{Manifest, SegmentRef, SignedKind};

/// How long a manifest is accepted anew, seconds. Past half of it, publishing issues the same content again.
pub const MANIFEST_LIFE_S: u64 = 7 * 86_400;

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The newest edition.
    pub edition: u64,
    /// Whether it was made now; otherwise there was nothing new.
    pub is_new: bool,
    /// Alerts in it, at most.
    pub entries: u64,
    /// Its segments.
    pub segments: usize,
    /// Alerts new or changed against the edition before.
    pub puts: u64,
    /// Alerts withdrawn.
    pub withdrawals: u64,
    /// Bytes of the delta; of the whole list for edition 1.
    pub delta_bytes: u64,
}

impl Published {
    fn of(manifest: &Manifest, is_new: bool, change: Option<SegmentInfo>) -> Published {
        Published {
            edition: manifest.edition,
            is_new,
            entries: manifest.entries(),
            segments: manifest.segments.len(),
            puts: change.map_or(0, |change| change.entries),
            withdrawals: change.map_or(0, |change| change.withdrawals),
            delta_bytes: change.map_or(0, |change| change.bytes),
        }
    }
}

/// What the next edition is made of.
pub(crate) struct Next {
    pub(super) segments: Vec<SegmentRef>,
    pub(super) delta: Option<SegmentRef>,
    pub(super) merged: u8,
    pub(super) change: SegmentInfo,
}

impl Next {
    /// The last edition and a delta: joined with the trailing segments that it outgrows, all others stay as they are.
    pub(super) fn after(
        last: &Manifest,
        old: &Edition,
        delta: &SegmentFile,
        (key, key_number): (&ListKey, u32),
        folder: &Path,
    ) -> Result<Next, HqError> {
        let change = delta.info();
        let delta_ref = reference(&change, key_number);
        let sizes: Vec<u64> = last.segments.iter().map(|segment| segment.bytes).collect();
        let plan = vedette_lists::compact(&sizes, change.bytes);
        let mut segments = last.segments[..plan.keep].to_vec();
        if plan.join == 0 {
            segments.push(delta_ref.clone());
        } else {
            let parts: Vec<&SegmentFile> = old.segments()[plan.keep..].iter().chain([delta]).collect();
            let (_, merged) = vedette_lists::merge(&parts, plan.keep == 0, key, folder)?;
            segments.push(reference(&merged, key_number));
        }
        Ok(Next { segments, delta: Some(delta_ref), merged: plan.join as u8, change })
    }
}

pub(super) fn reference(info: &SegmentInfo, key: u32) -> SegmentRef {
    SegmentRef {
        digest: info.digest,
        bytes: info.bytes,
        entries: info.entries,
        withdrawals: info.withdrawals,
        key,
    }
}

/// A list that is about to get its next edition.
pub(super) struct Issuing<'a> {
    pub(super) home: &'a Home,
    pub(super) name: &'a ListName,
    pub(super) db: Db,
    pub(super) row: ListRow,
    /// The last edition.
    pub(super) last: Option<Manifest>,
    now: u64,
    _lock: HomeLock,
}

impl<'a> Issuing<'a> {
    pub(super) fn of(home: &'a Home, name: &'a ListName) -> Result<Self, HqError> {
        let lock = home.lock()?;
        let db = home.database()?;
        let row = list::get(db.read(), name)?;
        let last = grants::newest_manifest(db.read(), name)?;
        Ok(Issuing { home, name, db, row, last, now: home.now(), _lock: lock })
    }

    /// Makes `next` the newest edition. Without one the last is issued again if half of its manifest's life is over.
    pub(super) fn issue(mut self, next: Option<Next>) -> Result<Published, HqError> {
        let (home, name, now) = (self.home, self.name, self.now);
        let manifest = match (next.as_ref(), self.last.take()) {
            (None, None) => return Err(HqError::NothingImported(name.clone())),
            (None, Some(last)) if now < last.issued + MANIFEST_LIFE_S / 2 => {
                let change = self.db.change()?;
                change.execute("DELETE FROM pending WHERE list = ?", [name.as_str()])?;
                heartbeat::renew(home, &change, now)?;
                change.commit()?;
                sweep(home, self.db.read())?;
                return Ok(Published::of(&last, false, None));
            }
            (next, last) => self.manifest(next, last.as_ref())?,
        };
        let bytes = sign_statement(SignedKind::Manifest, &manifest, &[&Key::Issuer(name).signing(home)?]);
        let change = self.db.change()?;
        change.execute(
            "INSERT INTO editions VALUES (?, ?, ?, ?)",
            params![name.as_str(), manifest.edition as i64, manifest.issued as i64, bytes],
        )?;
        change.execute("DELETE FROM pending WHERE list = ?", [name.as_str()])?;
        grants::refresh(home, &change)?;
        heartbeat::renew(home, &change, now)?;
        change.commit()?;
        sweep(home, self.db.read())?;
        Ok(Published::of(&manifest, true, next.map(|next| next.change)))
    }

    fn manifest(&self, next: Option<&Next>, last: Option<&Manifest>) -> Result<Manifest, HqError> {
        let (segments, delta, merged) = match (next, last) {
            (Some(next), _) => (next.segments.clone(), next.delta.clone(), next.merged),
            (None, Some(last)) => (last.segments.to_vec(), None, 0),
            (None, None) => return Err(HqError::NothingImported(self.name.clone())),
        };
        Ok(Manifest {
            list: self.name.clone(),
            kind: self.row.kind,
            edition: last.map_or(1, |last| last.edition + 1),
            issued: self.now.max(last.map_or(0, |last| last.issued)),
            expires: self.now + MANIFEST_LIFE_S,
            lease_s: self.row.lease_s,
            possible_from: self.row.possible_from,
            hit_from: self.row.hit_from,
            confirm_s: self.row.confirm_s,
            handling: self.row.handling.as_deref().map(list::handling).unwrap_or_default(),
            segments: segments.into_iter().collect(),
            delta,
            merged,
        })
    }
}

/// Removes segments that nothing names any more. The edition before the newest stays: devices may be fetching it.
fn sweep(home: &Home, db: &Connection) -> Result<(), HqError> {
    let mut keep: HashSet<String> = HashSet::new();
    let mut name_it = |digest: &Digest| keep.insert(format!("{}.seg", Hex(digest)));
    let mut query = db.prepare("SELECT digest FROM pending")?;
    for digest in query.query_map([], |row| row.get::<_, Digest>(0))? {
        name_it(&digest?);
    }
    let mut query = db.prepare(
        "SELECT manifest FROM editions e
         WHERE edition > (SELECT max(edition) FROM editions WHERE list = e.list) - 2",
    )?;
    for bytes in query.query_map([], |row| row.get::<_, Vec<u8>>(0))? {
        let manifest = grants::read_manifest(&bytes?)?;
        manifest.segments.iter().chain(&manifest.delta).for_each(|segment| {
            name_it(&segment.digest);
        });
    }
    let folder = home.segments();
    for entry in fs::read_dir(&folder).map_err(FileError::at("list", &folder))? {
        let entry = entry.map_err(FileError::at("list", &folder))?;
        if !entry.file_name().to_str().is_some_and(|name| keep.contains(name)) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}
