//! The secure channel between a scanner and its host: `Noise_IK_25519_AESGCM_SHA256` (noiseprotocol.org, revision 34).
//!
//! The host opens, because it drives the talk and knows the scanner's public key from the enrolment that headquarters
//! signed. Its opening is sealed to that key and carries the host's own and a *word of headquarters*, by which the scanner
//! decides whether to answer. Both have proven their keys when the first sealed message opens.
//!
//! ```text
//! <- s                          the scanner's key, known to the host
//! -> e, es, s, ss   + word      opening: 32 + 48 + word + 16 bytes
//! <- e, ee, se                  reply: 32 + 16 bytes
//! ```
//! After it each side seals with a key of its own. A line loses messages, so each carries the number of its nonce, and a
//! reader takes only numbers above the last (section 11.4 of the specification): what is played again opens nothing.
//!
//! Invariants: pure; random bytes come from the caller, 32 fresh ones for each opening and each reply. Whoever records
//! the line and learns both keys later still cannot read it: the ephemeral keys are gone.
//!
//! Failure: [`BadSeal`], which says nothing about why.

use crate::seal::{Aead, BadSeal, SegmentKey, TAG_BYTES, derive};
use core::fmt;
use sha2::{Digest as _, Sha256};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of an opening without its word.
pub const OPENING_BYTES: usize = KEY_BYTES + KEY_BYTES + TAG_BYTES + TAG_BYTES;
/// Bytes of a reply.
pub const REPLY_BYTES: usize = KEY_BYTES + TAG_BYTES;
/// Bytes that a sealed message has beside its text: its number in front, the tag behind.
pub const SEALED_BYTES_MORE: usize = 4 + TAG_BYTES;

/// The protocol's name, as Noise hashes it: at most 32 bytes, filled up with zeros.
const NAME: &[u8; 28] = b"Noise_IK_25519_AESGCM_SHA256";
/// What both must mean to talk about.
const PROLOGUE: &[u8] = b"vedette/v2/scanner";

/// An X25519 private key. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PrivateKey(pub [u8; KEY_BYTES]);

impl PrivateKey {
    /// Its public half.
    pub fn public(&self) -> [u8; KEY_BYTES] {
        self.with(&X25519_BASEPOINT_BYTES)
    }

    /// The secret that it shares with the holder of another.
    #[inline(never)]
    fn with(&self, public: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
        x25519(self.0, *public)
    }
}

/// Secret: shows nothing.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(secret)")
    }
}

/// What both have agreed on so far: Noise's symmetric state. Every key of it seals once, under nonce 0.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Chain {
    key: [u8; 32],
    hash: [u8; 32],
}

impl Chain {
    fn new(scanner: &[u8; KEY_BYTES], prologue: &[u8]) -> Chain {
        let mut name = [0; 32];
        name[..NAME.len()].copy_from_slice(NAME);
        let mut chain = Chain { key: name, hash: name };
        chain.hash(prologue, b"");
        chain.hash(scanner, b"");
        chain
    }

    #[inline(never)]
    fn hash(&mut self, bytes: &[u8], more: &[u8]) {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(bytes);
        hash.update(more);
        self.hash = hash.finalize().into();
    }

    /// Takes in a shared secret; the key that seals next.
    #[inline(never)]
    fn key<A: Aead>(&mut self, ours: &PrivateKey, theirs: &[u8; KEY_BYTES]) -> A {
        let mut secret = ours.with(theirs);
        let (next, key) = halves(&secret, &self.key);
        secret.zeroize();
        self.key = next;
        A::new(&key)
    }

    fn seal<A: Aead>(&mut self, with: &A, text: &mut [u8]) -> [u8; TAG_BYTES] {
        let tag = with.seal_with(&[0; 12], &self.hash, text);
        self.hash(text, &tag);
        tag
    }

