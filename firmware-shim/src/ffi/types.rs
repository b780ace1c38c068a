//! The structures that C sees, statuses and verdicts. Fields and numbers never change their place.
#![allow(missing_docs, reason = "a field that its name and type explain has none")]

use crate::verdict::Verdict;
use core::ffi::c_void;

/// How a call ended.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VedetteStatus {
    /// Done.
    Ok = 0,
    /// A byte was taken and ends no frame yet.
    More = 1,
    /// A pointer is null, a text is none, or a number is out of its range.
    Argument = 2,
    /// The memory for a context is too small or not aligned.
    Memory = 3,
    /// The buffer for the result is too small.
    Buffer = 4,
    /// The setup breaks a rule: regions, geometry, names.
    Setup = 5,
    /// No machine readable zone.
    NoZone = 6,
    /// A frame that is none: damaged or too long.
    Frame = 7,
    /// The spool is full: connect the host.
    NoRoom = 8,
    /// A key is missing.
    NoKey = 9,
    /// There is no check before.
    Unexpected = 10,
    /// The flash failed.
    Flash = 11,
}

/// The answer to a check. Ordered by what the officer must see first.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VedetteVerdict {
    /// Every list answered, none has it.
    Clear = 0,
    /// At least one list could not answer, or there was none to ask: say so, never "clear".
    NotChecked = 1,
    /// A list may have it: compare the document with the alert.
    Possible = 2,
    /// A list has it.
    Hit = 3,
}

impl From<Verdict> for VedetteVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clear => VedetteVerdict::Clear,
            Verdict::NotChecked => VedetteVerdict::NotChecked,
            Verdict::Possible => VedetteVerdict::Possible,
            Verdict::Hit => VedetteVerdict::Hit,
        }
    }
}

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
    pub first: u32,
    pub sectors: u32,
}

/// Who signs: keys of 32 bytes one behind the other, and how many of them must.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VedetteRole {
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
    pub device: *const u8,
    pub device_len: usize,
    /// Its firmware's version.
    pub firmware: *const u8,
    /// Bytes of the version, at most 24.
    pub firmware_len: usize,
    /// Its X25519 private key, 32 bytes: its own, whose public half headquarters has enrolled.
    pub key: *const u8,
    /// Who signs heartbeats.
    pub heartbeat: VedetteRole,
    /// Who signs its enrolment.
    pub orders: VedetteRole,
    /// An even number of sectors. Half of them must have 1024 bytes and 864 for each list: of 4 KiB each, 2 sectors do
    /// for three lists, 4 for eight.
    pub kv: VedetteRegion,
    /// Two sectors at least.
    pub spool: VedetteRegion,
    pub lists: *const VedetteList,
    /// How many lists, at most 8.
    pub lists_count: usize,
    pub flash: VedetteFlash,
    /// Who signs pins, which replace the keys of the roles above: the root's role.
    pub root: VedetteRole,
    /// The version of the root that named all these roles.
    pub root_version: u32,
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
    pub surname: [u8; 45],
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
    pub verdict: VedetteVerdict,
    /// How many alerts were met; each may be noted by its number.
    pub alerts: u32,
    /// The number, the state or the type may be misread: read the document again.
    pub misread: bool,
}
