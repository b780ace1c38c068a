//! A list in flash: the edition in use in one bank, the next one being installed in the other.
//!
//! A list has a region of its own, halved into two banks. A bank holds an edition's segments in the manifest's order,
//! the oldest first, each from the beginning of a sector on. What is in the banks is in the key-value store:
//!
//! ```text
//! key 16 + slot: the edition in use    postcard of [`InstalledEdition`]
//! key 32 + slot: what is installed     postcard of [`Progress`]; also the floor
//! key 48 + slot: whose they are        the pinned issuer, see [`keep_issuer`]
//! key 64 on: roles pinned later        see `unit::setup`
//! ```
//! Invariants: the edition in use changes in one step, when every segment of the next has the digest that its manifest
//! names; until then the one before is asked. The floor is in flash before the first piece is asked for. Segments that
//! both editions have are copied from bank to bank, not fetched again. After a power cut an installation goes on at its
//! last mark: what is before it is hashed anew from the flash, what is behind is written anew.
//!
//! Failure: [`ScannerRefusal`]. A segment with another digest than its name is thrown away and wanted from its beginning.
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use crate::flash::{Flash, FlashError, Region, UNIT_BYTES_MAX};
use crate::ids::Digest;
use crate::kv::{KvError, KvStore, VALUE_BYTES_MAX};
use crate::list::{BlockError, BlockRead};
use crate::scanner::{PIECE_BYTES_MAX, Piece, ScannerRefusal, Want};
use crate::trust::{Floor, Manifest, PinnedIssuer, SEGMENTS_MAX};
use heapless::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// After so many bytes of a segment, at least, an installation is marked to go on from there.
pub const MARK_BYTES: u32 = 16 * 1024;

/// A list's place: its number among the scanner's lists, and its part of the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 0.
    pub slot: u8,
    /// Both banks.
    pub region: Region,
}

impl Place {
    /// Bytes of a bank.
    pub fn bank_bytes(&self, flash: &impl Flash) -> u32 {
        self.region.sectors / 2 * flash.geometry().sector
    }

    fn bank(&self, flash: &impl Flash, bank: u8) -> u32 {
        self.region.offset(&flash.geometry(), self.region.sectors / 2 * u32::from(bank & 1))
    }
}

/// A segment in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledSegment {
    /// SHA-256 of its bytes.
    #[serde(deserialize_with = "crate::wire::array")]
    pub digest: Digest,
    /// How many.
    pub bytes: u32,
    /// Number of the list key that seals it.
    pub key: u32,
}

/// An edition in a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledEdition {
    /// Its number.
    pub edition: u64,
    /// SHA-256 of its manifest's signed bytes.
    #[serde(deserialize_with = "crate::wire::array")]
    pub manifest: Digest,
    /// Which bank.
    pub bank: u8,
    /// When it was issued, seconds since 1970.
    pub issued: u64,
    /// How long after its last confirmation it may be used, seconds.
    pub lease_s: u32,
    /// The oldest first.
    pub segments: Vec<InstalledSegment, SEGMENTS_MAX>,
}

/// How far an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub edition: u64,
    /// SHA-256 of its manifest's signed bytes.
    #[serde(deserialize_with = "crate::wire::array")]
    pub manifest: Digest,
    /// Segments before this one are whole.
    pub segment: u8,
    /// So much of it is in the flash; the beginning of a sector.
    pub offset: u32,
}

impl InstalledEdition {
    /// The edition in use; `None` before the first.
    #[inline(never)]
    pub fn in_use(
        flash: &impl Flash,
        kv: &KvStore,
        slot: u8,
    ) -> Result<Option<InstalledEdition>, FlashError> {
        load(flash, kv, 16 + slot)
    }

    /// The bytes of a segment, by its place.
    pub fn segment<'f, F: Flash>(
        &self,
        flash: &'f F,
        place: &Place,
        index: usize,
    ) -> Option<FlashBytes<'f, F>> {
        let kept = self.segments.get(index)?;
        let begin = place.bank(flash, self.bank) + self.offset_of(flash, index);
        Some(FlashBytes { flash, begin, bytes: kept.bytes })
    }

    /// Where a segment begins in its bank.
    fn offset_of(&self, flash: &impl Flash, index: usize) -> u32 {
        let sector = flash.geometry().sector;
        self.segments.iter().take(index).map(|kept| kept.bytes.div_ceil(sector) * sector).sum()
    }
}

