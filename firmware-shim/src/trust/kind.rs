//! What a signed statement is.

use core::fmt;
use serde::{Deserialize, Serialize};

/// What a signed body is. Never reordered: the number is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedKind {
    /// Who may say what.
    Root,
    /// The segments that make an edition.
    Manifest,
    /// The newest editions at a time.
    Heartbeat,
    /// A list's key, sealed to one device.
    Grant,
    /// Headquarters' word that encounters are stored.
    Receipt,
    /// An order to one device.
    Order,
    /// The officers of a post.
    Roster,
    /// An owner's answer to one encounter.
    Answer,
    /// A scanner's key, its host and its lists.
    Enrolment,
    /// A sealed report, signed by its device. It is no envelope's kind.
    Encounter,
    /// What a device says of itself.
    Status,
    /// The CAs of the link.
    Authorities,
    /// The keys of one role, for scanners.
    Pin,
    /// A device's keys, for agencies that issue lists.
    Device,
    /// A list that its agency asks the root to name.
    List,
}

impl SignedKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Manifest => "manifest",
            Self::Heartbeat => "heartbeat",
            Self::Grant => "grant",
            Self::Receipt => "receipt",
            Self::Order => "order",
            Self::Roster => "roster",
            Self::Answer => "answer",
            Self::Enrolment => "enrolment",
            Self::Encounter => "encounter",
            Self::Status => "status",
            Self::Authorities => "authorities",
            Self::Pin => "pin",
            Self::Device => "device",
            Self::List => "list",
        }
    }
}

impl fmt::Display for SignedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
