//! Which segments a publisher joins when a new delta comes: few segments to ask, few bytes to write.
//!
//! Editions are tiers: the base, then larger to smaller, each tier [`FAN_OUT`] times the next. A delta joins the
//! trailing segments that are not [`FAN_OUT`] times as large as all that is joined so far; so each change is
//! rewritten a few times a tier. Whatever the sizes, an edition has at most [`SEGMENTS_MAX`] segments.

/// Most segments of an edition.
pub const SEGMENTS_MAX: usize = 8;
/// A segment is left alone while it is at least this many times larger than what follows it.
pub const FAN_OUT: u64 = 8;

/// What becomes of an edition's segments when a delta is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// So many of the current segments, the oldest, stay as they are.
    pub keep: usize,
    /// The others and the delta become one segment; without others the delta stands as it is. If `keep` is 0 and
    /// there are others, the new segment is the base.
    pub join: usize,
}

/// Plans for segments of `sizes` bytes, the oldest first, and a delta of `delta` bytes.
pub fn compact(sizes: &[u64], delta: u64) -> Plan {
    let mut joined = delta;
    let mut keep = sizes.len();
    while keep > 0 && (keep >= SEGMENTS_MAX || sizes[keep - 1] < joined.saturating_mul(FAN_OUT)) {
        keep -= 1;
        joined = joined.saturating_add(sizes[keep]);
    }
    Plan { keep, join: sizes.len() - keep }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_edition_stays_small(mut sizes in proptest::collection::vec(1u64..1 << 40, 0..20),
                                  deltas in proptest::collection::vec(1u64..1 << 30, 1..200)) {
            for delta in deltas {
                let plan = compact(&sizes, delta);
                prop_assert_eq!(plan.keep + plan.join, sizes.len());
                let joined = sizes.split_off(plan.keep).iter().sum::<u64>() + delta;
                sizes.push(joined);
                prop_assert!(sizes.len() <= SEGMENTS_MAX);
            }
        }
    }

    #[test]
    fn a_year_of_daily_deltas_rewrites_little() {
        let (mut sizes, mut written) = (vec![700_000_000u64], 0u64);
        for _ in 0..365 {
            let delta = 400_000;
            let plan = compact(&sizes, delta);
            let joined = sizes.split_off(plan.keep).iter().sum::<u64>() + delta;
            written += joined;
            sizes.push(joined);
        }
        assert!(sizes[0] >= 700_000_000 && sizes.len() > 1);
        // The changes themselves are 146 MB; each is written a few times, and the base seldom.
        assert!(written < 3_000_000_000, "{written}");
    }
}
