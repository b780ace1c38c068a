//! A scanner in memory, and a host that talks to it through frames as over a cable.

use crate::press::{FLASH, Press, PrintedEdition};
use crate::vectors::framed;
use vedette_shim::flash::memory::MemoryFlash;
use vedette_shim::frame::{Decoder, encoded_max};
use vedette_shim::scanner::{self, KeyFor, MESSAGE_BYTES_MAX, Piece, ToHost, ToScanner};
use vedette_shim::seal::Soft;
use vedette_shim::trust::SoftVerify;
use vedette_shim::unit::Unit;

/// A scanner as firmware builds it.
pub type MemoryUnit = Unit<MemoryFlash, Soft, SoftVerify>;

/// A scanner that was never switched on.
pub fn fresh(press: &Press, noise: u64) -> MemoryUnit {
    open(press, MemoryFlash::new(FLASH, noise)).expect("a flash that works")
}

/// Switches a scanner on; `None` if the flash lost power in the middle.
pub fn open(press: &Press, flash: MemoryFlash) -> Option<MemoryUnit> {
    Unit::open(press.setup(), flash, SoftVerify).ok()
}

/// Says a message and hands the answer to `hear`.
pub fn say<T>(
    unit: &mut MemoryUnit,
    message: &ToScanner<'_>,
    uptime_s: u64,
    hear: impl FnOnce(ToHost<'_>) -> T,
) -> T {
    let frame = framed(message);
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    let mut reader = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
    for byte in frame {
        let Some(payload) = decoder.push(byte) else { continue };
        let payload = payload.expect("a frame arrives whole");
        for byte in unit.receive(payload, uptime_s, &mut out, |_| {}).expect("an answer fits its frame") {
            if let Some(answer) = reader.push(*byte) {
                let answer = answer.expect("an answer arrives whole");
                return hear(scanner::decode(answer).expect("an answer that can be read"));
            }
        }
    }
    panic!("no answer")
}

/// Says a message; the answer as text.
pub fn answer_to(unit: &mut MemoryUnit, message: &ToScanner<'_>) -> String {
    say(unit, message, 0, |answer| match answer {
        ToHost::Refused(why) => format!("refused: {why}"),
        ToHost::Installed { edition, .. } => format!("installed {edition}"),
        ToHost::Want(want) => format!("wants from {}", want.offset),
        ToHost::Done => "done".into(),
        other => format!("{other:?}"),
    })
}

/// Gives the keys.
pub fn give_keys(unit: &mut MemoryUnit, press: &Press) {
    let list = KeyFor::List { list: press.list(), number: 1, key: press.list_key.clone() };
    for key in [list, KeyFor::Encounters(press.scanner_key.clone())] {
        assert_eq!(answer_to(unit, &ToScanner::Key(key)), "done");
    }
}

/// Offers an edition and sends what is wanted until it is in use; returns the pieces sent. Refusals end it.
pub fn install(unit: &mut MemoryUnit, edition: &PrintedEdition) -> Result<u32, String> {
    let (mut pieces, mut wanted) = (0, None);
    loop {
        let message = match &wanted {
            None => ToScanner::Offer(&edition.manifest),
            Some((segment, offset, bytes)) => {
                let file = edition.segment(segment).expect("only what the manifest names is wanted");
                let (begin, end) = (*offset as usize, *offset as usize + usize::from(*bytes));
                pieces += 1;
                ToScanner::Piece(Piece { segment: *segment, offset: *offset, bytes: &file[begin..end] })
            }
        };
        let answer = say(unit, &message, 0, |answer| match answer {
            ToHost::Want(want) => Ok(Some((want.segment, want.offset, want.bytes))),
            ToHost::Installed { edition: number, .. } if number == edition.number => Ok(None),
            other => Err(format!("{other:?}")),
        });
        match answer? {
            None => return Ok(pieces),
            next => wanted = next,
        }
    }
}