    /// Opens a text whose tag is behind it.
    #[inline(never)]
    fn open<'t, A: Aead>(&mut self, with: &A, sealed: &'t mut [u8]) -> Result<&'t mut [u8], BadSeal> {
        let before = self.hash;
        self.hash(sealed, b"");
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_BYTES>().ok_or(BadSeal)?;
        with.open_with(&[0; 12], &before, text, tag)?;
        Ok(text)
    }

    fn channel(&self, host: bool) -> Channel {
        let (from_host, from_scanner) = halves(b"", &self.key);
        let from_host = SegmentKey(from_host);
        match host {
            true => Channel { send: from_host, receive: from_scanner, sent: 0, expected: 0 },
            false => Channel { send: from_scanner, receive: from_host, sent: 0, expected: 0 },
        }
    }
}

/// HKDF's first 64 bytes, in halves.
#[inline(never)]
fn halves(input: &[u8], salt: &[u8; 32]) -> ([u8; 32], SegmentKey) {
    let mut out = [0; 64];
    derive(input, salt, b"", &mut out);
    let (mut first, mut second) = ([0; 32], SegmentKey([0; 32]));
    first.copy_from_slice(&out[..32]);
    second.0.copy_from_slice(&out[32..]);
    out.zeroize();
    (first, second)
}

/// A host's opening that waits for the scanner's reply.
pub struct Opening {
    chain: Chain,
    ephemeral: PrivateKey,
}

impl Opening {
    /// Opens: writes the opening into `out` and returns how many bytes it has, or `None` if it does not fit.
    pub fn write<A: Aead>(
        us: &PrivateKey,
        scanner: &[u8; KEY_BYTES],
        ephemeral: PrivateKey,
        word: &[u8],
        out: &mut [u8],
    ) -> Option<(Opening, usize)> {
        Self::write_after::<A>(PROLOGUE, us, scanner, ephemeral, word, out)
    }

    fn write_after<A: Aead>(
        prologue: &[u8],
        us: &PrivateKey,
        scanner: &[u8; KEY_BYTES],
        ephemeral: PrivateKey,
        word: &[u8],
        out: &mut [u8],
    ) -> Option<(Opening, usize)> {
        let used = OPENING_BYTES + word.len();
        let (first, rest) = out.get_mut(..used)?.split_first_chunk_mut::<KEY_BYTES>()?;
        let (key, rest) = rest.split_first_chunk_mut::<KEY_BYTES>()?;
        let (key_tag, rest) = rest.split_first_chunk_mut::<TAG_BYTES>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        let mut chain = Chain::new(scanner, prologue);
        *first = ephemeral.public();
        chain.hash(first, b"");
        let aead: A = chain.key(&ephemeral, scanner);
        *key = us.public();
        *key_tag = chain.seal(&aead, key);
        let aead: A = chain.key(us, scanner);
        text.copy_from_slice(word);
        *tag = chain.seal(&aead, text);
        Some((Opening { chain, ephemeral }, used))
    }

    /// Reads the scanner's reply: whoever made it has the scanner's private key.
    pub fn read<A: Aead>(&mut self, us: &PrivateKey, reply: &mut [u8]) -> Result<Channel, BadSeal> {
        let before = (self.chain.key, self.chain.hash);
        let read = self.try_read::<A>(us, reply);
        if read.is_err() {
            // Noise on the line must not spoil the reply that is still to come.
            (self.chain.key, self.chain.hash) = before;
        }
        read
    }

    fn try_read<A: Aead>(&mut self, us: &PrivateKey, reply: &mut [u8]) -> Result<Channel, BadSeal> {
        let (ephemeral, rest) = reply.split_first_chunk_mut::<KEY_BYTES>().ok_or(BadSeal)?;
        self.chain.hash(ephemeral, b"");
        let _: A = self.chain.key(&self.ephemeral, ephemeral);
        let aead: A = self.chain.key(us, ephemeral);
        match self.chain.open(&aead, rest)? {
            [] => Ok(self.chain.channel(true)),
            _ => Err(BadSeal),
        }
    }
}

