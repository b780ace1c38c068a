//! An edition of documents asked with the memory of one page: its segments are opened one after the other, the newest
//! first, and the first that mentions a document or a range decides.
//!
//! The agent keeps its segments open and asks them in a faster way of its own (the list engine's `edition.rs`). The
//! answers are the same, also where a segment cannot be read; the test vectors hold both to that.

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

/// Asks the `segments` segments of an edition, of which `open` opens one by its place, the oldest being 0, and adds what
/// they have to `met`.
///
/// Failure: what was found in newer segments before one could not be read stays in `met`, because nothing older could
/// take it back. Older segments are then not asked: what a segment that cannot be read withdrew must not come back.
#[inline(never)]
pub fn find_into<R: BlockRead, A: Aead>(
    met: &mut Met,
    segments: usize,
    open: impl Fn(usize) -> Result<Segment<R, A>, ReadError>,
    key: &DocumentKey,
    scratch: &mut Scratch,
) -> Result<(), ReadError> {
    // The exact key and the ranges are two questions: that one cannot be answered says nothing of the other.
    let (mut exact, mut ranges) = (Ok(false), Ok(()));
    for place in (0..segments).rev() {
        let segment = open(place)?;
        if exact == Ok(false) {
            exact = segment.find(key, scratch).map(|found| {
                if let Found::Alert(details) = found {
                    met.exact = Some(details);
                }
                found != Found::Nothing
            });
        }
        if ranges.is_ok() {
            ranges = find_ranges(met, &segment, (place + 1..segments).map(&open), key, scratch);
        }
    }
    exact.and(ranges)
}

/// Adds the ranges of a segment that hold the document, less those that a newer segment mentions.
#[inline(never)]
fn find_ranges<R: BlockRead, A: Aead>(
    met: &mut Met,
    segment: &Segment<R, A>,
    newer: impl Iterator<Item = Result<Segment<R, A>, ReadError>> + Clone,
    key: &DocumentKey,
    scratch: &mut Scratch,
) -> Result<(), ReadError> {
    // One range at a time, so that no number of ranges that newer segments replaced can hide one that is in effect.
    for skip in 0.. {
        let Some(range) = nth_range(segment, key, skip, scratch)? else { break };
        let mut replaced = false;
        for newer in newer.clone() {
            let mentioned = newer?.find_range(&key.with_number(range.first), &range.last, scratch)?;
            if mentioned != Found::Nothing {
                replaced = true;
                break;
            }
        }
        if !replaced && met.ranges.push(range).is_err() {
            met.more_ranges = true;
            break;
        }
    }
    Ok(())
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