/// What is stored under a key. A value that cannot be read is none: another firmware wrote it.
fn load<T: for<'d> Deserialize<'d>>(
    flash: &impl Flash,
    kv: &KvStore,
    key: u8,
) -> Result<Option<T>, FlashError> {
    let mut buffer = [0; VALUE_BYTES_MAX];
    let value = kv.get(flash, key, &mut buffer)?;
    Ok(value.and_then(|value| postcard::from_bytes(value).ok()))
}

fn store(
    flash: &mut impl Flash,
    kv: &mut KvStore,
    key: u8,
    value: &impl Serialize,
) -> Result<(), ScannerRefusal> {
    let mut buffer = [0; VALUE_BYTES_MAX];
    let value = postcard::to_slice(value, &mut buffer).map_err(|_| ScannerRefusal::NoRoom)?;
    kv.put(flash, key, value).map_err(|error| match error {
        KvError::Flash => ScannerRefusal::Flash,
        KvError::Full => ScannerRefusal::NoRoom,
    })
}

/// Forgets the edition in use. What must not be gone below stays.
pub fn forget(flash: &mut impl Flash, kv: &mut KvStore, slot: u8) -> Result<(), ScannerRefusal> {
    match InstalledEdition::in_use(flash, kv, slot).map_err(flash_failed)? {
        None => Ok(()),
        Some(InstalledEdition { edition, manifest, .. }) => {
            store(flash, kv, 32 + slot, &Progress { edition, manifest, segment: 0, offset: 0 })?;
            kv.put(flash, 16 + slot, &[]).map_err(|_| ScannerRefusal::Flash)
        }
    }
}

/// Forgets edition and floor of a list whose pinned issuer is another than the one that signed them: who had the key before
/// may have raised the floor to the sky. Cut off anywhere, the next start finishes. Whose they are is stored as [`Role::mark`].
#[inline(never)]
pub fn keep_issuer(
    flash: &mut impl Flash,
    kv: &mut KvStore,
    slot: u8,
    issuer: &PinnedIssuer,
) -> Result<(), KvError> {
    let mark = issuer.role.mark(issuer.list.as_str());
    if kv.get(flash, 48 + slot, &mut [0; VALUE_BYTES_MAX])? == Some(&mark) {
        return Ok(());
    }
    kv.put(flash, 16 + slot, &[])?;
    kv.put(flash, 32 + slot, &[])?;
    kv.put(flash, 48 + slot, &mark)
}

/// What must not be gone below: the edition in use, or the one whose installation began.
pub fn floor(flash: &impl Flash, kv: &KvStore, slot: u8) -> Result<Option<Floor>, FlashError> {
    let in_use = InstalledEdition::in_use(flash, kv, slot)?
        .map(|edition| Floor { edition: edition.edition, manifest: edition.manifest });
    let begun = load::<Progress>(flash, kv, 32 + slot)?
        .map(|progress| Floor { edition: progress.edition, manifest: progress.manifest });
    Ok(in_use.into_iter().chain(begun).max_by_key(|floor| floor.edition))
}

/// Bytes in flash as a segment's source.
pub struct FlashBytes<'f, F> {
    flash: &'f F,
    begin: u32,
    bytes: u32,
}

impl<F: Flash> BlockRead for FlashBytes<'_, F> {
    fn size(&self) -> u64 {
        self.bytes.into()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        let end = offset.checked_add(out.len() as u64).ok_or(BlockError)?;
        if end > self.size() {
            return Err(BlockError);
        }
        // Below `bytes`, so it fits.
        self.flash.read(self.begin + offset as u32, out).map_err(|FlashError| BlockError)
    }
}

/// An installation under way.
#[derive(Clone)]
pub struct Install {
    place: Place,
    next: InstalledEdition,
    /// Which segment, how much of it is in the flash, and its hash so far.
    segment: usize,
    offset: u32,
    hash: Sha256,
}

