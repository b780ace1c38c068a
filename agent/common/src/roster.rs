//! The roster: who may sign in at a device, signed by headquarters' roster role and checked like a list's manifest.
//!
//! Invariants of an accepted roster: signed by the root's roster role; its number at or above the floor, and the same
//! number only with the same bytes; not expired when it came; every field within the bounds here, so that no roster can
//! make a scanner spend more memory or time on a PIN than [`PinCost::is_bearable`] allows.
//!
//! Bytes: FORMAT.md, "roster". The envelope holds 64 KiB, which is about 500 officers.
//!
//! Failure: [`TrustError`]; the roster before goes on serving.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;
use vedette_shim::ids::Digest;
use vedette_shim::trust::{Envelope, Role as RootRole, Root, SignedKind, TrustError, Verify, decode_body};

/// Most officers of a roster.
pub const OFFICERS_MAX: usize = 500;
/// Longest badge, bytes.
pub const BADGE_BYTES_MAX: usize = 32;
/// Longest name as shown, bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest language tag, bytes.
const LANGUAGE_BYTES_MAX: usize = 8;
/// Most memory that hashing one PIN may take, KiB.
const PIN_MEMORY_KIB_MAX: u32 = 64 * 1024;
/// Most passes over it.
const PIN_PASSES_MAX: u32 = 10;

/// What an officer signs in with besides the PIN: what the badge's barcode or stripe says. 1 to [`BADGE_BYTES_MAX`]
/// bytes of `A-Z a-z 0-9 - _ .`, so it can go into a log line or a journal as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Badge(String);

/// Not a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a badge: 1 to 32 bytes of A-Z, a-z, 0-9, '-', '_' or '.'")]
pub struct BadBadge;

impl Badge {
    /// The badge as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Badge {
    type Err = BadBadge;
    fn from_str(text: &str) -> Result<Badge, BadBadge> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let fits = (1..=BADGE_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Badge(text.into())).ok_or(BadBadge)
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Badge {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Badge, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What an officer may do; each may what those before it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Checks travellers.
    #[default]
    Officer,
    /// Also sees what owners restrict to supervisors.
    Supervisor,
    /// Also looks after the device: signs in when the roster's grace is over.
    Administrator,
}

impl FromStr for Role {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Role, &'static str> {
        match text {
            "officer" => Ok(Role::Officer),
            "supervisor" => Ok(Role::Supervisor),
            "administrator" => Ok(Role::Administrator),
            _ => Err("officer, supervisor or administrator"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Officer => "officer",
            Role::Supervisor => "supervisor",
            Role::Administrator => "administrator",
        })
    }
}

/// What hashing a PIN costs (argon2id). It travels with each hash, so it can be raised for new PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PinCost {
    /// 19 MiB and two passes: OWASP's least, and what a handheld with 512 MiB does in well under a second.
    fn default() -> Self {
        PinCost { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl PinCost {
    /// Whether a small device can pay it, and whether it is a cost at all.
    pub fn is_bearable(&self) -> bool {
        (1024..=PIN_MEMORY_KIB_MAX).contains(&self.memory_kib)
            && (1..=PIN_PASSES_MAX).contains(&self.passes)
            && (1..=4).contains(&self.lanes)
    }
}

/// A PIN as the roster keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinHash {
    /// What it cost.
    pub cost: PinCost,
    /// Random, a new one with each PIN.
    pub salt: [u8; 16],
    /// argon2id of the PIN.
    pub hash: [u8; 32],
}

/// One officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    /// The badge.
    pub badge: Badge,
    /// The name as shown.
    pub name: String,
    /// What the officer may do.
    pub role: Role,
    /// Whether the officer may see discreet alerts.
    pub discreet: bool,
    /// The language the console starts in (`fr`); empty for the device's.
    pub language: String,
    /// The PIN; none for a badge that was revoked.
    pub pin: Option<PinHash>,
}

/// A signed roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// 1, 2, 3 ...; never back.
    pub number: u64,
    /// Seconds since 1970.
    pub issued: u64,
    /// Seconds since 1970; after it the roster serves for `officers.roster_grace_s` more.
    pub expires: u64,
    /// Everybody, revoked badges included.
    pub officers: Vec<Officer>,
}

