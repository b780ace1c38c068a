//! AES-256-GCM by ring for the shim's page sealing.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use vedette_shim::seal::{Aead, BadSeal, SegmentKey, TAG_BYTES};

/// One segment's key, ready for ring.
pub struct Ring(LessSafeKey);

impl Aead for Ring {
    fn new(key: &SegmentKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key.0).expect("a key of 32 bytes is AES-256-GCM's");
        Ring(LessSafeKey::new(key))
    }

    fn seal_with(&self, nonce: &[u8; 12], additional: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES] {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(additional), text);
        let tag = tag.expect("a page or a message is far below AES-GCM's limit of 64 GiB");
        let mut out = [0; TAG_BYTES];
        out.copy_from_slice(tag.as_ref());
        out
    }

    fn open_with(
        &self,
        nonce: &[u8; 12],
        additional: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), BadSeal> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let about = Aad::from(additional);
        let opened = self.0.open_in_place_separate_tag(nonce, about, (*tag).into(), text, 0..);
        opened.map(|_| ()).map_err(|_| BadSeal)
    }
}
