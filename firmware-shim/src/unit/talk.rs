//! A message of the host -> what is done -> the answer.

use super::{Unit, refusal};
use crate::flash::Flash;
use crate::frame::NoRoom;
use crate::ids::{Digest, EncounterId, ListName};
use crate::journal::SEALED_BYTES_MAX;
use crate::scanner::{self, Answer, Piece, Refusal, SealedNote, ToHost, ToScanner, Want};
use crate::seal::Aead;
use crate::shelf::{self, Edition, Install};
use crate::trust::{Manifest, Verify, digest};

/// How far an installation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This is needed next.
    Want(Want),
    /// The edition is in use.
    Installed {
        /// The list.
        list: ListName,
        /// The edition.
        edition: u64,
    },
}

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Takes an offer of an edition: checks it, and begins to install it or goes on.
    pub fn offer(&mut self, envelope: &[u8]) -> Result<Step, Refusal> {
        let list = Manifest::claims_list(envelope).map_err(refusal)?;
        let slot = self.slot(&list).ok_or(Refusal::UnknownList)?;
        let floor = shelf::floor(&self.flash, &self.vault, slot).map_err(|_| Refusal::Flash)?;
        let issuer = &self.setup.lists[usize::from(slot)].issuer;
        let manifest = Manifest::accept_pinned(envelope, issuer, floor, &self.verify).map_err(refusal)?;
        let digest = digest(envelope);
        if self.holds(slot, &digest)? {
            return Ok(Step::Installed { list, edition: manifest.edition });
        }
        // The one under way, offered again, goes on from where it is.
        if self.install.as_ref().is_none_or(|install| *install.manifest() != digest) {
            self.begin(slot, &manifest, digest)?;
        }
        self.step()
    }

    /// Whether the edition in use is the one of this manifest.
    #[inline(never)]
    fn holds(&self, slot: u8, manifest: &Digest) -> Result<bool, Refusal> {
        let in_use = Edition::in_use(&self.flash, &self.vault, slot).map_err(|_| Refusal::Flash)?;
        Ok(in_use.is_some_and(|edition| edition.manifest == *manifest))
    }

    #[inline(never)]
    fn begin(&mut self, slot: u8, manifest: &Manifest, digest: Digest) -> Result<(), Refusal> {
        let place = self.place(slot);
        self.install = None;
        let install = Install::begin(&mut self.flash, &mut self.vault, place, manifest, digest)?;
        self.install = Some(install);
        Ok(())
    }

    /// Takes a piece of what is being installed.
    #[inline(never)]
    pub fn piece(&mut self, piece: &Piece<'_>) -> Result<Step, Refusal> {
        let install = self.install.as_mut().ok_or(Refusal::Unexpected)?;
        if let Err(error) = install.take(&mut self.flash, &mut self.vault, piece) {
            // Offered again, it goes on from its last mark in the flash.
            self.install = None;
            return Err(error);
        }
        self.step()
    }

    fn step(&mut self) -> Result<Step, Refusal> {
        let install = self.install.as_ref().ok_or(Refusal::Unexpected)?;
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
    pub fn oldest<'b>(
        &self,
        buffer: &'b mut [u8; SEALED_BYTES_MAX],
    ) -> Result<Option<SealedNote<'b>>, Refusal> {
        let oldest = self.journal.oldest(&self.flash, buffer).map_err(|_| Refusal::Flash)?;
        Ok(oldest.map(|(id, sealed)| SealedNote { id, sealed }))
    }

    /// The host has stored the oldest encounter, which has this id.
    pub fn taken(&mut self, id: &EncounterId) -> Result<(), Refusal> {
        // An id that is not the oldest's is one taken before, said twice.
        self.journal.take(&mut self.flash, id).map(|_| ()).map_err(|_| Refusal::Flash)
    }

    /// Does what a message says; writes the answer into `out` as a frame, ready for the line. An answer to a scan is
    /// shown to `answered`.
    pub fn receive<'b>(
        &mut self,
        payload: &[u8],
        uptime_s: u64,
        out: &'b mut [u8],
        answered: impl FnOnce(&Answer<'_>),
    ) -> Result<&'b mut [u8], NoRoom> {
        let mut buffer = [0; SEALED_BYTES_MAX];
        let answer = self.act(payload, uptime_s, &mut buffer, answered);
        scanner::encode(&answer.unwrap_or_else(ToHost::Refused), out)
    }

    /// Not inlined: a message and its answer are large, and only one of them is on the stack at a time.
    #[inline(never)]
    fn act<'m>(
        &mut self,
        payload: &[u8],
        uptime_s: u64,
        buffer: &'m mut [u8; SEALED_BYTES_MAX],
        answered: impl FnOnce(&Answer<'_>),
    ) -> Result<ToHost<'m>, Refusal> {
        let message = scanner::decode::<ToScanner<'_>>(payload).map_err(|_| Refusal::Unreadable)?;
        let next = |step| match step {
            Step::Want(want) => ToHost::Want(want),
            Step::Installed { list, edition } => ToHost::Installed { list, edition },
        };
        match &message {
            ToScanner::Who => self.hello(uptime_s).map(ToHost::Hello).map_err(|_| Refusal::Flash),
            ToScanner::Time(envelope) => self.set_time(envelope, uptime_s).map(|()| ToHost::Done),
            ToScanner::Offer(envelope) => self.offer(envelope).map(next),
            ToScanner::Piece(piece) => self.piece(piece).map(next),
            ToScanner::Key(key) => self.add_key(key).map(|()| ToHost::Done),
            ToScanner::Answer(answer) => {
                answered(answer);
                Ok(ToHost::Done)
            }
            ToScanner::Next => self.hand_over(buffer),
            ToScanner::Taken(id) => {
                self.taken(id)?;
                self.hand_over(buffer)
            }
        }
    }

    fn hand_over<'m>(&self, buffer: &'m mut [u8; SEALED_BYTES_MAX]) -> Result<ToHost<'m>, Refusal> {
        Ok(self.oldest(buffer)?.map_or(ToHost::Nothing, ToHost::Encounter))
    }
}
