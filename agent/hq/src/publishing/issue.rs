//! The next edition of a list: its segments are there, and it is signed, recorded and named by the heartbeat.
//!
//! Invariants: an edition is recorded, with the heartbeat that names it, in one transaction after its segments are durable:
//! killed anywhere before, the last edition stays in effect and the command again makes it. Segments that neither the last two
//! editions nor anything pending names are removed. Who calls has locked the home. A list's first edition comes with a root that
//! names the list, which is durable just before: killed in between, devices answer NotChecked until the command is repeated.

use crate::authority::audit::{self, Entry};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::sign::signed;
use crate::authority::signing_time::{AHEAD_S_MAX, signing_time};
use crate::authority::{heartbeat, root};
use crate::db::drafts::{self, Draft};
use crate::db::lists::ListRow;
use crate::db::{self, Db, Session, devices, editions, settings};
use crate::fleet::{grants, scanner};
use crate::publishing::error::PublishingError;
use crate::publishing::{draft, list, presence};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use vedette_common::crypto::RingVerify;
use vedette_common::files::{self, FileError};
use vedette_lists::{Edition, ListKey, SegmentFile, SegmentInfo};
use vedette_shim::ids::{Digest, Hex};
use vedette_shim::trust::{Floor, Manifest, SegmentRef, SignedKind};

/// How long a device that has it not yet accepts a manifest, seconds. Past half of it, publishing issues the same content again.
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
    /// Nothing was published: it is this draft, which waits for a second operator.
    pub draft: Option<u64>,
}

/// What the next edition is made of.
pub(crate) struct Next {
    pub(super) segments: Vec<SegmentRef>,
    pub(super) delta: Option<SegmentRef>,
    pub(super) merged: u8,
    /// What it changes; `None` when its content is the last edition's.
    pub(super) change: Option<SegmentInfo>,
}

impl Next {
    /// The content of the last edition once more.
    fn same_as(last: &Manifest) -> Next {
        Next { segments: last.segments.to_vec(), delta: None, merged: 0, change: None }
    }

