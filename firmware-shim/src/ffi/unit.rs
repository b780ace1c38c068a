//! A scanner: opened, set up by its host's messages or part by part, asked, and relieved of its notes.

use super::types::{VedetteOutcome, VedetteSetup};
use super::{
    Outcomes, Status, VedetteScratch, VedetteStatus, VedetteUnit, bytes, bytes_mut, exclusive, place, put,
    room, setup, status, text,
};
use crate::frame::NoRoom;
use crate::ids::EncounterId;
use crate::list::Scratch;
use crate::mrz;
use crate::scanner::{Reading, Scan, ToHost};
use crate::trust::SoftVerify;
use crate::unit::{NoteError, SetupError, Unit};
use core::ffi::c_void;
use core::fmt::{self, Write};

/// Makes a page buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_scratch_open(
    memory: *mut c_void,
    len: usize,
    out: *mut *mut VedetteScratch,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe { place(memory, len, VedetteScratch(Scratch::NEW), out) })
}

/// Starts a scanner on what its flash holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_open(
    given: *const VedetteSetup,
    memory: *mut c_void,
    len: usize,
    out: *mut *mut VedetteUnit,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    let given = unsafe { given.as_ref() }.ok_or(Status::Argument);
    status(given.and_then(|given| {
        let driver = given.flash;
        if driver.read.is_none() || driver.write.is_none() || driver.erase.is_none() {
            return Err(Status::Argument);
        }
        let context: *mut VedetteUnit = room(memory, len)?;
        // SAFETY: the contract of the module.
        let setup = unsafe { setup(given) }?;
        let unit = Unit::open(setup, driver, SoftVerify).map_err(|error| match error {
            SetupError::Flash => Status::Flash,
            SetupError::Geometry | SetupError::Regions => Status::Setup,
        })?;
        // Its parts one by one: a VedetteUnit that is made and then moved would lie on the stack as well.
        // SAFETY: there is room, and it is the caller's to give by the contract.
        unsafe {
            (&raw mut (*context).unit).write(unit);
            (&raw mut (*context).last).write(None);
            put(out, context)
        }
    }))
}

/// Ends a scanner: its keys are erased from memory. The context is no context any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_close(unit: *mut VedetteUnit) -> VedetteStatus {
    // SAFETY: the contract of the module; the context was made by `vedette_unit_open` and is not used again.
    status(unsafe { exclusive(unit).map(|unit| core::ptr::drop_in_place(unit)) })
}

/// Takes the payload of a frame, which is changed by it; does what it says if it is the enrolled host's, and writes the
/// answer, a whole frame, into `out`. `random`: 32 bytes of a random source, used for this call alone. Text that the
/// officer should see, if the message was the answer to a scan, comes into `shown`, cut to its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_receive(
    unit: *mut VedetteUnit,
    payload: *mut u8,
    payload_len: usize,
    uptime_s: u64,
    random: *const u8,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
    shown: *mut u8,
    shown_len: usize,
    shown_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let (unit, payload) = (exclusive(unit)?, bytes_mut(payload, payload_len)?);
            let random = bytes(random, 32)?.try_into().map_err(|_| Status::Argument)?;
            let mut line = Line { out: bytes_mut(shown, shown_len)?, used: 0 };
            let used = unit.unit.receive(payload, uptime_s, random, bytes_mut(out, out_len)?, |answer| {
                // A text that is cut is the caller's choice.
                let _ = write!(line, "{answer}");
            });
            put(shown_used, line.used)?;
            put(out_used, used.map_err(|NoRoom| Status::Buffer)?.len())
        })()
    })
}

/// Writes the frame that says that the scanner is there, to be sent when it has started.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_here(
    unit: *mut VedetteUnit,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let used = exclusive(unit)?.unit.here(bytes_mut(out, out_len)?);
            put(out_used, used.map_err(|NoRoom| Status::Buffer)?.len())
        })()
    })
}

/// Writes the frame that asks the host to check a zone, under a number that counts up; `optical` says that its characters
/// were read from an image. `BUFFER` as well if no host has opened a channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_scan(
    unit: *mut VedetteUnit,
    number: u32,
    optical: bool,
    zone: *const u8,
    zone_len: usize,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let reading = if optical { Reading::Characters } else { Reading::Zone };
            let scan = ToHost::Scan(Scan { number, reading, text: text(zone, zone_len)? });
            let used = exclusive(unit)?.unit.say(&scan, bytes_mut(out, out_len)?);
            put(out_used, used.map_err(|NoRoom| Status::Buffer)?.len())
        })()
    })
}

/// Checks a document. What it met is kept in the context until the next check, for [`vedette_unit_line`] and
/// [`vedette_unit_note`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_check(
    unit: *mut VedetteUnit,
    scratch: *mut VedetteScratch,
    zone: *const u8,
    zone_len: usize,
    uptime_s: u64,
    out: *mut VedetteOutcome,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let (unit, scratch) = (exclusive(unit)?, exclusive(scratch)?);
            unit.last = None;
            let zone = match mrz::parse(text(zone, zone_len)?) {
                Ok(zone) => zone,
                Err(error) => {
                    unit.last = Some(Err(error));
                    return Err(Status::NoZone);
                }
            };
            let outcome = unit.unit.check(&zone, uptime_s, &mut scratch.0);
            let met = VedetteOutcome {
                verdict: outcome.verdict.into(),
                alerts: outcome.alerts.len() as u32,
                misread: outcome.misread,
            };
            unit.last = Some(Ok((zone, outcome)));
            put(out, met)
        })()
    })
}

/// The last check as one line of text, for a display or a log; after `NO_ZONE`, what is wrong with the zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_line(
    unit: *mut VedetteUnit,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let last = exclusive(unit)?.last.as_ref().ok_or(Status::Unexpected)?;
            let mut line = Line { out: bytes_mut(out, out_len)?, used: 0 };
            let written = match last {
                Ok((_, outcome)) => write!(line, "{outcome}"),
                Err(error) => write!(line, "{error}"),
            };
            written.map_err(|fmt::Error| Status::Buffer)?;
            put(out_used, line.used)
        })()
    })
}

/// Keeps a note of an alert of the last check in flash, under 16 random bytes that no other note has. Once this returns
/// `OK`, it is there until the host takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_note(
    unit: *mut VedetteUnit,
    alert: u32,
    id: *const u8,
    uptime_s: u64,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let (unit, id) = (exclusive(unit)?, encounter_id(id)?);
            let Some(Ok((zone, outcome))) = &unit.last else { return Err(Status::Unexpected) };
            let alert = outcome.alerts.get(alert as usize).ok_or(Status::Argument)?;
            unit.unit.note(zone, alert, &id, uptime_s).map_err(|error| match error {
                NoteError::NoKey => Status::NoKey,
                NoteError::NoSuchList => Status::Unexpected,
                NoteError::Full | NoteError::Large => Status::NoRoom,
                NoteError::Flash => Status::Flash,
            })
        })()
    })
}

unsafe fn encounter_id(pointer: *const u8) -> Outcomes<EncounterId> {
    // SAFETY: the contract of the module.
    unsafe { bytes(pointer, 16) }?.try_into().map_err(|_| Status::Argument)
}

/// Text into the caller's buffer, cut where it ends.
struct Line<'b> {
    out: &'b mut [u8],
    used: usize,
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.out.get_mut(self.used..).unwrap_or_default();
        // Only whole characters.
        let len = (0..=text.len().min(room.len())).rev().find(|len| text.is_char_boundary(*len)).unwrap_or(0);
        room[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.used += len;
        if len == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
