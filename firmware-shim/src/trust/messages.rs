//! The smaller signed statements: grants, receipts, answers, orders.
//!
//! Each is checked against the root before anything in it is used; each names the device it is for, so that one
//! device's cannot be played to another.

use super::{Envelope, KeyId, Root, SEGMENTS_MAX, SignedKind, TrustError, Verify, decode_body};
use crate::ids::{DeviceId, EncounterId, ListName};
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// A device as it is enrolled now: its name, and the key that grants are sealed to. Enrolled again, it has another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its name.
    pub device: DeviceId,
    /// [`key_id`](super::key_id) of its X25519 public key.
    pub key: KeyId,
}

impl Enrolment {
    fn is(&self, device: &DeviceId, key: &KeyId) -> bool {
        self.device == *device && self.key == *key
    }
}

/// Most encounters one receipt speaks of.
pub const RECEIPT_ENTRIES_MAX: usize = 64;

/// Most bytes of an owner's words in an answer.
pub const ANSWER_TEXT_BYTES_MAX: usize = 255;

/// Most keys of one grant: each segment of an edition may be sealed under its own, and the next one's is there early.
pub const GRANT_KEYS_MAX: usize = SEGMENTS_MAX + 1;
/// Bytes of a sealed list key: 32 encapsulated key, 32 ciphertext, 16 tag.
pub const SEALED_KEY_BYTES: usize = 80;

/// One key of a list, sealed (HPKE, base mode) to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedKey<'a> {
    /// Number of the key, as segments name it.
    pub number: u32,
    /// [`SEALED_KEY_BYTES`] bytes. Sealed with info `vedette/v1/grant` and, as additional data, the postcard encoding
    /// of (device, list, number).
    #[serde(borrow)]
    pub sealed: &'a [u8],
}

/// Every key a device needs to read a list: a list's key changes when a device is revoked, and segments published
/// before keep the key they were sealed with. A key's number always means the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant<'a> {
    /// For whom.
    pub device: DeviceId,
    /// To which enrolment of it.
    #[serde(deserialize_with = "crate::wire::array")]
    pub enrolment: KeyId,
    /// Of which list.
    pub list: ListName,
    /// Rises with each grant of the list to this device: when it was made, seconds since 1970, or one more than the last.
    /// An order says up to which number grants count no more.
    pub number: u64,
    /// It counts until then, seconds since 1970.
    pub expires: u64,
    /// The keys in use, numbers rising.
    #[serde(borrow)]
    pub keys: Vec<GrantedKey<'a>, GRANT_KEYS_MAX>,
}

impl<'a> Grant<'a> {
    /// Reads and checks a grant for `us`: signed by the issuer of the list it names. The seals are not opened here. `floor` says
    /// of a list the lowest number that counts.
    pub fn accept(
        bytes: &'a [u8],
        us: &Enrolment,
        root: &Root,
        floor: impl Fn(&ListName) -> u64,
        now: u64,
        verify: &impl Verify,
    ) -> Result<Grant<'a>, TrustError> {
        let kind = SignedKind::Grant;
        let envelope = Envelope::read(bytes, kind)?;
        root.check_current(now)?;
        // The list decides the role; the body is read for that first and believed only after the check.
        let grant: Grant = decode_body(kind, envelope.body)?;
        envelope.check(&root.issuer(&grant.list)?.role, verify)?;
        if !us.is(&grant.device, &grant.enrolment) {
            return Err(TrustError::NotForUs(kind));
        }
        let floor = floor(&grant.list);
        if grant.number < floor {
            return Err(TrustError::Rollback { kind, offered: grant.number, floor });
        }
        if now >= grant.expires {
            return Err(TrustError::Expired { kind, at: grant.expires });
        }
        let rising = grant.keys.windows(2).all(|pair| pair[0].number < pair[1].number);
        let whole = grant.keys.iter().all(|key| key.sealed.len() == SEALED_KEY_BYTES);
        if grant.keys.is_empty() || !rising || !whole {
            return Err(TrustError::Rule(kind, "it needs keys of 80 bytes, their numbers rising"));
        }
        Ok(grant)
    }
}

/// One encounter that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptEntry {
    /// The encounter.
    pub id: EncounterId,
    /// First 16 bytes of the SHA-256 of the sealed message as stored.
    pub digest: [u8; 16],
}

