//! Intake of scanners' enrolments: checked, stored with their numbers as floors, then swapped in with the lists.
//!
//! The newest enrolment of a scanner counts, also when it names another device or revokes the scanner: then it gets nothing
//! here. A root that replaces the key of orders ends belief in all of them; headquarters signs them again in the same command.

use super::error::refused;
use super::{Intake, IntakeError, UpdateOutcome};
use crate::snapshot::{EnrolledScanner, EnrolledScanners};
use crate::store::scanners;
use std::sync::Arc;
use vedette_common::crypto::RingVerify;
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{ScannerEnrolment, SignedKind, TrustError};

/// Scanners that a device keeps enrolments of, at most: those at its ports, spare ones, and those that left.
const ENROLMENTS_MAX: usize = 64;

impl Intake {
    pub(super) fn apply_scanner(
        &mut self,
        scanner: &DeviceId,
        bytes: &[u8],
    ) -> Result<UpdateOutcome, IntakeError> {
        let known = self.scanners.get(scanner);
        if bytes.is_empty() || known.is_some_and(|known| *known.envelope == *bytes) {
            return Ok(UpdateOutcome::Duplicate);
        }
        let refused = refused(format!("enrolment of scanner {scanner}"));
        // Two contents of one number would be a fault of headquarters: the first stays.
        let floor =
            |name: &DeviceId| self.scanners.get(name).map_or(0, |known| known.enrolment.pair.number + 1);
        let enrolment = match ScannerEnrolment::accept(bytes, &self.root, floor, &RingVerify) {
            Ok(enrolment) if enrolment.scanner == *scanner => enrolment,
            Ok(_) => return Err(refused(TrustError::NotForUs(SignedKind::Enrolment))),
            Err(error) => return Err(refused(error)),
        };
        if known.is_none() && self.scanners.len() >= ENROLMENTS_MAX {
            return Err(refused(TrustError::Rule(
                SignedKind::Enrolment,
                "a device keeps at most 64 of them",
            )));
        }
        scanners::set_enrolment(&self.db, scanner, bytes)?;
        let revoked = enrolment.pair.revoked;
        tracing::info!(%scanner, device = %enrolment.device, revoked, "a scanner's enrolment is in effect");
        let known = EnrolledScanner { enrolment, envelope: bytes.into() };
        Arc::make_mut(&mut self.scanners).insert(scanner.clone(), known);
        Ok(UpdateOutcome::Applied)
    }

    /// Reads the stored enrolments and verifies them under the root in effect.
    pub(super) fn load_scanners(&mut self) -> Result<(), IntakeError> {
        let mut known = EnrolledScanners::new();
        for bytes in scanners::enrolments(&self.db)? {
            match ScannerEnrolment::accept(&bytes, &self.root, |_| 0, &RingVerify) {
                Ok(enrolment) => {
                    let name = enrolment.scanner.clone();
                    known.insert(name, EnrolledScanner { enrolment, envelope: bytes.into() });
                }
                Err(error) => {
                    tracing::warn!(%error, "a stored enrolment of a scanner does not verify any more")
                }
            }
        }
        self.scanners = Arc::new(known);
        Ok(())
    }

    /// Ends belief in all of them, floors too.
    pub(super) fn forget_scanners(&mut self) -> Result<(), IntakeError> {
        scanners::forget_enrolments(&self.db)?;
        self.scanners = Arc::default();
        Ok(())
    }
}
