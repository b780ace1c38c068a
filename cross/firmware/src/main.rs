//! A scanner's firmware, as an example and as a test: it installs a signed list from its image, checks the documents of
//! the vectors, notes what it met in flash, and then answers its host on the serial line until it is switched off.
//!
//! The log goes to the console of QEMU, one thing a line: `answer ...`, `noted ID`, `ready`. Started with `cut=N`, it
//! loses power in the middle of the Nth step of its flash after `ready to note`.
#![no_std]
#![no_main]

mod board;

use board::{FileFlash, Stack, Uart};
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
use vedette_shim::trust::{PinnedIssuer, Role, SoftVerify};
use vedette_shim::unit::{Pinned, Setup, Unit};

/// What a host says to set the scanner up; in a factory it would come over the cable.
const HOST: &[u8] = include_bytes!("../../../tests/vectors/host.bin");
const PINNED: &[u8; 64] = include_bytes!("../../../tests/vectors/pinned.bin");
const ZONES: &str = include_str!("../../../tests/vectors/zones.txt");
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
    let buffers = cortex_m::singleton!(: Buffers = Buffers {
        incoming: [0; MESSAGE_BYTES_MAX + 4],
        outgoing: [0; encoded_max(MESSAGE_BYTES_MAX)],
        scratch: Scratch::NEW,
    })
    .expect("main runs once");
    let mut unit = match Unit::open(setup(), FileFlash::open("flash.bin"), SoftVerify) {
        Ok(unit) => unit,
        Err(error) => board::stop(&error),
    };
    hprintln!("state {} bytes, page buffers {} bytes", size_of::<Scanner>(), size_of::<Buffers>());

    set_up(&mut unit, buffers);
    hprintln!("ready to note");
    unit.flash().cut_after(board::argument("cut="));
    for line in ZONES.lines() {
        put_on(&mut unit, line, buffers);
    }
    hprintln!("stack {} bytes", stack.deepest());
    hprintln!("ready");
    serve(&mut unit, buffers, &stack)
}

fn setup() -> Setup {
    let role = |key: &[u8]| {
        let key = key.try_into().expect("32 bytes of the vectors' 64");
        Role { threshold: 1, keys: [key].into_iter().collect() }
    };
    let (issuer, heartbeat) = PINNED.split_at(32);
    let list = "uto/stolen".parse().expect("a list's name");
    let issuer = PinnedIssuer { list, kind: Kind::Documents, role: role(issuer) };
    Setup {
        device: "scanner-1".parse().expect("a device's name"),
        firmware: "0.1.0".try_into().expect("a short text"),
        heartbeat: role(heartbeat),
        vault: Region { first: 0, sectors: 2 },
        journal: Region { first: 2, sectors: 4 },
        lists: [Pinned { issuer, region: Region { first: 6, sectors: 26 } }].into_iter().collect(),
    }
}

/// Hears what the image has a host say.
fn set_up(unit: &mut Scanner, buffers: &mut Buffers) {
    let mut decoder = Decoder::new(&mut buffers.incoming);
    for byte in HOST {
        if let Some(Ok(message)) = decoder.push(*byte) {
            // Pieces of what is installed already are refused, which is as it should be.
            let _ = unit.receive(message, 0, &mut buffers.outgoing, |_| {});
        }
    }
}

/// A document is put on the scanner.
fn put_on(unit: &mut Scanner, text: &str, buffers: &mut Buffers) {
    let zone = match mrz::parse(text) {
        Ok(zone) => zone,
        Err(error) => return hprintln!("answer {}", error),
    };
    let outcome = unit.check(&zone, UPTIME_S, &mut buffers.scratch);
    hprintln!("answer {}", outcome);
    for alert in &outcome.alerts {
        let id = board::random();
        match unit.note(&zone, alert, &id, UPTIME_S) {
            Ok(()) => hprintln!("noted {} {}", Hex(&id), alert.alert),
            Err(error) => hprintln!("not noted: {}", error),
        }
    }
}

/// Answers the host until the power goes.
fn serve(unit: &mut Scanner, buffers: &mut Buffers, stack: &Stack) -> ! {
    let mut uart = Uart::open();
    let mut decoder = Decoder::new(&mut buffers.incoming);
    let mut deepest = 0;
    loop {
        let Some(Ok(message)) = decoder.push(uart.read()) else { continue };
        if let Ok(answer) = unit.receive(message, UPTIME_S, &mut buffers.outgoing, |_| {}) {
            uart.write(answer);
        }
        if stack.deepest() > deepest {
            deepest = stack.deepest();
            hprintln!("stack {} bytes", deepest);
        }
    }
}
