//! `publish`: what is pending, compared with the last edition, becomes the next one.
//!
//! The publisher compacts: the difference is a small segment (the delta), and the trailing segments that it outgrows are
//! merged with it (see [`vedette_lists::compact`]), so that an edition has at most 8. The manifest says which, so that a
//! device can make the merge itself.
//!
//! Invariants: an edition is recorded, with the heartbeat that names it, in one transaction after its segments are
//! durable: killed anywhere before, the last edition stays in effect and publishing again does it. Segments that neither the
//! last two editions nor anything pending names are removed. A file cut short would clear a list everywhere: what withdraws
//! much of it is refused unless the operator asks for it.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::heartbeat;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::editions::{self, Pending};
use crate::db::lists::ListRow;
use crate::db::{Db, Session};
use crate::fleet::grants;
use crate::publishing::error::PublishingError;
use crate::publishing::imports::import_report::Difference;
use crate::publishing::list;
use std::collections::HashSet;
use std::fs;
use vedette_common::crypto::sign_statement;
use vedette_common::files::{self, FileError};
use vedette_lists::{Change, Edition, SegmentFile, SegmentInfo};
use vedette_shim::ids::{Digest, Hex, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Manifest, SegmentRef, SignedKind};

/// How long a device that has it not yet accepts a manifest, seconds. Past half of it, publishing issues the same content again.
pub const MANIFEST_LIFE_S: u64 = 7 * 86_400;

/// So many alerts may always be withdrawn, if any remain; of more, this part of the list.
const WITHDRAWN_FREELY: u64 = 10;
const WITHDRAWN_PART: u64 = 4;

/// How to publish.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishOptions {
    /// Make the edition one whole segment under the list's newest key, so that a device revoked before cannot read it;
    /// all others fetch it whole.
    pub whole: bool,
    /// Withdraw as many alerts as it takes.
    pub withdraw_many: bool,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The newest edition.
    pub edition: u64,
    /// Whether it was made now; otherwise there was nothing new.
    pub is_new: bool,
    /// Alerts in it, at most.
    pub entries: u64,
    pub segments: usize,
    /// Alerts new or changed against the edition before.
    pub puts: u64,
    pub withdrawals: u64,
    /// Bytes of the delta; of the whole list for edition 1.
    pub delta_bytes: u64,
}

/// What the next edition is made of.
pub(crate) struct Next {
    segments: Vec<SegmentRef>,
    delta: Option<SegmentRef>,
    merged: u8,
    /// What it changes; `None` when its content is the last edition's.
    change: Option<SegmentInfo>,
}

impl Next {
    /// The content of the last edition once more.
    fn same_as(last: &Manifest) -> Next {
        Next { segments: last.segments.to_vec(), delta: None, merged: 0, change: None }
    }
}

/// Makes the next edition of a list, if there is anything new.
pub fn publish(home: &Home, name: &ListName, options: &PublishOptions) -> Result<Published, PublishingError> {
    let _lock = home.lock()?;
    let now = home.now();
    let mut db = home.database()?;
    let list = list::get(db.read(), name)?;
    let last = editions::newest(db.read(), name)?;
    let way = if options.whole { next_whole } else { next };
    let next = way(home, db.read(), name, list.key_number, last.as_ref(), options.withdraw_many)?;
    let published = match (next, last) {
        (None, None) => return Err(PublishingError::NothingImported(name.clone())),
        (None, Some(last)) if now < last.issued + MANIFEST_LIFE_S / 2 => {
            keep(home, &mut db, &last, now)?;
            published(&last, false, None)
        }
        (None, Some(last)) => issue(home, &mut db, &list, Next::same_as(&last), Some(&last), now)?,
        (Some(next), last) => issue(home, &mut db, &list, next, last.as_ref(), now)?,
    };
    sweep(home, db.read())?;
    Ok(published)
}

/// Nothing is new: the last edition stays, and what is pending is the same.
fn keep(home: &Home, db: &mut Db, last: &Manifest, now: u64) -> Result<(), PublishingError> {
    let change = db.change()?;
    editions::clear_pending(&change, &last.list)?;
    heartbeat::renew(home, &change, now)?;
    Ok(change.commit()?)
}

