//! `publish`: what is pending, compared with the last edition, becomes the next one; and bundles for sticks.
//!
//! The publisher compacts: the difference is a small segment (the delta), and the trailing segments that it outgrows are
//! merged with it (see [`crate::lists::compact`]), so that an edition has at most 8. The manifest says which, so that a
//! device can make the merge itself.
//!
//! Invariants: an edition is recorded, with the heartbeat that names it, in one transaction after its segments are
//! durable: killed anywhere before, the last edition stands and publishing again does it. Segments that neither the
//! last two editions nor anything pending names are removed.

use super::keys::Key;
use super::{Home, HqError, devices, grants, heartbeat, list, root};
use crate::clock::system_now;
use crate::crypto::sign_statement;
use crate::files::{self, FileError};
use crate::lists::{self, Edition, SegmentFile, SegmentInfo};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
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

/// What the next edition is made of.
struct Next {
    segments: Vec<SegmentRef>,
    delta: Option<SegmentRef>,
    merged: u8,
    change: SegmentInfo,
}

/// Makes the next edition of a list, if there is anything new.
pub fn publish(home: &Home, name: &ListName) -> Result<Published, HqError> {
    let _lock = home.lock()?;
    let now = system_now();
    let mut db = home.database()?;
    let row = list::get(db.read(), name)?;
    let last = grants::newest_manifest(db.read(), name)?;
    let next = next(home, db.read(), name, row.key_number, last.as_ref())?;
    let manifest = match (next.as_ref(), last) {
        (None, None) => return Err(HqError::NothingImported(name.clone())),
        (None, Some(last)) if now < last.issued + MANIFEST_LIFE_S / 2 => {
            let change = db.change()?;
            change.execute("DELETE FROM pending WHERE list = ?", [name.as_str()])?;
            heartbeat::renew(home, &change, now)?;
            change.commit()?;
            return Ok(published(&last, false, None));
        }
        (next, last) => {
            let edition = last.as_ref().map_or(1, |last| last.edition + 1);
            let (segments, delta, merged) = match (next, &last) {
                (Some(next), _) => (next.segments.clone(), next.delta.clone(), next.merged),
                (None, Some(last)) => (last.segments.to_vec(), None, 0),
                (None, None) => return Err(HqError::NothingImported(name.clone())),
            };
            Manifest {
                list: name.clone(),
                kind: row.kind,
                edition,
                issued: now.max(last.map_or(0, |last| last.issued)),
                expires: now + MANIFEST_LIFE_S,
                lease_s: row.lease_s,
                possible_from: row.possible_from,
                hit_from: row.hit_from,
                segments: segments.into_iter().collect(),
                delta,
                merged,
            }
        }
    };
    let bytes = sign_statement(SignedKind::Manifest, &manifest, &[&Key::Issuer(name).signing(home)?]);
    let change = db.change()?;
    change.execute(
        "INSERT INTO editions VALUES (?, ?, ?, ?)",
        params![name.as_str(), manifest.edition as i64, manifest.issued as i64, bytes],
    )?;
    change.execute("DELETE FROM pending WHERE list = ?", [name.as_str()])?;
    grants::refresh(home, &change)?;
    heartbeat::renew(home, &change, now)?;
    change.commit()?;
    sweep(home, db.read())?;
    Ok(published(&manifest, true, next.map(|next| next.change)))
}

