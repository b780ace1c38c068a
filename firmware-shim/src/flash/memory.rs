//! A flash in memory, for tests (feature `testing`): holds its user to the rules of [`Flash`], and loses power when told.

use super::{Flash, FlashError, Geometry};
use std::vec;
use std::vec::Vec;

/// A flash in memory. Panics when a unit that holds something is written, or not whole units are.
#[derive(Clone)]
pub struct MemoryFlash {
    geometry: Geometry,
    bytes: Vec<u8>,
    /// Units written since their sector was erased.
    written: Vec<bool>,
    /// Writes of a unit and erasures until the power goes, in the middle of the last; `None`: it stays.
    pub steps_left: Option<u32>,
    /// Writes of a unit and erasures so far.
    pub steps: u32,
    /// This step is done, and said to have failed: as a driver does after a timeout.
    pub denies_step: Option<u32>,
    /// A sector that does not erase any more.
    pub bad_sector: Option<u32>,
    /// What torn places are filled from.
    noise: u64,
}

impl MemoryFlash {
    /// As delivered: anything may be in it. `noise` seeds what torn units are filled with.
    pub fn new(geometry: Geometry, noise: u64) -> Self {
        let bytes = (geometry.sectors * geometry.sector) as usize;
        MemoryFlash {
            geometry,
            bytes: vec![0x5a; bytes],
            written: vec![true; bytes / geometry.unit as usize],
            steps_left: None,
            steps: 0,
            denies_step: None,
            bad_sector: None,
            noise,
        }
    }

    /// All of its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same with power that stays.
    pub fn powered(mut self) -> Self {
        self.steps_left = None;
        self
    }

    /// Overwrites bytes from `at` on, by whatever cause.
    pub fn damage(&mut self, at: usize, noise: &[u8]) {
        for (byte, noise) in self.bytes.iter_mut().skip(at).zip(noise) {
            *byte = *noise;
        }
        let units = self.bytes.chunks(self.geometry.unit as usize);
        self.written = units.map(|unit| unit.iter().any(|b| *b != 0xff)).collect();
    }

    fn random(&mut self) -> u8 {
        self.noise = self.noise.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.noise >> 56) as u8
    }

    /// One step; `false` when the power goes in the middle of it.
    fn step(&mut self) -> Result<bool, FlashError> {
        self.steps += 1;
        match &mut self.steps_left {
            None => Ok(true),
            Some(0) => Err(FlashError),
            Some(left) => {
                *left -= 1;
                Ok(*left > 0)
            }
        }
    }
}

impl Flash for MemoryFlash {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        let at = at as usize;
        out.copy_from_slice(self.bytes.get(at..at + out.len()).ok_or(FlashError)?);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let unit = self.geometry.unit as usize;
        assert!((at as usize).is_multiple_of(unit) && bytes.len().is_multiple_of(unit), "not whole units");
        for (i, new) in bytes.chunks(unit).enumerate() {
            let at = at as usize + i * unit;
            assert!(!self.written[at / unit], "written twice at {at}");
            let whole = self.step()?;
            for (j, byte) in new.iter().enumerate() {
                // A write can only clear bits; a torn one has cleared some of them.
                let kept = if whole { 0 } else { self.random() };
                self.bytes[at + j] = byte | kept;
            }
            // A torn unit that reads as erased cannot be told from one that is.
            self.written[at / unit] = whole || self.bytes[at..at + unit].iter().any(|b| *b != 0xff);
            if !whole || self.denies_step == Some(self.steps) {
                return Err(FlashError);
            }
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        let (at, sector, unit) = (at as usize, self.geometry.sector as usize, self.geometry.unit as usize);
        assert!(at.is_multiple_of(sector), "not a sector");
        if self.bad_sector == Some((at / sector) as u32) {
            return Err(FlashError);
        }
        let whole = self.step()?;
        for i in at..at + sector {
            // A torn erasure has set some bits.
            let set = if whole { 0xff } else { self.random() };
            self.bytes[i] |= set;
        }
        self.written[at / unit..(at + sector) / unit].fill(!whole);
        if whole { Ok(()) } else { Err(FlashError) }
    }
}
