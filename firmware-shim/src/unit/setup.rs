//! What a scanner is made with, and what its flash has of that.
//!
//! Roles whose keys were replaced since it was made are in flash, each as the root pinned it (see [`super::pins`]), and take the place of
//! the setup's:
//!
//! ```text
//! key 64: the root's   65: the heartbeat's   66: orders'   67 + slot: the issuer's of that list    a [`Pin`]'s body
//! ```
//! Failure: [`SetupError`]; nothing is changed but what was begun before (an issuer's records, see [`keep_issuer`]).

use crate::flash::{Flash, FlashError, Region};
use crate::ids::DeviceId;
use crate::installer::keep_issuer;
use crate::kv::{KvError, KvStore, VALUE_BYTES_MAX};
use crate::scanner::SCANNER_LISTS_MAX;
use crate::session::PrivateKey;
use crate::spool::Spool;
use crate::trust::{Pin, PinnedIssuer, PinnedRole, Role};
use core::fmt;
use heapless::{String, Vec};

/// The store's key of the first role.
pub(super) const FIRST_ROLE: u8 = 64;

/// The store's key of a role, and where the setup has it; `None` for a list that the scanner does not have.
pub(super) fn place<'s>(setup: &'s mut Setup, of: &PinnedRole) -> Option<(u8, &'s mut Role)> {
    match of {
        PinnedRole::Root => Some((FIRST_ROLE, &mut setup.root)),
        PinnedRole::Heartbeat => Some((FIRST_ROLE + 1, &mut setup.heartbeat)),
        PinnedRole::Orders => Some((FIRST_ROLE + 2, &mut setup.orders)),
        PinnedRole::Issuer(list) => {
            let slot = setup.lists.iter().position(|pinned| pinned.issuer.list == *list)?;
            Some((FIRST_ROLE + 3 + slot as u8, &mut setup.lists[slot].issuer.role))
        }
    }
}

/// What was pinned under a key of the store.
#[inline(never)]
pub(super) fn pinned(flash: &impl Flash, kv: &KvStore, key: u8) -> Result<Option<Pin>, FlashError> {
    Ok(kv.get(flash, key, &mut [0; VALUE_BYTES_MAX])?.and_then(Pin::parse))
}

/// Puts what was pinned since the setup was made in its place, and forgets what other issuers signed. A pin from before the
/// setup (new firmware) does not count.
#[inline(never)]
pub(super) fn load_all(setup: &mut Setup, flash: &mut impl Flash, kv: &mut KvStore) -> Result<(), KvError> {
    for key in FIRST_ROLE..FIRST_ROLE + 3 + setup.lists.len() as u8 {
        let Some(pin) = pinned(flash, kv, key)? else { continue };
        // A list's place may have another list by now.
        if pin.version > setup.root_version
            && let Some((at, role)) = place(setup, &pin.of)
            && at == key
        {
            *role = pin.role;
        }
    }
    for (slot, pinned) in setup.lists.iter().enumerate() {
        keep_issuer(flash, kv, slot as u8, &pinned.issuer)?;
    }
    Ok(())
}

/// Bytes that a half of the key-value store must have: room for the largest value of every key, in the largest units.
pub const fn kv_half_bytes(lists: usize) -> u32 {
    1024 + 864 * lists as u32
}

/// A list that the scanner may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Whom it is believed of.
    pub issuer: PinnedIssuer,
    /// Its two banks: an even number of sectors.
    pub region: Region,
}

/// What a scanner is made with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Its name.
    pub device: DeviceId,
    /// Its X25519 key: its own, whose public half headquarters has enrolled.
    pub key: PrivateKey,
    /// Its firmware's version.
    pub firmware: String<24>,
    /// Who signs pins: the root's role.
    pub root: Role,
    /// The version of the root that named these roles.
    pub root_version: u32,
    /// Who signs heartbeats.
    pub heartbeat: Role,
    /// Who signs its enrolment.
    pub orders: Role,
    /// An even number of sectors: a half must have [`kv_half_bytes`].
    pub kv: Region,
    /// Two sectors at least.
    pub spool: Region,
    /// The lists.
    pub lists: Vec<Pinned, SCANNER_LISTS_MAX>,
}

/// Why a scanner cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupError {
    /// The flash's numbers break a rule of [`crate::flash::Geometry`].
    Geometry,
    /// Regions overlap, are not in the flash, or have too few sectors.
    Regions,
    /// The flash failed, or the key-value store has no room for its lists.
    Flash,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Geometry => {
                "the flash has sectors of 512 bytes at least and units of 32 at most, powers of two"
            }
            Self::Regions => {
                "regions must lie apart within the flash: an even number of sectors of key-value store, whose half \
                 has 1024 bytes and 864 for each list, 2 or more of spool, an even number for each list"
            }
            Self::Flash => "the flash failed",
        })
    }
}

impl core::error::Error for SetupError {}

impl From<FlashError> for SetupError {
    fn from(_: FlashError) -> Self {
        SetupError::Flash
    }
}

/// Finds what the flash holds of those that the setup pins. Not inlined: the setup and the unit it becomes are all that the stack has room for.
#[inline(never)]
pub(super) fn find(setup: &mut Setup, flash: &mut impl Flash) -> Result<(KvStore, Spool), SetupError> {
    if !flash.geometry().is_sound() {
        return Err(SetupError::Geometry);
    }
    check_regions(setup, flash)?;
    let mut kv = KvStore::open(flash, setup.kv)?;
    load_all(setup, flash, &mut kv).map_err(|_| SetupError::Flash)?;
    Ok((kv, Spool::open(flash, setup.spool).map_err(|_| SetupError::Flash)?))
}

fn check_regions(setup: &Setup, flash: &impl Flash) -> Result<(), SetupError> {
    let geometry = flash.geometry();
    let mut before: Vec<Region, { SCANNER_LISTS_MAX + 2 }> = Vec::new();
    let mut add = |region: Region, least: u32| {
        let apart = |other: &Region| {
            region.first + region.sectors <= other.first || other.first + other.sectors <= region.first
        };
        let sound = region.fits(&geometry) && region.sectors >= least && before.iter().all(apart);
        sound && before.push(region).is_ok()
    };
    let is_even = |region: Region| region.sectors.is_multiple_of(2);
    let mut sound = add(setup.kv, 2)
        && is_even(setup.kv)
        && setup.kv.sectors / 2 * geometry.sector >= kv_half_bytes(setup.lists.len())
        && add(setup.spool, 2);
    for (place, pinned) in setup.lists.iter().enumerate() {
        let once =
            setup.lists.iter().position(|other| other.issuer.list == pinned.issuer.list) == Some(place);
        sound = sound && add(pinned.region, 2) && is_even(pinned.region) && once;
    }
    if sound { Ok(()) } else { Err(SetupError::Regions) }
}
