//! Who may say something: the secure channel to the host that headquarters enrolled this scanner at.
//!
//! A host opens with the signed enrolment as its word. It is believed when it names this scanner's key and the key that the
//! host has proven, is signed by the pinned role, and its number is not below the highest seen: so a host from before, or
//! one that only has a copy of the statement, is not answered. Without a channel nothing of what else is said is read.
//!
//! Failure: a refusal in the clear. A revoked scanner erases its lists and keys before it says so. Notes stay where they are,
//! sealed with a key that is gone: they leave when the scanner is enrolled at their host again.

use super::{ENROLMENT, Unit};
use crate::flash::Flash;
use crate::frame::{self, NoRoom};
use crate::installer;
use crate::scanner::line::{self, FromHost, PINNED, PROTOCOL};
use crate::scanner::{ScanAnswer, ScannerRefusal, ToHost};
use crate::seal::Aead;
use crate::session::{Opened, PrivateKey, REPLY_BYTES};
use crate::trust::{EnrolledPair, Verify};

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Takes the payload of a frame, which is changed by it, does what it says if it is the host's, and writes the answer
    /// into `out` as a frame, ready for the line. `random`: bytes of a random source that are used once. An answer to a
    /// scan is shown to `answered`.
    #[inline(never)]
    pub fn receive<'b>(
        &mut self,
        payload: &mut [u8],
        uptime_s: u64,
        random: &[u8; 32],
        out: &'b mut [u8],
        answered: impl FnOnce(&ScanAnswer<'_>),
    ) -> Result<&'b mut [u8], NoRoom> {
        let refusal = match FromHost::read(payload) {
            Some(FromHost::Call) => return self.here(out),
            Some(FromHost::Open(opening)) => {
                let mut reply = [0; 2 + REPLY_BYTES];
                match self.open_channel(opening, random, &mut reply) {
                    Ok(()) => return frame::encode(&reply, out),
                    Err(refusal) => refusal,
                }
            }
            Some(FromHost::Sealed(message)) => {
                match self.channel.as_mut().and_then(|channel| channel.open::<A>(message).ok()) {
                    Some(text) => return self.obey(text, uptime_s, out, answered),
                    None => ScannerRefusal::NoChannel,
                }
            }
            Some(FromHost::Pin(envelope)) => match self.pin(envelope) {
                Ok(()) => return frame::encode(&[PROTOCOL, PINNED], out),
                Err(refusal) => refusal,
            },
            None => ScannerRefusal::Unreadable,
        };
        frame::encode(&[PROTOCOL, 3, refusal as u8], out)
    }

    /// Says its name, as a frame: to be sent when it has started, so that the host need not find out.
    #[inline(never)]
    pub fn here<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], NoRoom> {
        let mut writer = frame::Writer::new(out);
        writer.extend(&[PROTOCOL, 0])?;
        writer.extend(self.setup.device.as_str().as_bytes())?;
        writer.finish()
    }

    /// Seals a message to the host into a frame, ready for the line: a scan that it should check. `NoRoom` as well if no
    /// channel is open.
    pub fn say<'b>(&mut self, message: &ToHost<'_>, out: &'b mut [u8]) -> Result<&'b mut [u8], NoRoom> {
        line::seal::<A>(self.channel.as_mut().ok_or(NoRoom)?, message, out)
    }

    #[inline(never)]
    fn open_channel(
        &mut self,
        opening: &mut [u8],
        random: &[u8; 32],
        reply: &mut [u8; 2 + REPLY_BYTES],
    ) -> Result<(), ScannerRefusal> {
        let public = *self.public.get_or_insert_with(|| self.setup.key.public());
        let opened = Opened::read::<A>(&self.setup.key, &public, opening);
        let opened = opened.map_err(|_| ScannerRefusal::Untrusted)?;
        self.believe(&public, &opened.host, opened.word)?;
        let (head, rest) = reply.split_at_mut(2);
        head.copy_from_slice(&[PROTOCOL, 1]);
        self.channel = opened.reply::<A>(&PrivateKey(*random), rest);
        Ok(())
    }

    /// Checks a host's word of headquarters.
    #[inline(never)]
    fn believe(&mut self, public: &[u8; 32], host: &[u8; 32], word: &[u8]) -> Result<(), ScannerRefusal> {
        let pair = EnrolledPair::accept_pinned(word, &self.setup.orders, &self.verify);
        let pair = pair.map_err(super::refusal)?;
        let floor = self.floor(ENROLMENT)?;
        if pair.scanner_key != *public || pair.host_key != *host {
            return Err(ScannerRefusal::Untrusted);
        }
        if pair.number < floor {
            return Err(ScannerRefusal::Rollback);
        }
        if pair.number > floor {
            self.set_floor(ENROLMENT, pair.number)?;
        }
        if pair.revoked {
            self.erase()?;
            return Err(ScannerRefusal::Revoked);
        }
        Ok(())
    }

    /// Erases lists and keys. Said again after a loss of power, it begins again.
    fn erase(&mut self) -> Result<(), ScannerRefusal> {
        self.keys.clear();
        (self.scanner_key, self.channel, self.install) = (None, None, None);
        for (slot, pinned) in self.setup.lists.iter().enumerate() {
            installer::forget(&mut self.flash, &mut self.kv, slot as u8)?;
            for sector in 0..pinned.region.sectors {
                let at = pinned.region.offset(&self.flash.geometry(), sector);
                self.flash.erase(at).map_err(|_| ScannerRefusal::Flash)?;
            }
        }
        Ok(())
    }
}
