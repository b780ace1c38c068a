//! Every call as a firmware makes it, in blocks of exactly the length that is said, so that an interpreter that watches every
//! pointer (`tests/miri`) sees what each touches. The vectors' session sets the scanner up.

use super::super::frames::*;
use super::super::types::*;
use super::super::unit::*;
use super::super::zones::*;
use super::super::{VedetteDecoder, VedetteScratch, VedetteUnit, about};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

const HOST: &[u8] = include_bytes!("../../../tests/vectors/host.bin");
const PINNED: &[u8] = include_bytes!("../../../tests/vectors/pinned.bin");
const ZONES: &str = include_str!("../../../tests/vectors/zones.txt");
const ANSWERS: &str = include_str!("../../../tests/vectors/answers.txt");
const SECTOR: usize = 4096;
const SECTORS: u32 = 32;
/// The largest payload fits.
const INBOX_BYTES: usize = 4112;
/// How long the scanner has been on, as the vectors have it.
const UPTIME_S: u64 = 60;
/// Documents checked: an interpreter is slow.
const CHECKED: usize = 3;

/// Memory that is the interface's until it is dropped: whole sixteens of bytes, aligned for any context.
struct Memory(*mut [u128]);

impl Memory {
    fn of(bytes: usize) -> Memory {
        Memory(Box::into_raw(vec![0; bytes.div_ceil(16)].into_boxed_slice()))
    }

    fn at<T>(&self) -> *mut T {
        self.0.cast()
    }

