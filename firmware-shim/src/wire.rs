//! The messages of the link, postcard, a version byte first. What is signed lives in [`crate::trust`].
//!
//! Every message is `version u8 = 1` followed by its postcard body; trailing bytes are refused. Sizes are bounded by
//! the types. Failure: [`WireError`]; the receiver drops the message and says so, it never guesses.
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use crate::ids::{DeviceId, Digest, EncounterId, ListName};
use crate::verdict::Verdict;
use core::fmt;
use heapless::{String, Vec};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The version of every message here.
pub const WIRE_VERSION: u8 = 1;
/// Bytes of segment in one chunk message; a scanner's page buffers fit it, a broker's limits too.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Largest sealed encounter, bytes.
pub const ENCOUNTER_BYTES_MAX: usize = 8 * 1024;

/// A message that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// A version this program does not know.
    Version(u8),
    /// Truncated, damaged or with bytes left over.
    Malformed,
    /// The caller's buffer is too small.
    NoRoom,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(v) => {
                write!(f, "message of version {v}; this program reads version {WIRE_VERSION}")
            }
            Self::Malformed => f.write_str("message truncated or damaged"),
            Self::NoRoom => f.write_str("message larger than the buffer for it"),
        }
    }
}

impl core::error::Error for WireError {}

/// Reads a message.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, WireError> {
    match bytes.split_first() {
        Some((&WIRE_VERSION, body)) => read_body(body),
        Some((version, _)) => Err(WireError::Version(*version)),
        None => Err(WireError::Malformed),
    }
}

fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WireError> {
    // As postcard::take_from_bytes, less a copy of the message beside the rest of the bytes.
    let mut from = postcard::Deserializer::from_bytes(body);
    let message = T::deserialize(&mut from).map_err(|_| WireError::Malformed)?;
    match from.finalize() {
        Ok([]) => Ok(message),
        _ => Err(WireError::Malformed),
    }
}

/// Writes a message into `buffer`; returns the part used.
pub fn encode<'b>(message: &impl Serialize, buffer: &'b mut [u8]) -> Result<&'b mut [u8], WireError> {
    encode_as(WIRE_VERSION, message, buffer)
}

fn encode_as<'b>(
    first: u8,
    message: &impl Serialize,
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], WireError> {
    let (version, body) = buffer.split_first_mut().ok_or(WireError::NoRoom)?;
    *version = first;
    let used = postcard::to_slice(message, body).map_err(|_| WireError::NoRoom)?.len();
    Ok(&mut buffer[..1 + used])
}

/// Reads an array of bytes in a loop. serde's own way is unrolled, byte for byte: a kilobyte of a scanner's code.
pub(crate) fn array<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    struct Bytes<const N: usize>;
    impl<'de, const N: usize> Visitor<'de> for Bytes<N> {
        type Value = [u8; N];
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of bytes")
        }
        fn visit_seq<S: SeqAccess<'de>>(self, mut from: S) -> Result<[u8; N], S::Error> {
            let mut bytes = [0; N];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = from.next_element()?.ok_or_else(|| S::Error::invalid_length(at, &self))?;
            }
            Ok(bytes)
        }
    }
    from.deserialize_tuple(N, Bytes)
}

/// A device asks for chunks of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Which segment.
    pub segment: Digest,
    /// The first chunk wanted, from 0.
    pub from: u32,
    /// How many, at most 64 at once.
    pub count: u16,
}

/// Most chunks one [`Want`] may ask for.
pub const WANT_CHUNKS_MAX: u16 = 64;

/// A chunk of a segment: all but the last have [`CHUNK_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk<'a> {
    /// Of which segment.
    pub segment: Digest,
    /// Which chunk, from 0.
    pub index: u32,
    #[serde(borrow)]
    pub bytes: &'a [u8],
}

/// First byte of a report under way.
const ENCOUNTER_VERSION: u8 = 2;

/// A report under way: sealed to the list's owner (HPKE auth mode), and signed by its device for whoever cannot open it. The
/// device is the one on whose topic it comes; its name is signed and sealed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEncounter<'a> {
    /// What makes it one of its device's: the encounter's id, or the outcome's own.
    #[serde(deserialize_with = "array")]
    pub id: EncounterId,
    /// Which list it is of, for those who know the device's route key: nobody else learns that.
    #[serde(deserialize_with = "array")]
    pub route: [u8; 8],
    /// HPKE: 32 bytes encapsulated key, then the ciphertext of a [`Report`] and its tag.
    #[serde(borrow)]
    pub sealed: &'a [u8],
    /// 64 bytes of Ed25519 by the device.
    #[serde(borrow)]
    pub signature: &'a [u8],
}

