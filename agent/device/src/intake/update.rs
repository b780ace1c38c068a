//! What arrives signed, and what becomes of it.

use std::fmt;
use vedette_shim::ids::{DeviceId, ListName};

/// Signed bytes, and the place they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Update {
    /// The root of this version.
    Root(u32, Vec<u8>),
    Heartbeat(Vec<u8>),
    Manifest(ListName, Vec<u8>),
    /// The keys of this list.
    Grant(ListName, Vec<u8>),
    Order(Vec<u8>),
    Roster(Vec<u8>),
    /// The enrolment of this scanner.
    Scanner(DeviceId, Vec<u8>),
}

/// What became of an update that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It was verified, stored, and is in effect.
    Applied,
    /// It is in effect already, or something newer is.
    Duplicate,
    /// A root that waits for the ones before it.
    Waiting,
}

impl Update {
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Update::Root(_, bytes)
            | Update::Manifest(_, bytes)
            | Update::Grant(_, bytes)
            | Update::Scanner(_, bytes)
            | Update::Heartbeat(bytes)
            | Update::Order(bytes)
            | Update::Roster(bytes) => bytes,
        }
    }

    /// Whether both came in at the same place, of which the newer one counts.
    pub(crate) fn same_topic(&self, other: &Update) -> bool {
        match (self, other) {
            (Update::Root(one, _), Update::Root(other, _)) => one == other,
            (Update::Manifest(one, _), Update::Manifest(other, _))
            | (Update::Grant(one, _), Update::Grant(other, _)) => one == other,
            (Update::Scanner(one, _), Update::Scanner(other, _)) => one == other,
            (Update::Heartbeat(_), Update::Heartbeat(_))
            | (Update::Order(_), Update::Order(_))
            | (Update::Roster(_), Update::Roster(_)) => true,
            _ => false,
        }
    }
}

/// The place it came in.
impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Update::Root(version, _) => write!(f, "root {version}"),
            Update::Heartbeat(_) => f.write_str("heartbeat"),
            Update::Manifest(list, _) => write!(f, "manifest of {list}"),
            Update::Grant(list, _) => write!(f, "grant of {list}"),
            Update::Order(_) => f.write_str("order"),
            Update::Roster(_) => f.write_str("roster"),
            Update::Scanner(scanner, _) => write!(f, "enrolment of scanner {scanner}"),
        }
    }
}
