//! Trust: who may say what. TUF's rules over postcard, small enough for a scanner.
//!
//! | role | signs | checked against |
//! |---|---|---|
//! | root | who holds every role, with thresholds; the same for scanners, a role at a time | the root before it *and* itself |
//! | issuer (one a list) | manifests and grants of its list | the root |
//! | heartbeat | the newest edition of each list at time T | the root |
//! | collector | receipts, and owners' answers | the root |
//! | a device | what it says of itself | the key that headquarters stored when it enrolled it |
//! | orders | orders to a device (erase); the scanners that hang at it | the root |
//! | root | the CAs of the link | the root |
//!
//! Every function here is pure: (bytes, what is already believed, floor, now) -> checked value or the one reason
//! why not. Metadata is checked *before* anyone stores it. Versions never go back: the caller keeps floors and
//! stores them before use. `now` is seconds since 1970-01-01 UTC, from a clock that never goes back.
//!
//! Failure: [`TrustError`] names what was refused and why; the caller keeps serving what it believed before.

mod authorities;
mod enrolment;
mod envelope;
mod error;
mod heartbeat;
mod kind;
mod manifest;
mod messages;
mod pin;
mod role;
mod root;
#[cfg(feature = "soft")]
mod soft;
mod status;
#[cfg(test)]
pub(crate) mod tests;

pub use authorities::Authorities;
pub use enrolment::{EnrolledPair, SCANNER_LISTS_MAX, ScannerEnrolment};
pub use envelope::{
    Envelope, KeyId, Signature, Verify, decode_body, digest, identity, key_id, message_to_sign,
};
pub use error::TrustError;
pub use heartbeat::{DEVICES_MAX, DeviceState, Freshness, Heartbeat, ListState, NewestRoster, freshness};
pub use kind::SignedKind;
pub use manifest::{Floor, HANDLING_BYTES_MAX, Manifest, PinnedIssuer, SegmentRef, SignedManifest};
pub use messages::{
    ANSWER_TEXT_BYTES_MAX, Enrolment, GRANT_KEYS_MAX, Grant, GrantedKey, Order, OrderKind, OwnerAnswer,
    OwnerWord, RECEIPT_ENTRIES_MAX, Receipt, ReceiptEntry, SEALED_KEY_BYTES,
};
pub use pin::{Pin, PinnedRole};
pub use role::{PublicKey, Role};
pub use root::{Issuer, Root};
#[cfg(feature = "soft")]
pub use soft::SoftVerify;
pub use status::{HeldList, OVERDUE_MAX, SERIAL_BYTES_MAX, Status};

/// Most signatures an envelope carries, and most keys a role has.
pub const KEYS_MAX: usize = 8;
/// Most lists a root delegates.
pub const LISTS_MAX: usize = 32;
/// Most segments of an edition (design: tiers with fan-out 8).
pub const SEGMENTS_MAX: usize = 8;
/// Largest signed metadata a reader takes, bytes. Anything longer is refused unread ("endless data").
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
