//! The C interface: `include/vedette_shim.h`, made of this module by cbindgen and compared with it by a test.
//!
//! | file | what it is |
//! |---|---|
//! | this | contexts, and from pointers to references and back |
//! | [`types`] | the structures that C sees; statuses and verdicts |
//! | [`about`] | versions, sizes, texts |
//! | [`zones`], [`unit`], [`frames`] | the functions |
//!
//! Contract, the same for every function: a pointer is null or valid for as many bytes as the length beside it says,
//! aligned for its type, and used by nobody else during the call; memory for a context is the caller's, of the size and
//! alignment that the library says, not moved while the context lives, and the setup's driver, the decoder's buffer and
//! what they point to live as long. One context is used by one thread at a time. Texts are UTF-8 with a length; texts in
//! structures that the library fills end with a zero byte.
//!
//! Failure: every function returns a [`VedetteStatus`]; what it was to fill is then unspecified. Null where something is
//! needed is `ARGUMENT`. Numbers of statuses and fields of structures never change their place: what is new comes behind,
//! and [`about::vedette_shim_abi_version`] counts up.
#![expect(unsafe_code, reason = "C has pointers: this is the one module that takes them")]
#![expect(
    clippy::missing_safety_doc,
    reason = "the contract is one for all functions, at the head of this module"
)]

pub mod about;
pub mod frames;
#[cfg(all(feature = "panic-handler", any(target_os = "none", vedette_archive)))]
mod panic;
pub mod types;
pub mod unit;
pub mod zones;

pub use types::{VedetteStatus, VedetteVerdict};

use types::{VedetteFlash, VedetteRegion, VedetteRole, VedetteSetup, VedetteZone};

use crate::flash::{Flash, FlashError, Geometry, Region};
use crate::frame::Decoder;
use crate::ids::{DeviceId, ListName};
use crate::list::{Kind, Scratch};
use crate::mrz::{Mrz, MrzError};
use crate::seal::Soft;
use crate::session::PrivateKey;
use crate::trust::{PinnedIssuer, PublicKey, Role, SoftVerify};
use crate::unit::{Pinned, ScanOutcome, Setup, Unit};
use core::ffi::c_void;
use core::mem::size_of;

/// The version of this interface.
pub const VEDETTE_ABI_VERSION: u32 = 3;

/// The release of the library.
pub const VEDETTE_VERSION_MAJOR: u32 = 0;
/// The release of the library.
pub const VEDETTE_VERSION_MINOR: u32 = 1;
/// The release of the library.
pub const VEDETTE_VERSION_PATCH: u32 = 0;
/// The release as one number that rises: two bytes of major, one each of minor and patch.
pub const VEDETTE_VERSION_NUMBER: u32 =
    VEDETTE_VERSION_MAJOR << 16 | VEDETTE_VERSION_MINOR << 8 | VEDETTE_VERSION_PATCH;

use VedetteStatus as Status;

/// A scanner.
pub struct VedetteUnit {
    unit: Unit<VedetteFlash, Soft, SoftVerify>,
    /// The last check, or what was wrong with its zone.
    last: Option<Result<(Mrz, ScanOutcome), MrzError>>,
}

/// Reads frames into a buffer of the caller's.
pub struct VedetteDecoder(Decoder<&'static mut [u8]>);

/// A page buffer for lookups.
pub struct VedetteScratch(Scratch);

// The driver's pointers are the caller's, who uses a context from one thread at a time.
impl Flash for VedetteFlash {
    fn geometry(&self) -> Geometry {
        Geometry { sector: self.sector_bytes, unit: self.unit_bytes, sectors: self.sectors }
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        let read = self.read.ok_or(FlashError)?;
        // SAFETY: the caller's own function, given a buffer that is valid for its length.
        unsafe { read(self.context, at, out.as_mut_ptr(), out.len()) }.then_some(()).ok_or(FlashError)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let write = self.write.ok_or(FlashError)?;
        // SAFETY: as for `read`.
        unsafe { write(self.context, at, bytes.as_ptr(), bytes.len()) }.then_some(()).ok_or(FlashError)
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        let erase = self.erase.ok_or(FlashError)?;
        // SAFETY: the caller's own function.
        unsafe { erase(self.context, at) }.then_some(()).ok_or(FlashError)
    }
}

type Outcomes<T> = Result<T, Status>;

fn status(result: Outcomes<()>) -> Status {
    result.err().unwrap_or(Status::Ok)
}

unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Outcomes<&'a [u8]> {
    match (pointer.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Status::Argument),
        // SAFETY: not null, so valid for `len` bytes by the contract.
        (false, _) => Ok(unsafe { core::slice::from_raw_parts(pointer, len) }),
    }
}

