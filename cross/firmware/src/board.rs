//! The board: mps2-an386 in QEMU. All that touches hardware or the debugger is here.
//!
//! The flash is a file beside the program, reached through semihosting, so that it outlives the power. It is held to the
//! rules of flash: a write clears bits, an erasure sets those of a sector.

use core::fmt::Display;
use core::panic::PanicInfo;
use core::ptr::{read_volatile, write_volatile};
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::{hprintln, nr, syscall};
use vedette_shim::flash::{Flash, FlashError, Geometry};

const GEOMETRY: Geometry = Geometry { sector: 4096, unit: 4, sectors: 32 };

/// Says why and ends QEMU.
pub fn stop(why: &dyn Display) -> ! {
    hprintln!("stopped: {}", why);
    loop {
        debug::exit(EXIT_FAILURE);
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    stop(info)
}

/// An open file of the machine that QEMU runs on.
#[derive(Clone, Copy)]
struct File(usize);

impl File {
    fn open(name: &str, mode: usize) -> Option<File> {
        // SAFETY: the address and length are those of a text that ends with a zero byte, as OPEN wants it.
        let handle = unsafe { syscall!(OPEN, name.as_ptr(), mode, name.len() - 1) };
        (handle != usize::MAX).then_some(File(handle))
    }

    fn seek(self, at: u32) -> bool {
        // SAFETY: SEEK takes two numbers.
        unsafe { syscall!(SEEK, self.0, at as usize) == 0 }
    }

    fn read(self, out: &mut [u8]) -> bool {
        // SAFETY: READ fills at most the bytes of `out`; its answer is how many are left.
        unsafe { syscall!(READ, self.0, out.as_mut_ptr(), out.len()) == 0 }
    }

    fn write(self, bytes: &[u8]) -> bool {
        // SAFETY: WRITE only reads the bytes given.
        unsafe { syscall!(WRITE, self.0, bytes.as_ptr(), bytes.len()) == 0 }
    }
}

/// Bytes of the host's random source. A scanner has one of its own.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    match File::open("/dev/urandom\0", nr::open::R_BINARY) {
        Some(file) if file.read(&mut bytes) => bytes,
        _ => stop(&"no random source"),
    }
}

/// The number behind `name` in the arguments that QEMU was given.
pub fn argument(name: &str) -> Option<u32> {
    let mut line = [0u8; 80];
    let mut block = [line.as_mut_ptr() as usize, line.len()];
    // SAFETY: GET_CMDLINE writes into `line`, whose length it was given, and the length used into `block`.
    let failed = unsafe { cortex_m_semihosting::syscall1(nr::GET_CMDLINE, block.as_mut_ptr() as usize) };
    let line = core::str::from_utf8(line.get(..block[1])?).ok()?;
    if failed != 0 {
        return None;
    }
    line.split(' ').find_map(|word| word.strip_prefix(name)?.parse().ok())
}

/// What a factory would write into the processor's own flash behind the program, for this one scanner.
pub struct Factory {
    /// 32 bytes each: public keys of the list's issuer, of the heartbeat and of orders; the scanner's private key; what it
    /// takes for random while it hears `host`, a session that was recorded with it.
    pub pinned: &'static [u8; 192],
    /// What a host says to set the scanner up, in frames; nothing where a host will come and say it.
    pub host: &'static [u8],
    /// Zones of documents to be put on the scanner, one a line.
    pub zones: &'static str,
}

impl Factory {
    const AT: *const u8 = 0x30_0000 as *const u8;
    const BYTES: usize = 256 * 1024;

    /// Finds it: three lengths of four bytes, little-endian, then the keys, the frames and the zones.
    pub fn find() -> Factory {
        // SAFETY: the board's flash has 4 MiB from 0, and nothing writes there; without a factory's bytes it is zeros.
        let all = unsafe { core::slice::from_raw_parts(Self::AT, Self::BYTES) };
        Self::read(all).unwrap_or_else(|| stop(&"no factory's bytes"))
    }

    fn read(all: &'static [u8]) -> Option<Factory> {
        let (lengths, rest) = all.split_first_chunk::<12>()?;
        let length = |n: usize| u32::from_le_bytes(lengths.as_chunks().0[n]) as usize;
        let (pinned, rest) = rest.split_at_checked(length(0))?;
        let (host, rest) = rest.split_at_checked(length(1))?;
        let zones = core::str::from_utf8(rest.get(..length(2))?).ok()?;
        Some(Factory { pinned: pinned.try_into().ok()?, host, zones })
    }
}

/// Flash in a file.
pub struct FileFlash {
    file: File,
    /// Steps done: units written and sectors erased.
    pub steps: u32,
    /// The power goes in the middle of this one.
    cut: Option<u32>,
}