    fn bytes(&self) -> usize {
        self.0.len() * 16
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

// SAFETY: for the three: the context is the flash's vector, which nobody else uses during a call.
unsafe extern "C" fn read(context: *mut c_void, at: u32, out: *mut u8, len: usize) -> bool {
    let (flash, at) = (context.cast::<u8>(), at as usize);
    // SAFETY: as above, and `out` has room for `len` bytes.
    unsafe { core::ptr::copy_nonoverlapping(flash.add(at), out, len) };
    true
}

unsafe extern "C" fn write(context: *mut c_void, at: u32, bytes: *const u8, len: usize) -> bool {
    let (flash, at) = (context.cast::<u8>(), at as usize);
    // SAFETY: as above, and there are `len` bytes.
    unsafe { core::ptr::copy_nonoverlapping(bytes, flash.add(at), len) };
    true
}

unsafe extern "C" fn erase(context: *mut c_void, at: u32) -> bool {
    // SAFETY: as above.
    unsafe { context.cast::<u8>().add(at as usize).write_bytes(0xff, SECTOR) };
    true
}

/// A scanner with its three contexts.
struct Bench {
    _memories: [Memory; 5],
    unit: *mut VedetteUnit,
    decoder: *mut VedetteDecoder,
    scratch: *mut VedetteScratch,
}

fn role(at: usize) -> VedetteRole {
    VedetteRole { keys: PINNED[at..].as_ptr(), keys_count: 1, threshold: 1 }
}

fn open() -> Bench {
    let sizes = [about::vedette_unit_size(), about::vedette_decoder_size(), about::vedette_scratch_size()];
    let [one, two, three] = sizes.map(Memory::of);
    let (inbox, flash) = (Memory::of(INBOX_BYTES), Memory::of(SECTOR * SECTORS as usize));
    let (name, device, firmware) = (b"uto/stolen", b"scanner-1", b"0.1.0");
    let region = |first, sectors| VedetteRegion { first, sectors };
    let list = Box::new(VedetteList {
        name: name.as_ptr(),
        name_len: name.len(),
        issuer: role(0),
        region: region(6, 26),
    });
    let setup = VedetteSetup {
        device: device.as_ptr(),
        device_len: device.len(),
        firmware: firmware.as_ptr(),
        firmware_len: firmware.len(),
        key: PINNED[96..].as_ptr(),
        heartbeat: role(32),
        orders: role(64),
        kv: region(0, 2),
        spool: region(2, 4),
        lists: &raw const *list,
        lists_count: 1,
        flash: VedetteFlash {
            context: flash.at(),
            sector_bytes: SECTOR as u32,
            unit_bytes: 4,
            sectors: SECTORS,
            read: Some(read),
            write: Some(write),
            erase: Some(erase),
        },
        root: role(160),
        root_version: 1,
    };
    let (mut unit, mut decoder, mut scratch) = (null_mut(), null_mut(), null_mut());
    // SAFETY: every pointer is to a block of the length beside it, which lives as long as the bench.
    let opened = unsafe {
        [
            vedette_unit_open(&raw const setup, one.at(), sizes[0], &raw mut unit),
            vedette_decoder_open(inbox.at(), inbox.bytes(), two.at(), sizes[1], &raw mut decoder),
            vedette_scratch_open(three.at(), sizes[2], &raw mut scratch),
        ]
    };
    assert_eq!(opened, [VedetteStatus::Ok; 3]);
    Bench { _memories: [one, two, three, inbox, flash], unit, decoder, scratch }
}

/// The host's session, byte by byte; how many messages were answered.
fn set_up(bench: &Bench) -> usize {
    let mut answered = 0;
    for byte in HOST {
        let (mut payload, mut len) = (null_mut(), 0);
        let (mut out, mut shown): (Vec<u8>, Vec<u8>) = (vec![0; 4200], vec![0; 16]);
        let (mut used, mut shown_used) = (0, 0);
        // SAFETY: as in `open`; the payload is the decoder's until its next byte.
        let status = unsafe {
            match vedette_decoder_push(bench.decoder, *byte, &raw mut payload, &raw mut len) {
                VedetteStatus::Ok => vedette_unit_receive(
                    bench.unit,
                    payload,
                    len,
                    0,
                    PINNED[128..].as_ptr(),
                    out.as_mut_ptr(),
                    out.len(),
                    &raw mut used,
                    shown.as_mut_ptr(),
                    shown.len(),
                    &raw mut shown_used,
                ),
                other => other,
            }
        };
        match status {
            VedetteStatus::More => continue,
            status => assert_eq!(status, VedetteStatus::Ok),
        }
        assert!(used > 0 && used <= out.len() && shown_used <= shown.len());
        answered += 1;
    }
    answered
}

/// Calls `write` with blocks that are one byte too small and just large enough; the text that it wrote.
fn exact(mut write: impl FnMut(*mut u8, usize, *mut usize) -> VedetteStatus) -> Vec<u8> {
    let (mut out, mut used): (Vec<u8>, usize) = (vec![0; 500], 0);
    assert_eq!(write(out.as_mut_ptr(), out.len(), &raw mut used), VedetteStatus::Ok);
    let (mut small, mut unused): (Box<[u8]>, usize) = (vec![0; used - 1].into(), 0);
    assert_eq!(write(small.as_mut_ptr(), small.len(), &raw mut unused), VedetteStatus::Buffer);
    out.truncate(used);
    out
}

#[test]
fn a_scanner_is_set_up_asked_and_closed() {
    let bench = open();
    assert!(set_up(&bench) > 10);
    for (zone, answer) in ZONES.lines().zip(ANSWERS.lines()).take(CHECKED) {
        let zone: Box<[u8]> = zone.as_bytes().into();
        let mut met = VedetteOutcome { verdict: VedetteVerdict::Clear, alerts: 0, misread: false };
        // SAFETY: as in `open`, here and below.
        let checked = unsafe {
            vedette_unit_check(bench.unit, bench.scratch, zone.as_ptr(), zone.len(), UPTIME_S, &raw mut met)
        };
        assert!(matches!(checked, VedetteStatus::Ok | VedetteStatus::NoZone));
        // SAFETY: see above.
        let line = exact(|out, len, used| unsafe { vedette_unit_line(bench.unit, out, len, used) });
        assert_eq!(line, answer.as_bytes());
        let id: Box<[u8]> = [7; 16].into();
        for alert in 0..met.alerts {
            // SAFETY: see above.
            assert_eq!(
                unsafe { vedette_unit_note(bench.unit, alert, id.as_ptr(), UPTIME_S) },
                VedetteStatus::Ok
            );
        }
        // SAFETY: see above.
        exact(|out, len, used| unsafe {
            vedette_unit_scan(bench.unit, 1, true, zone.as_ptr(), zone.len(), out, len, used)
        });
    }
    // SAFETY: see above.
    exact(|out, len, used| unsafe { vedette_unit_here(bench.unit, out, len, used) });
    // SAFETY: see above; the context is not used again.
    assert_eq!(unsafe { vedette_unit_close(bench.unit) }, VedetteStatus::Ok);
}

#[test]
fn zones_and_frames_of_any_length_stay_within_their_blocks() {
    let bench = open();
    let zone = ZONES.lines().next().unwrap().as_bytes();
    for len in [0, 1, 5, zone.len() - 1, zone.len()] {
        let text: Box<[u8]> = zone[..len].into();
        let mut fields = core::mem::MaybeUninit::<VedetteZone>::uninit();
        let mut reading = VedetteReading { text: [0; 140], len: 0 };
        // SAFETY: every pointer is to a block of the length beside it.
        unsafe {
            let parsed = vedette_mrz_parse(text.as_ptr(), text.len(), fields.as_mut_ptr());
            assert_eq!(parsed == VedetteStatus::Ok, len == zone.len(), "{len}");
            for character in &text {
                vedette_reading_push(&raw mut reading, (*character).into());
            }
            vedette_reading_zone(&raw const reading, fields.as_mut_ptr());
        }
        if text.is_empty() {
            continue;
        }
        // SAFETY: see above.
        let frame = exact(|out, len, used| unsafe {
            vedette_frame_encode(text.as_ptr(), text.len(), out, len, used)
        });
        for (at, byte) in frame.iter().enumerate() {
            let (mut payload, mut len) = (null_mut(), 0);
            // SAFETY: see above.
            let status =
                unsafe { vedette_decoder_push(bench.decoder, *byte, &raw mut payload, &raw mut len) };
            let whole = at + 1 == frame.len();
            assert_eq!(status, if whole { VedetteStatus::Ok } else { VedetteStatus::More });
            // SAFETY: what the call said, until the next byte.
            assert!(!whole || unsafe { core::slice::from_raw_parts(payload, len) } == &*text);
        }
    }
    // SAFETY: null is refused before it is followed.
    let refused = unsafe {
        [
            vedette_mrz_parse(null(), 5, null_mut()),
            vedette_unit_line(null_mut(), null_mut(), 0, null_mut()),
            vedette_frame_encode(zone.as_ptr(), zone.len(), null_mut(), 100, null_mut()),
            vedette_reading_push(null_mut(), 65),
        ]
    };
    assert_eq!(refused, [VedetteStatus::Argument; 4]);
}
