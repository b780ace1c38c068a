//! The manifest: which segments make an edition of a list.
//!
//! Invariants of an accepted manifest: signed by the list's issuer; edition at or above the floor; not expired;
//! at most 8 segments; if it has the floor's edition, it is the same manifest.
//!
//! `delta` and `merged` let a device that holds edition N-1 make edition N by itself: it takes the delta, merges
//! it with the last `merged` segments of edition N-1, and the result has the digest of the last segment here
//! (the merge is deterministic). With `merged` = 0 the delta itself is the last segment.
//!
//! Bytes (postcard): see FORMAT.md, "Manifest".
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use super::{Envelope, Role, Root, SEGMENTS_MAX, SignedKind, TrustError, Verify, decode_body, digest};
use crate::ids::{Digest, ListName};
use crate::list::Kind;
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Longest handling code with its scale, bytes: two words of 16 and a slash.
pub const HANDLING_BYTES_MAX: usize = 33;

/// One segment of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRef {
    /// SHA-256 of the sealed file.
    #[serde(deserialize_with = "crate::wire::array")]
    pub digest: Digest,
    /// Size of the sealed file, bytes; a download stops there.
    pub bytes: u64,
    /// Alerts put.
    pub entries: u64,
    /// Alerts withdrawn.
    pub withdrawals: u64,
    /// Number of the list key that seals it.
    pub key: u32,
}

/// A signed edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub list: ListName,
    /// Documents or persons.
    pub kind: Kind,
    /// 1, 2, 3 ...
    pub edition: u64,
    /// Seconds since 1970.
    pub issued: u64,
    /// A manifest is not accepted anew after this, seconds since 1970.
    pub expires: u64,
    /// How long after its last confirmation the edition may be used, seconds.
    pub lease_s: u32,
    /// Persons: score from which a match is Possible, thousandths.
    pub possible_from: u16,
    /// Persons: score from which a match is a Hit, thousandths.
    pub hit_from: u16,
    /// An alert met must be confirmed by the list's owner within so many seconds; 0 if it needs no confirmation.
    pub confirm_s: u32,
    /// How far what its alerts say may go, for those without a code of their own: `scale/code`, such as `europol/H2`; empty
    /// for no more than the law says anyway.
    pub handling: String<HANDLING_BYTES_MAX>,
    /// Oldest (base) first.
    pub segments: Vec<SegmentRef, SEGMENTS_MAX>,
    /// This edition's changes to the one before, if that is how it was made.
    pub delta: Option<SegmentRef>,
    /// How many of the last segments of the edition before were merged with the delta.
    pub merged: u8,
}

/// The issuer of one list, pinned in a scanner, which holds no root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedIssuer {
    pub list: ListName,
    /// Documents or persons.
    pub kind: Kind,
    /// Who signs its manifests.
    pub role: Role,
}

/// A manifest's bytes, signed by the pinned issuer; nothing else of it is checked yet.
#[derive(Debug, Clone, Copy)]
pub struct SignedManifest<'a> {
    issuer: &'a PinnedIssuer,
    body: &'a [u8],
}

impl PinnedIssuer {
    /// Checks a manifest's signatures as a scanner does, which has neither root nor clock: expiry is its host's to check.
    /// A step of its own, so that the stack has never to hold both what signatures need and the manifest.
    pub fn check<'a>(
        &'a self,
        bytes: &'a [u8],
        verify: &impl Verify,
    ) -> Result<SignedManifest<'a>, TrustError> {
        let body = Envelope::checked_body(bytes, SignedKind::Manifest, &self.role, verify)?;
        Ok(SignedManifest { issuer: self, body })
    }
}

impl SignedManifest<'_> {
    /// Reads the manifest, by the rules and the floor, which is `None` before the first edition.
    pub fn accept(&self, floor: Option<Floor>) -> Result<Manifest, TrustError> {
        let manifest = Manifest::read(self.body, &self.issuer.list, self.issuer.kind)?;
        manifest.check_floor(self.identity(), floor)?;
        Ok(manifest)
    }

    /// The manifest's identity: SHA-256 of its body.
    pub fn identity(&self) -> Digest {
        digest(self.body)
    }
}

/// What a device already believed of a list: nothing older is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The highest edition accepted.
    pub edition: u64,
    /// That manifest's identity.
    pub manifest: Digest,
}

