//! What the next edition of a list is made of: the last edition's segments and a delta, joined where it outgrows them. And the segments
//! of an edition, opened.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::publishing::error::PublishingError;
use std::path::Path;
use vedette_lists::{Edition, ListKey, SegmentFile, SegmentInfo};
use vedette_shim::ids::ListName;
use vedette_shim::trust::{Manifest, SegmentRef};

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
    pub(super) fn same_as(last: &Manifest) -> Next {
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

/// How a manifest names a segment.
pub(super) fn reference(info: &SegmentInfo, key: u32) -> SegmentRef {
    SegmentRef {
        digest: info.digest,
        bytes: info.bytes,
        entries: info.entries,
        withdrawals: info.withdrawals,
        key,
    }
}

/// An edition's segments, the oldest first.
pub(super) fn open_segments(
    home: &Home,
    name: &ListName,
    edition: &Manifest,
) -> Result<Vec<SegmentFile>, PublishingError> {
    edition.segments.iter().map(|segment| open_segment(home, name, segment)).collect()
}

/// One segment.
pub(super) fn open_segment(
    home: &Home,
    name: &ListName,
    segment: &SegmentRef,
) -> Result<SegmentFile, PublishingError> {
    let key = Key::List(name, segment.key).list_key(home)?;
    Ok(SegmentFile::open(&home.segment(&segment.digest), segment.digest, &key)?)
}
