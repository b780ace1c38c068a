//! Encounters kept in flash until the host has taken them: first in, first out, through any power cut.
//!
//! A ring of sectors, written in turn. A sector is erased and written anew when no encounter in it is waiting.
//!
//! ```text
//! record kind 1, first in a sector: generation (4): one more than the sector's before; last number taken (4)
//! record kind 2: number (4): higher than the encounter's before; id (16), sealed note
//! record kind 3: last number taken (4)
//! ```
//! Invariants: what [`Spool::keep`] returned for is shown until it was taken, whole and in its order; nothing that was
//! half written is ever shown. An encounter being kept when the power goes is there or is not. One that was taken is
//! shown again only if the ring had no room to note it and the power went: its id tells the host.
//!
//! Why not `sequential-storage`: its queue marks what was popped by writing a word a second time, which flash with an
//! error-correcting code forbids; sizes of sectors and units are constants to it, and the C interface learns them when
//! it is called; and what it needs beside (an async driver, a cache, an executor) is more code than this file. Here
//! taking is a record like any other.
//!
//! Failure: a ring full of encounters that wait refuses the next ([`SpoolError::Full`]) and keeps what it has: the
//! officer has the verdict, and the firmware says that the host must be asked to come. A sector that does not write or
//! erase is left as it is, and the next encounter goes into the one after it. What was not kept may be shown all the same
//! if its record is whole; its number is not given again.

use crate::flash::record::{self, Record, Slot};
use crate::flash::{Flash, FlashError, Region};
use crate::ids::EncounterId;
use core::fmt;

/// Largest sealed note, bytes.
pub const SEALED_BYTES_MAX: usize = crate::scanner::NOTE_BYTES_MAX + crate::seal::TAG_BYTES;

const OPEN: u8 = 1;
const NOTE: u8 = 2;
const TAKEN: u8 = 3;
/// Bytes before the sealed note: number and id.
const NOTE_HEAD_BYTES: usize = 4 + 16;

/// Why an encounter was not kept or not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolError {
    /// The flash failed.
    Flash,
    /// Every sector holds an encounter that waits.
    Full,
    /// The sealed note is over [`SEALED_BYTES_MAX`], or over a sector.
    Large,
    /// The region has fewer than two sectors, or is not in the flash.
    Region,
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "the flash failed",
            Self::Full => "no room for another encounter: connect the host",
            Self::Large => "the encounter is too large to keep",
            Self::Region => "the spool needs two sectors at least, within the flash",
        })
    }
}

impl core::error::Error for SpoolError {}

impl From<FlashError> for SpoolError {
    fn from(_: FlashError) -> Self {
        SpoolError::Flash
    }
}

/// The ring. Holds places and numbers only.
#[derive(Debug, Clone, Copy)]
pub struct Spool {
    region: Region,
    /// Generation of the sector being written; 0 in a ring that was never written.
    generation: u32,
    /// Where in the ring that sector is.
    sector: u32,
    /// Offset in the flash of the next record; the sector's end if none may be added.
    at: u32,
    /// Number of the last encounter kept.
    last: u32,
    /// Number of the last encounter taken.
    taken: u32,
    /// How many wait; one more for each that failed to be kept since this was opened.
    waiting: u32,
}

impl Spool {
    /// Finds what the ring holds. Writes nothing: a ring that was never written is empty.
    #[inline(never)]
    pub fn open(flash: &impl Flash, region: Region) -> Result<Self, SpoolError> {
        let geometry = flash.geometry();
        if region.sectors < 2 || !region.fits(&geometry) {
            return Err(SpoolError::Region);
        }
        let mut ring =
            Spool { region, generation: 0, sector: region.sectors - 1, at: 0, last: 0, taken: 0, waiting: 0 };
        ring.at = ring.end(flash, ring.sector);
        for sector in 0..region.sectors {
            if let Some((generation, _)) = ring.opened(flash, sector)
                && generation > ring.generation
            {
                (ring.generation, ring.sector) = (generation, sector);
            }
        }
        if ring.generation == 0 {
            return Ok(ring);
        }
        for sector in 0..region.sectors {
            let Some((_, taken)) = ring.opened(flash, sector) else { continue };
            ring.taken = ring.taken.max(taken);
            let mut at = ring.begin(flash, sector);
            while let Slot::Record(record) = record::read(flash, at, ring.end(flash, sector)) {
                at = record.next;
                match (record.kind, number(flash, &record)) {
                    (NOTE, Some(number)) => ring.last = ring.last.max(number),
                    (TAKEN, Some(number)) => ring.taken = ring.taken.max(number),
                    _ => {}
                }
            }
            if sector == ring.sector {
                let end = ring.end(flash, sector);
                ring.at = if record::read(flash, at, end) == Slot::Free { at } else { end };
            }
        }
        ring.last = ring.last.max(ring.taken);
        ring.waiting = ring.notes(flash).count() as u32;
        Ok(ring)
    }

    /// How many encounters wait, at most.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Keeps a sealed note. Once this returns, it is in the flash.
    pub fn keep(
        &mut self,
        flash: &mut impl Flash,
        id: &EncounterId,
        sealed: &[u8],
    ) -> Result<(), SpoolError> {
        let len = NOTE_HEAD_BYTES + sealed.len();
        let needed = record::bytes_for(flash, len);
        let opening = record::bytes_for(flash, 8);
        if sealed.len() > SEALED_BYTES_MAX || opening + needed > flash.geometry().sector {
            return Err(SpoolError::Large);
        }
        let number = self.last.checked_add(1).ok_or(SpoolError::Full)?;
        if self.at + needed > self.end(flash, self.sector) {
            self.turn(flash)?;
        }
        // Whatever the driver says of it, the record may be whole.
        self.last = number;
        self.waiting += 1;
        self.write(flash, NOTE, &[&number.to_le_bytes(), id, sealed])
    }