/// The newest roster accepted: no older one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterFloor {
    /// Its number.
    pub number: u64,
    /// Its identity: SHA-256 of its body.
    pub digest: Digest,
}

impl Roster {
    /// Reads and checks a roster that came; with it, the floor that it sets.
    pub fn accept(
        bytes: &[u8],
        root: &Root,
        floor: Option<RosterFloor>,
        now: u64,
        verify: &impl Verify,
    ) -> Result<(Roster, RosterFloor), TrustError> {
        let kind = SignedKind::Roster;
        root.check_current(now)?;
        let (roster, new) = Self::verified(bytes, &root.roster, verify)?;
        if let Some(floor) = floor {
            if roster.number < floor.number {
                return Err(TrustError::Rollback { kind, offered: roster.number, floor: floor.number });
            }
            if roster.number == floor.number && new.digest != floor.digest {
                return Err(TrustError::Forked { kind, version: roster.number });
            }
        }
        if now >= roster.expires {
            return Err(TrustError::Expired { kind, at: roster.expires });
        }
        Ok((roster, new))
    }

    /// Reads a roster that was accepted before: signature and rules again, but neither floor nor expiry.
    pub fn verified(
        bytes: &[u8],
        role: &RootRole,
        verify: &impl Verify,
    ) -> Result<(Roster, RosterFloor), TrustError> {
        let kind = SignedKind::Roster;
        let envelope = Envelope::read(bytes, kind)?;
        envelope.check(role, verify)?;
        let roster: Roster = decode_body(kind, envelope.body)?;
        roster.check_rules().map_err(|rule| TrustError::Rule(kind, rule))?;
        let floor = RosterFloor { number: roster.number, digest: envelope.identity() };
        Ok((roster, floor))
    }

    /// Every bound of this module; the first rule that is broken.
    pub fn check_rules(&self) -> Result<(), &'static str> {
        if self.number == 0 || self.issued >= self.expires {
            return Err("its number starts at 1, and it must expire after it was issued");
        }
        if self.officers.len() > OFFICERS_MAX {
            return Err("it may have 500 officers at most");
        }
        for (at, officer) in self.officers.iter().enumerate() {
            if self.officers[..at].iter().any(|other| other.badge == officer.badge) {
                return Err("each badge may occur once");
            }
            let name = 1..=NAME_BYTES_MAX;
            if !name.contains(&officer.name.len()) || officer.name.chars().any(char::is_control) {
                return Err("a name has 1 to 64 bytes and no control characters");
            }
            let in_tag = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            if officer.language.len() > LANGUAGE_BYTES_MAX || !officer.language.bytes().all(in_tag) {
                return Err("a language is a tag of at most 8 bytes, such as fr");
            }
            if officer.pin.as_ref().is_some_and(|pin| !pin.cost.is_bearable()) {
                return Err("hashing a PIN takes 1 to 64 MiB, 1 to 10 passes and 1 to 4 lanes");
            }
        }
        Ok(())
    }

    /// The officer with this badge, if it was not revoked, and the PIN's hash.
    pub fn officer(&self, badge: &Badge) -> Option<(&Officer, &PinHash)> {
        let officer = self.officers.iter().find(|officer| officer.badge == *badge)?;
        officer.pin.as_ref().map(|pin| (officer, pin))
    }
}

#[cfg(any(test, feature = "testing"))]
pub mod testing {
    //! Rosters for tests.
    use super::*;
    use crate::crypto::SigningKey;

    /// An officer whose PIN hash is not one: for tests that check no PIN.
    pub fn officer(badge: &str, role: Role) -> Officer {
        Officer {
            badge: badge.parse().unwrap(),
            name: format!("Officer {badge}"),
            role,
            discreet: false,
            language: String::new(),
            pin: Some(PinHash { cost: PinCost::default(), salt: [1; 16], hash: [2; 32] }),
        }
    }

    /// A roster from 100 to 200.
    pub fn roster(number: u64, officers: Vec<Officer>) -> Roster {
        Roster { number, issued: 100, expires: 200, officers }
    }

    /// A root in which one key has every role.
    pub fn root(key: &SigningKey) -> Root {
        let role = RootRole { threshold: 1, keys: [key.public()].into_iter().collect() };
        Root {
            version: 1,
            issued: 0,
            expires: 1_000,
            root: role.clone(),
            heartbeat: role.clone(),
            roster: role.clone(),
            collector: role.clone(),
            orders: role,
            issuers: Default::default(),
        }
    }

