//! While the CA is replaced: which devices use a certificate by the next one, and what the others wait for.
//!
//! Invariant: only what a device has signed counts (`devices.certificate`, see [`super::statuses`]), not what it was given: an answer may be
//! lost, and a broker may refuse what it was not told of.

use super::connection::Session;
use super::error::DbError;
use super::values::parse;
use std::fmt::{Display, Formatter};
use vedette_shim::ids::{DeviceId, Digest};

/// A device that has not gone over to the CA that takes the place of the present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOver {
    pub device: DeviceId,
    /// What it waits for.
    pub wait: Wait,
}

/// What a device waits for that has not gone over to the next CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// To be connected: it has not said yet which certificate it uses.
    Connection,
    /// To ask for a certificate by the next CA.
    Certificate,
    /// To be let in with it: the answer may have been lost, or the broker does not believe the next CA.
    Use,
}

impl Display for NotOver {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let wait = match self.wait {
            Wait::Connection => "has not connected since it was enrolled",
            Wait::Certificate => "has no certificate by the new CA",
            Wait::Use => "was given a certificate by the new CA and uses the old one",
        };
        write!(f, "{} ({wait})", self.device)
    }
}

/// Enrolled devices that have not said, signed, that they use a certificate by the CA `next`; by name.
pub(crate) fn not_over_to(db: &Session, next: &Digest) -> Result<Vec<NotOver>, DbError> {
    let mut query = db.prepare(
        "SELECT id, certificate IS NOT NULL, newest.ca IS ?1
         FROM devices JOIN enrolments newest ON newest.device = id AND newest.revoked_at IS NULL
         WHERE NOT (newest.serial IS certificate AND newest.ca IS ?1) AND NOT EXISTS
           (SELECT 1 FROM superseded WHERE device = id AND serial = certificate AND ca = ?1 AND superseded.revoked_at IS NULL)
         ORDER BY id",
    )?;
    let rows = query.query_map([next], |row| {
        let wait = match (row.get(1)?, row.get(2)?) {
            (false, _) => Wait::Connection,
            (true, false) => Wait::Certificate,
            (true, true) => Wait::Use,
        };
        Ok((row.get::<_, String>(0)?, wait))
    })?;
    rows.map(|row| {
        let (device, wait) = row?;
        Ok(NotOver { device: parse(&device)?, wait })
    })
    .collect()
}
