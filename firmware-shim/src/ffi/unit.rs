//! A scanner: opened, set up by its host's messages or part by part, asked, and relieved of its notes.

use super::types::{VedetteOutcome, VedetteSetup, VedetteStep};
use super::{
    Outcomes, Status, VedetteScratch, VedetteStatus, VedetteUnit, bytes, bytes_mut, exclusive, place, put,
    room, setup, status, step_of, text,
};
use crate::frame::NoRoom;
use crate::ids::{EncounterId, ListName};
use crate::list::Scratch;
use crate::mrz;
use crate::scanner::{KeyFor, Piece};
use crate::seal::{ListKey, ScannerKey};
use crate::spool::SEALED_BYTES_MAX;
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

/// Does what a message of the host says (the payload of a frame) and writes the answer, a whole frame, into `out`. Text
/// that the officer should see, if the message was the answer to a scan, comes into `shown`, cut to its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_receive(
    unit: *mut VedetteUnit,
    payload: *const u8,
    payload_len: usize,
    uptime_s: u64,
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
            let (unit, payload) = (exclusive(unit)?, bytes(payload, payload_len)?);
            let mut line = Line { out: bytes_mut(shown, shown_len)?, used: 0 };
            let used = unit.unit.receive(payload, uptime_s, bytes_mut(out, out_len)?, |answer| {
                // A text that is cut is the caller's choice.
                let _ = write!(line, "{answer}");
            });
            put(shown_used, line.used)?;
            put(out_used, used.map_err(|NoRoom| Status::Buffer)?.len())
        })()
    })
}

/// Takes a heartbeat's envelope: what time it is at least.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_time(
    unit: *mut VedetteUnit,
    envelope: *const u8,
    len: usize,
    uptime_s: u64,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        exclusive(unit).and_then(|unit| Ok(unit.unit.set_time(bytes(envelope, len)?, uptime_s)?))
    })
}

/// Takes a list's key of 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_list_key(
    unit: *mut VedetteUnit,
    list: *const u8,
    list_len: usize,
    number: u32,
    key: *const u8,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let list = ListName::checked(text(list, list_len)?).ok_or(Status::Argument)?;
            let key = ListKey(secret(key)?);
            Ok(exclusive(unit)?.unit.add_key(&KeyFor::List { list, number, key })?)
        })()
    })
}

/// Takes the key of 32 bytes that encounters are sealed with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_scanner_key(unit: *mut VedetteUnit, key: *const u8) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| Ok(exclusive(unit)?.unit.add_key(&KeyFor::Encounters(ScannerKey(secret(key)?)))?))()
    })
}

/// Takes a manifest's envelope: begins to install its edition, or goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_offer(
    unit: *mut VedetteUnit,
    envelope: *const u8,
    len: usize,
    out: *mut VedetteStep,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe { (|| put(out, step_of(exclusive(unit)?.unit.offer(bytes(envelope, len)?)?)))() })
}

/// Takes a piece of a segment (its digest has 32 bytes), as the step before said. One that was not asked for changes
/// nothing, and the step says again what is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_piece(
    unit: *mut VedetteUnit,
    segment: *const u8,
    offset: u32,
    piece: *const u8,
    len: usize,
    out: *mut VedetteStep,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let piece = Piece { segment: secret(segment)?, offset, bytes: bytes(piece, len)? };
            put(out, step_of(exclusive(unit)?.unit.piece(&piece)?))
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
                NoteError::NoSuchList => Status::UnknownList,
                NoteError::Full | NoteError::Large => Status::NoRoom,
                NoteError::Flash => Status::Flash,
            })
        })()
    })
}

/// The encounter that has waited longest: its id into 16 bytes, its sealed note into `out`. `NOTHING` if none waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_oldest(
    unit: *mut VedetteUnit,
    id: *mut u8,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let mut buffer = [0; SEALED_BYTES_MAX];
            let note = exclusive(unit)?.unit.oldest(&mut buffer)?.ok_or(Status::Nothing)?;
            let to = bytes_mut(out, out_len)?.get_mut(..note.sealed.len()).ok_or(Status::Buffer)?;
            to.copy_from_slice(note.sealed);
            put(id.cast::<EncounterId>(), note.id)?;
            put(out_used, note.sealed.len())
        })()
    })
}

/// The host has stored the encounter with this id (16 bytes): if it is the oldest, it is let go.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_unit_taken(unit: *mut VedetteUnit, id: *const u8) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe { (|| Ok(exclusive(unit)?.unit.taken(&encounter_id(id)?)?))() })
}

/// 32 bytes of the caller's.
unsafe fn secret(pointer: *const u8) -> Outcomes<[u8; 32]> {
    // SAFETY: the contract of the module.
    unsafe { bytes(pointer, 32) }?.try_into().map_err(|_| Status::Argument)
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