/// Signs and stores the edition after `last`, with the grants of its keys and the heartbeat that names it.
fn issue(
    home: &Home,
    db: &mut Db,
    list: &ListRow,
    next: Next,
    last: Option<&Manifest>,
    now: u64,
) -> Result<Published, PublishingError> {
    let manifest = Manifest {
        list: list.name.clone(),
        kind: list.kind,
        edition: last.map_or(1, |last| last.edition + 1),
        issued: now.max(last.map_or(0, |last| last.issued)),
        expires: now + MANIFEST_LIFE_S,
        lease_s: list.lease_s,
        possible_from: list.possible_from,
        hit_from: list.hit_from,
        confirm_s: list.confirm_s,
        handling: list.handling.as_deref().map(list::handling).unwrap_or_default(),
        segments: next.segments.into_iter().collect(),
        delta: next.delta,
        merged: next.merged,
    };
    let key = Key::Issuer(&list.name).signing(home)?;
    let bytes = sign_statement(SignedKind::Manifest, &manifest, &[&key]);
    let change = db.change()?;
    editions::insert(&change, &manifest, &bytes)?;
    editions::clear_pending(&change, &list.name)?;
    grants::refresh(home, &change)?;
    heartbeat::renew(home, &change, now)?;
    change.commit()?;
    Ok(published(&manifest, true, next.change))
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
pub(crate) fn next(
    home: &Home,
    db: &Session,
    name: &ListName,
    key_number: u32,
    last: Option<&Manifest>,
    withdraw_many: bool,
) -> Result<Option<Next>, PublishingError> {
    let Some((pending, pending_key)) = pending(home, db, name)? else { return Ok(None) };
    let key = Key::List(name, key_number).list_key(home)?;
    let folder = home.segments();
    let Some(last) = last else {
        // The list's key may have changed since the import; the base must be under the one that devices get.
        let (_, base) = match pending_key == key_number {
            true => (pending.path().to_path_buf(), pending.info()),
            false => vedette_lists::merge(&[&pending], true, &key, &folder)?,
        };
        let segments = vec![reference(&base, key_number)];
        return Ok(Some(Next { segments, delta: None, merged: 0, change: Some(base) }));
    };
    let old = Edition::open(open_segments(home, name, last)?)?;
    let new = Edition::open(vec![pending])?;
    let (delta_path, delta) = vedette_lists::write_delta(Some(&old), &new, &key, &folder)?;
    if !withdraw_many {
        refuse_clearing(name, last, &new, &delta)?;
    }
    if delta.entries == 0 && delta.withdrawals == 0 {
        return Ok(None);
    }
    let delta_ref = reference(&delta, key_number);
    let sizes: Vec<u64> = last.segments.iter().map(|segment| segment.bytes).collect();
    let plan = vedette_lists::compact(&sizes, delta.bytes);
    let mut segments = last.segments[..plan.keep].to_vec();
    if plan.join == 0 {
        segments.push(delta_ref.clone());
    } else {
        let delta_file = SegmentFile::open(&delta_path, delta.digest, &key)?;
        let parts: Vec<&SegmentFile> = old.segments()[plan.keep..].iter().chain([&delta_file]).collect();
        let (_, merged) = vedette_lists::merge(&parts, plan.keep == 0, &key, &folder)?;
        segments.push(reference(&merged, key_number));
    }
    Ok(Some(Next { segments, delta: Some(delta_ref), merged: plan.join as u8, change: Some(delta) }))
}

/// The next edition as one segment under the newest key: of what is pending, else of the last edition.
fn next_whole(
    home: &Home,
    db: &Session,
    name: &ListName,
    key_number: u32,
    last: Option<&Manifest>,
    withdraw_many: bool,
) -> Result<Option<Next>, PublishingError> {
    let key = Key::List(name, key_number).list_key(home)?;
    let content = match (pending(home, db, name)?, last) {
        (Some((pending, _)), _) => Edition::open(vec![pending])?,
        (None, Some(last)) => Edition::open(open_segments(home, name, last)?)?,
        (None, None) => return Ok(None),
    };
    if let Some(last) = last.filter(|_| !withdraw_many) {
        // Made only to be counted: no manifest names it, and it is swept.
        let old = Edition::open(open_segments(home, name, last)?)?;
        let (_, delta) = vedette_lists::write_delta(Some(&old), &content, &key, &home.segments())?;
        refuse_clearing(name, last, &content, &delta)?;
    }
    let parts: Vec<&SegmentFile> = content.segments().iter().collect();
    let (_, base) = vedette_lists::merge(&parts, true, &key, &home.segments())?;
    let segments = vec![reference(&base, key_number)];
    if last.is_some_and(|last| last.segments[..] == segments) {
        return Ok(None);
    }
    Ok(Some(Next { segments, delta: None, merged: 0, change: Some(base) }))
}

/// Refuses what looks like a file cut short: see [`PublishOptions::withdraw_many`].
fn refuse_clearing(
    name: &ListName,
    last: &Manifest,
    new: &Edition,
    delta: &SegmentInfo,
) -> Result<(), PublishingError> {
    let withdrawn = delta.withdrawals;
    let left = new.alerts_at_most();
    // Both are bounds: a manifest also counts what later segments withdraw, and of what is left some is new.
    let held = last.entries().min(left + withdrawn);
    let is_much = withdrawn > WITHDRAWN_FREELY && withdrawn * WITHDRAWN_PART > held;
    if is_much || (left == 0 && withdrawn > 0) {
        return Err(PublishingError::WithdrawsMuch { list: name.clone(), withdrawn, held });
    }
    Ok(())
}

/// What a pending segment changes against the last edition.
pub(crate) fn difference(
    home: &Home,
    db: &Session,
    name: &ListName,
    pending: &Digest,
    key_number: u32,
) -> Result<Difference, PublishingError> {
    let last = editions::newest(db, name)?;
    let old =
        last.as_ref().map(|last| Ok::<_, PublishingError>(Edition::open(open_segments(home, name, last)?)?));
    let old = old.transpose()?;
    let key = Key::List(name, key_number).list_key(home)?;
    let new = Edition::open(vec![SegmentFile::open(&home.segment(pending), *pending, &key)?])?;
    let mut difference = Difference { edition: last.map_or(0, |last| last.edition), ..Difference::default() };
    let mut count = |is_put: bool| match is_put {
        true => difference.put += 1,
        false => difference.withdrawn += 1,
    };
    match new.kind() {
        Kind::Documents => {
            for change in vedette_lists::diff(old.as_ref(), &new)? {
                count(matches!(change?, Change::Put(_)));
            }
        }
        Kind::Persons => {
            for record in vedette_lists::diff_records(old.as_ref(), &new)? {
                count(record?.value.is_some());
            }
        }
    }
    Ok(difference)
}

/// An edition's segments, the oldest first.
fn open_segments(
    home: &Home,
    name: &ListName,
    edition: &Manifest,
) -> Result<Vec<SegmentFile>, PublishingError> {
    let open = |segment: &SegmentRef| {
        let key = Key::List(name, segment.key).list_key(home)?;
        Ok(SegmentFile::open(&home.segment(&segment.digest), segment.digest, &key)?)
    };
    edition.segments.iter().map(open).collect()
}

/// The pending segment, open, and its key's number.
fn pending(
    home: &Home,
    db: &Session,
    name: &ListName,
) -> Result<Option<(SegmentFile, u32)>, PublishingError> {
    let Some(Pending { digest, key_number, .. }) = editions::pending(db, name)? else { return Ok(None) };
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
fn sweep(home: &Home, db: &Session) -> Result<(), PublishingError> {
    let in_use = editions::segments_in_use(db)?;
    let keep: HashSet<String> = in_use.iter().map(|digest| format!("{}.seg", Hex(digest))).collect();
    let folder = home.segments();
    for entry in fs::read_dir(&folder).map_err(FileError::at("list", &folder))? {
        let entry = entry.map_err(FileError::at("list", &folder))?;
        if !entry.file_name().to_str().is_some_and(|name| keep.contains(name)) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}
