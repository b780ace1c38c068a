//! Page encryption and key derivation.
//!
//! Purpose: every page of a segment is sealed with AES-256-GCM, so that a lost device is not a lost list.
//!
//! Invariants: a segment's key follows from the list key and the digest of the segment's *plaintext*, so a merge
//! made anywhere reproduces the same bytes, and no nonce (the page number) repeats under another plaintext with
//! the same key. The digest itself would betray a short segment to whoever guesses its content, so what the file
//! carries in the clear is a salt made from it under the list key:
//!
//! ```text
//! salt        = HKDF-SHA256(input = list key, salt = plaintext digest, info = "vedette/v1/segment-salt")
//! segment key = HKDF-SHA256(input = list key, salt = salt,             info = "vedette/v1/segment-key")
//! nonce       = page number, 8 bytes little-endian, then 4 zero bytes; no associated data
//! ```
//! What a scanner notes in its flash has a key for each note, so that no nonce is used twice whatever a power cut undoes:
//! ```text
//! note key    = HKDF-SHA256(input = scanner key, salt = encounter's id, info = "vedette/v1/scanner-note"); nonce 0
//! ```
//!
//! Failure: a page that does not open is damage or forgery; it is reported, never answered from.

use crate::ids::EncounterId;
use core::fmt;
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of an AES-256 key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a GCM tag, appended to each sealed page.
pub const TAG_BYTES: usize = 16;

/// A list's secret key, as a grant carries it. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct ListKey(#[serde(deserialize_with = "crate::wire::array")] pub [u8; KEY_BYTES]);

/// What one scanner and its host share to seal the scanner's encounters. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct ScannerKey(#[serde(deserialize_with = "crate::wire::array")] pub [u8; KEY_BYTES]);

/// Secret: shows nothing.
impl fmt::Debug for ListKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListKey(secret)")
    }
}

/// Secret: shows nothing.
impl fmt::Debug for ScannerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScannerKey(secret)")
    }
}

/// The key that seals one segment, or one note. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SegmentKey(pub [u8; KEY_BYTES]);

/// What a segment carries in the clear for its key: a name of its plaintext that only the list key can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSalt(pub [u8; 32]);

impl SegmentSalt {
    /// The salt of a segment whose plaintext has this digest.
    pub fn derive(list_key: &ListKey, plaintext_digest: &[u8; 32]) -> Self {
        SegmentSalt(expand(&list_key.0, plaintext_digest, b"vedette/v1/segment-salt"))
    }
}

impl SegmentKey {
    /// The key of the segment that carries `salt`.
    pub fn derive(list_key: &ListKey, salt: &SegmentSalt) -> Self {
        SegmentKey(expand(&list_key.0, &salt.0, b"vedette/v1/segment-key"))
    }
}

impl ScannerKey {
    /// The key of the one note that has this id.
    pub fn of_note(&self, id: &EncounterId) -> SegmentKey {
        SegmentKey(expand(&self.0, id, b"vedette/v1/scanner-note"))
    }
}

fn expand(input: &[u8; KEY_BYTES], salt: &[u8], info: &[u8]) -> [u8; KEY_BYTES] {
    let mut out = [0; KEY_BYTES];
    derive(input, salt, info, &mut out);
    out
}

/// HKDF-SHA256 into `out`, at most 64 bytes.
#[inline(never)]
pub(crate) fn derive(input: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) {
    // 64 bytes are far below HKDF's limit of 255 * 32, so this cannot fail.
    let _ = Hkdf::<Sha256>::new(Some(salt), input).expand(info, out);
}

/// The 12 bytes of AES-GCM's nonce for a page.
pub fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    for (to, from) in nonce.iter_mut().zip(number.to_le_bytes()) {
        *to = from;
    }
    nonce
}

/// The page did not open: damaged, forged, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSeal;

/// AES-256-GCM with one key. The agent brings ring's, the feature `soft` a portable one.
pub trait Aead: Sized {
    /// Prepares the key schedule.
    fn new(key: &SegmentKey) -> Self;
    /// Seals `text` in place under a nonce, with additional data; returns the tag.
    fn seal_with(&self, nonce: &[u8; 12], additional: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES];
    /// Opens `text` in place. On failure the buffer's content is unspecified.
    fn open_with(
        &self,
        nonce: &[u8; 12],
        additional: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), BadSeal>;

    /// Seals `page` in place under nonce `number`; returns the tag.
    fn seal(&self, number: u64, page: &mut [u8]) -> [u8; TAG_BYTES] {
        self.seal_with(&nonce(number), b"", page)
    }

    /// Opens `page` in place under nonce `number`. On failure the buffer's content is unspecified.
    fn open(&self, number: u64, page: &mut [u8], tag: &[u8; TAG_BYTES]) -> Result<(), BadSeal> {
        self.open_with(&nonce(number), b"", page, tag)
    }
}

/// AES-256-GCM in portable Rust, for targets without ring.
#[cfg(feature = "soft")]
pub struct Soft(aes_gcm::Aes256Gcm);

#[cfg(feature = "soft")]
impl Aead for Soft {
    fn new(key: &SegmentKey) -> Self {
        Soft(aes_gcm::KeyInit::new(&key.0.into()))
    }

    #[inline(never)]
    fn seal_with(&self, nonce: &[u8; 12], additional: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES] {
        use aes_gcm::aead::AeadInOut;
        // Fails only beyond 64 GiB of plaintext; a page or a message is a few KiB.
        self.0
            .encrypt_inout_detached(&(*nonce).into(), additional, text.into())
            .map_or([0; TAG_BYTES], Into::into)
    }

    #[inline(never)]
    fn open_with(
        &self,
        nonce: &[u8; 12],
        additional: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), BadSeal> {
        use aes_gcm::aead::AeadInOut;
        self.0
            .decrypt_inout_detached(&(*nonce).into(), additional, text.into(), &(*tag).into())
            .map_err(|_| BadSeal)
    }
}

#[cfg(all(test, feature = "soft"))]
mod tests;
