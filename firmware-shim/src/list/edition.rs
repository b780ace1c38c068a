//! An edition of documents asked with the memory of one page: its segments are opened one after the other, the newest
//! first, and the first that mentions a document or a range decides.
//!
//! The agent, which keeps its segments open, has a faster way of its own (`agent/src/lists/edition.rs`); the answers are
//! the same.

use heapless::Vec;

use super::segment::{Found, Scratch, Segment};
use super::{BlockRead, Details, ReadError};
use crate::document::{DocumentKey, Number};
use crate::seal::Aead;

/// Most ranges of one answer.
pub const RANGES_MAX: usize = 2;

/// A range that holds the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeMet {
    /// Its first number.
    pub first: Number,
    /// Its last number.
    pub last: Number,
    /// What is known of it.
    pub details: Details,
}

/// What an edition says of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Met {
    /// The alert of exactly this document.
    pub exact: Option<Details>,
    /// Ranges that hold it, the newest first.
    pub ranges: Vec<RangeMet, RANGES_MAX>,
    /// More ranges hold it than these.
    pub more_ranges: bool,
}

impl Met {
    /// Nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.exact.is_none() && self.ranges.is_empty()
    }
}

/// Asks `segments` segments, of which `open` opens one by its place, the oldest being 0.
#[inline(never)]
pub fn find<R: BlockRead, A: Aead>(
    segments: usize,
    open: impl Fn(usize) -> Result<Segment<R, A>, ReadError>,
    key: &DocumentKey,
    scratch: &mut Scratch,
) -> Result<Met, ReadError> {
    let (mut met, mut decided) = (Met::default(), false);
    for place in (0..segments).rev() {
        let segment = open(place)?;
        if !decided {
            match segment.find(key, scratch)? {
                Found::Nothing => {}
                Found::Withdrawn => decided = true,
                Found::Alert(details) => (met.exact, decided) = (Some(details), true),
            }
        }
        // One range at a time, so that no number of ranges that newer segments replaced can hide one that stands.
        for skip in 0.. {
            let Some(range) = nth_range(&segment, key, skip, scratch)? else { break };
            let mut stands = true;
            for newer in place + 1..segments {
                let mentioned =
                    open(newer)?.find_range(&key.with_number(range.first), &range.last, scratch)?;
                stands &= mentioned == Found::Nothing;
            }
            if stands && met.ranges.push(range).is_err() {
                met.more_ranges = true;
                return Ok(met);
            }
        }
    }
    Ok(met)
}

#[inline(never)]
fn nth_range<R: BlockRead, A: Aead>(
    segment: &Segment<R, A>,
    key: &DocumentKey,
    skip: usize,
    scratch: &mut Scratch,
) -> Result<Option<RangeMet>, ReadError> {
    let (mut left, mut found) = (skip, None);
    segment.ranges_with(key, scratch, |first, last, details, _| {
        if left == 0 {
            found = Some(RangeMet { first: *first, last: *last, details: *details });
        }
        left = left.wrapping_sub(1);
        found.is_none()
    })?;
    Ok(found)
}
