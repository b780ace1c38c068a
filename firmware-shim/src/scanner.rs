//! What a scanner and its host say to each other over a serial line: FORMAT.md, "Scanners".
//!
//! A message is a version byte, 1, and the postcard of [`ToScanner`] or [`ToHost`], sealed as [`line`] says, in a frame of
//! [`crate::frame`].
//!
//! Invariants: the scanner needs no timer and no memory of the talk. It answers every message of its host with one of
//! its own, and all of them may be repeated: whatever got lost is asked for again, by the host. The scanner *pulls*
//! what is installed ([`ToHost::Want`]): that is the back-pressure, and after a break it goes on where it stood. An
//! encounter is the host's once it said [`ToScanner::Taken`], and until then the scanner's.
//!
//! Failure: what cannot be read is answered with [`ToHost::Refused`]; nothing is guessed. A host believes nothing of a
//! scanner that it could not check by itself, and a scanner no list that its issuer did not sign.
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use crate::frame::NoRoom;
use crate::ids::{Digest, EncounterId, ListName};
use crate::seal::{Aead, BadSeal, ListKey, ScannerKey, TAG_BYTES};
use crate::trust::Freshness;
use crate::verdict::{ListResult, Verdict};
use crate::wire::{self, WireError};
use core::fmt;
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

pub mod line;

pub use crate::trust::SCANNER_LISTS_MAX;

/// Largest payload, bytes, all that is around its text included. A heartbeat of 32 lists fits.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// Most bytes of a segment in one chunk.
pub const PIECE_BYTES_MAX: usize = 1024;
/// Most alerts of an answer that a scanner shows.
pub const ALERTS_SHOWN_MAX: usize = 4;
/// Most bytes of what was read: three lines of 44 and their line breaks.
pub const TEXT_BYTES_MAX: usize = 140;
/// Largest encounter before it is sealed, bytes.
pub const NOTE_BYTES_MAX: usize = 320;

/// What a host says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap to put it on, and one message lives at a time"
)]
pub enum ToScanner<'a> {
    /// Say [`ToHost::Hello`]. Also what a host asks every few seconds to see that the scanner is there.
    Who,
    /// A heartbeat's envelope: what time it is at least, and which editions are the newest.
    Time(&'a [u8]),
    /// A manifest's envelope: the scanner checks it, and wants what it lacks.
    Offer(&'a [u8]),
    /// A piece of a segment, as wanted.
    #[serde(borrow)]
    Piece(Piece<'a>),
    /// A secret to hold in memory, never in flash: the scanner asks for it by [`ScannerRefusal::NoKey`], or has just said Hello.
    Key(KeyFor),
    /// The answer to [`ToHost::Scan`].
    #[serde(borrow)]
    Answer(ScanAnswer<'a>),
    /// Hand over the oldest encounter.
    Next,
    /// The encounter with this id is stored by the host; hand over the next.
    Taken(#[serde(deserialize_with = "crate::wire::array")] EncounterId),
}

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap to put it on, and one message lives at a time"
)]
pub enum ToHost<'a> {
    /// Who it is and what it holds; unasked too, when it has started.
    Hello(Hello),
    /// A document was put on it: please check. Unasked.
    #[serde(borrow)]
    Scan(Scan<'a>),
    /// Of the edition offered, this is what it needs next.
    Want(Want),
    /// The edition is whole, checked and in use; also the answer to an offer of what it holds already.
    Installed { list: ListName, edition: u64 },
    /// An encounter, the oldest; unasked too, when it has just been made.
    #[serde(borrow)]
    Encounter(SealedNote<'a>),
    /// There is no encounter waiting.
    Nothing,
    /// The message was taken: the answer to a time, a key or an answer.
    Done,
    /// The message was not taken.
    Refused(ScannerRefusal),
}

/// Who a scanner is and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Its firmware's version.
    pub firmware: String<24>,
    /// The lists it has in use.
    pub lists: Vec<ListInUse, SCANNER_LISTS_MAX>,
    /// Bytes that the largest edition it can take may have, all segments together.
    pub room_bytes: u32,
    /// Encounters waiting for the host.
    pub encounters: u32,
    /// The time it has from the last signed one, seconds since 1970; 0 if it has none since it started.
    pub time: u64,
    /// It has the key for its encounters. Without, it keeps none.
    pub keyed: bool,
}

/// A list that a scanner has in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInUse {
    pub list: ListName,
    /// Its edition; 0 if it may hold the list, and has none yet.
    pub edition: u64,
    /// SHA-256 of that manifest's signed bytes.
    pub manifest: Digest,
    /// It has the keys of all its segments.
    pub keyed: bool,
}

/// How the characters came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// By a reader made for machine readable zones.
    Zone,
    /// By reading characters from an image: a misread one is likelier.
    Characters,
}

/// What was read from a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan<'a> {
    /// Counts up, so that an answer finds its scan.
    pub number: u32,
    /// How the text came about.
    pub reading: Reading,
    /// The zone's characters with any line breaks; at most [`TEXT_BYTES_MAX`] bytes.
    pub text: &'a str,
}

/// A host's answer to a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanAnswer<'a> {
    /// The scan's number.
    pub scan: u32,
    /// What the officer sees first.
    pub verdict: Verdict,
    /// The alerts met, the gravest first.
    #[serde(borrow)]
    pub alerts: Vec<AlertShown<'a>, ALERTS_SHOWN_MAX>,
    /// Alerts met beyond those.
    pub more: u16,
    /// The lists asked; those of an answer that are most doubtful first, if there are more than fit.
    pub lists: Vec<ListAsked, SCANNER_LISTS_MAX>,
}

