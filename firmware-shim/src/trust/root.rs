//! The root: who holds every role, with which keys and thresholds.
//!
//! Root N+1 counts only when the thresholds of N *and* of N+1 signed it. An expired root still leads to its
//! successor (a device that slept must be able to wake up), but nothing else is believed on it.
//!
//! Bytes (postcard): see FORMAT.md, "Root".

use super::{Envelope, LISTS_MAX, Role, SignedKind, TrustError, Verify, decode_body};
use crate::ids::ListName;
use crate::list::Kind;
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// A list, its issuer and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The list delegated.
    pub list: ListName,
    /// Documents or persons.
    pub kind: Kind,
    /// Who signs its manifests and grants.
    pub role: Role,
    /// X25519 public key of the list's owner: encounters are sealed to it.
    pub owner_key: [u8; 32],
    /// The owner's name as the officer sees it.
    pub owner: String<64>,
}

/// Who may say what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// 1, 2, 3 ...
    pub version: u32,
    /// Seconds since 1970.
    pub issued: u64,
    /// Seconds since 1970.
    pub expires: u64,
    /// Who signs the next root (and this one).
    pub root: Role,
    /// Who signs heartbeats.
    pub heartbeat: Role,
    /// Who signs rosters.
    pub roster: Role,
    /// Who signs receipts.
    pub collector: Role,
    /// Who signs orders.
    pub orders: Role,
    /// The lists.
    pub issuers: Vec<Issuer, LISTS_MAX>,
}

impl Root {
    /// Reads the trust anchor a device is enrolled with: it must carry its own threshold, nothing more.
    pub fn pinned(bytes: &[u8], verify: &impl Verify) -> Result<Root, TrustError> {
        let envelope = Envelope::read(bytes, SignedKind::Root)?;
        let root: Root = decode_body(SignedKind::Root, envelope.body)?;
        root.check_rules()?;
        envelope.valid(&root.root, verify)?;
        Ok(root)
    }

    /// Reads the root that follows `self`, signed by both thresholds.
    pub fn next(&self, bytes: &[u8], verify: &impl Verify) -> Result<Root, TrustError> {
        let envelope = Envelope::read(bytes, SignedKind::Root)?;
        envelope.valid(&self.root, verify)?;
        let next: Root = decode_body(SignedKind::Root, envelope.body)?;
        let (offered, held) = (next.version, self.version);
        if offered < held {
            return Err(TrustError::Rollback {
                kind: SignedKind::Root,
                offered: offered.into(),
                floor: held.into(),
            });
        }
        if Some(offered) != held.checked_add(1) {
            return Err(TrustError::NotNext { offered, held });
        }
        next.check_rules()?;
        envelope.check_each(&[&self.root, &next.root], verify)?;
        Ok(next)
    }

    /// An expired root is good for finding its successor only.
    pub fn check_current(&self, now: u64) -> Result<(), TrustError> {
        if now >= self.expires {
            return Err(TrustError::Expired { kind: SignedKind::Root, at: self.expires });
        }
        Ok(())
    }

    /// The issuer of a list.
    pub fn issuer(&self, list: &ListName) -> Result<&Issuer, TrustError> {
        self.issuers
            .iter()
            .find(|issuer| issuer.list == *list)
            .ok_or_else(|| TrustError::UnknownList(list.clone()))
    }

    /// True when `list` is issued by other keys than under `before`: then its floors start anew, so that an
    /// attacker who had the old key and raised the floor to the sky cannot block the list for ever.
    pub fn replaces_issuer(&self, before: &Root, list: &ListName) -> bool {
        match (self.issuer(list), before.issuer(list)) {
            (Ok(now), Ok(then)) => now.role != then.role,
            _ => false,
        }
    }

    fn check_rules(&self) -> Result<(), TrustError> {
        let rule = |rule| Err(TrustError::Rule(SignedKind::Root, rule));
        let roles = [&self.root, &self.heartbeat, &self.roster, &self.collector, &self.orders];
        let issuers = self.issuers.iter().map(|issuer| &issuer.role);
        if !roles.into_iter().chain(issuers).all(Role::is_sound) {
            return rule("each role needs distinct keys and a threshold of 1 to their number");
        }
        let twice =
            self.issuers.iter().enumerate().any(|(i, a)| self.issuers[..i].iter().any(|b| a.list == b.list));
        if twice {
            return rule("each list may have one issuer only");
        }
        if self.issued >= self.expires {
            return rule("it must expire after it was issued");
        }
        Ok(())
    }
}