/// A scanner's side of an opening: who opens, and its word of headquarters. Nothing is answered before it is believed.
pub struct Opened<'m> {
    chain: Chain,
    host_ephemeral: [u8; KEY_BYTES],
    /// The host's public key, which it has the private half of.
    pub host: [u8; KEY_BYTES],
    /// What it brings.
    pub word: &'m [u8],
}

impl<'m> Opened<'m> {
    /// Reads an opening, in its place; `public` is the public half of `us`.
    pub fn read<A: Aead>(
        us: &PrivateKey,
        public: &[u8; KEY_BYTES],
        opening: &'m mut [u8],
    ) -> Result<Opened<'m>, BadSeal> {
        Self::read_after::<A>(PROLOGUE, us, public, opening)
    }

    #[inline(never)]
    fn read_after<A: Aead>(
        prologue: &[u8],
        us: &PrivateKey,
        public: &[u8; KEY_BYTES],
        opening: &'m mut [u8],
    ) -> Result<Opened<'m>, BadSeal> {
        let (ephemeral, rest) = opening.split_first_chunk_mut::<KEY_BYTES>().ok_or(BadSeal)?;
        let (key, rest) = rest.split_first_chunk_mut::<{ KEY_BYTES + TAG_BYTES }>().ok_or(BadSeal)?;
        let mut chain = Chain::new(public, prologue);
        chain.hash(ephemeral, b"");
        let aead: A = chain.key(us, ephemeral);
        let mut host = [0; KEY_BYTES];
        host.copy_from_slice(chain.open(&aead, key)?);
        let aead: A = chain.key(us, &host);
        let word = chain.open(&aead, rest)?;
        Ok(Opened { chain, host_ephemeral: *ephemeral, host, word })
    }

    /// Answers: writes the reply into the first [`REPLY_BYTES`] of `out`; `None` if they are not there.
    #[inline(never)]
    pub fn reply<A: Aead>(mut self, ephemeral: &PrivateKey, out: &mut [u8]) -> Option<Channel> {
        let (first, rest) = out.split_first_chunk_mut::<KEY_BYTES>()?;
        let tag = rest.first_chunk_mut::<TAG_BYTES>()?;
        *first = ephemeral.public();
        self.chain.hash(first, b"");
        let _: A = self.chain.key(ephemeral, &self.host_ephemeral);
        let aead: A = self.chain.key(ephemeral, &self.host);
        *tag = self.chain.seal(&aead, &mut []);
        Some(self.chain.channel(false))
    }
}

/// Two keys, one for each way, and how far each has come.
pub struct Channel {
    send: SegmentKey,
    receive: SegmentKey,
    /// The number of the next message sent.
    sent: u32,
    /// The least number that is taken next.
    expected: u32,
}

impl Channel {
    /// Seals the text that `message` has between its first 4 and last 16 bytes: its number comes in front, its tag behind.
    /// `None` without room for these, or after 2^32 messages: open anew.
    #[inline(never)]
    pub fn seal<A: Aead>(&mut self, message: &mut [u8]) -> Option<()> {
        let (number, rest) = message.split_first_chunk_mut::<4>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        let next = self.sent.checked_add(1)?;
        *number = self.sent.to_le_bytes();
        *tag = A::new(&self.send).seal_with(&nonce(self.sent), b"", text);
        self.sent = next;
        Some(())
    }

    /// Opens a message in its place. One that does not open changes nothing.
    #[inline(never)]
    pub fn open<'t, A: Aead>(&mut self, message: &'t mut [u8]) -> Result<&'t mut [u8], BadSeal> {
        let (number, rest) = message.split_first_chunk_mut::<4>().ok_or(BadSeal)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(BadSeal)?;
        let number = u32::from_le_bytes(*number);
        let next = number.checked_add(1).filter(|_| number >= self.expected).ok_or(BadSeal)?;
        A::new(&self.receive).open_with(&nonce(number), b"", text, tag)?;
        self.expected = next;
        Ok(text)
    }
}

/// Noise's nonce: 4 zero bytes, then the number, big-endian.
fn nonce(number: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&number.to_be_bytes());
    nonce
}

#[cfg(all(test, feature = "soft"))]
mod tests;