fn published(manifest: &Manifest, is_new: bool, change: Option<SegmentInfo>) -> Published {
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

/// The next edition's segments; `None` when nothing is pending or it is what the last edition says.
fn next(
    home: &Home,
    db: &Connection,
    name: &ListName,
    key_number: u32,
    last: Option<&Manifest>,
) -> Result<Option<Next>, HqError> {
    let Some((pending, pending_key)) = pending(home, db, name)? else { return Ok(None) };
    let key = Key::List(name, key_number).list_key(home)?;
    let folder = home.segments();
    let Some(last) = last else {
        // The list's key may have changed since the import; the base must be under the one that devices get.
        let (_, base) = match pending_key == key_number {
            true => (pending.path().to_path_buf(), pending.info()),
            false => lists::merge(&[&pending], true, &key, &folder)?,
        };
        let segments = vec![reference(&base, key_number)];
        return Ok(Some(Next { segments, delta: None, merged: 0, change: base }));
    };
    let open = |segment: &SegmentRef| {
        let key = Key::List(name, segment.key).list_key(home)?;
        Ok::<_, HqError>(SegmentFile::open(&home.segment(&segment.digest), segment.digest, &key)?)
    };
    let old = Edition::open(last.segments.iter().map(open).collect::<Result<_, _>>()?)?;
    let (delta_path, delta) = lists::write_delta(Some(&old), &Edition::open(vec![pending])?, &key, &folder)?;
    if delta.entries == 0 && delta.withdrawals == 0 {
        return Ok(None);
    }
    let delta_ref = reference(&delta, key_number);
    let sizes: Vec<u64> = last.segments.iter().map(|segment| segment.bytes).collect();
    let plan = lists::compact(&sizes, delta.bytes);
    let mut segments = last.segments[..plan.keep].to_vec();
    if plan.join == 0 {
        segments.push(delta_ref.clone());
    } else {
        let delta_file = SegmentFile::open(&delta_path, delta.digest, &key)?;
        let parts: Vec<&SegmentFile> = old.segments()[plan.keep..].iter().chain([&delta_file]).collect();
        let (_, merged) = lists::merge(&parts, plan.keep == 0, &key, &folder)?;
        segments.push(reference(&merged, key_number));
    }
    Ok(Some(Next { segments, delta: Some(delta_ref), merged: plan.join as u8, change: delta }))
}

/// The pending segment, open, and its key's number.
fn pending(home: &Home, db: &Connection, name: &ListName) -> Result<Option<(SegmentFile, u32)>, HqError> {
    let query = "SELECT digest, key_number FROM pending WHERE list = ?";
    let row =
        db.query_row(query, [name.as_str()], |row| Ok((row.get::<_, Digest>(0)?, row.get::<_, u32>(1)?)));
    let Some((digest, key_number)) = row.optional()? else { return Ok(None) };
    let key = Key::List(name, key_number).list_key(home)?;
    Ok(Some((SegmentFile::open(&home.segment(&digest), digest, &key)?, key_number)))
}

fn reference(info: &SegmentInfo, key: u32) -> SegmentRef {
    SegmentRef {
        digest: info.digest,
        bytes: info.bytes,
        entries: info.entries,
        withdrawals: info.withdrawals,
        key,
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

/// Writes a bundle into `folder`: every root, the heartbeat, every list's newest manifest with its segments and delta,
/// every device's grants. A bundle that was there is replaced; it is whole or the old one.
pub fn bundle(home: &Home, folder: &Path) -> Result<(), HqError> {
    let _lock = home.lock()?;
    let db = home.database()?;
    let db = db.read();
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    files::make_folder(parent)?;
    let temporary = tempfile::Builder::new()
        .prefix(".vedette-bundle-")
        .tempdir_in(parent)
        .map_err(FileError::at("make a folder in", parent))?;
    let put = |name: String, bytes: &[u8]| {
        let path = temporary.path().join(name);
        files::make_folder(path.parent().unwrap_or(parent))?;
        files::write(&path, bytes)
    };
    for (version, bytes) in root::all(home)? {
        put(format!("root/{version}.root"), &bytes)?;
    }
    if let Some(bytes) = heartbeat::newest(db)? {
        put("heartbeat".into(), &bytes)?;
    }
    let segments = temporary.path().join("segment");
    files::make_folder(&segments)?;
    for (name, _) in grants::lists(db)? {
        let Some(bytes) = grants::newest_manifest_bytes(db, &name)? else { continue };
        put(format!("list/{name}/manifest"), &bytes)?;
        let manifest = grants::read_manifest(&bytes)?;
        for segment in manifest.segments.iter().chain(&manifest.delta) {
            let (from, to) = (home.segment(&segment.digest), segments.join(Hex(&segment.digest).to_string()));
            fs::copy(&from, &to).map_err(FileError::at("copy", &from))?;
        }
    }
    for (device, _) in devices::all(db)? {
        for (list, bytes) in grants::of_device(db, &device)? {
            put(format!("grant/{device}/{list}"), &bytes)?;
        }
    }
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(temporary.path(), readable)
        .map_err(FileError::at("set rights of", temporary.path()))?;
    if folder.exists() {
        let is_bundle = folder.join("root/1.root").is_file() && folder.join("heartbeat").is_file()
            || folder.read_dir().is_ok_and(|mut d| d.next().is_none());
        if !is_bundle {
            return Err(HqError::Exists(folder.into()));
        }
        fs::remove_dir_all(folder).map_err(FileError::at("replace", folder))?;
    }
    files::persist(temporary.path(), folder)?;
    let _ = temporary.keep(); // renamed away: nothing is left under the temporary name
    Ok(())
}