impl Manifest {
    /// Reads and checks a manifest of `list`, and tells its identity. `floor` is `None` before the first edition.
    pub fn accept(
        bytes: &[u8],
        list: &ListName,
        root: &Root,
        floor: Option<Floor>,
        now: u64,
        verify: &impl Verify,
    ) -> Result<(Manifest, Digest), TrustError> {
        let kind = SignedKind::Manifest;
        root.check_current(now)?;
        let (manifest, identity) = Self::verified(bytes, list, root, verify)?;
        manifest.check_floor(identity, floor)?;
        if now >= manifest.expires {
            return Err(TrustError::Expired { kind, at: manifest.expires });
        }
        Ok((manifest, identity))
    }

    /// Reads a manifest that was accepted before, from our own store: signatures and rules again, but neither floor nor
    /// expiry, for the last good edition goes on serving until its lease ends.
    pub fn verified(
        bytes: &[u8],
        list: &ListName,
        root: &Root,
        verify: &impl Verify,
    ) -> Result<(Manifest, Digest), TrustError> {
        let issuer = root.issuer(list)?;
        let body = Envelope::checked_body(bytes, SignedKind::Manifest, &issuer.role, verify)?;
        Ok((Self::read(body, list, issuer.kind)?, digest(body)))
    }

    /// Which list a manifest says it is of. Nothing in it is believed yet: this finds the issuer to check it against.
    pub fn claims_list(bytes: &[u8]) -> Result<ListName, TrustError> {
        let kind = SignedKind::Manifest;
        let envelope = Envelope::read(bytes, kind)?;
        let (list, _) = postcard::take_from_bytes(envelope.body).map_err(|_| TrustError::Malformed(kind))?;
        Ok(list)
    }

    /// Reads a body that the issuer of `list` has signed.
    #[inline(never)]
    fn read(body: &[u8], list: &ListName, list_kind: Kind) -> Result<Manifest, TrustError> {
        let kind = SignedKind::Manifest;
        let manifest: Manifest = decode_body(kind, body)?;
        if manifest.list != *list {
            return Err(TrustError::Rule(kind, "it is of another list than the place it came in"));
        }
        if manifest.kind != list_kind {
            return Err(TrustError::Rule(
                kind,
                "the root says otherwise whether it lists documents or persons",
            ));
        }
        manifest.check_rules()?;
        Ok(manifest)
    }

    fn check_floor(&self, identity: Digest, floor: Option<Floor>) -> Result<(), TrustError> {
        let (kind, offered) = (SignedKind::Manifest, self.edition);
        match floor {
            Some(floor) if offered < floor.edition => {
                Err(TrustError::Rollback { kind, offered, floor: floor.edition })
            }
            Some(floor) if offered == floor.edition && identity != floor.manifest => {
                Err(TrustError::Forked { kind, version: offered })
            }
            _ => Ok(()),
        }
    }

    /// Alerts live in the edition, at most (a withdrawal may have missed).
    pub fn entries(&self) -> u64 {
        self.segments.iter().map(|segment| segment.entries).sum()
    }

    fn check_rules(&self) -> Result<(), TrustError> {
        let rule = |rule| Err(TrustError::Rule(SignedKind::Manifest, rule));
        if self.edition == 0 || self.segments.is_empty() {
            return rule("an edition starts at 1 and has at least one segment");
        }
        if self.issued >= self.expires || self.lease_s == 0 {
            return rule("it must expire after it was issued, and have a lease");
        }
        let word =
            |text: &str| (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let coded = self.handling.split_once('/').is_some_and(|(scale, code)| word(scale) && word(code));
        if !self.handling.is_empty() && !coded {
            return rule("its handling code is no scale/code");
        }
        if self.possible_from > self.hit_from || self.hit_from > 1000 {
            return rule("the thresholds must be thousandths, possible not above hit");
        }
        let merges_too_many = usize::from(self.merged) > SEGMENTS_MAX;
        let delta_is_not_last =
            self.merged == 0 && self.delta.as_ref().is_some_and(|delta| self.segments.last() != Some(delta));
        if merges_too_many || delta_is_not_last || (self.merged > 0 && self.delta.is_none()) {
            return rule("its delta must be its last segment, or be merged into it");
        }
        Ok(())
    }
}
