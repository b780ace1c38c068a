//! Fills pages: entries, records, extras, directory. The reverse of the shim's readers; FORMAT.md is the contract.
//!
//! Every page is filled as long as the next item fits whole, so its bounds follow from the items alone.

use vedette_shim::list::details::FIELDS;
use vedette_shim::list::entries::{EXTRA_BYTES, HEAD_BYTES, RANK_BYTES, SERIES_BYTES, UPPER_BYTES_BITS};
use vedette_shim::list::root::Schema;
use vedette_shim::list::{PLAIN_BYTES, extras, records};

/// A page being filled.
pub(super) type Plain = Vec<u8>;

/// Bits appended to bytes, lowest first.
struct BitWriter<'a> {
    out: &'a mut Plain,
    held: u64,
    bits: u32,
}

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Plain) -> Self {
        BitWriter { out, held: 0, bits: 0 }
    }

    /// Appends the lowest `width` bits, at most 57, of a value that has no others.
    fn push(&mut self, value: u64, width: u32) {
        self.held |= value << self.bits;
        self.bits += width;
        while self.bits >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.bits -= 8;
        }
    }

    fn finish(self) {
        if self.bits > 0 {
            self.out.push(self.held as u8);
        }
    }
}

/// One entry of a class.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) class: u16,
    pub(super) rank: u64,
    /// The fields and whether it has an extra; `None` for a withdrawal.
    pub(super) record: Option<([Option<u32>; FIELDS], bool)>,
}

/// From so many further entries on a stretch of serial numbers is coded as a series.
const SERIES_FURTHER_MIN: usize = 4;
/// Most further entries of one series; the next entry is a start again.
const SERIES_FURTHER_MAX: usize = u8::MAX as usize;

/// What decides the size of a run: the entries of one class in a page.
#[derive(Clone, Copy, Default)]
struct Run {
    entries: usize,
    alerts: usize,
    starts: usize,
    series: usize,
    first: u64,
    last: u64,
    /// Entries of the stretch of serial numbers at the run's end, at most 1 + [`SERIES_FURTHER_MAX`].
    stretch: usize,
}

impl Run {
    fn of(entry: &Entry) -> Self {
        Run { first: entry.rank, ..Run::default() }.with(entry)
    }

    fn with(mut self, entry: &Entry) -> Run {
        let goes_on = self.entries > 0 && entry.rank == self.last + 1 && self.stretch <= SERIES_FURTHER_MAX;
        self.stretch = if goes_on { self.stretch + 1 } else { 1 };
        match self.stretch.checked_sub(1 + SERIES_FURTHER_MIN) {
            None => self.starts += 1,
            Some(0) => (self.starts, self.series) = (self.starts + 1 - SERIES_FURTHER_MIN, self.series + 1),
            Some(_) => {}
        }
        self.entries += 1;
        self.alerts += usize::from(entry.record.is_some());
        self.last = entry.rank;
        self
    }

    /// From the first start to the last.
    fn span(&self) -> u64 {
        let of_series = if self.stretch > SERIES_FURTHER_MIN { self.stretch as u64 - 1 } else { 0 };
        self.last - of_series - self.first
    }

    fn low_bits(&self) -> u32 {
        low_bits(self.starts, self.span())
    }

    fn upper_bytes(&self) -> usize {
        (self.starts + (self.span() >> self.low_bits()) as usize).div_ceil(8)
    }

    fn bytes(&self, schema: &Schema, record_bits: usize) -> usize {
        HEAD_BYTES
            + if schema.withdrawals { self.entries.div_ceil(8) } else { 0 }
            + self.series * SERIES_BYTES
            + (self.starts * self.low_bits() as usize).div_ceil(8)
            + (self.alerts * record_bits).div_ceil(8)
            + self.upper_bytes()
    }

    /// Its counts fit their places in head and series.
    fn is_countable(&self) -> bool {
        self.entries <= usize::from(u16::MAX) && self.series <= usize::from(u8::MAX)
    }
}

/// Fills pages of entries.
pub(super) struct EntriesPacker {
    schema: Schema,
    record_bits: usize,
    entries: Vec<Entry>,
    /// Bytes of the page's head and of the runs before the last.
    before: usize,
    /// Runs begun, and the last of them.
    runs: usize,
    run: Run,
    first_extra: Option<(u32, u16)>,
}

impl EntriesPacker {
    pub(super) fn new(schema: Schema) -> Self {
        let mut packer = EntriesPacker {
            schema,
            record_bits: schema.record_bits(),
            entries: Vec::new(),
            before: 0,
            runs: 0,
            run: Run::default(),
            first_extra: None,
        };
        packer.clear();
        packer
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.before = 1 + if self.schema.extras { EXTRA_BYTES } else { 0 };
        (self.runs, self.run, self.first_extra) = (0, Run::default(), None);
    }

