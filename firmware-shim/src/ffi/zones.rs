//! Zones from text, and character by character from an optical reader.

use super::types::{VedetteReading, VedetteZone};
use super::{Outcomes, Status, VedetteStatus, exclusive, put, status, text, zone_of};
use crate::mrz::{self, Mrz, Repair};

/// Reads a zone from text with any line breaks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_mrz_parse(
    zone: *const u8,
    zone_len: usize,
    out: *mut VedetteZone,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe { text(zone, zone_len).and_then(|zone| put(out, zone_of(&read_zone(zone)?, false))) })
}

/// Takes a character (a Unicode scalar value) of an optical reader: a line feed or carriage return between lines.
/// `BUFFER` when more came than a zone has: begin anew with a zeroed reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_reading_push(reading: *mut VedetteReading, character: u32) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe { exclusive(reading) }.and_then(|reading| {
        let character = char::from_u32(character).ok_or(Status::Argument)?;
        let room = reading.text.get_mut(reading.len..).ok_or(Status::Argument)?;
        let room = room.get_mut(..character.len_utf8()).ok_or(Status::Buffer)?;
        reading.len += character.encode_utf8(room).len();
        Ok(())
    }))
}

/// Reads the zone from the characters taken; if its check digits fail and exactly one correction of a character mends
/// them, that one is shown, and `repaired` says so: compare it with the document.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_reading_zone(
    reading: *const VedetteReading,
    out: *mut VedetteZone,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    let reading = unsafe { reading.as_ref() }.ok_or(Status::Argument);
    status(reading.and_then(|reading| {
        let text = reading.text.get(..reading.len).ok_or(Status::Argument)?;
        let zone = read_zone(core::str::from_utf8(text).map_err(|_| Status::Argument)?)?;
        let fields = match mrz::repair(zone.lines()) {
            Repair::Unique(fix) if !zone.valid() => zone_of(&Mrz::from(*fix.lines()), true),
            _ => zone_of(&zone, false),
        };
        // SAFETY: the contract of the module.
        unsafe { put(out, fields) }
    }))
}

fn read_zone(text: &str) -> Outcomes<Mrz> {
    mrz::parse(text).map_err(|_| Status::NoZone)
}
