//! AES-256-GCM by ring for the shim's page sealing.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use vedette_shim::seal::{Aead, BadSeal, SegmentKey, TAG_BYTES, nonce};

/// One segment's key, ready for ring.
pub struct Ring(LessSafeKey);

impl Aead for Ring {
    fn new(key: &SegmentKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key.0).expect("a key of 32 bytes is AES-256-GCM's");
        Ring(LessSafeKey::new(key))
    }

    fn seal(&self, number: u64, page: &mut [u8]) -> [u8; TAG_BYTES] {
        let nonce = Nonce::assume_unique_for_key(nonce(number));
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::empty(), page);
        let tag = tag.expect("a page is far below AES-GCM's limit of 64 GiB");
        let mut out = [0; TAG_BYTES];
        out.copy_from_slice(tag.as_ref());
        out
    }

    fn open(&self, number: u64, page: &mut [u8], tag: &[u8; TAG_BYTES]) -> Result<(), BadSeal> {
        let nonce = Nonce::assume_unique_for_key(nonce(number));
        let opened = self.0.open_in_place_separate_tag(nonce, Aad::empty(), (*tag).into(), page, 0..);
        opened.map(|_| ()).map_err(|_| BadSeal)
    }
}