    /// The encounter that has waited longest: its id, and its sealed note in `buffer`.
    pub fn oldest<'b>(
        &self,
        flash: &impl Flash,
        buffer: &'b mut [u8; SEALED_BYTES_MAX],
    ) -> Result<Option<(EncounterId, &'b [u8])>, SpoolError> {
        let Some((_, note)) = self.first(flash) else { return Ok(None) };
        let mut id = [0; 16];
        flash.read(note.value_at + 4, &mut id)?;
        let head = NOTE_HEAD_BYTES as u32;
        let sealed = Record { value_at: note.value_at + head, len: note.len - head as u16, ..note };
        Ok(Some((id, sealed.value(flash, buffer)?)))
    }

    /// Lets go of the oldest encounter if it has this id; returns whether it has.
    pub fn take(&mut self, flash: &mut impl Flash, id: &EncounterId) -> Result<bool, SpoolError> {
        let Some((number, note)) = self.first(flash) else {
            return Ok(false);
        };
        let mut found = [0; 16];
        flash.read(note.value_at + 4, &mut found)?;
        if found != *id {
            return Ok(false);
        }
        self.taken = number;
        self.waiting = self.waiting.saturating_sub(1);
        if self.at + record::bytes_for(flash, 4) <= self.end(flash, self.sector) {
            self.write(flash, TAKEN, &[&number.to_le_bytes()])?;
        } else {
            // A sector that is opened notes it too. If none can be, it is noted in memory only.
            match self.turn(flash) {
                Ok(()) | Err(SpoolError::Full) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Erases the next sector, unless an encounter waits in it, and goes on there.
    fn turn(&mut self, flash: &mut impl Flash) -> Result<(), SpoolError> {
        let sector = (self.sector + 1) % self.region.sectors;
        if self.notes_of(flash, sector).next().is_some() {
            return Err(SpoolError::Full);
        }
        let generation = self.generation.checked_add(1).ok_or(SpoolError::Full)?;
        let (begin, end) = (self.begin(flash, sector), self.end(flash, sector));
        // If it cannot be erased, the one after it is next.
        (self.sector, self.at) = (sector, end);
        flash.erase(begin)?;
        // Until the record below is whole the sector is none of the ring's, and this is the state that stands.
        // The number is used up even if the flash says no, for the record may be whole all the same.
        self.generation = generation;
        let opening = [generation.to_le_bytes(), self.taken.to_le_bytes()];
        self.at = record::write(flash, begin, end, OPEN, &[opening.as_flattened()])?;
        Ok(())
    }

    fn write(&mut self, flash: &mut impl Flash, kind: u8, parts: &[&[u8]]) -> Result<(), SpoolError> {
        let end = self.end(flash, self.sector);
        Ok(record::append(flash, &mut self.at, end, kind, parts)?)
    }

    /// The note that has waited longest.
    #[inline(never)]
    fn first(&self, flash: &impl Flash) -> Option<(u32, Record)> {
        self.notes(flash).min_by_key(|(number, _)| *number)
    }

    /// The notes that wait, sector by sector.
    fn notes<'f, F: Flash>(&self, flash: &'f F) -> impl Iterator<Item = (u32, Record)> + use<'f, F> {
        let ring = *self;
        (0..self.region.sectors).flat_map(move |sector| ring.notes_of(flash, sector))
    }

    /// The notes of a sector that wait.
    fn notes_of<'f, F: Flash>(
        &self,
        flash: &'f F,
        sector: u32,
    ) -> impl Iterator<Item = (u32, Record)> + use<'f, F> {
        let (taken, end) = (self.taken, self.end(flash, sector));
        let mut at = if self.opened(flash, sector).is_some() { self.begin(flash, sector) } else { end };
        core::iter::from_fn(move || {
            loop {
                let Slot::Record(record) = record::read(flash, at, end) else { return None };
                at = record.next;
                if record.kind == NOTE
                    && usize::from(record.len) >= NOTE_HEAD_BYTES
                    && let Some(number) = number(flash, &record)
                    && number > taken
                {
                    return Some((number, record));
                }
            }
        })
    }

    /// The generation of a sector and what had been taken when it was opened; `None` if it is none of the ring's.
    fn opened(&self, flash: &impl Flash, sector: u32) -> Option<(u32, u32)> {
        match record::read(flash, self.begin(flash, sector), self.end(flash, sector)) {
            Slot::Record(record) if record.kind == OPEN && record.len == 8 => {
                let mut value = [0; 8];
                let value = record.value(flash, &mut value).ok()?;
                let (generation, taken) = value.split_first_chunk::<4>()?;
                Some((u32::from_le_bytes(*generation), u32::from_le_bytes(taken.try_into().ok()?)))
            }
            _ => None,
        }
    }

    fn begin(&self, flash: &impl Flash, sector: u32) -> u32 {
        self.region.offset(&flash.geometry(), sector)
    }

    fn end(&self, flash: &impl Flash, sector: u32) -> u32 {
        self.begin(flash, sector) + flash.geometry().sector
    }
}

/// The number that a record's value begins with.
fn number(flash: &impl Flash, record: &Record) -> Option<u32> {
    let mut number = [0; 4];
    (record.len >= 4).then(|| flash.read(record.value_at, &mut number).ok())??;
    Some(u32::from_le_bytes(number))
}

#[cfg(test)]
mod tests;
