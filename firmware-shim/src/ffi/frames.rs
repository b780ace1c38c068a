//! Frames of the serial line.

use super::{Status, VedetteDecoder, VedetteStatus, bytes, bytes_mut, exclusive, place, put, status};
use crate::frame::{self, Decoder, FrameError, NoRoom};
use core::ffi::c_void;

/// Writes a payload as a frame. `out` needs `len + (len + 4) / 254 + 7` bytes at most.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_frame_encode(
    payload: *const u8,
    len: usize,
    out: *mut u8,
    out_len: usize,
    out_used: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| {
            let frame = frame::encode(bytes(payload, len)?, bytes_mut(out, out_len)?);
            put(out_used, frame.map_err(|NoRoom| Status::Buffer)?.len())
        })()
    })
}

/// Makes a decoder over a buffer that holds the largest payload and 4 bytes more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_decoder_open(
    buffer: *mut u8,
    buffer_len: usize,
    memory: *mut c_void,
    len: usize,
    out: *mut *mut VedetteDecoder,
) -> VedetteStatus {
    // SAFETY: the contract of the module; the buffer lives as long as the context.
    status(unsafe {
        (|| place(memory, len, VedetteDecoder(Decoder::new(bytes_mut(buffer, buffer_len)?)), out))()
    })
}

/// Takes a byte of the line. `OK`: it ends a frame, whose payload is at `payload` until the next byte. `MORE`: none yet.
/// `FRAME`: what it ends is no frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vedette_decoder_push(
    decoder: *mut VedetteDecoder,
    byte: u8,
    payload: *mut *mut u8,
    len: *mut usize,
) -> VedetteStatus {
    // SAFETY: the contract of the module.
    status(unsafe {
        (|| match exclusive(decoder)?.0.push(byte) {
            None => Err(Status::More),
            Some(Err(FrameError::Long | FrameError::Malformed | FrameError::Checksum)) => Err(Status::Frame),
            Some(Ok(frame)) => {
                let used = frame.len();
                put(payload, frame.as_mut_ptr())?;
                put(len, used)
            }
        })()
    })
}
