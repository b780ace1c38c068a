//! `publish`: what is pending, compared with the last edition, becomes the next one.
//!
//! The publisher compacts: the difference is a small segment (the delta), and the trailing segments that it outgrows are
//! merged with it (see [`vedette_lists::compact`]), so that an edition has at most 8. The manifest says which, so that a
//! device can make the merge itself.
//!
//! Invariant: a file cut short would clear a list everywhere: what withdraws much of it is refused unless the operator asks for
//! it. How an edition is signed and recorded: [`super::issue`].

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

pub use crate::publishing::issue::{MANIFEST_LIFE_S, Published};

use crate::authority::audit::Act;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::Session;
use crate::db::editions::{self, Pending};
use crate::publishing::error::PublishingError;
use crate::publishing::imports::import_report::Difference;
use crate::publishing::issue::conclude;
use crate::publishing::list;
use crate::publishing::next::{Next, open_segments, reference};
use vedette_lists::{Change, Edition, SegmentFile, SegmentInfo};
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::Manifest;

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

/// Makes the next edition of a list, if there is anything new.
pub fn publish(home: &Home, name: &ListName, options: &PublishOptions) -> Result<Published, PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let list = list::get(db.read(), name)?;
    let last = editions::newest(db.read(), name)?;
    let way = if options.whole { next_whole } else { next };
    let next = way(home, db.read(), name, list.key_number, last.as_ref(), options.withdraw_many)?;
    let act = Act::Publish.of(name).with("whole", options.whole).with("withdraw_many", options.withdraw_many);
    conclude(home, &mut db, &list, next, last.as_ref(), act)
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
        refuse_clearing(name, last, new.alerts_at_most(), &delta)?;
    }
    if delta.entries == 0 && delta.withdrawals == 0 {
        return Ok(None);
    }
    let delta = SegmentFile::open(&delta_path, delta.digest, &key)?;
    Next::after(last, &old, &delta, (&key, key_number), &folder).map(Some)
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
        refuse_clearing(name, last, content.alerts_at_most(), &delta)?;
    }
    let parts: Vec<&SegmentFile> = content.segments().iter().collect();
    let (_, base) = vedette_lists::merge(&parts, true, &key, &home.segments())?;
    let segments = vec![reference(&base, key_number)];
    if last.is_some_and(|last| last.segments[..] == segments) {
        return Ok(None);
    }
    Ok(Some(Next { segments, delta: None, merged: 0, change: Some(base) }))
}

/// Refuses what looks like a file cut short: see [`PublishOptions::withdraw_many`]. At most `left` alerts remain.
pub(super) fn refuse_clearing(
    name: &ListName,
    last: &Manifest,
    left: u64,
    delta: &SegmentInfo,
) -> Result<(), PublishingError> {
    let withdrawn = delta.withdrawals;
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
    let Some(old) = old else {
        return Ok(Difference { put: new.alerts_at_most(), ..Difference::default() });
    };
    let mut difference = Difference { edition: last.map_or(0, |last| last.edition), ..Difference::default() };
    let mut count = |is_put: bool| match is_put {
        true => difference.put += 1,
        false => difference.withdrawn += 1,
    };
    match new.kind() {
        Kind::Documents => {
            for change in vedette_lists::diff(Some(&old), &new)? {
                count(matches!(change?, Change::Put(_)));
            }
        }
        Kind::Persons => {
            for record in vedette_lists::diff_records(Some(&old), &new)? {
                count(record?.value.is_some());
            }
        }
    }
    Ok(difference)
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
