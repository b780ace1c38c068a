//! The root page and the footer: what a segment is, how long its parts are and how details are packed.
//!
//! ```text
//! footer (48 bytes, in the clear, the last of the file)
//!   0  magic "VEDSEG" (6)   6  format, 1   7  kind: 0 documents, 1 persons   8  salt of the key (32)
//!  40  bytes of the sealed root, tag included (2)   42  zeros (6)
//! root (plaintext)
//!   0  format, kind (again: these are sealed)   2  flags: bit 0 withdrawals, bit 1 extras   3  zero
//!   4  alerts (8)   12  withdrawals (8)
//!  20  for each of the six parts: pages (4), sealed bytes of the last page (2; 0 if there is no page)
//!  56  for each of the six fields: flags (bit 0 packed, bit 1 may be absent), bits, smallest number (4)
//!  92  end
//! ```
//! All numbers are little-endian. The root follows the last part; it is sealed under page number 2^64 - 1.

use super::details::FIELDS;
use super::{Kind, PAGE_BYTES, ReadError};
use crate::seal::{SegmentSalt, TAG_BYTES};

/// Bytes of the footer.
pub const FOOTER_BYTES: usize = 48;
/// Bytes of the root before sealing.
pub const ROOT_BYTES: usize = 92;
/// The format this module reads and writes.
pub const FORMAT: u8 = 1;
/// Number of parts with pages.
pub const PARTS: usize = 6;

const MAGIC: [u8; 6] = *b"VEDSEG";
/// A packed number is at most 24 bits wide: days take 17, states 15.
const FIELD_BITS_MAX: u8 = 24;

/// The parts of a segment in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Documents of a class.
    Entries = 0,
    /// Documents of no class.
    Loose = 1,
    /// Ranges, or persons' alerts.
    Records = 2,
    /// Texts and rare fields of entries.
    Extras = 3,
    /// The class table.
    Classes = 4,
    /// The first entry of each page of entries.
    Directory = 5,
}

impl Part {
    /// All parts in the order of the file.
    pub const ALL: [Part; PARTS] =
        [Part::Entries, Part::Loose, Part::Records, Part::Extras, Part::Classes, Part::Directory];
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Kind::Documents => 0,
            Kind::Persons => 1,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, ReadError> {
        match byte {
            0 => Ok(Kind::Documents),
            1 => Ok(Kind::Persons),
            _ => Err(ReadError::Malformed("kind")),
        }
    }
}

/// What is readable without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Documents or persons.
    pub kind: Kind,
    /// What the segment's key is derived from, with the list key.
    pub salt: SegmentSalt,
    /// Bytes of the sealed root before the footer.
    pub root_bytes: u16,
}

impl Footer {
    /// Reads the last [`FOOTER_BYTES`] of a file.
    pub fn read(bytes: &[u8; FOOTER_BYTES]) -> Result<Self, ReadError> {
        let [m1, m2, m3, m4, m5, m6, format, kind, rest @ ..] = *bytes;
        if [m1, m2, m3, m4, m5, m6] != MAGIC {
            return Err(ReadError::NotASegment);
        }
        if format != FORMAT {
            return Err(ReadError::Version(format));
        }
        let (salt, tail) = rest.split_first_chunk::<32>().ok_or(ReadError::NotASegment)?;
        let [r1, r2, zeros @ ..] = tail else { return Err(ReadError::NotASegment) };
        if zeros.iter().any(|&b| b != 0) {
            return Err(ReadError::Malformed("footer"));
        }
        let root_bytes = u16::from_le_bytes([*r1, *r2]);
        if usize::from(root_bytes) != ROOT_BYTES + TAG_BYTES {
            return Err(ReadError::Malformed("footer"));
        }
        Ok(Footer { kind: Kind::from_byte(kind)?, salt: SegmentSalt(*salt), root_bytes })
    }

    /// The footer's bytes.
    pub fn write(&self) -> [u8; FOOTER_BYTES] {
        let mut out = [0; FOOTER_BYTES];
        out[..6].copy_from_slice(&MAGIC);
        out[6] = FORMAT;
        out[7] = self.kind.byte();
        out[8..40].copy_from_slice(&self.salt.0);
        out[40..42].copy_from_slice(&self.root_bytes.to_le_bytes());
        out
    }
}

/// How one field is packed beside an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Field {
    /// Packed beside the entry; else it is among the extras, where it is present.
    pub packed: bool,
    /// Some entry lacks it: 0 means absent, and a number is written one higher.
    pub optional: bool,
    /// Bits of the packed number.
    pub bits: u8,
    /// Subtracted from every number.
    pub min: u32,
}

