//! A scanner in memory, and a host that talks to it through frames as over a cable.

use crate::host_line::{HostLine, Said};
use crate::press::{FLASH, Press, PrintedEdition};
use crate::vectors::framed;
use std::ops::{Deref, DerefMut};
use vedette_shim::flash::memory::MemoryFlash;
use vedette_shim::frame::{Decoder, encoded_max};
use vedette_shim::scanner::{self, KeyFor, MESSAGE_BYTES_MAX, Piece, ToHost, ToScanner};
use vedette_shim::seal::Soft;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::SoftVerify;
use vedette_shim::unit::{Setup, Unit};

/// A scanner as firmware builds it.
pub type SoftUnit = Unit<MemoryFlash, Soft, SoftVerify>;

/// A scanner, and the channel that its host has opened.
pub struct MemoryUnit {
    unit: SoftUnit,
    host: Option<HostLine>,
    /// For fresh bytes that are the same in every run.
    random: u8,
}

impl Deref for MemoryUnit {
    type Target = SoftUnit;
    fn deref(&self) -> &SoftUnit {
        &self.unit
    }
}

impl DerefMut for MemoryUnit {
    fn deref_mut(&mut self) -> &mut SoftUnit {
        &mut self.unit
    }
}

/// A scanner that was never switched on.
pub fn fresh(press: &Press, noise: u64) -> MemoryUnit {
    open(press, MemoryFlash::new(FLASH, noise)).expect("a flash that works")
}

/// Switches a scanner on; `None` if the flash lost power in the middle.
pub fn open(press: &Press, flash: MemoryFlash) -> Option<MemoryUnit> {
    open_with(press.setup(), flash)
}

/// The same, with another setup.
pub fn open_with(setup: Setup, flash: MemoryFlash) -> Option<MemoryUnit> {
    let unit = Unit::open(setup, flash, SoftVerify).ok()?;
    Some(MemoryUnit { unit, host: None, random: 10 })
}

impl MemoryUnit {
    /// Puts a frame on the line and returns the payload of the answer.
    pub fn hears(&mut self, frame: &[u8], uptime_s: u64) -> Vec<u8> {
        let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
        let mut reader = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
        let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
        self.random = self.random.wrapping_add(1);
        for byte in frame {
            let Some(payload) = decoder.push(*byte) else { continue };
            let payload = payload.expect("a frame arrives whole");
            let answer = self.unit.receive(payload, uptime_s, &[self.random; 32], &mut out, |_| {});
            for byte in answer.expect("an answer fits its frame") {
                if let Some(answer) = reader.push(*byte) {
                    return answer.expect("an answer arrives whole").to_vec();
                }
            }
        }
        panic!("no answer")
    }

    /// What it answers when this host opens.
    pub fn meets(&mut self, mut host: HostLine) -> Said {
        let mut answer = self.hears(&framed(host.opening()), 0);
        let said = host.hear(&mut answer);
        self.host = (said == Said::Opened).then_some(host);
        said
    }
}

/// Says a message, in a channel that is opened if there is none, and hands the answer to `hear`.
pub fn say<T>(
    unit: &mut MemoryUnit,
    message: &ToScanner<'_>,
    uptime_s: u64,
    hear: impl FnOnce(ToHost<'_>) -> T,
) -> T {
    if unit.host.is_none() {
        let ephemeral = PrivateKey([unit.random; 32]);
        if let Said::Refused(refusal) = unit.meets(HostLine::new(&Press::default(), ephemeral)) {
            return hear(ToHost::Refused(refusal));
        }
    }
    let mut host = unit.host.take().expect("the scanner has answered the opening");
    let mut answer = unit.hears(&host.sealed(message), uptime_s);
    let Said::Text(text) = host.hear(&mut answer) else { panic!("the answer does not open") };
    unit.host = Some(host);
    hear(scanner::decode(&text).expect("an answer that can be read"))
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