    /// The page's first extra is at this place.
    pub(super) fn extra_at(&mut self, place: (u32, u16)) {
        self.first_extra.get_or_insert(place);
    }

    /// Adds an entry. If the page was full, returns it, with its first entry's rank.
    pub(super) fn add(&mut self, entry: Entry) -> Option<(u64, Plain)> {
        let mut full = None;
        let (before, run) = match self.with(&entry) {
            Some(fits) => fits,
            None => {
                full = self.finish();
                (self.before, Run::of(&entry))
            }
        };
        if run.entries == 1 {
            self.runs += 1;
        }
        (self.before, self.run) = (before, run);
        self.entries.push(entry);
        full
    }

    /// The bytes before the last run, and the last run, if the entry came into this page; `None` if it does not fit.
    fn with(&self, entry: &Entry) -> Option<(usize, Run)> {
        let Some(last) = self.entries.last() else { return Some((self.before, Run::of(entry))) };
        let (before, run, runs) = if last.class == entry.class {
            (self.before, self.run.with(entry), self.runs)
        } else {
            let before = self.before + self.run.bytes(&self.schema, self.record_bits) + RANK_BYTES;
            (before, Run::of(entry), self.runs + 1)
        };
        let fits = before + run.bytes(&self.schema, self.record_bits) <= PLAIN_BYTES;
        (fits && run.is_countable() && runs <= usize::from(u8::MAX)).then_some((before, run))
    }

    /// Gives out the page begun, if there is one.
    pub(super) fn finish(&mut self) -> Option<(u64, Plain)> {
        let rank = self.entries.first()?.rank;
        let mut page = Plain::with_capacity(PLAIN_BYTES);
        page.push(self.runs as u8);
        if self.schema.extras {
            let (extras_page, index) = self.first_extra.unwrap_or((0, 0));
            page.extend_from_slice(&extras_page.to_le_bytes());
            page.extend_from_slice(&index.to_le_bytes());
        }
        let runs = self.entries.chunk_by(|a, b| a.class == b.class);
        let runs: Vec<(&[Entry], Run)> =
            runs.map(|run| (run, run[1..].iter().fold(Run::of(&run[0]), Run::with))).collect();
        for (entries, run) in &runs {
            let upper = (run.low_bits() as u16) << UPPER_BYTES_BITS | run.upper_bytes() as u16;
            page.extend_from_slice(&entries[0].class.to_le_bytes());
            page.extend_from_slice(&(run.entries as u16).to_le_bytes());
            page.push(run.series as u8);
            page.extend_from_slice(&upper.to_le_bytes());
        }
        for (_, run) in &runs[1..] {
            page.extend_from_slice(&run.first.to_le_bytes()[..RANK_BYTES]);
        }
        for (entries, run) in &runs {
            self.write_body(entries, run, &mut page);
        }
        debug_assert_eq!(page.len(), self.before + self.run.bytes(&self.schema, self.record_bits));
        self.clear();
        Some((rank, page))
    }

    fn write_body(&self, entries: &[Entry], run: &Run, page: &mut Plain) {
        if self.schema.withdrawals {
            let mut bits = BitWriter::new(page);
            entries.iter().for_each(|entry| bits.push(u64::from(entry.record.is_some()), 1));
            bits.finish();
        }
        let (starts, series) = starts_and_series(entries);
        for (start, further) in series {
            page.extend_from_slice(&start.to_le_bytes());
            page.push(further);
        }
        let low_bits = run.low_bits();
        let mut bits = BitWriter::new(page);
        starts.iter().for_each(|rank| bits.push((rank - run.first) & ((1 << low_bits) - 1), low_bits));
        bits.finish();
        let mut bits = BitWriter::new(page);
        for (numbers, extra) in entries.iter().filter_map(|entry| entry.record) {
            for (number, field) in numbers.iter().zip(&self.schema.fields).filter(|(_, field)| field.packed) {
                let coded = number.map_or(0, |number| number - field.min + u32::from(field.optional));
                bits.push(u64::from(coded), u32::from(field.bits));
            }
            if self.schema.extras {
                bits.push(u64::from(extra), 1);
            }
        }
        bits.finish();
        let mut bits = BitWriter::new(page);
        let mut bucket = 0;
        for rank in starts {
            let mut zeros = ((rank - run.first) >> low_bits) - bucket;
            bucket += zeros;
            while zeros >= 32 {
                bits.push(0, 32);
                zeros -= 32;
            }
            bits.push(1 << zeros, zeros as u32 + 1);
        }
        bits.finish();
    }
}

/// The ranks that are coded, and the series: the place of its start among them, and how many entries follow.
fn starts_and_series(entries: &[Entry]) -> (Vec<u64>, Vec<(u16, u8)>) {
    let (mut starts, mut series) = (Vec::with_capacity(entries.len()), Vec::new());
    for serial in entries.chunk_by(|a, b| a.rank + 1 == b.rank) {
        for stretch in serial.chunks(1 + SERIES_FURTHER_MAX) {
            let further = stretch.len() - 1;
            if further >= SERIES_FURTHER_MIN {
                series.push((starts.len() as u16, further as u8));
                starts.push(stretch[0].rank);
            } else {
                starts.extend(stretch.iter().map(|entry| entry.rank));
            }
        }
    }
    (starts, series)
}

