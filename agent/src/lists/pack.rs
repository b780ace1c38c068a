//! Fills pages: entries, records, extras, directory. The reverse of the shim's readers; FORMAT.md is the contract.
//!
//! Every page is filled as long as the next item fits whole, so its bounds follow from the items alone.

use vedette_shim::list::details::FIELDS;
use vedette_shim::list::entries::{EXTRA_BYTES, HEAD_BYTES};
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

/// Fills pages of entries.
pub(super) struct EntriesPacker {
    schema: Schema,
    record_bits: usize,
    entries: Vec<Entry>,
    /// Bytes of head and runs before the last.
    before: usize,
    runs: usize,
    /// The last run: where it begins in `entries`, and its alerts.
    run_at: usize,
    run_alerts: usize,
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
            run_at: 0,
            run_alerts: 0,
            first_extra: None,
        };
        packer.clear();
        packer
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.before = 1 + if self.schema.extras { EXTRA_BYTES } else { 0 };
        (self.runs, self.run_at, self.run_alerts, self.first_extra) = (0, 0, 0, None);
    }

    /// The page's first extra is at this place.
    pub(super) fn extra_at(&mut self, place: (u32, u16)) {
        self.first_extra.get_or_insert(place);
    }

    /// Adds an entry. If the page was full, returns it, with its first entry's class and rank.
    pub(super) fn add(&mut self, entry: Entry) -> Option<(u16, u64, Plain)> {
        let full = if self.fits(&entry) { None } else { self.finish() };
        let alert = usize::from(entry.record.is_some());
        if self.entries.last().is_some_and(|last| last.class == entry.class) {
            self.run_alerts += alert;
        } else {
            self.before += self.last_run_bytes();
            (self.runs, self.run_at, self.run_alerts) = (self.runs + 1, self.entries.len(), alert);
        }
        self.entries.push(entry);
        full
    }

    fn fits(&self, entry: &Entry) -> bool {
        let Some(last) = self.entries.last() else { return true };
        let alert = usize::from(entry.record.is_some());
        let bytes = if last.class == entry.class {
            let span = entry.rank - self.entries[self.run_at].rank;
            let entries = self.entries.len() + 1 - self.run_at;
            self.before + self.run_bytes(entries, self.run_alerts + alert, span)
        } else if self.runs == usize::from(u8::MAX) {
            return false;
        } else {
            self.before + self.last_run_bytes() + self.run_bytes(1, alert, 0)
        };
        bytes <= PLAIN_BYTES
    }

    fn last_run_bytes(&self) -> usize {
        match (self.entries.get(self.run_at), self.entries.last()) {
            (Some(first), Some(last)) => {
                self.run_bytes(self.entries.len() - self.run_at, self.run_alerts, last.rank - first.rank)
            }
            _ => 0,
        }
    }

    fn run_bytes(&self, entries: usize, alerts: usize, span: u64) -> usize {
        let low_bits = low_bits(entries, span);
        HEAD_BYTES
            + if self.schema.withdrawals { entries.div_ceil(8) } else { 0 }
            + (entries * low_bits as usize).div_ceil(8)
            + (alerts * self.record_bits).div_ceil(8)
            + (entries + (span >> low_bits) as usize).div_ceil(8)
    }

    /// Gives out the page begun, if there is one.
    pub(super) fn finish(&mut self) -> Option<(u16, u64, Plain)> {
        let (class, rank) = self.entries.first().map(|first| (first.class, first.rank))?;
        let mut page = Plain::with_capacity(PLAIN_BYTES);
        page.push(self.runs as u8);
        if self.schema.extras {
            let (extras_page, index) = self.first_extra.unwrap_or((0, 0));
            page.extend_from_slice(&extras_page.to_le_bytes());
            page.extend_from_slice(&index.to_le_bytes());
        }
        let runs = || self.entries.chunk_by(|a, b| a.class == b.class);
        for run in runs() {
            let span = run[run.len() - 1].rank - run[0].rank;
            let low_bits = low_bits(run.len(), span);
            let upper_bytes = (run.len() + (span >> low_bits) as usize).div_ceil(8);
            page.extend_from_slice(&run[0].class.to_le_bytes());
            page.extend_from_slice(&(run.len() as u16).to_le_bytes());
            page.push(low_bits as u8);
            page.extend_from_slice(&(upper_bytes as u16).to_le_bytes());
            page.extend_from_slice(&run[0].rank.to_le_bytes()[..7]);
        }
        for run in runs() {
            self.write_body(run, &mut page);
        }
        debug_assert!(page.len() <= PLAIN_BYTES);
        self.clear();
        Some((class, rank, page))
    }

    fn write_body(&self, run: &[Entry], page: &mut Plain) {
        let base = run[0].rank;
        let low_bits = low_bits(run.len(), run[run.len() - 1].rank - base);
        if self.schema.withdrawals {
            let mut bits = BitWriter::new(page);
            run.iter().for_each(|entry| bits.push(u64::from(entry.record.is_some()), 1));
            bits.finish();
        }
        let mut bits = BitWriter::new(page);
        run.iter().for_each(|entry| bits.push((entry.rank - base) & ((1 << low_bits) - 1), low_bits));
        bits.finish();
        let mut bits = BitWriter::new(page);
        for (numbers, extra) in run.iter().filter_map(|entry| entry.record) {
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
        for entry in run {
            let mut zeros = ((entry.rank - base) >> low_bits) - bucket;
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

/// Elias-Fano's low bits: the logarithm of the mean distance, rounded down.
fn low_bits(entries: usize, span: u64) -> u32 {
    (span / entries as u64).checked_ilog2().unwrap_or(0)
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
