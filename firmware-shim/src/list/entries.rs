//! Pages of entries: documents of a class as ranks, Elias-Fano coded, with their details bit-packed.
//!
//! ```text
//! page    number of runs (1) | with extras: page (4) and index in it (2) of the first extra | heads | ranks | bodies
//! head    class (2) | entries n (2) | series s (1) | low bits l << 10 | bytes of upper (2)
//! rank    of the first entry of each run but the first (7); the first run's stands in the directory
//! body    with withdrawals: n bits, 1 for an alert | s times: start (2), further entries (1)
//!         | m * l bits: low halves | a record for each alert | upper
//! ```
//! A run is the page's entries of one class. A *series* is a stretch of serial numbers, such as blanks stolen
//! together: only its first entry is coded, and how many follow. What is coded are the m *starts*: n without the
//! further entries of series. Start i at distance d = rank - first rank has low half `d mod 2^l`; bit `(d >> l) + i`
//! of upper is set. Each of a body's pieces begins at a byte. A record holds the packed fields in order, each in its
//! bits, then one bit if the segment has extras.

use super::details::{Details, FIELDS};
use super::root::Schema;
use super::{ReadError, bits};

/// Bytes of a run's head.
pub const HEAD_BYTES: usize = 7;
/// Bytes of a rank.
pub const RANK_BYTES: usize = 7;
/// Bytes of a series.
pub const SERIES_BYTES: usize = 3;
/// Bits of the head's number that holds both l and the bytes of upper.
pub const UPPER_BYTES_BITS: u32 = 10;
/// Bytes of the extra's place in front of the heads.
pub const EXTRA_BYTES: usize = 6;

const BAD: ReadError = ReadError::Malformed("entries");

/// A parsed page: where its runs are.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    heads: &'a [u8],
    /// Rank of the next run's first entry, and of those after it.
    rank: u64,
    ranks: &'a [u8],
    bodies: &'a [u8],
    schema: &'a Schema,
    /// Place of the page's first extra.
    first_extra: (u32, u16),
}

impl<'a> Page<'a> {
    /// Splits a page's plaintext; `rank` is that of its first entry, which the directory knows.
    pub fn new(page: &'a [u8], rank: u64, schema: &'a Schema) -> Result<Self, ReadError> {
        let (&runs, mut rest) = page.split_first().ok_or(BAD)?;
        let mut first_extra = (0, 0);
        if schema.extras {
            let (&[a, b, c, d, e, f], tail) = rest.split_first_chunk::<EXTRA_BYTES>().ok_or(BAD)?;
            first_extra = (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]));
            rest = tail;
        }
        let (heads, rest) = rest.split_at_checked(usize::from(runs) * HEAD_BYTES).ok_or(BAD)?;
        let others = usize::from(runs).saturating_sub(1);
        let (ranks, bodies) = rest.split_at_checked(others * RANK_BYTES).ok_or(BAD)?;
        Ok(Page { heads, rank, ranks, bodies, schema, first_extra })
    }

    /// The runs in order.
    pub fn runs(&self) -> Runs<'a> {
        Runs { page: *self }
    }

    /// The page of extras where this page's first extra is, and its index there.
    pub fn first_extra(&self) -> (u32, u16) {
        self.first_extra
    }

    /// What the page says of a rank.
    pub fn find(&self, class: u16, rank: u64) -> Result<Entry, ReadError> {
        let mut extras = 0;
        for run in self.runs() {
            let run = run?;
            if run.class == class
                && let Some(i) = run.find(rank)
            {
                let Some(record) = run.record_of(i) else { return Ok(Entry::Withdrawn) };
                let extra = run.has_extra(record).then(|| extras + run.extras_before(record));
                return Ok(Entry::Alert { numbers: run.numbers(record), extra });
            }
            if self.schema.extras {
                extras += run.extras_before(run.alerts);
            }
        }
        Ok(Entry::Missing)
    }
}

/// What a page says of a rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// It is withdrawn.
    Withdrawn,
    /// It is listed.
    Alert {
        /// The packed fields.
        numbers: [Option<u32>; FIELDS],
        /// How many extras of this page come before its own, if it has one.
        extra: Option<usize>,
    },
}

/// The runs of a page.
pub struct Runs<'a> {
    page: Page<'a>,
}

impl<'a> Iterator for Runs<'a> {
    type Item = Result<Run<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, heads) = self.page.heads.split_first_chunk::<HEAD_BYTES>()?;
        self.page.heads = heads;
        let run = Run::split(head, self.page.rank, self.page.bodies, self.page.schema);
        if let Some((&rank, ranks)) = self.page.ranks.split_first_chunk::<RANK_BYTES>() {
            (self.page.rank, self.page.ranks) = (read_rank(rank), ranks);
        }
        match run {
            Some((run, bodies)) => {
                self.page.bodies = bodies;
                Some(Ok(run))
            }
            None => {
                self.page.heads = &[];
                Some(Err(BAD))
            }
        }
    }
}

