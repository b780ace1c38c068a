//! Which CAs vouch for who may connect: what broker and devices believe of each other's certificates.
//!
//! The root's role signs it: whoever has a CA's key must not name the next. While a CA is replaced there are two.
//!
//! Bytes (postcard): see FORMAT.md, "authorities".

use super::{Envelope, Root, SignedKind, TrustError, Verify, decode_body};
use serde::{Deserialize, Serialize};

/// The CAs that count from now on, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorities<'a> {
    /// Rises with every change.
    pub number: u64,
    /// Their certificates, PEM; the last is the one that certificates are made by.
    pub certificates: &'a str,
}

impl<'a> Authorities<'a> {
    /// Reads and checks a statement. Its number is the reader's to compare. It needs no current root: what it repairs may be the way to
    /// the next one.
    pub fn accept(bytes: &'a [u8], root: &Root, verify: &impl Verify) -> Result<Self, TrustError> {
        let kind = SignedKind::Authorities;
        decode_body(kind, Envelope::checked_body(bytes, kind, &root.root, verify)?)
    }

    /// Reads one that was accepted before, from our own store.
    pub fn accepted(bytes: &'a [u8]) -> Result<Self, TrustError> {
        let kind = SignedKind::Authorities;
        decode_body(kind, Envelope::read(bytes, kind)?.body)
    }

    /// The certificate, PEM, of the CA that certificates are made by.
    pub fn newest(&self) -> &'a str {
        self.certificates.rfind("-----BEGIN").map_or(self.certificates, |at| &self.certificates[at..])
    }
}
