//! The heartbeat: short-lived word of the newest edition of each list (TUF's timestamp role), and what it says
//! about how old our edition is.
//!
//! Invariants of an accepted heartbeat: signed by its role, not older than the last accepted, not expired.
//! Its time is a floor for the clock: a device whose clock is behind moves it up to `issued`.
//!
//! It names the newest of everything that is signed, so whatever is withheld from a device shows while heartbeats come, and
//! whatever is rightly signed twice under one number shows as a fork.

use super::envelope::is_shortest;
use super::{Envelope, KeyId, LISTS_MAX, Manifest, Role, Root, SignedKind, TrustError, Verify, decode_body};
use crate::ids::{Digest, ListName};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Most devices that a heartbeat names.
pub const DEVICES_MAX: usize = 256;

/// The newest edition of one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListState {
    /// The list.
    pub list: ListName,
    /// Its newest edition.
    pub edition: u64,
    /// That manifest's identity.
    #[serde(deserialize_with = "crate::wire::array")]
    pub manifest: Digest,
}

/// The newest roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestRoster {
    /// Its number.
    pub number: u64,
    /// Its identity.
    #[serde(deserialize_with = "crate::wire::array")]
    pub roster: Digest,
}

/// What waits for one device: an order that it has not reported as carried out, answers of the last week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// The device's enrolment.
    #[serde(deserialize_with = "crate::wire::array")]
    pub enrolment: KeyId,
    /// The number of the newest order, 0 for none.
    pub order: u64,
    /// The time of the newest answer, seconds since 1970, 0 for none.
    pub answer: u64,
}

/// The newest of everything at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Seconds since 1970.
    pub issued: u64,
    /// Seconds since 1970.
    pub expires: u64,
    /// The newest root.
    pub root_version: u32,
    /// Its identity.
    #[serde(deserialize_with = "crate::wire::array")]
    pub root: Digest,
    /// The newest roster, if there is one.
    pub roster: Option<NewestRoster>,
    /// Every list.
    pub lists: Vec<ListState, LISTS_MAX>,
    /// Devices for which something waits; if there are more, those for which it is newest.
    pub devices: Vec<DeviceState, DEVICES_MAX>,
}

impl Heartbeat {
    /// Reads and checks a heartbeat. `floor` is `issued` of the last one accepted, 0 before the first.
    pub fn accept(
        bytes: &[u8],
        root: &Root,
        floor: u64,
        now: u64,
        verify: &impl Verify,
    ) -> Result<Heartbeat, TrustError> {
        let kind = SignedKind::Heartbeat;
        let envelope = Envelope::read(bytes, kind)?;
        envelope.check(&root.heartbeat, verify)?;
        let heartbeat: Heartbeat = decode_body(kind, envelope.body)?;
        // The root must be current at the heartbeat's time at least: a frozen clock must not keep an old root alive.
        root.check_current(now.max(heartbeat.issued))?;
        if heartbeat.issued >= heartbeat.expires {
            return Err(TrustError::Rule(kind, "it must expire after it was issued"));
        }
        if heartbeat.issued < floor {
            return Err(TrustError::Rollback { kind, offered: heartbeat.issued, floor });
        }
        if now >= heartbeat.expires {
            return Err(TrustError::Expired { kind, at: heartbeat.expires });
        }
        Ok(heartbeat)
    }

    /// Reads a heartbeat as a scanner does: the pinned role and the floor. Expiry is its host's to check: the scanner has
    /// no clock but this one. Shows `visit` every list of it, one at a time, for all of them take 3 KiB; returns when it
    /// was issued.
    pub fn accept_pinned(
        bytes: &[u8],
        role: &Role,
        floor: u64,
        verify: &impl Verify,
        mut visit: impl FnMut(&ListState),
    ) -> Result<u64, TrustError> {
        let kind = SignedKind::Heartbeat;
        let body = Envelope::checked_body(bytes, kind, role, verify)?;
        // A scanner goes by lists alone; what it does not use must be read all the same, to know that it is there.
        type Head = (u64, u64, u32, RootDigest, Option<NewestRoster>);
        let mut whole = Parts { kind, rest: body };
        let (issued, ..): Head = whole.next()?;
        if issued < floor {
            return Err(TrustError::Rollback { kind, offered: issued, floor });
        }
        let mut lists = whole;
        // Twice: nothing is shown of a heartbeat that cannot be read to its end.
        whole.all::<ListState>(LISTS_MAX, |_| {})?;
        whole.all::<DeviceState>(DEVICES_MAX, |_| {})?;
        if !whole.rest.is_empty() {
            return Err(TrustError::Malformed(kind));
        }
        lists.all(LISTS_MAX, |state| visit(&state))?;
        Ok(issued)
    }

