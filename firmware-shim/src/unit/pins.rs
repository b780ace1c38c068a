//! Roles whose keys were replaced since the scanner was made: each in flash as the root pinned it, and in the place of the
//! setup's.
//!
//! ```text
//! key 64: the root's   65: the heartbeat's   66: orders'   67 + slot: the issuer's of that list    a [`Pin`]'s body
//! ```
//! With a role's old key ends what it signed, floors too: who had the key may have raised them to the sky. Cut off anywhere, the
//! host brings the pin again; a list's edition goes at the next start at the latest ([`keep_issuer`]).
//!
//! Failure: [`ScannerRefusal`]; the roles before stay. A pin that is in effect already, or older, is taken and changes nothing.

use super::{ENROLMENT, Setup, TIME, Unit, refusal};
use crate::flash::{Flash, FlashError};
use crate::installer::keep_issuer;
use crate::kv::{KvError, KvStore, VALUE_BYTES_MAX};
use crate::scanner::ScannerRefusal;
use crate::seal::Aead;
use crate::trust::{Envelope, Pin, PinnedRole, Role, SignedKind, Verify};

/// The store's key of the first role.
const FIRST: u8 = 64;

/// The store's key of a role, and where the setup has it; `None` for a list that the scanner does not have.
fn place<'s>(setup: &'s mut Setup, of: &PinnedRole) -> Option<(u8, &'s mut Role)> {
    match of {
        PinnedRole::Root => Some((FIRST, &mut setup.root)),
        PinnedRole::Heartbeat => Some((FIRST + 1, &mut setup.heartbeat)),
        PinnedRole::Orders => Some((FIRST + 2, &mut setup.orders)),
        PinnedRole::Issuer(list) => {
            let slot = setup.lists.iter().position(|pinned| pinned.issuer.list == *list)?;
            Some((FIRST + 3 + slot as u8, &mut setup.lists[slot].issuer.role))
        }
    }
}

/// What was pinned under a key of the store.
#[inline(never)]
fn pinned(flash: &impl Flash, kv: &KvStore, key: u8) -> Result<Option<Pin>, FlashError> {
    Ok(kv.get(flash, key, &mut [0; VALUE_BYTES_MAX])?.and_then(Pin::parse))
}

/// Puts what was pinned since the setup was made in its place, and forgets what other issuers signed. A pin from before the
/// setup (new firmware) does not count.
#[inline(never)]
pub(super) fn load_all(setup: &mut Setup, flash: &mut impl Flash, kv: &mut KvStore) -> Result<(), KvError> {
    for key in FIRST..FIRST + 3 + setup.lists.len() as u8 {
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

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Takes a pin's envelope.
    #[inline(never)]
    pub(crate) fn pin(&mut self, envelope: &[u8]) -> Result<(), ScannerRefusal> {
        let envelope = Envelope::read(envelope, SignedKind::Pin).map_err(refusal)?;
        let pin = Pin::parse(envelope.body).ok_or(ScannerRefusal::Unreadable)?;
        let (key, _) = place(&mut self.setup, &pin.of).ok_or(ScannerRefusal::UnknownList)?;
        let before = pinned(&self.flash, &self.kv, key).map_err(|FlashError| ScannerRefusal::Flash)?;
        if pin.version <= before.map_or(0, |before| before.version).max(self.setup.root_version) {
            return Ok(());
        }
        pin.check(&envelope, &self.setup.root, &self.verify).map_err(refusal)?;
        match pin.of {
            PinnedRole::Heartbeat => {
                self.set_number(TIME, 0)?;
                self.time = None;
            }
            // The host that the old key named may be a thief's.
            PinnedRole::Orders => {
                self.set_number(ENROLMENT, 0)?;
                self.channel = None;
            }
            PinnedRole::Root | PinnedRole::Issuer(_) => {}
        }
        self.kv.put(&mut self.flash, key, envelope.body).map_err(|_| ScannerRefusal::Flash)?;
        // The next heartbeat confirms again what stands, and the next offer goes on from its mark.
        (self.install, self.confirmed) = (None, Default::default());
        load_all(&mut self.setup, &mut self.flash, &mut self.kv).map_err(|_| ScannerRefusal::Flash)
    }
}
