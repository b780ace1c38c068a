//! Why signed bytes are refused.
#![allow(missing_docs, reason = "a field or case that its name explains has none")]

use super::METADATA_BYTES_MAX;
use super::kind::SignedKind;
use crate::ids::ListName;
use core::fmt;

/// Why signed bytes were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustError {
    /// More than [`METADATA_BYTES_MAX`].
    Oversized {
        /// Bytes offered.
        bytes: usize,
    },
    /// Not the encoding FORMAT.md describes, or bytes left over.
    Malformed(SignedKind),
    /// A format version this reader does not know.
    Version(u8),
    /// A signed statement, but of another kind than the place it came in asks for.
    WrongKind {
        /// What the place asks for.
        wanted: SignedKind,
        /// What it was.
        found: SignedKind,
    },
    /// Fewer valid signatures by distinct keys of the role than its threshold.
    Signatures {
        /// What was signed.
        kind: SignedKind,
        /// Valid signatures found.
        found: u8,
        /// The role's threshold.
        needed: u8,
    },
    /// Enough signatures, and others that no role needs: a copy that somebody on the way has changed.
    Surplus(SignedKind),
    /// The root delegates no such list.
    UnknownList(ListName),
    /// Older than what was already believed.
    Rollback {
        /// What was offered.
        kind: SignedKind,
        /// Its version, edition or time.
        offered: u64,
        floor: u64,
    },
    /// The same version as the one believed, with other content.
    Forked {
        /// What was offered.
        kind: SignedKind,
        /// The version both claim.
        version: u64,
    },
    /// A root that is not the next one.
    NotNext {
        /// Version offered.
        offered: u32,
        /// Version held.
        held: u32,
    },
    /// Its own expiry has passed.
    Expired {
        /// What was offered.
        kind: SignedKind,
        /// When it expired, seconds since 1970.
        at: u64,
    },
    /// A manifest that is not the one the heartbeat names for that edition (mix and match).
    NotAsAnnounced {
        list: ListName,
        /// The edition both claim.
        edition: u64,
    },
    /// Addressed to another device.
    NotForUs(SignedKind),
    /// Signed well, but its content breaks a rule of the format.
    Rule(SignedKind, &'static str),
}

impl TrustError {
    /// The reason as one word that stays the same, for logs and whoever reads them by machine.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Oversized { .. } => "oversized",
            Self::Malformed(_) => "malformed",
            Self::Version(_) => "version",
            Self::WrongKind { .. } => "wrong_kind",
            Self::Signatures { .. } => "signatures",
            Self::Surplus(_) => "surplus_signatures",
            Self::UnknownList(_) => "unknown_list",
            Self::Rollback { .. } => "rollback",
            Self::Forked { .. } => "forked",
            Self::NotNext { .. } => "not_next",
            Self::Expired { .. } => "expired",
            Self::NotAsAnnounced { .. } => "not_as_announced",
            Self::NotForUs(_) => "not_for_us",
            Self::Rule(..) => "rule",
        }
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oversized { bytes } => {
                write!(f, "signed metadata of {bytes} bytes is over the limit of {METADATA_BYTES_MAX}")
            }
            Self::Malformed(kind) => write!(f, "the {kind} cannot be read: truncated or damaged"),
            Self::Version(v) => {
                write!(f, "signed metadata of format version {v}; this program reads version 2")
            }
            Self::WrongKind { wanted, found } => write!(f, "a {found} where a {wanted} belongs"),
            Self::Signatures { kind, found, needed } => {
                write!(f, "the {kind} has {found} valid signature(s) of its role, needs {needed}")
            }
            Self::Surplus(kind) => {
                write!(f, "the {kind} has signatures beyond those of its role that are needed")
            }
            Self::UnknownList(list) => write!(f, "the root names no list {list}"),
            Self::Rollback { kind, offered, floor } => {
                write!(f, "rollback: the {kind} is at {offered}, we already hold {floor}")
            }
            Self::Forked { kind, version } => {
                write!(f, "two different {kind}s claim to be number {version}")
            }
            Self::NotNext { offered, held } => {
                write!(f, "root {offered} does not follow root {held}; each root in between is needed")
            }
            Self::Expired { kind, at } => write!(f, "the {kind} expired at {at} (seconds since 1970)"),
            Self::NotAsAnnounced { list, edition } => {
                write!(f, "the manifest of {list} edition {edition} is not the one the heartbeat names")
            }
            Self::NotForUs(kind) => write!(f, "the {kind} is addressed to another device"),
            Self::Rule(kind, rule) => write!(f, "the {kind} breaks a rule: {rule}"),
        }
    }
}

impl core::error::Error for TrustError {}