/// One line for a display: the verdict, and each alert with what is to be done.
impl fmt::Display for ScanAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.verdict, f)?;
        self.alerts.iter().try_for_each(|alert| write!(f, "; {} {}", alert.what, alert.alert))?;
        if self.more > 0 { write!(f, "; and {} more", self.more) } else { Ok(()) }
    }
}

/// An alert as a small display shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertShown<'a> {
    pub list: ListName,
    /// The alert's id in it.
    pub alert: &'a str,
    /// What it is and what is to be done, such as `stolen: seize_document`.
    pub what: &'a str,
}

/// A list that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAsked {
    pub list: ListName,
    /// Its edition; 0 if there is none.
    pub edition: u64,
    /// Seconds since its last confirmation.
    pub age_s: u64,
    /// How far it may be relied on.
    pub freshness: Freshness,
    /// What it said.
    pub result: ListResult,
}

/// A piece of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece<'a> {
    /// Digest of the segment.
    #[serde(deserialize_with = "crate::wire::array")]
    pub segment: Digest,
    /// Where the bytes begin in it.
    pub offset: u32,
    /// The bytes, at most [`PIECE_BYTES_MAX`].
    pub bytes: &'a [u8],
}

/// What a scanner needs next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Digest of the segment.
    pub segment: Digest,
    /// From where on; all before it is in flash.
    pub offset: u32,
    /// How many bytes at most.
    pub bytes: u16,
}

/// A secret, and what it is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum KeyFor {
    /// A key of a list.
    List {
        list: ListName,
        /// The key's number in the list's manifests.
        number: u32,
        key: ListKey,
    },
    /// What this scanner seals its encounters with.
    Encounters(ScannerKey),
}

/// An encounter under way from a scanner: sealed, and only its host can open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedNote<'a> {
    /// What makes it one.
    pub id: EncounterId,
    /// AES-256-GCM of the [`Note`]'s message, and the tag.
    pub sealed: &'a [u8],
}

/// What a scanner notes of a scan that met an alert, while its host is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The list that was met.
    pub list: ListName,
    /// Its edition at that moment.
    pub edition: u64,
    /// The alert's id in the list.
    pub alert: String<96>,
    /// Hit, or Possible where the number's check digit failed.
    pub verdict: Verdict,
    /// When, seconds since 1970, by the last signed time and the scanner's own clock since; 0 if it knew none.
    pub made_at: u64,
    /// The zone as read, its lines joined.
    pub zone: String<{ crate::mrz::MAX_CHARS }>,
}

/// Why a scanner did not take a message. Never reordered: the number is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScannerRefusal {
    /// It cannot be read: of another version, or damaged.
    Unreadable,
    /// It is no list of this scanner's.
    UnknownList,
    /// Its signatures are not the pinned issuer's, or a rule of the format is broken.
    Untrusted,
    /// Older than what the scanner holds, or another one of the same number.
    Rollback,
    /// Larger than the scanner's flash for it.
    NoRoom,
    /// The bytes of a segment are not those that the manifest names. Offer it again.
    Damaged,
    /// The scanner lacks a key that this needs.
    NoKey,
    /// A piece without an offer, or an encounter's id that is not the one handed over.
    Unexpected,
    /// The flash failed.
    Flash,
    /// The message opens in no channel: open one.
    NoChannel,
    /// Headquarters has revoked it: it has erased what it held.
    Revoked,
}

impl fmt::Display for ScannerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScannerRefusal::Unreadable => "it cannot read the message: another version, or damaged",
            ScannerRefusal::UnknownList => "it is not set up for this list",
            ScannerRefusal::Untrusted => "the signatures are not the pinned issuer's, or a rule is broken",
            ScannerRefusal::Rollback => "it holds a newer edition, or another of the same number",
            ScannerRefusal::NoRoom => "its flash is too small",
            ScannerRefusal::Damaged => "a segment's bytes are not those that the manifest names",
            ScannerRefusal::NoKey => "it lacks a key",
            ScannerRefusal::Unexpected => "this is not what it waits for",
            ScannerRefusal::Flash => "its flash failed",
            ScannerRefusal::NoChannel => "it has no channel in which the message opens",
            ScannerRefusal::Revoked => "headquarters has revoked it, and it has erased its lists",
        })
    }
}

/// Reads a message: the text of a sealed one.
pub fn decode<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, WireError> {
    wire::decode(text)
}

impl Note {
    /// Seals the note under `id`, which no other note may have, into `out`; returns the part used.
    pub fn seal<'b, A: Aead>(
        &self,
        id: &EncounterId,
        key: &ScannerKey,
        out: &'b mut [u8],
    ) -> Result<&'b [u8], NoRoom> {
        let used = wire::encode(self, out).map_err(|_| NoRoom)?.len();
        let (plain, rest) = out.split_at_mut(used);
        let tag = A::new(&key.of_note(id)).seal(0, plain);
        *rest.first_chunk_mut::<TAG_BYTES>().ok_or(NoRoom)? = tag;
        out.get(..used + TAG_BYTES).ok_or(NoRoom)
    }

    /// Opens a sealed note in `buffer`.
    pub fn open<A: Aead>(
        sealed: &SealedNote<'_>,
        key: &ScannerKey,
        buffer: &mut [u8; NOTE_BYTES_MAX],
    ) -> Result<Note, BadSeal> {
        let (cipher, tag) = sealed.sealed.split_last_chunk::<TAG_BYTES>().ok_or(BadSeal)?;
        let plain = buffer.get_mut(..cipher.len()).ok_or(BadSeal)?;
        plain.copy_from_slice(cipher);
        A::new(&key.of_note(&sealed.id)).open(0, plain, tag)?;
        wire::decode(plain).map_err(|_| BadSeal)
    }
}

#[cfg(test)]
mod tests;
