//! Page encryption and key derivation.
//!
//! Purpose: every 4 KiB page of a segment is sealed with AES-256-GCM, so that a lost device is not a lost list.
//!
//! Invariants: the page key is derived from the list key and the digest of the segment's *plaintext*, so a
//! merge made anywhere reproduces the same bytes, and no nonce (the page number) repeats under another
//! plaintext with the same key.
//!
//! Failure: a page that does not open is damage or forgery; it is reported, never answered from.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of an AES-256 key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a GCM tag, appended to each sealed page.
pub const TAG_BYTES: usize = 16;

/// A list's secret key, as a grant carries it. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ListKey(pub [u8; KEY_BYTES]);

/// The key that seals one segment. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SegmentKey(pub [u8; KEY_BYTES]);

impl SegmentKey {
    /// HKDF-SHA256: input key = the list key, salt = digest of the segment's plaintext, info = a fixed label.
    pub fn derive(list_key: &ListKey, plaintext_digest: &[u8; 32]) -> Self {
        let mut key = [0; KEY_BYTES];
        let hkdf = Hkdf::<Sha256>::new(Some(plaintext_digest), &list_key.0);
        // 32 bytes are far below HKDF's limit of 255 * 32, so this cannot fail.
        let _ = hkdf.expand(b"vedette/v1/segment", &mut key);
        SegmentKey(key)
    }
}

/// The page did not open: damaged, forged, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSeal;

/// AES-256-GCM over one page, keyed for one segment. The agent brings ring's, the feature `soft` a portable one.
pub trait Aead: Sized {
    /// Prepares the key schedule once per segment.
    fn new(key: &SegmentKey) -> Self;
    /// Seals `page` in place under nonce `number`; returns the tag.
    fn seal(&self, number: u64, page: &mut [u8]) -> [u8; TAG_BYTES];
    /// Opens `page` in place under nonce `number`. On failure the buffer's content is unspecified.
    fn open(&self, number: u64, page: &mut [u8], tag: &[u8; TAG_BYTES]) -> Result<(), BadSeal>;
}
