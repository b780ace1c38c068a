//! What the library is and what its numbers mean: versions, the sizes of contexts, texts.

use super::{
    Status, VEDETTE_ABI_VERSION, VEDETTE_VERSION_NUMBER, VedetteDecoder, VedetteScratch, VedetteUnit,
};
use crate::verdict::Verdict;
use core::ffi::c_char;
use core::mem::{align_of, size_of};

/// The version of this interface: [`VEDETTE_ABI_VERSION`] of the library, to be compared with the header's.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_shim_abi_version() -> u32 {
    VEDETTE_ABI_VERSION
}

/// The release of the library: [`VEDETTE_VERSION_NUMBER`], which may be another than the header's.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_version_number() -> u32 {
    VEDETTE_VERSION_NUMBER
}

/// What a status says, in English, for a log: a static text that ends with a zero byte. Of a number that is no status too.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_status_text(status: u32) -> *const c_char {
    let text = match status {
        n if n == Status::Ok as u32 => c"done",
        n if n == Status::More as u32 => c"the frame has not ended yet",
        n if n == Status::Argument as u32 => c"an argument is null, not UTF-8 or out of range",
        n if n == Status::Memory as u32 => c"the context's memory is too small or not aligned",
        n if n == Status::Buffer as u32 => c"the buffer for the result is too small",
        n if n == Status::Setup as u32 => c"the setup breaks a rule: regions, geometry, names, roles",
        n if n == Status::NoZone as u32 => c"not a machine readable zone",
        n if n == Status::Frame as u32 => c"the frame is damaged or too long",
        n if n == Status::NoRoom as u32 => c"no room in the flash: connect the host",
        n if n == Status::NoKey as u32 => c"a key is missing: connect the host",
        n if n == Status::Unexpected as u32 => c"no document was checked before",
        n if n == Status::Flash as u32 => c"the flash failed",
        _ => c"no status of this version",
    };
    text.as_ptr()
}

/// A verdict as a display shows it: a static text that ends with a zero byte. Of a number that is no verdict, that of
/// `NOT_CHECKED`.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_verdict_text(verdict: u32) -> *const c_char {
    let text = match verdict {
        n if n == Verdict::Clear as u32 => c"CLEAR",
        n if n == Verdict::Possible as u32 => c"POSSIBLE",
        n if n == Verdict::Hit as u32 => c"HIT",
        _ => c"NOT CHECKED",
    };
    text.as_ptr()
}

/// Bytes of a scanner's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_unit_size() -> usize {
    size_of::<VedetteUnit>()
}

/// Alignment of a scanner's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_unit_align() -> usize {
    align_of::<VedetteUnit>()
}

/// Bytes of a decoder's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_decoder_size() -> usize {
    size_of::<VedetteDecoder>()
}

/// Alignment of a decoder's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_decoder_align() -> usize {
    align_of::<VedetteDecoder>()
}

/// Bytes of a page buffer's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_scratch_size() -> usize {
    size_of::<VedetteScratch>()
}

/// Alignment of a page buffer's context.
#[unsafe(no_mangle)]
pub extern "C" fn vedette_scratch_align() -> usize {
    align_of::<VedetteScratch>()
}