/// Headquarters' word that encounters are stored, or cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// For whom.
    pub device: DeviceId,
    /// When they were stored or refused, seconds since 1970.
    pub stored_at: u64,
    /// Those that are stored.
    pub entries: Vec<ReceiptEntry, RECEIPT_ENTRIES_MAX>,
    /// Messages that were refused, each as the first 16 bytes of its SHA-256, for not every one has an id that can be read.
    /// They are not stored: the device sets them aside, and sends them again later.
    pub refused: Vec<[u8; 16], RECEIPT_ENTRIES_MAX>,
}

impl Receipt {
    /// Reads and checks a receipt for `device`. A receipt does not expire, nor does it need a current root: what is
    /// stored is stored.
    pub fn accept(
        bytes: &[u8],
        device: &DeviceId,
        root: &Root,
        verify: &impl Verify,
    ) -> Result<Receipt, TrustError> {
        let envelope = Envelope::read(bytes, SignedKind::Receipt)?;
        envelope.check(&root.collector, verify)?;
        let receipt: Receipt = decode_body(SignedKind::Receipt, envelope.body)?;
        if receipt.device != *device {
            return Err(TrustError::NotForUs(SignedKind::Receipt));
        }
        Ok(receipt)
    }
}

/// What the owner of an alert says of an encounter with it (hit confirmation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerWord {
    /// The alert stands, and it is this document or person.
    Confirmed,
    /// It is another.
    NotThePerson,
    /// The alert does not stand any more.
    Withdrawn,
}

/// The owner's signed answer to one encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerAnswer {
    /// For whom.
    pub device: DeviceId,
    /// To which encounter.
    pub encounter: EncounterId,
    /// When, seconds since 1970; of two answers the later counts.
    pub at: u64,
    /// What.
    pub word: OwnerWord,
    /// What the owner adds for the officer; may be empty.
    pub text: String<ANSWER_TEXT_BYTES_MAX>,
}

impl OwnerAnswer {
    /// Reads and checks an answer for `device`. Like a receipt it needs no current root.
    pub fn accept(
        bytes: &[u8],
        device: &DeviceId,
        root: &Root,
        verify: &impl Verify,
    ) -> Result<OwnerAnswer, TrustError> {
        let envelope = Envelope::read(bytes, SignedKind::Answer)?;
        envelope.check(&root.collector, verify)?;
        let answer: OwnerAnswer = decode_body(SignedKind::Answer, envelope.body)?;
        if answer.device != *device {
            return Err(TrustError::NotForUs(SignedKind::Answer));
        }
        Ok(answer)
    }
}

/// What a device is told to do. Never reordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// Erase every key and segment; what is spooled is still brought home.
    EraseAll,
    /// Erase one list's keys and segments.
    EraseList(ListName),
    /// Send again what was refused, and what headquarters receipted and the device still has: headquarters lost it.
    SendAgain,
}

/// A signed order to one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// For whom.
    pub device: DeviceId,
    /// To which enrolment of it: who is enrolled again under the name is not meant.
    #[serde(deserialize_with = "crate::wire::array")]
    pub enrolment: KeyId,
    /// Rises with each order to that device; one already carried out is not repeated.
    pub number: u64,
    /// Grants up to this number count no more, of the lists that it erases.
    pub voids_grants: u64,
    /// Seconds since 1970.
    pub issued: u64,
    /// What to do.
    pub order: OrderKind,
}

impl Order {
    /// Reads and checks an order for `us`. `floor` is the number of the last one carried out, 0 before the first.
    pub fn accept(
        bytes: &[u8],
        us: &Enrolment,
        root: &Root,
        floor: u64,
        verify: &impl Verify,
    ) -> Result<Order, TrustError> {
        let kind = SignedKind::Order;
        let envelope = Envelope::read(bytes, kind)?;
        envelope.check(&root.orders, verify)?;
        let order: Order = decode_body(kind, envelope.body)?;
        if !us.is(&order.device, &order.enrolment) {
            return Err(TrustError::NotForUs(kind));
        }
        if order.number <= floor {
            return Err(TrustError::Rollback { kind, offered: order.number, floor });
        }
        Ok(order)
    }
}
