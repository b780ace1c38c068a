//! What a device must fetch and merge to have an edition: a pure function of the manifest, the edition in use and the
//! segments that are stored.
//!
//! Invariant: following the plan to its end gives exactly the segments the manifest names. The cheap way (the delta,
//! merged here with what is stored) is planned only when every part of it is certain to be available; otherwise the
//! merged segment itself is fetched.

use vedette_shim::ids::Digest;
use vedette_shim::trust::{Manifest, SegmentRef};

/// Segments to fetch, then perhaps a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FetchPlan {
    /// Segments that are not stored, base first.
    pub(super) fetch: Vec<SegmentRef>,
    /// The merge that makes the last segment, once everything is stored.
    pub(super) merge: Option<Merge>,
}

/// Merging here what the publisher merged there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merge {
    /// The parts, oldest first; the last is the delta.
    pub(super) parts: Vec<SegmentRef>,
    /// Whether the result is the edition's base (then withdrawals have nothing left to withdraw).
    pub(super) base: bool,
    /// What the result must be.
    pub(super) result: SegmentRef,
}

/// Plans for `manifest`, with `active` in use. `merge_failed`: the local merge was tried and gave other bytes.
pub(super) fn plan(
    manifest: &Manifest,
    active: Option<&Manifest>,
    here: impl Fn(&Digest) -> bool,
    merge_failed: bool,
) -> FetchPlan {
    let absent: Vec<&SegmentRef> = manifest.segments.iter().filter(|s| !here(&s.digest)).collect();
    let merge = (!merge_failed).then(|| local_merge(manifest, active, &here)).flatten();
    let wanted: Vec<&SegmentRef> = match &merge {
        Some(merge) if absent.contains(&&merge.result) => {
            let others = absent.into_iter().filter(|s| **s != merge.result);
            others.chain(merge.parts.iter().filter(|s| !here(&s.digest))).collect()
        }
        _ => return FetchPlan { fetch: absent.into_iter().cloned().collect(), merge: None },
    };
    FetchPlan { fetch: wanted.into_iter().cloned().collect(), merge }
}

/// The merge the manifest describes, if the edition before it is in use and all its parts but the delta are stored.
fn local_merge(
    manifest: &Manifest,
    active: Option<&Manifest>,
    here: &impl Fn(&Digest) -> bool,
) -> Option<Merge> {
    let (delta, active, result) = (manifest.delta.as_ref()?, active?, manifest.segments.last()?);
    let merged = usize::from(manifest.merged);
    let first = active.segments.len().checked_sub(merged)?;
    let kept = &manifest.segments[..manifest.segments.len() - 1];
    if merged == 0
        || active.edition.checked_add(1) != Some(manifest.edition)
        || *kept != active.segments[..first]
    {
        return None;
    }
    let stored = &active.segments[first..];
    if !stored.iter().all(|s| here(&s.digest)) {
        return None;
    }
    let parts = stored.iter().chain([delta]).cloned().collect();
    Some(Merge { parts, base: first == 0, result: result.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_shim::list::Kind;

    fn segment(n: u8) -> SegmentRef {
        SegmentRef { digest: [n; 32], bytes: 1, entries: 1, withdrawals: 0, key: 1 }
    }

    fn manifest(edition: u64, segments: &[u8], delta: Option<u8>, merged: u8) -> Manifest {
        Manifest {
            list: "a/b".parse().unwrap(),
            kind: Kind::Documents,
            edition,
            issued: 0,
            expires: 1,
            lease_s: 1,
            confirm_s: 0,
            handling: Default::default(),
            possible_from: 0,
            hit_from: 0,
            segments: segments.iter().map(|n| segment(*n)).collect(),
            delta: delta.map(segment),
            merged,
        }
    }

    fn fetched(plan: &FetchPlan) -> Vec<u8> {
        plan.fetch.iter().map(|s| s.digest[0]).collect()
    }

    #[test]
    fn a_new_delta_is_fetched_alone() {
        let (before, now) = (manifest(1, &[1], None, 0), manifest(2, &[1, 2], Some(2), 0));
        let plan = plan(&now, Some(&before), |d| d[0] == 1, false);
        assert_eq!((fetched(&plan), plan.merge), (vec![2], None));
    }

    #[test]
    fn a_merged_segment_is_made_here_from_the_delta() {
        let (before, now) = (manifest(2, &[1, 2], None, 0), manifest(3, &[1, 9], Some(3), 1));
        let made = plan(&now, Some(&before), |d| d[0] <= 2, false);
        assert_eq!(fetched(&made), [3]);
        let merge = made.merge.unwrap();
        assert_eq!(merge.parts, [segment(2), segment(3)]);
        assert!(!merge.base);
        assert_eq!(merge.result, segment(9));
        let all = manifest(3, &[9], Some(3), 2);
        assert!(plan(&all, Some(&before), |d| d[0] <= 2, false).merge.unwrap().base);
    }

    #[test]
    fn without_the_edition_before_the_merged_segment_is_fetched() {
        let now = manifest(3, &[1, 9], Some(3), 1);
        let older = manifest(1, &[1], None, 0);
        for (active, here, failed) in [
            (None, 0, false),
            (Some(&older), 1, false),
            (Some(&manifest(2, &[1, 2], None, 0)), 1, false),
            (Some(&manifest(2, &[1, 2], None, 0)), 2, true),
            (Some(&manifest(2, &[7, 2], None, 0)), 2, false),
        ] {
            let plan = plan(&now, active, |d| d[0] <= here, failed);
            assert!(plan.merge.is_none());
            assert!(fetched(&plan).contains(&9) && !fetched(&plan).contains(&3));
        }
        let done = plan(&now, None, |_| true, false);
        assert_eq!(done, FetchPlan::default());
    }
}