    /// What enrolment leaves in a device's folder, but no grant and no link: a program of it runs, and has no list.
    pub fn write_enrolment(folder: &std::path::Path) -> std::io::Result<()> {
        use crate::crypto::{random, random_secret, sign_statement};
        use vedette_shim::ids::Hex;
        let key = SigningKey::from_seed(&random_secret());
        let anchor = sign_statement(SignedKind::Root, &root(&key), &[&key]);
        std::fs::write(folder.join("root.anchor"), anchor)?;
        std::fs::write(folder.join("box.key"), Hex(&random::<32>()).to_string())?;
        std::fs::create_dir(folder.join("grants"))?;
        let config = r#"
            [device]
            id = "post-7"
            [trust]
            root = "root.anchor"
            box_key = "box.key"
            grants = "grants"
            [link]
            enabled = false
            host = "mqtt.example"
            ca = "ca.pem"
            certificate = "device.pem"
            key = "device.key"
        "#;
        std::fs::write(folder.join("agent.toml"), config)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{officer, root, roster};
    use super::*;
    use crate::crypto::{RingVerify, SigningKey, random_secret, sign_statement};
    use proptest::prelude::*;

    #[test]
    fn only_a_newer_roster_of_the_role_is_accepted_and_none_that_expired() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&random_secret()));
        let root = root(&key);
        let signed = |roster: &Roster, key| sign_statement(SignedKind::Roster, roster, &[key]);
        let two = roster(2, vec![officer("a-1", Role::Officer)]);
        let bytes = signed(&two, &key);
        let (_, floor) = Roster::verified(&bytes, &root.roster, &RingVerify).unwrap();
        let floor = Some(floor);
        let accept = |bytes: &[u8], floor, now| {
            Roster::accept(bytes, &root, floor, now, &RingVerify).map(|(roster, _)| roster)
        };
        assert_eq!(accept(&bytes, None, 150), Ok(two.clone()));
        assert_eq!(accept(&bytes, floor, 150), Ok(two.clone()));
        assert!(matches!(accept(&signed(&two, &other), None, 150), Err(TrustError::Signatures { .. })));
        let one = signed(&roster(1, vec![]), &key);
        assert!(matches!(accept(&one, floor, 150), Err(TrustError::Rollback { .. })));
        let fork = signed(&roster(2, vec![]), &key);
        assert!(matches!(accept(&fork, floor, 150), Err(TrustError::Forked { .. })));
        assert!(matches!(accept(&bytes, None, 200), Err(TrustError::Expired { .. })));
        assert_eq!(Roster::verified(&bytes, &root.roster, &RingVerify).unwrap().0, two, "it goes on serving");
    }

    #[test]
    fn a_roster_out_of_bounds_is_refused_though_it_is_signed() {
        let dear = |change: fn(&mut Officer)| {
            let mut officer = officer("a-1", Role::Officer);
            change(&mut officer);
            roster(1, vec![officer]).check_rules()
        };
        assert_eq!(dear(|_| {}), Ok(()));
        assert!(dear(|o| o.name = "x".repeat(65)).is_err());
        assert!(dear(|o| o.name = "a\u{7}b".into()).is_err());
        assert!(dear(|o| o.language = "en;q=1".into()).is_err());
        assert!(dear(|o| o.pin.as_mut().unwrap().cost.memory_kib = 1 << 30).is_err());
        let twice = vec![officer("a-1", Role::Officer), officer("a-1", Role::Supervisor)];
        assert!(roster(1, twice).check_rules().is_err());
        assert!("a b".parse::<Badge>().is_err() && "".parse::<Badge>().is_err());
    }

    #[test]
    fn a_full_roster_fits_its_envelope() {
        let officers = (0..OFFICERS_MAX).map(|n| officer(&format!("badge-{n:05}"), Role::Officer)).collect();
        let bytes =
            sign_statement(SignedKind::Roster, &roster(1, officers), &[&SigningKey::from_seed(&[1; 32])]);
        assert!(bytes.len() <= vedette_shim::trust::METADATA_BYTES_MAX, "{} bytes", bytes.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode_body::<Roster>(SignedKind::Roster, &bytes).map(|roster| roster.check_rules());
        }
    }
}
