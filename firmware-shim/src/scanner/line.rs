//! What stands in a frame between a scanner and its host: the way to a secure channel, and sealed messages in it.
//!
//! ```text
//! to the scanner   2 | 0                              call: who is there?
//!                  2 | 1 | opening                    see [`crate::session`]; its word is a signed enrolment
//!                  2 | 2 | number, text, tag          sealed
//!                  2 | 3 | envelope                   a pin: see [`crate::trust::Pin`]
//! to the host      2 | 0 | name                       here; said unasked as well, when it has started
//!                  2 | 1 | reply                      opened
//!                  2 | 2 | number, text, tag          sealed
//!                  2 | 3 | refusal                    in the clear: there is no channel, or none comes about
//!                  2 | 4                              the pin was taken, now or before
//! ```
//! Only calls, names, pins and refusals are readable. Of these only a pin changes anything, which the root has signed.

use super::{MESSAGE_BYTES_MAX, ScannerRefusal};
use crate::frame::{self, NoRoom};
use crate::seal::{Aead, TAG_BYTES};
use crate::session::{Channel, SEALED_BYTES_MORE};
use crate::wire;
use serde::Serialize;

/// The protocol: the first byte of every payload.
pub const PROTOCOL: u8 = 2;
/// Largest text of a sealed message, bytes.
pub const TEXT_BYTES_MAX: usize = MESSAGE_BYTES_MAX - 2 - SEALED_BYTES_MORE;

const SEALED: u8 = 2;
/// The second byte of a pin.
pub const PIN: u8 = 3;
/// The second byte of the answer to one.
pub const PINNED: u8 = 4;

/// A payload that a host sent.
pub enum FromHost<'m> {
    /// Who is there?
    Call,
    /// It opens a channel.
    Open(&'m mut [u8]),
    /// A message in the channel.
    Sealed(&'m mut [u8]),
    /// A pin's envelope.
    Pin(&'m [u8]),
}

/// A payload that a scanner sent.
pub enum FromScanner<'m> {
    /// It is there, and says that this is its name. Anything may say so.
    Here(&'m str),
    /// It answers an opening.
    Opened(&'m mut [u8]),
    /// A message in the channel.
    Sealed(&'m mut [u8]),
    /// It did not open, or has no channel. Anything may say so.
    Refused(ScannerRefusal),
    /// It took the pin. Anything may say so.
    Pinned,
}

impl<'m> FromHost<'m> {
    /// Reads a payload; `None` for one that is none.
    pub fn read(payload: &'m mut [u8]) -> Option<FromHost<'m>> {
        match payload {
            [PROTOCOL, 0] => Some(FromHost::Call),
            [PROTOCOL, 1, opening @ ..] => Some(FromHost::Open(opening)),
            [PROTOCOL, SEALED, message @ ..] => Some(FromHost::Sealed(message)),
            [PROTOCOL, PIN, envelope @ ..] => Some(FromHost::Pin(envelope)),
            _ => None,
        }
    }
}

impl<'m> FromScanner<'m> {
    /// Reads a payload; `None` for one that is none.
    pub fn read(payload: &'m mut [u8]) -> Option<FromScanner<'m>> {
        match payload {
            [PROTOCOL, 0, name @ ..] => core::str::from_utf8(name).ok().map(FromScanner::Here),
            [PROTOCOL, 1, reply @ ..] => Some(FromScanner::Opened(reply)),
            [PROTOCOL, SEALED, message @ ..] => Some(FromScanner::Sealed(message)),
            [PROTOCOL, PINNED] => Some(FromScanner::Pinned),
            [PROTOCOL, 3, refusal @ ..] => postcard::from_bytes(refusal).ok().map(FromScanner::Refused),
            _ => None,
        }
    }
}

/// Seals a message into a frame, ready for the line; returns the part of `out` used. The text is made in `out` behind the
/// frame, so `out` must have room for it twice.
pub fn seal<'b, A: Aead>(
    channel: &mut Channel,
    message: &impl Serialize,
    out: &'b mut [u8],
) -> Result<&'b mut [u8], NoRoom> {
    let middle = (out.len() + out.len() / 254) / 2 + 8;
    let (frame, payload) = out.split_at_mut_checked(middle).ok_or(NoRoom)?;
    let (head, sealed) = payload.split_first_chunk_mut::<2>().ok_or(NoRoom)?;
    *head = [PROTOCOL, SEALED];
    let text = sealed.get_mut(4..).ok_or(NoRoom)?;
    let used = 4 + wire::encode(message, text).map_err(|_| NoRoom)?.len() + TAG_BYTES;
    // A channel that has sent 2^32 messages says the same: the host hears nothing more and opens anew.
    channel.seal::<A>(sealed.get_mut(..used).ok_or(NoRoom)?).ok_or(NoRoom)?;
    frame::encode(payload.get(..2 + used).ok_or(NoRoom)?, frame)
}
