//! Flash memory: what the firmware brings, the regions it is divided into, and records that survive a power cut.
//!
//! | module | what it is |
//! |---|---|
//! | this | [`Flash`], the caller's driver, and [`Region`], a run of its sectors |
//! | [`record`] | length, kind, checksum, value: what spool and key-value store consist of |
//!
//! Assumed of a flash: a sector erases to bytes of 0xff; a unit of [`Geometry::unit`] bytes is written once after that,
//! in rising order within a sector; a power cut leaves the unit being written, or the sector being erased, with any
//! content whatever, and everything else as it was. No unit that holds something is written again, so flash with an error-correcting
//! code serves too; there a read of a torn unit fails, and counts as damage.

#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod record;

use core::fmt;

/// Largest unit of writing, bytes (STM32H7 has 32).
pub const UNIT_BYTES_MAX: usize = 32;

/// What a flash is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a sector, the unit of erasing: a power of two, 512 at least.
    pub sector: u32,
    /// Bytes of the unit of writing: a power of two, 32 at most.
    pub unit: u32,
    /// Sectors.
    pub sectors: u32,
}

impl Geometry {
    /// Whether its numbers keep the rules.
    pub fn is_sound(&self) -> bool {
        self.sector.is_power_of_two()
            && self.sector >= 512
            && self.unit.is_power_of_two()
            && self.unit as usize <= UNIT_BYTES_MAX
            && self.sectors.checked_mul(self.sector).is_some()
    }

    /// `bytes`, filled up to whole units.
    pub fn whole_units(&self, bytes: u32) -> u32 {
        bytes.div_ceil(self.unit) * self.unit
    }
}

/// The driver did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashError;

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the flash failed")
    }
}

impl core::error::Error for FlashError {}

/// The caller's driver. Offsets count from the beginning of the memory given to Vedette.
pub trait Flash {
    /// What it is made of; always the same.
    fn geometry(&self) -> Geometry;
    /// Fills `out` from `at`. An error says that what is there is damaged for good: it counts as no record, and what it
    /// held may be lost or written over. What another try may read (a busy bus, a timeout), the driver tries again.
    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError>;
    /// Writes whole units that were erased. Returns once they are in the flash.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError>;
    /// Erases the sector that begins at `at`. Returns once it is erased.
    fn erase(&mut self, at: u32) -> Result<(), FlashError>;
}

/// A run of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first sector.
    pub first: u32,
    /// How many.
    pub sectors: u32,
}

impl Region {
    /// Whether it lies in the flash.
    pub fn fits(&self, geometry: &Geometry) -> bool {
        self.first.checked_add(self.sectors).is_some_and(|end| end <= geometry.sectors)
    }

    /// Where its sector number `index` begins in the flash.
    pub fn offset(&self, geometry: &Geometry, index: u32) -> u32 {
        (self.first + index) * geometry.sector
    }
}

/// Whether all bytes from `at` to `end` are erased. What cannot be read is not.
pub fn is_erased(flash: &impl Flash, mut at: u32, end: u32) -> bool {
    let mut buffer = [0; UNIT_BYTES_MAX];
    while at < end {
        let part = &mut buffer[..UNIT_BYTES_MAX.min((end - at) as usize)];
        if flash.read(at, part).is_err() || part.iter().any(|b| *b != 0xff) {
            return false;
        }
        at += part.len() as u32;
    }
    true
}
