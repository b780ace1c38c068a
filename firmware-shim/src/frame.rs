//! Frames: messages on a serial line that loses, adds and changes bytes.
//!
//! Bytes: `00 | COBS(payload | CRC-32 of it, little-endian) | 00`. COBS (consistent overhead byte stuffing) writes the
//! payload without a zero byte at a cost of one byte in 254, so a zero is always the end of a frame. The one in front
//! ends whatever noise came before, and costs no good frame. The CRC is the one of IEEE 802.3.
//!
//! Invariants: a frame that is handed out is exactly what was sent, but for the 2^-32 that a CRC misses; what it says
//! is not believed for that. A payload has at least one byte: four zeros, which a torn frame may well be, would be an
//! empty one with its checksum. Memory is the caller's: a decoder never takes more than its buffer.
//!
//! Failure: a damaged or oversized frame is reported once, when it ends, and the next one is read as if nothing had been.

use core::fmt;

/// Bytes of the checksum behind a payload.
pub const CRC_BYTES: usize = 4;

/// Longest frame that a payload of so many bytes makes.
pub const fn encoded_max(payload_bytes: usize) -> usize {
    let stuffed = payload_bytes + CRC_BYTES;
    // A code byte for each run of 254, one for the last, and both zeros.
    stuffed + stuffed / RUN_MAX + 1 + 2
}

/// Most bytes between two code bytes.
const RUN_MAX: usize = 254;

/// Why bytes between two zeros are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than the buffer.
    Long,
    /// Not COBS, or cut short.
    Malformed,
    /// Its checksum is another.
    Checksum,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FrameError::Long => "frame longer than the buffer for it",
            FrameError::Malformed => "frame cut short or damaged",
            FrameError::Checksum => "frame damaged: its checksum does not fit",
        })
    }
}

impl core::error::Error for FrameError {}

/// The buffer for a frame is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("frame larger than the buffer for it")
    }
}

impl core::error::Error for NoRoom {}

/// The CRC-32 of IEEE 802.3, a byte at a time, over a table of 64 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Crc(!0)
    }
}

impl Crc {
    const TABLE: [u32; 16] = {
        let (mut table, mut i) = ([0; 16], 0);
        while i < 16 {
            let (mut crc, mut bit) = (i as u32, 0);
            while bit < 4 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };

    /// Takes in a byte.
    pub fn push(&mut self, byte: u8) {
        for nibble in [byte, byte >> 4] {
            self.0 = self.0 >> 4 ^ Self::TABLE[(self.0 as usize ^ usize::from(nibble)) & 15];
        }
    }

    /// Takes in bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    /// The checksum of what was taken in.
    pub fn value(self) -> u32 {
        !self.0
    }
}

/// The CRC-32 of bytes.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::default();
    crc.extend(bytes);
    crc.value()
}

/// Writes one frame into the caller's buffer, a byte of payload at a time: no second buffer is needed.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    /// Where the code byte of the current run is.
    code: usize,
    /// Where the next byte goes.
    at: usize,
    crc: Crc,
}

impl<'b> Writer<'b> {
    /// Begins a frame.
    pub fn new(out: &'b mut [u8]) -> Self {
        if let Some(first) = out.first_mut() {
            *first = 0;
        }
        Writer { out, code: 1, at: 2, crc: Crc::default() }
    }

    /// Adds a byte of payload.
    pub fn push(&mut self, byte: u8) -> Result<(), NoRoom> {
        self.crc.push(byte);
        self.stuff(byte)
    }

    /// Adds bytes of payload.
    pub fn extend(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        bytes.iter().try_for_each(|byte| self.push(*byte))
    }