impl<'a> SealedEncounter<'a> {
    /// Writes it into `buffer`; returns the part used.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], WireError> {
        encode_as(ENCOUNTER_VERSION, self, buffer)
    }

    /// Reads the first of those that stand one behind the other; also returns what is behind it. There is one encoding of each.
    pub fn take(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        match bytes.split_first() {
            Some((&ENCOUNTER_VERSION, body)) => {
                let (message, rest) =
                    postcard::take_from_bytes::<Self>(body).map_err(|_| WireError::Malformed)?;
                match postcard::experimental::serialized_size(&message) {
                    Ok(size) if size + rest.len() == body.len() => Ok((message, rest)),
                    _ => Err(WireError::Malformed),
                }
            }
            Some((version, _)) => Err(WireError::Version(*version)),
            None => Err(WireError::Malformed),
        }
    }

    /// Reads one that stands alone.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        match Self::take(bytes)? {
            (message, []) => Ok(message),
            _ => Err(WireError::Malformed),
        }
    }
}

/// A scan that met an alert, as the list's owner gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encounter {
    /// What makes it one.
    pub id: EncounterId,
    /// The scan it came from; encounters of one scan with several lists share it.
    pub scan: [u8; 16],
    /// Which device.
    pub device: DeviceId,
    /// Where: the post's name.
    pub post: String<64>,
    /// When, seconds since 1970.
    pub made_at: u64,
    /// The list that was met.
    pub list: ListName,
    /// Its edition at that moment.
    pub edition: u64,
    /// The alert's id in the list.
    pub alert: String<96>,
    /// Hit or Possible.
    pub verdict: Verdict,
    /// Score in thousandths; 1000 for an exact document.
    pub score: u16,
    /// What was read from the document.
    pub document: ScannedDocument,
    /// The document was listed only after the scan: `document` says what the alert does, `edition` lists it now.
    pub late: bool,
}

/// What came of an encounter, as the list's owner gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncounterOutcome {
    /// What makes this message one; an encounter may have several outcomes, the last one counts.
    pub id: EncounterId,
    /// Of which encounter.
    pub encounter: EncounterId,
    /// Which device.
    pub device: DeviceId,
    /// The list that was met.
    pub list: ListName,
    /// When, seconds since 1970; no two of one encounter have the same.
    pub at: u64,
    /// Who says so: the officer's badge, or the program.
    pub who: String<64>,
    /// What came of it.
    pub outcome: Outcome,
    /// In words.
    pub note: String<1024>,
    /// The form of a discreet check, as far as it was filled in; each field once.
    pub form: Vec<FormEntry, FORM_ENTRIES_MAX>,
}

/// What came of an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is the person or the document sought.
    Confirmed,
    NotThePerson,
    /// The document was seized, or the person held.
    Seized,
    /// The person went on.
    Released,
    /// Others took over.
    PassedOn,
}

/// Fields of the form, and so most entries.
pub const FORM_ENTRIES_MAX: usize = 10;

/// One field of a discreet check's form (Regulation (EU) 2018/1862, Article 37(1)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormEntry {
    /// Which.
    pub field: FormField,
    /// What was seen or said.
    pub text: String<512>,
}

/// The fields of a discreet check's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormField {
    /// Where the person or object was located.
    Place,
    /// Time of the check.
    Time,
    /// Reason of the check.
    Reason,
    /// Route of the journey.
    Route,
    Destination,
    /// Persons accompanying.
    Companions,
    /// Identity revealed, and description of the person.
    Identity,
    /// Conveyance used.
    Conveyance,
    /// Objects carried, travel documents among them.
    Objects,
    Circumstances,
}

/// First byte of a report that is an encounter.
const ENCOUNTER: u8 = 1;
/// First byte of a report that is an outcome.
const OUTCOME: u8 = 2;

/// A report has one of these lengths, so that its length tells little: a scan with names of usual length, one with the longest
/// names, an outcome with a note, one with a long form. Bytes.
pub const REPORT_BYTES: [usize; 4] = [160, 384, 1536, ENCOUNTER_BYTES_MAX];