    /// Whether `other`, which was signed in the same second, is the newer: it names a newer root, or under the same root a
    /// newer edition, roster or order. A heartbeat has no number but its time, so what is published within a second after
    /// one would else be forgotten again if the two come the other way round.
    pub fn is_overtaken_by(&self, other: &Heartbeat) -> bool {
        if self.issued != other.issued || self.root_version != other.root_version {
            return self.issued == other.issued && self.root_version < other.root_version;
        }
        let number = |heartbeat: &Heartbeat| heartbeat.roster.as_ref().map_or(0, |roster| roster.number);
        let edition = |list: &ListName| self.list(list).map_or(0, |state| state.edition);
        let order = |enrolment: &KeyId| self.device(enrolment).map_or(0, |device| device.order);
        number(self) < number(other)
            || other.lists.iter().any(|state| edition(&state.list) < state.edition)
            || other.devices.iter().any(|device| order(&device.enrolment) < device.order)
    }

    /// What it says of a list.
    pub fn list(&self, list: &ListName) -> Option<&ListState> {
        self.lists.iter().find(|state| state.list == *list)
    }

    /// What it says of a device's enrolment.
    pub fn device(&self, enrolment: &KeyId) -> Option<&DeviceState> {
        self.devices.iter().find(|state| state.enrolment == *enrolment)
    }

    /// A manifest offered beside this heartbeat must be the one it names, or a newer edition (published since).
    pub fn check_manifest(&self, manifest: &Manifest, identity: &Digest) -> Result<(), TrustError> {
        match self.list(&manifest.list) {
            Some(state) if state.edition == manifest.edition && state.manifest != *identity => {
                Err(TrustError::NotAsAnnounced { list: manifest.list.clone(), edition: manifest.edition })
            }
            _ => Ok(()),
        }
    }
}

/// A body that is read part by part.
#[derive(Clone, Copy)]
struct Parts<'a> {
    kind: SignedKind,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn next<T: Deserialize<'a> + Serialize>(&mut self) -> Result<T, TrustError> {
        let bad = |_| TrustError::Malformed(self.kind);
        let (value, rest) = postcard::take_from_bytes::<T>(self.rest).map_err(bad)?;
        let (read, _) = self.rest.split_at(self.rest.len() - rest.len());
        self.rest = rest;
        match is_shortest(&value, read) {
            true => Ok(value),
            false => Err(TrustError::Malformed(self.kind)),
        }
    }

    /// A sequence of at most `max`.
    fn all<T: Deserialize<'a> + Serialize>(
        &mut self,
        max: usize,
        mut each: impl FnMut(T),
    ) -> Result<(), TrustError> {
        let count: u32 = self.next()?;
        if count as usize > max {
            return Err(TrustError::Malformed(self.kind));
        }
        (0..count).try_for_each(|_| self.next().map(&mut each))
    }
}

#[derive(Serialize, Deserialize)]
struct RootDigest(#[serde(deserialize_with = "crate::wire::array")] Digest);

/// How far a list may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Confirmed lately, and nothing newer is known.
    Fresh,
    /// Past half its lease, or a newer edition is known to exist: usable, and said so.
    Stale,
    /// Past its lease: not usable; its answer is NotChecked.
    Expired,
}

/// Age in seconds and freshness of an edition last confirmed (issued, or named newest by a heartbeat) at
/// `confirmed_at`. A time in the future counts as age 0.
pub fn freshness(confirmed_at: u64, lease_s: u32, newer_is_known: bool, now: u64) -> (u64, Freshness) {
    let age = now.saturating_sub(confirmed_at);
    let lease = u64::from(lease_s);
    let freshness = if age >= lease {
        Freshness::Expired
    } else if newer_is_known || age >= lease / 2 {
        Freshness::Stale
    } else {
        Freshness::Fresh
    };
    (age, freshness)
}