    /// The last edition and a delta: joined with the trailing segments that it outgrows, all others stay as they are.
    pub(super) fn after(
        last: &Manifest,
        old: &Edition,
        delta: &SegmentFile,
        (key, key_number): (&ListKey, u32),
        folder: &Path,
    ) -> Result<Next, PublishingError> {
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
        Ok(Next { segments, delta: Some(delta_ref), merged: plan.join as u8, change: Some(change) })
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

/// Makes `next` the newest edition, or a draft of it where the list needs two operators, and records `act`. Without one the last is issued again if half of its manifest's life is over.
pub(super) fn conclude(
    home: &Home,
    db: &mut Db,
    list: &ListRow,
    next: Option<Next>,
    last: Option<&Manifest>,
    act: Entry,
) -> Result<Published, PublishingError> {
    let now = signing_time(home, db.read())?;
    let published = match (next, last) {
        (None, None) => return Err(PublishingError::NothingImported(list.name.clone())),
        (None, Some(last)) if is_young(last, now) && !is_overtaken(db.read(), last, now)? => {
            keep(home, db, last, now, act)?;
            published(last, false, None)
        }
        (None, Some(last)) => issue(home, db, list, (Next::same_as(last), Some(last)), now, act)?,
        (Some(next), last) if draft::is_needed(db.read(), &list.name, &act)? => {
            propose(home, db, list, next, last, act)?
        }
        (Some(next), last) => issue(home, db, list, (next, last), now, act)?,
    };
    sweep(home, db.read())?;
    Ok(published)
}

/// Whether devices will accept the last edition for a while. One that was signed far ahead is old: its term may have ended
/// before its own time.
fn is_young(last: &Manifest, now: u64) -> bool {
    now < last.issued + MANIFEST_LIFE_S / 2 && last.issued <= now + AHEAD_S_MAX
}

/// Whether devices may hold another edition of this number, or a later one: the home was restored from a backup since, or a
/// device says so.
fn is_overtaken(db: &Session, last: &Manifest, now: u64) -> Result<bool, PublishingError> {
    Ok(last.edition < settings::restored_at(db)?
        || devices::highest_held(db, &last.list, now)? > last.edition)
}

/// The next edition's number: past all that this home or a device has, and past what was published after a backup.
fn next_number(
    db: &Session,
    list: &ListRow,
    last: Option<&Manifest>,
    now: u64,
) -> Result<u64, PublishingError> {
    let known = last.map_or(0, |last| last.edition).max(devices::highest_held(db, &list.name, now)?);
    Ok((known + 1).max(settings::restored_at(db)?))
}

/// Makes the draft of an edition.
fn propose(
    home: &Home,
    db: &mut Db,
    list: &ListRow,
    next: Next,
    last: Option<&Manifest>,
    act: Entry,
) -> Result<Published, PublishingError> {
    let change = next.change.ok_or_else(|| PublishingError::NothingImported(list.name.clone()))?;
    let draft = Draft {
        list: list.name.clone(),
        base: last.map_or(0, |last| last.edition),
        pending: editions::pending(db.read(), &list.name)?.map(|pending| pending.digest),
        key_number: list.key_number,
        segments: next.segments,
        delta: next.delta,
        merged: next.merged,
        change: reference(&change, list.key_number),
    };
    let number = draft::store(home, db, &draft, act)?;
    Ok(Published {
        edition: draft.base,
        is_new: false,
        entries: last.map_or(0, Manifest::entries),
        segments: draft.segments.len(),
        puts: change.entries,
        withdrawals: change.withdrawals,
        delta_bytes: change.bytes,
        draft: Some(number),
    })
}

/// Makes an approved draft the newest edition, and records `act`.
pub(super) fn issue_draft(
    home: &Home,
    db: &mut Db,
    list: &ListRow,
    draft: Draft,
    act: Entry,
) -> Result<Published, PublishingError> {
    let now = signing_time(home, db.read())?;
    let last = editions::newest(db.read(), &list.name)?;
    let SegmentRef { digest, bytes, entries, withdrawals, .. } = draft.change;
    let change = Some(SegmentInfo { digest, kind: list.kind, bytes, entries, withdrawals });
    let next = Next { segments: draft.segments, delta: draft.delta, merged: draft.merged, change };
    let published = issue(home, db, list, (next, last.as_ref()), now, act)?;
    sweep(home, db.read())?;
    Ok(published)
}

/// Nothing is new: the last edition stays, and what is pending is the same.
fn keep(home: &Home, db: &mut Db, last: &Manifest, now: u64, act: Entry) -> Result<(), PublishingError> {
    let change = db.change()?;
    editions::clear_pending(&change, &last.list)?;
    heartbeat::renew(home, &change, now)?;
    audit::record(home, &change, act.with("edition", last.edition).with("new", false))?;
    Ok(change.commit()?)
}

/// Makes `next` the edition after `last`; nothing is pending any more.
fn issue(
    home: &Home,
    db: &mut Db,
    list: &ListRow,
    (next, last): (Next, Option<&Manifest>),
    now: u64,
    act: Entry,
) -> Result<Published, PublishingError> {
    let change_made = next.change;
    let transitions = presence::transitions(home, db.read(), &list.name, last, &next)?;
    let change = db.change()?;
    let manifest = sign(home, &change, list, next, last, now)?;
    presence::record(&change, &manifest, &transitions)?;
    editions::clear_pending(&change, &list.name)?;
    drafts::remove_all(&change, &list.name)?;
    let published = published(&manifest, true, change_made);
    let act = act.with("edition", published.edition).with("put", published.puts);
    audit::record(home, &change, act.with("withdrawn", published.withdrawals))?;
    change.commit()?;
    Ok(published)
}

/// Signs and stores the edition after `last`, with the grants of its keys and the heartbeat that names it, on a change.
fn sign(
    home: &Home,
    db: &Session,
    list: &ListRow,
    next: Next,
    last: Option<&Manifest>,
    now: u64,
) -> Result<Manifest, PublishingError> {
    if last.is_none() {
        list::name_in_root(home, list, now)?;
    }
    let (root, _) = root::newest(home)?;
    if root.issuer(&list.name).is_err() {
        return Err(PublishingError::NotNamed(list.name.clone()));
    }
    // Not before the last edition, also when the clock was set back a little. What was signed far ahead is not followed:
    // its lease would end as much later.
    let last_issued = last.map_or(0, |last| last.issued);
    let issued = if last_issued <= now + AHEAD_S_MAX { now.max(last_issued) } else { now };
    let manifest = Manifest {
        list: list.name.clone(),
        kind: list.kind,
        edition: next_number(db, list, last, now)?,
        issued,
        expires: issued + MANIFEST_LIFE_S,
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
    // Of the last edition only its number counts here: this one has another.
    let floor = last.map(|last| Floor { edition: last.edition, manifest: Digest::default() });
    let bytes = signed(SignedKind::Manifest, &manifest, &[&key], |bytes| {
        Manifest::accept(bytes, &list.name, &root, floor, now, &RingVerify).map(drop)
    })?;
    editions::insert(db, &manifest, &bytes)?;
    grants::refresh(home, db, now)?;
    scanner::refresh(home, db, now)?;
    heartbeat::renew(home, db, now)?;
    Ok(manifest)
}

/// Signs what the key before signed with the one that the newest root names: grants, and the newest edition as the next.
pub(super) fn sign_again(home: &Home, db: &Session, list: &ListRow, now: u64) -> Result<(), PublishingError> {
    let last = editions::newest(db, &list.name)?;
    let last = last.ok_or_else(|| PublishingError::NotPublished(list.name.clone()))?;
    db::grants::forget(db, &list.name)?;
    sign(home, db, list, Next::same_as(&last), Some(&last), now).map(drop)
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
        draft: None,
    }
}

/// Removes segments that nothing names any more. The edition before the newest stays: devices may be fetching it.
pub(crate) fn sweep(home: &Home, db: &Session) -> Result<(), PublishingError> {
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