/// What a device reports to a list's owner. Its first byte says which: 1 an encounter, 2 an outcome; then come its fields but
/// id, list and device, which its seal is bound to, and zeros up to one of [`REPORT_BYTES`].
#[expect(
    clippy::large_enum_variant,
    reason = "without alloc there is no box; nobody holds more than one at a time"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A scan that met an alert.
    Encounter(Encounter),
    /// What came of it.
    Outcome(EncounterOutcome),
}

impl Report {
    /// Its id, list and device: what its seal is bound to.
    pub fn names(&self) -> (&EncounterId, &ListName, &DeviceId) {
        match self {
            Report::Encounter(e) => (&e.id, &e.list, &e.device),
            Report::Outcome(o) => (&o.id, &o.list, &o.device),
        }
    }

    /// Writes it into `buffer`, which must be zeros; returns the part used.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], WireError> {
        let used = match self {
            Report::Encounter(e) => {
                let seen = (e.edition, &e.alert, e.verdict, e.score, &e.document, e.late);
                encode_as(ENCOUNTER, &(e.scan, &e.post, e.made_at, seen), buffer)?.len()
            }
            Report::Outcome(o) => {
                let said = (&o.who, o.outcome, &o.note, &o.form);
                encode_as(OUTCOME, &(o.encounter, o.at, said), buffer)?.len()
            }
        };
        let padded = REPORT_BYTES.into_iter().find(|bytes| *bytes >= used).ok_or(WireError::NoRoom)?;
        buffer.get_mut(..padded).ok_or(WireError::NoRoom)
    }

    /// Reads the one that was sealed with these names.
    pub fn decode(
        bytes: &[u8],
        (id, list, device): (&EncounterId, &ListName, &DeviceId),
    ) -> Result<Report, WireError> {
        let (first, body) = bytes.split_first().ok_or(WireError::Malformed)?;
        let (id, list, device) = (*id, list.clone(), device.clone());
        match *first {
            ENCOUNTER => {
                let (scan, post, made_at, seen) = read_padded(body)?;
                let (edition, alert, verdict, score, document, late) = seen;
                Ok(Report::Encounter(Encounter {
                    id,
                    scan,
                    device,
                    post,
                    made_at,
                    list,
                    edition,
                    alert,
                    verdict,
                    score,
                    document,
                    late,
                }))
            }
            OUTCOME => {
                let (encounter, at, said) = read_padded(body)?;
                let (who, outcome, note, form) = said;
                let report = EncounterOutcome { id, encounter, device, list, at, who, outcome, note, form };
                Ok(Report::Outcome(report))
            }
            _ => Err(WireError::Malformed),
        }
    }
}

/// Reads what zeros follow.
fn read_padded<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, WireError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, rest)) if rest.iter().all(|byte| *byte == 0) => Ok(value),
        _ => Err(WireError::Malformed),
    }
}

/// What was read from the document, as printed (MRZ characters, `<` turned to spaces in names).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedDocument {
    /// Document code, such as `P`, `ID`.
    pub code: String<2>,
    /// Issuing state, ICAO three letters.
    pub issuing_state: String<3>,
    /// Document number.
    pub number: String<32>,
    /// Primary identifier.
    pub surname: String<44>,
    /// Secondary identifiers.
    pub given_names: String<44>,
    pub nationality: String<3>,
    /// YYMMDD as printed; unknown parts `<<`.
    pub birth_date: String<6>,
    /// `M`, `F`, `X` or empty.
    pub sex: String<1>,
    /// YYMMDD as printed.
    pub expiry_date: String<6>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_way_and_nothing_else_is_taken_for_it() {
        let want = Want { segment: [7; 32], from: 3, count: 9 };
        let mut buffer = [0; 64];
        let bytes = encode(&want, &mut buffer).unwrap();
        assert_eq!(decode::<Want>(bytes), Ok(want));
        let length = bytes.len();
        assert_eq!(decode::<Want>(&buffer[..length - 1]), Err(WireError::Malformed));
        assert_eq!(decode::<Want>(&buffer[..length + 1]), Err(WireError::Malformed));
        buffer[0] = 2;
        assert_eq!(decode::<Want>(&buffer[..length]), Err(WireError::Version(2)));
        assert_eq!(decode::<Want>(&[]), Err(WireError::Malformed));
    }
}
