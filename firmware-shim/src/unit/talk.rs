//! A message of the host -> what is done -> the answer.
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use super::{Unit, refusal};
use crate::flash::Flash;
use crate::frame::NoRoom;
use crate::ids::{EncounterId, ListName};
use crate::installer::{self, Install, InstalledEdition, Place};
use crate::kv::KvStore;
use crate::scanner::{self, Piece, ScanAnswer, ScannerRefusal, SealedNote, ToHost, ToScanner, Want};
use crate::seal::Aead;
use crate::spool::SEALED_BYTES_MAX;
use crate::trust::{Manifest, SignedManifest, Verify};

/// How far an installation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// This is needed next.
    Want(Want),
    /// The edition is in use.
    Installed { list: ListName, edition: u64 },
}

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Takes an offer of an edition: checks it, and begins to install it or goes on.
    pub(crate) fn offer(&mut self, envelope: &[u8]) -> Result<Step, ScannerRefusal> {
        let list = Manifest::claims_list(envelope).map_err(refusal)?;
        let slot = self.slot(&list).ok_or(ScannerRefusal::UnknownList)?;
        let place = self.place(slot);
        let issuer = &self.setup.lists[usize::from(slot)].issuer;
        let signed = issuer.check(envelope, &self.verify).map_err(refusal)?;
        match begin(&mut self.flash, &mut self.kv, &mut self.install, place, &signed)? {
            Some(edition) => Ok(Step::Installed { list, edition }),
            None => self.step(),
        }
    }

    /// Takes a piece of what is being installed.
    #[inline(never)]
    pub(crate) fn piece(&mut self, piece: &Piece<'_>) -> Result<Step, ScannerRefusal> {
        let install = self.install.as_mut().ok_or(ScannerRefusal::Unexpected)?;
        if let Err(error) = install.take(&mut self.flash, &mut self.kv, piece) {
            // Offered again, it goes on from its last mark in the flash.
            self.install = None;
            return Err(error);
        }
        self.step()
    }

    fn step(&mut self) -> Result<Step, ScannerRefusal> {
        let install = self.install.as_ref().ok_or(ScannerRefusal::Unexpected)?;
        if let Some(want) = install.wanted() {
            return Ok(Step::Want(want));
        }
        let (slot, edition) = (install.slot(), install.edition());
        self.install = None;
        // What was confirmed was the edition before.
        self.confirmed[usize::from(slot)] = Default::default();
        Ok(Step::Installed { list: self.setup.lists[usize::from(slot)].issuer.list.clone(), edition })
    }

    /// The encounter that has waited longest, sealed, in `buffer`.
    pub(crate) fn oldest<'b>(
        &self,
        buffer: &'b mut [u8; SEALED_BYTES_MAX],
    ) -> Result<Option<SealedNote<'b>>, ScannerRefusal> {
        let oldest = self.spool.oldest(&self.flash, buffer).map_err(|_| ScannerRefusal::Flash)?;
        Ok(oldest.map(|(id, sealed)| SealedNote { id, sealed }))
    }

    /// The host has stored the oldest encounter, which has this id.
    pub(crate) fn taken(&mut self, id: &EncounterId) -> Result<(), ScannerRefusal> {
        // An id that is not the oldest's is one taken before, said twice.
        self.spool.take(&mut self.flash, id).map(|_| ()).map_err(|_| ScannerRefusal::Flash)
    }

    /// Does what a message says; the answer is sealed into `out` as a frame, ready for the line. An answer to a scan is shown
    /// to `answered`.
    #[inline(never)]
    pub(super) fn obey<'b>(
        &mut self,
        text: &[u8],
        uptime_s: u64,
        out: &'b mut [u8],
        answered: impl FnOnce(&ScanAnswer<'_>),
    ) -> Result<&'b mut [u8], NoRoom> {
        let mut buffer = [0; SEALED_BYTES_MAX];
        let mut answer = ToHost::Done;
        if let Err(refusal) = self.act(text, uptime_s, &mut buffer, answered, &mut answer) {
            answer = ToHost::Refused(refusal);
        }
        self.say(&answer, out)
    }

    /// Leaves `answer` as it is where nothing else is to be said.
    #[inline(never)]
    fn act<'m>(
        &mut self,
        text: &[u8],
        uptime_s: u64,
        buffer: &'m mut [u8; SEALED_BYTES_MAX],
        answered: impl FnOnce(&ScanAnswer<'_>),
        answer: &mut ToHost<'m>,
    ) -> Result<(), ScannerRefusal> {
        // Looked at where it lies: it is too large to be moved about.
        match &read(text) {
            Err(refusal) => return Err(*refusal),
            Ok(ToScanner::Who) => self.say_hello(uptime_s, answer)?,
            Ok(ToScanner::Time(envelope)) => self.set_time(envelope, uptime_s)?,
            Ok(ToScanner::Offer(envelope)) => say_step(self.offer(envelope)?, answer),
            Ok(ToScanner::Piece(piece)) => say_step(self.piece(piece)?, answer),
            Ok(ToScanner::Key(key)) => self.add_key(key)?,
            Ok(ToScanner::Answer(shown)) => answered(shown),
            Ok(ToScanner::Next) => self.hand_over(buffer, answer)?,
            Ok(ToScanner::Taken(id)) => {
                self.taken(id)?;
                self.hand_over(buffer, answer)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn say_hello(&self, uptime_s: u64, answer: &mut ToHost<'_>) -> Result<(), ScannerRefusal> {
        *answer = ToHost::Hello(self.hello(uptime_s).map_err(|_| ScannerRefusal::Flash)?);
        Ok(())
    }

    #[inline(never)]
    fn hand_over<'m>(
        &self,
        buffer: &'m mut [u8; SEALED_BYTES_MAX],
        answer: &mut ToHost<'m>,
    ) -> Result<(), ScannerRefusal> {
        *answer = self.oldest(buffer)?.map_or(ToHost::Nothing, ToHost::Encounter);
        Ok(())
    }
}

#[inline(never)]
fn say_step(step: Step, answer: &mut ToHost<'_>) {
    *answer = match step {
        Step::Want(want) => ToHost::Want(want),
        Step::Installed { list, edition } => ToHost::Installed { list, edition },
    };
}

#[inline(never)]
fn read(text: &[u8]) -> Result<ToScanner<'_>, ScannerRefusal> {
    scanner::decode(text).map_err(|_| ScannerRefusal::Unreadable)
}

/// Begins to install the edition of a manifest, or goes on; returns its number if it is in use already.
#[inline(never)]
fn begin(
    flash: &mut impl Flash,
    kv: &mut KvStore,
    install: &mut Option<Install>,
    place: Place,
    signed: &SignedManifest<'_>,
) -> Result<Option<u64>, ScannerRefusal> {
    let floor = installer::floor(flash, kv, place.slot).map_err(|_| ScannerRefusal::Flash)?;
    let manifest = signed.accept(floor).map_err(refusal)?;
    let digest = signed.identity();
    let in_use = InstalledEdition::in_use(flash, kv, place.slot).map_err(|_| ScannerRefusal::Flash)?;
    if in_use.is_some_and(|edition| edition.manifest == digest) {
        return Ok(Some(manifest.edition));
    }
    // The one under way, offered again, goes on from where it is.
    if install.as_ref().is_none_or(|install| *install.manifest() != digest) {
        *install = None;
        *install = Some(Install::begin(flash, kv, place, &manifest, digest)?);
    }
    Ok(None)
}