/// How entries are packed in this segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schema {
    /// The fields in the order of [`super::Details::numbers`].
    pub fields: [Field; FIELDS],
    /// A bit for each entry says whether it is an alert (1) or a withdrawal (0).
    pub withdrawals: bool,
    /// A last bit for each alert says whether it has extras.
    pub extras: bool,
}

impl Schema {
    /// Bits of an alert's record.
    pub fn record_bits(&self) -> usize {
        self.fields.iter().map(|field| usize::from(field.bits)).sum::<usize>() + usize::from(self.extras)
    }
}

/// Pages of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Number of pages.
    pub pages: u32,
    /// Sealed bytes of the last one; 0 if there is none.
    pub last_bytes: u16,
}

impl Extent {
    /// Sealed bytes of all its pages.
    pub fn bytes(&self) -> u64 {
        u64::from(self.pages.saturating_sub(1)) * PAGE_BYTES as u64 + u64::from(self.last_bytes)
    }
}

/// The root page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// Documents or persons.
    pub kind: Kind,
    /// Alerts: documents, ranges or persons put by this segment.
    pub alerts: u64,
    /// Withdrawals.
    pub withdrawals: u64,
    /// The parts' lengths, in the order of [`Part::ALL`].
    pub extents: [Extent; PARTS],
    /// How entries are packed.
    pub schema: Schema,
}

impl Root {
    /// Reads a root's plaintext.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::parse(bytes).ok_or(ReadError::Malformed("root"))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; ROOT_BYTES] = bytes.try_into().ok()?;
        let (&[format, kind, flags, zero], rest) = bytes.split_first_chunk::<4>()?;
        let (alerts, rest) = rest.split_first_chunk::<8>()?;
        let (withdrawals, mut rest) = rest.split_first_chunk::<8>()?;
        let mut extents = [Extent::default(); PARTS];
        for extent in &mut extents {
            let (&[a, b, c, d, e, f], tail) = rest.split_first_chunk::<6>()?;
            *extent =
                Extent { pages: u32::from_le_bytes([a, b, c, d]), last_bytes: u16::from_le_bytes([e, f]) };
            let last = usize::from(extent.last_bytes);
            if (extent.pages == 0) != (last == 0) || last > PAGE_BYTES || (last != 0 && last <= TAG_BYTES) {
                return None;
            }
            rest = tail;
        }
        let mut fields = [Field::default(); FIELDS];
        for field in &mut fields {
            let (&[how, bits, a, b, c, d], tail) = rest.split_first_chunk::<6>()?;
            *field = Field {
                packed: how & 1 == 1,
                optional: how >> 1 & 1 == 1,
                bits,
                min: u32::from_le_bytes([a, b, c, d]),
            };
            if how > 3 || bits > FIELD_BITS_MAX || (!field.packed && (bits != 0 || field.optional)) {
                return None;
            }
            rest = tail;
        }
        if format != FORMAT || flags > 3 || zero != 0 {
            return None;
        }
        let schema = Schema { fields, withdrawals: flags & 1 == 1, extras: flags >> 1 & 1 == 1 };
        Some(Root {
            kind: Kind::from_byte(kind).ok()?,
            alerts: u64::from_le_bytes(*alerts),
            withdrawals: u64::from_le_bytes(*withdrawals),
            extents,
            schema,
        })
    }

    /// The root's plaintext.
    pub fn write(&self) -> [u8; ROOT_BYTES] {
        let mut out = [0; ROOT_BYTES];
        out[0] = FORMAT;
        out[1] = self.kind.byte();
        out[2] = u8::from(self.schema.withdrawals) | u8::from(self.schema.extras) << 1;
        out[4..12].copy_from_slice(&self.alerts.to_le_bytes());
        out[12..20].copy_from_slice(&self.withdrawals.to_le_bytes());
        for (to, extent) in out[20..56].chunks_exact_mut(6).zip(&self.extents) {
            to[..4].copy_from_slice(&extent.pages.to_le_bytes());
            to[4..].copy_from_slice(&extent.last_bytes.to_le_bytes());
        }
        for (to, field) in out[56..].chunks_exact_mut(6).zip(&self.schema.fields) {
            to[0] = u8::from(field.packed) | u8::from(field.optional) << 1;
            to[1] = field.bits;
            to[2..].copy_from_slice(&field.min.to_le_bytes());
        }
        out
    }
}