impl FileFlash {
    /// Opens the file; makes one with erased flash if there is none.
    pub fn open(cut: Option<u32>) -> FileFlash {
        let name = "flash.bin\0";
        let file = File::open(name, nr::open::RW_BINARY).unwrap_or_else(|| {
            let file = File::open(name, nr::open::RW_TRUNC_BINARY);
            let file = file.unwrap_or_else(|| stop(&"no file for the flash"));
            for _ in 0..GEOMETRY.sectors * GEOMETRY.sector / 256 {
                file.write(&[0xff; 256]);
            }
            file
        });
        FileFlash { file, steps: 0, cut }
    }

    /// Counts a step; whether the power goes in its middle.
    fn power_goes(&mut self) -> bool {
        self.steps += 1;
        self.cut == Some(self.steps)
    }
}

fn power_gone() -> ! {
    hprintln!("power lost");
    loop {
        debug::exit(EXIT_SUCCESS);
    }
}

impl Flash for FileFlash {
    fn geometry(&self) -> Geometry {
        GEOMETRY
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        (self.file.seek(at) && self.file.read(out)).then_some(()).ok_or(FlashError)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let unit = GEOMETRY.unit as usize;
        for (i, new) in bytes.chunks(unit).enumerate() {
            let at = at + (i * unit) as u32;
            let mut now = [0; GEOMETRY.unit as usize];
            self.read(at, &mut now)?;
            let cut = self.power_goes();
            for (now, new) in now.iter_mut().zip(new) {
                // Torn, it has cleared every other of the bits.
                *now &= if cut { new | 0x55 } else { *new };
            }
            if !(self.file.seek(at) && self.file.write(&now)) {
                return Err(FlashError);
            }
            if cut {
                power_gone();
            }
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        let cut = self.power_goes();
        // Torn, it has come half way.
        let parts = GEOMETRY.sector / 256 / if cut { 2 } else { 1 };
        for part in 0..parts {
            if !(self.file.seek(at + part * 256) && self.file.write(&[0xff; 256])) {
                return Err(FlashError);
            }
        }
        if cut {
            power_gone();
        }
        Ok(())
    }
}

/// The serial line to the host: the CMSDK UART 0.
pub struct Uart(());

impl Uart {
    const DATA: *mut u32 = 0x4000_4000 as *mut u32;
    const STATE: *mut u32 = 0x4000_4004 as *mut u32;
    const CONTROL: *mut u32 = 0x4000_4008 as *mut u32;
    const DIVIDER: *mut u32 = 0x4000_4010 as *mut u32;

    /// Switches it on.
    pub fn open() -> Uart {
        // SAFETY: the UART's registers, as the board's manual places them; nobody else uses them.
        unsafe {
            write_volatile(Self::DIVIDER, 16);
            write_volatile(Self::CONTROL, 0b11);
        }
        Uart(())
    }

    /// Waits for a byte.
    pub fn read(&mut self) -> u8 {
        // SAFETY: as above; the state's bit 1 says that a byte is there.
        unsafe {
            while read_volatile(Self::STATE) & 0b10 == 0 {}
            read_volatile(Self::DATA) as u8
        }
    }

    /// Sends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // SAFETY: as above; the state's bit 0 says that there is no room.
            unsafe {
                while read_volatile(Self::STATE) & 1 == 1 {}
                write_volatile(Self::DATA, u32::from(*byte));
            }
        }
    }
}

/// Measures how deep the stack has gone, by what is left of a colour.
pub struct Stack {
    lowest: usize,
    top: usize,
}

impl Stack {
    const COLOUR: u32 = 0xc5c5_c5c5;
    /// What is painted: more than is used, less than there is.
    const BYTES: usize = 24 * 1024;

    /// Paints what lies below the caller.
    #[inline(never)]
    pub fn paint() -> Stack {
        let here = cortex_m::register::msp::read() as usize;
        let (lowest, end) = (here - Self::BYTES, here - 256);
        for place in (lowest..end).step_by(4) {
            // SAFETY: below the stack pointer, less what an interrupt could use, and none is enabled; above the
            // statics, which the linker script leaves 24 KiB and more below the top of the memory.
            unsafe { write_volatile(place as *mut u32, Self::COLOUR) };
        }
        Stack { lowest, top: here }
    }

    /// Bytes from the caller of [`Stack::paint`] down to the deepest place that was written.
    pub fn deepest(&self) -> usize {
        // SAFETY: as in `paint`; memory that may be read at any time.
        let written = |place: &usize| unsafe { read_volatile(*place as *const u32) } != Self::COLOUR;
        (self.lowest..self.top).step_by(4).find(written).map_or(0, |place| self.top - place)
    }
}