/// The entries of one class in one page.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Index of the class.
    pub class: u16,
    /// Number of entries.
    pub entries: usize,
    /// Number of entries that are alerts.
    pub alerts: usize,
    /// Rank of the first entry.
    pub base: u64,
    low_bits: u32,
    /// Empty if the segment has no withdrawals.
    flags: &'a [u8],
    series: &'a [u8],
    starts: usize,
    low: &'a [u8],
    records: &'a [u8],
    upper: &'a [u8],
    schema: &'a Schema,
    record_bits: usize,
}

impl<'a> Run<'a> {
    fn split(
        head: &[u8; HEAD_BYTES],
        base: u64,
        bodies: &'a [u8],
        schema: &'a Schema,
    ) -> Option<(Self, &'a [u8])> {
        let [c1, c2, n1, n2, series, u1, u2] = *head;
        let entries = usize::from(u16::from_le_bytes([n1, n2]));
        let upper = u16::from_le_bytes([u1, u2]);
        let (low_bits, upper) = (u32::from(upper >> UPPER_BYTES_BITS), upper & ((1 << UPPER_BYTES_BITS) - 1));
        if low_bits >= bits::WIDTH_MAX {
            return None;
        }
        let flag_bytes = if schema.withdrawals { entries.div_ceil(8) } else { 0 };
        let (flags, rest) = bodies.split_at_checked(flag_bytes)?;
        let alerts = if schema.withdrawals { bits::count(flags, entries) } else { entries };
        let (series, rest) = rest.split_at_checked(usize::from(series) * SERIES_BYTES)?;
        let further: usize = series_of(series).map(|(_, further)| further).sum();
        let starts = entries.checked_sub(further)?;
        let record_bits = schema.record_bits();
        let (low, rest) = rest.split_at_checked((starts * low_bits as usize).div_ceil(8))?;
        let (records, rest) = rest.split_at_checked((alerts * record_bits).div_ceil(8))?;
        let (upper, rest) = rest.split_at_checked(usize::from(upper))?;
        let run = Run {
            class: u16::from_le_bytes([c1, c2]),
            entries,
            alerts,
            base,
            low_bits,
            flags,
            series,
            starts,
            low,
            records,
            upper,
            schema,
            record_bits,
        };
        Some((run, rest))
    }

    /// Which entry has this rank.
    pub fn find(&self, rank: u64) -> Option<usize> {
        if let Some(start) = self.find_start(rank) {
            let before = series_of(self.series).take_while(|&(first, _)| first < start);
            return Some(start + before.map(|(_, further)| further).sum::<usize>());
        }
        let mut before = 0;
        for (start, further) in series_of(self.series) {
            let distance = rank.checked_sub(self.rank_of_start(start)?)?;
            if distance <= further as u64 {
                return Some(start + before + distance as usize);
            }
            before += further;
        }
        None
    }

    fn find_start(&self, rank: u64) -> Option<usize> {
        let distance = rank.checked_sub(self.base)?;
        let bucket = usize::try_from(distance >> self.low_bits).ok()?;
        let wanted = distance & ((1 << self.low_bits) - 1);
        let mut at = self.bucket_start(bucket)?;
        let mut start = at - bucket;
        while bits::get(self.upper, at, 1) == 1 && start < self.starts {
            let low = self.low_of(start);
            if low >= wanted {
                return (low == wanted).then_some(start);
            }
            (at, start) = (at + 1, start + 1);
        }
        None
    }

    /// The bit of upper after `bucket` zeros.
    fn bucket_start(&self, bucket: usize) -> Option<usize> {
        if bucket == 0 {
            return Some(0);
        }
        nth_bit(self.upper, bucket - 1, |word| !word).map(|at| at + 1)
    }

    fn rank_of_start(&self, start: usize) -> Option<u64> {
        let bucket = nth_bit(self.upper, start, |word| word)? - start;
        Some(self.base.wrapping_add((bucket as u64) << self.low_bits | self.low_of(start)))
    }

    fn low_of(&self, start: usize) -> u64 {
        bits::get(self.low, start * self.low_bits as usize, self.low_bits)
    }

