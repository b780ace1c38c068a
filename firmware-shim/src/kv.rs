//! A few small values in flash that are replaced as a whole: floors, the editions in use, the last signed time.
//!
//! The region's halves take turns. Values are added as records to one of them; when it is full, those that stand go into the
//! other, and a last record says that all of them are there. Until then the first one counts.
//!
//! ```text
//! record kind 1, first in a half: generation (4), the higher counts
//! record kind 2: key (1), value. The last one of a key counts
//! record kind 3: what was carried over is complete
//! ```
//! Invariants: a value that [`KvStore::put`] returned for is there after any power cut; one that was being put is there
//! or the one before is. Failure: a flash that fails leaves the values as they were.

use crate::flash::record::{self, Record, Slot};
use crate::flash::{Flash, FlashError, Region};

/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 400;

const OPEN: u8 = 1;
const VALUE: u8 = 2;
const COMPLETE: u8 = 3;

/// The values. Holds no copy of them.
#[derive(Debug, Clone, Copy)]
pub struct KvStore {
    region: Region,
    generation: u32,
    /// Which of the two halves counts.
    half: u32,
    /// Where the next record goes; the half's end if none may.
    at: u32,
}

/// Why a value was not put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KvError {
    /// The flash failed.
    Flash,
    /// All values together do not fit a half.
    Full,
}

impl From<FlashError> for KvError {
    fn from(_: FlashError) -> Self {
        KvError::Flash
    }
}

impl KvStore {
    /// Finds the values in `region`, an even number of sectors; one that holds none becomes an empty store.
    pub fn open(flash: &mut impl Flash, region: Region) -> Result<Self, FlashError> {
        let found = [0, 1].map(|half| Self::find(flash, region, half));
        match found.into_iter().flatten().max_by_key(|kv| kv.generation) {
            Some(kv) => Ok(kv),
            None => {
                let mut kv = KvStore { region, generation: 0, half: 1, at: 0 };
                kv.turn(flash, None).map_err(|_| FlashError)?;
                Ok(kv)
            }
        }
    }

    fn find(flash: &impl Flash, region: Region, half: u32) -> Option<KvStore> {
        let mut kv = KvStore { region, generation: 0, half, at: 0 };
        let mut complete = false;
        let (mut records, mut buffer) = (kv.records(flash), [0; 4]);
        match records.next()? {
            first if first.kind == OPEN => {
                first.value(flash, &mut buffer).ok()?;
                kv.generation = u32::from_le_bytes(buffer);
            }
            _ => return None,
        }
        for record in &mut records {
            complete |= record.kind == COMPLETE;
        }
        kv.at = records.free_at();
        complete.then_some(kv)
    }

    /// Reads the value of a key into `buffer`; `None` if it has none.
    pub fn get<'b>(
        &self,
        flash: &impl Flash,
        key: u8,
        buffer: &'b mut [u8; VALUE_BYTES_MAX],
    ) -> Result<Option<&'b [u8]>, FlashError> {
        match self.last(flash, key) {
            None => Ok(None),
            Some(record) => {
                let record = Record { value_at: record.value_at + 1, len: record.len - 1, ..record };
                record.value(flash, buffer).map(Some)
            }
        }
    }

    /// Puts a value in place of the one before.
    pub fn put(&mut self, flash: &mut impl Flash, key: u8, value: &[u8]) -> Result<(), KvError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(KvError::Full);
        }
        let end = self.end(flash);
        if self.at + record::bytes_for(flash, value.len() + 1) > end {
            return self.turn(flash, Some((key, value)));
        }
        Ok(record::append(flash, &mut self.at, end, VALUE, &[&[key], value])?)
    }

    /// Carries what stands over to the other half, with one value more.
    fn turn(&mut self, flash: &mut impl Flash, more: Option<(u8, &[u8])>) -> Result<(), KvError> {
        let mut other = KvStore { half: 1 - self.half, generation: self.generation + 1, ..*self };
        let (begin, end) = (other.begin(flash), other.end(flash));
        // Its first sector first, without which it does not count.
        let mut sector = begin;
        while sector < end {
            flash.erase(sector)?;
            sector += flash.geometry().sector;
        }
        other.at = record::write(flash, begin, end, OPEN, &[&other.generation.to_le_bytes()])?;
        let mut buffer = [0; VALUE_BYTES_MAX + 1];
        // A new store has nothing to carry over, whatever lay in its sectors.
        let mut from = if self.generation == 0 { self.end(flash) } else { self.begin(flash) };
        // By place, not by an iterator: the flash is written in between.
        while let Slot::Record(record) = record::read(flash, from, self.end(flash)) {
            from = record.next;
            if record.kind != VALUE {
                continue;
            }
            let value = record.value(flash, &mut buffer)?;
            let Some(key) = value.first().copied() else { continue };
            let replaced = more.is_some_and(|(new, _)| new == key);
            if !replaced && self.last(flash, key) == Some(record) {
                other.add(flash, VALUE, &[value])?;
            }
        }
        if let Some((key, value)) = more {
            other.add(flash, VALUE, &[&[key], value])?;
        }
        other.add(flash, COMPLETE, &[])?;
        *self = other;
        Ok(())
    }

    fn add(&mut self, flash: &mut impl Flash, kind: u8, parts: &[&[u8]]) -> Result<(), KvError> {
        let len = parts.iter().map(|part| part.len()).sum();
        if self.at + record::bytes_for(flash, len) > self.end(flash) {
            return Err(KvError::Full);
        }
        self.at = record::write(flash, self.at, self.end(flash), kind, parts)?;
        Ok(())
    }

    fn last(&self, flash: &impl Flash, key: u8) -> Option<Record> {
        let of_key = |record: &Record| {
            let mut first = [0];
            record.kind == VALUE
                && record.len > 0
                && flash.read(record.value_at, &mut first).is_ok()
                && first == [key]
        };
        self.records(flash).filter(of_key).last()
    }

    fn begin(&self, flash: &impl Flash) -> u32 {
        self.region.offset(&flash.geometry(), self.region.sectors / 2 * self.half)
    }

    fn end(&self, flash: &impl Flash) -> u32 {
        self.begin(flash) + self.region.sectors / 2 * flash.geometry().sector
    }

    fn records<'f, F: Flash>(&self, flash: &'f F) -> Records<'f, F> {
        Records { flash, at: self.begin(flash), end: self.end(flash) }
    }
}

/// The records of a half.
struct Records<'f, F> {
    flash: &'f F,
    at: u32,
    end: u32,
}

impl<F: Flash> Records<'_, F> {
    /// Where a further record may go: the end if none may.
    fn free_at(&self) -> u32 {
        match record::read(self.flash, self.at, self.end) {
            Slot::Free => self.at,
            _ => self.end,
        }
    }
}

impl<F: Flash> Iterator for Records<'_, F> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        match record::read(self.flash, self.at, self.end) {
            Slot::Record(record) => {
                self.at = record.next;
                Some(record)
            }
            Slot::Free | Slot::Torn => None,
        }
    }
}

#[cfg(test)]
mod tests;
