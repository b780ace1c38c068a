//! A pin: the keys of one role, signed by the root, for scanners, which hold no root.
//!
//! A scanner is made with the roles that it needs and the root's. When headquarters replaces one of them it signs a pin of the
//! new one beside the next root, by the same keys; so a new key reaches a scanner by its host, and nobody needs to visit it. A
//! pin of the root's role is signed by the thresholds of the old and the new, as a root is. When the root's keys are replaced,
//! every role is pinned again.
//!
//! Invariants of an accepted pin: signed by the root's role that the scanner believes; its version is the root's, and above that
//! of the pin before of the same role: the caller keeps that floor.
//!
//! Bytes (postcard): see FORMAT.md, "Pin". Read by hand: a scanner has no other use for decoding roles, which would take three times
//! the code.

use super::{Envelope, KEYS_MAX, Role, SignedKind, TrustError, Verify};
use crate::ids::ListName;
use heapless::Vec;
use serde::Serialize;

/// Whose keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum PinnedRole {
    /// Who signs pins.
    Root,
    /// Who signs heartbeats.
    Heartbeat,
    /// Who signs scanners' enrolments.
    Orders,
    /// Who signs the manifests of a list.
    Issuer(ListName),
}

/// The keys of a role from a root on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// The version of the root that names them.
    pub version: u32,
    /// Whose they are.
    pub of: PinnedRole,
    /// The keys.
    pub role: Role,
}

impl Pin {
    /// Reads an envelope's body, in its one encoding; `None` for what is none. Nothing in it is believed yet.
    #[inline(never)]
    pub fn parse(body: &[u8]) -> Option<Pin> {
        let (version, rest) = number(body)?;
        let (of, rest) = rest.split_first()?;
        let (of, rest) = match of {
            0 => (PinnedRole::Root, rest),
            1 => (PinnedRole::Heartbeat, rest),
            2 => (PinnedRole::Orders, rest),
            3 => {
                let (len, rest) = rest.split_first()?;
                let (name, rest) = rest.split_at_checked(usize::from(*len))?;
                (PinnedRole::Issuer(ListName::checked(core::str::from_utf8(name).ok()?)?), rest)
            }
            _ => return None,
        };
        let ([threshold, count], rest) = rest.split_first_chunk()?;
        let (keys, []) = rest.as_chunks::<32>() else { return None };
        // Below 128: one byte each.
        const { assert!(KEYS_MAX < 128) };
        let keys = Vec::from_slice(keys).ok()?;
        let role = Role { threshold: *threshold, keys };
        (role.keys.len() == usize::from(*count)).then_some(Pin { version, of, role })
    }

    /// Reads an envelope; nothing in it is believed yet.
    pub fn read(bytes: &[u8]) -> Result<Pin, TrustError> {
        Ok(Self::in_envelope(bytes)?.0)
    }

    /// Reads an envelope and checks it against the root's role.
    pub fn accept(bytes: &[u8], root: &Role, verify: &impl Verify) -> Result<Pin, TrustError> {
        let (pin, envelope) = Self::in_envelope(bytes)?;
        pin.check(&envelope, root, verify)?;
        Ok(pin)
    }

    /// A pin that nobody has checked yet, and what to check it by.
    fn in_envelope(bytes: &[u8]) -> Result<(Pin, Envelope<'_>), TrustError> {
        let kind = SignedKind::Pin;
        let envelope = Envelope::read(bytes, kind)?;
        let pin = Self::parse(envelope.body).ok_or(TrustError::Malformed(kind))?;
        Ok((pin, envelope))
    }

    /// Checks that the envelope of which this was read is signed by the root's role.
    #[inline(never)]
    pub fn check(
        &self,
        envelope: &Envelope<'_>,
        root: &Role,
        verify: &impl Verify,
    ) -> Result<(), TrustError> {
        if !self.role.is_sound() {
            return Err(TrustError::Rule(
                SignedKind::Pin,
                "its keys must differ, and be as many as the threshold",
            ));
        }
        let both = [root, &self.role];
        let roles = if self.of == PinnedRole::Root { &both[..] } else { &both[..1] };
        envelope.check_each(roles, verify)
    }
}

/// A varint of 32 bits, as short as it can be, and what follows.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0_u32;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        let part = u32::from(byte & 0x7f);
        value |= part << (7 * place);
        if *byte < 0x80 {
            let canonical = (place == 0 || part > 0) && (place < 4 || part < 16);
            return canonical.then_some((value, &bytes[place + 1..]));
        }
    }
    None
}
