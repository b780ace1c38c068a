//! Records in a sector, one behind the other.
//!
//! ```text
//! length of the value (2) | kind (1) | 0x56 (1) | CRC-32 of the four bytes before and the value (4) | value
//! ```
//! Little-endian; each record begins at a unit of writing, and the rest of its last unit is zeros. A record counts if its
//! checksum fits, so one that a power cut tore does not. Behind a torn one nothing more is written in its sector: where
//! it would end cannot be known.

use super::{Flash, FlashError, UNIT_BYTES_MAX, is_erased};
use crate::frame::Crc;

/// Bytes before the value.
pub const HEAD_BYTES: usize = 8;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 512;

const MARK: u8 = 0x56;

/// A record that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Where its value begins in the flash.
    pub value_at: u32,
    /// Bytes of its value.
    pub len: u16,
    /// What it is; its owner knows.
    pub kind: u8,
    /// Where the next one begins.
    pub next: u32,
}

/// What is at a place where a record may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A record.
    Record(Record),
    /// Nothing: from here to the end of the sector it is erased.
    Free,
    /// Something that is no record: the sector's records end here, and none may be added.
    Torn,
}

impl Record {
    /// Reads the value into `buffer`; returns the part used.
    pub fn value<'b>(&self, flash: &impl Flash, buffer: &'b mut [u8]) -> Result<&'b [u8], FlashError> {
        let value = buffer.get_mut(..usize::from(self.len)).ok_or(FlashError)?;
        flash.read(self.value_at, value)?;
        Ok(value)
    }
}

/// Bytes that a record with a value of `len` takes.
pub fn bytes_for(flash: &impl Flash, len: usize) -> u32 {
    flash.geometry().whole_units((HEAD_BYTES + len) as u32)
}

/// What is at `at` in a sector that ends at `end`. What the driver cannot read is torn.
pub fn read(flash: &impl Flash, at: u32, end: u32) -> Slot {
    if at + HEAD_BYTES as u32 > end {
        return Slot::Torn;
    }
    if let Some(record) = whole(flash, at, end) {
        return Slot::Record(record);
    }
    if is_erased(flash, at, end) { Slot::Free } else { Slot::Torn }
}

fn whole(flash: &impl Flash, at: u32, end: u32) -> Option<Record> {
    let mut head = [0; HEAD_BYTES];
    flash.read(at, &mut head).ok()?;
    let [l1, l2, kind, MARK, c1, c2, c3, c4] = head else { return None };
    let len = u16::from_le_bytes([l1, l2]);
    let value_at = at + HEAD_BYTES as u32;
    let next = at + flash.geometry().whole_units(u32::from(len) + HEAD_BYTES as u32);
    if usize::from(len) > VALUE_BYTES_MAX || next > end {
        return None;
    }
    let mut crc = Crc::default();
    crc.extend(&head[..4]);
    let (mut from, mut buffer) = (value_at, [0; UNIT_BYTES_MAX]);
    let value_end = value_at + u32::from(len);
    while from < value_end {
        let part = &mut buffer[..UNIT_BYTES_MAX.min((value_end - from) as usize)];
        flash.read(from, part).ok()?;
        crc.extend(part);
        from += part.len() as u32;
    }
    (crc.value() == u32::from_le_bytes([c1, c2, c3, c4])).then_some(Record { value_at, len, kind, next })
}

/// Adds a record of these parts behind the last one, at `at`, and moves `at` behind it. If that fails, nothing more goes
/// into the sector, and `at` is its end: what is there now cannot be known.
pub fn append(
    flash: &mut impl Flash,
    at: &mut u32,
    end: u32,
    kind: u8,
    parts: &[&[u8]],
) -> Result<(), FlashError> {
    let written = write(flash, *at, end, kind, parts);
    *at = written.unwrap_or(end);
    written.map(|_| ())
}

/// Writes a record of these parts at `at`, where it must fit and all be erased, and reads it back: only then is it in
/// the flash. Returns where the next one begins.
pub fn write(
    flash: &mut impl Flash,
    at: u32,
    end: u32,
    kind: u8,
    parts: &[&[u8]],
) -> Result<u32, FlashError> {
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    if len > VALUE_BYTES_MAX {
        return Err(FlashError);
    }
    let [l1, l2] = (len as u16).to_le_bytes();
    let head = [l1, l2, kind, MARK];
    let mut crc = Crc::default();
    crc.extend(&head);
    parts.iter().for_each(|part| crc.extend(part));
    let crc = crc.value().to_le_bytes();

    let unit = flash.geometry().unit as usize;
    let (mut to, mut buffer, mut filled) = (at, [0; UNIT_BYTES_MAX], 0);
    for byte in head.iter().chain(&crc).chain(parts.iter().copied().flatten()) {
        buffer[filled] = *byte;
        filled += 1;
        if filled == unit {
            flash.write(to, &buffer[..unit])?;
            (to, filled) = (to + unit as u32, 0);
        }
    }
    if filled > 0 {
        buffer[filled..].fill(0);
        flash.write(to, &buffer[..unit])?;
    }
    match whole(flash, at, end) {
        Some(record) if record.kind == kind && usize::from(record.len) == len => Ok(record.next),
        _ => Err(FlashError),
    }
}
