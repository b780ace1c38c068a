//! A scanner's firmware, as an example and as a test: it installs a signed list, checks the documents that its factory
//! gave it, notes what it met in flash, and answers its host on the serial line until it is switched off.
//!
//! The list comes from its own flash, as the factory wrote it behind the program, or from its host: it waits for one if it
//! cannot check its first document. The log goes to the console of QEMU, one thing a line: `steps N` at the flash, `answer
//! ...`, `noted ID ALERT`, `ready`. Started with `cut=N`, it loses power in the middle of the Nth step at its flash.
#![no_std]
#![no_main]

mod board;

use board::{Factory, FileFlash, Stack, Uart};
use core::mem::size_of;
use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use vedette_shim::flash::Region;
use vedette_shim::frame::{Decoder, encoded_max};
use vedette_shim::ids::Hex;
use vedette_shim::list::{Kind, Scratch};
use vedette_shim::mrz;
use vedette_shim::scanner::MESSAGE_BYTES_MAX;
use vedette_shim::seal::Soft;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{PinnedIssuer, Role, SoftVerify};
use vedette_shim::unit::{Pinned, Setup, Unit};
use vedette_shim::verdict::Verdict;

/// How long the scanner says it has been on when documents are put on it, as the vectors have it.
const UPTIME_S: u64 = 60;

type Scanner = Unit<FileFlash, Soft, SoftVerify>;

/// The page buffers: what the firmware lends the shim.
struct Buffers {
    incoming: [u8; MESSAGE_BYTES_MAX + 4],
    outgoing: [u8; encoded_max(MESSAGE_BYTES_MAX)],
    scratch: Scratch,
}

#[entry]
fn main() -> ! {
    let stack = Stack::paint();
    let factory = Factory::find();
    let buffers = cortex_m::singleton!(: Buffers = Buffers {
        incoming: [0; MESSAGE_BYTES_MAX + 4],
        outgoing: [0; encoded_max(MESSAGE_BYTES_MAX)],
        scratch: Scratch::NEW,
    })
    .expect("main runs once");
    let unit = open(&factory);
    hprintln!("state {} bytes, page buffers {} bytes", size_of::<Scanner>(), size_of::<Buffers>());

    let mut host = Line { decoder: Decoder::new(&mut buffers.incoming), outgoing: &mut buffers.outgoing };
    let recorded = part(factory.pinned, 4);
    for byte in factory.host {
        // Pieces of what is installed already are refused, which is as it should be.
        let _ = host.hear(unit, *byte, 0, &recorded);
    }
    let mut uart = Uart::open();
    let first = factory.zones.lines().next().unwrap_or_default();
    while !can_check(unit, first, &mut buffers.scratch) {
        host.answer(unit, &mut uart);
    }
    hprintln!("steps {} until ready to note", unit.flash().steps);
    for zone in factory.zones.lines() {
        put_on(unit, zone, &mut buffers.scratch);
    }
    hprintln!("steps {}", unit.flash().steps);
    hprintln!("stack {} bytes", stack.deepest());
    hprintln!("ready");
    let mut deepest = 0;
    loop {
        host.answer(unit, &mut uart);
        if stack.deepest() > deepest {
            deepest = stack.deepest();
            hprintln!("stack {} bytes", deepest);
        }
    }
}

/// Not inlined: what it takes of the stack on its way to the static is given back.
#[inline(never)]
fn open(factory: &Factory) -> &'static mut Scanner {
    let place = cortex_m::singleton!(: Option<Scanner> = None).expect("main runs once");
    let flash = FileFlash::open(board::argument("cut="));
    match Unit::open(setup(factory.pinned), flash, SoftVerify) {
        Ok(unit) => place.insert(unit),
        Err(error) => board::stop(&error),
    }
}

/// The nth 32 bytes of what the factory pinned.
fn part(pinned: &[u8; 192], n: usize) -> [u8; 32] {
    pinned.as_chunks().0[n]
}

#[inline(never)]
fn setup(pinned: &[u8; 192]) -> Setup {
    let role = |n| Role { threshold: 1, keys: [part(pinned, n)].into_iter().collect() };
    let list = "uto/stolen".parse().expect("a list's name");
    let issuer = PinnedIssuer { list, kind: Kind::Documents, role: role(0) };
    Setup {
        device: "scanner-1".parse().expect("a device's name"),
        firmware: "0.1.0".try_into().expect("a short text"),
        key: PrivateKey(part(pinned, 3)),
        heartbeat: role(1),
        root: role(5),
        root_version: 1,
        orders: role(2),
        kv: Region { first: 0, sectors: 2 },
        spool: Region { first: 2, sectors: 4 },
        lists: [Pinned { issuer, region: Region { first: 6, sectors: 26 } }].into_iter().collect(),
    }
}

/// The way from bytes to messages and back.
struct Line<'b> {
    decoder: Decoder<&'b mut [u8; MESSAGE_BYTES_MAX + 4]>,
    outgoing: &'b mut [u8],
}

impl Line<'_> {
    /// Takes in a byte; the answer, if it ended a message.
    fn hear(&mut self, unit: &mut Scanner, byte: u8, uptime_s: u64, random: &[u8; 32]) -> Option<&[u8]> {
        let payload = self.decoder.push(byte)?.ok()?;
        unit.receive(payload, uptime_s, random, self.outgoing, |_| {}).ok().map(|answer| &*answer)
    }

    /// Waits for a byte of the host, and answers if it ends a message.
    fn answer(&mut self, unit: &mut Scanner, uart: &mut Uart) {
        // Only the zero that ends a frame may begin a channel.
        let byte = uart.read();
        let random = if byte == 0 { board::random() } else { [0; 32] };
        if let Some(answer) = self.hear(unit, byte, UPTIME_S, &random) {
            uart.write(answer);
        }
    }
}

/// Whether there is all that this document's check needs.
fn can_check(unit: &Scanner, zone: &str, scratch: &mut Scratch) -> bool {
    mrz::parse(zone).is_ok_and(|zone| unit.check(&zone, UPTIME_S, scratch).verdict != Verdict::NotChecked)
}

/// A document is put on the scanner.
fn put_on(unit: &mut Scanner, text: &str, scratch: &mut Scratch) {
    let zone = match mrz::parse(text) {
        Ok(zone) => zone,
        Err(error) => return hprintln!("answer {}", error),
    };
    let outcome = unit.check(&zone, UPTIME_S, scratch);
    hprintln!("answer {}", outcome);
    for alert in &outcome.alerts {
        let id = board::random();
        match unit.note(&zone, alert, &id, UPTIME_S) {
            Ok(()) => hprintln!("noted {} {}", Hex(&id), alert.alert),
            Err(error) => hprintln!("not noted: {}", error),
        }
    }
}
