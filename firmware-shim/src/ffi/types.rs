//! The structures that C sees. Fields never change their place.

use core::ffi::c_void;

/// The caller's flash. The functions return whether they did all of it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteFlash {
    /// Given back to the functions.
    pub context: *mut c_void,
    /// Bytes of a sector.
    pub sector_bytes: u32,
    /// Bytes of the unit of writing.
    pub unit_bytes: u32,
    /// Sectors.
    pub sectors: u32,
    /// Fills `out` from `at`. False says that what is there is damaged for good: it counts as no record, and what it
    /// held may be lost or written over. What another try may read, the driver tries again before it returns.
    pub read: Option<unsafe extern "C" fn(context: *mut c_void, at: u32, out: *mut u8, len: usize) -> bool>,
    /// Writes whole units that were erased.
    pub write:
        Option<unsafe extern "C" fn(context: *mut c_void, at: u32, bytes: *const u8, len: usize) -> bool>,
    /// Erases the sector that begins at `at`.
    pub erase: Option<unsafe extern "C" fn(context: *mut c_void, at: u32) -> bool>,
}

/// A run of sectors.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteRegion {
    /// The first.
    pub first: u32,
    /// How many.
    pub sectors: u32,
}

/// Who signs: keys of 32 bytes one behind the other, and how many of them must.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteRole {
    /// The keys.
    pub keys: *const u8,
    /// How many keys, at most 8.
    pub keys_count: usize,
    /// How many of them must sign.
    pub threshold: u8,
}

/// A list of documents that the scanner may hold.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteList {
    /// Its name, such as `interpol/sltd`.
    pub name: *const u8,
    /// Bytes of the name.
    pub name_len: usize,
    /// Whom it is believed of.
    pub issuer: VedetteRole,
    /// Its two banks: an even number of sectors.
    pub region: VedetteRegion,
}

/// What a scanner is made with.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteSetup {
    /// Its name.
    pub device: *const u8,
    /// Bytes of the name.
    pub device_len: usize,
    /// Its firmware's version.
    pub firmware: *const u8,
    /// Bytes of the version, at most 24.
    pub firmware_len: usize,
    /// Who signs heartbeats.
    pub heartbeat: VedetteRole,
    /// Two sectors.
    pub vault: VedetteRegion,
    /// Two sectors at least.
    pub journal: VedetteRegion,
    /// The lists.
    pub lists: *const VedetteList,
    /// How many lists, at most 8.
    pub lists_count: usize,
    /// The driver.
    pub flash: VedetteFlash,
}

/// The fields of a zone, as texts.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteZone {
    /// Every check digit passes.
    pub valid: bool,
    /// One character was corrected, the only way the check digits allow.
    pub repaired: bool,
    /// `P`, `ID`.
    pub code: [u8; 3],
    /// `UTO`.
    pub issuing_state: [u8; 4],
    /// The whole document number.
    pub number: [u8; 33],
    /// Surname.
    pub surname: [u8; 45],
    /// Given names.
    pub given_names: [u8; 45],
    /// `UTO`.
    pub nationality: [u8; 4],
    /// YYMMDD.
    pub birth_date: [u8; 7],
    /// YYMMDD.
    pub expiry_date: [u8; 7],
}

/// Characters as an optical reader gives them, one by one. Zeroed, it is empty.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteReading {
    /// Characters, UTF-8.
    pub text: [u8; 140],
    /// How many bytes.
    pub len: usize,
}

/// What a document met.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteOutcome {
    /// 0 clear, 1 not checked, 2 possible, 3 hit.
    pub verdict: u32,
    /// How many alerts were met; each may be noted by its number.
    pub alerts: u32,
    /// The number's check digit fails.
    pub misread: bool,
}

/// What an installation needs next, or that it is done.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteStep {
    /// The edition is in use; nothing more is needed.
    pub installed: bool,
    /// Digest of the segment needed.
    pub segment: [u8; 32],
    /// From where on.
    pub offset: u32,
    /// How many bytes.
    pub bytes: u32,
    /// The edition in use, when installed.
    pub edition: u64,
}
