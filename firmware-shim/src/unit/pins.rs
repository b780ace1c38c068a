//! A role's keys are replaced, as the root pinned them: see [`super::setup`] for where they are.
//!
//! With a role's old key ends what it signed, floors too: who had the key may have raised them to the sky. That is one step, the pin's
//! record: a floor counts only for the keys that it was stored for (see [`Unit::floor`]). A list's edition goes after it, at the next start
//! at the latest.
//!
//! Failure: [`ScannerRefusal`]; what is in effect is what is in the flash, whatever the driver said of it, and the host brings the pin again.
//! One that is in effect already, or older, is taken and changes nothing.

use super::setup::{load_all, pinned, place};
use super::{Unit, refusal};
use crate::flash::{Flash, FlashError};
use crate::scanner::ScannerRefusal;
use crate::seal::Aead;
use crate::trust::{Envelope, Pin, PinnedRole, SignedKind, Verify};

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Takes a pin's envelope.
    #[inline(never)]
    pub(crate) fn pin(&mut self, envelope: &[u8]) -> Result<(), ScannerRefusal> {
        let envelope = Envelope::read(envelope, SignedKind::Pin).map_err(refusal)?;
        let pin = Pin::parse(envelope.body).ok_or(ScannerRefusal::Unreadable)?;
        let (key, _) = place(&mut self.setup, &pin.of).ok_or(ScannerRefusal::UnknownList)?;
        let before = pinned(&self.flash, &self.kv, key).map_err(|FlashError| ScannerRefusal::Flash)?;
        let mut stored = Ok(());
        if pin.version > before.map_or(0, |before| before.version).max(self.setup.root_version) {
            pin.check(&envelope, &self.setup.root, &self.verify).map_err(refusal)?;
            stored = self.kv.put(&mut self.flash, key, envelope.body);
            match pin.of {
                PinnedRole::Heartbeat => self.time = None,
                // The host that the old key named may be a thief's.
                PinnedRole::Orders => self.channel = None,
                PinnedRole::Root | PinnedRole::Issuer(_) => {}
            }
            // The next heartbeat confirms again what stands, and the next offer goes on from its mark.
            (self.install, self.confirmed) = (None, Default::default());
        }
        load_all(&mut self.setup, &mut self.flash, &mut self.kv)
            .and(stored)
            .map_err(|_| ScannerRefusal::Flash)
    }
}