impl Install {
    /// Begins with an accepted manifest, or goes on where it stood. Ask [`Install::wanted`] what is lacking.
    #[inline(never)]
    pub fn begin(
        flash: &mut impl Flash,
        kv: &mut KvStore,
        place: Place,
        manifest: &Manifest,
        digest: Digest,
    ) -> Result<Self, ScannerRefusal> {
        let in_use = InstalledEdition::in_use(flash, kv, place.slot).map_err(flash_failed)?;
        let bank = in_use.map_or(0, |edition| 1 - (edition.bank & 1));
        let mut next = InstalledEdition {
            edition: manifest.edition,
            manifest: digest,
            bank,
            issued: manifest.issued,
            lease_s: manifest.lease_s,
            segments: Vec::new(),
        };
        let mut room = place.bank_bytes(flash);
        for segment in &manifest.segments {
            let bytes = u32::try_from(segment.bytes).map_err(|_| ScannerRefusal::NoRoom)?;
            let sectors = bytes.div_ceil(flash.geometry().sector);
            let taken = sectors.checked_mul(flash.geometry().sector).ok_or(ScannerRefusal::NoRoom)?;
            room = room.checked_sub(taken).ok_or(ScannerRefusal::NoRoom)?;
            let kept = InstalledSegment { digest: segment.digest, bytes, key: segment.key };
            next.segments.push(kept).map_err(|_| ScannerRefusal::Untrusted)?;
        }
        let mut install = Install { place, next, segment: 0, offset: 0, hash: Sha256::new() };
        match load::<Progress>(flash, kv, 32 + place.slot).map_err(flash_failed)? {
            Some(progress) if progress.manifest == digest => install.resume(flash, &progress)?,
            _ => install.mark(flash, kv)?,
        }
        install.settle(flash, kv)?;
        Ok(install)
    }

    /// The edition being installed.
    pub fn edition(&self) -> u64 {
        self.next.edition
    }

    /// SHA-256 of the manifest being installed.
    pub fn manifest(&self) -> &Digest {
        &self.next.manifest
    }

    /// The list's slot.
    pub fn slot(&self) -> u8 {
        self.place.slot
    }

    /// What is needed next; `None` when all is there and the edition is in use.
    pub fn wanted(&self) -> Option<Want> {
        let kept = self.next.segments.get(self.segment)?;
        let bytes = (kept.bytes - self.offset).min(PIECE_BYTES_MAX as u32) as u16;
        Some(Want { segment: kept.digest, offset: self.offset, bytes })
    }

    /// Takes a piece. One that is not what is wanted changes nothing.
    pub fn take(
        &mut self,
        flash: &mut impl Flash,
        kv: &mut KvStore,
        piece: &Piece<'_>,
    ) -> Result<(), ScannerRefusal> {
        let wanted = self.wanted().ok_or(ScannerRefusal::Unexpected)?;
        if piece.segment != wanted.segment
            || piece.offset != wanted.offset
            || piece.bytes.len() != usize::from(wanted.bytes)
        {
            return Ok(());
        }
        self.write(flash, piece.bytes)?;
        let step = MARK_BYTES.max(flash.geometry().sector);
        if self.offset.is_multiple_of(step) {
            self.mark(flash, kv)?;
        }
        self.settle(flash, kv)
    }

    /// Ends segments that are whole, copies what the other bank has, and puts the edition in use when all is there.
    #[inline(never)]
    fn settle(&mut self, flash: &mut impl Flash, kv: &mut KvStore) -> Result<(), ScannerRefusal> {
        while let Some(kept) = self.next.segments.get(self.segment).copied() {
            if self.offset == 0 {
                self.copy(flash, kv, &kept)?;
            }
            if self.offset < kept.bytes {
                return Ok(());
            }
            let digest: Digest = core::mem::take(&mut self.hash).finalize().into();
            self.offset = 0;
            if digest != kept.digest {
                self.mark(flash, kv)?;
                return Err(ScannerRefusal::Damaged);
            }
            self.segment += 1;
            self.mark(flash, kv)?;
        }
        store(flash, kv, 16 + self.place.slot, &self.next)
    }