unsafe fn bytes_mut<'a>(pointer: *mut u8, len: usize) -> Outcomes<&'a mut [u8]> {
    match (pointer.is_null(), len) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(Status::Argument),
        // SAFETY: not null, so valid for `len` bytes, and nobody else's during the call.
        (false, _) => Ok(unsafe { core::slice::from_raw_parts_mut(pointer, len) }),
    }
}

unsafe fn text<'a>(pointer: *const u8, len: usize) -> Outcomes<&'a str> {
    // SAFETY: the contract of the caller of this function.
    core::str::from_utf8(unsafe { bytes(pointer, len) }?).map_err(|_| Status::Argument)
}

unsafe fn put<T>(place: *mut T, value: T) -> Outcomes<()> {
    if place.is_null() {
        return Err(Status::Argument);
    }
    // SAFETY: not null, so valid and aligned for a T by the contract.
    unsafe { place.write(value) };
    Ok(())
}

unsafe fn exclusive<'a, T>(pointer: *mut T) -> Outcomes<&'a mut T> {
    // SAFETY: null or a context that an open function made, used by nobody else during the call.
    unsafe { pointer.as_mut() }.ok_or(Status::Argument)
}

/// Where a context goes in the caller's memory, which is large enough and aligned.
fn room<T>(memory: *mut c_void, len: usize) -> Outcomes<*mut T> {
    let context = memory.cast::<T>();
    let fits = !memory.is_null() && len >= size_of::<T>() && context.is_aligned();
    fits.then_some(context).ok_or(Status::Memory)
}

/// Makes a context in the caller's memory.
unsafe fn place<T>(memory: *mut c_void, len: usize, value: T, out: *mut *mut T) -> Outcomes<()> {
    let context = room::<T>(memory, len)?;
    // SAFETY: there is room, and it is the caller's to give by the contract.
    unsafe {
        context.write(value);
        put(out, context)
    }
}

unsafe fn role(role: &VedetteRole) -> Outcomes<Role> {
    let len = role.keys_count.checked_mul(32).ok_or(Status::Argument)?;
    // SAFETY: the contract of the caller of this function.
    let keys = unsafe { bytes(role.keys, len) }?;
    let mut pinned = Role { threshold: role.threshold, keys: heapless::Vec::new() };
    for key in keys.as_chunks::<32>().0 {
        let key: PublicKey = *key;
        pinned.keys.push(key).map_err(|_| Status::Setup)?;
    }
    let sound = role.threshold > 0 && usize::from(role.threshold) <= pinned.keys.len();
    sound.then_some(pinned).ok_or(Status::Setup)
}

fn region(region: VedetteRegion) -> Region {
    Region { first: region.first, sectors: region.sectors }
}

#[inline(never)]
unsafe fn setup(given: &VedetteSetup) -> Outcomes<Setup> {
    let mut lists = heapless::Vec::new();
    // SAFETY: all pointers of the setup are valid for their lengths by the contract.
    unsafe {
        if given.lists_count > 0 && (given.lists.is_null() || !given.lists.is_aligned()) {
            return Err(Status::Argument);
        }
        for place in 0..given.lists_count {
            let list = &*given.lists.add(place);
            let name = ListName::checked(text(list.name, list.name_len)?).ok_or(Status::Setup)?;
            let issuer = PinnedIssuer { list: name, kind: Kind::Documents, role: role(&list.issuer)? };
            lists.push(Pinned { issuer, region: region(list.region) }).map_err(|_| Status::Setup)?;
        }
        Ok(Setup {
            device: DeviceId::checked(text(given.device, given.device_len)?).ok_or(Status::Setup)?,
            firmware: text(given.firmware, given.firmware_len)?.try_into().map_err(|_| Status::Setup)?,
            key: PrivateKey(bytes(given.key, 32)?.try_into().map_err(|_| Status::Argument)?),
            root: role(&given.root)?,
            root_version: given.root_version,
            heartbeat: role(&given.heartbeat)?,
            orders: role(&given.orders)?,
            kv: region(given.kv),
            spool: region(given.spool),
            lists,
        })
    }
}

fn fill<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    let len = text.len().min(N - 1);
    out[..len].copy_from_slice(&text.as_bytes()[..len]);
    out
}

fn zone_of(zone: &Mrz, repaired: bool) -> VedetteZone {
    VedetteZone {
        valid: zone.valid(),
        repaired,
        code: fill(zone.document_code()),
        issuing_state: fill(zone.issuing_state()),
        number: fill(zone.document_number()),
        surname: fill(zone.surname()),
        given_names: fill(zone.given_names()),
        nationality: fill(zone.nationality()),
        birth_date: fill(zone.birth_date().as_ref().map_or("", |date| date.as_str())),
        expiry_date: fill(zone.expiry_date().as_ref().map_or("", |date| date.as_str())),
    }
}

#[cfg(test)]
mod tests;
