//! What a device is told of a scanner: its newest enrolment, and the pins that bring the scanner's roles up to date.
//!
//! Bytes: a version byte, 1, and postcard of [`ScannerPapers`] (FORMAT.md, "Scanners"). The device verifies the enrolment. It hands on
//! pins that it cannot verify too: the scanner believes the root's keys, and an old one may need pins of roots that the device never saw.

use crate::mqtt::session::encoded;
use serde::{Deserialize, Serialize};
use vedette_shim::scanner::MESSAGE_BYTES_MAX;
use vedette_shim::trust::Pin;
use vedette_shim::wire::{self, WireError};

/// Largest papers, bytes: [`PINS_MAX`] of the largest pins, and the enrolment.
pub const PAPERS_BYTES_MAX: usize = 64 * 1024;
/// Most pins of one scanner. Of the root's role there is one each time its keys were replaced, of every other role one.
pub const PINS_MAX: usize = 48;

/// Largest envelope of a pin, bytes: in a message two are before it.
pub const PIN_BYTES_MAX: usize = MESSAGE_BYTES_MAX - 2;

/// A scanner's papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerPapers<'a> {
    /// Its enrolment's envelope.
    pub enrolment: &'a [u8],
    /// Pins' envelopes, in the order in which the scanner takes them.
    #[serde(borrow)]
    pub pins: Vec<&'a [u8]>,
}

impl<'a> ScannerPapers<'a> {
    /// Reads papers; nothing in them is verified. What no scanner could take as a pin is left out.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut papers: ScannerPapers<'_> = wire::decode(bytes)?;
        if papers.pins.len() > PINS_MAX {
            return Err(WireError::Malformed);
        }
        papers.pins.retain(|pin| pin.len() <= PIN_BYTES_MAX && Pin::read(pin).is_ok());
        Ok(papers)
    }

    /// As they are sent: at most [`PINS_MAX`] pins.
    pub fn encode(&self) -> Vec<u8> {
        encoded(self, PAPERS_BYTES_MAX)
    }
}