/// Elias-Fano's low bits: the logarithm of the mean distance, rounded down.
fn low_bits(starts: usize, span: u64) -> u32 {
    (span / starts as u64).checked_ilog2().unwrap_or(0)
}

/// Fills pages of records; the class table and loose documents too.
pub(super) struct RecordsPacker {
    page: Plain,
    count: u16,
    /// The last key in this page.
    key: Vec<u8>,
}

impl RecordsPacker {
    pub(super) fn new() -> Self {
        let mut packer = RecordsPacker { page: Plain::new(), count: 0, key: Vec::new() };
        packer.begin();
        packer
    }

    fn begin(&mut self) {
        self.page.clear();
        self.page.extend_from_slice(&[0; records::HEAD_BYTES]);
        self.page[..2].copy_from_slice(&(records::HEAD_BYTES as u16).to_le_bytes());
        (self.count, self.key) = (0, Vec::new());
    }

    /// Adds a record, `None` for a withdrawal; every page that is full goes to `emit`.
    pub(super) fn add<E>(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        mut emit: impl FnMut(Plain) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut shared = self.key.iter().zip(key).take_while(|(a, b)| a == b).count();
        let coded = value.map_or(0, |value| value.len() as u32 + 1);
        let head = 2 + varint_bytes(coded);
        // Whether it may go on in the next page must not depend on what it shares.
        let whole = head + key.len() + value.map_or(0, <[u8]>::len);
        let needed = if whole <= records::WHOLE_BYTES_MAX { whole } else { head + key.len() + 1 } - shared;
        if self.page.len() + needed > PLAIN_BYTES {
            emit(self.take())?;
            shared = 0;
        }
        self.page.extend_from_slice(&[shared as u8, (key.len() - shared) as u8]);
        write_varint(coded, &mut self.page);
        self.page.extend_from_slice(&key[shared..]);
        self.count += 1;
        self.key.clear();
        self.key.extend_from_slice(key);
        let mut value = value.unwrap_or(&[]);
        while self.page.len() + value.len() > PLAIN_BYTES {
            let (here, later) = value.split_at(PLAIN_BYTES - self.page.len());
            self.page.extend_from_slice(here);
            value = later;
            emit(self.take())?;
        }
        self.page.extend_from_slice(value);
        if self.count == 0 {
            // The end of a value that began before: the next record begins after it.
            let first = self.page.len() as u16;
            self.page[..2].copy_from_slice(&first.to_le_bytes());
        }
        Ok(())
    }

    fn take(&mut self) -> Plain {
        let count = self.count.to_le_bytes();
        self.page[2..4].copy_from_slice(&count);
        if self.count == 0 {
            let first = self.page.len() as u16;
            self.page[..2].copy_from_slice(&first.to_le_bytes());
        }
        let page = self.page.clone();
        self.begin();
        page
    }

    /// Gives out the page begun, if it holds anything.
    pub(super) fn finish(&mut self) -> Option<Plain> {
        (self.page.len() > records::HEAD_BYTES).then(|| self.take())
    }
}

fn varint_bytes(value: u32) -> usize {
    (vedette_shim::list::bits::width(u64::from(value)) as usize).div_ceil(7).max(1)
}

fn write_varint(mut value: u32, out: &mut Plain) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Fills pages of extras.
pub(super) struct ExtrasPacker {
    page: Plain,
    count: u16,
    pages: u32,
}

impl ExtrasPacker {
    pub(super) fn new() -> Self {
        ExtrasPacker { page: vec![0; extras::HEAD_BYTES], count: 0, pages: 0 }
    }

    /// Adds an extra; returns its place and, if the page was full, that page.
    pub(super) fn add(&mut self, extra: &[u8]) -> ((u32, u16), Option<Plain>) {
        let fits = self.page.len() + extras::LENGTH_BYTES + extra.len() <= PLAIN_BYTES;
        let full = if fits { None } else { self.finish() };
        let place = (self.pages, self.count);
        self.page.extend_from_slice(&(extra.len() as u16).to_le_bytes());
        self.page.extend_from_slice(extra);
        self.count += 1;
        (place, full)
    }

    /// Gives out the page begun, if it holds anything.
    pub(super) fn finish(&mut self) -> Option<Plain> {
        if self.count == 0 {
            return None;
        }
        let mut page = std::mem::replace(&mut self.page, vec![0; extras::HEAD_BYTES]);
        page[..2].copy_from_slice(&self.count.to_le_bytes());
        (self.count, self.pages) = (0, self.pages + 1);
        Some(page)
    }
}