    /// Ends the frame; returns all of it.
    pub fn finish(mut self) -> Result<&'b mut [u8], NoRoom> {
        for byte in self.crc.value().to_le_bytes() {
            self.stuff(byte)?;
        }
        self.close_run()?;
        // The run that was just begun is not written: its place takes the closing zero.
        let end = self.at - 1;
        *self.out.get_mut(end).ok_or(NoRoom)? = 0;
        self.out.get_mut(..=end).ok_or(NoRoom)
    }

    fn stuff(&mut self, byte: u8) -> Result<(), NoRoom> {
        // A full run stands for its bytes alone, every other one for a zero behind them too.
        if self.at - self.code > RUN_MAX {
            self.close_run()?;
        }
        if byte == 0 {
            return self.close_run();
        }
        *self.out.get_mut(self.at).ok_or(NoRoom)? = byte;
        self.at += 1;
        Ok(())
    }

    fn close_run(&mut self) -> Result<(), NoRoom> {
        // A run is closed at 254 bytes at the latest, so its code fits.
        *self.out.get_mut(self.code).ok_or(NoRoom)? = (self.at - self.code) as u8;
        (self.code, self.at) = (self.at, self.at + 1);
        Ok(())
    }
}

/// Writes `payload` as a frame into `out`, which [`encoded_max`] bytes always suffice for; returns the part used.
pub fn encode<'b>(payload: &[u8], out: &'b mut [u8]) -> Result<&'b mut [u8], NoRoom> {
    let mut writer = Writer::new(out);
    writer.extend(payload)?;
    writer.finish()
}

/// Reads frames a byte at a time into a buffer, which must hold the largest payload and its checksum.
#[derive(Debug)]
pub struct Decoder<B> {
    buffer: B,
    run: Run,
}

/// Where the decoder is in the frame.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Bytes decoded so far.
    len: usize,
    /// Bytes until the next code byte.
    left: u8,
    /// Whether a zero stands where the current run ends, unless the frame does.
    zero: bool,
    /// Between two frames, nothing read yet.
    idle: bool,
    failed: Option<FrameError>,
}

impl Run {
    const NEW: Run = Run { len: 0, left: 0, zero: false, idle: true, failed: None };
}

impl<B: AsMut<[u8]>> Decoder<B> {
    /// A decoder between two frames.
    pub fn new(buffer: B) -> Self {
        Decoder { buffer, run: Run::NEW }
    }

    /// Takes in a byte; when it ends a frame, returns the frame's payload, which may be opened in its place, or why it is
    /// none.
    pub fn push(&mut self, byte: u8) -> Option<Result<&mut [u8], FrameError>> {
        if byte != 0 {
            self.take(byte);
            return None;
        }
        let run = core::mem::replace(&mut self.run, Run::NEW);
        if run.idle {
            return None;
        }
        Some(match run.failed {
            Some(error) => Err(error),
            None if run.left != 0 => Err(FrameError::Malformed),
            None => self.check(run.len),
        })
    }

    /// Forgets a frame begun: for a line that was opened anew.
    pub fn reset(&mut self) {
        self.run = Run::NEW;
    }

    fn take(&mut self, byte: u8) {
        self.run.idle = false;
        if self.run.left > 0 {
            self.run.left -= 1;
            return self.put(byte);
        }
        if self.run.zero {
            self.put(0);
        }
        self.run.left = byte - 1;
        self.run.zero = usize::from(byte) <= RUN_MAX;
    }

    fn put(&mut self, byte: u8) {
        match self.buffer.as_mut().get_mut(self.run.len) {
            Some(place) => *place = byte,
            None => self.run.failed = Some(FrameError::Long),
        }
        self.run.len = self.run.len.saturating_add(1);
    }

    fn check(&mut self, len: usize) -> Result<&mut [u8], FrameError> {
        let decoded = self.buffer.as_mut().get_mut(..len).ok_or(FrameError::Long)?;
        let (payload, sum) = decoded.split_last_chunk_mut::<CRC_BYTES>().ok_or(FrameError::Malformed)?;
        if payload.is_empty() {
            Err(FrameError::Malformed)
        } else if crc(payload) == u32::from_le_bytes(*sum) {
            Ok(payload)
        } else {
            Err(FrameError::Checksum)
        }
    }
}

#[cfg(test)]
mod tests;