    /// The ranks in order.
    pub fn ranks(&self) -> Ranks<'a> {
        Ranks { run: *self, start: 0, at: 0, rank: 0, further: 0 }
    }

    /// The entry is an alert, not a withdrawal.
    pub fn is_alert(&self, entry: usize) -> bool {
        !self.schema.withdrawals || bits::get(self.flags, entry, 1) == 1
    }

    /// Which record an entry has; `None` if it is a withdrawal.
    pub fn record_of(&self, entry: usize) -> Option<usize> {
        if !self.schema.withdrawals {
            return Some(entry);
        }
        self.is_alert(entry).then(|| bits::count(self.flags, entry))
    }

    /// The packed fields of a record.
    pub fn numbers(&self, record: usize) -> [Option<u32>; FIELDS] {
        let mut at = record * self.record_bits;
        let mut numbers = [None; FIELDS];
        for (number, field) in numbers.iter_mut().zip(&self.schema.fields) {
            if field.packed {
                let coded = bits::get(self.records, at, u32::from(field.bits)) as u32;
                let value = if field.optional { coded.checked_sub(1) } else { Some(coded) };
                *number = value.map(|value| value.wrapping_add(field.min));
                at += usize::from(field.bits);
            }
        }
        numbers
    }

    /// A record says that its entry has an extra.
    pub fn has_extra(&self, record: usize) -> bool {
        self.schema.extras && bits::get(self.records, (record + 1) * self.record_bits - 1, 1) == 1
    }

    fn extras_before(&self, record: usize) -> usize {
        (0..record).filter(|&record| self.has_extra(record)).count()
    }
}

/// A rank as the directory and a page write it.
pub fn read_rank(bytes: [u8; RANK_BYTES]) -> u64 {
    bytes.iter().rev().fold(0, |rank, &byte| rank << 8 | u64::from(byte))
}

/// Each series: its start, and how many entries follow it.
fn series_of(series: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let (series, _) = series.as_chunks::<SERIES_BYTES>();
    series.iter().map(|&[s1, s2, further]| (usize::from(u16::from_le_bytes([s1, s2])), usize::from(further)))
}

/// Where the bit is that has `n` others before it, of those set in `of(word)`.
fn nth_bit(bytes: &[u8], n: usize, of: impl Fn(u64) -> u64) -> Option<usize> {
    let mut left = n;
    for byte in (0..bytes.len()).step_by(8) {
        let mut word = of(bits::word(bytes, byte));
        let here = word.count_ones() as usize;
        if here > left {
            for _ in 0..left {
                word &= word.wrapping_sub(1);
            }
            return Some(byte * 8 + word.trailing_zeros() as usize);
        }
        left -= here;
    }
    None
}

/// The ranks of a run, in order.
#[derive(Debug, Clone, Copy)]
pub struct Ranks<'a> {
    /// Its series are those not begun.
    run: Run<'a>,
    start: usize,
    at: usize,
    /// The rank given last, and how many entries of its series are left.
    rank: u64,
    further: usize,
}

impl Ranks<'_> {
    fn step(&mut self) -> Result<u64, ReadError> {
        if self.further > 0 {
            self.further -= 1;
            self.rank = self.rank.wrapping_add(1);
            return Ok(self.rank);
        }
        loop {
            if self.at / 8 >= self.run.upper.len() {
                return Err(BAD);
            }
            let word = bits::word(self.run.upper, self.at / 8) >> (self.at % 8);
            if word != 0 {
                self.at += word.trailing_zeros() as usize;
                break;
            }
            self.at = self.at / 8 * 8 + 64;
        }
        let bucket = (self.at - self.start.min(self.at)) as u64;
        let distance = bucket << self.run.low_bits | self.run.low_of(self.start);
        self.rank = self.run.base.wrapping_add(distance);
        if let Some((_, further)) =
            series_of(self.run.series).next().filter(|&(first, _)| first == self.start)
        {
            (self.further, self.run.series) = (further, self.run.series.get(SERIES_BYTES..).unwrap_or(&[]));
        }
        (self.start, self.at) = (self.start + 1, self.at + 1);
        Ok(self.rank)
    }
}

impl Iterator for Ranks<'_> {
    type Item = Result<u64, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.further == 0 && self.start == self.run.starts {
            // A series that no start owns would leave entries without a rank.
            return (!core::mem::take(&mut self.run.series).is_empty()).then_some(Err(BAD));
        }
        let step = self.step();
        if step.is_err() {
            (self.start, self.further, self.run.series) = (self.run.starts, 0, &[]);
        }
        Some(step)
    }
}

/// Details of an entry from its packed fields, and its extra if it has one.
pub fn details(
    mut numbers: [Option<u32>; FIELDS],
    extra: Option<&[u8]>,
    texts: &mut super::Texts,
) -> Result<Details, ReadError> {
    texts.national_ref.clear();
    texts.remark.clear();
    if let Some(extra) = extra {
        super::details::read_fields(extra, &mut numbers, texts)?;
    }
    Details::from_numbers(numbers)
}