    /// Copies the segment if the edition in use has it, undamaged.
    fn copy(
        &mut self,
        flash: &mut impl Flash,
        kv: &KvStore,
        kept: &InstalledSegment,
    ) -> Result<(), ScannerRefusal> {
        let in_use = InstalledEdition::in_use(flash, kv, self.place.slot).map_err(flash_failed)?;
        let Some(in_use) = in_use.filter(|edition| edition.bank != self.next.bank) else { return Ok(()) };
        let Some(index) = in_use.segments.iter().position(|have| have == kept) else { return Ok(()) };
        let from = self.place.bank(flash, in_use.bank) + in_use.offset_of(flash, index);
        let mut buffer = [0; 256];
        if hash(flash, from, kept.bytes, Sha256::new())?.finalize()[..] != kept.digest {
            return Ok(());
        }
        while self.offset < kept.bytes {
            let part = &mut buffer[..256.min((kept.bytes - self.offset) as usize)];
            flash.read(from + self.offset, part).map_err(flash_failed)?;
            self.write(flash, part)?;
        }
        Ok(())
    }

    /// Writes the segment's next bytes: whole units, but for its last.
    fn write(&mut self, flash: &mut impl Flash, bytes: &[u8]) -> Result<(), ScannerRefusal> {
        let geometry = flash.geometry();
        let (sector, unit) = (geometry.sector as usize, geometry.unit as usize);
        let begin = self.place.bank(flash, self.next.bank) + self.next.offset_of(flash, self.segment);
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = begin + self.offset;
            let in_sector = self.offset as usize % sector;
            if in_sector == 0 {
                flash.erase(at).map_err(flash_failed)?;
            }
            let (part, after) = rest.split_at(rest.len().min(sector - in_sector));
            let (units, tail) = part.split_at(part.len() / unit * unit);
            if !units.is_empty() {
                flash.write(at, units).map_err(flash_failed)?;
            }
            if !tail.is_empty() {
                let mut last = [0xff; UNIT_BYTES_MAX];
                last[..tail.len()].copy_from_slice(tail);
                flash.write(at + units.len() as u32, &last[..unit]).map_err(flash_failed)?;
            }
            self.hash.update(part);
            self.offset += part.len() as u32;
            rest = after;
        }
        Ok(())
    }

    fn mark(&self, flash: &mut impl Flash, kv: &mut KvStore) -> Result<(), ScannerRefusal> {
        let progress = Progress {
            edition: self.next.edition,
            manifest: self.next.manifest,
            segment: self.segment as u8,
            offset: self.offset,
        };
        store(flash, kv, 32 + self.place.slot, &progress)
    }

    fn resume(&mut self, flash: &impl Flash, progress: &Progress) -> Result<(), ScannerRefusal> {
        let segment = usize::from(progress.segment);
        let kept = self.next.segments.get(segment);
        // Past the last segment everything was there, but the edition not yet in use.
        let bytes = kept.map_or(0, |kept| kept.bytes);
        if segment > self.next.segments.len() || progress.offset > bytes {
            return Ok(());
        }
        let begin = self.place.bank(flash, self.next.bank) + self.next.offset_of(flash, segment);
        (self.segment, self.offset) = (segment, progress.offset);
        self.hash = hash(flash, begin, progress.offset, Sha256::new())?;
        Ok(())
    }
}

/// Takes `bytes` bytes of flash from `at` into a hash.
fn hash(flash: &impl Flash, at: u32, bytes: u32, mut hash: Sha256) -> Result<Sha256, ScannerRefusal> {
    let (mut done, mut buffer) = (0, [0; 256]);
    while done < bytes {
        let part = &mut buffer[..256.min((bytes - done) as usize)];
        flash.read(at + done, part).map_err(flash_failed)?;
        hash.update(&*part);
        done += part.len() as u32;
    }
    Ok(hash)
}

fn flash_failed(_: FlashError) -> ScannerRefusal {
    ScannerRefusal::Flash
}
